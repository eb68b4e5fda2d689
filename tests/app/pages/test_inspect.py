from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QScrollArea

from tests.support.fake_engine import FakeEngine, ready
from tests.support.sample_answers import answer_to, sift_row
from tests.support.sample_judgement import write_pictures
from tests.support.sample_rates import TASKS
from tests.support.sample_report import sample_report
from zepad_app.audit_model import AuditModel
from zepad_app.inspection.question_queue import REST_MS
from zepad_app.pages.inspect import INSPECTING, JUDGED, NO_IMAGE, NO_RUN, REFUSED, InspectPage
from zepad_app.settings import Settings
from zepad_app.theme import Theme
from zepad_app.thresholds import Thresholds
from zepad_engine.findings import report_to_json
from zepad_engine.messages import Failed
from zepad_engine.questions import ExplainImage, FindNeighbours, JudgeImage, SiftImages


@pytest.fixture
def engine(qapp):
    return FakeEngine()


@pytest.fixture
def folder(tmp_path):
    write_pictures(tmp_path, side=4)
    (tmp_path / "report.json").write_bytes(report_to_json(sample_report()))
    return tmp_path


@pytest.fixture
def model(engine):
    made = AuditModel(engine)
    made.start_engine()
    engine.say(ready())
    return made


@pytest.fixture(scope="module")
def theme(qapp):
    made = Theme("light")
    made.apply(qapp)
    return made


@pytest.fixture
def thresholds(qapp):
    return Thresholds(Settings())


@pytest.fixture
def page(qtbot, theme, model, thresholds, folder):
    made = InspectPage(model, theme, thresholds)
    qtbot.addWidget(made)
    made.resize(1208, 680)
    made.show()
    assert model.load_run(folder)
    return made


def of(engine, kind):
    return [request for request in engine.sent if isinstance(request, kind)]


def answer(engine, folder, **changes):
    """Answer the question in flight."""
    said = msgspec.structs.replace(answer_to(engine.sent[-1], folder), **changes)
    engine.say(said)
    return said


def browse(page, engine, *, sifted=True):
    """Put test images on the strip; unless ``sifted``, they are still to be looked at."""
    page.no_image.next.click()
    if sifted:
        page.strip.film.put(map(sift_row, page.strip.film.images))
    return of(engine, JudgeImage)[-1]


def attack(page, key="advencoder_per"):
    page.attack.picker.setCurrentIndex(page.attack.picker.findData(key))
    page.attack.on.setChecked(True)


def test_without_a_run_the_page_says_what_it_needs(qtbot, theme, model, thresholds):
    page = InspectPage(model, theme, thresholds)
    qtbot.addWidget(page)
    assert page.stack.currentIndex() == NO_RUN
    with qtbot.waitSignal(page.audit_requested):
        page.no_run.next.click()


def test_a_finished_run_offers_its_tasks_and_attacks(page):
    assert page.stack.currentIndex() == INSPECTING
    assert page.inner.currentIndex() == NO_IMAGE
    task, picker = page.gallery.task, page.attack.picker
    assert [task.itemData(n) for n in range(task.count())] == list(TASKS)
    keys = [picker.itemData(n) for n in range(picker.count())]
    assert keys == ["advencoder_per", "l4a_base", "sign_noise", "pgd"]
    assert not page.attack.amount.isEnabled()


def test_test_images_are_taken_evenly_and_the_first_is_judged(page, engine, folder):
    asked = browse(page, engine)
    images = page.strip.film.images
    assert len(images) == 200
    assert (images[0], images[1], images[-1]) == ("test:0", "test:3", f"test:{199 * TASKS['emoji'] // 200}")
    assert (asked.subject.folder, asked.subject.image, asked.subject.task) == (str(folder), "test:0", "emoji")
    assert (asked.subject.attack, asked.subject.epsilon_255, asked.subject.step) == ("", 0.0, 0)
    assert not page.busy.isHidden()
    answer(engine, folder)
    assert page.inner.currentIndex() == JUDGED


