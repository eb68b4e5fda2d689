"""Hints that hold names of strangers: shown as they are, never as mark-up."""

from __future__ import annotations

from html import escape


def plain_hint(text: str) -> str:
    """A tool tip that Qt must not take for rich text, with its lines kept; none for no text."""
    return f"<qt>{escape(text).replace(chr(10), '<br>')}</qt>" if text else ""
