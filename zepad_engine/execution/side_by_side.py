"""Independent pieces of one job on several cores, each computed as it would be alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")


def side_by_side(work: Sequence[Callable[[], T]], at_once: int) -> list[T]:
    """The results in order; a piece's error is raised once all have ended.

    With more than one ``at_once`` every piece has a Python thread and one torch thread of its own. Torch lets go of
    Python's lock while it computes, and the split of a piece's arithmetic never depends on the others: the
    numbers are bit for bit those of one thread.
    """
    if at_once <= 1:
        return [piece() for piece in work]
    with ThreadPoolExecutor(min(at_once, len(work)), initializer=torch.set_num_threads, initargs=(1,)) as threads:
        return list(threads.map(lambda piece: piece(), work))
