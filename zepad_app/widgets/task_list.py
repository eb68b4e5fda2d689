"""Tasks to tick, each a card; the user's own folders are added below the bundled ones."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QMenu, QVBoxLayout, QWidget

from zepad_app.entry_groups import matches
from zepad_app.theme import Theme, label
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.card_flow import CardFlow

# Where the text begins behind a tick.
_INDENT = 24


class TaskCard(QFrame):
    """One image set: its name to tick, what it is, where it comes from."""

    def __init__(self, name: str, texts: tuple[str, ...]) -> None:
        super().__init__()
        self.setProperty("surface", "entry")
        self.words = (name, *texts)
        self.box = QCheckBox(name)
        self.box.setProperty("strong", True)
        self.box.setAccessibleDescription(texts[0] if texts else "")
        column = QVBoxLayout(self)
        column.setContentsMargins(BETWEEN, INSIDE + 4, BETWEEN, INSIDE + 4)
        column.setSpacing(4)
        column.addWidget(self.box)
        below = QVBoxLayout()
        below.setContentsMargins(_INDENT, 0, 0, 0)
        below.setSpacing(4)
        for text in filter(None, texts):
            words = label(text, "caption", soft=True)
            words.setWordWrap(True)
            below.addWidget(words)
        column.addLayout(below)
        column.addStretch(1)


class TaskList(QWidget):
    """One card per task."""

    edited = Signal(tuple)

    def __init__(
        self, theme: Theme, tasks: tuple[tuple[str, str, str, str], ...], parent: QWidget | None = None
    ) -> None:
        """``tasks`` are (key, name, summary, source)."""
        super().__init__(parent)
        self._cards: dict[str, TaskCard] = {}
        self.setAccessibleName("Downstream tasks")
        self._flow = CardFlow(theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addWidget(self._flow)
        self._button = secondary("Add your own…", lambda: None, "Add your own task")
        menu = QMenu(self._button)
        menu.addAction("Folder with a folder per class…", self._on_folder)
        menu.addAction("Zip file…", self._on_zip)
        self._button.setMenu(menu)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        self._button.setMinimumWidth(self._button.sizeHint().width() + BETWEEN)
        for key, name, summary, source in tasks:
            self._add(key, name, (summary, source))

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ticked tasks."""
        return tuple(key for key, card in self._cards.items() if card.box.isChecked())

    def box(self, key: str) -> QCheckBox:
        """The checkbox of a task."""
        return self._cards[key].box

    def narrow(self, words: str) -> None:
        """Show only the cards that have these words; all without words."""
        shown: set[QWidget] = {card for card in self._cards.values() if matches(words, *card.words)}
        self._flow.show_only(shown if words else None)
        self._button.setVisible(not words)

    def show_tasks(self, tasks: tuple[str, ...]) -> None:
        """Tick these and no others, without telling anybody; unknown ones are added."""
        for task in tasks:
            if task not in self._cards:
                self._add(task, Path(task).name or task, (task,))
        for key, card in self._cards.items():
            with QSignalBlocker(card.box):
                card.box.setChecked(key in tasks)

    def _add(self, key: str, name: str, texts: tuple[str, ...]) -> None:
        card = TaskCard(name, texts)
        card.box.toggled.connect(lambda: self.edited.emit(self.chosen))
        self._cards[key] = card
        self._flow.add(card)

    def _on_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, "Folder with a folder per class"))

    def _on_zip(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Zip file", "", "Zip files (*.zip)")
        self._take(path)

    def _take(self, path: str) -> None:
        if path:
            self.show_tasks((*self.chosen, path))
            self.edited.emit(self.chosen)
