"""The house rules no other tool checks: lengths, names, and words that must not appear."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("zepad_engine", "zepad_app")
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "tools"}
WINDOW_MAY_SEE = {
    "architecture",
    "branches",
    "comparison",
    "evidence",
    "export_formats",
    "bundle_words",
    "costs",
    "intervals",
    *("card", "catalogue", "errors", "findings", "messages", "places", "plan", "preflight", "presets", "progress"),
    "plan_checks",
    "questions",
    "recrafts",
    "resources",
    "shown_names",
    "storage",
    "trained",
}
MADE_HERE = re.compile(r"(^|/)(\.(?!ci/)|__pycache__/)|^(build|dist|artefacts|runs)/|\.egg-info/")
TEXT_ENDINGS = {".py", ".md", ".toml", ".txt", ".json", ".yml", ".yaml", ".css", ".j2", ".qss", ".svg", ".cfg", ""}
# A machine's own places: homes, build folders, temporary folders. Tests may invent a home (zz_...) and use /tmp.
PLACES = re.compile(
    r"(?<![\w.])(/home/(?!zz_)|/r[o]ot/|/Users/(?!zz_)|/opt/|/w[o]rk/|/tmp/|/mnt/|[A-Z]:\\Users\\(?!zz_))"
)
HOSTS = re.compile(r"--(extra-)?index-url|\b(10|127|172|192)\.\d+\.\d+\.\d+\b|\blocalhost\b|\.internal\b")


def tracked() -> list[Path]:
    """Files git knows or would take; every file where there is no git."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, check=False)
    if listed.returncode:
        found = [path for path in ROOT.rglob("*") if not MADE_HERE.search(path.relative_to(ROOT).as_posix())]
    else:
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return sorted(path for path in found if path.is_file())


TRACKED = tracked()
SOURCES = [path for path in TRACKED if path.suffix == ".py"]
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in PACKAGES]
TEXTS = [path for path in TRACKED if path.suffix in TEXT_ENDINGS and path.name != "LICENSE"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_with(pattern: re.Pattern[str], path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [f"{name_of(path)}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if pattern.search(line)]


def test_the_rules_see_the_house():
    assert len(PRODUCT) > 50
    assert ROOT / "zepad_engine/plan.py" in PRODUCT


def test_no_file_is_longer_than_400_lines():
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_40_lines():
    long = {}
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long[f"{name_of(path)}:{node.name}"] = length
    assert long == {}


def test_modules_have_telling_names():
    words = {name_of(path): set(path.stem.lower().split("_")) for path in SOURCES}
    assert {name: found & BANNED_NAMES for name, found in words.items() if found & BANNED_NAMES} == {}


def test_no_file_of_a_stranger_is_opened_as_a_program():
    opened = re.compile(r"torch\.load\(|jit\.load\(|pickle\.loads?\(|Unpickler\(|yaml\.load\(|torch\.hub\b")
    assert [line for path in PRODUCT for line in lines_with(opened, path)] == []


@pytest.mark.parametrize("weakness", ["weights_only\\s*=\\s*False", "strict\\s*=\\s*False", "\\beval\\(|\\bexec\\("])
def test_no_safeguard_is_switched_off(weakness):
    # net.eval() and app.exec() are methods of torch and Qt, not Python's own; pairing lists and reading an ini file,
    # where all is text, load no weights.
    harmless = ("zip(", "msgspec.convert(")
    pattern = re.compile(rf"(?<!\.)(?:{weakness})")
    assert [
        line for path in PRODUCT for line in lines_with(pattern, path) if not any(word in line for word in harmless)
    ] == []


def test_only_the_command_line_prints():
    printing = re.compile(r"\bprint\(")
    places = ("zepad_engine/command_line/",)
    assert [
        line for path in PRODUCT if not name_of(path).startswith(places) for line in lines_with(printing, path)
    ] == []


def test_no_file_names_a_machine():
    own = [re.escape(str(ROOT))] if len(ROOT.parts) > 2 else []
    if len(socket.gethostname()) > 7:
        own.append(re.escape(socket.gethostname()))
    pattern = re.compile("|".join([PLACES.pattern, HOSTS.pattern, *own]))
    found = [line for path in TEXTS if name_of(path) != "tests/test_house.py" for line in lines_with(pattern, path)]
    assert [line for line in found if not (line.startswith("tests/") and "/tmp/" in line)] == []


def test_constraints_hold_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pinned if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+", line)] == []
    assert not [line for line in pinned if re.match(r"(?i)nvidia|cuda|triton", line)]


def contracts() -> dict[str, dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["name"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def engine_rooms() -> set[str]:
    found = (ROOT / "zepad_engine").iterdir()
    return {path.stem for path in found if path.suffix == ".py" or (path / "__init__.py").is_file()} - {"__init__"}


def test_every_room_of_the_engine_stands_on_a_floor():
    (floors,) = (contract["layers"] for contract in contracts().values() if contract["type"] == "layers")
    assert {room.strip(" ()") for floor in floors for room in floor.split("|")} == engine_rooms()


def test_the_window_sees_the_torch_free_rooms_and_no_other():
    (contract,) = (contract for name, contract in contracts().items() if name.startswith("The window"))
    forbidden = {name.removeprefix("zepad_engine.") for name in contract["forbidden_modules"] if "." in name}
    assert engine_rooms() - forbidden == WINDOW_MAY_SEE


def test_main_stays_short():
    assert len((ROOT / "main.py").read_text(encoding="utf-8").splitlines()) < 25
