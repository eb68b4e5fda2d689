from __future__ import annotations

import msgspec
import pytest

from zepad_engine.branches import BRANCHES
from zepad_engine.describe import describe
from zepad_engine.errors import BadPlan
from zepad_engine.jobs.graph import STAGES, attacked_tasks, audit_jobs
from zepad_engine.jobs.table import FUNCTIONS
from zepad_engine.plan import Adaptive, AuditPlan, Choice, set_name
from zepad_engine.presets import with_preset

CATALOGUE = describe()
PLANS = {
    "default": AuditPlan(),
    "one task": AuditPlan(tasks=("sample:signs",)),
    "folders": AuditPlan(tasks=("a/birds", "b/birds"), local_set="c/birds.zip"),
    "benign attacked": AuditPlan(attacks=(Choice(key="advencoder_per_on_benign"),)),
    **{preset: with_preset(AuditPlan(), preset, CATALOGUE) for preset in ("quick", "standard", "paper")},
}


@pytest.fixture(params=PLANS)
def plan(request):
    return PLANS[request.param]


@pytest.fixture
def jobs(plan):
    return audit_jobs(plan, CATALOGUE)


def test_keys_are_unique_and_every_need_is_a_job(jobs):
    keys = [job.key for job in jobs]
    assert len(set(keys)) == len(keys)
    assert {need for job in jobs for need in job.needs} <= set(keys)


def test_there_is_an_order_in_which_every_job_can_be_done(jobs):
    done: set[str] = set()
    waiting = list(jobs)
    while waiting:
        ready = [job for job in waiting if set(job.needs) <= done]
        assert ready, f"these wait for each other: {[job.key for job in waiting]}"
        done |= {job.key for job in ready}
        waiting = [job for job in waiting if job.key not in done]


def test_every_job_has_a_function_a_stage_and_a_cost(jobs):
    for job in jobs:
        assert job.kind in FUNCTIONS
        assert job.stage in STAGES
        assert job.cost > 0
        assert job.key not in job.needs
    assert {job.stage for job in jobs} | {"adapt", "sweep"} == set(STAGES)


def test_how_many_jobs(plan, jobs):
    tasks, adaptive = len(plan.tasks), plan.adaptive
    systems = len(set(adaptive.defences) & {choice.identity for choice in plan.defences})
    struck = min(adaptive.tasks, tasks) * systems * len(adaptive.attacks)
    checked = systems if adaptive.attacks else 0
    swept = sum(job.stage == "sweep" for job in jobs)
    assert len(jobs) - swept == 3 + len(plan.attacks) + 3 + 6 * tasks + 3 * tasks + struck + checked


def test_every_file_a_job_reads_is_made_by_one_it_waits_for(jobs):
    known = {job.key: job for job in jobs}
    systems = {entry.key: entry.branches for entry in CATALOGUE.defences}

    def ancestors(key: str) -> set[str]:
        return set(known[key].needs) | {each for need in known[key].needs for each in ancestors(need)}

    for job in jobs:
        before = ancestors(job.key)
        if job.kind == "answer":
            branch = job.args["branch"]
            assert BRANCHES[branch].made_by in before
            assert {each.key for each in jobs if each.kind == "craft"} <= before
        if job.kind in {"craft", "tune", "benign", "data", "answer"}:
            # The victim's card tells the size of every picture.
            assert "open_victim" in before
        if job.kind in {"craft", "tune", "benign", "answer", "purify"}:
            assert "data" in before
        if job.kind == "curve":
            assert {each.key for each in jobs if each.kind in {"craft", "recraft"}} <= before
        if job.kind in {"adapt", "trust"}:
            assert {
                f"answer_{set_name(job.args['task'])}_{branch}" for branch in systems[job.args["defence"]]
            } <= before


def test_an_attack_waits_for_the_encoder_it_aims_at():
    known = {job.key: job for job in audit_jobs(AuditPlan(), CATALOGUE)}
    assert "benign" in known["craft_advencoder_per_on_benign"].needs
    assert "benign" not in known["craft_advencoder_per"].needs


def test_what_every_answer_waits_for_is_begun_before_what_only_some_wait_for():
    order = [job.key for job in audit_jobs(PLANS["quick"], CATALOGUE)]
    assert order.index("benign") < min(order.index(key) for key in order if key.startswith("tune_"))


