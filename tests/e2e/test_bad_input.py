"""Bad input through a whole audit: one clear sentence, the documented code, and nothing lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys

import msgspec
import pytest
import torch

from tests.support.finished import finished_run, tiny_inputs, without_staff
from tests.support.tiny import png, tiny_pictures
from tests.support.worker_pipes import closed_pipes
from zepad_engine.audit import run_audit
from zepad_engine.describe import describe
from zepad_engine.errors import AuditError, BadInput
from zepad_engine.jobs.pool import WorkerPool
from zepad_engine.places import cache_folder
from zepad_engine.plan import Choice, OfficialSwitches
from zepad_engine.run_folder import RunFolder

pytestmark = pytest.mark.slow
CATALOGUE = describe()


@pytest.fixture(scope="module", autouse=True)
def no_open_pipes():
    with closed_pipes():
        yield


@pytest.fixture(scope="module")
def warm(no_open_pipes):
    """One worker for every audit and every refusal: what it refuses leaves it as it was."""
    pool = WorkerPool(1)
    yield pool
    pool.kill()


@pytest.fixture
def plan(tmp_path_factory):
    return tiny_inputs(tmp_path_factory)


def refused(plan, folder, pool):
    with pytest.raises(AuditError) as caught:
        run_audit(plan, folder, lambda _event: None, lambda: False, pool=pool, catalogue=CATALOGUE)
    trouble = caught.value
    assert trouble.sentence.endswith((".", ")."))
    assert "\n" not in str(trouble)
    assert "Traceback" not in str(trouble)
    return trouble


def folder_of(root, counts):
    pictures, _ = tiny_pictures(max(counts.values(), default=1))
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for index in range(count):
            (root / name / f"{index}.png").write_bytes(png(pictures[index]))
    return str(root)


def keep_encoders(finished, run, plan):
    """As if an earlier sitting had opened the encoders: only the sets are still to be read."""
    run.claim(plan)
    shutil.copytree(finished / "encoders", run.root / "encoders")
    for key in ("open_victim", "open_auxiliary"):
        run.outcome(key).parent.mkdir(exist_ok=True)
        shutil.copy(finished / "jobs" / f"{key}.json", run.outcome(key))


def no_file(plan, tmp_path):
    return {"encoder": str(tmp_path / "gone.pt")}


def a_folder_as_encoder(plan, tmp_path):
    return {"encoder": str(tmp_path)}


def another_architecture(plan, tmp_path):
    path = tmp_path / "transformer.pt"
    torch.save({"state_dict": {"blocks.0.attn.qkv.weight": torch.zeros(12, 4), "cls_token": torch.zeros(1)}}, path)
    return {"encoder": str(path)}


def a_text_as_encoder(plan, tmp_path):
    path = tmp_path / "notes.safetensors"
    path.write_text("not a tensor in sight")
    return {"encoder": str(path)}


def an_empty_folder(plan, tmp_path):
    (tmp_path / "nothing").mkdir()
    return {"tasks": (str(tmp_path / "nothing"),)}


def a_class_with_one_image(plan, tmp_path):
    return {"tasks": (folder_of(tmp_path / "birds", {"owl": 30, "wren": 1}),)}


def too_few_for_a_split(plan, tmp_path):
    return {"tasks": (folder_of(tmp_path / "few", {"owl": 2, "wren": 2}),)}


def a_missing_set(plan, tmp_path):
    return {"surrogate_set": str(tmp_path / "gone.zip")}


def a_set_without_labels(plan, tmp_path):
    (tmp_path / "loose").mkdir()
    for index, picture in enumerate(tiny_pictures(20)[0]):
        (tmp_path / "loose" / f"{index}.png").write_bytes(png(picture))
    return {"local_set": str(tmp_path / "loose")}


def damaged_pictures(plan, tmp_path):
    root = folder_of(tmp_path / "broken", {"owl": 6, "wren": 6})
    for index in range(4):
        (tmp_path / "broken" / "owl" / f"{index}.png").write_bytes(b"\x89PNG but no more")
    return {"tasks": (root,)}


BAD = {
    no_file: ("encoder.missing", "gone.pt"),
    a_folder_as_encoder: ("encoder.not_ordinary", "is a folder"),
    another_architecture: ("encoder.unknown", "The architecture of transformer is not known."),
    a_text_as_encoder: ("encoder.damaged", "notes"),
    an_empty_folder: ("input.bad", "There are no pictures in nothing."),
    a_class_with_one_image: ("input.bad", "The class wren in birds has a single picture."),
    too_few_for_a_split: ("input.bad", "few has too few pictures for a "),
    a_missing_set: ("input.bad", "There is no folder or file gone.zip."),
    a_set_without_labels: ("input.bad", "The image set loose has no labels."),
    damaged_pictures: ("input.bad", "4 of 12 pictures in broken cannot be read."),
}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_input_that_cannot_be_used(plan, tmp_path, tmp_path_factory, warm, make):
    code, words = BAD[make]
    bad, run = msgspec.structs.replace(plan, **make(plan, tmp_path)), RunFolder(tmp_path / "run")
    if bad.encoder == plan.encoder:
        keep_encoders(finished_run(tmp_path_factory).folder, run, bad)
    trouble = refused(bad, run.root, warm)
    assert words in trouble.sentence
    assert trouble.code == code
    assert not run.report.exists()


PLANS = {
    "another device": ({"device": "toaster"}, "plan.bad", "There is no device called toaster."),
    "unknown attack": ({"attacks": (Choice(key="magic"),)}, "plan.bad", "There is no attack called magic."),
    "no tasks": ({"tasks": ()}, "plan.tasks", "The plan names no tasks."),
    "switches in the wrong mode": (
        {"switches": OfficialSwitches(no_clamp=True)},
        "plan.bad",
        "The plan sets official switches in corrected mode.",
    ),
}


@pytest.mark.parametrize("case", PLANS)
def test_a_plan_that_cannot_be(plan, tmp_path, warm, case):
    changes, code, sentence = PLANS[case]
    trouble = refused(msgspec.structs.replace(plan, **changes), tmp_path / "run", warm)
    assert (trouble.code, trouble.sentence) == (code, sentence)


def test_a_field_of_an_attack_out_of_range_is_refused_before_anything_is_crafted(plan, tmp_path, warm):
    attacks = (Choice(key="l4a_base", values={"stage": 41}),)
    trouble = refused(msgspec.structs.replace(plan, attacks=attacks), tmp_path / "run", warm)
    assert trouble.sentence == "PAP L4A-base: Stage must lie between 0 and 40; it is 41."
    assert trouble.code == "plan.bad"
    assert not (tmp_path / "run" / "attacks").exists()


def test_a_folder_with_another_plan_is_left_as_it_is(plan, tmp_path, warm):
    RunFolder(tmp_path / "run").claim(msgspec.structs.replace(plan, seed=5))
    before = (tmp_path / "run" / "plan.json").read_bytes()
    trouble = refused(plan, tmp_path / "run", warm)
    assert trouble.code == "plan.folder"
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["plan.json"]
    assert (tmp_path / "run" / "plan.json").read_bytes() == before


def test_a_file_where_the_folder_should_be(plan, tmp_path, warm):
    (tmp_path / "run").write_text("mine")
    assert isinstance(refused(plan, tmp_path / "run", warm), BadInput)
    assert (tmp_path / "run").read_text() == "mine"


def test_a_folder_below_a_file(plan, tmp_path, warm):
    (tmp_path / "notes.txt").write_text("mine")
    refused(plan, tmp_path / "notes.txt" / "run", warm)


# Workers on a disk that fills up: every write after so many bytes is refused, as the kernel would.
FULL_DISK = """
import errno, os, sys
from pathlib import Path
from zepad_engine import storage
from zepad_engine.jobs import process

