from __future__ import annotations

import pytest

from zepad_engine.averages import averages_of, headline
from zepad_engine.findings import Cell
from zepad_engine.intervals import wilson
from zepad_engine.plan import AuditPlan

RIGHT = {"emoji": (90, 80), "signs": (60, 20), "fashion": (80, 40)}


def cells(tasks=tuple(RIGHT), defence="zepad"):
    for task in tasks:
        clean, moved = RIGHT[task]
        yield Cell(defence=defence, attack="none", task=task, epsilon_255=0.0, ba=wilson(clean, 100))
        yield Cell(
            defence=defence,
            attack="l4a_base",
            task=task,
            epsilon_255=10.0,
            ba=wilson(clean, 100),
            ra=wilson(moved, 100),
            asr=wilson(clean - moved, 100),
        )


def plan(*tasks, local="sample:emoji"):
    return AuditPlan(tasks=tasks, local_set=local)


def test_the_task_the_defender_tuned_on_is_left_out_of_the_unseen_mean():
    found = averages_of(cells(), plan("sample:emoji", "sample:signs", "sample:fashion"))
    means = {(average.attack, average.unseen): average for average in found}
    assert set(means) == {("none", False), ("none", True), ("l4a_base", False), ("l4a_base", True)}
    whole, unseen = means["l4a_base", False], means["l4a_base", True]
    assert whole.tasks == ("emoji", "signs", "fashion")
    assert unseen.tasks == ("signs", "fashion")
    assert whole.ba.value == pytest.approx((0.9 + 0.6 + 0.8) / 3)
    assert whole.ra.value == pytest.approx((0.8 + 0.2 + 0.4) / 3)
    assert (unseen.ba.value, unseen.ra.value, unseen.asr.value) == pytest.approx((0.7, 0.3, 0.4))
    assert (whole.ra.n, unseen.ra.n) == (300, 200)
    assert means["none", True].ra is None
    assert means["none", True].ba.value == pytest.approx(0.7)


def test_tasks_count_alike_whatever_their_size():
    mixed = [
        Cell(defence="zepad", attack="none", task="emoji", epsilon_255=0.0, ba=wilson(10, 10)),
        Cell(defence="zepad", attack="none", task="signs", epsilon_255=0.0, ba=wilson(500, 1000)),
    ]
    (whole, _) = averages_of(mixed, plan("sample:emoji", "sample:signs"))
    assert whole.ba.value == pytest.approx(0.75)


def test_no_unseen_row_where_every_task_was_tuned_on():
    found = averages_of(cells(("emoji",)), plan("sample:emoji"))
    assert [average.unseen for average in found] == [False, False]
    assert headline(found, "zepad", "l4a_base").ra.value == 0.8


def test_where_nothing_was_tuned_on_both_means_agree():
    found = averages_of(cells(("signs", "fashion")), plan("sample:signs", "sample:fashion", local="mine.zip"))
    whole, unseen = [average for average in found if average.attack == "l4a_base"]
    assert (whole.unseen, unseen.unseen) == (False, True)
    assert whole.ra == unseen.ra


def test_the_headline_is_the_unseen_mean():
    found = averages_of(cells(), plan("sample:emoji", "sample:signs", "sample:fashion"))
    assert headline(found, "zepad", "l4a_base").unseen
    assert headline(found, "undefended", "l4a_base") is None


def test_defences_are_kept_apart():
    both = [*cells(("emoji", "signs")), *cells(("emoji", "fashion"), defence="undefended")]
    found = averages_of(both, plan("sample:emoji", "sample:signs", "sample:fashion"))
    assert headline(found, "zepad", "l4a_base").ra.value == 0.2
    assert headline(found, "undefended", "l4a_base").ra.value == 0.4