def test_imported_perturbations_wait_for_nothing_but_the_picture_size():
    files = tuple(Choice(key="imported", values={"file": f"{name}.npy"}, name=name) for name in ("one", "two"))
    jobs = {job.key: job for job in audit_jobs(AuditPlan(attacks=(Choice(key="sign_noise"), *files)), CATALOGUE)}
    assert jobs["craft_imported-one"].needs == ("open_victim",)
    assert jobs["craft_imported-two"].args["attack"] == "imported-two"
    answers = [job for job in jobs.values() if job.kind == "answer"]
    crafted = {"craft_sign_noise", "craft_imported-one", "craft_imported-two"}
    assert all(crafted <= set(job.needs) for job in answers)


def test_more_steps_cost_more():
    def cost(**values):
        plan = AuditPlan(attacks=(Choice(key="l4a_base", values=values),))
        return next(job.cost for job in audit_jobs(plan, CATALOGUE) if job.kind == "craft")

    assert cost(steps=2000) > 1.5 * cost(steps=1000)
    # A plan that says nothing means the attack's own default.
    assert cost() == cost(steps=1000)


@pytest.mark.parametrize("key", ["pgd", "square"])
def test_restarts_of_an_attack_on_a_system_cost_as_often(key):
    def cost(restarts):
        attack = Choice(key=key, values={"restarts": restarts})
        plan = AuditPlan(adaptive=Adaptive(attacks=(attack,), defences=("zepad",)))
        return next(job.cost for job in audit_jobs(plan, CATALOGUE) if job.kind == "adapt")

    assert cost(5) - 2 == pytest.approx(5 * (cost(1) - 2))


def test_more_work_costs_more_in_every_preset():
    totals = [
        sum(job.cost for job in audit_jobs(PLANS[preset], CATALOGUE)) for preset in ("quick", "standard", "paper")
    ]
    assert totals == sorted(totals)
    assert totals[1] > 1.3 * totals[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"attacks": (Choice(key="magic"),)}, "There is no attack called magic."),
        ({"defences": (Choice(key="magic"),)}, "There is no defence called magic."),
        (
            {"adaptive": Adaptive(attacks=(Choice(key="magic"),))},
            "There is no attack on a defended system called magic.",
        ),
    ],
)
def test_what_the_catalogue_does_not_have_is_refused_before_any_work(change, sentence):
    with pytest.raises(BadPlan) as caught:
        audit_jobs(msgspec.structs.replace(AuditPlan(), **change), CATALOGUE)
    assert caught.value.sentence == sentence


def test_a_defence_brings_the_branches_it_listens_to_and_what_they_are_made_of():
    def keys(*defences):
        plan = AuditPlan(tasks=("sample:signs",), defences=tuple(Choice(key=key) for key in defences))
        return {job.key: job for job in audit_jobs(plan, CATALOGUE)}

    plain = keys("undefended")
    assert sum(job.kind == "answer" for job in plain.values()) == 6
    rivals = keys("pgd_at", "gen_af", "tuned_ensemble", "purifier", "label_smoothing")
    new = {key for key in rivals if key not in plain}
    assert new == {
        *("tune_pgd_at_victim", "tune_gen_af_victim", "tune_tuned_benign", "purify"),
        *(f"answer_signs_{name}_victim" for name in ("pgd_at", "gen_af", "purified", "smoothed")),
        "answer_signs_tuned_benign",
    }
    assert rivals["tune_gen_af_victim"].needs[0] == "tune_tuned_victim"
    assert rivals["tune_tuned_benign"].needs[0] == "benign"
    assert rivals["answer_signs_purified_victim"].needs[0] == "purify"


def test_systems_are_attacked_on_the_tasks_the_defender_did_not_tune_on_first():
    plan = AuditPlan(adaptive=Adaptive(attacks=(Choice(key="pgd"),), defences=("zepad", "not there"), tasks=2))
    jobs = audit_jobs(plan, CATALOGUE)
    assert [job.key for job in jobs if job.kind == "adapt"] == ["adapt_signs_zepad_pgd", "adapt_satellite_zepad_pgd"]
    assert [job.key for job in jobs if job.kind == "trust"] == ["trust_signs_zepad"]
    everything = msgspec.structs.replace(plan, adaptive=msgspec.structs.replace(plan.adaptive, tasks=99))
    assert attacked_tasks(everything)[-1] == "sample:emoji"


def test_an_attack_may_be_crafted_against_another_encoder_or_several():
    def needs(key, **values):
        plan = AuditPlan(attacks=(Choice(key=key, values=values),))
        return next(job.needs for job in audit_jobs(plan, CATALOGUE) if job.kind == "craft")

    assert needs("advencoder_per") == ("open_victim", "data")
    assert needs("advencoder_per", origin="auxiliary") == ("open_victim", "open_auxiliary", "data")
    assert needs("l4a_base", origin="benign") == ("open_victim", "benign", "data")
    assert needs("x_transfer", origin="originals") == ("open_victim", "open_auxiliary", "benign", "data")
