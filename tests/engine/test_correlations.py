from __future__ import annotations

import pytest

from zepad_engine.correlations import correlations_of
from zepad_engine.evidence import FeatureShift
from zepad_engine.intervals import wilson


def shift(cosine, overlap, moved, fooled, drop, branch="victim"):
    return FeatureShift(
        branch=branch,
        attack="a",
        task="toy",
        n=10,
        cosine_shift=cosine,
        neighbour_overlap=overlap,
        rank_clean=20.0,
        rank_moved=moved,
        cluster_fooling=wilson(fooled, 10),
        accuracy_drop=drop,
    )


SHIFTS = (
    shift(0.1, 0.9, 20.0, 0, 0.0),
    shift(0.2, 0.7, 19.0, 5, 0.1),
    shift(0.4, 0.5, 30.0, 2, 0.3),
    shift(0.8, 0.2, 10.0, 9, 0.6),
    # Not the victim's: it would turn every order round.
    shift(9.0, 1.0, 99.0, 10, -1.0, branch="tuned_victim"),
)


def test_each_measure_has_its_correlation_with_the_drop():
    found = {each.measure: each for each in correlations_of(SHIFTS)}
    assert set(found) == {"cosine_shift", "neighbour_overlap", "effective_rank", "cluster_fooling"}
    assert found["cosine_shift"].rho == pytest.approx(1.0)
    assert found["neighbour_overlap"].rho == pytest.approx(-1.0)
    # Ranks 3 2 4 1 against 1 2 3 4: 1 - 6 (4 + 0 + 1 + 9) / 60; ranks 1 3 2 4: 1 - 6 (1 + 1) / 60.
    assert found["effective_rank"].rho == pytest.approx(-0.4)
    assert found["cluster_fooling"].rho == pytest.approx(0.8)
    assert {each.n for each in found.values()} == {4}
    # Two of the 24 orders of four are as extreme.
    assert found["cosine_shift"].p == pytest.approx(2 / 24)


def test_what_cannot_be_correlated_is_left_out():
    assert correlations_of(SHIFTS[:3]) == ()
    assert correlations_of(()) == ()
    still = [shift(0.1 * i, 0.5, 20.0 + i, 1, 0.1 * i) for i in range(5)]
    assert [each.measure for each in correlations_of(still)] == ["cosine_shift", "effective_rank"]
    assert correlations_of([shift(0.1 * i, 0.1 * i, 20.0 + i, i, 0.0) for i in range(5)]) == ()
