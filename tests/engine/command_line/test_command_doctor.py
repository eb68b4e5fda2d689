"""The doctor: each check with a good and a bad machine."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from zepad_engine.command_line import doctor, main
from zepad_engine.command_line.checks import machine, packages, qt_libraries
from zepad_engine.command_line.checks.check import Check

ROOT = Path(__file__).resolve().parents[3]
LDD = """
\tlinux-vdso.so.1 (0x00007ffd)
\tlibxcb-cursor.so.0 => not found
\tlibGL.so.1 => /lib/x86_64-linux-gnu/libGL.so.1 (0x00007f)
\tlibglib-2.0.so.0 => not found
\tlibxcb-cursor.so.0 => not found
"""


def test_every_package_with_a_range_is_a_dependency_with_that_range():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower().replace("-", "_")
    for name, low, high in packages.RANGES:
        wanted = f'"{name.lower()}>={low}' + (f",<{high}" if high else "") + '"'
        assert wanted in text


def test_the_installed_packages_are_good_and_tested():
    levels = {check.name: check.level for check in packages.check_packages()}
    assert set(levels.values()) <= {"good", "note"}
    assert levels["Python"] == "good"


@pytest.mark.parametrize(
    ("name", "version", "level", "words"),
    [
        ("torch", "2.10.1", "bad", "needs 2.11 or later"),
        ("torch", "2.15.0+cu132", "good", ""),
        ("torch", "2.16.0", "note", "tested with 2.15.0"),
        ("PySide6_Essentials", "6.12.0", "bad", "below 6.12"),
        ("PySide6_Essentials", "6.11.3", "good", ""),
    ],
)
def test_versions_out_of_range_are_bad_and_untested_ones_a_note(monkeypatch, name, version, level, words):
    monkeypatch.setattr(metadata, "version", lambda asked: version if asked == name else "999")
    check = next(check for check in packages.check_packages() if check.name == name)
    assert check.level == level
    assert words in check.advice


def test_a_missing_package_is_bad(monkeypatch):
    def missing(_name):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", missing)
    assert {check.level for check in packages.check_packages()[1:]} == {"bad"}


def test_missing_libraries_are_read_from_ldd():
    assert qt_libraries.parse_ldd(LDD) == ("libglib-2.0.so.0", "libxcb-cursor.so.0")


@pytest.mark.parametrize(
    ("system", "glib"),
    [
        ("debian 12", "libglib2.0-0"),
        ("debian 13", "libglib2.0-0t64"),
        ("ubuntu 22.04", "libglib2.0-0"),
        ("ubuntu 24.04", "libglib2.0-0t64"),
        ("", "libglib2.0-0"),
    ],
)
def test_missing_libraries_name_the_packages_of_the_system(system, glib):
    check = qt_libraries.judge_missing(qt_libraries.parse_ldd(LDD), system)
    assert check.level == "bad"
    assert check.advice == f"Run: sudo apt-get install {glib} libxcb-cursor0"


def test_a_library_without_a_known_package_is_named():
    check = qt_libraries.judge_missing(("libodd.so.3",), "debian 12")
    assert "libodd.so.3" in check.advice


def test_nothing_missing_is_good():
    assert qt_libraries.judge_missing((), "debian 12").level == "good"


@pytest.mark.skipif(sys.platform != "linux", reason="ldd is Linux's")
def test_ldd_finds_what_a_real_library_needs():
    import _ctypes

    assert qt_libraries.missing_libraries(Path(_ctypes.__file__)) == ()


@pytest.mark.skipif(sys.platform != "linux", reason="the loader's message is Linux's")
def test_without_ldd_the_loader_names_the_first_missing_library(monkeypatch, tmp_path):
    monkeypatch.setattr(qt_libraries.shutil, "which", lambda _name: None)

    def fail(_path):
        raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(qt_libraries.ctypes, "CDLL", fail)
    assert qt_libraries.missing_libraries(tmp_path / "libqxcb.so") == ("libxcb-cursor.so.0",)


def test_free_memory_is_what_the_container_leaves(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    8388608 kB\n")
    assert machine.free_memory(tmp_path) == 8 * machine.GIB
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("100\n")
    assert machine.free_memory(tmp_path) == 8 * machine.GIB
    (group / "memory.max").write_text(f"{3 * machine.GIB}\n")
    (group / "memory.current").write_text(f"{machine.GIB}\n")
    assert machine.free_memory(tmp_path) == 2 * machine.GIB


def test_free_memory_may_be_unknown(tmp_path):
    assert machine.free_memory(tmp_path) is None


def test_places_that_cannot_be_written_are_bad(monkeypatch, tmp_path):
    monkeypatch.setenv("ZEPAD_HOME", str(tmp_path / "home"))
    assert {check.level for check in machine.check_places()} == {"good"}

    def refuse(**_where):
        raise PermissionError

    monkeypatch.setattr(machine.tempfile, "TemporaryFile", refuse)
    checks = {check.name: check for check in machine.check_places()}
    assert checks["Runs"].level == "bad"
    assert "ZEPAD_HOME" in checks["Runs"].advice


@pytest.mark.parametrize(("level", "code"), [("good", 0), ("note", 0), ("bad", 1)])
def test_only_what_is_bad_fails(monkeypatch, capsys, level, code):
    monkeypatch.setattr(
        doctor, "check_packages", lambda: [Check(name="torch", level=level, found="1", advice="Do it.")]
    )
    monkeypatch.setattr(doctor, "check_qt_libraries", lambda: Check(name="Qt", level="good", found="all"))
    monkeypatch.setattr(doctor, "check_devices", list)
    monkeypatch.setattr(doctor, "check_memory", lambda: Check(name="Memory", level="good", found="8"))
    monkeypatch.setattr(doctor, "check_places", list)
    assert main(["doctor"]) == code
    assert "Do it." in capsys.readouterr().out
    assert main(["doctor", "--json"]) == code
    assert json.loads(capsys.readouterr().out)[0]["level"] == level


def test_the_doctor_runs_where_nothing_is_installed():
    # -S leaves out site-packages: an interpreter without a single package.
    command = [sys.executable, "-S", "main.py", "doctor", "--json"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    checks = {check["name"]: check for check in json.loads(ended.stdout)}
    assert ended.returncode == 1
    assert checks["torch"]["level"] == "bad"
    assert checks["Python"]["level"] == "good"
