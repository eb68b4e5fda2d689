"""Packages come by their ordinary client, and only the pinned archive is unpacked."""

import hashlib
import io
import subprocess
import tarfile
from dataclasses import replace

import pytest

from zepad_engine.errors import BadInput
from zepad_engine.sample_building import packages
from zepad_engine.sample_building.packages import FASHION, MAPILLARY, NOTO, OPENMOJI, TWEMOJI, unpacked

ALL = (NOTO, TWEMOJI, OPENMOJI, MAPILLARY, packages.BLUE_MARBLE, packages.CLIMATE, FASHION)


def bundle(name="package/note.txt"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b"hello"))
    return stream.getvalue()


@pytest.fixture
def calls(monkeypatch):
    """Commands that would have run; each leaves the archive that a client would have left."""
    made = []

    def run(command, *, cwd, **_):
        made.append(command)
        (cwd / OPENMOJI.file).write_bytes(bundle())

    monkeypatch.setattr(subprocess, "run", run)
    return made


@pytest.mark.parametrize("package", ALL, ids=lambda package: package.name)
def test_every_package_is_pinned(package):
    assert len(package.sha256) == 64
    assert package.version in package.file
    assert package.version in package.label


def test_a_package_is_fetched_once_and_unpacked(tmp_path, calls):
    package = replace(OPENMOJI, sha256=hashlib.sha256(bundle()).hexdigest())
    for _ in range(2):
        folder = unpacked(package, tmp_path)
        assert (folder / "package/note.txt").read_text() == "hello"
    assert calls == [["npm", "pack", "--silent", "openmoji@17.0.0"]]


def test_another_archive_under_the_name_is_refused(tmp_path, calls):
    with pytest.raises(BadInput, match="not the pinned archive openmoji-17"):
        unpacked(OPENMOJI, tmp_path)
    assert not (tmp_path / "openmoji-17.0.0").exists()


def test_an_archive_that_climbs_out_is_refused(tmp_path):
    content = bundle("../outside.txt")
    work = tmp_path / "work"
    work.mkdir()
    (work / OPENMOJI.file).write_bytes(content)
    with pytest.raises(tarfile.OutsideDestinationError):
        unpacked(replace(OPENMOJI, sha256=hashlib.sha256(content).hexdigest()), work)
    assert not list(tmp_path.rglob("outside.txt"))


def test_a_client_that_fails_is_named(tmp_path, monkeypatch):
    def run(command, **_):
        raise FileNotFoundError(command[0])

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(BadInput, match="apt-get could not do its part"):
        unpacked(FASHION, tmp_path)
