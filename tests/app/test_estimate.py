from __future__ import annotations

import msgspec
import pytest

from tests.support.fake_engine import ready, sample_catalogue
from zepad_app.estimate import Estimate, PastAudit, clock, estimate_of, estimate_seconds, in_words
from zepad_engine.costs import net_factor, stage_costs
from zepad_engine.plan import AuditPlan
from zepad_engine.presets import with_preset

CATALOGUE = sample_catalogue()
START = 8.0


def of(preset: str, speed: float = 1.0, workers: int = 2) -> float:
    plan = with_preset(AuditPlan(), preset, CATALOGUE)  # type: ignore[arg-type]
    return estimate_seconds(plan, CATALOGUE, speed, workers)


def test_presets_are_ordered_and_machines_count() -> None:
    assert of("quick") < of("standard") < of("paper")
    assert of("standard", speed=2.0) == pytest.approx(of("standard") / 2)
    assert of("standard", workers=1) - START == pytest.approx(2 * (of("standard", workers=2) - START))


def test_no_number_of_workers_beats_the_longest_job() -> None:
    plan = AuditPlan()
    passes = plan.tuning.images * plan.tuning.epochs * (plan.tuning.steps + 3)
    assert of("standard", workers=1000) == pytest.approx(START + 5 + passes / 1770)


def past_of(times: float, stage: str = "") -> PastAudit:
    """A quick audit whose stages took ``times`` what was told, or only that stage; on two workers, by the clock too."""
    plan = with_preset(AuditPlan(), "quick", CATALOGUE)
    took = {key: sum(jobs) * (times if stage in ("", key) else 1) for key, jobs in stage_costs(plan, CATALOGUE).items()}
    return PastAudit(plan=plan, timings={**took, "wall": sum(took.values()) / 2 + 10})


def test_the_last_audit_corrects_the_estimate_stage_by_stage() -> None:
    machine = ready(CATALOGUE)
    past = past_of(2.0)
    # The same plan takes what it took; another one in proportion to its work.
    assert estimate_of(past.plan, machine, past) == Estimate(seconds=past.timings["wall"], calibrated=True)
    standard = with_preset(AuditPlan(), "standard", CATALOGUE)
    work = {
        name: sum(map(sum, stage_costs(plan, CATALOGUE).values())) for name, plan in (("q", past.plan), ("s", standard))
    }
    expected = past.timings["wall"] * work["s"] / work["q"]
    assert estimate_of(standard, machine, past).seconds == pytest.approx(expected)
    # Where tuning alone was slow, a plan with more tuning suffers more than one with more answering.
    slow = past_of(4.0, "tune")
    tuned = msgspec.structs.replace(past.plan, tuning=msgspec.structs.replace(past.plan.tuning, epochs=12))
    gained = estimate_of(tuned, machine, slow).seconds - slow.timings["wall"]
    assert gained > 2 * (estimate_of(tuned, machine).seconds - estimate_of(past.plan, machine).seconds)


def test_an_audit_that_is_not_alike_corrects_nothing() -> None:
    machine, past = ready(CATALOGUE), past_of(2.0)
    own = msgspec.structs.replace(past.plan, encoder="/data/large.pth")
    exact = msgspec.structs.replace(past.plan, arithmetic="exact")
    resumed = msgspec.structs.replace(past, timings={**past.timings, "wall": 5.0})
    told = [
        estimate_of(own, machine, past),
        estimate_of(exact, machine, past),
        estimate_of(past.plan, machine, resumed),
    ]
    assert [each.calibrated for each in told] == [False, False, False]


def test_exact_arithmetic_is_told_to_take_longer() -> None:
    plan = msgspec.structs.replace(with_preset(AuditPlan(), "standard", CATALOGUE), arithmetic="exact")
    assert estimate_seconds(plan, CATALOGUE, 1.0, 2) - START == pytest.approx(2.6 * (of("standard") - START))


def test_a_dearer_net_takes_longer() -> None:
    plan = with_preset(AuditPlan(), "standard", CATALOGUE)
    assert net_factor(35_045_376, 32) == pytest.approx(1.0)
    # Twice the multiply-adds at twice the side: victim and benign branch twice as dear, the auxiliary four times.
    assert net_factor(70_090_752, 64) == pytest.approx((2 * 2 + 4) / 3)
    dear = estimate_seconds(plan, CATALOGUE, 1.0, 2, 3.0)
    assert dear - START == pytest.approx(3 * (of("standard") - START))


def test_the_quick_audit_is_told_as_it_was_measured() -> None:
    # 113 s on the reference machine, attacks as the catalogue of the tests has them.
    assert of("quick") == pytest.approx(113, rel=0.15)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "about a minute"), (240, "about 4 minutes"), (3700, "about 1 hour"), (5400, "about 1 hour 30 minutes"),
     (40_000, "about 11 hours"), (90_000, "about a day"), (400_000, "about 5 days")],
)  # fmt: skip
def test_durations_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(38.2, "38 s"), (72, "1 min 12 s"), (7500, "2 h 05 min")])
def test_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words
