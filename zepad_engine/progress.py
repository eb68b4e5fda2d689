"""One token for progress and cancel: long code takes a Progress, reports its own span, and may be stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from zepad_engine.errors import Cancelled

T = TypeVar("T")


def _ignore_advance(_done: float, _note: str) -> None:
    pass


def _ignore_curve(_series: str, _step: float, _value: float) -> None:
    pass


def _never() -> bool:
    return False


class Progress:
    """A span of the whole work, 0 at its start and 1 at its end; every call checks for a cancel first."""

    def __init__(
        self,
        *,
        on_advance: Callable[[float, str], None] = _ignore_advance,
        on_measure: Callable[[str, float, float], None] = _ignore_curve,
        cancelled: Callable[[], bool] = _never,
        low: float = 0.0,
        high: float = 1.0,
    ) -> None:
        self._on_advance = on_advance
        self._on_measure = on_measure
        self._cancelled = cancelled
        self._low = low
        self._high = high

    @classmethod
    def silent(cls) -> Progress:
        """A token that reports to nobody and is never cancelled."""
        return cls()

    def check(self) -> None:
        """Raise Cancelled if the user has asked to stop."""
        if self._cancelled():
            raise Cancelled

    def advance(self, done: float, note: str = "") -> None:
        """Report that ``done`` (0 to 1) of this span is behind us."""
        self.check()
        share = min(max(done, 0.0), 1.0)
        self._on_advance(self._low + share * (self._high - self._low), note)

    def measure(self, series: str, step: float, value: float) -> None:
        """Add one point to the live curve ``series`` (for example ``cross_entropy``); ``step`` counts steps."""
        self._on_measure(series, step, value)

    def split(self, parts: Sequence[T]) -> Iterator[tuple[T, Progress]]:
        """Give each of ``parts`` an equal share of this span."""
        width = (self._high - self._low) / max(len(parts), 1)
        for index, part in enumerate(parts):
            self.check()
            low = self._low + index * width
            yield part, self._part(low, low + width)

    def between(self, start: float, end: float) -> Progress:
        """The part of this span from ``start`` to ``end`` (0 to 1)."""
        width = self._high - self._low
        return self._part(self._low + start * width, self._low + end * width)

    def _part(self, low: float, high: float) -> Progress:
        return Progress(
            on_advance=self._on_advance,
            on_measure=self._on_measure,
            cancelled=self._cancelled,
            low=low,
            high=high,
        )
