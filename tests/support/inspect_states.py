"""States of the inspector a user meets, played by a fake engine that answers at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tests.support.fake_engine import FakeEngine
from tests.support.sample_answers import answer_to
from tests.support.sample_judgement import write_pictures
from tests.support.sample_report import sample_report
from zepad_app.app import App
from zepad_app.pages.inspect import InspectPage
from zepad_engine import messages
from zepad_engine.findings import report_to_json
from zepad_engine.places import runs_folder
from zepad_engine.plan import AuditPlan
from zepad_engine.questions import ExplainImage, FindNeighbours, JudgeImage, SiftImages

State: TypeAlias = Callable[[App, FakeEngine], object]


def answering(engine: FakeEngine) -> None:
    """Answer whatever is asked of the run, as soon as it is asked."""
    folder, send = runs_folder() / "done", engine.send

    def answer(request: messages.Request) -> None:
        send(request)
        if isinstance(request, JudgeImage | ExplainImage | FindNeighbours | SiftImages):
            engine.say(answer_to(request, folder))

    engine.send = answer  # type: ignore[method-assign]


def empty(app: App, engine: FakeEngine) -> InspectPage:
    """A finished run and no pictures."""
    engine.be_ready()
    folder = runs_folder() / "done"
    write_pictures(folder)
    (folder / "report.json").write_bytes(report_to_json(sample_report()))
    assert app.model.load_run(folder)
    app.window.show_page("inspect")
    page = app.window.pages.page("inspect")
    assert isinstance(page, InspectPage)
    return page


def opening(app: App, engine: FakeEngine) -> InspectPage:
    """The first question is not answered yet."""
    page = empty(app, engine)
    page.no_image.next.click()
    return page


def answers(app: App, engine: FakeEngine) -> InspectPage:
    """An attacked picture, and a strip of many that are judged."""
    page = empty(app, engine)
    answering(engine)
    page.no_image.next.click()
    page.attack.toggle()
    queue = page.inquiry.queue
    for timer in (queue._rest, queue._calm):
        timer.stop()
    queue.go_on()
    page.strip.choose(page.strip.film.images[3])
    return page


def why(app: App, engine: FakeEngine) -> InspectPage:
    """Three methods, the other branches' maps minus the undefended one's."""
    page = answers(app, engine)
    page.bench.open(page.bench.why)
    page.bench.why.actions_by_method["layercam"].setChecked(True)
    page.bench.why.reference.setCurrentIndex(page.bench.why.reference.findData("undefended"))
    page.bench.compare.mode.choose("beside")
    return page


def where(app: App, engine: FakeEngine) -> InspectPage:
    """The map of the features."""
    page = answers(app, engine)
    page.bench.open(page.bench.place)
    return page


def refused(app: App, engine: FakeEngine) -> InspectPage:
    """The current picture cannot be read."""
    page = empty(app, engine)
    page.no_image.next.click()
    engine.say(
        messages.Failed(
            request=engine.sent[-1].request,  # type: ignore[union-attr]
            code="image.cut",
            sentence="owl.jpg ends in the middle of the picture.",
            advice="Download or save it again.",
        )
    )
    return page


def busy(app: App, engine: FakeEngine) -> InspectPage:
    """An audit runs meanwhile."""
    page = answers(app, engine)
    app.model.start(AuditPlan())
    app.window.show_page("inspect")
    return page


def waiting(app: App, engine: FakeEngine) -> None:
    """The first audit runs."""
    engine.be_ready()
    app.model.start(AuditPlan())
    app.window.show_page("inspect")


INSPECT_STATES: dict[str, State] = {
    "inspect-waiting": waiting,
    "inspect-empty": empty,
    "inspect-opening": opening,
    "inspect": answers,
    "inspect-why": why,
    "inspect-where": where,
    "inspect-refused": refused,
    "inspect-busy": busy,
}
