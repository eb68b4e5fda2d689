"""The one-shot process around a foreign file: what it may see, what it may do, and how its end is noticed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.support.hostile_checkpoints import saved, touch, weights
from zepad_engine.encoders import apart, loader_child
from zepad_engine.encoders.apart import TENSORS, read_apart
from zepad_engine.errors import BadCheckpoint, CannotJudge

WATCHING = """
import sys
seen = []
sys.addaudithook(lambda event, told: seen.append((event, str(told[0]) if told else "")))
"""
TELLING = """
import sys as s, json as j
code = main(*words)
j.dump({"seen": list(seen), "modules": sorted(s.modules)}, open(words[1] + ".seen", "w"))
s.exit(code)
"""


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def watched(path: Path, out: Path) -> tuple[list[tuple[str, str]], set[str]]:
    """Audit events and loaded modules of a real child that read ``path``."""
    command, environment = apart.child_command(path, out / TENSORS)
    start = command.index("-c") + 1
    told = WATCHING + command[start].rpartition("sys.exit(")[0] + TELLING
    subprocess.run([*command[:start], told, *command[start + 1 :]], env=environment, cwd=out, check=True)
    noted = json.loads((out / (TENSORS + ".seen")).read_text())
    return [tuple(pair) for pair in noted["seen"]], set(noted["modules"])


@pytest.mark.parametrize("hostile", [False, True])
def test_the_child_starts_connects_and_imports_nothing(tmp_path, out, monkeypatch, hostile):
    (tmp_path / "trainlib.py").write_text(f"open({str(tmp_path / 'canary')!r}, 'w')\n")
    module = type(sys)("trainlib")
    module.Config = type("Config", (), {"__module__": "trainlib"})
    monkeypatch.setitem(sys.modules, "trainlib", module)
    evil = {"x": touch(tmp_path / "canary")} if hostile else {}
    path = saved(tmp_path / "net.pth", {**evil, "state_dict": weights(), "config": module.Config()})
    seen, modules = watched(path, out)
    forbidden = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess", "socket", "pickle", "ctypes")
    assert [pair for pair in seen if pair[0].startswith(forbidden)] == []
    assert len([pair for pair in seen if pair[0] == "open"]) > 3
    assert modules & {"torch", "trainlib", "pickle", "numpy"} == set()
    assert not (tmp_path / "canary").exists()
    verdict = json.loads((out / (TENSORS + ".json")).read_text())
    assert verdict["code"] == ("encoder.code_in_file" if hostile else "")
    assert verdict["foreign"] == ([] if hostile else ["trainlib.Config"])


def test_nothing_beside_the_file_or_in_the_environment_decides_what_runs(tmp_path, out, monkeypatch):
    for name in ("torch", "json", "zipfile", "msgspec", "sitecustomize", "usercustomize", "numpy"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'canary')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    evil = saved(tmp_path / "evil.pth", touch(tmp_path / "canary"))
    with pytest.raises(BadCheckpoint) as caught:
        read_apart(evil, out)
    assert caught.value.code == "encoder.code_in_file"
    assert "posix.system" in caught.value.sentence or "nt.system" in caught.value.sentence
    read_apart(saved(tmp_path / "net.pth", weights()), out)
    assert not (tmp_path / "canary").exists()
    command, environment = apart.child_command(evil, out)
    assert "-I" in command
    assert not [name for name in environment if name.startswith(("PYTHON", "TORCH"))]


def test_a_refusal_needs_no_torch():
    told = "import sys, zepad_engine.encoders.apart; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


@pytest.mark.parametrize("container", ["zip", "legacy", "safetensors"])
def test_the_verdict_says_what_the_file_was(tmp_path, out, container):
    path = tmp_path / ("net.safetensors" if container == "safetensors" else "net.pth")
    if container == "safetensors":
        save_file(weights(), path)
    else:
        saved(path, weights(), _use_new_zipfile_serialization=container == "zip")
    verdict = read_apart(path, out)
    assert verdict.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert verdict.size == path.stat().st_size
    assert verdict.checksummed == (container == "zip")
    assert verdict.container == {"zip": "PyTorch zip", "legacy": "PyTorch legacy"}.get(container, container)
    assert (verdict.lightning, verdict.settings, verdict.foreign) == (False, {}, ())
    got = load_file(out / TENSORS)
    assert {name: tensor.tolist() for name, tensor in got.items()} == {
        name: tensor.tolist() for name, tensor in weights().items()
    }


def refused(path: Path, out: Path) -> BadCheckpoint:
    with pytest.raises(BadCheckpoint) as caught:
        read_apart(path, out)
    return caught.value


def test_a_child_that_takes_too_long_is_ended(tmp_path, out, monkeypatch):
    monkeypatch.setattr(apart, "DEADLINE_SECONDS", 0.001)
    trouble = refused(saved(tmp_path / "net.pth", weights()), out)
    assert isinstance(trouble, CannotJudge)
    assert "took longer" in trouble.sentence


@pytest.mark.parametrize(
    "does",
    [
        "import os; os.kill(os.getpid(), 9)",
        "import sys; sys.exit(3)",
        "open(OUT + '.json', 'w').write('{\"sentence\": 7}')",
        "open(OUT + '.json', 'w').write('{')",
        "open(OUT + '.json', 'wb').write(bytes([255]))",
        "open(OUT + '.json', 'w').write('[' * 100000)",
        "open(OUT + '.json', 'w').write('{\"sentence\": \"' + 'x' * 9_000_000 + '\"}')",
    ],
)
def test_a_child_that_dies_or_babbles_is_no_verdict(tmp_path, out, monkeypatch, does):
    command = [sys.executable, "-c", f"OUT = {str(out / TENSORS)!r}; {does}"]
    monkeypatch.setattr(apart, "child_command", lambda *_told: (command, dict(os.environ)))
    trouble = refused(saved(tmp_path / "net.pth", weights()), out)
    assert isinstance(trouble, CannotJudge)
    assert trouble.code == "encoder.unjudged"
    assert "ended without an answer" in trouble.sentence


def test_no_room_for_the_tensors_is_no_verdict_either(tmp_path, out, monkeypatch):
    def full(*_told: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(loader_child, "write_tensors", full)
    monkeypatch.setattr(loader_child, "limit_memory", lambda _size: None)
    loader_child.main(str(saved(tmp_path / "net.pth", weights())), str(out / TENSORS))
    verdict = json.loads((out / (TENSORS + ".json")).read_text())
    assert verdict["unjudged"]
    assert "could not be written" in verdict["sentence"]


def test_a_file_larger_than_the_free_memory_is_not_begun(tmp_path, out, monkeypatch):
    monkeypatch.setattr(apart, "free_memory", lambda: 400_000_000)
    monkeypatch.setattr(apart, "run_child", None)
    trouble = refused(saved(tmp_path / "net.pth", weights()), out)
    assert trouble.code == "encoder.too_large"
    assert "needs 0.5 GB of memory; 0.4 GB are free" in trouble.sentence


def judged_while(monkeypatch, path: Path, out: Path, change) -> loader_child.Verdict:
    """Judge ``path`` in this process, with ``change`` done to it once it is open."""
    before = loader_child.kind_of

    def kind_of(source):
        change()
        return before(source)

    monkeypatch.setattr(loader_child, "kind_of", kind_of)
    monkeypatch.setattr(loader_child, "limit_memory", lambda _size: None)
    return loader_child.read_file(path, out / TENSORS)


def test_a_file_that_is_written_to_meanwhile_is_refused(tmp_path, out, monkeypatch):
    path = saved(tmp_path / "net.pth", weights())

    def touch_it() -> None:
        os.utime(path, ns=(1, 1))

    with pytest.raises(BadCheckpoint) as caught:
        judged_while(monkeypatch, path, out, touch_it)
    assert caught.value.code == "encoder.changed"


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_a_file_that_is_replaced_meanwhile_is_judged_as_it_was_opened(tmp_path, out, monkeypatch):
    path = saved(tmp_path / "net.pth", weights())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    other = saved(tmp_path / "other.pth", {"w": torch.ones(3)})
    verdict = judged_while(monkeypatch, path, out, lambda: other.replace(path))
    assert verdict.sha256 == digest
    assert set(load_file(out / TENSORS)) == set(weights())


@pytest.mark.skipif(sys.platform != "linux", reason="the cap is set on Linux only")
def test_the_child_has_a_cap_on_its_memory():
    told = (
        "import sys; from zepad_engine.encoders.loader_child import limit_memory; limit_memory(1000)\n"
        "try:\n    held = bytearray(700_000_000)\nexcept MemoryError:\n    sys.exit(7)"
    )
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 7
    lower = f"import resource; resource.setrlimit(resource.RLIMIT_AS, (400_000_000,) * 2)\n{told}"
    assert subprocess.run([sys.executable, "-c", lower], check=False).returncode == 7
