"""What happens to a drop: real drag and drop events, one card or notice each, no socket, and no gap in the window."""

from __future__ import annotations

import gc
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.support.fake_engine import FakeEngine
from tests.support.hostile_images import CORPUS
from tests.support.sample_report import sample_report
from zepad_app.app import App
from zepad_app.pages.drop import DropPage
from zepad_app.pages.inspect import InspectPage
from zepad_app.pages.plan import PlanPage
from zepad_app.routes import MOST_FILES, Route, routing
from zepad_engine import messages
from zepad_engine.errors import BadImage
from zepad_engine.findings import report_to_json
from zepad_engine.images.picture import open_picture
from zepad_engine.places import runs_folder
from zepad_engine.plan import AuditPlan
from zepad_engine.questions import JudgeImage

# Seconds of this thread's processor time; slow cores took 0.14.
LONGEST_GAP = 0.25
LINK = "That is a link, not a file; nothing is fetched from the network or from another program."
PIXELS = "That is a picture without a file; nothing is fetched from the network or from another program."
BUTTON, NO_KEY, COPY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_args: object, **_options: object) -> None:
        pytest.fail("a socket was asked for")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refused)


@pytest.fixture
def no_old_garbage() -> Iterator[None]:
    """Python's collector passes by what other tests have loaded; the window itself loads no torch."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def judging(app: App, engine: FakeEngine) -> App:
    """The window with a finished audit, so that pictures can be judged."""
    engine.be_ready()
    folder = runs_folder() / "done"
    folder.mkdir(parents=True)
    (folder / "report.json").write_bytes(report_to_json(sample_report()))
    assert app.model.load_run(folder)
    app.window.show_page("inspect")
    app.window.show()
    return app


Events = tuple[QDragEnterEvent, QDropEvent, QMimeData]


def events(*urls: str | Path, image: bool = False, text: str = "") -> Events:
    """A drag that enters and is let go; the data must outlive both."""
    data = QMimeData()
    if urls:
        data.setUrls([QUrl.fromLocalFile(str(url)) if isinstance(url, Path) else QUrl(url) for url in urls])
    if image:
        data.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    if text:
        data.setText(text)
    enter = QDragEnterEvent(QPoint(30, 30), COPY, data, BUTTON, NO_KEY)
    enter.ignore()
    return enter, QDropEvent(QPointF(30, 30), COPY, data, BUTTON, NO_KEY), data


def send(widget: QWidget, made: Events) -> bool:
    """Whether the widget took the drag; only then it is let go over it."""
    enter, let_go, _data = made
    QApplication.sendEvent(widget, enter)
    if enter.isAccepted():
        QApplication.sendEvent(widget, let_go)
    return enter.isAccepted()


def drop(widget: QWidget, *urls: str | Path, image: bool = False, text: str = "") -> bool:
    return send(widget, events(*urls, image=image, text=text))


def inspector(app: App) -> InspectPage:
    page = app.window.pages.page("inspect")
    assert isinstance(page, InspectPage)
    return page


def asked(engine: FakeEngine) -> list[JudgeImage]:
    return [request for request in engine.sent if isinstance(request, JudgeImage)]


def wait_for_question(qtbot: QtBot, engine: FakeEngine) -> JudgeImage:
    qtbot.waitUntil(lambda: bool(asked(engine)), timeout=10_000)
    return asked(engine)[-1]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="pipes, links and such names are not for every system")
def test_each_hostile_picture_makes_one_notice(judging: App, engine: FakeEngine, qtbot: QtBot, tmp_path: Path) -> None:
    """One window lives through them all. The engine's own words are told; only the process between is played."""
    page = inspector(judging)
    refused = [hostile for hostile in CORPUS if hostile.code]
    for hostile in refused:
        engine.sent.clear()
        path = hostile.lay(tmp_path)
        assert drop(judging.window, path)
        if path.suffix == ".gd":
            assert judging.window.notice.sentence == "old.gd is no encoder and no image."
            continue
        request = wait_for_question(qtbot, engine)
        trouble = refusal_of(request.subject.image)
        assert (Path(request.subject.image), trouble.code) == (path, hostile.code)
        engine.say(
            messages.Failed(
                request=request.request, code=trouble.code, sentence=trouble.sentence, advice=trouble.advice
            )
        )
        assert page.inner.currentWidget() is page.refused
        assert page.refused.sentence.text() == f"{trouble.sentence} {trouble.advice}".strip()
        assert (page.notice.isHidden(), judging.window.notice.isHidden()) == (True, True)
        assert (len(asked(engine)), page.inquiry.queue.flying) == (1, None)
        assert judging.window.stack.currentWidget() is page
    assert len(refused) > 50


