"""``audit`` from flags to exit code; the audit itself is played by a stand-in."""

from __future__ import annotations

import json
import os
import shlex
import signal
from pathlib import Path

import pytest

import zepad_engine.audit
import zepad_engine.describe
from tests.support.report_builder import report_with
from zepad_engine.adaptive.registry import SYSTEM_ATTACKS
from zepad_engine.catalogue import Catalogue, EncoderEntry, Entry, TaskEntry
from zepad_engine.command_line import main
from zepad_engine.command_line.audit import BENIGN_SOURCES
from zepad_engine.errors import Cancelled, EngineTrouble
from zepad_engine.findings import report_to_json
from zepad_engine.messages import Progressed, Started, decode_event
from zepad_engine.plan import (
    DEFAULT_ATTACKS,
    DEFAULT_DEFENCES,
    AuditPlan,
    OfficialSwitches,
    Recrafting,
    plan_from_json,
    plan_to_json,
)
from zepad_engine.presets import PRESETS

PLAN = AuditPlan()


def entry(key: str, **presets: dict[str, int]) -> Entry:
    return Entry(key=key, name=key, summary="", citation="", presets=presets)


CATALOGUE = Catalogue(
    attacks=(
        entry("advencoder_per", quick={"steps": 7}),
        *(entry(c.key) for c in DEFAULT_ATTACKS[1:]),
        entry("other"),
        entry("imported"),
    ),
    adaptive=tuple(entry(key) for key in SYSTEM_ATTACKS),
    defences=tuple(entry(choice.key) for choice in DEFAULT_DEFENCES),
    tasks=tuple(
        TaskEntry(key=key, name=key, summary="", source="", licence="")
        for key in (*PLAN.tasks, PLAN.surrogate_set, "sample:extra")
    ),
    encoders=tuple(EncoderEntry(key=key, name=key, summary="") for key in (PLAN.encoder, PLAN.auxiliary)),
)


class Engine:
    """Plays run_audit: remembers the plan, says a little, writes a report; or fails as told."""

    def __init__(self) -> None:
        self.plan: AuditPlan | None = None
        self.trouble: BaseException | None = None
        self.interrupt = False

    def run_audit(self, plan, folder, emit, cancelled):
        self.plan = plan
        emit(Started(run="r", folder=str(folder), stages=()))
        if self.interrupt:
            os.kill(os.getpid(), signal.SIGINT)
            if cancelled():
                raise self.trouble or Cancelled
        emit(Progressed(run="r", stage="craft", done=0.5, whole=0.25, elapsed=10.0, remaining=65.0, note="step 3"))
        if self.trouble:
            raise self.trouble
        path = Path(folder) / "report.json"
        path.write_bytes(report_to_json(report_with()))
        return path


