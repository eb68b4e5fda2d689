"""A few exclusive choices side by side, in more lines where there is too little room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QWidget

from zepad_app.widgets.flow_row import FlowRow


class Segments(FlowRow):
    """One of several words is chosen; arrow keys move the choice."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str, str]], name: str, parent: QWidget | None = None) -> None:
        """``choices`` are (key, word, hint); the first is chosen."""
        buttons = {key: QToolButton() for key, _, _ in choices}
        super().__init__(tuple(buttons.values()), spacing=4, parent=parent)
        self._group = QButtonGroup(self)
        self._buttons = buttons
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for number, (key, word, hint) in enumerate(choices):
            self._prepare(key, word, hint, chosen=not number)

    @property
    def choice(self) -> str:
        """The key of the chosen word."""
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def choose(self, key: str) -> None:
        """Choose as a click would."""
        self._buttons[key].click()

    def _prepare(self, key: str, word: str, hint: str, *, chosen: bool) -> None:
        button = self._buttons[key]
        button.setProperty("kind", "segment")
        button.setText(word)
        button.setToolTip(hint)
        button.setAccessibleName(word)
        button.setCheckable(True)
        button.setChecked(chosen)
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._group.addButton(button)
