"""The preflight card: what an encoder file turned out to be, what was ignored and what was guessed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from zepad_app.theme import label
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_engine.card import EncoderCard

_MOST_KEYS = 6


class PreflightCard(QFrame):
    """Facts of an encoder in two columns, then sentences."""

    def __init__(self, card: EncoderCard, file_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setAccessibleName(f"Preflight of {card.name}")
        column = QVBoxLayout(self)
        column.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
        column.setSpacing(BETWEEN)
        column.addWidget(label("What the file holds", "section"))
        column.addLayout(_facts(facts_of(card, file_name)))
        for title, sentences in (("Ignored", ignored(card)), ("Assumed", card.assumptions)):
            if sentences:
                column.addLayout(_sentences(title, sentences))


def facts_of(card: EncoderCard, file_name: str) -> tuple[tuple[str, str], ...]:
    """Names and values the card shows."""
    depth: dict[tuple[int, ...], str] = {(2, 2, 2, 2): "ResNet-18", (3, 4, 6, 3): "ResNet-34"}
    if card.bottleneck:
        depth = {(3, 4, 6, 3): "ResNet-50"}
    family = depth.get(card.blocks, card.family)
    facts = [
        ("File", file_name),
        ("Family", f"{family}, width {card.width}"),
        ("Size", f"{card.input_size} × {card.input_size} pixels"),
        ("Parameters", millions(card.parameters)),
        ("Features", f"{card.feature_dim:,}"),
        ("Method", card.method),
        ("Trained on", card.data),
        ("SHA-256", f"{card.sha256[:12]}…" if card.sha256 else "unknown"),
    ]
    if card.probe is not None:
        probe = card.probe
        better = f"{100 * probe.accuracy:.1f} % on {probe.data}; random weights {100 * probe.random_accuracy:.1f} %"
        facts.append(("Linear probe", better))
    return tuple(facts)


def ignored(card: EncoderCard) -> tuple[str, ...]:
    """The keys that are no part of the encoder, the first few by name."""
    keys = card.keys_ignored
    if not keys:
        return ()
    shown = ", ".join(keys[:_MOST_KEYS])
    more = f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS else ""
    count = "1 key" if len(keys) == 1 else f"{len(keys)} keys"
    return (f"{count} of the file: {shown}{more}.",)


def millions(count: int) -> str:
    """A number of parameters as one says it."""
    return f"{count / 1e6:.1f} M" if count >= 100_000 else f"{count:,}"


def _facts(facts: tuple[tuple[str, str], ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(BETWEEN)
    grid.setVerticalSpacing(INSIDE)
    half = (len(facts) + 1) // 2
    for index, (name, value) in enumerate(facts):
        row, column = index % half, index // half * 2
        grid.addWidget(label(name, "body", soft=True), row, column, Qt.AlignmentFlag.AlignTop)
        text = label(value)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(text, row, column + 1)
    grid.setColumnStretch(1, 1)
    grid.setColumnStretch(3, 1)
    return grid


def _sentences(title: str, sentences: tuple[str, ...]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(4)
    heading = label(title)
    heading.setProperty("strong", True)
    column.addWidget(heading)
    for sentence in sentences:
        text = label(sentence, "body", soft=True)
        text.setWordWrap(True)
        column.addWidget(text)
    return column
