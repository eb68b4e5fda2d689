"""The job that attacks a defended system, run on a finished tiny audit."""

from __future__ import annotations

import io
import shutil

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from zepad_engine.adaptive.base import Struck
from zepad_engine.adaptive.evading import WEIGHTS
from zepad_engine.errors import EngineTrouble
from zepad_engine.evaluation.answers import CALIBRATION, CLEAN
from zepad_engine.evaluation.detection import scores_of
from zepad_engine.evidence import AdaptiveFinding, Sweep
from zepad_engine.intervals import wilson
from zepad_engine.jobs import adapting
from zepad_engine.jobs.adapting import adapt
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.evaluating import load_answers, plan_defences
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.systems import attacked_rows, branch_model, system_of, target_of
from zepad_engine.jobs.table import FUNCTIONS
from zepad_engine.metrics import threshold_for
from zepad_engine.plan import Adaptive, Choice, Detector, set_name
from zepad_engine.run_folder import RunFolder

pytestmark = pytest.mark.slow

ATTACKS = (
    Choice(key="pgd", name="short", values={"steps": 5, "restarts": 1}),
    Choice(key="evading", values={"steps": 3, "restarts": 2}),
    Choice(key="evading", name="prices", values={"steps": 3, "restarts": 1, "each_price": True}),
    Choice(key="universal_fused", values={"steps": 4, "restarts": 1, "batch": 16}),
)


