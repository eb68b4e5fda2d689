"""What is measured beside accuracy, on a finished run."""

from __future__ import annotations

import io

import msgspec
import pytest
import torch

from zepad_engine.evaluation.alarms import CHANGES
from zepad_engine.jobs import measuring
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.systems import branch_model
from zepad_engine.plan import Choice, set_name

pytestmark = pytest.mark.slow


def asked(finished, **changes):
    plan = msgspec.structs.replace(finished.plan, **changes)
    job = Job(key="measure_toy", kind="measure", stage="", args={"task": plan.tasks[1]})
    return Context(Order(job=job, plan=plan, folder=str(finished.folder)), io.BytesIO())


@pytest.fixture(scope="module")
def report(finished):
    return finished.report


def test_what_is_measured_of_which_branch(finished, report):
    attacks = [choice.identity for choice in finished.plan.attacks]
    tasks = [set_name(task) for task in finished.plan.tasks]
    assert {(s.branch, s.attack, s.task) for s in report.shifts} == {
        (branch, attack, task)
        for branch in ("victim", "tuned_victim", "tuned_auxiliary")
        for attack in attacks
        for task in tasks
    }
    branches = ("victim", "tuned_victim", "tuned_auxiliary", "benign", "random", "zepad")
    assert {(r.branch, r.attack, r.task) for r in report.retrieval} == {
        (branch, attack, task) for branch in branches for attack in ("none", *attacks) for task in tasks
    }
    for task, other in (tasks, tasks[::-1]):
        assert {alarm.condition for alarm in report.false_alarms if alarm.task == task} == {"clean", *CHANGES, other}


def test_half_as_many_images_as_the_plan_tests_with_are_measured(report):
    tested = {cell.task: cell.ba.n for cell in report.cells}
    assert {shift.n for shift in report.shifts} == {20}
    assert {found.recall_at_1.n for found in report.retrieval} == {20}
    for alarm in report.false_alarms:
        # Clean images come from the stored logits, all of them.
        assert alarm.flagged_at_5.n == (tested[alarm.task] if alarm.condition == "clean" else 20)
        assert (alarm.accuracy is None) == (alarm.condition not in {"clean", *CHANGES})


def test_clean_images_alarm_as_the_detection_says(finished, report):
    for alarm in report.false_alarms:
        if alarm.condition != "clean":
            continue
        row = next(row for row in report.detection if row.task == alarm.task)
        assert (alarm.flagged_at_1, alarm.flagged_at_5, alarm.flagged_at_margin) == (
            row.fpr_at_1,
            row.fpr_at_5,
            row.margin_fpr,
        )
        cell = next(c for c in report.cells if (c.defence, c.task, c.attack) == ("zepad", alarm.task, "none"))
        assert alarm.accuracy == cell.ba


def test_the_shift_of_the_features_is_that_of_the_encoder_itself(finished, report):
    """One row computed again, image by image, without any of the engine's batching."""
    context = asked(finished)
    task = context.args["task"]
    test = task_split(context, task, "test", 40)
    rows = measuring.attacked_rows(context, task, 20)
    running = how(context)
    model = running.for_scoring(branch_model(context, task, "tuned_victim"))
    perturbation = measuring.load_perturbation(context, "sign_noise")
    shifts, right = [], torch.zeros(2)
    with torch.no_grad():
        for row in rows.tolist():
            clean = test.images[row : row + 1]
            moved = (clean + perturbation).clamp(0, 1)
            one, other = model[0](clean)[0], model[0](moved)[0]
            shifts.append(1 - float(one @ other / (one.norm() * other.norm())))
            right += torch.tensor([float(model(x)[0].argmax() == test.labels[row]) for x in (clean, moved)])
    row = next(
        s for s in report.shifts if (s.branch, s.attack, s.task) == ("tuned_victim", "sign_noise", set_name(task))
    )
    assert row.cosine_shift == pytest.approx(sum(shifts) / 20, abs=1e-5)
    assert row.accuracy_drop == pytest.approx(float(right[0] - right[1]) / 20, abs=0.051)
    assert 1 <= row.rank_clean <= 20
    assert 0 <= row.neighbour_overlap <= 1


def test_a_false_alarm_is_the_stored_head_on_changed_images(finished, report):
    """The accuracy on noise, with the pictures and the fusion made here."""
    context = asked(finished)
    task = context.args["task"]
    test = task_split(context, task, "test", 40)
    rows = measuring.attacked_rows(context, task, 20)
    pictures = (test.images[rows] * 255).round().to(torch.uint8)
    noisy = CHANGES["noise"](pictures, context.seed("harmless", task)).float() / 255
    running = how(context)
    with torch.no_grad():
        branches = [
            running.for_scoring(branch_model(context, task, b))(noisy).double()
            for b in ("tuned_victim", "tuned_auxiliary", "benign")
        ]
    m = torch.stack([each.softmax(dim=1).amax(dim=1) for each in branches])
    c = m * torch.exp(3 * (m - 0.5))
    fused = sum((w / c.sum(dim=0))[:, None] * each for w, each in zip(c, branches, strict=True))
    expected = float((fused.argmax(dim=1) == test.labels[rows]).double().mean())
    alarm = next(a for a in report.false_alarms if (a.task, a.condition) == (set_name(task), "noise"))
    assert alarm.accuracy.value == pytest.approx(expected)


def test_measuring_again_gives_the_same(finished, report):
    outcome = measuring.measure(asked(finished))
    task = set_name(finished.plan.tasks[1])
    for name in ("shifts", "retrieval", "false_alarms"):
        stored = [msgspec.to_builtins(each) for each in getattr(report, name) if each.task == task]
        assert outcome[name] == stored


def test_without_zepad_there_is_no_detector_and_no_fused_system(finished):
    outcome = measuring.measure(asked(finished, defences=(Choice(key="undefended"),)))
    assert outcome["false_alarms"] == []
    assert {found["branch"] for found in outcome["retrieval"]} == {
        *("victim", "tuned_victim", "tuned_auxiliary", "benign", "random")
    }
