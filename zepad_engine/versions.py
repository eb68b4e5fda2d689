"""Versions of the packages the numbers depend on. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Package to version; "not installed" where it is missing, for an engine may run without the window's packages."""
    return {name: _version(name) for name in packages}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
