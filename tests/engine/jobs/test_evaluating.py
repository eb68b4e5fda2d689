"""The evaluation of a finished run: findings of different kinds that must agree with one another."""

from __future__ import annotations

import io
import shutil

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from zepad_engine.describe import describe
from zepad_engine.evidence import Pair, WorstCase
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.evaluating import evaluate
from zepad_engine.jobs.graph import audit_jobs
from zepad_engine.jobs.job import Job, Order
from zepad_engine.per_image import read_per_image
from zepad_engine.plan import Adaptive, AuditPlan, Choice, set_name
from zepad_engine.run_folder import RunFolder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(finished):
    return finished.report


def test_every_defence_has_a_worst_case_on_every_task(finished, report):
    attacks = tuple(choice.identity for choice in finished.plan.attacks)
    assert {(case.defence, case.task) for case in report.worst} == {(cell.defence, cell.task) for cell in report.cells}
    for case in report.worst:
        cell = next(cell for cell in report.cells if (cell.defence, cell.task) == (case.defence, case.task))
        assert (case.scope, case.attacks, case.accuracy.n) == ("universal", attacks, cell.ba.n)
        assert (case.evaded is None) == (case.defence not in {"zepad", "mean_fusion", "entropy_fusion"})


def test_the_worst_case_is_no_better_than_any_attack_and_no_worse_than_all_together(report):
    for case in report.worst:
        cells = [cell for cell in report.cells if (cell.defence, cell.task) == (case.defence, case.task)]
        found = [cell.ba if cell.attack == "none" else cell.ra for cell in cells]
        assert len(found) == 4
        assert case.accuracy.value <= min(rate.value for rate in found)
        assert 1 - case.accuracy.value <= sum(1 - rate.value for rate in found) + 1e-9
        if case.evaded is not None:
            assert case.evaded.value <= 1 - case.accuracy.value + 1e-9


def test_what_is_kept_of_each_image_adds_up_to_the_cells(finished, report):
    folder = RunFolder(finished.folder)
    for task in finished.plan.tasks:
        kept = read_per_image(folder.per_image(set_name(task)))
        cells = {
            (c.defence, c.attack): c.ba if c.attack == "none" else c.ra
            for c in report.cells
            if c.task == set_name(task)
        }
        assert set(kept.wrong) == set(cells)
        for key, rate in cells.items():
            assert (~kept.wrong[key]).sum() / len(kept.images) == pytest.approx(rate.value)
            assert len(kept.images) == rate.n
        alarms = next(row.achieved_fpr for row in report.detection if row.task == set_name(task))
        assert kept.flagged["zepad", "none"].mean() == pytest.approx(alarms.value)
        assert len(set(kept.images)) == len(kept.images)


def test_a_pair_differs_by_what_its_cells_differ_by(finished, report):
    cells = {(cell.defence, cell.task, cell.attack): cell for cell in report.cells}
    worst = {(case.defence, case.task): case.accuracy for case in report.worst}
    others = {choice.identity for choice in finished.plan.defences} - {"zepad"}
    assert len(report.pairs) == len(others) * 2 * 5
    for pair in report.pairs:
        assert pair.a == "zepad"
        rates = []
        for defence in (pair.a, pair.b):
            if pair.attack == "worst":
                rates.append(worst[defence, pair.task])
            else:
                cell = cells[defence, pair.task, pair.attack]
                rates.append(cell.ba if pair.attack == "none" else cell.ra)
        assert pair.difference == pytest.approx(rates[0].value - rates[1].value)
        assert pair.low <= pair.difference <= pair.high
        assert (pair.only_a - pair.only_b) / pair.n == pytest.approx(pair.difference)


def test_the_sweeps_pass_through_the_cells_and_the_detector_of_the_plan(finished, report):
    for sweep in report.sweeps:
        points = {round(setting, 6): rate for setting, rate in sweep.points}
        if sweep.quantity == "k":
            cells = [c for c in report.cells if (c.defence, c.task, c.attack) == ("zepad", sweep.task, sweep.attack)]
            assert points[3.0] == (cells[0].ba if sweep.attack == "none" else cells[0].ra)
            assert sweep.attack == "none" or cells[0].ra.value == min(
                c.ra.value for c in report.cells if (c.defence, c.task) == ("zepad", sweep.task) and c.ra
            )
        else:
            rows = [row for row in report.detection if row.task == sweep.task]
            told = rows[0].margin_fpr if sweep.attack == "none" else None
            told = told or next(row.margin_tpr for row in rows if row.attack == sweep.attack)
            assert points[finished.plan.detector.margin] == told
    assert len(report.sweeps) == 4 * len(finished.plan.tasks)


