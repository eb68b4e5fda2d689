"""Tests see no screen and a home of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Each process holds torch, and stories start an engine with workers of its own: more would not fit a small machine.
MOST_PROCESSES = 4
# Rooms whose files take longest come early, so that no process is left alone with one at the end.
LONG = ("tests/e2e/", "tests/boundary/", "tests/engine/jobs/", "tests/app/test_screenshots")
# Rooms of short tests, to go beside those that must be alone: who waits to be alone waits for the test beside to end.
SHORT = ("tests/app/",)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Several processes for folders of tests, file by file since files share fixtures; none for a few files."""
    if any(".py" in argument for argument in config.args):
        return 0
    config.option.dist = "loadfile"
    config.option.loadscopereorder = False
    return min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST_PROCESSES
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with files that hold tests to be run alone and short ones beside them, then with what takes longest."""
    measuring = {item.path for item in items if item.get_closest_marker("alone")}

    def turn(item: pytest.Item) -> int:
        if item.path in measuring:
            return 0
        if item.nodeid.startswith(LONG):
            return 2
        return 1 if item.nodeid.startswith(SHORT) else 3

    items.sort(key=turn)


class Gate:
    """Many tests may be inside at once, or one alone; whoever waits to be alone lets nobody else in before him."""

    def __init__(self, folder: Path) -> None:
        self._turnstile = folder / "turnstile.lock"
        self._inside = folder / "inside.lock"

    @contextmanager
    def passed(self, *, alone: bool) -> Iterator[None]:
        with self._inside.open("w") as inside:
            with self._turnstile.open("w") as turnstile:
                fcntl.flock(turnstile, fcntl.LOCK_EX)
                fcntl.flock(inside, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield


@pytest.fixture(scope="session", autouse=True)
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For what longer-lived fixtures start before a test has a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZEPAD_HOME", str(tmp_path_factory.mktemp("session") / "home"))
        yield


@pytest.fixture(scope="session")
def _gate(tmp_path_factory: pytest.TempPathFactory) -> Gate | None:
    """Shared by the processes of pytest-xdist; None where there is only one, or no such locks."""
    if fcntl is None or "PYTEST_XDIST_WORKER" not in os.environ:
        return None
    return Gate(tmp_path_factory.getbasetemp().parent)


@pytest.fixture(autouse=True)
def _alone(request: pytest.FixtureRequest, _gate: Gate | None) -> Iterator[None]:
    """A test that measures time waits until the other processes rest, and they wait until it has ended."""
    if _gate is None:
        yield
        return
    with _gate.passed(alone=request.node.get_closest_marker("alone") is not None):
        yield


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("ZEPAD_HOME", str(home))
    return home
