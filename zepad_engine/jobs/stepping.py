"""Per-image PGD on a run's ZePAD, crafted once and read from disk as the step slider moves."""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from zepad_engine.branches import ZEPAD
from zepad_engine.defences.system import System
from zepad_engine.execution.execution import Execution
from zepad_engine.inspection.pgd_path import STEP, pgd_path
from zepad_engine.inspection.recent import Recent
from zepad_engine.inspection.shelf import Shelf
from zepad_engine.jobs.inquiry import Given, Inquiry
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.run_networks import gauge_of, networks
from zepad_engine.jobs.systems import branch_model
from zepad_engine.questions import PGD_STEPS

_MOST_BYTES: Final = 128 * 1024**2
_FEWEST: Final = 8
_MOST: Final = 200


def pgd_iterate(inquiry: Inquiry, picture: Given, step: int) -> tuple[Tensor, float, str]:
    """The iterate (3, S, S), seconds its crafting took just now (0 if it was known), and a sentence on what was raised.

    A test image is attacked on its label, any other picture on ZePAD's clean answer.
    """
    label = _clean_answer(inquiry, picture.image) if picture.label is None else picture.label
    whose = "ZePAD's clean answer" if picture.label is None else "its label"
    note = f"PGD raises ZePAD's loss on {whose}, {inquiry.names[label]}."
    if step == 0 or inquiry.epsilon == 0:
        return picture.image, 0.0, note
    shelf, name = _shelf_for(inquiry, picture.image), f"{_key(inquiry, picture.image, label)}.safetensors"
    known = shelf.find(name)
    found = _read(known, step) if known is not None else None
    if found is not None:
        return found, 0.0, note
    started = time.perf_counter()
    path = _craft(inquiry, picture.image, label)
    if known is not None:
        known.unlink(missing_ok=True)  # damaged
    shelf.keep(name, save({"path": path}))
    return path[step], time.perf_counter() - started, note


def _clean_answer(inquiry: Inquiry, image: Tensor) -> int:
    context = inquiry.context
    asked, running = networks(context, inquiry.task), how(context)
    with torch.inference_mode():
        logits = torch.stack([asked[branch](running.images(image[None])).cpu() for branch in ZEPAD])
    return int(gauge_of(context, inquiry.task).fitted.answer(logits.to(torch.float64))[0].argmax())


def _craft(inquiry: Inquiry, image: Tensor, label: int) -> Tensor:
    running = how(inquiry.context)
    generator = torch.Generator().manual_seed(inquiry.context.seed("inspect", "pgd", _digest(image)))
    picture = running.images(image[None])
    return pgd_path(_attacked(inquiry, running), picture, label, inquiry.epsilon, PGD_STEPS, generator)


_systems: Recent[nn.Module] = Recent(2)


def _attacked(inquiry: Inquiry, running: Execution) -> nn.Module:
    """ZePAD as gradients are taken through it."""
    context, task = inquiry.context, inquiry.task

    def assembled() -> nn.Module:
        models = {branch: branch_model(context, task, branch) for branch in ZEPAD}
        return running.for_attack(System(gauge_of(context, task).fitted, models, context.plan.detector))

    return _systems.get(_made_of(inquiry), assembled)


def _key(inquiry: Inquiry, image: Tensor, label: int) -> str:
    """Everything that decides the way."""
    decides = (_made_of(inquiry), _digest(image), label, inquiry.epsilon, PGD_STEPS, STEP, inquiry.context.plan.seed)
    return hashlib.sha256(repr(decides).encode()).hexdigest()[:32]


def _made_of(inquiry: Inquiry) -> str:
    folder = inquiry.context.folder
    files = [file for branch in ZEPAD for file in (folder.encoder(branch), folder.head(inquiry.task, branch))]
    stamps = [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    fitted = gauge_of(inquiry.context, inquiry.task).fitted
    running = how(inquiry.context).named()
    parts = (str(folder.root), inquiry.task, stamps, repr(fitted.defence), fitted.temperatures.tolist(), running)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _digest(image: Tensor) -> str:
    return hashlib.sha256(image.contiguous().numpy().tobytes()).hexdigest()


def _read(path: Path, step: int) -> Tensor | None:
    """One iterate of a stored way; None where the file is damaged."""
    try:
        with safe_open(path, framework="pt") as stored:
            found: Tensor = stored.get_slice("path")[step]
            return found
    except (OSError, SafetensorError, IndexError):
        return None


def _shelf_for(inquiry: Inquiry, image: Tensor) -> Shelf:
    size = image.numel() * image.element_size() * (PGD_STEPS + 1)
    most = max(_FEWEST, min(_MOST, _MOST_BYTES // size))
    return _shelf(inquiry.context.folder.inspected / "pgd", most)


@lru_cache(maxsize=4)
def _shelf(folder: Path, most: int) -> Shelf:
    return Shelf(folder, most, look_every=1)
