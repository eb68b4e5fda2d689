"""A drop read in slices between the window's other work, and what is said of one that cannot be used."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from itertools import count
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QMimeData, QObject, QTimer, QUrl, Signal

from zepad_app.failures import NoticeText
from zepad_app.routes import ENCODER_ENDINGS, MOST_FILES, Destination, Route, kind_by_name, local_path, routing
from zepad_engine.shown_names import shown_name

_SLICE: Final = 0.012
# A few files are sorted before the drop returns, however slow the machine is at that moment.
_AT_ONCE: Final = 16
_BETWEEN_WORDS: Final = 0.2


def takes(data: QMimeData) -> bool:
    """Whether a drag carries something to answer, if only with advice; looks at no file."""
    return data.hasUrls() or data.hasImage()


def dropped_things(data: QMimeData) -> tuple[QUrl, ...]:
    """What was dropped, unread; nothing for bare pixels, which a window never decodes."""
    return tuple(data.urls())


class DropReader(QObject):
    """Sorts one drop at a time; a new one takes the place of the last."""

    routed = Signal(object)
    working = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: Generator[int, None, Route] | None = None
        self._told = 0.0
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        """Whether a drop is still being read."""
        return self._steps is not None

    def read(self, dropped: Sequence[Path | QUrl]) -> None:
        """Sort a drop; ``routed`` follows, at once for a few files."""
        self.cancel()
        self._steps = routing(dropped)
        self._told = time.monotonic()
        self._go_on()

    def cancel(self) -> None:
        """Forget the drop that is being read."""
        self._timer.stop()
        if self._steps is not None:
            self._steps.close()
            self._steps = None

    def _go_on(self) -> None:
        steps, until, files = self._steps, time.monotonic() + _SLICE, 0
        if steps is None:
            return
        try:
            for step in count():
                files = next(steps)
                if step >= _AT_ONCE and time.monotonic() > until:
                    break
        except StopIteration as end:
            self._steps = None
            self.routed.emit(end.value)
            return
        self._timer.start()
        if until - self._told > _BETWEEN_WORDS:
            self._told = until
            self.working.emit(files)


def working_notice(files: int) -> NoticeText:
    """What is shown while a large drop is read."""
    sentence = f"Looking through what was dropped: {files:,} files so far."
    return NoticeText(kind="done", sentence=sentence, advice="", remedy="stop", button="Stop")


def notice_of_route(route: Route) -> NoticeText | None:
    """What must be said of a drop: why it cannot be used, or what of it was left aside; None if all of it is used."""
    match route.destination:
        case "elsewhere":
            # Bare pixels are no URL, and a window decodes nothing of a stranger's.
            what = "a link, not a file" if route.paths else "a picture without a file"
            sentence = f"That is {what}; nothing is fetched from the network or from another program."
            return NoticeText(sentence=sentence, advice="Save the picture first, then drop the saved file.")
        case "unknown":
            return _unknown(route)
        case _:
            return _left_aside(route)


def _unknown(route: Route) -> NoticeText:
    names = ", ".join(shown_name(path.name) for path in route.paths[:3])
    if len(route.paths) == 1 and route.paths[0].is_dir():
        advice = "Drop the folder of a finished audit, of pictures, or of an encoder with its config.json."
        return NoticeText(sentence=f"The folder {names} holds no encoder, no audit and no picture.", advice=advice)
    more = f" and {len(route.paths) - 3:,} more are" if len(route.paths) > 3 else " are" if "," in names else " is"
    sentence = f"{names}{more} no encoder and no image."
    return NoticeText(sentence=sentence, advice=f"Drop one of {', '.join(ENCODER_ENDINGS)}, or a picture.")


def _left_aside(route: Route) -> NoticeText | None:
    # The inspector itself says how many more pictures there were; a plan takes all perturbations.
    taken = 1 if route.destination in ("encoder", "run", "bundle", "plan") else len(route.paths)
    left = route.left + len(route.paths) - taken
    said = []
    if left:
        files = "file was" if left == 1 else "files were"
        said.append(f"{left:,} other dropped {files} left aside.")
    if route.capped:
        said.append(f"Only the first {MOST_FILES:,} files of the folder were looked at.")
    return NoticeText(kind="done", sentence=" ".join(said), advice="") if said else None


class Promise(msgspec.Struct, frozen=True):
    """What is said of a drag over the window; ``refused`` where letting go would do nothing."""

    sentence: str
    advice: str = ""
    refused: bool = False


# So many names decide what is promised; a drop of thousands must not stop the window before it is let go.
_LOOKED_AT: Final = 64
_PROMISES: Final[dict[Destination, str]] = {
    "encoder": "Drop to audit this encoder",
    "images": "Drop to inspect",
    "perturbations": "Drop to add this perturbation to the plan",
    "run": "Drop to open this audit",
    "bundle": "Drop to check this bundle and open its audit",
    "plan": "Drop to edit this plan",
    "unknown": "Drop to open this folder",
}


def promise(data: QMimeData, *, can_inspect: bool, can_plan: bool) -> Promise:
    """What letting go of a drag would do.

    Told from the names alone: nothing is looked at on a disk while a drag is over the window.
    """
    if not data.hasUrls():
        return Promise("A picture without a file cannot be taken", "Save it first, then drop the saved file.", True)
    urls = data.urls()
    paths = [path for url in urls[:_LOOKED_AT] if (path := local_path(url)) is not None]
    if not paths:
        return Promise("A link cannot be taken; ZePAD fetches nothing", "Save the file, then drop it.", True)
    names = shown_name(paths[0].name) + (f" and {len(urls) - 1:,} more" if len(urls) > 1 else "")
    known = [found for path in paths if (found := kind_by_name(path)) != "unknown"]
    kind: Destination = next((found for found in known if found != "plan"), known[0] if known else "unknown")
    if kind == "unknown" and all(path.suffix for path in paths):
        return Promise(f"{names}: no encoder and no image", "Drop an encoder, pictures or a finished audit.", True)
    if kind == "images" and not can_inspect:
        return Promise(
            "Images are judged by a finished audit", "Run the sample audit, or open a recent one, first.", True
        )
    if kind == "perturbations" and not can_plan:
        return Promise("A perturbation joins an audit", "Open an encoder and its plan first, then drop it there.", True)
    return Promise(_PROMISES[kind], names)