def refusal_of(image: str) -> BadImage:
    with pytest.raises(BadImage) as caught:
        open_picture(Path(image), 32)
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.png",
        "http://example.org/encoder.safetensors",
        "ftp://example.org/a.png",
        "data:image/png;base64,iVBORw0KGgo=",
        "file://host/share/a.png",
        "smb://host/share/a.png",
        "javascript:alert(1)",
    ],
)
def test_what_lies_elsewhere_is_not_fetched(judging: App, engine: FakeEngine, url: str) -> None:
    assert drop(judging.window, url)
    assert judging.window.notice.sentence == LINK
    assert not judging.window.notice.isHidden()
    assert not judging.window.drops.busy
    assert asked(engine) == []


def test_bare_pixels_are_not_decoded(judging: App, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QMimeData, "imageData", lambda *_: pytest.fail("pixels of a stranger were decoded here"))
    assert drop(judging.window, image=True)
    assert judging.window.notice.sentence == PIXELS
    assert drop(judging.window, "https://example.org/a.png", image=True)
    assert judging.window.notice.sentence == LINK
    assert asked(engine) == []


def test_plain_text_is_not_taken(judging: App) -> None:
    assert not drop(judging.window, text="https://example.org/a.png")
    assert judging.window.notice.isHidden()


def test_a_file_beside_a_link_is_still_judged(judging: App, engine: FakeEngine, qtbot: QtBot, tmp_path: Path) -> None:
    drop(judging.window, "https://example.org/a.png", tmp_path / "b.png")
    assert Path(wait_for_question(qtbot, engine).subject.image) == tmp_path / "b.png"
    assert judging.window.notice.sentence == "1 other dropped file was left aside."


