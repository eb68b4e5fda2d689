"""From a bundle's plan to one that can run here, and what is kept where one stage runs again."""

from __future__ import annotations

import pytest

from tests.support.sample_run import write_sample_run
from zepad_engine.bundle.packing import portable_plan
from zepad_engine.card import Overrides
from zepad_engine.errors import BadInput
from zepad_engine.jobs.job import Job
from zepad_engine.plan import AuditPlan, Choice, set_name
from zepad_engine.replaying.staging import keep_all_but, located_plan

PLAN = AuditPlan(
    encoder="/home/zz_a/enc.pt",
    encoder_says=Overrides(input_size=64),
    tasks=("/home/zz_a/birds.zip", "sample:signs"),
    attacks=(Choice(key="imported", name="uap", values={"file": "/home/zz_a/uap.npy"}),),
)
BUNDLED = portable_plan(PLAN)


def test_encoders_and_imported_files_come_from_the_bundle(tmp_path):
    plan = located_plan(BUNDLED, tmp_path, {"birds.zip": "/elsewhere/birds.zip"})
    assert plan.encoder == str(tmp_path / "encoders" / "victim.safetensors")
    assert plan.encoder_says == Overrides()
    assert plan.auxiliary == PLAN.auxiliary
    assert plan.attacks[0].values["file"] == str(tmp_path / "attacks" / "imported-uap.safetensors")


@pytest.mark.parametrize("name", ["birds.zip", set_name(PLAN.tasks[0])])
def test_a_set_keeps_its_name_wherever_it_is_found(tmp_path, name):
    plan = located_plan(BUNDLED, tmp_path, {name: "/elsewhere/birds-2.zip"})
    assert [set_name(task) for task in plan.tasks] == [set_name(task) for task in PLAN.tasks]
    assert plan.tasks[0].endswith(":/elsewhere/birds-2.zip")


def test_a_set_nobody_placed_is_named(tmp_path):
    with pytest.raises(BadInput, match="not in the bundle: birds.zip") as missing:
        located_plan(BUNDLED, tmp_path, {})
    assert "--set birds.zip=PATH" in missing.value.advice


def test_one_stage_is_run_on_everything_made_before(tmp_path):
    opened = write_sample_run(tmp_path / "opened")
    jobs = (Job(key="open_victim", kind="open", stage="open"), Job(key="craft_x", kind="craft", stage="craft"))
    keep_all_but("open", jobs, opened, tmp_path / "again")
    assert (tmp_path / "again/encoders/victim.safetensors").is_file()
    assert not (tmp_path / "again/jobs/open_victim.json").exists()
    assert not (tmp_path / "again/report.json").exists()
    assert (opened / "jobs/open_victim.json").exists()


def test_a_stage_that_is_none_names_those_there_are(tmp_path):
    jobs = (Job(key="a", kind="open", stage="open"), Job(key="b", kind="craft", stage="craft"))
    with pytest.raises(BadInput, match="no stage bake") as unknown:
        keep_all_but("bake", jobs, tmp_path, tmp_path / "again")
    assert "open, craft" in unknown.value.advice