def test_a_judgement_is_shown_in_figures(page, engine, folder):
    browse(page, engine)
    judged = answer(engine, folder, score=1.34, flagged=True)
    foot, columns = page.bench.foot, page.bench.answers.columns
    assert foot.flag.text() == "Flagged as DAE"
    assert foot.alarm.text() == "At this threshold 48 of 1,000 clean images are flagged (35 to 65; n = 790)."
    assert foot.answer.text() == judged.fused[0].name
    assert foot.caption.text() == "ZePAD's fused answer · right, it is the label"
    victim = judged.branches[0]
    assert columns["tuned_victim"].figures["m"].text() == f"{victim.m:.2f}"
    assert columns["tuned_victim"].figures["c"].text() == f"{victim.c:.2f}"
    assert columns["tuned_victim"].figures["weight"].text() == "52 %"
    assert columns["tuned_victim"].bars.scores == victim.top
    assert columns["undefended"].bars.scores == judged.undefended.top
    assert columns["undefended"].figures["weight"].text() == "–"
    assert page.bench.answers.agreement.text().startswith("All branches disagree: tuned victim faces, ")
    widths = [part.width() for part in page.bench.answers.weights.parts()]
    assert widths[0] / widths[2] == pytest.approx(5.2, rel=0.1)
    assert foot.gauge.x_of(judged.score) > foot.gauge.x_of(judged.threshold)


def test_the_slider_is_answered_at_once_and_ends_at_its_last_place(page, engine, folder):
    browse(page, engine)
    answer(engine, folder)
    attack(page)
    assert engine.sent[-1].subject.epsilon_255 == sample_report().plan.epsilon_255
    for place in range(12, 6, -1):
        page.attack.amount.setValue(place)
    answer(engine, folder)
    assert [asked.subject.epsilon_255 for asked in of(engine, JudgeImage)] == [0.0, 10.0, 3.5]
    assert page.attack.amount_text.text() == "3.5/255"
    shown = page.bench.foot.gauge.flagged
    answer(engine, folder)
    assert (shown, page.bench.foot.gauge.flagged) == (True, False)


def test_space_attacks_and_f_shows_the_flagged(page, engine, folder, qtbot):
    browse(page, engine)
    answer(engine, folder)
    page.strip.view.setFocus()
    qtbot.keyClick(page.strip.view, Qt.Key.Key_Space)
    assert engine.sent[-1].subject.attack == "advencoder_per"
    qtbot.keyClick(page.strip.view, Qt.Key.Key_Space)
    assert not page.attack.on.isChecked()
    qtbot.keyClick(page.strip.view, Qt.Key.Key_F)
    assert page.strip.film.filter == "flagged"
    qtbot.keyClick(page, Qt.Key.Key_F)
    assert page.strip.film.filter == "all"


def test_per_image_pgd_has_a_step_slider(page, engine, folder):
    browse(page, engine)
    answer(engine, folder)
    assert page.attack.step.isHidden()
    attack(page, "pgd")
    assert (engine.sent[-1].subject.attack, engine.sent[-1].subject.step) == ("pgd", 20)
    answer(engine, folder, seconds_attack=0.8)
    assert "attack made in 800 ms" in page.bench.notes.text()
    page.attack.step.setValue(3)
    assert engine.sent[-1].subject.step == 3
    assert page.attack.step_text.text() == "step 3"


def test_a_patch_has_no_size_to_slide(page, engine, folder):
    report = sample_report()
    patch = msgspec.structs.replace(report.attacks[0], norm="patch")
    page.attack.show_run(msgspec.structs.replace(report, attacks=(patch, *report.attacks[1:])))
    browse(page, engine)
    answer(engine, folder)
    attack(page)
    assert engine.sent[-1].subject.epsilon_255 == report.plan.epsilon_255
    assert not page.attack.amount.isEnabled()
    assert page.attack.amount_text.text() == "a patch"
    attack(page, "l4a_base")
    assert page.attack.amount.isEnabled()


def test_maps_are_asked_for_only_where_they_are_looked_at_and_come_one_by_one(page, engine, folder, qtbot):
    browse(page, engine)
    answer(engine, folder)
    qtbot.wait(REST_MS + 40)
    assert of(engine, ExplainImage) == []
    page.bench.open(page.bench.why)
    assert [asked.method for asked in of(engine, ExplainImage)] == ["saliency"]
    answer(engine, folder)
    why = page.bench.why
    assert not why.rows["saliency"].tiles["benign"].picture.image.isNull()
    assert why.rows["integrated_gradients"].tiles["benign"].picture.image.isNull()
    assert of(engine, ExplainImage)[1].method == "integrated_gradients"
    engine.say(Failed(request=engine.sent[-1].request, code="input.bad", sentence="No gradient reaches the picture."))
    assert why.rows["integrated_gradients"].rank.text() == "No gradient reaches the picture."
    attack(page)
    assert why.rows["saliency"].tiles["benign"].picture.faded
    answer(engine, folder)
    qtbot.waitUntil(lambda: len(of(engine, ExplainImage)) == 3, timeout=10_000)
    answer(engine, folder)
    assert not why.rows["saliency"].tiles["benign"].picture.faded


