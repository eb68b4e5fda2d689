"""Perturbations crafted anew in a finished run, and the curves through them."""

from __future__ import annotations

import io
import shutil
from itertools import pairwise

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from zepad_engine.describe import describe
from zepad_engine.evidence import Sweep
from zepad_engine.jobs import curving
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.graph import audit_jobs
from zepad_engine.jobs.job import Order
from zepad_engine.jobs.table import FUNCTIONS
from zepad_engine.plan import Recrafting, set_name
from zepad_engine.run_folder import RunFolder

pytestmark = pytest.mark.slow
WISH = Recrafting(budgets_255=(4.0, 255.0), steps=(2.0,), starts=3)


@pytest.fixture(scope="module")
def anew(finished, tmp_path_factory):
    """The finished run with every recraft and the curve in it: folder and sweeps by attack, quantity and system."""
    folder = tmp_path_factory.mktemp("anew") / "run"
    shutil.copytree(finished.folder, folder)
    plan = msgspec.structs.replace(finished.plan, recrafting=WISH)
    found = []
    for job in (job for job in audit_jobs(plan, describe()) if job.stage == "sweep"):
        context = Context(Order(job=job, plan=plan, folder=str(folder)), io.BytesIO())
        found += FUNCTIONS[job.kind](context).get("sweeps", [])
    sweeps = {(each.attack, each.quantity, each.defence): each for each in msgspec.convert(found, list[Sweep])}
    return RunFolder(folder), sweeps


def pattern(folder, name):
    return load_file(folder.recrafted(name))["perturbation"]


def test_a_perturbation_at_another_budget_is_crafted_and_not_scaled(anew):
    folder, _ = anew
    own = load_file(folder.attack("advencoder_per"))["perturbation"]
    less = pattern(folder, "advencoder_per_epsilon_255_4")
    assert float(less.abs().max()) == pytest.approx(4 / 255)
    assert not torch.allclose(less, own * 0.4, atol=1e-3)
    # Noise is drawn with the plan's own seed: there it comes to the same.
    noise = load_file(folder.attack("sign_noise"))["perturbation"]
    assert torch.allclose(pattern(folder, "sign_noise_epsilon_255_4"), noise * 0.4)


def test_curves_go_through_what_the_audit_itself_found(anew, finished):
    _, sweeps = anew
    report, task = finished.report, set_name(finished.plan.tasks[1])
    assert {(attack, quantity) for attack, quantity, _ in sweeps} == {
        *(("advencoder_per", quantity) for quantity in ("epsilon_255", "steps", "restarts")),
        ("sign_noise", "epsilon_255"),
    }
    for (attack, quantity, defence), sweep in sweeps.items():
        cells = {cell.attack: cell for cell in report.cells if (cell.defence, cell.task) == (defence, task)}
        points = dict(sweep.points)
        own = {"epsilon_255": finished.plan.epsilon_255, "steps": 6, "restarts": 1}[quantity]
        assert (sweep.task, points[own]) == (task, cells[attack].ra)
        assert list(points) == sorted(points)
        if quantity == "epsilon_255":
            assert points[0.0] == cells["none"].ba
    assert [setting for setting, _ in sweeps["advencoder_per", "steps", "zepad"].points] == [6, 12]


def test_of_several_starts_the_one_that_moves_features_farthest_is_kept(anew, finished, monkeypatch):
    folder, _ = anew
    patterns = [load_file(folder.attack("advencoder_per"))["perturbation"]]
    patterns += [pattern(folder, f"advencoder_per_restarts_{start}") for start in (2, 3)]
    assert not any(torch.equal(one, other) for one, other in pairwise(patterns))
    plan = msgspec.structs.replace(finished.plan, recrafting=WISH)
    job = next(job for job in audit_jobs(plan, describe()) if job.kind == "curve")
    context = Context(Order(job=job, plan=plan, folder=str(folder.root)), io.BytesIO())
    images = curving.surrogate_bank(context, curving.how(context))[:]
    encoder = curving.load_branch(context, "victim")
    with torch.no_grad():
        clean = encoder(images)
        moved = [
            1 - float(torch.cosine_similarity(clean, encoder((images + each).clamp(0, 1))).mean()) for each in patterns
        ]
    chosen = curving._best_so_far(
        context, "advencoder_per", {float(start): f"advencoder_per_restarts_{start}" for start in (2, 3)}
    )
    names = ["advencoder_per", "advencoder_per_restarts_2", "advencoder_per_restarts_3"]
    assert list(chosen.values()) == [names[moved[:count].index(max(moved[:count]))] for count in (1, 2, 3)]