LEFT = Path(os.environ["ZEPAD_TEST_WRITES_LEFT"])
real = os.fsync

def fsync(descriptor):
    left = int(LEFT.read_text())
    if left <= 0:
        raise OSError(errno.ENOSPC, "No space left on device")
    LEFT.write_text(str(left - 1))
    real(descriptor)

storage.os.fsync = fsync
sys.exit(process.main())
"""


@contextlib.contextmanager
def workers_with_room_for(writes, tmp_path, monkeypatch):
    script, left = tmp_path / "worker", tmp_path / "writes_left"
    script.write_text(f"#!{sys.executable}\n{FULL_DISK}")
    script.chmod(0o755)
    left.write_text(str(writes))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(script))
        patch.setenv("ZEPAD_TEST_WRITES_LEFT", str(left))
        pool = WorkerPool(1)
        try:
            yield pool
        finally:
            pool.kill()


def test_a_disk_that_fills_up_loses_nothing_and_the_run_goes_on_later(
    plan, tmp_path, tmp_path_factory, warm, monkeypatch
):
    folder, writes = tmp_path / "run", 26
    with workers_with_room_for(writes, tmp_path, monkeypatch) as pool:
        trouble = refused(plan, folder, pool)
    assert trouble.code == "disk.full"
    assert trouble.sentence.startswith("Could not write ")
    assert "what was stored before is whole" in trouble.advice
    straight = finished_run(tmp_path_factory).folder
    stored = [path for path in folder.rglob("*") if path.is_file()]
    # Decoded pictures are written too, beside the run.
    assert len(stored) + sum(path.is_file() for path in cache_folder().rglob("*")) >= writes
    assert len(stored) > writes // 2
    assert not [path for path in stored if path.name.endswith(".part")]
    # Every file is the one of the straight run, byte for byte; outcomes carry seconds of their own.
    for path in stored:
        twin = straight / path.relative_to(folder)
        assert path.suffix == ".json" or path.read_bytes() == twin.read_bytes(), path.name
        if path.parent.name == "jobs":
            msgspec.json.decode(path.read_bytes())
    run_audit(plan, folder, lambda _event: None, lambda: False, pool=warm, catalogue=CATALOGUE)
    assert without_staff(folder) == without_staff(straight)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written(plan, tmp_path, warm):
    (tmp_path / "locked").mkdir(mode=0o555)
    assert refused(plan, tmp_path / "locked" / "run", warm).code == "disk.full"


def test_the_official_mode_runs_to_its_end_and_says_so(plan, tmp_path, warm):
    attacks = (*plan.attacks[:2],)
    official = msgspec.structs.replace(
        plan,
        mode="official",
        attacks=attacks,
        tasks=plan.tasks[:1],
        defences=(*plan.defences, Choice(key="entropy_fusion")),
    )
    run = tmp_path / "run"
    path = run_audit(official, run, lambda _event: None, lambda: False, pool=warm, catalogue=CATALOGUE)
    report = msgspec.json.decode(path.read_bytes())
    assert all(report["plan"]["switches"].values())
    assert any(warning.startswith("Official mode repeats") for warning in report["warnings"])
    assert "inverted" not in report["plan"]["defences"][-1]["values"]
    assert {cell["defence"] for cell in report["cells"]} >= {"entropy_fusion", "undefended"}