def test_an_explanation_of_an_older_subject_is_nobody_s(page, engine, folder):
    browse(page, engine)
    answer(engine, folder)
    page.bench.open(page.bench.why)
    late = answer_to(engine.sent[-1], folder)
    attack(page)
    engine.say(late)
    assert page.bench.why.rows["saliency"].tiles["benign"].picture.image.isNull()
    assert isinstance(engine.sent[-1], JudgeImage)


def test_a_neighbour_is_inspected_by_a_click(page, engine, folder, qtbot):
    browse(page, engine)
    answer(engine, folder)
    page.bench.open(page.bench.place)
    qtbot.waitUntil(lambda: bool(of(engine, FindNeighbours)), timeout=10_000)
    assert (engine.sent[-1].branch, engine.sent[-1].count) == ("victim", 8)
    answer(engine, folder)
    place = page.bench.place
    assert place.nearest.count() == 8
    assert "160 clean and 0 perturbed test images in the features of the undefended" in place.words.text()
    place.branch.setCurrentIndex(3)
    assert engine.sent[-1].branch == "benign"
    answer(engine, folder)
    place.nearest.itemClicked.emit(place.nearest.item(5))
    assert engine.sent[-1].subject.image == "test:5"
    assert page.strip.image == "test:5"


def test_the_strip_is_sifted_when_nothing_else_is_asked(page, engine, folder, qtbot):
    browse(page, engine, sifted=False)
    assert of(engine, SiftImages) == []
    answer(engine, folder)
    qtbot.waitUntil(lambda: bool(of(engine, SiftImages)), timeout=10_000)
    asked = engine.sent[-1]
    assert (asked.task, asked.attack) == ("emoji", "")
    seen = list(page.strip.in_sight())
    assert list(asked.images[: len(seen)]) == seen[: len(asked.images)]
    answer(engine, folder)
    assert page.strip.film.counts().judged + page.strip.film.counts().refused == len(asked.images)
    page.attack.on.setChecked(True)
    page.gallery.attacked.setChecked(True)
    assert page.strip.film.counts().judged == 0


def test_a_refused_picture_is_not_shown_as_another(page, engine, folder, tmp_path):
    browse(page, engine)
    answer(engine, folder)
    page.show_images((tmp_path / "owl.png", tmp_path / "cat.png"))
    engine.say(
        Failed(request=engine.sent[-1].request, code="image.bad", sentence="This is no picture.", advice="Save it.")
    )
    assert page.inner.currentIndex() == REFUSED
    assert page.refused.sentence.text() == "This is no picture. Save it."
    page.refused.next.click()
    assert engine.sent[-1].subject.image == str(tmp_path / "cat.png")
    answer(engine, folder)
    assert page.inner.currentIndex() == JUDGED


def test_another_failure_is_said_and_the_last_answer_stays(page, engine, folder):
    browse(page, engine)
    judged = answer(engine, folder)
    page.strip.step(1)
    engine.say(Failed(request=engine.sent[-1].request, code="run.bad", sentence="The run has no heads."))
    assert page.notice.sentence == "The run has no heads."
    assert page.inner.currentIndex() == JUDGED
    assert page.bench.foot.answer.text() == judged.fused[0].name
    page.strip.step(1)
    answer(engine, folder)
    assert page.notice.isHidden()


def test_another_s_failure_is_not_ours(page, model):
    model.failed.emit(Failed(request="export-1", code="disk.full", sentence="No space."))
    assert page.notice.isHidden()


def test_while_an_audit_runs_nothing_is_asked_and_the_page_says_so(page, engine, model):
    model.start(sample_report().plan)
    page.no_image.next.click()
    assert of(engine, JudgeImage) == []
    assert not page.waiting.isHidden()
    assert page.notice.isHidden()


