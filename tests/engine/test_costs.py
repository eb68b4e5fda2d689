"""What an estimate knows of defences whose images pass more than an encoder."""

from __future__ import annotations

import msgspec
import pytest

from zepad_engine.costs import adapting_seconds, answering_seconds, audit_seconds, trust_seconds
from zepad_engine.describe import describe
from zepad_engine.jobs.graph import audit_jobs
from zepad_engine.plan import AuditPlan, Choice

CATALOGUE = describe()
PLAN = AuditPlan()
JOB = 0.6


def test_a_counterattack_answers_fifteen_times_as_slowly_and_a_purifier_twice():
    plain = answering_seconds(PLAN, "victim") - JOB
    assert plain == pytest.approx((4000 + 1000 * 6) / 3300)
    assert answering_seconds(PLAN, "countered_victim") - JOB == pytest.approx(15 * plain)
    assert answering_seconds(PLAN, "purified_victim") - JOB == pytest.approx(2 * plain)


def test_so_do_attacks_on_them_and_the_checks():
    entry, choice = CATALOGUE.adaptive[0], Choice(key=CATALOGUE.adaptive[0].key)
    plain, dear = (adapting_seconds(PLAN, choice, entry, (branch,)) - 2 for branch in ("victim", "countered_victim"))
    assert dear == pytest.approx(15 * plain)
    assert adapting_seconds(PLAN, choice, entry, ("victim", "benign")) - 2 == pytest.approx(2 * plain)
    assert trust_seconds(PLAN, ("countered_victim",)) - 2 == pytest.approx(15 * (trust_seconds(PLAN, ("victim",)) - 2))


def test_the_estimate_of_an_audit_and_its_jobs_tell_it():
    more = msgspec.structs.replace(PLAN, defences=(*PLAN.defences, Choice(key="counterattack")))
    longer = audit_seconds(more, CATALOGUE, 1) - audit_seconds(PLAN, CATALOGUE, 1)
    assert longer == pytest.approx(4 * answering_seconds(PLAN, "countered_victim"))
    costs = {job.key: job.cost for job in audit_jobs(more, CATALOGUE)}
    assert costs["answer_signs_countered_victim"] > 10 * costs["answer_signs_victim"]
