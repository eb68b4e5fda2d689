"""Maps of the report's examples: of the right pictures and branches, with the values they are said to have."""

from __future__ import annotations

import io

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from zepad_engine.inspection.attribution import Subject, attribute
from zepad_engine.jobs.attributing import attribute_examples
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.job import Job, Order, Outcome
from zepad_engine.jobs.run_networks import ASKED, network
from zepad_engine.pictures import heated
from zepad_engine.plan import set_name
from zepad_engine.run_folder import RunFolder

pytestmark = pytest.mark.slow


def test_every_example_of_the_first_attack_has_a_map_of_each_branch(finished):
    report = finished.report
    first = report.examples[0].attack
    told = [(found.task, found.attack, found.index) for found in report.attributions]
    assert told == [(each.task, each.attack, each.index) for each in report.examples if each.attack == first]
    assert {found.branches for found in report.attributions} == {ASKED}
    assert all((finished.folder / found.file).is_file() for found in report.attributions)


def test_a_map_holds_the_values_of_its_branch_on_the_perturbed_picture(finished):
    found = finished.report.attributions[0]
    task = next(task for task in finished.plan.tasks if set_name(task) == found.task)
    context = Context(
        Order(job=Job(key="x", kind="attribute", args={"task": task}), plan=finished.plan, folder=str(finished.folder)),
        io.BytesIO(),
    )
    example = next(each for each in finished.report.examples if each.index == found.index and each.task == found.task)
    strip = np.asarray(Image.open(finished.folder / example.file)).astype(np.float32) / 255
    side = strip.shape[0]
    shrink = side // 16
    gap = (strip.shape[1] - 3 * side) // 2
    moved = torch.from_numpy(strip[::shrink, side + gap : 2 * side + gap : shrink]).permute(2, 0, 1)[None].contiguous()
    branch = network(context, task, "benign")
    answer = int(branch(moved)[0].argmax())
    values = attribute("feature_similarity", Subject(branch, moved, answer, 64))
    # The strip holds 8 bits a colour, the audit's own picture 32.
    top = float(values.flatten().quantile(0.995))
    assert found.tops[ASKED.index("benign")] == pytest.approx(top, rel=0.05, abs=1e-3)
    maps = np.asarray(Image.open(finished.folder / found.file)).astype(np.float32) / 255
    assert maps.shape[1] > 4 * maps.shape[0]
    last = torch.from_numpy(maps[:, -maps.shape[0] :][:: maps.shape[0] // 16, :: maps.shape[0] // 16])
    assert float((heated(values, top) - last.permute(2, 0, 1)).abs().mean()) < 0.05


def test_a_task_without_examples_has_no_maps(finished, tmp_path):
    folder = RunFolder(tmp_path)
    task = finished.plan.tasks[0]
    folder.outcome(f"evaluate_{set_name(task)}").parent.mkdir(parents=True)
    stored = msgspec.json.encode(Outcome(seconds=0.0, outcome={"examples": []}))
    folder.outcome(f"evaluate_{set_name(task)}").write_bytes(stored)
    order = Order(job=Job(key="x", kind="attribute", args={"task": task}), plan=finished.plan, folder=str(tmp_path))
    assert attribute_examples(Context(order, io.BytesIO())) == {"attributions": []}


def test_lightness_rises_with_the_value():
    colours = heated(torch.linspace(0, 1.2, 25)[None], 1.0)
    luminance = (colours * torch.tensor([0.2126, 0.7152, 0.0722])[:, None, None]).sum(dim=0)[0]
    assert (luminance.diff() >= 0).all()
    assert luminance[0] < 0.01 < 0.9 < luminance[-1]
