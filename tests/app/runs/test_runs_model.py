"""The past audits as a table: what it says, sorts by and filters, and how it reads many without stopping the window."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt

from tests.support.sample_report import sample_report
from zepad_app.history import RecentRun, forget_run, recent_runs, remember_run, size_of
from zepad_app.runs.library import RunLibrary
from zepad_app.runs.runs_model import DATE, RUN_ROLE, SEED, SIZE, FilteredRuns, RunsModel
from zepad_app.runs.wording import date_words, size_words
from zepad_engine.findings import report_to_json
from zepad_engine.places import runs_folder, settings_folder
from zepad_engine.plan import AuditPlan, plan_to_json


def a_run(name: str, *, seed: int = 0, changed: float = 0.0, verdict: str = "") -> RecentRun:
    return RecentRun(
        folder=Path(f"runs/{name}"),
        name=name,
        state="finished" if verdict else "can be resumed",
        verdict=verdict,
        changed=changed,
        thumbnail=None,
        preset="quick",
        seed=seed,
    )


@pytest.fixture
def table(qapp):
    model = RunsModel()
    shown = FilteredRuns(model)
    model.add(a_run("simclr", seed=10, changed=200.0, verdict="It loses 40 points."))
    model.add(a_run("barlow", seed=9, changed=100.0))
    model.add(a_run("Supcon", seed=2, changed=300.0, verdict="It loses 3 points."))
    return model, shown


def names(shown: FilteredRuns) -> list[str]:
    return [shown.index(row, 0).data(RUN_ROLE).name for row in range(shown.rowCount())]


def test_columns_sort_by_what_they_mean(table):
    model, shown = table
    shown.sort(SEED, Qt.SortOrder.AscendingOrder)
    assert names(shown) == ["Supcon", "barlow", "simclr"]
    shown.sort(DATE, Qt.SortOrder.DescendingOrder)
    assert names(shown) == ["Supcon", "simclr", "barlow"]
    shown.sort(0, Qt.SortOrder.AscendingOrder)
    assert names(shown) == ["barlow", "simclr", "Supcon"]
    for name, size in (("simclr", 9_000_000), ("barlow", 80_000), ("Supcon", 700_000_000)):
        model.measure(Path(f"runs/{name}"), size)
    shown.sort(SIZE, Qt.SortOrder.AscendingOrder)
    assert names(shown) == ["barlow", "simclr", "Supcon"]
    assert shown.index(2, SIZE).data() == "700.0 MB"
    assert shown.headerData(SIZE, Qt.Orientation.Horizontal) == "On disk ↑"


def test_the_filter_wants_every_word_in_any_column(table):
    _, shown = table
    for words, found in (
        ("POINTS", ["simclr", "Supcon"]),
        ("points 40", ["simclr"]),
        ("resumed", ["barlow"]),
        ("seed 2", ["Supcon"]),
        ("nothing", []),
        ("", ["simclr", "barlow", "Supcon"]),
    ):
        shown.set_words(words)
        assert sorted(names(shown)) == sorted(found), words


def test_words_for_dates_and_sizes():
    now = time.time()
    assert date_words(now) == f"Today {time.strftime('%H:%M', time.localtime(int(now)))}"
    assert date_words(now - 86_400).startswith("Yesterday")
    assert size_words(23_800_000) == "23.8 MB"
    assert size_words(None) == ""


def finished(folder: Path, seed: int = 0) -> Path:
    report = sample_report()
    report = msgspec.structs.replace(report, plan=msgspec.structs.replace(report.plan, seed=seed))
    folder.mkdir(parents=True)
    (folder / "report.json").write_bytes(report_to_json(report))
    return folder


def test_a_run_from_elsewhere_is_remembered_and_greyed_when_it_is_gone(own_home, tmp_path):
    inside = finished(runs_folder() / "inside")
    elsewhere = finished(tmp_path / "elsewhere" / "mine", seed=7)
    for folder in (inside, elsewhere):
        remember_run(folder)
    assert {run.folder: run.state for run in recent_runs()} == {inside: "finished", elsewhere: "finished"}
    for folder in (inside, elsewhere):
        (folder / "report.json").unlink()
    (gone,) = recent_runs()
    assert (gone.folder, gone.state, gone.seed) == (elsewhere, "missing", 7)
    assert gone.verdict == sample_report().summary.verdict
    forget_run(elsewhere)
    assert recent_runs() == ()


def test_a_damaged_list_of_opened_runs_is_no_harm(own_home, tmp_path):
    settings_folder().mkdir(parents=True, exist_ok=True)
    (settings_folder() / "opened-runs.json").write_text("{broken")
    assert recent_runs() == ()
    remember_run(finished(tmp_path / "mine"))
    assert [run.folder.name for run in recent_runs()] == ["mine"]


def test_the_size_of_a_folder_follows_no_links(tmp_path):
    (tmp_path / "run" / "heads").mkdir(parents=True)
    (tmp_path / "run" / "heads" / "a").write_bytes(b"x" * 1000)
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    (tmp_path / "run" / "link").symlink_to(tmp_path / "large")
    assert 1000 <= size_of(tmp_path / "run") < 2000


def test_many_runs_are_read_between_the_windows_events(own_home, qtbot):
    for number in range(60):
        folder = runs_folder() / f"{number:03}"
        folder.mkdir(parents=True)
        (folder / "plan.json").write_bytes(plan_to_json(AuditPlan(seed=number)))
        os.utime(folder / "plan.json", (number, number))
    library, found, sizes = RunLibrary(), [], {}
    library.found.connect(found.append)
    library.measured.connect(sizes.__setitem__)
    library.refresh()
    assert library.busy
    assert len(sizes) < 60
    qtbot.waitUntil(lambda: not library.busy, timeout=20_000)
    assert [run.seed for run in found] == list(range(59, -1, -1))
    assert set(sizes) == {run.folder for run in found}
    assert all(size > 500 for size in sizes.values())
