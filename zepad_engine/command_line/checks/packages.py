"""Python and packages: in the ranges ZePAD needs, and at the tested versions of constraints.txt."""

from __future__ import annotations

import platform
import re
from importlib import metadata
from pathlib import Path

import zepad_engine
from zepad_engine.command_line.checks.check import Check

INSTALL = "python -m pip install -c constraints.txt -e ."
CONSTRAINTS = Path(zepad_engine.__file__).resolve().parent.parent / "constraints.txt"

# (package, at least, below): PySide6 6.12.0 on Python 3.11 loses references and aborts.
RANGES: tuple[tuple[str, str, str], ...] = (
    ("torch", "2.11", ""),
    ("torchvision", "0.26", ""),
    ("PySide6_Essentials", "6.8", "6.12"),
    ("pyqtgraph", "0.14", ""),
    ("captum", "0.8", ""),
    ("pillow", "12.3", ""),
    ("appdirs", "1.4.4", ""),
    ("msgspec", "0.19", ""),
    ("safetensors", "0.6", ""),
    ("numpy", "2.0", ""),
    ("Jinja2", "3.1.6", ""),
)


def check_packages() -> list[Check]:
    """Python first, then every package ZePAD imports."""
    tested = read_constraints(CONSTRAINTS)
    return [_python(), *(_package(name, low, high, tested) for name, low, high in RANGES)]


def read_constraints(path: Path) -> dict[str, str]:
    """Package to tested version; empty where the file is not there."""
    if not path.is_file():
        return {}
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("==") for line in lines if "==" in line)
    return {canonical(name): version.partition(";")[0].strip() for name, _, version in pairs}


def canonical(name: str) -> str:
    """A package name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def version_key(version: str) -> tuple[int, ...]:
    """The leading numbers of a version; a local part (``+cpu``) counts for nothing."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _python() -> Check:
    version = platform.python_version()
    if version_key(version) >= (3, 11):
        return Check(name="Python", level="good", found=version)
    return Check(name="Python", level="bad", found=version, advice="Install Python 3.11 or later.")


def _package(name: str, low: str, high: str, tested: dict[str, str]) -> Check:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name=name, level="bad", found="missing", advice=f"Run: {INSTALL}")
    key = version_key(version)
    if key < version_key(low) or (high and key >= version_key(high)):
        wanted = f"ZePAD needs {low} or later" + (f", below {high}" if high else "")
        return Check(name=name, level="bad", found=version, advice=f"{wanted}. Run: {INSTALL}")
    pinned = tested.get(canonical(name), version)
    if version_key(pinned) != key:
        return Check(name=name, level="note", found=version, advice=f"ZePAD is tested with {pinned}.")
    return Check(name=name, level="good", found=version)
