"""A line of text that has shorter forms for narrow places."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from zepad_app.widgets.elided_label import ElidedLabel


class FittingLabel(ElidedLabel):
    """Says the same in fewer letters where there is less room."""

    def __init__(self, role: str = "caption", parent: QWidget | None = None) -> None:
        super().__init__(role, parent)
        self._forms: tuple[str, ...] = ("",)

    def tell_either(self, *forms: str, hint: str) -> None:
        """Say the first of ``forms`` that fits, the longest one first; the last is cut where none does."""
        self._forms = forms
        self.tell(forms[0], hint)

    @property
    def shown(self) -> str:
        """What fits."""
        metrics, room = self.fontMetrics(), self.contentsRect().width()
        fitting = next((form for form in self._forms if metrics.horizontalAdvance(form) <= room), self._forms[-1])
        return metrics.elidedText(fitting, Qt.TextElideMode.ElideRight, room)
