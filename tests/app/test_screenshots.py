"""Every page of the frame, light and dark, in states a user meets; kept in ``artefacts/shots`` to be looked at."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from tests.support import fake_engine, sample_preflight
from tests.support.fake_engine import FakeEngine
from tests.support.inspect_states import INSPECT_STATES
from tests.support.results_states import RESULTS_STATES
from tests.support.sample_comparison import store_two
from tests.support.sample_judgement import write_pictures
from tests.support.sample_report import sample_report
from tests.support.settling import settle
from zepad_app.app import App
from zepad_app.pages.drop import DropPage
from zepad_app.preferences import Scheme
from zepad_engine import messages
from zepad_engine.comparing.compare import keep_comparison
from zepad_engine.comparison import Compare, Compared
from zepad_engine.findings import report_to_json
from zepad_engine.places import runs_folder
from zepad_engine.plan import AuditPlan, plan_to_json

SIZES = {"": QSize(1280, 800), "-small": QSize(1024, 700)}
FOLDER = Path(os.environ.get("ZEPAD_SHOTS", "artefacts/shots")).resolve()


def shoot(app: App, qtbot: QtBot, name: str, scheme: Scheme, size: QSize) -> QImage:
    window = app.window
    window.resize(size)
    window.show()
    settle(window)
    for _ in range(4):
        QApplication.processEvents()
        qtbot.wait(40)
    picture = window.grab().toImage()
    FOLDER.mkdir(parents=True, exist_ok=True)
    assert picture.save(str(FOLDER / f"{name}-{scheme}{'@2x' if picture.devicePixelRatio() == 2 else ''}.png"))
    return picture


def stored_runs() -> None:
    for name, finished in (("20261120-101500-supcon", True), ("20261121-090000-barlow", False)):
        folder = runs_folder() / name
        folder.mkdir(parents=True)
        (folder / "plan.json").write_bytes(plan_to_json(AuditPlan()))
        if finished:
            (folder / "report.json").write_bytes(report_to_json(sample_report()))
            write_pictures(folder)


def empty(app: App, engine: FakeEngine) -> None:
    app.window.show_page("drop")


def welcome(app: App, engine: FakeEngine) -> None:
    stored_runs()
    engine.be_ready()
    app.window.pages.page("drop").refresh_recent()  # type: ignore[attr-defined]


def bad_file(app: App, engine: FakeEngine) -> None:
    welcome(app, engine)
    app.window.open_files((Path("holiday.pth"),))
    engine.say(
        messages.Failed(
            request=engine.sent[-1].request,  # type: ignore[union-attr]
            code="encoder.unknown",
            sentence="holiday.pth holds no encoder ZePAD knows: its first layers are called wq, wk and wv.",
            advice="ResNets of torchvision, solo-learn and ZePAD itself can be opened.",
            detail="nearest family: resnet18, 3 of 122 keys",
        )
    )


def drop_page(app: App) -> DropPage:
    page = app.window.pages.page("drop")
    assert isinstance(page, DropPage)
    return page


def opening(app: App, engine: FakeEngine) -> messages.Inspect:
    welcome(app, engine)
    app.window.open_files((Path(sample_preflight.PATH),))
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    return request


def checking(app: App, engine: FakeEngine) -> messages.Inspect:
    request = opening(app, engine)
    engine.say(sample_preflight.said_opened(request))
    return request


def dropped(app: App, engine: FakeEngine) -> None:
    engine.say(sample_preflight.said_inspected(checking(app, engine)))


def doubtful(app: App, engine: FakeEngine) -> None:
    engine.say(sample_preflight.said_inspected(checking(app, engine), sample_preflight.doubtful()))


def edited(app: App, engine: FakeEngine) -> None:
    doubtful(app, engine)
    card = drop_page(app).preflight
    assert card is not None
    card.open_editor()
    assert card.editor is not None
    card.editor.normalisation.choose("custom")
    card.editor.std.boxes[1].setValue(0)
    bar = drop_page(app).findChild(QScrollArea).verticalScrollBar()  # type: ignore[union-attr]
    bar.rangeChanged.connect(lambda _low, high: bar.setValue(high))


def said(app: App, engine: FakeEngine) -> None:
    doubtful(app, engine)
    app.model.inspect(sample_preflight.PATH, sample_preflight.SAID_IMAGENET)
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    found = sample_preflight.good(card=sample_preflight.preflight_card(said=True))
    engine.say(sample_preflight.said_inspected(request, found))


def choosing(app: App, engine: FakeEngine) -> None:
    engine.say(sample_preflight.said_several(opening(app, engine)))


def refused(app: App, engine: FakeEngine) -> None:
    dropped(app, engine)
    app.window.open_files((Path("/data/holiday.pth"),))
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    engine.say(sample_preflight.said_refused(request))


def plan_doubtful(app: App, engine: FakeEngine) -> None:
    said(app, engine)
    request = app.model.inspect(sample_preflight.PATH, sample_preflight.SAID_IMAGENET)
    found = sample_preflight.doubtful()
    engine.say(
        messages.Inspected(
            request=request, path=sample_preflight.PATH, preflight=found, says=sample_preflight.SAID_IMAGENET
        )
    )
    app.window.header.primary.click()


def plan(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.pages.edit_plan(AuditPlan())
    app.window.show_page("plan")


def plan_wrong(app: App, engine: FakeEngine) -> None:
    plan(app, engine)
    page = app.window.pages.page("plan")
    page.show_plan(AuditPlan(tasks=(), auxiliary=AuditPlan().encoder))  # type: ignore[attr-defined]
    for section in page.sections.values():  # type: ignore[attr-defined]
        section.set_open(True)
    page.sections["threat"].set_open(False)  # type: ignore[attr-defined]


def plan_attacks(app: App, engine: FakeEngine) -> None:
    plan(app, engine)
    page = app.window.pages.page("plan")
    page.sections["threat"].set_open(False)  # type: ignore[attr-defined]
    page.sections["attacks"].set_open(True)  # type: ignore[attr-defined]
    page.sections["attacks"].cards["advencoder_per"]._more.click()  # type: ignore[attr-defined]


def plan_search(app: App, engine: FakeEngine) -> None:
    plan(app, engine)
    app.window.pages.page("plan").search.setText("random")  # type: ignore[attr-defined]


def plan_running(app: App, engine: FakeEngine) -> None:
    plan(app, engine)
    page = app.window.pages.page("plan")
    page.sections["threat"].set_open(False)  # type: ignore[attr-defined]
    page.sections["running"].set_open(True)  # type: ignore[attr-defined]
    bar = page.findChild(QScrollArea).verticalScrollBar()  # type: ignore[union-attr]
    bar.rangeChanged.connect(lambda _low, high: bar.setValue(high))


def running(app: App, engine: FakeEngine) -> str:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    folder = app.model.state.run_folder
    assert folder is not None
    engine.say(
        fake_engine.started(run, folder),
        fake_engine.progressed(run, "open", 1.0, 0.02, 3),
        fake_engine.progressed(run, "craft", 1.0, 0.22, 41),
        fake_engine.tuning_points(run, 190),
        fake_engine.progressed(run, "benign", 0.4, 0.3, 12, "Epoch 5 of 12"),
        fake_engine.progressed(run, "tune", 0.62, 0.55, 63, "Victim, epoch 4 of 6"),
    )
    return run


def crafting(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    folder = app.model.state.run_folder
    assert folder is not None
    write_pictures(folder)
    engine.say(fake_engine.started(run, folder), fake_engine.progressed(run, "open", 1.0, 0.02, 3))
    engine.say(fake_engine.crafting_points(run))
    for picture in sorted(folder.rglob("*.png"))[:3]:
        engine.say(
            messages.Previewed(run=run, key=picture.stem, caption=f"{picture.stem}, amplified", path=str(picture))
        )
    engine.say(fake_engine.progressed(run, "craft", 0.5, 0.12, 22, "AdvEncoder-PER, step 45 of 90"))


def results_so_far(app: App, engine: FakeEngine) -> None:
    run = running(app, engine)
    engine.say(
        fake_engine.progressed(run, "tune", 1.0, 0.7, 101),
        fake_engine.progressed(run, "benign", 1.0, 0.75, 30),
        fake_engine.progressed(run, "heads", 0.6, 0.9, 20, "Traffic signs"),
        messages.Found(run=run, cells=fake_engine.cells(("none", "advencoder_per", "l4a_base", "sign_noise"))),
    )


def paused(app: App, engine: FakeEngine) -> None:
    run = running(app, engine)
    engine.say(messages.Paused(run=run, frozen=True))


def log(app: App, engine: FakeEngine) -> None:
    results_so_far(app, engine)
    app.window.pages.page("running").live.views.choose("log")  # type: ignore[attr-defined]


def cancelled(app: App, engine: FakeEngine) -> None:
    run = running(app, engine)
    app.model.cancel()
    engine.say(messages.Cancelled(run=run, folder=str(app.model.state.run_folder)))


def failed(app: App, engine: FakeEngine) -> None:
    run = running(app, engine)
    engine.say(
        messages.Failed(
            request=run,
            code="engine.died",
            sentence="The engine stopped unexpectedly.",
            advice="Resume the audit: what was stored is whole.",
            detail="Killed",
        )
    )


def past_audits(app: App, engine: FakeEngine) -> None:
    stored_runs()
    engine.be_ready()
    app.window.show_page("history")
    page = app.window.pages.page("history")
    page.refresh()  # type: ignore[attr-defined]
    page.table.select((runs_folder() / "20261120-101500-supcon",))  # type: ignore[attr-defined]


def no_audits(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.show_page("history")


def comparing(app: App, engine: FakeEngine) -> Path:
    engine.be_ready()
    first, second = store_two(runs_folder())
    page = app.window.pages.page("compare")
    page.compare(first, second)  # type: ignore[attr-defined]
    app.window.show_page("compare")
    return keep_comparison(first, second)


def compared(app: App, engine: FakeEngine) -> None:
    path = comparing(app, engine)
    request = engine.sent[-1]
    assert isinstance(request, Compare)
    engine.say(Compared(request=request.request, first=request.first, second=request.second, path=str(path)))


def compared_figures(app: App, engine: FakeEngine) -> None:
    compared(app, engine)
    bar = app.window.pages.page("compare").sheet.verticalScrollBar()  # type: ignore[attr-defined]
    bar.rangeChanged.connect(lambda _low, high: bar.setValue(high))


STATES: dict[str, Callable[[App, FakeEngine], object]] = {
    "drop-starting": empty,
    "drop": welcome,
    "drop-bad-file": bad_file,
    "drop-opening": opening,
    "drop-checking": checking,
    "drop-encoder": dropped,
    "drop-doubtful": doubtful,
    "drop-edited": edited,
    "drop-said": said,
    "drop-choosing": choosing,
    "drop-refused": refused,
    "plan-doubtful": plan_doubtful,
    "plan": plan,
    "plan-attacks": plan_attacks,
    "plan-search": plan_search,
    "plan-running": plan_running,
    "plan-wrong": plan_wrong,
    "running-tuning": running,
    "running-crafting": crafting,
    "running-results": results_so_far,
    "running-paused": paused,
    "running-log": log,
    "running-cancelled": cancelled,
    "running-failed": failed,
    "history": past_audits,
    "history-empty": no_audits,
    "compare": compared,
    "compare-figures": compared_figures,
    "compare-busy": comparing,
    **INSPECT_STATES,
    **RESULTS_STATES,
}


# These differ from others in a line or a card; one size shows it.
ONE_SIZE = {
    "drop-opening",
    "drop-checking",
    "drop-doubtful",
    "drop-said",
    "drop-choosing",
    "drop-refused",
    "plan-doubtful",
    "plan-search",
    "running-paused",
    "running-log",
    "history-empty",
    "compare-figures",
    "compare-busy",
    "inspect-waiting",
    "inspect-empty",
    "inspect-opening",
    "inspect-refused",
    "inspect-busy",
    "inspect-where",
    *(RESULTS_STATES.keys() - {"results", "results-detection"}),
}
CASES = [(state, size) for state in STATES for size in SIZES if not size or state not in ONE_SIZE]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("state", "size"), CASES)
def test_page_is_drawn(app: App, engine: FakeEngine, qtbot: QtBot, state: str, scheme: Scheme, size: str) -> None:
    app.theme.choose(scheme)
    STATES[state](app, engine)
    picture = shoot(app, qtbot, state + size, scheme, SIZES[size])
    ground = QColor(app.theme.tokens.surface).lightness()
    # The header's ground proves the scheme; many colours prove that something stands on it.
    assert abs(picture.pixelColor(picture.width() // 2, 40).lightness() - ground) < 12
    seen = {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)}
    assert len(seen) > 8
