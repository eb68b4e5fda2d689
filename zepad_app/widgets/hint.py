"""Hints that hold names of strangers: shown as they are, never as mark-up."""

from __future__ import annotations

from html import escape
from typing import Final

from PySide6.QtCore import Qt

# Where a model tells what a column means: on hover, and to those who hear the window.
HINT_ROLES: Final = (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole)


def plain_hint(text: str) -> str:
    """A tool tip that Qt must not take for rich text, with its lines kept; none for no text."""
    return f"<qt>{escape(text).replace(chr(10), '<br>')}</qt>" if text else ""
