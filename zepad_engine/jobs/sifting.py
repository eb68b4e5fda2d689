"""Many pictures shortly, for the filmstrip: each through the gate, and all that can be read through the branches."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor

from zepad_engine.branches import ZEPAD
from zepad_engine.errors import AuditError, BadInput, EngineTrouble
from zepad_engine.inspection.shelf import Shelf
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.inquiry import Given, Inquiry, given, inquire, moved, ready
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.run_networks import Gauge, gauge_of, networks
from zepad_engine.questions import PGD, SIFT_AT_ONCE, Sifted, SiftImages, SiftRow

_THUMBNAIL = 96
_MOST_THUMBNAILS = 4000


def sift(context: Context) -> dict[str, Any]:
    """Answer a SiftImages; the outcome is a Sifted as plain data."""
    question = msgspec.json.decode(context.args["question"], type=SiftImages)
    _require_sound(question)
    ready(context)
    inquiry = inquire(context, question.task, question.attack, question.epsilon_255)
    read = {image: _read(inquiry, image) for image in dict.fromkeys(question.images)}
    rows = {image: found for image, found in read.items() if isinstance(found, SiftRow)}
    rows |= _judged(inquiry, {image: found for image, found in read.items() if isinstance(found, Given)})
    sifted = Sifted(request=question.request, rows=tuple(rows[image] for image in question.images))
    return {"answer": msgspec.to_builtins(sifted)}


def _require_sound(question: SiftImages) -> None:
    if len(question.images) > SIFT_AT_ONCE:
        raise BadInput(f"At most {SIFT_AT_ONCE} pictures can be sifted at once.", "Ask for them in parts.")
    if question.attack == PGD:
        raise BadInput("Per-image PGD is made for one picture at a time.", "Choose one of the crafted perturbations.")


def _read(inquiry: Inquiry, image: str) -> Given | SiftRow:
    """The picture, or the row that says why there is none."""
    try:
        return given(inquiry, image)
    except EngineTrouble:
        raise
    except AuditError as trouble:
        return SiftRow(image=image, refused=trouble.sentence, advice=trouble.advice)


def _judged(inquiry: Inquiry, pictures: dict[str, Given]) -> dict[str, SiftRow]:
    if not pictures:
        return {}
    context = inquiry.context
    asked, running, gauge = networks(context, inquiry.task), how(context), gauge_of(context, inquiry.task)
    images = running.images(moved(inquiry, torch.stack([picture.image for picture in pictures.values()])))

    def logits_of(part: slice) -> Tensor:
        return torch.stack([network(images[part]).cpu() for network in asked.values()], dim=1)

    with torch.inference_mode():
        logits = running.in_batches(logits_of, len(images), running.batch_for(images.shape[-1]))
    rows = _rows(inquiry, gauge, logits.transpose(0, 1).to(torch.float64))
    shelf = _thumbnails(context.folder.inspected / "thumbnails")
    return {
        image: msgspec.structs.replace(row, image=image, thumbnail=shelf.thumbnail(picture.thumbnail, _THUMBNAIL))
        for (image, picture), row in zip(pictures.items(), rows, strict=True)
    }


def _rows(inquiry: Inquiry, gauge: Gauge, logits: Tensor) -> list[SiftRow]:
    """A row for each picture from logits (1 + B, N, K): first the undefended victim's, then ZePAD's branches'."""
    undefended, branches = logits[0].argmax(dim=1), logits[1:]
    assert len(branches) == len(ZEPAD)
    best = gauge.fitted.answer(branches).softmax(dim=1).max(dim=1)
    scores = gauge.fitted.score(branches, inquiry.context.plan.detector)
    assert scores is not None
    apart = (branches.argmax(dim=2) != best.indices).to(torch.float64).mean(dim=0)
    return [
        SiftRow(
            image="",
            answer=inquiry.names[answer],
            probability=probability,
            undefended=inquiry.names[victim],
            score=score,
            flagged=score > gauge.threshold,
            disagreement=disagreement,
        )
        for answer, probability, victim, score, disagreement in zip(
            best.indices.tolist(),
            best.values.tolist(),
            undefended.tolist(),
            scores.tolist(),
            apart.tolist(),
            strict=True,
        )
    ]


@lru_cache(maxsize=4)
def _thumbnails(folder: Path) -> Shelf:
    return Shelf(folder, _MOST_THUMBNAILS)
