"""The few dialogs of the window: about, keyboard shortcuts, and whether to close while an audit runs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QMessageBox, QVBoxLayout, QWidget

from zepad_app.menus import Command
from zepad_app.theme import label
from zepad_app.tokens import AROUND, BETWEEN, INSIDE, SECTION
from zepad_engine import __version__
from zepad_engine.messages import Ready


def show_about(parent: QWidget, ready: Ready | None) -> None:
    """What this is and which versions compute."""
    box = QMessageBox(parent)
    box.setWindowTitle("About ZePAD")
    box.setText(f"ZePAD {__version__}")
    versions = "\n".join(f"{name} {version}" for name, version in ready.versions.items()) if ready else ""
    box.setInformativeText(
        "Audits a self-supervised image encoder against downstream-agnostic adversarial examples, and defends it. "
        "Licensed under Apache-2.0." + (f"\n\n{versions}" if versions else "")
    )
    box.exec()


def shortcuts_dialog(parent: QWidget, commands: tuple[Command, ...]) -> QDialog:
    """All commands that have a shortcut, by menu, in two columns."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Keyboard shortcuts")
    menus: dict[str, list[Command]] = {}
    for command in commands:
        if command.shortcut:
            menus.setdefault(command.menu.split("/")[0].replace("&", ""), []).append(command)
    columns = QHBoxLayout()
    columns.setSpacing(SECTION)
    half = (sum(map(len, menus.values())) + 1) // 2
    column, placed = QVBoxLayout(), 0
    for menu, listed in menus.items():
        if placed + len(listed) / 2 > half and columns.count() == 0:
            column.addStretch(1)
            columns.addLayout(column)
            column = QVBoxLayout()
        column.addLayout(_shortcuts_of(menu, listed))
        column.addSpacing(BETWEEN)
        placed += len(listed)
    column.addStretch(1)
    columns.addLayout(column)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    outer = QVBoxLayout(dialog)
    outer.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
    outer.setSpacing(BETWEEN)
    outer.addLayout(columns)
    outer.addWidget(buttons)
    return dialog


def _shortcuts_of(menu: str, commands: list[Command]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(AROUND)
    grid.setVerticalSpacing(INSIDE)
    grid.setColumnMinimumWidth(0, 200)
    grid.addWidget(label(menu, "section"), 0, 0)
    for row, command in enumerate(commands, 1):
        keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        grid.addWidget(label(command.words), row, 0)
        grid.addWidget(label(keys, "body", soft=True), row, 1, Qt.AlignmentFlag.AlignRight)
    return grid


def may_close(parent: QWidget) -> bool:
    """Ask whether to close while an audit runs."""
    box = QMessageBox(parent)
    box.setWindowTitle("An audit is running")
    box.setText("Close ZePAD and stop the audit?")
    box.setInformativeText("What is done is kept; the audit can be resumed from the start page.")
    stop = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton("Keep running", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.exec()
    return box.clickedButton() is stop
