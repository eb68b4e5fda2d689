from __future__ import annotations

import io
import json

import msgspec
import pytest

from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import plan_attack
from zepad_engine.jobs.evaluating import plan_defences
from zepad_engine.jobs.job import Done, Job, Order, Outcome
from zepad_engine.plan import AuditPlan, Choice, OfficialSwitches


@pytest.fixture
def wire():
    return io.BytesIO()


def context(wire, tmp_path, *, seed=0, stage="open", **args):
    job = Job(key="toy", kind="toy", stage=stage, args=args)
    return Context(Order(job=job, plan=AuditPlan(seed=seed), folder=str(tmp_path)), wire)


def lines(wire):
    return [json.loads(line) for line in wire.getvalue().splitlines()]


def test_seeds_do_not_depend_on_where_files_lie(wire, tmp_path):
    here = context(wire, tmp_path)
    assert here.seed("head", "/home/zz_a/birds.zip") == here.seed("head", "named:birds-1:/elsewhere/birds.zip")
    assert here.seed("head", "/home/zz_a/birds.zip") != here.seed("head", "/home/zz_a/cats.zip")


def test_seeds_are_their_own_for_each_use_and_decided_by_the_plan(wire, tmp_path):
    first, again, other = (context(wire, tmp_path / str(i), seed=seed) for i, seed in enumerate((1, 1, 2)))
    uses = [("tune", "victim"), ("tune", "auxiliary"), ("craft", "l4a_base"), ("local",)]
    seeds = [first.seed(*use) for use in uses]
    assert len(set(seeds)) == len(uses)
    assert seeds == [again.seed(*use) for use in uses]
    assert not set(seeds) & {other.seed(*use) for use in uses}
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_curve_points_leave_in_bundles_before_the_next_line(wire, tmp_path):
    toy = context(wire, tmp_path, series="tuned_victim")
    toy.progress.advance(0.1)
    for step in range(3):
        toy.progress.measure("cross_entropy", step, step / 2)
        toy.progress.advance(0.2)
    assert [line["type"] for line in lines(wire)] == ["advanced"]
    toy.send(Done(key="toy", outcome={}, seconds=1.0))
    advanced, plotted, done = lines(wire)
    assert (advanced["done"], done["type"]) == (0.1, "done")
    assert plotted["points"] == {"tuned_victim/cross_entropy": [[0, 0.0], [1, 0.5], [2, 1.0]]}


def test_an_outcome_is_kept_only_for_a_job_of_an_audit(wire, tmp_path):
    toy = context(wire, tmp_path)
    toy.keep({"cells": [1]}, 2.5)
    stored = msgspec.json.decode((tmp_path / "jobs" / "toy.json").read_bytes(), type=Outcome)
    assert (stored.seconds, stored.outcome) == (2.5, {"cells": [1]})
    context(wire, tmp_path / "else", stage="").keep({}, 1.0)
    assert not (tmp_path / "else").exists()


def test_official_switches_reach_the_attacks():
    values = {"clamp": True}
    plan = AuditPlan(
        attacks=(Choice(key="advencoder_per"), Choice(key="l4a_base", values=values), Choice(key="sign_noise"))
    )
    assert plan_attack(plan, "advencoder_per").clamp
    assert not plan_attack(plan, "advencoder_per").batch_statistics
    official = msgspec.structs.replace(plan, mode="official", switches=OfficialSwitches.all_on())
    per = plan_attack(official, "advencoder_per")
    assert (per.clamp, per.batch_statistics) == (False, True)
    assert not plan_attack(official, "l4a_base").clamp
    plan_attack(official, "sign_noise")


def test_official_entropy_is_inverted():
    plan = AuditPlan(defences=(Choice(key="entropy_fusion"), Choice(key="zepad", values={"k": 2.0})))
    defences = plan_defences(plan)
    assert defences["entropy_fusion"].fusion == "entropy"
    assert defences["zepad"].k == 2.0
    official = msgspec.structs.replace(plan, mode="official", switches=OfficialSwitches(entropy_inverted=True))
    assert plan_defences(official)["entropy_fusion"].fusion == "entropy_inverted"
