"""The words of a report on attacks that had the defended systems in hand, and on trust in their figures. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping

from zepad_engine.evidence import AdaptiveFinding, Light, Rate, WorstCase

# Less lost than this, in shares, is no contrast worth a "but".
_SAME = 0.05


def withheld(lights: tuple[Light, ...], names: Mapping[str, str]) -> str:
    """Why there is no verdict, or nothing where no light is red; ``names`` are the defences' by identity."""
    red = [light for light in lights if light.colour == "red"]
    if not red:
        return ""
    failed = dict.fromkeys(f"{names.get(light.defence, light.defence)}: {_lower(light.name)}" for light in red)
    return (
        f"No verdict: {len(red)} {'check' if len(red) == 1 else 'checks'} on the attacks failed"
        f" ({'; '.join(failed)}), so their figures cannot be trusted. {red[0].statement}"
    )


def attacked_words(worst: tuple[WorstCase, ...], kept: Rate) -> str:
    """How the verdict's sentence goes on: the task on which ZePAD keeps least once it is attacked itself, if it was."""
    cases = [case for case in worst if (case.scope, case.defence) == ("all", "zepad")]
    if not cases:
        return ""
    least = min(cases, key=lambda case: case.accuracy.value).accuracy
    joint = "but" if least.value < kept.value - _SAME else "and"
    return f", {joint} {percent(least)} once it is attacked itself (n = {least.n:,})"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def adaptive_details(
    adaptive: tuple[AdaptiveFinding, ...], worst: tuple[WorstCase, ...], names: Mapping[str, str]
) -> list[str]:
    """What is left of each defence once it is attacked itself: its worst attack, and the worst per image."""
    said = []
    for task in dict.fromkeys(found.task for found in adaptive):
        mine = [found for found in adaptive if found.task == task]
        parts = [_hardest(mine, worst, defence, names) for defence in dict.fromkeys(found.defence for found in mine)]
        where = f"on {mine[0].n} test images of {task}"
        said.append(f"Attacked with the whole system in hand, {where}: {'; '.join(parts)}.")
    return [*said, *detector_words(adaptive, names)]


def detector_words(adaptive: tuple[AdaptiveFinding, ...], names: Mapping[str, str]) -> list[str]:
    """Where ZePAD's detector tells attacked images least: under the attack on the system with the lowest AUROC."""
    known = [(found.auroc, found) for found in adaptive if found.defence == "zepad" and found.auroc is not None]
    if not known:
        return []
    area, worst = min(known, key=lambda pair: pair[0].value)
    caught = f", and finds {percent(worst.caught_at_5)} of {worst.caught_at_5.n}" if worst.caught_at_5 else ""
    return [
        f"The detector of {names.get('zepad', 'ZePAD')} tells attacked images least under {worst.name} on {worst.task}:"
        f" AUROC {area.value:.2f} [{area.low:.2f}, {area.high:.2f}], n = {area.n:,}{caught}"
        " at the threshold set for 5 % false alarms."
    ]


def _hardest(mine: list[AdaptiveFinding], worst: tuple[WorstCase, ...], defence: str, names: Mapping[str, str]) -> str:
    hardest = min((found for found in mine if found.defence == defence), key=lambda found: found.accuracy.value)
    whole = next(
        (case for case in worst if (case.scope, case.defence, case.task) == ("all", defence, hardest.task)), None
    )
    kept = f"{names.get(defence, defence)} keeps {percent(hardest.accuracy)} under {hardest.name}"
    return f"{kept} and {percent(whole.accuracy)} if each image meets its worst attack" if whole else kept


def adaptive_threats(adaptive: tuple[AdaptiveFinding, ...]) -> list[str]:
    """Who attacks the defended systems, and what that attacker has."""
    if not adaptive:
        return []
    tasks = ", ".join(dict.fromkeys(found.task for found in adaptive))
    known = dict.fromkeys(found.knowledge for found in adaptive)
    words = {
        "white-box": "every branch, head, fusion and threshold, with gradients",
        "black-box": "the fused logits of any image, no gradients",
        "transfer": "the undefended model of the task, no access to the defended one",
    }
    has = "; ".join(f"{kind}: {words[kind]}" for kind in words if kind in known)
    return [
        f"Beyond the paper, on {tasks}: attacks on the defended systems themselves, each image moved by itself or one"
        f" perturbation for all, same budget. The attacker has {has}."
        " Where an attack must also stay unseen, only a wrong answer that is not flagged counts."
    ]


def adaptive_gaps(adaptive: tuple[AdaptiveFinding, ...]) -> list[str]:
    """What the attacks on the defended systems leave open."""
    if not adaptive:
        return ["Attacks that know the defended system: none was run. Such an attack may take the gain back."]
    least = min(found.n for found in adaptive)
    left = [
        f"Attacks on the defended systems were run on {least} test images per task at one budget; stronger ones"
        " (more steps, more restarts, other objectives) may do more."
    ]
    if not any(found.evades for found in adaptive):
        left.append("The detector under an attack that aims at it.")
    return left


def percent(rate: Rate) -> str:
    """A rate with its interval; the sentence it stands in names n."""
    return f"{rate.value * 100:.1f} % [{rate.low * 100:.1f}, {rate.high * 100:.1f}]"
