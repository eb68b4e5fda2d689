"""A finished run leaves the window in every form the engine writes, and a plot as a drawing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from zepad_app.app import App
from zepad_app.pages.results import ResultsPage
from zepad_app.results.summary_tab import SummaryTab
from zepad_engine.export_formats import FORMATS
from zepad_engine.findings import report_from_json

pytestmark = pytest.mark.slow

BEGINNINGS = {"html": b"<!doctype html>", "pdf": b"%pdf-", "json": b"{", "md": b"#", "csv": b""}


def test_every_form_and_a_plot_are_written_where_the_user_says(
    app: App, qtbot: QtBot, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.model.load_run(tiny_run)
    qtbot.waitUntil(lambda: app.model.state.report is not None, timeout=20_000)
    page = app.window.pages.page("results")
    assert isinstance(page, ResultsPage)
    qtbot.waitUntil(lambda: app.window.stack.currentWidget() is page, timeout=30_000)
    report = report_from_json((tiny_run / "report.json").read_bytes())
    target = tmp_path / "out"

    def choose(_parent: object, _title: str, name: str, _kind: str) -> tuple[str, str]:
        target.mkdir(exist_ok=True)
        return str(target / f"mine{Path(name).suffix}"), ""

    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", choose)
    actions = page.export.menu().actions()
    assert len(actions) == len(FORMATS)
    for action, form in zip(actions, FORMATS, strict=True):
        with qtbot.waitSignal(app.model.exported, timeout=60_000) as written:
            action.trigger()
        file = target / f"mine{form.ending}"
        assert written.args[0].path == str(file)
        content = file.read_bytes()
        assert len(content) > 1000
        assert content.lower().startswith(BEGINNINGS.get(form.key, b""))
    assert json.loads((target / "mine.json").read_bytes())["run"] == report.run

    page.open_tab("Report")
    qtbot.waitUntil(lambda: page.paper.state == "pages" and 0 in page.paper.column.drawn, timeout=60_000)
    assert page.paper.outline.item(0).text() == "Summary"
    assert report.summary.verdict[:30] in " ".join(page.paper.column.accessibleDescription().split())
    assert sorted(path.name for path in target.iterdir()) == sorted(f"mine{form.ending}" for form in FORMATS)

    summary = page.tab("Summary")
    assert isinstance(summary, SummaryTab)
    menu = summary.plot.menu()
    next(action for action in menu.actions() if action.text() == "Save as SVG…").trigger()
    drawing = (target / "mine.svg").read_text()
    assert "<text" in drawing
    assert "Accuracy per task, undefended and ZePAD" in drawing
