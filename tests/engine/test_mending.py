"""The trial of what could mend ZePAD: its cascade counts every image once, and its rule says what was written down."""

from __future__ import annotations

import pytest

from tests.bench import cascade
from tests.bench.cascade import Fallen
from tests.bench.mending import Compared, plans, table, verdict
from tests.support.system import tiny_target
from zepad_engine.evidence import Light
from zepad_engine.plan import Choice
from zepad_engine.plan_checks import troubles

RED = Light(key="square", name="Square", colour="red", statement="3 %", value=0.03)
GREEN = Light(key="square", name="Square", colour="green", statement="0 %", value=0.0)


def fallen(right, n=100, lights=(GREEN,)):
    return Fallen(
        right=[number < right for number in range(n)],
        unseen=[number >= 90 for number in range(n)],
        before_detours=right / n,
        took={},
        lights=list(lights),
    )


def compared(candidate, zepad=5, clean=0.0, lights=(GREEN,)):
    return Compared(
        audit="supcon-corrected-1",
        task="signs",
        zepad=fallen(zepad),
        candidate=fallen(candidate, lights=lights),
        clean=(clean, clean - 0.02, clean + 0.02),
        clean_n=500,
    )


def test_an_image_falls_once_and_detours_strike_what_is_left():
    few = {"steps": 10, "restarts": 1}
    on_the_answer = (Choice(key="pgd", values=few), Choice(key="apgd_ce", values=few))
    detours = (Choice(key="around_fusion", values=few),)
    found = cascade._struck(tiny_target(24), 12 / 255, 0, (on_the_answer, detours), [])
    assert sum(found.took.values()) + sum(found.right) == 24
    assert list(found.took) == ["clean", "pgd", "apgd_ce", "around_fusion"]
    assert found.took["pgd"] > 10
    assert sum(found.right) / 24 <= found.before_detours + 1e-9 < 0.5
    # What is unseen is wrong, too.
    assert not any(right and unseen for right, unseen in zip(found.right, found.unseen, strict=True))


def test_the_rule_is_met_only_where_all_three_parts_are():
    better = [compared(40) for _ in range(4)]
    assert list(verdict(better))[-1] == "The candidate is kept."
    assert next(verdict([*better, compared(5)])).startswith("1. better on 4, worse on 0 of 5: met")
    for spoilt in (
        [compared(40), compared(5)],
        [*better, compared(5, zepad=40)],
        [*better, compared(40, lights=(RED,))],
        [compared(40, lights=()) for _ in range(4)],
        [compared(40, clean=-0.03) for _ in range(4)],
    ):
        assert list(verdict(spoilt))[-1] == "The candidate is not kept."


def test_a_row_of_the_table():
    row = list(table([compared(40, clean=-0.01)]))[2]
    assert row.startswith("| supcon-corrected-1, signs | 100 | 5.0 (10.0) | 40.0 (10.0) | +35.0 (")
    assert row.endswith(" | 40.0 | –, – | -1.0 (-3.0 to +1.0), n = 500 |")


@pytest.mark.parametrize(("victim", "seed"), [("supcon", 1), ("simclr", 2)])
def test_the_audits_are_sound_and_attack_nothing_by_themselves(victim, seed):
    ((name, plan),) = plans([victim], [seed], None)
    assert name == f"{victim}-corrected-{seed}"
    assert victim in plan.encoder
    assert troubles(plan) == ()
    assert plan.adaptive.attacks == ()
    assert [choice.identity for choice in plan.defences] == ["undefended", "zepad", "tuned_ensemble-candidate"]
