"""The plan in plain words: who attacks with what, and one line per section."""

from __future__ import annotations

from pathlib import Path

from zepad_engine.catalogue import Catalogue
from zepad_engine.messages import Device, Ready
from zepad_engine.plan import IMPORTED, SAMPLE_PREFIX, AuditPlan

_GIB = 2**30


def name_of_source(source: str, catalogue: Catalogue) -> str:
    """A bundled thing by its name, a path by its last part."""
    if source.startswith(SAMPLE_PREFIX):
        key = source.removeprefix(SAMPLE_PREFIX)
        names = {entry.key: entry.name for entry in catalogue.tasks}
        names |= {entry.key: entry.name for entry in catalogue.encoders}
        # "Traffic signs, bundled sample" is told apart from a user's own by its place; here the first part will do.
        return (names.get(key) or names.get(source) or key).partition(",")[0]
    return Path(source).name or source


def threat_in_words(plan: AuditPlan, catalogue: Catalogue) -> str:
    """The attacker, as a paragraph."""
    surrogate = name_of_source(plan.surrogate_set, catalogue)
    return (
        "The attacker downloads the encoder you build on. They know nothing of your task, your data or your "
        f"head. With {plan.surrogate_images:,} unlabelled pictures of another kind ({surrogate}) they craft one "
        f"perturbation, at most {plan.epsilon_255:g}/255 per pixel, that is added to every picture. "
        + (
            "One attack goes further: it is made on an encoder of the defence, as if that had leaked."
            if _leaked(plan, catalogue)
            else "They do not know of the defence."
        )
        + _imported_in_words(plan)
        + _at_systems_in_words(plan)
    )


def _at_systems_in_words(plan: AuditPlan) -> str:
    count, systems = len(plan.adaptive.attacks), _systems_attacked(plan)
    if not count or not systems:
        return ""
    return (
        f" Another attacker has the defended system itself: {_count(count, 'attack')} on {_count(systems, 'system')}."
    )


def _systems_attacked(plan: AuditPlan) -> int:
    return sum(choice.identity in plan.adaptive.defences for choice in plan.defences)


def _imported_in_words(plan: AuditPlan) -> str:
    count = sum(choice.key == IMPORTED for choice in plan.attacks)
    if not count:
        return ""
    return f" {_count(count, 'perturbation')} from a file beside these: made elsewhere, nobody says with what."


def _origins(plan: AuditPlan, catalogue: Catalogue) -> set[str]:
    origins = {entry.key: entry.origin for entry in catalogue.attacks}
    return {str(choice.values.get("origin", origins.get(choice.key, "victim"))) for choice in plan.attacks}


def _leaked(plan: AuditPlan, catalogue: Catalogue) -> bool:
    return not _origins(plan, catalogue) <= {"victim", "auxiliary", "public_pair", "elsewhere"}


def attack_names(plan: AuditPlan, catalogue: Catalogue) -> dict[str, str]:
    """What each attack of the plan is called, by its identity."""
    names = {entry.key: entry.name for entry in catalogue.attacks}
    called = {choice.identity: names.get(choice.key, choice.key) for choice in plan.attacks}
    named = {choice.identity: choice.name for choice in plan.attacks if choice.name}
    return called | {identity: f"{called[identity]} ({name})" for identity, name in named.items()}


def summaries(plan: AuditPlan, catalogue: Catalogue) -> dict[str, str]:
    """One line per section."""
    tasks = [name_of_source(task, catalogue) for task in plan.tasks]
    leaked = _leaked(plan, catalogue)
    at_systems = len(plan.adaptive.attacks) if _systems_attacked(plan) else 0
    beyond = ["in one attack a branch of the defence"] * leaked
    beyond += [f"in {at_systems} the whole system"] * bool(at_systems)
    known = ", ".join(["the encoder", *beyond]) if beyond else "the encoder only"
    return {
        "threat": f"Universal perturbation of at most {plan.epsilon_255:g}/255; the attacker has {known}",
        "data": f"{_count(len(tasks), 'task')}: {', '.join(tasks)}" if tasks else "No task chosen",
        "attacks": ", ".join(attack_names(plan, catalogue).values()) or "No attack chosen",
        "defence": _defence(plan, catalogue),
        "adaptive": _adaptive(plan),
    }


def device_in_words(plan: AuditPlan, ready: Ready) -> str:
    """What computes: the device that "auto" takes, or the one the plan asks for, by its name where it is known."""
    names = {device.key: device.name for device in ready.devices}
    return ready.device if plan.device == "auto" else names.get(plan.device, plan.device)


def device_choices(ready: Ready) -> tuple[tuple[str, str], ...]:
    """What a plan may run on: key, and name with its free memory."""
    named = tuple((device.key, f"{device.name}{_memory(device)}") for device in ready.devices)
    return (("auto", f"Automatic: {ready.device}"), *(named or (("cpu", "CPU"),)))


def _memory(device: Device) -> str:
    if device.free is None:
        return ""
    free = f"{device.free / _GIB:.1f}"
    return f", {free} of {device.total / _GIB:.0f} GiB free" if device.total else f", {free} GiB free"


def running_in_words(plan: AuditPlan, ready: Ready) -> str:
    """How the audit runs, in one line."""
    workers = _count(plan.workers or ready.workers, "worker")
    threads = f" of {plan.threads} threads" if plan.threads > 1 else ""
    return f"{plan.arithmetic.capitalize()} arithmetic; {workers}{threads}; {device_in_words(plan, ready)}"


def _defence(plan: AuditPlan, catalogue: Catalogue) -> str:
    if not plan.defences:
        return "No system chosen"
    auxiliary = name_of_source(plan.auxiliary, catalogue)
    return f"{_count(len(plan.defences), 'system')}; auxiliary {auxiliary}; {plan.tuning.epochs} epochs of tuning"


def _adaptive(plan: AuditPlan) -> str:
    attacked = [choice for choice in plan.defences if choice.identity in plan.adaptive.defences]
    if not plan.adaptive.attacks or not attacked:
        return "None: what an attacker can do who has the system stays unknown"
    tasks = min(plan.adaptive.tasks, len(plan.tasks))
    return (
        f"{_count(len(plan.adaptive.attacks), 'attack')} on {_count(len(attacked), 'system')};"
        f" {plan.adaptive.images} images of {_count(tasks, 'task')}"
    )


def _count(number: int, word: str) -> str:
    return f"1 {word}" if number == 1 else f"{number} {word}s"
