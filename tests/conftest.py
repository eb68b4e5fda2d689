"""Tests see no screen and a home of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session", autouse=True)
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For what longer-lived fixtures start before a test has a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZEPAD_HOME", str(tmp_path_factory.mktemp("session") / "home"))
        yield


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("ZEPAD_HOME", str(home))
    return home
