"""Where each branch looks on an example: the maps the audit stored, with the value drawn brightest in each."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.results.wording import branch_name, branch_role
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_app.widgets.hint import plain_hint
from zepad_app.widgets.picture import Picture
from zepad_engine.evidence import Attribution

_HINT: Final = (
    "Of the perturbed image: how far the branch's features turn (1 \N{MINUS SIGN} cosine) when a small square is made "
    "grey. Black is 0; the brightest is the value below the map, half a percent of the pixels lying above it."
)


class BranchMaps(QWidget):
    """An Attribution, drawn ``width`` pixels wide."""

    def __init__(
        self, theme: Theme, found: Attribution, folder: Path, width: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        each = width // len(found.branches)
        told = [f"{branch_name(name)} 0 to {top:.3f}" for name, top in zip(found.branches, found.tops, strict=True)]
        self.picture = Picture(theme, "Where each branch looks: " + "; ".join(told), QSize(width, each))
        self.picture.show_file(folder / found.file)
        self.picture.setToolTip(plain_hint(_HINT))
        names = QHBoxLayout()
        names.setSpacing(0)
        for name, top in zip(found.branches, found.tops, strict=True):
            cell = QVBoxLayout()
            cell.setSpacing(0)
            cell.setContentsMargins(0, 0, INSIDE, 0)
            label = ElidedLabel("caption")
            label.tell(branch_role(name) or branch_name(name), branch_name(name))
            label.setFixedWidth(each - INSIDE)
            cell.addWidget(label)
            cell.addWidget(theme.label(f"0 to {top:.3f}", "caption", soft=True))
            names.addLayout(cell)
        names.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.picture)
        column.addLayout(names)
