"""At which budgets a perturbation is crafted anew: none, a few, or those of the standard preset."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from zepad_app.widgets.inputs import ChoiceInput
from zepad_engine.presets import BUDGETS_255

Budgets = tuple[float, ...]
_OFFERED: Final[tuple[Budgets, ...]] = ((), (4.0, 16.0, 64.0), BUDGETS_255)


class BudgetsChoice(ChoiceInput):
    """One of a few lists of budgets in n/255; a plan's own list is offered too, once it has been shown."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((), parent)
        self._lists: list[Budgets] = []
        for budgets in _OFFERED:
            self._offer(budgets)
        self.currentIndexChanged.connect(lambda index: self.chosen.emit(self._lists[index]))

    def show_budgets(self, budgets: Budgets) -> None:
        """Show a plan's list without telling anybody."""
        with QSignalBlocker(self):
            if budgets not in self._lists:
                self._offer(budgets)
            self.setCurrentIndex(self._lists.index(budgets))

    def _offer(self, budgets: Budgets) -> None:
        self._lists.append(budgets)
        listed = ", ".join(f"{budget:g}" for budget in budgets)
        self.addItem(f"{listed} /255" if budgets else "No other budget", listed)