def test_a_stopped_engine_ends_the_waiting_and_a_new_one_is_asked_again(page, engine, model, folder):
    asked = browse(page, engine)
    engine.say(Failed(request=asked.request, code="engine.died", sentence="The engine stopped unexpectedly."))
    engine.stopped.emit()
    assert page.notice.sentence == "The engine stopped unexpectedly."
    assert page.inquiry.queue.flying is None
    assert page.busy.isHidden()
    page.strip.step(1)
    assert len(of(engine, JudgeImage)) == 1
    engine.starting.emit()
    engine.say(ready())
    assert len(of(engine, JudgeImage)) == 2


def test_the_user_s_threshold_decides_here_too(page, engine, folder, thresholds):
    browse(page, engine)
    answer(engine, folder, score=0.5, flagged=False)
    assert page.bench.foot.flag.text() == "Not flagged"
    thresholds.choose(folder, "signs", 0.1)
    assert page.bench.foot.flag.text() == "Not flagged"
    thresholds.choose(folder, "emoji", 0.1)
    assert page.bench.foot.flag.text() == "Flagged as DAE"
    assert page.bench.foot.alarm.text().startswith("At your own threshold ")
    assert "your own threshold 0.10" in page.bench.foot.gauge.accessibleDescription()
    thresholds.choose(folder, "emoji", None)
    assert page.bench.foot.flag.text() == "Not flagged"


def test_another_task_shows_its_own_test_images_but_keeps_files(page, engine, folder, tmp_path):
    browse(page, engine)
    answer(engine, folder)
    page.gallery.task.setCurrentIndex(1)
    assert engine.sent[-1].subject.task == "signs"
    assert page.strip.film.images[-1] == f"test:{199 * TASKS['signs'] // 200}"
    answer(engine, folder)
    page.show_images((tmp_path / "owl.png",))
    answer(engine, folder)
    page.gallery.task.setCurrentIndex(2)
    assert engine.sent[-1].subject.task == "satellite"
    assert engine.sent[-1].subject.image == str(tmp_path / "owl.png")
    page.show_images((tmp_path / "cat.png",))
    assert list(page.strip.film.images) == [str(tmp_path / "owl.png"), str(tmp_path / "cat.png")]


def test_pixels_and_paths_are_pasted_and_an_empty_clipboard_is_said(page, qtbot, tmp_path, own_home):
    clipboard = QGuiApplication.clipboard()
    picture = QImage(6, 5, QImage.Format.Format_RGB32)
    picture.fill(QColor("#336699"))
    clipboard.setImage(picture)
    with qtbot.waitSignal(page.files_chosen) as told:
        page.paste()
    (path,) = told.args[0]
    assert path.is_relative_to(own_home / "cache")
    assert QImage(str(path)).pixelColor(2, 2).name() == "#336699"
    clipboard.setText(f"{tmp_path / 'report.json'}\nnot/a/path\n")
    with qtbot.waitSignal(page.files_chosen) as told:
        page.paste()
    assert told.args[0] == (tmp_path / "report.json",)
    clipboard.setText("hello")
    with qtbot.assertNotEmitted(page.files_chosen):
        page.paste()
    assert page.notice.sentence == "The clipboard holds no picture and no file."


@pytest.mark.parametrize("size", [(944, 560), (1208, 680)])
def test_nothing_needs_sideways_scrolling(page, engine, folder, qapp, size):
    browse(page, engine)
    answer(engine, folder)
    page.resize(*size)
    qapp.processEvents()
    assert page.minimumSizeHint().width() <= size[0]
    assert page.minimumSizeHint().height() <= size[1]
    for index in range(page.bench.tabs.count()):
        page.bench.tabs.setCurrentIndex(index)
        qapp.processEvents()
        areas = [area for area in page.findChildren(QScrollArea) if area.isVisible()]
        assert [area.horizontalScrollBar().maximum() for area in areas] == [0] * len(areas)


def test_the_first_of_many_pictures_is_judged_and_all_are_on_the_strip(page, engine, tmp_path):
    paths = tuple(tmp_path / f"owl_{number}.png" for number in range(1200))
    page.show_images(paths)
    assert Path(engine.sent[-1].subject.image) == paths[0]
    assert page.strip.film.rowCount() == 1200
