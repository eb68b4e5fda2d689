"""A dropped bundle: asked of the engine, told while it is checked, opened where every byte is as written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from zepad_app.audit_model import AuditModel
from zepad_app.failures import NoticeText, notice_of
from zepad_engine.bundle_words import BundleOpened
from zepad_engine.messages import Failed
from zepad_engine.shown_names import shown_name


class BundleOpening(QObject):
    """One bundle at a time; ``tell`` shows what is to be said of it."""

    def __init__(self, model: AuditModel, tell: Callable[[NoticeText], object], parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._tell = tell
        self._asked = ""
        model.unbundled.connect(self._on_unbundled)
        model.failed.connect(self._on_failed)

    def open(self, path: Path) -> None:
        """Have a bundle checked and unpacked among the runs, then show its audit."""
        sentence = f"Checking {shown_name(path.name)} to its last byte…"
        self._tell(NoticeText(kind="done", sentence=sentence, advice=""))
        self._asked = self._model.open_bundle(path)

    def _on_unbundled(self, opened: BundleOpened) -> None:
        if opened.request == self._asked and self._model.load_run(Path(opened.folder)):
            self._tell(NoticeText(kind="done", sentence=words_of(opened), advice=_SIGNED if opened.key else _UNSIGNED))

    def _on_failed(self, failure: Failed) -> None:
        if failure.request and failure.request == self._asked:
            self._tell(notice_of(failure))


_SIGNED = "The signature proves that whoever holds this key made it, not who that is."
_UNSIGNED = "Nobody signed it: that it is unharmed does not say who made it."


def words_of(opened: BundleOpened) -> str:
    """What was found: all files, and the key that signed them."""
    key = f", signed with the key {opened.key}" if opened.key else ""
    return f"{shown_name(Path(opened.path).name)}: all {opened.files} files are as they were written{key}."
