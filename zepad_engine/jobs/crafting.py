"""Craft one perturbation against the encoder its attack aims at."""

from __future__ import annotations

import hashlib
import time
from typing import Any, cast

import msgspec
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from zepad_engine.attacks.adv_encoder import AdvEncoderPer
from zepad_engine.attacks.adv_encoder_loss import AdvEncoderLoss
from zepad_engine.attacks.base import Attack
from zepad_engine.attacks.l4a import L4aBase
from zepad_engine.attacks.registry import build_attack
from zepad_engine.attacks.ssp import Ssp
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.execution import Execution
from zepad_engine.findings import AttackFinding
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.opening import how, input_size, load_branch
from zepad_engine.pictures import save_perturbation
from zepad_engine.plan import AuditPlan, Choice
from zepad_engine.storage import write_bytes


def craft(context: Context) -> dict[str, Any]:
    """One attack of the plan, against the encoder it aims at, with the surrogate set."""
    plan, key = context.plan, context.args["attack"]
    seed = context.seed("craft", key)
    running = how(context)
    running.begin(seed)
    attack = plan_attack(plan, key)
    surrogate = _surrogate(context, running)
    started = time.monotonic()
    encoder = _prepared(attack, load_branch(context, attack.origin), running)
    crafted = attack(encoder, surrogate, plan.epsilon_255 / 255, seed=seed, progress=context.progress)
    seconds = time.monotonic() - started
    write_bytes(context.folder.attack(key), save({"perturbation": crafted}))
    picture = context.folder.attack(key).with_suffix(".png")
    save_perturbation(crafted, plan.epsilon_255 / 255, picture)
    context.show(f"attack_{key}", f"{attack.name}, stretched to full range", picture)
    finding = _finding(attack, crafted, plan.epsilon_255, seed, seconds)
    return {"attack": msgspec.to_builtins(finding)}


def plan_attack(plan: AuditPlan, key: str) -> Attack:
    """The attack a plan names, with the official switches that concern it."""
    choice = next(choice for choice in plan.attacks if choice.key == key)
    values = dict(choice.values)
    if isinstance(build_attack(choice), AdvEncoderPer) and plan.switches.attack_batch_statistics:
        values["batch_statistics"] = True
    if isinstance(build_attack(choice), AdvEncoderLoss | L4aBase | Ssp) and plan.switches.no_clamp:
        values["clamp"] = False
    return build_attack(Choice(key=key, values=values))


def _prepared(attack: Attack, encoder: Encoder, running: Execution) -> Encoder:
    """Batch norms stay where an attack wants batch statistics: folding leaves none."""
    wanted = isinstance(attack, AdvEncoderPer) and attack.batch_statistics
    return cast("Encoder", running.for_attack(encoder, keep_norms=wanted))


def load_perturbation(context: Context, key: str) -> Tensor:
    """A crafted perturbation of this run, float32 (3, H, W)."""
    return load_file(context.folder.attack(key))["perturbation"]


def _surrogate(context: Context, running: Execution) -> ImageBank:
    plan = context.plan
    images = open_set(plan.surrogate_set, input_size(context), plan.seed)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(plan.seed))
    return ImageBank(images.pictures, running, order[: plan.surrogate_images].sort().values)


def _finding(attack: Attack, crafted: Tensor, epsilon_255: float, seed: int, seconds: float) -> AttackFinding:
    size = float(crafted.abs().max()) * 255
    full = crafted.abs() > 0.99 * epsilon_255 / 255
    return AttackFinding(
        key=attack.key,
        name=attack.name,
        citation=attack.citation,
        recipe=repr(attack),
        origin=attack.origin,
        seed=seed,
        seconds=seconds,
        steps=attack.total_steps,
        linf_255=size,
        saturated=float(full.float().mean()),
        sha256=hashlib.sha256(crafted.contiguous().numpy().tobytes()).hexdigest(),
        file=f"attacks/{attack.key}.safetensors",
        preview=f"attacks/{attack.key}.png",
    )
