"""What the plain audit does: the quick preset on the bundled sample, and a shrunken copy that only shows it runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from zepad_engine.catalogue import Catalogue
from zepad_engine.plan import AuditPlan
from zepad_engine.presets import with_preset

BRANCHES = ("victim", "random", "auxiliary", "benign", "tuned_victim", "tuned_auxiliary")


@dataclass(frozen=True, kw_only=True)
class CraftSettings:
    """The quick preset of the four attacks, in figures: the engine's attack classes are not part of this audit."""

    attacks: tuple[str, ...] = ("advencoder_per", "l4a_base", "advencoder_per_on_benign", "sign_noise")
    adv_steps: int = 90
    adv_batch: int = 64
    adv_rate: float = 1e-3
    adv_latents: int = 64
    adv_divisor: int = 8
    l4a_steps: int = 300
    l4a_batch: int = 16
    l4a_step_size: float = 2e-4
    l4a_stage: int = 0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A plan, how to craft, and which branches get heads."""

    plan: AuditPlan
    craft: CraftSettings
    branches: tuple[str, ...]

    def seed(self, *what: str) -> int:
        """The engine's own seeds, so that both audits draw the same images."""
        text = "/".join((str(self.plan.seed), *what))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def quick(branches: int) -> Settings:
    """The quick preset, heads for the first ``branches`` branches."""
    plan = with_preset(AuditPlan(), "quick", Catalogue())
    return Settings(plan=plan, craft=CraftSettings(), branches=BRANCHES[:branches])


def tiny(branches: int) -> Settings:
    """Every step once, on 64 images: its findings mean nothing."""
    whole = quick(branches)
    replace = msgspec.structs.replace
    plan = replace(
        whole.plan,
        tuning=replace(whole.plan.tuning, images=64, epochs=1, validation_images=32),
        benign=replace(whole.plan.benign, images=64, epochs=1),
        heads=replace(whole.plan.heads, epochs=1, train_images=64, test_images=64),
        surrogate_images=64,
    )
    craft = CraftSettings(adv_steps=2, adv_batch=32, l4a_steps=2)
    return Settings(plan=plan, craft=craft, branches=whole.branches)
