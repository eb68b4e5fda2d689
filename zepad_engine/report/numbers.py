"""Numbers as a report writes them: a rate with n and interval, a budget on both scales."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from markupsafe import Markup

from zepad_engine.evidence import Rate
from zepad_engine.findings import DataFinding

FEW = 100
_Z95 = 1.959963984540054
# Whatever language the machine speaks.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def wilson(value: float, n: int) -> Rate:
    """A share of n with its 95 % Wilson interval."""
    centre = value + _Z95**2 / (2 * n)
    spread = _Z95 * math.sqrt(value * (1 - value) / n + _Z95**2 / (4 * n**2))
    scale = 1 + _Z95**2 / n
    return Rate(value=value, n=n, low=max(0.0, (centre - spread) / scale), high=min(1.0, (centre + spread) / scale))


def rate(measured: Rate | None) -> Markup:
    """A rate for a table cell: value, interval and n; a long dash where it does not apply."""
    if measured is None:
        return Markup('<span class="none">–</span>')
    few = Markup(' <abbr class="few" title="fewer than 100 images: indicative only">few</abbr>')
    return Markup('<span class="rate">{} % <small>{}, n {:,}{}</small></span>').format(
        _hundred(measured.value), _interval(measured), measured.n, few if measured.n < FEW else ""
    )


def rate_in_words(measured: Rate) -> Markup:
    """A rate inside a sentence."""
    return Markup('<span class="rate">{} % (95 % interval {}, n = {:,})</span>').format(
        _hundred(measured.value), _interval(measured), measured.n
    )


def in_text(measured: Rate | None) -> str:
    """A rate where there is no markup: ``81.7 % (79.6–83.5, n = 1,500)``; a long dash where it does not apply."""
    if measured is None:
        return "–"
    return f"{_hundred(measured.value)} % ({_interval(measured)}, n = {measured.n:,})"


def area_in_text(measured: Rate) -> str:
    """An AUROC where there is no markup."""
    return f"{measured.value:.3f} ({measured.low:.3f}–{measured.high:.3f}, n = {measured.n:,})"


def area(measured: Rate) -> Markup:
    """An AUROC, which is no percentage: 0.5 is chance."""
    return Markup('<span class="rate">{:.3f} <small>{:.3f}–{:.3f}, n {:,}</small></span>').format(
        measured.value, measured.low, measured.high, measured.n
    )


def points(value: float, low: float, high: float, n: int) -> Markup:
    """A difference of two rates in points, signed, with its interval and n."""
    return Markup('<span class="points">{} points <small>{} to {}, n {:,}</small></span>').format(
        _signed(value), _signed(low), _signed(high), n
    )


def probability(p: float) -> str:
    """A p value for after its sign: two significant digits, or that it is below 0.001."""
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"


def moment(stamp: str) -> str:
    """A time stamp as one writes it: ``27 November 2026, 16:02 UTC``; what is none stays as it is."""
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M} UTC"


def split_counts(data: DataFinding) -> str:
    """Images per split, and what of the test split one constant answer gets right, where that is known."""
    told = ", ".join(f"{split} {number:,}" for split, number in data.counts.items())
    test = data.counts.get("test", 0)
    if data.largest_class is None or not test:
        return told
    return f"{told}; largest class {data.largest_class:,} of {test:,} test images"


def budget(n_255: float) -> str:
    """A perturbation size on both scales: ``10/255 = 0.0392``."""
    return f"{n_255:g}/255 = {n_255 / 255:.4f}"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    if seconds < 6000:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def count(number: int) -> str:
    """A whole number with thousands apart."""
    return f"{number:,}"


def counted(number: int, thing: str) -> str:
    """A number of things: ``1 check``, ``2,000 checks``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _interval(measured: Rate) -> str:
    return f"{_hundred(measured.low)}–{_hundred(measured.high)}"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")


def _hundred(share: float) -> str:
    return f"{100 * share:.1f}"
