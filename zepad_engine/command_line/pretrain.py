"""``pretrain``: make an encoder from pictures; its flags live with the training."""

from __future__ import annotations

from collections.abc import Sequence


def run_rest(argv: Sequence[str]) -> int:
    """Hand the rest of the line to the training; the exit code."""
    from zepad_engine.pretraining.command import run_pretrain_from_arguments

    return run_pretrain_from_arguments(argv)
