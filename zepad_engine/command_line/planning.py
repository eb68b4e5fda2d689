"""From flags to an AuditPlan; every wrong name or missing file becomes one sentence before torch has done any work."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from zepad_engine.card import Overrides
from zepad_engine.catalogue import Catalogue
from zepad_engine.command_line.saying import overrides_of
from zepad_engine.encoders.beside import weight_file
from zepad_engine.errors import BadInput, BadPlan
from zepad_engine.plan import (
    IMPORTED,
    SAMPLE_PREFIX,
    TORCHVISION_PREFIX,
    Adaptive,
    AuditPlan,
    Choice,
    OfficialSwitches,
    Recrafting,
    imported_choice,
    plan_from_json,
)
from zepad_engine.plan_checks import require_sound
from zepad_engine.presets import BUDGETS_255, with_preset

_SAME_NAME = ("auxiliary", "seed", "device", "arithmetic", "workers", "threads", "batch")


def plan_from_flags(flags: argparse.Namespace, catalogue: Catalogue) -> AuditPlan:
    """The plan the flags ask for: a plan file or the sample audit, then the preset, then each flag that was given.

    Raises:
        BadInput: a file or folder is missing or empty. BadPlan: a name or a value does not fit.
    """
    plan = _with_choices(_read_plan(flags.plan) if flags.plan else AuditPlan(), flags)
    if flags.preset or not flags.plan:
        plan = with_preset(plan, flags.preset or plan.preset, catalogue)
    plan = _with_perturbations(msgspec.structs.replace(plan, **_given(flags, plan)), flags.perturbation or ())
    plan = _located(plan)
    _require_known(plan, catalogue)
    require_sound(plan)
    return plan


def _read_plan(path: Path) -> AuditPlan:
    try:
        return plan_from_json(path.read_bytes())
    except OSError as trouble:
        raise BadInput(f"The plan {path} cannot be read.", "Check the path after --plan.") from trouble


def _with_choices(plan: AuditPlan, flags: argparse.Namespace) -> AuditPlan:
    named = {"attacks": _words(flags.attacks), "defences": _words(flags.defences)}
    chosen = {field: tuple(Choice(key=key) for key in keys) for field, keys in named.items() if keys}
    return msgspec.structs.replace(plan, **chosen)


def _with_perturbations(plan: AuditPlan, files: Iterable[str]) -> AuditPlan:
    attacks = plan.attacks
    for file in files:
        attacks = (*attacks, imported_choice(file, attacks))
    return msgspec.structs.replace(plan, attacks=attacks)


def _given(flags: argparse.Namespace, plan: AuditPlan) -> dict[str, Any]:
    changes: dict[str, Any] = {name: getattr(flags, name) for name in _SAME_NAME}
    changes["encoder"] = flags.encoder
    said = overrides_of(flags)
    changes["encoder_says"] = said if said != Overrides() else None
    changes["epsilon_255"] = flags.eps
    changes["local_set"] = flags.local
    changes["surrogate_set"] = flags.surrogate
    changes["tasks"] = _words(flags.tasks) or None
    changes["adaptive"] = _adaptive(flags, plan)
    changes["recrafting"] = _recrafting(flags, plan)
    if flags.benign:
        changes["benign"] = msgspec.structs.replace(plan.benign, source=flags.benign)
    if flags.mode:
        changes["mode"] = flags.mode
        changes["switches"] = OfficialSwitches.all_on() if flags.mode == "official" else OfficialSwitches()
    return {name: value for name, value in changes.items() if value is not None}


def _adaptive(flags: argparse.Namespace, plan: AuditPlan) -> Adaptive:
    """What is to be done to the defended systems; ``--adaptive none`` does nothing to them."""
    changes: dict[str, Any] = {}
    named = _words(flags.adaptive)
    if named:
        known = {choice.key: choice for choice in plan.adaptive.attacks}
        changes["attacks"] = tuple(known.get(key, Choice(key=key)) for key in named if key != "none")
    if flags.adaptive_images is not None:
        changes["images"] = flags.adaptive_images
    if flags.adaptive_on:
        changes["defences"] = _words(flags.adaptive_on)
    return msgspec.structs.replace(plan.adaptive, **changes)


def _recrafting(flags: argparse.Namespace, plan: AuditPlan) -> Recrafting:
    """At which other budgets the universal attacks are crafted anew; ``--curve 0`` leaves their curves out."""
    if flags.curve is not None and 0 in flags.curve:
        return Recrafting()
    changes: dict[str, Any] = {}
    if flags.curve is not None:
        changes["budgets_255"] = tuple(flags.curve) or BUDGETS_255
    if flags.curve_of:
        changes["attacks"] = _words(flags.curve_of)
    return msgspec.structs.replace(plan.recrafting, **changes)


def _words(given: Iterable[str] | None) -> tuple[str, ...]:
    """``a b`` and ``a,b`` alike."""
    return tuple(word for part in given or () for word in part.split(",") if word)


def _located(plan: AuditPlan) -> AuditPlan:
    """Paths made absolute, so that the run can be resumed from any folder."""
    return msgspec.structs.replace(
        plan,
        encoder=_encoder(plan.encoder),
        auxiliary=_encoder(plan.auxiliary),
        local_set=_image_set(plan.local_set),
        surrogate_set=_image_set(plan.surrogate_set),
        tasks=tuple(map(_image_set, plan.tasks)),
        attacks=tuple(map(_imported, plan.attacks)),
    )


def _imported(choice: Choice) -> Choice:
    """The file of an imported perturbation, if it is there."""
    reference = str(choice.values.get("file", ""))
    if choice.key != IMPORTED or not reference:
        return choice
    path = Path(reference).expanduser().resolve()
    if not path.is_file():
        raise BadInput(f"There is no file {reference}.", "Check the path of the perturbation.")
    return msgspec.structs.replace(choice, values={**choice.values, "file": str(path)})


def _encoder(reference: str) -> str:
    if not reference or reference.startswith(SAMPLE_PREFIX):
        return reference
    return str(encoder_file(reference))


def encoder_file(reference: str) -> Path:
    """The path of an encoder file, or of a folder that holds one.

    Raises:
        BadInput: there is neither.
    """
    path = Path(reference).expanduser().resolve()
    if not path.exists():
        raise BadInput(f"There is no file {reference}.", "Check the path of the encoder.")
    weight_file(path)
    return path


def _image_set(reference: str) -> str:
    if not reference or reference.startswith((SAMPLE_PREFIX, TORCHVISION_PREFIX)):
        return reference
    path = Path(reference).expanduser().resolve()
    if not path.exists():
        raise BadInput(f"There is no folder or zip {reference}.", "Check the path of the image set.")
    if path.is_dir() and not any(path.iterdir()):
        raise BadInput(f"The folder {reference} is empty.", "An image set has one folder of pictures per class.")
    return str(path)


def _require_known(plan: AuditPlan, catalogue: Catalogue) -> None:
    _require("attack", (choice.key for choice in plan.attacks), (entry.key for entry in catalogue.attacks))
    _require(
        "attack on a defended system",
        (choice.key for choice in plan.adaptive.attacks),
        (entry.key for entry in catalogue.adaptive),
    )
    _require("defence", (choice.key for choice in plan.defences), (entry.key for entry in catalogue.defences))
    sets = (plan.local_set, plan.surrogate_set, *plan.tasks)
    _require("bundled image set", _bundled(sets), (_bare(entry.key) for entry in catalogue.tasks))
    encoders = (plan.encoder, plan.auxiliary)
    _require("bundled encoder", _bundled(encoders), (_bare(entry.key) for entry in catalogue.encoders))


def _require(what: str, named: Iterable[str], known: Iterable[str]) -> None:
    listed = tuple(known)
    for name in named:
        if name not in listed:
            raise BadPlan(f"There is no {what} called {name}.", f"Known: {', '.join(listed) or 'none'}.")


def _bundled(references: Iterable[str]) -> tuple[str, ...]:
    return tuple(_bare(reference) for reference in references if reference.startswith(SAMPLE_PREFIX))


def _bare(key: str) -> str:
    return key.removeprefix(SAMPLE_PREFIX)
