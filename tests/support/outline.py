"""The outline of a page: what elements it has, with which attributes, where it points, what it says."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser


class Outline(HTMLParser):
    """Counts elements with the names of their attributes, and gathers addresses and visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shape: Counter[tuple[str, ...]] = Counter()
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.words: list[str] = []
        self._skip = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape[(tag, *(name for name, _ in attrs))] += 1
        self._skip = tag == "style"
        for name, value in attrs:
            if name in {"href", "src", "action", "data", "poster", "xlink:href"}:
                self.addresses.append(value or "")
            if name == "id":
                self.ids.add(value or "")

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)
