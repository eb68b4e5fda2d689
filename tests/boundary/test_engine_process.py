"""The real engine process, spoken to as the window speaks to it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import msgspec
import pytest
import torch
from PIL import Image

from tests.boundary.conftest import alive, wait_until_gone
from tests.support.finished import without_times
from tests.support.tiny import tiny_encoder
from zepad_engine.bundle_words import OpenBundle
from zepad_engine.card import Overrides
from zepad_engine.findings import report_from_json
from zepad_engine.jobs.graph import STAGES
from zepad_engine.messages import (
    PROTOCOL_VERSION,
    Cancel,
    Cancelled,
    Continue,
    Continued,
    Export,
    Exported,
    Failed,
    Finished,
    Found,
    Inspect,
    Inspected,
    Measured,
    Opened,
    Pause,
    Paused,
    Previewed,
    Progressed,
    Ready,
    RunAudit,
    Started,
)
from zepad_engine.report_file import load_report
from zepad_engine.run_folder import RunFolder

pytestmark = pytest.mark.slow


def endless(plan):
    """The same audit with a tuning that does not end by itself."""
    return msgspec.structs.replace(plan, tuning=msgspec.structs.replace(plan.tuning, epochs=1000, steps=50))


def busy(engine, finished, folder):
    """Start an endless audit, its first stages kept from the finished one, and wait until it tunes."""
    RunFolder(folder).claim(endless(finished.plan))
    shutil.copytree(finished.folder / "encoders", folder / "encoders")
    (folder / "jobs").mkdir()
    for path in (finished.folder / "jobs").glob("*.json"):
        if path.name.startswith(("open_", "data", "craft_", "benign")):
            shutil.copy(path, folder / "jobs")
    engine.ask(RunAudit(run=folder.name, plan=endless(finished.plan), folder=str(folder)))
    while not any(name.startswith("tuned_") for name in engine.wait_for(Measured).points):
        continue


def test_ready_brings_the_catalogue(shared_engine):
    ready = next(event for event in shared_engine.seen if isinstance(event, Ready))
    assert ready.protocol == PROTOCOL_VERSION
    assert {"advencoder_per", "l4a_base", "sign_noise"} <= {entry.key for entry in ready.catalogue.attacks}
    assert {"undefended", "zepad", "clean_ensemble"} <= {entry.key for entry in ready.catalogue.defences}
    assert len(ready.catalogue.tasks) >= 5
    assert len(ready.catalogue.encoders) >= 1
    assert ready.workers >= 1
    assert 0.01 < ready.speed < 100
    assert set(ready.versions) >= {"zepad", "python", "torch"}


def test_an_audit_runs_to_its_end_and_repeats_what_another_run_found(shared_engine, finished, tmp_path):
    folder = tmp_path / "again"
    shared_engine.seen.clear()
    done = shared_engine.answer(RunAudit(run="again", plan=finished.plan, folder=str(folder)))
    assert done == Finished(run="again", report=str(folder / "report.json"))
    report = report_from_json((folder / "report.json").read_bytes())
    assert len(report.cells) == 6 * 4 * 2
    assert without_times(folder) == without_times(finished.folder)
    # The files behind the report are equal too.
    for part in ("attacks", "encoders", "heads", "logits"):
        for path in sorted((finished.folder / part).rglob("*.safetensors")):
            assert path.read_bytes() == (folder / path.relative_to(finished.folder)).read_bytes(), path.name


def test_what_it_told_on_the_way(finished):
    kinds = {type(event) for event in finished.events}
    assert kinds == {Started, Progressed, Measured, Previewed, Found}
    started = finished.events[0]
    # The plan attacks no system and crafts nothing anew, so those stages have no job.
    stages = [key for key in STAGES if key not in {"adapt", "sweep"}]
    assert [stage.key for stage in started.stages] == stages
    assert sum(stage.share for stage in started.stages) == pytest.approx(1.0)
    told = [event for event in finished.events if isinstance(event, Progressed)]
    wholes = [event.whole for event in told]
    assert wholes == sorted(wholes)
    assert 0.98 < wholes[-1] <= 1.0
    assert {event.stage for event in told} == set(stages)
    series = {name for event in finished.events if isinstance(event, Measured) for name in event.points}
    assert {
        "tuned_victim/cross_entropy",
        "tuned_victim/regularisation",
        "tuned_victim/pgd_accuracy",
        "tuned_auxiliary/clean_accuracy",
        "benign/cross_entropy",
        "craft_advencoder_per/info_nce",
        "craft_l4a_base/activation",
    } <= series
    found = [cell for event in finished.events if isinstance(event, Found) for cell in event.cells]
    assert sorted(map(repr, found)) == sorted(map(repr, finished.report.cells))
    for event in finished.events:
        if isinstance(event, Previewed):
            with Image.open(event.path) as picture:
                assert picture.format == "PNG"


def test_inspect_tells_the_card_first_and_the_checks_when_they_are_done(shared_engine, tiny, tmp_path):
    shared_engine.ask(Inspect(request="1", path=tiny.encoder, says=Overrides(name="mine")))
    opened = shared_engine.wait_for(Opened)
    card = opened.preflight.card
    shape = card.architecture
    assert (card.name, card.family, shape.blocks, shape.width) == ("mine", "resnet", (1, 1, 1, 1), 8)
    assert (opened.preflight.file.container, opened.preflight.features) == ("safetensors", None)
    inspected = shared_engine.wait_for(Inspected)
    assert (inspected.preflight.card, inspected.says) == (card, Overrides(name="mine"))
    assert inspected.preflight.features.finite
    # An untrained net: no better than the same net drawn anew.
    assert inspected.preflight.neighbours.low <= 0
    assert any("not shown to be better than random" in warning for warning in inspected.preflight.warnings)
    failed = shared_engine.answer(Inspect(request="2", path=str(tmp_path / "gone.pt")))
    assert isinstance(failed, Failed)
    assert (failed.request, failed.code, failed.detail) == ("2", "encoder.missing", "")
    assert "gone.pt" in failed.sentence


@pytest.mark.alone
def test_an_inspection_is_stopped_within_a_second_and_the_engine_goes_on(shared_engine, tiny):
    # At 1,024 pixels the checks of even this net take half a minute.
    shared_engine.ask(Inspect(request="large", path=tiny.encoder, says=Overrides(input_size=1024)))
    shared_engine.wait_for(Opened)
    began = time.monotonic()
    shared_engine.ask(Cancel(run="large"))
    assert shared_engine.wait_for(Cancelled, Inspected) == Cancelled(run="large", folder="")
    assert time.monotonic() - began < 2.0
    assert isinstance(shared_engine.answer(Inspect(request="next", path=tiny.encoder)), Inspected)


def test_a_file_with_two_encoders_comes_back_with_its_choices(shared_engine, tmp_path):
    nets = {name: tiny_encoder(seed).backbone.state_dict() for seed, name in enumerate(("student", "teacher"))}
    torch.save(nets, tmp_path / "dino.pth")
    file = str(tmp_path / "dino.pth")
    failed = shared_engine.answer(Inspect(request="3", path=file))
    assert isinstance(failed, Failed)
    assert (failed.code, failed.choices) == ("encoder.several", ("teacher/", "student/"))
    chosen = shared_engine.answer(Inspect(request="4", path=file, says=Overrides(net=failed.choices[1])))
    assert chosen.preflight.card.net == "student/"


def test_export_of_a_finished_run(shared_engine, finished, tmp_path):
    for form in ("json", "html", "bundle"):
        destination = tmp_path / f"mine.{form}"
        request = Export(request=form, folder=str(finished.folder), format=form, destination=str(destination))
        assert shared_engine.answer(request) == Exported(request=form, path=str(destination))
        assert destination.stat().st_size > 10_000
    bundle = str(tmp_path / "mine.bundle")
    opened = shared_engine.answer(OpenBundle(request="4", path=bundle, parent=str(tmp_path / "runs")))
    assert (opened.request, opened.path, opened.key) == ("4", bundle, "")
    assert load_report(Path(opened.folder)) == finished.report
    refused = shared_engine.answer(OpenBundle(request="5", path=str(tmp_path / "mine.html"), parent=str(tmp_path)))
    assert refused.code == "bundle.bad"
    refused = Export(request="3", folder=str(tmp_path), format="json", destination=str(tmp_path / "no.json"))
    assert shared_engine.answer(refused).code == "input.bad"


def test_a_line_that_makes_no_sense_is_answered_and_survived(shared_engine, tiny):
    for line in (b"hello\n", b'{"type": "eval", "code": "1"}\n', b'{"type": "inspect", "request": "1"}\n'):
        shared_engine.tell(line)
        failed = shared_engine.wait_for(Failed)
        assert (failed.code, failed.request) == ("engine.protocol", ""), line
    assert isinstance(shared_engine.answer(Inspect(request="1", path=tiny.encoder)), Inspected)


def test_a_plan_that_contradicts_itself_fails_with_its_code(shared_engine, tiny, tmp_path):
    plan = msgspec.structs.replace(tiny, epsilon_255=300.0)
    failed = shared_engine.answer(RunAudit(run="r", plan=plan, folder=str(tmp_path / "r")))
    assert (failed.request, failed.code) == ("r", "plan.epsilon_255")
    assert not (tmp_path / "r").exists()


@pytest.mark.alone
def test_cancel_answers_within_a_second_and_the_resumed_run_is_the_straight_one(shared_engine, finished, tmp_path):
    engine, folder = shared_engine, tmp_path / "resumed"
    engine.ask(RunAudit(run="resumed", plan=finished.plan, folder=str(folder)))
    # In the middle: something is stored, something else is half done.
    while engine.wait_for(Progressed).whole < 0.35:
        continue
    engine.ask(Cancel(run="resumed"))
    started = time.monotonic()
    stopped = engine.wait_for(Cancelled)
    assert time.monotonic() - started < 1.0
    assert stopped == Cancelled(run="resumed", folder=str(folder))
    kept = {path.name for path in (folder / "jobs").glob("*.json")}
    assert kept
    assert not (folder / "report.json").exists()
    engine.seen.clear()
    assert isinstance(engine.answer(RunAudit(run="resumed", plan=finished.plan, folder=str(folder))), Finished)
    assert any(event.note == "kept from before" for event in engine.seen if isinstance(event, Progressed))
    assert without_times(folder) == without_times(finished.folder)
    assert not list(folder.rglob(".*.part"))


@pytest.mark.alone
def test_while_it_works_another_question_is_refused_and_cancel_is_heard(shared_engine, tiny, finished, tmp_path):
    busy(shared_engine, finished, tmp_path / "long")
    failed = shared_engine.answer(Inspect(request="2", path=tiny.encoder))
    assert (failed.request, failed.code) == ("2", "engine.busy")
    # A cancel of another run is not for this one, nor is a pause.
    shared_engine.ask(Cancel(run="another"))
    shared_engine.ask(Pause(run="another"))
    first, seen = shared_engine.wait_for(Progressed), time.monotonic()
    pause(shared_engine, "long")
    time.sleep(1.5)
    shared_engine.ask(Continue(run="long"))
    shared_engine.wait_for(Continued)
    # What it has taken so far does not count the pause.
    assert shared_engine.wait_for(Progressed).elapsed - first.elapsed < time.monotonic() - seen - 1.4
    # A cancel is heard while it is paused, too.
    pause(shared_engine, "long")
    started = time.monotonic()
    shared_engine.ask(Cancel(run="long"))
    shared_engine.wait_for(Cancelled)
    assert time.monotonic() - started < 1.0
    # It is free again at once, and the workers are back.
    assert isinstance(shared_engine.answer(Inspect(request="3", path=tiny.encoder)), Inspected)
    # A folder that holds another plan is refused, nothing in it touched.
    refused = shared_engine.answer(RunAudit(run="long", plan=tiny, folder=str(tmp_path / "long")))
    assert refused.code == "plan.folder"


def pause(engine, run):
    """Pause an audit, and wait until its workers stand still."""
    engine.ask(Pause(run=run))
    event = engine.wait_for(Paused)
    assert event == Paused(run=run, frozen=sys.platform == "linux")
    deadline = time.monotonic() + 10
    while event.frozen and "T" not in {state(pid) for pid in engine.workers()}:
        # A process stops when it next gets its turn.
        assert time.monotonic() < deadline
        time.sleep(0.02)


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_worker_killed_twice_in_one_job_is_a_failure_that_can_be_resumed(shared_engine, tiny, finished, tmp_path):
    busy(shared_engine, finished, tmp_path / "run")
    workers = shared_engine.workers()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    notes = (shared_engine.wait_for(Progressed).note for _ in range(500))
    assert any("once more, alone" in note for note in notes)
    deadline = time.monotonic() + 30
    while set(shared_engine.workers()) <= set(workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    (alone,) = shared_engine.workers()
    os.kill(alone, signal.SIGKILL)
    failed = shared_engine.wait_for(Failed)
    assert (failed.request, failed.code) == ("run", "engine.died")
    assert "in the middle of tune_" in failed.sentence
    assert "killed by the system twice" in failed.sentence
    assert isinstance(shared_engine.answer(Inspect(request="1", path=tiny.encoder)), Inspected)


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="priorities of processes are POSIX's")
def test_workers_give_way_to_the_window_and_the_engine_does_not(shared_engine, tiny):
    assert isinstance(shared_engine.answer(Inspect(request="1", path=tiny.encoder)), Inspected)
    own = os.getpriority(os.PRIO_PROCESS, shared_engine.process.pid)
    niceness = {os.getpriority(os.PRIO_PROCESS, pid) for pid in shared_engine.workers()}
    # A worker that has just been started is not nice yet; the one that answered is. The kernel knows nothing above 19.
    assert min(own + 10, 19) in niceness
    assert niceness <= {own, min(own + 10, 19)}


def test_a_window_that_hangs_up_ends_the_engine_and_its_workers(own_engine, finished, tmp_path):
    busy(own_engine, finished, tmp_path / "run")
    workers = own_engine.workers()
    assert len(workers) >= 1
    own_engine.hang_up()
    assert wait_until_gone([own_engine.process.pid, *workers], 3.0) == []
    assert own_engine.process.wait() == 0


def test_an_engine_killed_takes_its_workers_along(own_engine, finished, tmp_path):
    busy(own_engine, finished, tmp_path / "run")
    workers = own_engine.workers()
    assert all(alive(pid) for pid in workers)
    # Frozen workers could not look for their director any more.
    pause(own_engine, "run")
    own_engine.process.kill()
    assert wait_until_gone(workers, 8.0) == []
