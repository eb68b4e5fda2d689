from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import pytest

from zepad_engine.errors import NoSpace
from zepad_engine.storage import replace_with, write_bytes

DEV_FULL = Path("/dev/full")


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.startswith(".") or path.suffix == ".part"]


def test_a_file_is_written_whole_and_alone(tmp_path):
    path = tmp_path / "deep" / "down" / "plan.json"
    write_bytes(path, b"first")
    write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert [item.name for item in path.parent.iterdir()] == ["plan.json"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_a_refused_write_keeps_the_old_file(tmp_path, monkeypatch, code, failing):
    path = tmp_path / "report.json"
    write_bytes(path, b"old")

    def refuse(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    if failing == "write":
        monkeypatch.setattr(Path, "open", refuse)
    elif failing == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    else:
        monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(NoSpace) as caught:
        write_bytes(path, b"new")
    monkeypatch.undo()
    assert caught.value.code == "disk.full"
    assert caught.value.sentence == f"Could not write report.json: {os.strerror(code).lower()}."
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("nth", [1, 2, 3, 5])
def test_the_nth_write_of_a_series_fails_and_the_others_are_whole(tmp_path, monkeypatch, nth):
    real, count = os.fsync, 0

    def fsync(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == nth:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    for index in range(5):
        write_bytes(tmp_path / f"{index}.json", b"old")
    monkeypatch.setattr(os, "fsync", fsync)
    written = []
    for index in range(5):
        try:
            write_bytes(tmp_path / f"{index}.json", b"new")
            written.append(index)
        except NoSpace:
            break
    assert written == list(range(nth - 1))
    assert [(tmp_path / f"{index}.json").read_bytes() for index in range(5)] == [
        b"new" if index < nth - 1 else b"old" for index in range(5)
    ]
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(not DEV_FULL.exists(), reason="this system has no device that is always full")
def test_a_device_that_is_full(tmp_path):
    path = tmp_path / "weights.safetensors"
    write_bytes(path, b"old")

    def fill(sibling: Path) -> None:
        sibling.symlink_to(DEV_FULL)
        with sibling.open("wb") as stream:
            stream.write(b"x" * 10_000)

    with pytest.raises(NoSpace, match="no space left on device"):
        replace_with(path, fill)
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == []
    assert DEV_FULL.exists()


def test_a_fault_of_another_kind_is_not_called_a_full_disk(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_bytes(tmp_path / "folder", b"new")
    assert leftovers(tmp_path) == []


def test_an_interrupted_fill_leaves_nothing(tmp_path):
    def fill(sibling: Path) -> None:
        sibling.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_with(tmp_path / "plan.json", fill)
    assert list(tmp_path.iterdir()) == []


def test_a_limit_on_the_size_of_files_keeps_the_old_one(tmp_path):
    path = tmp_path / "weights.safetensors"
    write_bytes(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises((NoSpace, OSError)):
            write_bytes(path, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == []
