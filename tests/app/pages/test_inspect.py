from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QObject, Qt, Signal

from tests.support.sample_judgement import sample_explained, sample_judged, write_pictures
from tests.support.sample_rates import TASKS
from tests.support.sample_report import sample_report
from zepad_app.audit_model import AuditModel
from zepad_app.pages.inspect import InspectPage
from zepad_app.theme import Theme
from zepad_engine.catalogue import Catalogue
from zepad_engine.findings import report_to_json
from zepad_engine.messages import PROTOCOL_VERSION, Failed, Ready
from zepad_engine.questions import ExplainImage, JudgeImage


class QuietEngine(QObject):
    """Keeps the requests; the test answers."""

    received = Signal(object)
    starting = Signal()
    stopped = Signal()

    def __init__(self):
        super().__init__()
        self.sent = []

    def start(self):
        self.starting.emit()

    def send(self, request):
        self.sent.append(request)

    def close(self):
        pass

    @property
    def asked(self):
        return [request.subject for request in self.sent if isinstance(request, JudgeImage)]

    @property
    def newest(self):
        return next(request.request for request in reversed(self.sent) if isinstance(request, JudgeImage))


@pytest.fixture
def engine(qapp):
    return QuietEngine()


@pytest.fixture
def folder(tmp_path):
    write_pictures(tmp_path, side=4)
    (tmp_path / "report.json").write_bytes(report_to_json(sample_report()))
    return tmp_path


@pytest.fixture
def model(engine):
    made = AuditModel(engine)
    engine.received.emit(
        Ready(protocol=PROTOCOL_VERSION, catalogue=Catalogue(), device="CPU", workers=2, speed=1.0, versions={})
    )
    return made


@pytest.fixture(scope="module")
def theme(qapp):
    made = Theme("light")
    made.apply(qapp)
    return made


@pytest.fixture
def page(qtbot, theme, model, folder):
    made = InspectPage(model, theme)
    qtbot.addWidget(made)
    made.resize(1208, 716)
    made.show()
    assert model.load_run(folder)
    return made


def answer(engine, **changes):
    """The judgement, and the maps where the page asks for them."""
    judged = msgspec.structs.replace(sample_judged(), request=engine.newest, **changes)
    engine.received.emit(judged)
    explain(engine)
    return judged


def explain(engine):
    asked = engine.sent[-1]
    if isinstance(asked, ExplainImage):
        engine.received.emit(sample_explained(asked, Path(asked.subject.folder)))


def ask_random(page, engine, qtbot):
    count = len(engine.asked)
    page.controls.choose_random()
    qtbot.waitUntil(lambda: len(engine.asked) == count + 1, timeout=1000)


def test_without_a_run_the_page_says_what_it_needs(qtbot, model):
    page = InspectPage(model, Theme("light"))
    qtbot.addWidget(page)
    page.show()
    assert page.no_run.isVisible()
    with qtbot.waitSignal(page.audit_requested):
        page.no_run.next.click()


def test_a_finished_run_offers_its_tasks_and_attacks(page):
    assert [page.controls.task.itemData(n) for n in range(page.controls.task.count())] == list(TASKS)
    assert [page.controls.attack.itemData(n) for n in range(page.controls.attack.count())] == [
        "",
        "advencoder_per",
        "l4a_base",
        "sign_noise",
    ]
    assert page.no_image.isVisible()
    assert not page.controls.amount.isEnabled()


def test_a_random_test_image_is_asked_for(page, engine, qtbot, folder):
    ask_random(page, engine, qtbot)
    asked = engine.asked[0]
    index = int(asked.image.removeprefix("test:"))
    assert 0 <= index < TASKS["emoji"]
    assert (asked.folder, asked.task, asked.attack, asked.epsilon_255) == (str(folder), "emoji", "", 0.0)
    assert page.busy.isVisible()


def test_the_slider_sends_its_last_place_within_the_audited_budget(page, engine, qtbot):
    ask_random(page, engine, qtbot)
    answer(engine)
    page.controls.attack.setCurrentIndex(1)
    assert page.controls.amount.isEnabled()
    for place in range(page.controls.amount.maximum() + 1):
        page.controls.amount.setValue(place)
    page.controls.amount.setValue(7)
    qtbot.waitUntil(lambda: len(engine.asked) == 2, timeout=1000)
    assert (engine.asked[1].attack, engine.asked[1].epsilon_255) == ("advencoder_per", 3.5)
    assert page.controls.amount_text.text() == "3.5/255"
    assert page.controls.amount.maximum() / 2 == sample_report().plan.epsilon_255


def test_while_one_is_in_flight_only_the_newest_waits(page, engine, qtbot):
    ask_random(page, engine, qtbot)
    for index in (1, 2, 3):
        page.controls.attribution.setCurrentIndex(index)
        qtbot.wait(180)
    assert len(engine.asked) == 1
    answer(engine)
    qtbot.waitUntil(lambda: len(engine.asked) == 2, timeout=1000)
    assert not isinstance(engine.sent[-2], ExplainImage)


