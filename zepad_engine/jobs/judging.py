"""One picture through the undefended victim and ZePAD's branches: forward passes only, so that a slider can follow."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import torch
from torch import Tensor

from zepad_engine.branches import ZEPAD, Branch
from zepad_engine.defences.fusion import confidence, top_probability
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.inquiry import Given, Inquiry, given, inquire_of, ready
from zepad_engine.jobs.perturbing import perturbed_picture
from zepad_engine.jobs.run_networks import Gauge, gauge_of, networks
from zepad_engine.pictures import stretched
from zepad_engine.questions import BranchJudgement, ClassScore, Judged, JudgeImage

_TOP = 5


def judge(context: Context) -> dict[str, Any]:
    """Answer a JudgeImage; the outcome is a Judged as plain data."""
    question = msgspec.json.decode(context.args["question"], type=JudgeImage)
    running = ready(context)
    inquiry = inquire_of(context, question.subject)
    asked = networks(context, inquiry.task)
    picture = given(inquiry, question.subject.image)
    perturbed, seconds_attack, notes = perturbed_picture(inquiry, picture, question.subject.step)
    started = time.perf_counter()
    with torch.inference_mode():
        images = running.images(perturbed[None])
        logits = {branch: network(images)[0].cpu() for branch, network in asked.items()}
    seconds = time.perf_counter() - started
    judged = msgspec.structs.replace(
        _judged(question, inquiry, picture, perturbed, logits),
        notes=(*picture.notes, *notes),
        seconds_predict=seconds,
        seconds_attack=seconds_attack,
    )
    return {"answer": msgspec.to_builtins(judged)}


def _judged(
    question: JudgeImage,
    inquiry: Inquiry,
    picture: Given,
    perturbed: Tensor,
    logits: dict[Branch, Tensor],
) -> Judged:
    gauge, shelf, reach = gauge_of(inquiry.context, inquiry.task), inquiry.shelf, inquiry.reach
    stacked = torch.stack([logits[branch] for branch in ZEPAD]).to(torch.float64)[:, None]
    found = gauge.fitted.score(stacked, inquiry.context.plan.detector)
    assert found is not None
    score = float(found[0])
    weights = dict(zip(ZEPAD, gauge.fitted.weigh(stacked)[:, 0].tolist(), strict=True))
    said = {branch: _judgement(inquiry, gauge, branch, logits[branch], weights.get(branch, 1.0)) for branch in logits}
    return Judged(
        request=question.request,
        subject=question.subject,
        label="" if picture.label is None else inquiry.names[picture.label],
        shown=shelf.picture(picture.image),
        perturbed=shelf.picture(perturbed),
        residual=shelf.picture(stretched(perturbed - picture.image, reach)),
        residual_gain=round(1 / (2 * reach), 2) if reach > 0 else 1.0,
        undefended=said["victim"],
        branches=tuple(said[branch] for branch in ZEPAD),
        fused=_top(gauge.fitted.answer(stacked)[0], inquiry.names),
        score=score,
        threshold=gauge.threshold,
        achieved_fpr=gauge.achieved_fpr,
        flagged=score > gauge.threshold,
        calibration=gauge.calibration,
        notes=(),
        sha256=picture.sha256,
        seconds_predict=0.0,
    )


def _judgement(inquiry: Inquiry, gauge: Gauge, branch: Branch, logits: Tensor, weight: float) -> BranchJudgement:
    m = top_probability(logits.to(torch.float64))
    return BranchJudgement(
        branch=branch,
        top=_top(logits, inquiry.names),
        m=float(m),
        c=float(confidence(m, gauge.k)),
        weight=weight,
    )


def _top(logits: Tensor, names: tuple[str, ...]) -> tuple[ClassScore, ...]:
    best = logits.softmax(dim=0).topk(min(_TOP, len(names)))
    return tuple(
        ClassScore(name=names[index], probability=value)
        for value, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    )
