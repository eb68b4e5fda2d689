"""Craft a perturbation of the plan once more, with one setting changed: never the same pattern scaled."""

from __future__ import annotations

from typing import Any

import msgspec
from safetensors.torch import load_file, save
from torch import Tensor

from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import crafted_by, load_perturbation, plan_choice, surrogate_bank, switched_attack
from zepad_engine.jobs.opening import how
from zepad_engine.recrafts import Recraft, with_recraft
from zepad_engine.storage import write_bytes


def recraft(context: Context) -> dict[str, Any]:
    """One recraft; its seed is that of the plan's own crafting, so that only the setting differs, or the start's."""
    plan, wish = context.plan, msgspec.json.decode(context.args["recraft"], type=Recraft)
    attack = switched_attack(plan, with_recraft(plan_choice(plan, wish.attack), wish))
    starts = wish.quantity == "restarts"
    seed = context.seed("craft", wish.attack, *([f"start {wish.setting:g}"] if starts else []))
    epsilon = wish.setting if wish.quantity == "epsilon_255" else plan.epsilon_255
    crafted = crafted_by(context, attack, surrogate_bank(context, how(context)), epsilon / 255, seed)
    write_bytes(context.folder.recrafted(wish.name), save({"perturbation": crafted}))
    return {"recraft": {"name": wish.name, "linf_255": 255 * float(crafted.abs().max())}}


def load_recraft(context: Context, recraft: Recraft) -> Tensor:
    """A perturbation (3, H, W) crafted anew in this run; where it is the plan's own setting, the plan's own."""
    file = context.folder.recrafted(recraft.name)
    return load_file(file)["perturbation"] if file.exists() else load_perturbation(context, recraft.attack)
