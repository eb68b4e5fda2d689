"""The files an audit made, beside those made now: encoders, heads, perturbations, answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from zepad_engine.replaying.verdicts import RELATIVE, Verdict


class FileVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One file of tensors; ``apart`` is the largest difference of a value, as a share of the largest value."""

    name: str
    verdict: Verdict
    apart: float | None = None


def file_verdicts(before: Path, now: Path, since: float = 0.0) -> Iterator[FileVerdict]:
    """A verdict for each file of tensors in the run ``before``; with ``since`` only those written after that time."""
    for path in sorted(before.rglob("*.safetensors")):
        name = path.relative_to(before).as_posix()
        again = now / name
        if not again.is_file():
            yield FileVerdict(name=name, verdict="missing")
        elif again.stat().st_mtime >= since:
            yield _verdict(name, path.read_bytes(), again.read_bytes())


def _verdict(name: str, before: bytes, now: bytes) -> FileVerdict:
    if before == now:
        return FileVerdict(name=name, verdict="equal", apart=0.0)
    try:
        apart = _apart(load(before), load(now))
    except (SafetensorError, KeyError, ValueError):
        return FileVerdict(name=name, verdict="different")
    return FileVerdict(name=name, verdict="within" if apart <= RELATIVE else "different", apart=apart)


def _apart(before: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> float:
    if before.keys() != now.keys():
        raise KeyError("other tensors")
    return max((_distance(before[name], now[name]) for name in before), default=0.0)


def _distance(before: np.ndarray, now: np.ndarray) -> float:
    if before.shape != now.shape:
        raise ValueError("other shapes")
    if not before.size:
        return 0.0
    first, second = before.astype(np.float64), now.astype(np.float64)
    scale = float(np.abs(first).max()) or 1.0
    return float(np.abs(first - second).max()) / scale
