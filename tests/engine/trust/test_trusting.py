"""The job: a defence of a finished audit, its lights and its curves."""

from __future__ import annotations

import io

import msgspec
import pytest

from tests.support.finished import finished_run
from zepad_engine.evidence import Light, Sweep
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.trusting import trust
from zepad_engine.plan import set_name


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return finished_run(tmp_path_factory)


def test_the_job_tells_where_its_lights_belong_and_repeats(run):
    plan = msgspec.structs.replace(run.plan, adaptive=msgspec.structs.replace(run.plan.adaptive, checked_images=12))
    job = Job(key="trust", kind="trust", args={"task": plan.tasks[1], "defence": "zepad"})
    first, again = (trust(Context(Order(job=job, plan=plan, folder=str(run.folder)), io.BytesIO())) for _ in range(2))
    assert first == again
    lights, sweeps = (
        msgspec.convert(first[key], tuple[kind, ...]) for key, kind in (("lights", Light), ("sweeps", Sweep))
    )
    assert {(part.defence, part.task) for part in (*lights, *sweeps)} == {("zepad", set_name(plan.tasks[1]))}
    assert len({light.key for light in lights}) == len(lights) == 13
    assert [sweep.quantity for sweep in sweeps] == ["epsilon_255", "steps"]
    assert {rate.n for sweep in sweeps for _, rate in sweep.points} == {12}
    # The budget of the audit is one of the rungs.
    assert plan.epsilon_255 in [setting for setting, _ in sweeps[0].points]