def test_the_drop_zone_hands_on_what_it_takes(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    page = app.window.pages.page("drop")
    assert isinstance(page, DropPage)
    assert drop(page.zone, "https://example.org/a.png")
    assert app.window.notice.sentence == LINK
    assert drop(page.zone, Path("/data/encoder.pth"))
    assert isinstance(engine.sent[-1], messages.Inspect)
    assert app.window.notice.isHidden()


def test_of_mixed_files_the_encoder_itself_is_inspected(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    drop(app.window, Path("/data/notes.txt"), Path("/data/encoder.pth"), Path("/data/other.pth"))
    assert isinstance(engine.sent[-1], messages.Inspect)
    assert engine.sent[-1].path == "/data/encoder.pth"
    assert app.window.notice.sentence == "2 other dropped files were left aside."


@pytest.mark.parametrize("name", ["resnet20.th", "pytorch_model.bin", "net.onnx", "keras.h5", "export.pt2", "all.pkl"])
def test_encoders_of_all_kinds_are_for_the_engine_to_judge(app: App, engine: FakeEngine, name: str) -> None:
    engine.be_ready()
    drop(app.window, Path(f"/data/{name}"))
    assert isinstance(engine.sent[-1], messages.Inspect)
    assert engine.sent[-1].path == f"/data/{name}"


def test_perturbations_join_the_plan_that_is_shown(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    files = (Path("/data/uap.npy"), Path("/data/other.npz"))
    drop(app.window, *files)
    assert app.window.notice.sentence == "A perturbation joins an audit."
    app.window.pages.edit_plan(AuditPlan())
    app.window.show_page("plan")
    drop(app.window, *files)
    page = app.window.pages.page("plan")
    assert isinstance(page, PlanPage)
    imported = [choice.values["file"] for choice in page.plan.attacks if choice.key == "imported"]
    assert imported == ["/data/uap.npy", "/data/other.npz"]
    assert app.window.notice.isHidden()


def test_an_encoder_folder_is_inspected(app: App, engine: FakeEngine, tmp_path: Path) -> None:
    engine.be_ready()
    for name in ("config.json", "model.safetensors", "picture.png"):
        (tmp_path / name).touch()
    drop(app.window, tmp_path)
    assert isinstance(engine.sent[-1], messages.Inspect)
    assert engine.sent[-1].path == str(tmp_path)


def test_the_pictures_of_a_folder_go_to_the_inspector(
    judging: App, engine: FakeEngine, qtbot: QtBot, tmp_path: Path
) -> None:
    root = tmp_path / "pictures"
    (root / "deep").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / "round").symlink_to(root)
    for name in ("b.png", "deep/a.JPG", ".hidden/c.png", "notes.txt"):
        (root / name).touch()
    drop(judging.window, root)
    assert Path(wait_for_question(qtbot, engine).subject.image) == root / "b.png"
    assert list(inspector(judging).strip.film.images) == [str(root / "b.png"), str(root / "deep/a.JPG")]


def test_an_empty_folder_is_named(judging: App, engine: FakeEngine, tmp_path: Path) -> None:
    (tmp_path / "nothing\n").mkdir()
    drop(judging.window, tmp_path / "nothing\n")
    assert judging.window.notice.sentence == "The folder nothing\ufffd holds no encoder, no audit and no picture."
    assert asked(engine) == []


def test_names_nobody_knows_are_cut_and_counted(judging: App) -> None:
    drop(judging.window, *(Path(f"/data/{name}.docx") for name in ("a\u202e", "b" * 200, "c", "d", "e")))
    sentence = judging.window.notice.sentence
    assert sentence.startswith("a\ufffd.docx, bbb")
    assert sentence.endswith("…" + "b" * 15 + ".docx, c.docx and 2 more are no encoder and no image.")
    assert sentence.isprintable()


class Gaps:
    """The longest the event loop went without a turn, in seconds of this thread's own work.

    Work, not the clock: a machine that is busy elsewhere takes turns away from the window that it could have had.
    """

    def __init__(self) -> None:
        self._timer = QTimer(interval=0)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self.start()

    def _tick(self) -> None:
        now = time.thread_time()
        self.longest, self._last = max(self.longest, now - self._last), now

    def start(self) -> None:
        self.longest, self._last = 0.0, time.thread_time()


@pytest.mark.usefixtures("no_old_garbage")
@pytest.mark.parametrize("ending", ["png", "docx"])
def test_ten_thousand_files_leave_the_window_free(judging: App, engine: FakeEngine, qtbot: QtBot, ending: str) -> None:
    made = events(*(Path(f"/data/some/folder/{number}.{ending}") for number in range(10_000)))
    qtbot.wait(50)
    gaps = Gaps()
    gaps.start()
    send(judging.window, made)
    assert judging.window.drops.busy
    qtbot.waitUntil(lambda: not judging.window.drops.busy, timeout=20_000)
    qtbot.wait(20)
    assert gaps.longest < LONGEST_GAP
    if ending == "png":
        assert inspector(judging).strip.film.counts().total == 10_000
    else:
        assert judging.window.notice.sentence.endswith("2.docx and 9,997 more are no encoder and no image.")


@pytest.mark.slow
@pytest.mark.usefixtures("no_old_garbage")
def test_a_large_folder_is_read_in_slices_up_to_a_cap(judging: App, qtbot: QtBot, tmp_path: Path) -> None:
    root = tmp_path / "large"
    root.mkdir()
    for number in range(MOST_FILES + 50):
        (root / f"{number}.png").touch()
    qtbot.wait(50)
    gaps = Gaps()
    gaps.start()
    drop(judging.window, root)
    assert judging.window.drops.busy
    qtbot.waitUntil(lambda: not judging.window.drops.busy, timeout=20_000)
    qtbot.wait(20)
    assert gaps.longest < LONGEST_GAP
    assert inspector(judging).strip.film.counts().total == 10_000
    assert judging.window.notice.sentence == "Only the first 10,000 files of the folder were looked at."


def endless(root: Path):
    """As many paths as anybody asks for, slowly."""
    while True:
        time.sleep(0.001)
        yield root / "a.docx"


def test_a_long_drop_says_so_and_can_be_stopped(judging: App, engine: FakeEngine, qtbot: QtBot, tmp_path: Path) -> None:
    judging.window.drops.read(endless(tmp_path))  # type: ignore[arg-type]
    assert judging.window.drops.busy
    qtbot.waitUntil(lambda: "Looking through" in judging.window.notice.sentence, timeout=10_000)
    started = time.thread_time()
    judging.window.notice.remedied.emit("stop")
    assert not judging.window.drops.busy
    assert time.thread_time() - started < 0.5
    assert judging.window.notice.isHidden()
    qtbot.wait(50)
    assert asked(engine) == []


def test_a_new_drop_takes_the_place_of_a_long_one(
    judging: App, engine: FakeEngine, qtbot: QtBot, tmp_path: Path
) -> None:
    judging.window.drops.read(endless(tmp_path))  # type: ignore[arg-type]
    drop(judging.window, tmp_path / "owl.png")
    assert not judging.window.drops.busy
    assert Path(wait_for_question(qtbot, engine).subject.image) == tmp_path / "owl.png"


def routed(*dropped: Path | QUrl) -> Route:
    steps = routing(dropped)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("ending", [".png", ".JPEG", ".svg", ".heic", ".psd", ".avif"])
def test_pictures_of_all_kinds_are_for_the_engine_to_judge(ending: str) -> None:
    path = Path(f"/data/a{ending}")
    assert routed(path) == Route("images", (path,))


def test_a_finished_run_is_opened_by_its_folder_or_report(tmp_path: Path) -> None:
    (tmp_path / "report.json").touch()
    assert routed(tmp_path) == Route("run", (tmp_path,))
    assert routed(tmp_path / "report.json") == Route("run", (tmp_path / "report.json",))


def test_nothing_at_all_is_elsewhere() -> None:
    assert routed().destination == "elsewhere"
