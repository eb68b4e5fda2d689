"""The statistics of two audits against published examples and figures worked out by hand."""

from __future__ import annotations

import pytest

from tests.support.audit_pair import share
from zepad_engine.comparing.significance import fisher, holm, interval_of_difference, mean_difference
from zepad_engine.evidence import Rate


def test_newcombes_interval_is_that_of_his_paper():
    # Newcombe 1998, table II: 56/70 against 48/80 by method 10 gives 0.2000, 0.0524 to 0.3339.
    assert interval_of_difference(share(48, 80), share(56, 70)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    # ... and 10/10 against 0/10 (row h) 0.6075 to 1.0000 where Wilson's own ends are 0.7225 and 0.2775.
    assert interval_of_difference(share(0, 10), share(10, 10)) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_the_interval_turns_over_with_its_sides():
    low, high = interval_of_difference(share(48, 80), share(56, 70))
    assert interval_of_difference(share(56, 70), share(48, 80)) == pytest.approx((-high, -low))


def test_fishers_tea_and_a_lopsided_table():
    # The lady tasting tea, 3 of 4: (1 + 16 + 16 + 1) / 70.
    assert fisher((3, 1), (4, 4)) == pytest.approx(34 / 70)
    # 8/10 against 1/6: tables with 9 successes among 16, C(16, 9) = 11440; those no likelier than this one sum to 400.
    assert fisher((8, 1), (10, 6)) == pytest.approx(400 / 11440)


def test_fisher_of_nothing_and_of_no_difference():
    assert fisher((0, 0), (0, 0)) == 1.0
    assert fisher((0, 3), (0, 5)) == 1.0
    assert fisher((250, 250), (500, 500)) == pytest.approx(1.0)


def test_fisher_of_large_sets_stays_a_number():
    assert 0 < fisher((900, 600), (1000, 1000)) < 1e-50


def test_holms_steps_by_hand():
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 = 0.02, 0.03, 0.06, 0.04; the last may not fall below the third.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_mean_of_differences_by_hand():
    # Sides 0.3 and 0.4 below: sqrt(0.09 + 0.16) / 2 = 0.25.
    assert mean_difference([(0.1, -0.2, 0.2), (0.3, -0.1, 0.3)]) == pytest.approx((0.2, -0.05, 0.25))


def test_an_interval_of_two_certain_rates_stays_in_range():
    certain = Rate(value=1.0, n=5, low=0.2, high=1.0)
    none = Rate(value=0.0, n=5, low=0.0, high=0.9)
    assert interval_of_difference(none, certain)[1] == 1.0
