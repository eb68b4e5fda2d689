"""What the window's header shows of a page, and the one thing its button does."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a page; without ``action`` there is no button, with ``back`` there is a way back."""

    title: str
    detail: str = ""
    action: str = ""
    enabled: bool = True
    quiet: bool = False
    back: str = ""


class Page(QWidget):
    """A page of the window: tells its heading, and acts when the header's button is pressed."""

    heading_changed = Signal()

    @property
    def heading(self) -> Heading:
        """What the header shows."""
        raise NotImplementedError

    def act(self) -> None:
        """Do what the header's button says."""

    def go_back(self) -> None:
        """Do what the header's back arrow says."""
