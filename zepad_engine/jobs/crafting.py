"""Craft one perturbation against the encoders its attack aims at, or read it from the file it was imported from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from zepad_engine.attacks.base import Attack, EncoderGroup
from zepad_engine.attacks.budget import is_patch, patch_side, perturb, reach, saturation
from zepad_engine.attacks.imported import Imported, fitted
from zepad_engine.attacks.perturbation_file import digest_of
from zepad_engine.attacks.registry import build_attack
from zepad_engine.catalogue import ORIGINS
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.execution import Execution
from zepad_engine.fields import declared_fields
from zepad_engine.findings import AttackFinding
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.opening import how, input_size, load_branch
from zepad_engine.pictures import save_perturbation, save_strip, stretched
from zepad_engine.plan import AuditPlan, Choice
from zepad_engine.storage import write_bytes
from zepad_engine.working_time import WORKING


@dataclass(frozen=True, slots=True)
class _Made:
    """A perturbation and the largest change of a pixel it makes; where it was imported, from what file and how.

    ``shown``: one of the attacker's images (3, H, W), to show the perturbation on.
    """

    pixels: Tensor
    seconds: float
    change: float
    source: str = ""
    source_sha256: str = ""
    remarks: tuple[str, ...] = ()
    shown: Tensor | None = None


def craft(context: Context) -> dict[str, Any]:
    """One attack of the plan, against the encoders it aims at, with the surrogate set."""
    plan, identity = context.plan, context.args["attack"]
    seed = context.seed("craft", identity)
    attack = plan_attack(plan, identity)
    made = _imported(context, attack) if isinstance(attack, Imported) else _crafted(context, attack, seed)
    file = context.folder.attack(identity)
    write_bytes(file, save({"perturbation": made.pixels}))
    picture = file.with_suffix(".png")
    save_perturbation(made.pixels, plan.epsilon_255 / 255, picture)
    finding = _finding(attack, identity, made, plan.epsilon_255, seed)
    context.show(f"attack_{identity}", f"{finding.name}, stretched to full range", picture)
    if made.shown is not None:
        _show_on(context, finding.name, made.shown, made.pixels)
    return {"attack": msgspec.to_builtins(finding)}


def _crafted(context: Context, attack: Attack, seed: int) -> _Made:
    surrogate = surrogate_bank(context, how(context))
    started = WORKING.seconds()
    crafted = crafted_by(context, attack, surrogate, context.plan.epsilon_255 / 255, seed)
    seconds = WORKING.seconds() - started
    shown = surrogate[torch.tensor([0])][0].float().cpu()
    return _Made(crafted, seconds, _change(crafted, surrogate), shown=shown)


def crafted_by(context: Context, attack: Attack, surrogate: ImageBank, epsilon: float, seed: int) -> Tensor:
    """A perturbation (3, H, W), or a patch (4, H, W), within ``epsilon`` (0 to 1), against the attack's encoders."""
    running = how(context)
    running.begin(seed)
    encoders = [load_branch(context, branch) for branch in ORIGINS[attack.origin]]
    target = _prepared(attack, encoders[0] if len(encoders) == 1 else EncoderGroup(encoders), running)
    return attack(target, surrogate, epsilon, seed=seed, progress=context.progress)


def _show_on(context: Context, name: str, image: Tensor, perturbation: Tensor) -> None:
    """A strip for the window: an image clean, perturbed, and the difference amplified."""
    budget = reach(perturbation, context.plan.epsilon_255 / 255)
    moved = perturb(image[None], perturbation)[0]
    path = context.folder.preview(f"on_{context.args['attack']}")
    save_strip([image, moved, stretched(moved - image, budget)], path)
    gain = f"×{1 / (2 * budget):.3g}" if budget else "none"
    context.show(f"on_{context.args['attack']}", f"{name}: clean, perturbed, difference {gain}", path)


def _change(crafted: Tensor, surrogate: ImageBank) -> float:
    """The largest change of a pixel value; what a patch covers is taken from the attacker's images."""
    if not is_patch(crafted):
        return float(crafted.abs().max())
    patch = surrogate.place(crafted)
    return float(surrogate.through(lambda images: (perturb(images, patch) - images).abs().amax(dim=(1, 2, 3))).max())


def _imported(context: Context, attack: Imported) -> _Made:
    started = WORKING.seconds()
    context.progress.advance(0.0, f"reading {Path(attack.file).name}")
    found = attack.read()
    pixels, remarks = fitted(found, input_size(context), context.plan.epsilon_255 / 255)
    seconds = WORKING.seconds() - started
    return _Made(pixels, seconds, _largest_change(pixels), found.file, found.stored.sha256, remarks)


def _largest_change(pixels: Tensor) -> float:
    """The largest change of a pixel value in any picture; of a patch that of the picture least like it."""
    if not is_patch(pixels):
        return float(pixels.abs().max())
    colours = pixels[:3, pixels[3] > 0]
    return float(torch.maximum(colours, 1 - colours).max())


def plan_attack(plan: AuditPlan, identity: str) -> Attack:
    """The attack a plan names, with the official switches that concern it."""
    return switched_attack(plan, plan_choice(plan, identity))


def plan_choice(plan: AuditPlan, identity: str) -> Choice:
    """The plan's choice of that identity."""
    return next(choice for choice in plan.attacks if choice.identity == identity)


def switched_attack(plan: AuditPlan, choice: Choice) -> Attack:
    """The attack of a choice, with the plan's official switches that concern it."""
    values = dict(choice.values)
    declared = {field.key for field in declared_fields(type(build_attack(choice)))}
    if plan.switches.attack_batch_statistics and "batch_statistics" in declared:
        values["batch_statistics"] = True
    if plan.switches.no_clamp and "clamp" in declared:
        values["clamp"] = False
    return build_attack(Choice(key=choice.key, values=values))


def _prepared(attack: Attack, encoder: Encoder | EncoderGroup, running: Execution) -> Encoder:
    """Batch norms stay where an attack wants batch statistics: folding leaves none."""
    return cast("Encoder", running.for_attack(encoder, keep_norms=getattr(attack, "batch_statistics", False)))


def load_perturbation(context: Context, identity: str) -> Tensor:
    """A perturbation of this run, float32 (3, H, W), or a patch (4, H, W)."""
    return load_file(context.folder.attack(identity))["perturbation"]


def surrogate_bank(context: Context, running: Execution, most: int | None = None) -> ImageBank:
    """The attacker's images, as many as the plan gives him, or the first ``most`` of these in the order drawn."""
    plan = context.plan
    images = open_set(plan.surrogate_set, input_size(context), plan.seed)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(plan.seed))
    return ImageBank(images.pictures, running, order[: plan.surrogate_images][:most].sort().values)


def _finding(attack: Attack, identity: str, made: _Made, epsilon_255: float, seed: int) -> AttackFinding:
    name = identity.removeprefix(attack.key).removeprefix("-")
    return AttackFinding(
        key=identity,
        name=f"{attack.name} ({name})" if name else attack.name,
        citation=attack.citation,
        recipe=repr(attack),
        origin=attack.origin,
        seed=seed,
        seconds=made.seconds,
        steps=attack.total_steps,
        linf_255=made.change * 255,
        saturated=saturation(made.pixels, epsilon_255 / 255),
        sha256=digest_of(made.pixels),
        file=f"attacks/{identity}.safetensors",
        preview=f"attacks/{identity}.png",
        source=made.source,
        source_sha256=made.source_sha256,
        remarks=made.remarks,
        norm=attack.norm,
        patch_side=patch_side(made.pixels),
    )
