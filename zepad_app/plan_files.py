"""Plans as files: read with suspicion, written whole, and named after what they audit."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from zepad_engine.catalogue import Catalogue
from zepad_engine.errors import BadInput, BadPlan
from zepad_engine.plan import PLAN_VERSION, AuditPlan, plan_from_json, plan_to_json
from zepad_engine.shown_names import shown_name
from zepad_engine.storage import write_bytes

ENDING: Final = ".json"
# A plan has a few kilobytes; a larger file is none, and is not read to find out.
_LARGEST: Final = 1_000_000


def read_plan(path: Path, catalogue: Catalogue) -> AuditPlan:
    """The plan in a file.

    Raises:
        BadInput: the file cannot be read, or is too large to be a plan.
        BadPlan: it is no plan, is of another version, names no encoder, or names what this version does not have.
    """
    name = shown_name(path.name)
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except OSError as trouble:
        raise BadInput(f"{name} cannot be read.", "Choose another file.", code="plan.unreadable") from trouble
    if len(text) > _LARGEST:
        raise BadPlan(f"{name} is too large to be a plan.", "Choose a plan saved by ZePAD.", code="plan.file")
    try:
        plan = plan_from_json(text)
    except (BadPlan, RecursionError) as trouble:
        if isinstance(trouble, BadPlan) and trouble.code == "plan.encoder":
            raise BadPlan(f"{name} names no encoder.", trouble.advice, code=trouble.code) from trouble
        sentence = f"{name} is no audit plan of version {PLAN_VERSION}."
        raise BadPlan(sentence, "Choose a plan saved by this version.", code="plan.file") from trouble
    _require_known(plan, name, catalogue)
    return plan


def write_plan(plan: AuditPlan, path: Path) -> Path:
    """Write a plan; gives back the path with its ending.

    Raises:
        AuditError: the file cannot be written.
    """
    target = path if path.suffix else path.with_suffix(ENDING)
    write_bytes(target, plan_to_json(plan))
    return target


def suggested_name(plan: AuditPlan) -> str:
    """What to call the file of a plan."""
    return f"{Path(plan.encoder.removeprefix('sample:')).stem or 'audit'}-{plan.preset}-plan{ENDING}"


def _require_known(plan: AuditPlan, name: str, catalogue: Catalogue) -> None:
    """Refuse what a form could not show: an unknown attack or defence, or a field it does not have."""
    for choices, entries in (
        (plan.attacks, catalogue.attacks),
        (plan.defences, catalogue.defences),
        (plan.adaptive.attacks, catalogue.adaptive),
    ):
        known = {entry.key: {field.key for field in entry.fields} for entry in entries}
        for choice in choices:
            strange = [] if choice.key in known else [choice.key]
            strange += sorted(choice.values.keys() - known.get(choice.key, set()))
            if strange:
                raise BadPlan(
                    f"{name} asks for {shown_name(strange[0])}, which this version does not have.",
                    "Choose another plan, or the version of ZePAD that saved it.",
                    code="plan.unknown",
                )
