"""Which perturbations a plan has crafted anew, in which jobs, and what that is estimated to cost."""

from __future__ import annotations

import msgspec
import pytest

from zepad_engine.costs import audit_seconds, crafting_seconds, stage_costs
from zepad_engine.describe import describe
from zepad_engine.errors import BadPlan
from zepad_engine.jobs.graph import audit_jobs
from zepad_engine.plan import AuditPlan, Choice, Recrafting
from zepad_engine.plan_checks import troubles
from zepad_engine.presets import PRESETS, with_preset
from zepad_engine.recrafts import recrafted_attacks, recrafts_of, with_recraft

CATALOGUE = describe()


NAMED = (Choice(key="advencoder_per", values={"steps": 90}), Choice(key="sign_noise"))


def planned(choices=NAMED, **wish):
    return AuditPlan(attacks=choices, recrafting=Recrafting(**wish))


def listed(plan):
    pairs = recrafted_attacks(plan, CATALOGUE)
    return [(each.attack, each.quantity, each.setting) for pair in pairs for each in recrafts_of(plan, *pair)]


def test_every_setting_but_the_plans_own_is_crafted_anew_and_noise_has_budgets_only():
    plan = planned(budgets_255=(16.0, 4.0, 10.0, 4.0), steps=(0.5, 1.0, 2.0, 0.001), starts=3)
    assert listed(plan) == [
        ("advencoder_per", "epsilon_255", 4.0),
        ("advencoder_per", "epsilon_255", 16.0),
        ("advencoder_per", "steps", 1.0),
        ("advencoder_per", "steps", 45.0),
        ("advencoder_per", "steps", 180.0),
        ("advencoder_per", "restarts", 2.0),
        ("advencoder_per", "restarts", 3.0),
        ("sign_noise", "epsilon_255", 4.0),
        ("sign_noise", "epsilon_255", 16.0),
    ]


def test_names_are_those_of_files_and_tell_settings_apart():
    plan = planned(budgets_255=(2.5, 25.0))
    names = [each.name for pair in recrafted_attacks(plan, CATALOGUE) for each in recrafts_of(plan, *pair)]
    assert names[:2] == ["advencoder_per_epsilon_255_2p5", "advencoder_per_epsilon_255_25"]


def test_only_steps_change_what_the_attack_is():
    choice = Choice(key="advencoder_per", values={"steps": 90, "rate": 0.01})
    plan = planned((choice,), budgets_255=(4.0,), steps=(2.0,))
    budget, steps = recrafts_of(plan, *recrafted_attacks(plan, CATALOGUE)[0])
    assert with_recraft(choice, budget) == choice
    assert with_recraft(choice, steps).values == {"steps": 180, "rate": 0.01}


def test_attacks_the_plan_does_not_have_are_passed_over_and_unbounded_ones_refused():
    assert listed(planned((Choice(key="l4a_base"),), budgets_255=(4.0,))) == []
    for choice in (Choice(key="advencoder_pat"), Choice(key="imported", values={"file": "a.npy"}, name="a")):
        with pytest.raises(BadPlan, match="cannot be crafted at other budgets"):
            audit_jobs(planned((choice,), attacks=(choice.identity,), budgets_255=(4.0,)), CATALOGUE)
        # The window's estimate is drawn before anything is refused.
        assert stage_costs(planned((choice,), attacks=(choice.identity,), budgets_255=(4.0,)), CATALOGUE)["sweep"] == []


def test_settings_out_of_range_are_troubles():
    found = troubles(planned(budgets_255=(0.0, 4.0), steps=(200.0,), starts=0))
    assert [trouble.field for trouble in found] == [
        "recrafting.starts",
        "recrafting.budgets_255",
        "recrafting.steps",
    ]
    assert "one of them is 200" in found[-1].sentence


def test_the_quick_preset_crafts_nothing_anew_and_the_others_up_to_where_nothing_is_left():
    quick, standard, paper = (with_preset(AuditPlan(), preset, CATALOGUE) for preset in PRESETS)
    assert listed(quick) == []
    assert "sweep" not in {job.stage for job in audit_jobs(quick, CATALOGUE)}
    for plan in (standard, paper):
        budgets = [setting for attack, quantity, setting in listed(plan) if (attack, quantity) == _PER_BUDGET]
        assert (budgets[0], budgets[-1]) == (2.0, 64.0)


_PER_BUDGET = ("advencoder_per", "epsilon_255")


def test_each_is_a_job_of_its_own_and_a_curve_waits_for_all_and_for_the_answers():
    plan = planned(budgets_255=(4.0, 16.0), starts=2, tasks=2)
    jobs = {job.key: job for job in audit_jobs(plan, CATALOGUE)}
    anew = [key for key, job in jobs.items() if job.kind == "recraft"]
    assert anew == [
        "recraft_advencoder_per_epsilon_255_4",
        "recraft_advencoder_per_epsilon_255_16",
        "recraft_advencoder_per_restarts_2",
        "recraft_sign_noise_epsilon_255_4",
        "recraft_sign_noise_epsilon_255_16",
    ]
    assert jobs[anew[0]].needs == ("open_victim", "data")
    # Unseen tasks first; the systems' branches and no others.
    assert [key for key, job in jobs.items() if job.kind == "curve"] == ["curve_signs", "curve_satellite"]
    branches = ("victim", "tuned_victim", "tuned_auxiliary", "benign")
    assert set(jobs["curve_signs"].needs) == {*anew, *(f"answer_signs_{branch}" for branch in branches)}


def test_estimates_and_jobs_tell_the_same_cost():
    plan = planned(budgets_255=(4.0,), steps=(2.0,), tasks=3)
    jobs = [job.cost for job in audit_jobs(plan, CATALOGUE) if job.stage == "sweep"]
    assert sorted(stage_costs(plan, CATALOGUE)["sweep"]) == pytest.approx(sorted(jobs))
    entry = next(entry for entry in CATALOGUE.attacks if entry.key == "advencoder_per")
    assert crafting_seconds(plan.attacks[0], entry) - 1 == pytest.approx((jobs[1] - 1) / 2)
    without = msgspec.structs.replace(plan, recrafting=Recrafting())
    longer = audit_seconds(plan, CATALOGUE, 1) - audit_seconds(without, CATALOGUE, 1)
    assert longer == pytest.approx(sum(jobs))