def test_a_judgement_is_shown_in_figures(page, engine, qtbot):
    ask_random(page, engine, qtbot)
    judged = answer(engine)
    view = page.view
    assert view.isVisible()
    assert not page.busy.isVisible()
    assert view.flag.text() == "flagged as DAE"
    assert view.alarm.text() == "this threshold falsely flags 4.8 % of clean images"
    assert view.answer.text() == judged.fused[0].name
    victim = judged.branches[0]
    column = view.columns["tuned_victim"]
    assert column.figures["m"].text() == f"{victim.m:.2f}"
    assert column.figures["c"].text() == f"{victim.c:.2f}"
    assert column.figures["weight"].text() == "52 %"
    assert column.bars.scores == victim.top
    assert view.columns["undefended"].bars.scores == judged.undefended.top
    assert view.columns["undefended"].figures["weight"].text() == "–"
    assert (view.gauge.score, view.gauge.threshold) == (judged.score, judged.threshold)
    assert view.gauge.x_of(judged.score) > view.gauge.x_of(judged.threshold)
    assert [isinstance(request, ExplainImage) and request.method for request in engine.sent] == [False, "saliency"]
    assert column.map.image.pixelColor(3, 0).lightness() == 255
    assert column.map.image.pixelColor(0, 0).lightness() == 0
    assert "explained in 144 ms" in view.speed.text()


def test_a_clean_picture_is_not_flagged(page, engine, qtbot):
    ask_random(page, engine, qtbot)
    answer(engine, score=0.21, flagged=False)
    assert page.view.flag.text() == "not flagged"
    assert page.view.gauge.x_of(0.21) < page.view.gauge.x_of(page.view.gauge.threshold)


def test_without_attribution_the_maps_give_way(page, engine, qtbot):
    ask_random(page, engine, qtbot)
    page.controls.attribution.setCurrentIndex(page.controls.attribution.findData("none"))
    answer(engine)
    assert page.view.columns["benign"].map.isHidden()
    assert "explained" not in page.view.speed.text()


def test_a_failure_is_said_and_the_last_result_stays(page, engine, qtbot):
    ask_random(page, engine, qtbot)
    judged = answer(engine)
    ask_random(page, engine, qtbot)
    engine.received.emit(
        Failed(request=engine.newest, code="image.bad", sentence="This is no picture.", advice="Choose another.")
    )
    assert page.notice.isVisible()
    assert page.notice.sentence == "This is no picture."
    assert page.view.isVisible()
    assert page.view.answer.text() == judged.fused[0].name
    assert not page.busy.isVisible()
    ask_random(page, engine, qtbot)
    answer(engine)
    assert not page.notice.isVisible()


def test_another_s_failure_is_not_ours(page, model):
    model.failed.emit(Failed(request="export-1", code="disk.full", sentence="No space."))
    assert not page.notice.isVisible()


def test_a_busy_engine_refuses_at_once_and_can_be_asked_again(page, engine, model, qtbot):
    model.start(sample_report().plan)
    page.controls.choose_random()
    qtbot.waitUntil(page.notice.isVisible, timeout=1000)
    assert page.notice.sentence == "An audit is running."
    assert page.queue.flying == ""
    assert engine.asked == []


def test_the_first_of_the_pictures_is_judged_and_the_others_are_counted(page, engine, qtbot, tmp_path):
    paths = tuple(tmp_path / f"owl_{number}.png" for number in range(1200))
    page.show_images(paths)
    qtbot.waitUntil(lambda: len(engine.asked) == 1, timeout=1000)
    assert Path(engine.asked[0].image) == paths[0]
    assert page.controls.name.text() == "owl_0.png · first of 1,200 pictures, others left aside"
    page.show_images(paths[5:6])
    assert page.controls.name.text() == "owl_5.png"


def test_a_name_cannot_dress_up(page, tmp_path):
    width = page.sizeHint().width()
    page.show_images((tmp_path / ("<b>safe\u202egnp\n" + "x" * 180 + ".png"),))
    assert page.controls.name.text() == "<b>safe\ufffdgnp\ufffd" + "x" * 27 + "…" + "x" * 16 + ".png"
    assert page.controls.name.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;b&gt;safe" in page.controls.name.toolTip()
    assert "<b>" not in page.controls.name.toolTip()
    assert page.sizeHint().width() == width
    page.resize(1000, 640)
    assert page.controls.name.shown.startswith("<b>safe")
    assert page.controls.name.shown.endswith("…")


def test_another_task_draws_another_test_image_but_keeps_a_file(page, engine, qtbot, tmp_path):
    ask_random(page, engine, qtbot)
    answer(engine)
    page.controls.task.setCurrentIndex(1)
    qtbot.waitUntil(lambda: len(engine.asked) == 2, timeout=1000)
    assert engine.asked[1].task == "signs"
    assert int(engine.asked[1].image.removeprefix("test:")) < TASKS["signs"]
    answer(engine)
    page.show_images((tmp_path / "owl.png",))
    qtbot.waitUntil(lambda: len(engine.asked) == 3, timeout=1000)
    answer(engine)
    page.controls.task.setCurrentIndex(2)
    qtbot.waitUntil(lambda: len(engine.asked) == 4, timeout=1000)
    assert engine.asked[3].image == str(tmp_path / "owl.png")


@pytest.mark.parametrize("width", [952, 1208])
def test_everything_is_in_sight_without_scrolling(page, engine, qtbot, qapp, width):
    ask_random(page, engine, qtbot)
    answer(engine)
    page.resize(width, 590)
    qapp.processEvents()
    assert page.sheet.horizontalScrollBar().maximum() == 0
    assert page.sheet.verticalScrollBar().maximum() == 0


def test_a_stopped_engine_ends_the_waiting(page, engine, qtbot):
    ask_random(page, engine, qtbot)
    engine.stopped.emit()
    assert page.queue.flying == ""
    assert not page.busy.isVisible()
