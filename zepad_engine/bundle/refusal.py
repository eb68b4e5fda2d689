"""The one sentence with which a bundle is refused."""

from __future__ import annotations

from zepad_engine.errors import BadInput


def refused(why: str) -> BadInput:
    """The error; ``why`` goes on after a colon."""
    return BadInput(
        f"This is no bundle as ZePAD writes them: {why}.",
        "Get the file again from where it comes from, and do not trust what is in this one.",
        code="bundle.bad",
    )