@pytest.fixture
def engine(monkeypatch, tmp_path):
    played = Engine()
    monkeypatch.setattr(zepad_engine.audit, "run_audit", played.run_audit)
    monkeypatch.setattr(zepad_engine.describe, "describe", lambda: CATALOGUE)
    monkeypatch.setenv("ZEPAD_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return played


@pytest.fixture
def encoder(tmp_path):
    path = tmp_path / "enc.safetensors"
    path.write_bytes(b"weights")
    return path


def test_the_demo_ends_with_the_verdict_and_the_places(engine, capsys, tmp_path):
    assert main(["audit", "--demo", "--preset", "quick", "--out", "run"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(report_with().summary.verdict)
    assert report_with().summary.limits in said.out
    assert str(tmp_path / "run" / "report.html") in said.out
    assert "25 %" in said.err
    assert "1:05 left" in said.err


def test_a_preset_brings_its_values_and_the_standard_one_is_the_default(engine):
    assert main(["audit", "--demo", "--out", "a"]) == 0
    assert engine.plan.preset == "standard"
    assert main(["audit", "--demo", "--preset", "quick", "--out", "b"]) == 0
    assert engine.plan.preset == "quick"
    assert engine.plan.tuning.images < PLAN.tuning.images
    assert engine.plan.attacks[0].values == {"steps": 7}


def test_every_flag_reaches_the_plan(engine, encoder, tmp_path):
    (tmp_path / "set" / "cats").mkdir(parents=True)
    flags = [
        "--eps",
        "8",
        "--seed",
        "3",
        "--tasks",
        "sample:signs,set",
        "--local",
        "sample:extra",
        "--mode",
        "official",
    ]
    flags += ["--attacks", "other", "sign_noise", "--defences", "undefended", "--benign", "auxiliary"]
    flags += [
        "--surrogate",
        "set",
        "--auxiliary",
        "sample:barlow-tinyimagenet-r18w16",
        "--device",
        "cpu",
        "--workers",
        "1",
    ]
    flags += ["--arithmetic", "exact", "--threads", "2", "--batch", "64"]
    assert main(["audit", str(encoder), "--out", "run", *flags]) == 0
    plan = engine.plan
    assert (plan.epsilon_255, plan.seed, plan.device, plan.workers) == (8.0, 3, "cpu", 1)
    assert (plan.arithmetic, plan.threads, plan.batch) == ("exact", 2, 64)
    assert plan.encoder == str(encoder)
    assert plan.tasks == ("sample:signs", str(tmp_path / "set"))
    assert (plan.local_set, plan.surrogate_set) == ("sample:extra", str(tmp_path / "set"))
    assert [choice.key for choice in plan.attacks] == ["other", "sign_noise"]
    assert [choice.key for choice in plan.defences] == ["undefended"]
    assert plan.benign.source == "auxiliary"
    assert (plan.mode, plan.switches) == ("official", OfficialSwitches.all_on())


def test_attacks_on_systems_come_from_the_preset_and_from_flags(engine):
    assert main(["audit", "--demo", "--preset", "quick", "--out", "a"]) == 0
    assert [choice.key for choice in engine.plan.adaptive.attacks] == ["pgd", "evading"]
    flags = ["--adaptive", "square", "--adaptive-images", "32", "--adaptive-on", "zepad,zepad_no_bmp"]
    assert main(["audit", "--demo", "--out", "b", *flags]) == 0
    adaptive = engine.plan.adaptive
    assert [choice.key for choice in adaptive.attacks] == ["square"]
    assert (adaptive.images, adaptive.defences) == (32, ("zepad", "zepad_no_bmp"))
    assert main(["audit", "--demo", "--out", "c", "--adaptive", "none"]) == 0
    assert engine.plan.adaptive.attacks == ()


def test_curves_come_from_the_preset_and_from_flags(engine):
    assert main(["audit", "--demo", "--preset", "quick", "--out", "a"]) == 0
    assert engine.plan.recrafting.budgets_255 == ()
    assert main(["audit", "--demo", "--preset", "quick", "--out", "b", "--curve", "--curve-of", "l4a_base"]) == 0
    assert engine.plan.recrafting.budgets_255 == (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
    assert engine.plan.recrafting.attacks == ("l4a_base",)
    assert main(["audit", "--demo", "--preset", "quick", "--out", "c", "--curve", "4", "16"]) == 0
    assert engine.plan.recrafting.budgets_255 == (4.0, 16.0)
    assert main(["audit", "--demo", "--preset", "standard", "--out", "d", "--curve", "0"]) == 0
    assert engine.plan.recrafting == Recrafting()


def test_perturbation_files_join_the_attacks_under_their_own_names(engine, tmp_path):
    for name in ("UAP one.npy", "two.pt"):
        (tmp_path / name).write_bytes(b"values")
    files = ["--perturbation", "UAP one.npy", str(tmp_path / "two.pt")]
    assert main(["audit", "--demo", "--preset", "quick", "--out", "a", "--attacks", "sign_noise", *files]) == 0
    first, second = engine.plan.attacks[1:]
    assert engine.plan.attacks[0].identity == "sign_noise"
    assert (first.identity, first.values) == ("imported-uap-one", {"file": str(tmp_path / "UAP one.npy")})
    assert (second.identity, second.values) == ("imported-two", {"file": str(tmp_path / "two.pt")})
    (tmp_path / "p.json").write_bytes(plan_to_json(engine.plan))
    assert main(["audit", "--plan", "p.json", "--out", "b", "--perturbation", "two.pt"]) == 0
    assert engine.plan.attacks[-1].identity == "imported-two-2"


def test_a_perturbation_that_is_not_there_is_refused_before_any_work(engine, capsys):
    assert main(["audit", "--demo", "--out", "a", "--perturbation", "absent.npy"]) == 1
    assert capsys.readouterr().err == "There is no file absent.npy.\nCheck the path of the perturbation.\n"
    assert engine.plan is None


def test_a_stored_plan_is_kept_but_for_the_flags_given(engine, tmp_path):
    stored = AuditPlan(preset="quick", seed=5, epsilon_255=4.0)
    (tmp_path / "p.json").write_bytes(plan_to_json(stored))
    assert main(["audit", "--plan", "p.json", "--seed", "6", "--out", "run"]) == 0
    assert (engine.plan.seed, engine.plan.epsilon_255) == (6, 4.0)
    assert engine.plan.tuning == stored.tuning


def test_without_out_a_run_folder_of_its_own_is_made(engine, tmp_path):
    assert main(["audit", "--demo", "--quiet"]) == 0
    (run,) = (tmp_path / "home" / "runs").iterdir()
    assert run.name.endswith("-supcon-cifar10-r18w16")
    assert plan_from_json((run / "plan.json").read_bytes()) == engine.plan


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_may_be_named(engine, preset):
    assert main(["audit", "--demo", "--preset", preset, "--out", "run"]) == 0


@pytest.mark.parametrize("source", BENIGN_SOURCES)
def test_every_benign_source_is_one_a_plan_can_hold(engine, source):
    assert main(["audit", "--demo", "--benign", source, "--out", "run"]) == 0
    assert plan_from_json(plan_to_json(engine.plan)).benign.source == source


def test_json_progress_is_nothing_but_events(engine, capsys):
    assert main(["audit", "--demo", "--json-progress", "--out", "run"]) == 0
    said = capsys.readouterr()
    events = [decode_event(line.encode()) for line in said.out.splitlines()]
    assert [type(event) for event in events] == [Started, Progressed]
    assert said.err == ""


def test_quiet_says_only_how_it_ended(engine, capsys):
    assert main(["audit", "--demo", "--quiet", "--out", "run"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["enc", "--demo"],
        ["--demo", "--plan", "p.json"],
        ["--demo", "--preset", "huge"],
        ["--demo", "--arithmetic", "half"],
        ["--demo", "--threads", "two"],
    ],
)
def test_a_command_that_makes_no_sense_is_a_usage_error(engine, capsys, flags):
    assert main(["audit", *flags]) == 2
    assert "error:" in capsys.readouterr().err


BAD_INPUT = {
    "missing encoder": (["gone.pt"], "There is no file gone.pt."),
    "folder as encoder": (["folder"], "folder is a folder without a model.safetensors file."),
    "missing plan": (["--plan", "gone.json"], "The plan gone.json cannot be read."),
    "plan of another version": (["--plan", "old.json"], "This is not an audit plan of version 1"),
    "plan of nothing": (["--plan", "nothing.json"], "The plan names no encoder."),
    "missing set": (["--demo", "--tasks", "gone"], "There is no folder or zip gone."),
    "empty set": (["--demo", "--local", "empty"], "The folder empty is empty."),
    "unknown bundled set": (["--demo", "--tasks", "sample:gone"], "There is no bundled image set called gone."),
    "unknown bundled encoder": (["sample:gone"], "There is no bundled encoder called gone."),
    "unknown attack": (["--demo", "--attacks", "gone"], "There is no attack called gone."),
    "unknown defence": (["--demo", "--defences", "gone"], "There is no defence called gone."),
    "budget out of range": (["--demo", "--eps", "300"], "epsilon_255 must lie between 0 and 255; it is 300."),
    "no threads": (["--demo", "--threads", "0"], "threads must lie between 1 and 256; it is 0."),
    "a batch below nothing": (["--demo", "--batch", "-1"], "batch must lie between 0 and 65536; it is -1."),
    "too many workers": (["--demo", "--workers", "257"], "workers must lie between 0 and 256; it is 257."),
    "twice the same task": (["--demo", "--tasks", "sample:signs", "sample:signs"], "names one of its tasks twice."),
    "out is a file": (["--demo", "--out", "old.json"], "old.json is a file."),
    "out below a file": (["--demo", "--out", "old.json/run"], "cannot be written."),
    "out of another version": (["--demo", "--out", "older"], "holds a run of another version of ZePAD."),
    "out with another plan": (["--demo", "--out", "other"], "holds an audit with another plan."),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_sentence_and_nothing_runs(engine, capsys, tmp_path, case):
    (tmp_path / "folder" / "cats").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "old.json").write_text(json.dumps({"schema_version": 1, "from_the_future": True}))
    (tmp_path / "nothing.json").write_text("{}")
    (tmp_path / "older").mkdir()
    (tmp_path / "older" / "plan.json").write_text('{"from_the_past": 1}')
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "plan.json").write_bytes(plan_to_json(AuditPlan(seed=99)))
    flags, sentence = BAD_INPUT[case]
    out = [] if "--out" in flags else ["--out", "run"]
    assert main(["audit", *flags, *out]) == 1
    said = capsys.readouterr()
    assert sentence in said.err
    assert len(said.err.splitlines()) <= 2
    assert "Traceback" not in said.err
    assert engine.plan is None


def test_the_same_plan_is_resumed_in_the_same_folder(engine):
    assert main(["audit", "--demo", "--out", "run"]) == 0
    assert main(["audit", "--demo", "--out", "run"]) == 0


def test_the_command_after_a_stop_resumes(engine, capsys, tmp_path):
    engine.interrupt = True
    assert main(["audit", "--demo", "--out", "my run", "--seed", "4"]) == 130
    said = capsys.readouterr().err
    command = next(line for line in said.splitlines() if line.startswith("Resume: "))
    words = shlex.split(command.removeprefix("Resume: python main.py "))
    engine.interrupt = False
    first = engine.plan
    assert main(words) == 0
    assert engine.plan == first


def test_workers_that_die_of_the_same_ctrl_c_are_no_error(engine, capsys):
    engine.interrupt, engine.trouble = True, EngineTrouble("A worker died.", "Start again.")
    assert main(["audit", "--demo", "--out", "run"]) == 130
    assert "died" not in capsys.readouterr().err


def test_a_worker_that_dies_by_itself_is_an_error(engine, capsys):
    engine.trouble = EngineTrouble("A worker died.", "Start again.")
    assert main(["audit", "--demo", "--out", "run"]) == 1
    assert capsys.readouterr().err.endswith("A worker died.\nStart again.\n")


def test_ctrl_c_works_as_before_afterwards(engine):
    before = signal.getsignal(signal.SIGINT)
    assert main(["audit", "--demo", "--out", "run"]) == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_a_fault_of_ours_goes_to_a_log_not_to_the_terminal(engine, capsys, tmp_path):
    engine.trouble = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    assert main(["audit", "--demo", "--out", "run"]) == 1
    said = capsys.readouterr().err
    assert "This is a fault of ZePAD, not of your files." in said
    assert "mat1" not in said
    (log,) = (tmp_path / "home" / "logs").iterdir()
    assert str(log) in said
    assert "mat1 and mat2" in log.read_text()
