"""Taking a run away: to the system's bin, never silently, and for good only where there is no bin."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from PySide6.QtCore import QFile, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from zepad_app.history import RecentRun, forget_run
from zepad_app.runs.wording import size_words
from zepad_engine.places import runs_folder

# What an audit leaves; a folder that holds anything else is not deleted for good.
_OURS: Final = frozenset(
    {"plan.json", "jobs", "encoders", "attacks", "heads", "logits", "per_image", "adaptive", "previews"}
    | {"report.json", "report.html"}
)


def may_delete(parent: QWidget, runs: tuple[RecentRun, ...], size: int | None) -> bool:
    """Ask before runs go to the bin."""
    one = len(runs) == 1
    box = QMessageBox(parent)
    box.setWindowTitle("Delete")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"Move the audit {runs[0].name} to the bin?" if one else f"Move {len(runs)} audits to the bin?")
    kept = f" ({size_words(size)})" if size else ""
    box.setInformativeText(
        f"The {'folder' if one else 'folders'} with everything in {'it' if one else 'them'}{kept}: "
        + ", ".join(run.folder.name for run in runs[:5])
        + (" …" if len(runs) > 5 else "")
    )
    delete = box.addButton("Move to bin", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton("Keep", QMessageBox.ButtonRole.RejectRole))
    box.exec()
    return box.clickedButton() is delete


def may_delete_for_good(parent: QWidget, run: RecentRun) -> bool:
    """Ask whether to delete where the system has no bin."""
    box = QMessageBox(parent)
    box.setWindowTitle("Delete")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setText(f"There is no bin for {run.folder.name}. Delete it for good?")
    box.setInformativeText("This cannot be undone.")
    delete = box.addButton("Delete for good", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton("Keep", QMessageBox.ButtonRole.RejectRole))
    box.exec()
    return box.clickedButton() is delete


def to_bin(folder: Path) -> bool:
    """Whether the system took the folder into its bin."""
    done = QFile(str(folder)).moveToTrash()
    if done:
        forget_run(folder)
    return done


def deletable_for_good(folder: Path) -> bool:
    """Whether a folder is a run of ours among our runs and nothing else lies in it."""
    try:
        names = {place.name for place in folder.iterdir()}
    except OSError:
        return False
    return folder.parent == runs_folder() and not folder.is_symlink() and "plan.json" in names and names <= _OURS


def delete_for_good(folder: Path) -> bool:
    """Delete a run; whether all of it is gone."""
    try:
        shutil.rmtree(folder)
    except OSError:
        return False
    return True