def test_examples_tell_every_attack_and_agree_with_the_stored_answers(finished, report):
    rules = ["worst", "median", "worst for ZePAD", "random, seed 0", "random, seed 0"]
    attacks = [choice.identity for choice in finished.plan.attacks]
    shown = {(found.task, found.attack) for found in report.examples}
    assert shown == {(set_name(task), attack) for task in finished.plan.tasks for attack in attacks}
    for task in finished.plan.tasks:
        mine = [found for found in report.examples if found.task == set_name(task)]
        assert [found.chosen for found in mine if found.attack == attacks[1]] == rules
        row = next(row for row in report.detection if (row.task, row.attack) == (set_name(task), attacks[1]))
        for found in mine:
            assert (finished.folder / found.file).is_file()
            assert sum(branch.weight_share for branch in found.branches) == pytest.approx(1.0)
            assert [branch.branch for branch in found.branches] == ["tuned_victim", "tuned_auxiliary", "benign"]
            if found.attack == attacks[1]:
                assert found.flagged == (found.score > row.threshold)
                benign = load_file(RunFolder(finished.folder).logits(task, "benign"))[found.attack][found.index]
                assert found.branches[2].confidence == pytest.approx(float(benign.double().softmax(0).max()))


@pytest.fixture
def attacked(finished, tmp_path):
    """The run once more with what an attack on ZePAD would leave of five images: 7 and 9 wrong, 9 flagged as well."""
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    plan = msgspec.structs.replace(finished.plan, adaptive=Adaptive(attacks=(Choice(key="pgd"), Choice(key="square"))))
    task = plan.tasks[1]
    rows, wrong = torch.tensor([3, 7, 9, 20, 31]), torch.tensor([0, 1, 1, 0, 0], dtype=torch.uint8)
    file = RunFolder(folder).adaptive(task, "zepad", "pgd")
    file.parent.mkdir(parents=True)
    flagged = torch.tensor([1, 0, 1, 0, 0], dtype=torch.uint8)
    save_file({"rows": rows, "wrong": wrong, "flagged": flagged}, file)
    job = Job(key="evaluate_toy", kind="evaluate", stage="", args={"task": task})
    return Context(Order(job=job, plan=plan, folder=str(folder)), io.BytesIO()), rows


def test_attacks_on_the_system_join_the_worst_case_on_the_images_they_were_tried_on(attacked):
    context, rows = attacked
    outcome = evaluate(context)
    cases = [msgspec.convert(case, WorstCase) for case in outcome["worst"]]
    joined = [case for case in cases if case.scope == "all"]
    assert [case.defence for case in joined] == ["zepad"]
    assert joined[0].attacks == ("advencoder_per", "l4a_base", "sign_noise", "pgd")
    # By hand, from the stored logits of the three branches, with the published fusion.
    task, labels = context.args["task"], _labels(context)[rows]
    wrong = torch.tensor([False, True, True, False, False])
    for condition in ("clean", *joined[0].attacks[:3]):
        wrong |= _fused(context.folder, task, condition)[rows].argmax(dim=1) != labels
    assert joined[0].accuracy.n == 5
    assert joined[0].accuracy.value == pytest.approx(float((~wrong).double().mean()))
    assert 1 / 5 <= joined[0].evaded.value <= float(wrong.double().mean()) + 1e-9
    assert {msgspec.convert(pair, Pair).n for pair in outcome["pairs"]} == {40}


def _fused(folder, task, condition):
    branches = [
        load_file(folder.logits(task, b))[condition].double() for b in ("tuned_victim", "tuned_auxiliary", "benign")
    ]
    m = torch.stack([each.softmax(dim=1).amax(dim=1) for each in branches])
    c = m * torch.exp(3 * (m - 0.5))
    return sum((w / c.sum(dim=0))[:, None] * each for w, each in zip(c, branches, strict=True))


def _labels(context):
    return task_split(context, context.args["task"], "test", context.plan.heads.test_images).labels


def test_an_evaluation_waits_for_the_attacks_on_the_systems_of_its_task():
    plan = AuditPlan(adaptive=Adaptive(attacks=(Choice(key="pgd"),), defences=("zepad", "undefended")))
    for job in audit_jobs(plan, describe()):
        if job.kind == "evaluate":
            adapted = {need for need in job.needs if need.startswith("adapt_")}
            task = set_name(job.args["task"])
            # One task is attacked, the first unseen one.
            assert adapted == (
                {f"adapt_{task}_{name}_pgd" for name in ("zepad", "undefended")} if task == "signs" else set()
            )
