"""Train the defender's encoders: MPAE by adversarial fine-tuning, BMP on clean data."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from zepad_engine.encoders.encoder import Encoder, save_encoder, with_card
from zepad_engine.execution.execution import Execution
from zepad_engine.findings import TuningFinding
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.opening import how, input_size, load_branch
from zepad_engine.plan import set_name
from zepad_engine.training.adversarial import AdversarialTuning
from zepad_engine.training.benign import train_benign
from zepad_engine.training.labelled import Labelled, labelled


def tune(context: Context) -> dict[str, Any]:
    """Adversarially fine-tune the victim or the auxiliary on the local set."""
    plan, origin = context.plan, context.args["branch"]
    seed = context.seed("tune", origin)
    running = how(context)
    running.begin(seed)
    started = time.monotonic()
    train, validation = _local(context, plan.tuning.images, running)
    tuning = AdversarialTuning(load_branch(context, origin), train, plan.tuning, plan.switches, seed, running)
    tuned = tuning.run(validation, context.progress)
    name = load_branch(context, origin).card.name
    _save(context, tuned.encoder, f"tuned_{origin}", name, "adversarially fine-tuned (MPAE)", plan.tuning.epochs)
    finding = TuningFinding(
        branch=f"tuned_{origin}",
        recipe=f"{plan.tuning!r} {plan.switches!r}",
        weight=tuned.weight,
        selected_epoch=tuned.selected,
        validation_n=len(validation),
        seconds=time.monotonic() - started,
        epochs=tuned.epochs,
    )
    return {"tuning": msgspec.to_builtins(finding)}


def train_bmp(context: Context) -> dict[str, Any]:
    """Train the benign encoder on the local set."""
    plan = context.plan
    seed = context.seed("benign")
    running = how(context)
    running.begin(seed)
    started = time.monotonic()
    train, validation = _local(context, plan.benign.images, running)
    origin = load_branch(context, "auxiliary" if plan.benign.source == "auxiliary" else "victim")
    benign = train_benign(origin, train, validation, plan.benign, seed, context.progress, running)
    method = "supervised from scratch" if plan.benign.source == "scratch" else f"fine-tuned from {plan.benign.source}"
    _save(context, benign.encoder, "benign", origin.card.name, f"{method}, clean (BMP)", plan.benign.epochs)
    finding = TuningFinding(
        branch="benign",
        recipe=repr(plan.benign),
        weight=0.0,
        selected_epoch=len(benign.epochs),
        validation_n=len(validation),
        seconds=time.monotonic() - started,
        epochs=benign.epochs,
    )
    return {"tuning": msgspec.to_builtins(finding)}


def _local(context: Context, count: int, running: Execution) -> tuple[Labelled, Labelled]:
    plan = context.plan
    images = open_set(plan.local_set, input_size(context), plan.seed)
    validation = labelled(images, "validation", plan.tuning.validation_images, plan.seed, running)
    return labelled(images, "train", count, context.seed("local"), running), validation


def _save(context: Context, encoder: Encoder, branch: str, origin: str, method: str, epochs: int) -> None:
    card = msgspec.structs.replace(
        encoder.card,
        name=f"{origin}, {branch.replace('_', ' ')}",
        method=method,
        data=set_name(context.plan.local_set),
        epochs=epochs,
        seed=context.plan.seed,
        probe=None,
        licence="",
    )
    save_encoder(with_card(encoder.cpu(), card), context.folder.encoder(branch))
