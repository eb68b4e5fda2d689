"""The audits a study is made of: every victim, seed and mode is one plan, found again by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from zepad_engine.catalogue import Catalogue
from zepad_engine.errors import BadInput
from zepad_engine.plan import Adaptive, AuditPlan, Choice, Mode, OfficialSwitches, Preset, Recrafting
from zepad_engine.presets import with_preset

# Each victim with an auxiliary of another method and other pictures; the last turns the pair round.
VICTIMS: Final[dict[str, tuple[str, str]]] = {
    "supcon": ("sample:supcon-cifar10-r18w16", "sample:barlow-tinyimagenet-r18w16"),
    "simclr": ("sample:simclr-cifar10-r18w16", "sample:barlow-tinyimagenet-r18w16"),
    "barlow": ("sample:barlow-tinyimagenet-r18w16", "sample:supcon-cifar10-r18w16"),
}
ATTACKS: Final = ("advencoder_per", "l4a_base", "uap", "uapepgd", "ssp", "x_transfer", "sign_noise")
RIVALS: Final = ("pgd_at", "trades", "mart", "gen_af")
ABLATION: Final = ("undefended", "clean_ensemble", "zepad_one_tuned", "zepad_no_bmp", "zepad")
DEFENCES: Final = (*ABLATION, "random_encoder", "zepad_no_mpae", "mean_fusion", "tuned_ensemble", *RIVALS)
# The paper's sets that are at hand, and two of photographs; the first is also what the defender tunes on.
TASKS: Final = ("cifar10", "gtsrb", "clothing", "sign-language-digits")
SURROGATE: Final = "tiny-imagenet-32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What of a study is wanted.

    Attributes:
        data: folder of the image sets, zips or folders by the names above; None = the bundled samples.
        preset: sizes and steps of every audit.
        attacks, defences: keys; fewer of them are sooner done.
        adaptive: attacks on the defended systems, as the preset has them; off leaves them out.
        workers: worker processes of an audit; 0 = chosen from the cores.
        weights: further weights of the tuning's regulariser (lambda, as a share of CE unless the preset fixes it), an
            audit each beside the preset's own.
    """

    victims: tuple[str, ...] = tuple(VICTIMS)
    seeds: tuple[int, ...] = (0, 1, 2)
    modes: tuple[Mode, ...] = ("corrected", "official")
    data: Path | None = None
    preset: Preset = "standard"
    attacks: tuple[str, ...] = ATTACKS
    defences: tuple[str, ...] = DEFENCES
    adaptive: bool = True
    device: str = "auto"
    workers: int = 0
    weights: tuple[float, ...] = ()


def paper_plans(wish: Wish, catalogue: Catalogue) -> Iterator[tuple[str, AuditPlan]]:
    """Name and plan of every audit: the paper's main table and ablation in our setting.

    Raises:
        BadInput: an image set is missing.
    """
    local, surrogate, tasks = _sets(wish.data)
    for mode in wish.modes:
        for seed in wish.seeds:
            for victim in wish.victims:
                encoder, auxiliary = VICTIMS[victim]
                plan = AuditPlan(
                    encoder=encoder,
                    auxiliary=auxiliary,
                    local_set=local,
                    surrogate_set=surrogate,
                    tasks=tasks,
                    attacks=_choices(wish.attacks),
                    defences=_choices(wish.defences),
                    seed=seed,
                    mode=mode,
                    switches=OfficialSwitches.all_on() if mode == "official" else OfficialSwitches(),
                    device=wish.device,
                    workers=wish.workers,
                )
                # Its tables hold one budget.
                plan = msgspec.structs.replace(with_preset(plan, wish.preset, catalogue), recrafting=Recrafting())
                plan = plan if wish.adaptive else _left_alone(plan)
                yield f"{victim}-{mode}-{seed}", plan
                for weight in wish.weights:
                    yield f"{victim}-{mode}-{seed}-lambda{weight:g}", _weighted(plan, weight)


def _left_alone(plan: AuditPlan) -> AuditPlan:
    return msgspec.structs.replace(plan, adaptive=Adaptive())


def _weighted(plan: AuditPlan, weight: float) -> AuditPlan:
    return msgspec.structs.replace(plan, tuning=msgspec.structs.replace(plan.tuning, weight=weight))


def _choices(keys: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(Choice(key=key) for key in keys)


def _sets(data: Path | None) -> tuple[str, str, tuple[str, ...]]:
    """The defender's local set, the attacker's, and the tasks."""
    if data is None:
        plan = AuditPlan()
        return plan.local_set, plan.surrogate_set, plan.tasks
    tasks = tuple(str(_found(data, name)) for name in TASKS)
    return tasks[0], str(_found(data, SURROGATE)), tasks


def _found(data: Path, name: str) -> Path:
    for path in (data / f"{name}.zip", data / name):
        if path.exists():
            return path.resolve()
    raise BadInput(f"There is no image set {name} in {data}.", "Give the folder that holds the study's image sets.")
