"""Presets: quick shows it works, standard is measured, paper repeats the published settings (GPU). Torch-free."""

from __future__ import annotations

import msgspec

from zepad_engine.catalogue import Catalogue, Entry, FieldValue
from zepad_engine.plan import (
    Adaptive,
    AuditPlan,
    BenignTraining,
    Choice,
    HeadTraining,
    Preset,
    Purifying,
    Recrafting,
    Tuning,
)

PRESETS: tuple[Preset, ...] = ("quick", "standard", "paper")

_TUNING = {
    "quick": Tuning(images=1000, epochs=6),
    "standard": Tuning(),
    "paper": Tuning(
        images=50_000,
        epochs=20,
        batch=256,
        encoder_rate=1e-4,
        schedule="exponential",
        epsilon_255=7.65,
        step_255=0.007 * 255,
        random_start=False,
        regularisation="fixed",
        weight=20.0,
        warm_start=False,
        validation_images=2000,
    ),
}
_BENIGN = {
    "quick": BenignTraining(epochs=12),
    "standard": BenignTraining(),
    "paper": BenignTraining(images=50_000, epochs=100, batch=256),
}
_HEADS = {
    "quick": HeadTraining(train_images=2000, test_images=500),
    "standard": HeadTraining(),
    "paper": HeadTraining(train_images=1_000_000, test_images=1_000_000, standardise=False),
}

_PURIFYING = {
    "quick": Purifying(images=1000, epochs=6),
    "standard": Purifying(),
    "paper": Purifying(images=50_000, epochs=20, batch=256),
}
_WHITE_BOX = ("pgd", "apgd_ce", "apgd_dlr", "square", "transfer")
_AT_ZEPAD = ("universal_fused", "benign_alone", "confidence_aware", "evading", "feature_matching")
_ADAPTIVE = {
    "quick": Adaptive(attacks=(Choice(key="pgd"), Choice(key="evading")), images=64, defences=("undefended", "zepad")),
    "standard": Adaptive(attacks=tuple(Choice(key=key) for key in (*_WHITE_BOX, *_AT_ZEPAD))),
    "paper": Adaptive(attacks=tuple(Choice(key=key) for key in (*_WHITE_BOX, *_AT_ZEPAD)), tasks=100, images=1000),
}

# From a fifth of the usual budget to a quarter of the pixel range, where nothing should be left.
BUDGETS_255 = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_RECRAFTING = {
    "quick": Recrafting(),
    "standard": Recrafting(budgets_255=BUDGETS_255, steps=(0.5, 2.0), starts=5),
    "paper": Recrafting(
        budgets_255=(2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0), steps=(0.5, 2.0), starts=5, tasks=100
    ),
}


def with_preset(plan: AuditPlan, preset: Preset, catalogue: Catalogue) -> AuditPlan:
    """The same plan with a preset's settings; the catalogue knows the values it gives to attacks."""
    known = _by_key(catalogue.attacks)
    adaptive, against_systems = _ADAPTIVE[preset], _by_key(catalogue.adaptive)
    return msgspec.structs.replace(
        plan,
        preset=preset,
        tuning=_TUNING[preset],
        benign=msgspec.structs.replace(_BENIGN[preset], source=plan.benign.source),
        heads=_HEADS[preset],
        purifying=_PURIFYING[preset],
        adaptive=msgspec.structs.replace(
            adaptive,
            attacks=tuple(_attack_with_preset(choice, preset, against_systems) for choice in adaptive.attacks),
        ),
        recrafting=_RECRAFTING[preset],
        attacks=tuple(_attack_with_preset(choice, preset, known) for choice in plan.attacks),
    )


def _by_key(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    return {entry.key: entry for entry in entries}


def _attack_with_preset(choice: Choice, preset: Preset, known: dict[str, Entry]) -> Choice:
    entry = known.get(choice.key)
    values: dict[str, FieldValue] = dict(entry.presets.get(preset, {})) if entry else {}
    files = {field.key for field in entry.fields if field.kind == "file"} if entry else set()
    kept = {key: value for key, value in choice.values.items() if key in files}
    return msgspec.structs.replace(choice, values={**values, **kept})