@pytest.fixture(scope="module")
def copied(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapting") / "run"
    shutil.copytree(finished.folder, folder)
    return folder


@pytest.fixture
def ask(finished, copied):
    def context(defence="zepad", attack="pgd-short", task=1, images=24):
        plan = msgspec.structs.replace(finished.plan, adaptive=Adaptive(attacks=ATTACKS, images=images))
        args = {"task": plan.tasks[task], "defence": defence, "attack": attack}
        job = Job(key="adapt", kind="adapt", args=args)
        return Context(Order(job=job, plan=plan, folder=str(copied)), io.BytesIO())

    return context


def found(context):
    (told,) = adapt(context)["adaptive"]
    finding = msgspec.convert(told, AdaptiveFinding)
    return finding, load_file(context.folder.adaptive(*(context.args[name] for name in ("task", "defence", "attack"))))


@pytest.mark.parametrize("defence", ["zepad", "undefended"])
@pytest.mark.parametrize("attack", [choice.identity for choice in ATTACKS])
def test_the_finding_says_what_its_file_holds(ask, defence, attack):
    context = ask(defence, attack)
    finding, stored = found(context)
    wrong, clean_wrong, flagged = (stored[name].bool() for name in ("wrong", "clean_wrong", "flagged"))
    assert (finding.attack, finding.defence, finding.task) == (attack, defence, set_name(context.args["task"]))
    assert finding.n == len(wrong) == 24
    assert finding.accuracy == wilson(int((~wrong).sum()), 24)
    assert finding.clean_accuracy == wilson(int((~clean_wrong).sum()), 24)
    assert finding.asr_of_correct == wilson(int((wrong & ~clean_wrong).sum()), int((~clean_wrong).sum()))
    if defence == "zepad":
        assert finding.flagged == wilson(int(flagged.sum()), 24)
        assert finding.evaded == wilson(int((wrong & ~flagged).sum()), 24)
    else:
        assert finding.flagged is finding.evaded is None
        assert not flagged.any()
    assert finding.linf_255 == pytest.approx(255 * float(stored["linf"].max()))
    assert 5 < finding.linf_255 <= 10 + 1e-3
    # 10/255 is a whole number of 8-bit steps, as every clean picture is.
    assert finding.quantised_255 == pytest.approx(10, abs=1e-3)
    assert finding.evades == attack.startswith("evading")
    assert finding.queries >= 24
    assert finding.epsilon_255 == 10
    assert finding.seed == context.seed("adapt", context.args["task"], defence, attack)


def test_the_recipe_and_the_counts_are_those_of_the_plan(ask):
    finding, _ = found(ask("zepad", "pgd-short"))
    assert finding.recipe.startswith("PgdAttack(restarts=1, steps=5")
    assert finding.name == "PGD on the system (short)"
    assert (finding.steps, finding.restarts) == (5, 1)
    evading, _ = found(ask("zepad", "evading"))
    assert (evading.steps, evading.restarts) == (6, 2)


def test_the_detector_is_judged_on_the_images_that_were_moved(ask):
    finding, stored = found(ask("zepad", "pgd-short"))
    moved = stored["linf"] > 0
    assert finding.auroc.n == int(moved.sum()) + 40
    # The plan's own threshold is that of 5 %.
    assert finding.caught_at_5 == wilson(int(stored["flagged"].bool()[moved].sum()), int(moved.sum()))
    assert found(ask("undefended", "pgd-short"))[0].auroc is None
    context = ask("zepad")
    rows = torch.arange(24)
    target = target_of(context, context.args["task"], "zepad", rows, how(context))
    answers = load_answers(context, context.args["task"])
    clean = scores_of(answers, CLEAN, answers.fitted("zepad", plan_defences(context.plan)["zepad"]), Detector())
    assert target.scores(target.images).tolist() == pytest.approx(clean[:24].tolist(), abs=1e-5)


def test_each_price_of_an_alarm_is_told_by_itself_where_there_is_a_detector(ask):
    context = ask("zepad", "evading-prices")
    finding, _ = found(context)
    (sweep,) = msgspec.convert(adapt(context)["sweeps"], list[Sweep])
    assert (sweep.quantity, sweep.defence, sweep.attack) == ("lambda", "zepad", "evading-prices")
    assert [price for price, _ in sweep.points] == sorted(WEIGHTS)
    # The first price that is tried in turn is 1, on the same images with the same draws.
    assert dict(sweep.points)[1.0] == finding.evaded
    assert adapt(ask("undefended", "evading-prices"))["sweeps"] == []
    assert adapt(ask("zepad", "evading"))["sweeps"] == []


def test_a_second_run_gives_the_same_file(ask):
    context = ask("zepad", "evading")
    path = context.folder.adaptive(context.args["task"], "zepad", "evading")
    adapt(context)
    first = path.read_bytes()
    adapt(ask("zepad", "evading"))
    assert path.read_bytes() == first


def test_the_rows_join_with_the_stored_logits(ask):
    """What the system says of the clean images is what the evaluation counted in these rows."""
    context = ask()
    _, stored = found(context)
    answers = load_answers(context, context.args["task"])
    fitted = answers.fitted("zepad", plan_defences(context.plan)["zepad"])
    wrong = answers.predictions(fitted, CLEAN) != answers.labels
    assert stored["clean_wrong"].bool().tolist() == wrong[stored["rows"]].tolist()
    assert 0 < int(wrong.sum()) < len(wrong)
    others = found(ask("undefended", "universal_fused"))[1]["rows"]
    assert torch.equal(others, stored["rows"])


def test_the_stored_verdicts_are_those_of_the_previewed_images(ask):
    context = ask("zepad", "universal_fused")
    _, stored = found(context)
    assert stored["previews"].shape == (4, 3, 16, 16)
    target = target_of(context, context.args["task"], "zepad", stored["rows"][:4], how(context))
    wrong, flagged = target.verdicts(stored["previews"], target.labels)
    assert stored["wrong"][:4].bool().tolist() == wrong.tolist()
    assert stored["flagged"][:4].bool().tolist() == flagged.tolist()
    distance = (stored["previews"] - target.images).abs().amax(dim=(1, 2, 3))
    assert torch.equal(stored["linf"][:4], distance)


def test_rows_are_drawn_over_the_whole_split(ask):
    context = ask()
    task = context.args["task"]
    labels = task_split(context, task, "test", context.plan.heads.test_images).labels
    rows = attacked_rows(context, task, 12)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(rows) == 12
    # The pictures lie class by class: the first twelve are of fewer classes than a draw of twelve.
    assert len(set(labels[:12].tolist())) < len(set(labels[rows].tolist()))
    assert attacked_rows(context, task, 10_000).tolist() == list(range(len(labels)))


def test_the_target_is_given_what_the_audit_knows(ask):
    context = ask()
    task, plan = context.args["task"], context.plan
    target = target_of(context, task, "zepad", attacked_rows(context, task, 8), how(context))
    answers = load_answers(context, task)
    fitted = answers.fitted("zepad", plan_defences(plan)["zepad"])
    calibration = scores_of(answers, CALIBRATION, fitted, plan.detector)
    assert target.threshold == threshold_for(calibration, plan.detector.target_fpr)
    assert target_of(context, task, "undefended", torch.arange(2), how(context)).threshold == float("inf")
    train = task_split(context, task, "train", plan.heads.train_images, how(context))
    assert torch.equal(target.examples[:], train.images[:])
    assert torch.equal(target.example_labels, train.labels)
    with torch.no_grad():
        told = target.scored.branch_logits(target.images)
        assert torch.allclose(
            target.surrogate(target.images), branch_model(context, task, "victim")(target.images), rtol=0.1, atol=0.5
        )
    stored = answers.stacked(fitted.defence.branches, CLEAN)[:, attacked_rows(context, task, 8)]
    assert torch.allclose(told, stored, atol=1e-4)
    assert system_of(context, task, "zepad").fitted.identity == "zepad"


def test_images_out_of_budget_are_no_finding(ask, monkeypatch):
    class Careless:
        def __call__(self, target, epsilon, *, seed, progress):
            return Struck(images=(target.images + 2 * epsilon).clamp(0, 1), queries=0)

    monkeypatch.setattr(adapting, "build_system_attack", lambda choice: Careless())
    context = ask()
    with pytest.raises(EngineTrouble, match="left its budget"):
        adapt(context)


def test_the_worker_knows_the_job():
    assert FUNCTIONS["adapt"] is adapt


def test_the_file_lies_in_the_run_folder(tmp_path):
    path = RunFolder(tmp_path).adaptive("sample:emoji", "zepad", "pgd-short")
    assert path.relative_to(tmp_path).as_posix() == "adaptive/emoji/zepad/pgd-short.safetensors"
