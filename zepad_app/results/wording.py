"""How findings are put in words: rates with their interval, names of systems, sentences about the detector. No Qt."""

from __future__ import annotations

import re
from typing import Final

from zepad_app.tokens import Meaning
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport, Detection

NOT_MEASURED = "–"

_DEFENCES = {
    "undefended": "Undefended",
    "random_encoder": "Random weights",
    "clean_ensemble": "Three clean encoders",
    "zepad": "ZePAD",
    "zepad_no_bmp": "ZePAD without BMP",
    "mean_fusion": "ZePAD, plain mean",
    "entropy_fusion": "ZePAD, entropy weights",
    "zepad_one_tuned": "ZePAD with one tuned encoder",
    "zepad_no_mpae": "ZePAD without MPAE",
    "tuned_ensemble": "Three tuned encoders",
    "tuned_victim": "Tuned victim alone",
    "pgd_at": "PGD-AT",
    "trades": "TRADES",
    "mart": "MART",
    "gen_af": "Gen-AF",
    "label_smoothing": "Label smoothing",
    "entropy_maximisation": "Entropy maximisation",
    "purifier": "Purifier (NRP)",
    "counterattack": "Test-time counterattack (DOC)",
}
_DEFENCE_HINTS = {
    "undefended": "The audited encoder alone, with a head per task.",
    "random_encoder": "The same network with random weights: what an encoder that learned nothing would score.",
    "clean_ensemble": "The three untuned encoders fused: what fusing alone gives, without any tuning.",
    "zepad": "Two adversarially tuned encoders and a benign one, fused by confidence.",
    "zepad_no_bmp": "The two tuned encoders alone, without the benign branch.",
    "mean_fusion": "The branches of ZePAD with equal weights.",
    "entropy_fusion": "The branches of ZePAD, trusted by how sure each is as its entropy tells.",
    "zepad_one_tuned": "The tuned victim and the benign branch, without the tuned auxiliary.",
    "zepad_no_mpae": "The benign branch alone.",
    "tuned_ensemble": "All three encoders tuned and fused: the cost of ZePAD without a benign branch.",
    "tuned_victim": "The tuned victim alone: ZePAD's tuning without fusion.",
    "pgd_at": "The victim after plain adversarial tuning.",
    "trades": "The victim after TRADES.",
    "mart": "The victim after MART.",
    "gen_af": "The victim after both stages of Gen-AF.",
    "label_smoothing": "The untuned victim; its head learned from smoothed labels.",
    "entropy_maximisation": "The untuned victim; its head was rewarded for answers of high entropy.",
    "purifier": "A network in front of the untuned victim takes out what distorts features.",
    "counterattack": "Each image is pushed on before the untuned victim sees it.",
}
_BRANCHES = {
    "undefended": "Undefended",
    "tuned_victim": "Tuned victim",
    "tuned_auxiliary": "Tuned auxiliary",
    "benign": "Benign branch",
    "fused": "Fused answer",
}
_MEANINGS: Final[dict[str, Meaning]] = {
    "tuned_victim": "victim",
    "tuned_auxiliary": "auxiliary",
    "benign": "benign",
    "undefended": "undefended",
}
_ROLES = {"tuned_victim": "MPAE 1", "tuned_auxiliary": "MPAE 2", "benign": "BMP", "undefended": "no defence"}


_CONDITIONS = {
    "clean": "Clean test images",
    "jpeg": "JPEG, quality 75",
    "blur": "Blur of 1 pixel",
    "noise": "Noise of 4/255, not aimed",
}


def percent(value: float) -> str:
    """A share with one decimal: 0.732 becomes ``73.2 %``."""
    return f"{100 * value:.1f} %"


def unbroken(told: str) -> str:
    """The same words; no line may end inside an interval, a number of images, or before a %."""
    held = re.sub(r"\[[^\]]*\]", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), told)
    held = held.replace("n = ", "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    return held.replace(" %", "\N{NO-BREAK SPACE}%")


def rate_parts(rate: Rate | None) -> tuple[str, str]:
    """The rate and its interval as two texts, so that the interval can be drawn smaller."""
    if rate is None:
        return NOT_MEASURED, ""
    return percent(rate.value), f"±{50 * (rate.high - rate.low):.1f}"


def rate_text(rate: Rate | None) -> str:
    """``73.2 % ±1.9``; the interval is half the width of the 95 % interval, in points."""
    return " ".join(part for part in rate_parts(rate) if part)


def rate_hint(rate: Rate | None) -> str:
    """Sample size and exact interval, for hovering."""
    if rate is None:
        return "Not measured here."
    return f"{percent(rate.value)} of {rate.n:,} images; 95 % interval {100 * rate.low:.1f} to {percent(rate.high)}"


def auroc_text(rate: Rate) -> str:
    """``AUROC 0.51 [0.48, 0.54]``."""
    return f"AUROC {rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]"


def plain(key: str) -> str:
    """A key as words: ``sample:traffic_signs`` becomes ``Traffic signs``."""
    words = key.rsplit("/", 1)[-1].split(":", 1)[-1].replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def defence_name(key: str, report: AuditReport | None = None) -> str:
    """What the window calls a defence: as the report does, with the name a plan gave it beside its key."""
    told = next((found.name for found in report.defences if found.key == key), "") if report else ""
    base, _, named = key.partition("-")
    name = told or _DEFENCES.get(key) or _DEFENCES.get(base)
    if name is None:
        return plain(key)
    return f"{name} ({named})" if named and named not in name else name


def defence_hint(key: str) -> str:
    """One line on what a defence is, or nothing for an unknown one."""
    return _DEFENCE_HINTS.get(key.partition("-")[0], "")


def branch_name(key: str) -> str:
    """What the window calls a branch."""
    return _BRANCHES.get(key, plain(key))


def branch_role(key: str) -> str:
    """The paper's name of a branch."""
    return _ROLES.get(key, "")


def branch_meaning(key: str) -> Meaning:
    """The colour a branch has everywhere."""
    return _MEANINGS.get(key, "fused")


def attack_name(report: AuditReport, key: str) -> str:
    """What the window calls an attack; ``none`` is the clean image."""
    if key == "none":
        return "Clean images"
    names = {found.attack: found.name for found in report.adaptive} | {
        found.key: found.name for found in report.attacks
    }
    return names.get(key, plain(key))


def task_name(report: AuditReport, task: str) -> str:
    """The short name of a task's image set ("Traffic signs, bundled sample" up to the comma), or its key in words."""
    name = next((data.name for data in report.data if data.key == task and data.name), plain(task))
    return name.partition(",")[0]


def condition_name(report: AuditReport, key: str) -> str:
    """What was done to images that are no attack, or the set they come from."""
    return _CONDITIONS.get(key) or f"Images of {task_name(report, key)}"


def detector_sentence(found: Detection, task: str) -> str:
    """Whether the detector works on a task, decided by the interval of its AUROC and nothing else."""
    figure = auroc_text(found.auroc)
    if found.auroc.low <= 0.5 <= found.auroc.high:
        return f"On {task} the detector is no better than chance ({figure})."
    if found.auroc.high < 0.5:
        return f"On {task} the detector is worse than chance ({figure}): it trusts perturbed images more."
    caught, alarms = 100 * found.tpr.value, 100 * found.achieved_fpr.value
    return (
        f"On {task} the detector beats chance ({figure}): it catches {caught:.0f} of 100 perturbed images "
        f"and falsely flags {alarms:.0f} of 100 clean ones."
    )
