"""The results page in states a user meets, for the pictures of every page."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

from PySide6.QtWidgets import QApplication

from tests.support.fake_engine import FakeEngine
from tests.support.sample_judgement import write_pictures
from tests.support.sample_lights import with_red_light
from tests.support.sample_report import sample_report
from tests.support.settling import settle
from zepad_app.app import App
from zepad_app.pages.results import ResultsPage
from zepad_engine.findings import AuditReport, report_to_json
from zepad_engine.messages import Export, Exported, Failed
from zepad_engine.places import runs_folder
from zepad_engine.report.pdf import render_pdf

State: TypeAlias = Callable[[App, FakeEngine], object]


def spin(done: Callable[[], bool], seconds: float = 30) -> None:
    """Let Qt work until something has come about."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        QApplication.processEvents()
        time.sleep(0.01)


def _page(app: App) -> ResultsPage:
    page = app.window.pages.page("results")
    assert isinstance(page, ResultsPage)
    return page


def _opened(app: App, report: AuditReport) -> ResultsPage:
    folder: Path = runs_folder() / "20261120-101500-supcon"
    folder.mkdir(parents=True)
    (folder / "report.json").write_bytes(report_to_json(report))
    write_pictures(folder)
    app.model.load_run(folder)
    page = _page(app)
    page.show_report(report, folder)
    app.window.show_page("results")
    return page


def _empty(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.show_page("results")


def _tab(name: str) -> State:
    def show(app: App, engine: FakeEngine) -> None:
        engine.be_ready()
        page = _opened(app, sample_report())
        page.open_tab(name)
        settle(page)

    return show


def _withheld(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    page = _opened(app, with_red_light(sample_report()))
    page.banner.warn.click()
    page.open_tab("Adaptive")


def _own_threshold(app: App, engine: FakeEngine) -> None:
    _tab("Detection")(app, engine)
    page = _page(app)
    page.tab("Detection").task.choose("satellite")  # type: ignore[attr-defined]
    page.tab("Detection").desk.asked.emit(0.45)  # type: ignore[attr-defined]


@cache
def _paper() -> bytes:
    return render_pdf(sample_report(), Path("nowhere"))


def _report_asked(app: App, engine: FakeEngine) -> Export:
    _tab("Report")(app, engine)
    request = engine.sent[-1]
    assert isinstance(request, Export)
    return request


def _report_shown(app: App, engine: FakeEngine) -> None:
    request = _report_asked(app, engine)
    Path(request.destination).write_bytes(_paper())
    engine.say(Exported(request=request.request, path=request.destination))
    tab = _page(app).paper
    spin(lambda: tab.state == "pages" and 0 in tab.column.drawn)


def _report_failed(app: App, engine: FakeEngine) -> None:
    request = _report_asked(app, engine)
    sentence, advice = "This report cannot be laid out on paper.", "Export it as a web page and print that."
    engine.say(Failed(request=request.request, code="input.bad", sentence=sentence, advice=advice))


RESULTS_STATES: Final[dict[str, State]] = {
    "results-empty": _empty,
    "results": _tab("Summary"),
    "results-matrix": _tab("Matrix"),
    "results-budget": _tab("Budget"),
    "results-detection": _own_threshold,
    "results-branches": _tab("Branches"),
    "results-examples": _tab("Examples"),
    "results-report": _report_shown,
    "results-report-failed": _report_failed,
    "results-withheld": _withheld,
}
