"""The trainings of an audit as live curves show them: ZePAD's branches together, each rival by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from zepad_app.tokens import Meaning


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """One training whose points are named ``key/...``; rivals have no colour of their own, for they stand alone."""

    key: str
    name: str
    meaning: Meaning = "fused"


_KNOWN: Final = (
    Training(key="tuned_victim", name="Victim", meaning="victim"),
    Training(key="tuned_auxiliary", name="Auxiliary", meaning="auxiliary"),
    Training(key="benign", name="Benign", meaning="benign"),
    Training(key="tuned_benign", name="Benign, tuned"),
    Training(key="pgd_at_victim", name="PGD-AT"),
    Training(key="trades_victim", name="TRADES"),
    Training(key="mart_victim", name="MART"),
    Training(key="gen_af_victim", name="Gen-AF"),
    Training(key="purifier", name="Purifier"),
)
ZEPAD: Final = _KNOWN[:3]
# Measured by a training; whatever else is measured under a name with a slash is crafting.
QUANTITIES: Final = frozenset(
    {
        "total",
        "cross_entropy",
        "regularisation",
        "clean_accuracy",
        "pgd_accuracy",
        "gradient_norm",
        "feature_loss",
        "pixel_loss",
        "feature_distance",
    }
)


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Trainings that are watched together."""

    key: str
    name: str
    trainings: tuple[Training, ...]


ZEPAD_GROUP: Final = Group(key="zepad", name="ZePAD's three branches", trainings=ZEPAD)


def training_of(series: str) -> str:
    """The training a series belongs to, or "" where it is none's."""
    training, _, quantity = series.partition("/")
    return training if quantity in QUANTITIES and not training.startswith("craft_") else ""


def groups_of(series: Iterable[str]) -> tuple[Group, ...]:
    """What can be watched, given the series measured so far: ZePAD first, then the others as they are known."""
    seen = dict.fromkeys(filter(None, map(training_of, series)))
    own = {training.key for training in ZEPAD}
    known = {training.key: training for training in _KNOWN}
    order = [*(key for key in known if key in seen), *(key for key in seen if key not in known)]
    others = [known.get(key) or Training(key=key, name=key.replace("_", " ").capitalize()) for key in order]
    alone = [Group(key=each.key, name=each.name, trainings=(each,)) for each in others if each.key not in own]
    return (ZEPAD_GROUP, *alone)
