"""The paper of the report in front: written by the engine into a folder that goes with the window, shown by its tab."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTemporaryDir, Signal

from zepad_app.audit_model import AuditModel
from zepad_engine.messages import Exported, Failed


class ReportPreview(QObject):
    """One paper at a time; a later wish replaces an earlier one. Answered by ``written`` or ``failed``."""

    written = Signal(object)
    failed = Signal(object)

    def __init__(self, model: AuditModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._place = QTemporaryDir()
        self.asked = "none yet"
        model.exported.connect(self._on_exported)
        model.failed.connect(self._on_failed)

    def ask(self, folder: Path) -> None:
        """Have the engine write the report of a finished run as PDF."""
        self.asked = self._model.export("pdf", Path(self._place.path()) / "report.pdf", folder)

    def _on_exported(self, event: Exported) -> None:
        if event.request == self.asked:
            self.written.emit(Path(event.path))

    def _on_failed(self, failure: Failed) -> None:
        if failure.request == self.asked:
            self.failed.emit(failure)
