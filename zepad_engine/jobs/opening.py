"""Jobs that open what the plan names: encoders, and image sets, whose overlaps they report."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import load_file

from zepad_engine.branches import BRANCHES, Branch
from zepad_engine.card import Overrides, read_card
from zepad_engine.encoders.encoder import Encoder, save_encoder
from zepad_engine.encoders.fronts import Counterattack, Front, Fronted, Purifier
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.encoders.reading import load_own, open_encoder
from zepad_engine.errors import BadCheckpoint, BadInput
from zepad_engine.execution.execution import Execution
from zepad_engine.execution.folding import folds_exactly
from zepad_engine.findings import DataFinding
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.image_set import ImageSet
from zepad_engine.jobs.context import Context
from zepad_engine.plan import SAMPLE_PREFIX, set_name
from zepad_engine.resources import asset

# Whether folding is exact does not depend on the size of the images, its cost does.
_PROBE_SIDE = 64


def encoder_path(key: str) -> Path:
    """The file behind ``sample:<name>`` or a path."""
    if key.startswith(SAMPLE_PREFIX):
        return asset("encoders", f"{key.removeprefix(SAMPLE_PREFIX)}.safetensors")
    return Path(key).expanduser()


def how(context: Context) -> Execution:
    """How the plan wants networks run; what has to be changed on the way is told through the context.

    Raises:
        BadPlan: the device is not on this machine.
    """
    plan = context.plan
    chosen = Execution.of(plan.device, plan.arithmetic, plan.threads, plan.batch)
    return dataclasses.replace(chosen, notices=context.notices)


def open_branch(context: Context) -> dict[str, Any]:
    """Open a checkpoint safely and keep it in the run as our own pair of files; the victim also in random weights."""
    running = how(context)
    branch = context.args["branch"]
    says = msgspec.json.decode(context.args.get("says", "{}"), type=Overrides)
    encoder = open_encoder(encoder_path(context.args["path"]), says)
    _require_foldable(encoder)
    save_encoder(encoder, context.folder.encoder(branch))
    if branch == "victim":
        twin = random_like(encoder, context.seed("random"))
        save_encoder(twin, context.folder.encoder("random"))
    batch = running.batch_for(encoder.card.input_size)
    return {"card": msgspec.to_builtins(encoder.card), "execution": {**running.named(), "batch": batch}}


def _require_foldable(encoder: Encoder) -> None:
    if not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in encoder.modules()):
        return
    side = min(encoder.card.input_size, _PROBE_SIDE)
    probe = torch.rand(4, 3, side, side, generator=torch.Generator().manual_seed(0))
    if not folds_exactly(encoder, probe):
        raise BadCheckpoint(
            f"{encoder.card.name} does not keep its features when its batch norms are folded for speed.",
            "Please report this encoder; auditing it now would give wrong numbers.",
            code="encoder.folding",
        )


def asked_branch(context: Context) -> Branch:
    """The branch a job is about."""
    return msgspec.convert(context.args["branch"], Branch)  # type: ignore[no-any-return]


def load_branch(context: Context, branch: Branch) -> Encoder:
    """A branch's encoder of this run with what stands before it, on the plan's device, in eval mode."""
    recipe = BRANCHES[branch]
    encoder = load_own(context.folder.encoder(recipe.encoder))
    if recipe.front:
        encoder = Fronted(encoder, _front(context, recipe.front))
    return encoder.to(how(context).device).eval()


def _front(context: Context, kind: str) -> Front:
    if kind == "counterattack":
        return Counterattack()
    purifier = Purifier()
    purifier.load_state_dict(load_file(context.folder.encoder("purifier")))
    return purifier


def input_size(context: Context) -> int:
    """Side of the audited images: the victim's own input size."""
    return read_card(context.folder.encoder("victim")).input_size


def open_data(context: Context) -> dict[str, Any]:
    """Open every set once, so that a bad one is refused before any work; report digests, counts and overlaps."""
    plan, size = context.plan, input_size(context)
    _require_size(context, size)
    roles = [("local", plan.local_set), ("surrogate", plan.surrogate_set), *(("task", task) for task in plan.tasks)]
    local = _fingerprints(open_set(plan.local_set, size, plan.seed), "train", "validation")
    surrogate = _fingerprints(open_set(plan.surrogate_set, size, plan.seed), "all")
    found = []
    for (role, key), span in context.progress.split(roles):
        span.advance(0.0, f"reading {key.removeprefix(SAMPLE_PREFIX)}")
        images = open_set(key, size, plan.seed)
        test = _fingerprints(images, "test") if role == "task" else set()
        shared = [name for name, other in (("local set", local), ("surrogate set", surrogate)) if test & other]
        found.append(msgspec.to_builtins(_finding(key, role, images, tuple(shared))))
    return {"data": found}


def _require_size(context: Context, size: int) -> None:
    """Every branch is given the victim's images: see now whether the auxiliary can take them."""
    encoder = load_branch(context, "auxiliary")
    try:
        with torch.inference_mode():
            encoder(torch.zeros(1, 3, size, size, device=encoder.mean.device))
    except (BadInput, RuntimeError, AssertionError) as trouble:
        # A library's net says so in torch's words, if at all.
        raise BadCheckpoint(
            f"The auxiliary encoder {encoder.card.name} cannot take images of {size} pixels, the victim's size.",
            "Choose another auxiliary encoder.",
            code="encoder.input_size",
        ) from trouble


def _finding(key: str, role: str, images: ImageSet, shared: tuple[str, ...]) -> DataFinding:
    counts = {split: len(index) for split, index in images.splits.items()} or {"all": len(images)}
    return DataFinding(
        key=set_name(key),
        role=role,
        name=images.name,
        counts=counts,
        classes=len(images.classes),
        sha256=images.sha256(),
        source=images.source,
        shared_with=shared,
        largest_class=_largest_class(images),
    )


def _largest_class(images: ImageSet) -> int | None:
    if images.labels is None or "test" not in images.splits:
        return None
    return int(images.labels[images.indices("test")].bincount().max())


def _fingerprints(images: ImageSet, *splits: str) -> set[bytes]:
    known = [split for split in splits if split == "all" or split in images.splits]
    return {
        hashlib.sha256(images.pictures[index].contiguous().numpy().tobytes()).digest()
        for split in known
        for index in images.indices(split).tolist()
    }
