"""How long the window waits for an answer about one picture: question sent to answer read, through the real engine.

Every figure is of the bundled encoders at 32 pixels, a tiny audit of the sample behind them, on a warm engine.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import torch
from PIL import Image

from tests.boundary.conftest import RealEngine
from zepad_engine.audit import run_audit
from zepad_engine.messages import Ready
from zepad_engine.plan import AuditPlan, BenignTraining, Choice, HeadTraining, Tuning
from zepad_engine.questions import (
    PGD,
    PGD_STEPS,
    SIFT_AT_ONCE,
    ExplainImage,
    FindNeighbours,
    JudgeImage,
    Method,
    Question,
    SiftImages,
    Subject,
)

# What the page asks of the engine, in ms and images/s.
_JUDGE_TARGET = 150.0
_MAP_TARGET = 500.0
_SIFT_TARGET = 50.0
_PICTURES = 500
_TIMES = 20
_NOTE = (
    "question sent to answer read, one at a time, through director and worker; bundled encoders, 32 pixels, "
    "4 networks; the processor time is that of director and workers together"
)
_ATTACK = "advencoder_per"


def rows(*, small: bool, folder: Path | None = None) -> Iterator[dict[str, Any]]:
    """The rows, in the form of results.json; ``folder`` is a finished run of the sample, made here if not given."""
    with tempfile.TemporaryDirectory() as place:
        run = folder or audited(Path(place) / "run")
        engine = RealEngine()
        try:
            engine.wait_for(Ready)
            yield from _Stopwatch(engine, run, Path(place), small=small).rows()
        finally:
            engine.end()


def audited(folder: Path) -> Path:
    """A tiny audit of one task of the sample, made there."""
    plan = AuditPlan(
        tasks=("sample:signs",),
        attacks=(Choice(key=_ATTACK, values={"steps": 6, "latents": 4}),),
        tuning=Tuning(images=256, epochs=1, steps=2, validation_images=32),
        benign=BenignTraining(images=128, epochs=1),
        heads=HeadTraining(train_images=256, test_images=500, epochs=2),
        surrogate_images=64,
    )
    run_audit(plan, folder, lambda _event: None, lambda: False)
    return folder


class _Stopwatch:
    def __init__(self, engine: RealEngine, run: Path, place: Path, *, small: bool) -> None:
        self._engine = engine
        self._run = run
        self._place = place
        self._times = 2 if small else _TIMES

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every kind of question; the first ones load what stays loaded."""
        for question in (self._judge(0), self._step(0, 1), self._explain(0, "saliency"), self._neighbours(0)):
            self._seconds(question)
        yield self._waiting("judge a picture", self._judge, _JUDGE_TARGET)
        yield self._waiting("PGD-20, first time", lambda turn: self._step(turn, PGD_STEPS), None)
        yield self._waiting("PGD-20, a step of the slider", lambda turn: self._step(0, 1 + turn % 20), _JUDGE_TARGET)
        for method in get_args(Method):
            yield self._waiting(f"explain, {method}", lambda turn, m=method: self._explain(turn, m), _MAP_TARGET)
        yield self._waiting("neighbours", self._neighbours, None)
        yield self._sifted()

    def _waiting(self, name: str, question: Callable[[int], Question], target: float | None) -> dict[str, Any]:
        before = self._worked()
        taken = [1000 * self._seconds(question(turn)) for turn in range(1, self._times + 1)]
        worked = 1000 * (self._worked() - before) / self._times
        middle, late = (statistics.quantiles(taken, n=100, method="inclusive")[share - 1] for share in (50, 95))
        row = _row(f"Inspect, {name}: median of {len(taken)}", "ms", middle, target)
        return {**row, "quality": {"p95": float(f"{late:.4g}"), "processor ms each": float(f"{worked:.3g}")}}

    def _sifted(self) -> dict[str, Any]:
        files = [str(path) for path in self._pictures(64 if self._times == 2 else _PICTURES)]
        before, started = self._worked(), time.perf_counter()
        for start in range(0, len(files), SIFT_AT_ONCE):
            part = tuple(files[start : start + SIFT_AT_ONCE])
            self._seconds(SiftImages(request="s", folder=str(self._run), images=part, task="signs"))
        pace = len(files) / (time.perf_counter() - started)
        row = _row(f"Inspect, {len(files)} pictures of a folder", "images/s", pace, _SIFT_TARGET, lower=False)
        worked = 1000 * (self._worked() - before) / len(files)
        return {**row, "quality": {"processor ms each": float(f"{worked:.3g}")}}

    def _worked(self) -> float:
        """Seconds of processor time that director and workers have had so far."""
        ticks = 0
        for pid in (self._engine.process.pid, *self._engine.workers()):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _seconds(self, question: Question) -> float:
        started = time.perf_counter()
        self._engine.answer(question)
        return time.perf_counter() - started

    def _subject(self, turn: int, **changes: Any) -> Subject:
        return Subject(folder=str(self._run), image=f"test:{turn}", task="signs", **changes)

    def _judge(self, turn: int) -> JudgeImage:
        subject = self._subject(turn // 4, attack=_ATTACK, epsilon_255=(turn % 20) / 2)
        return JudgeImage(request="j", subject=subject)

    def _step(self, turn: int, step: int) -> JudgeImage:
        return JudgeImage(request="p", subject=self._subject(turn, attack=PGD, epsilon_255=8.0, step=step))

    def _explain(self, turn: int, method: Method) -> ExplainImage:
        return ExplainImage(request="e", subject=self._subject(turn), method=method)

    def _neighbours(self, turn: int) -> FindNeighbours:
        return FindNeighbours(request="n", subject=self._subject(turn, attack=_ATTACK, epsilon_255=10.0))

    def _pictures(self, count: int) -> Iterator[Path]:
        """Noise of 64 pixels a side: nothing that packs well."""
        generator = torch.Generator().manual_seed(0)
        for number in range(count):
            pixels = torch.randint(0, 256, (64, 64, 3), dtype=torch.uint8, generator=generator)
            path = self._place / f"{number}.png"
            Image.fromarray(pixels.numpy()).save(path)
            yield path


def _row(name: str, unit: str, value: float, target: float | None, *, lower: bool = True) -> dict[str, Any]:
    value = float(f"{value:.4g}")
    peer = target if target is not None else value
    ratio = peer / value if lower else value / peer
    return {
        "row": name,
        "ours": value,
        "peer": peer,
        "ratio": float(f"{ratio:.4g}"),
        "rounds": 1,
        "unit": unit,
        "peer_name": "target" if target is not None else "no target",
        "lower_is_better": lower,
        "contest": "Inspect",
        "note": _NOTE,
    }
