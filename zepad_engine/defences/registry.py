"""Every defence the product knows. A new one: its class in this folder, and its line here."""

from __future__ import annotations

from typing import Final

from zepad_engine.defences.base import Defence
from zepad_engine.defences.fused import (
    CleanEnsemble,
    EntropyFusion,
    MeanFusion,
    TunedEnsemble,
    Zepad,
    ZepadOneTuned,
    ZepadWithoutBmp,
)
from zepad_engine.defences.single import (
    BenignAlone,
    Countered,
    EntropyMaximisation,
    GenAf,
    LabelSmoothing,
    Mart,
    PgdAt,
    Purified,
    RandomEncoder,
    Trades,
    TunedVictim,
    Undefended,
)
from zepad_engine.errors import BadPlan
from zepad_engine.fields import checked_values
from zepad_engine.plan import Choice

DEFENCES: Final[dict[str, type[Defence]]] = {
    defence.key: defence
    for defence in (
        Undefended,
        RandomEncoder,
        CleanEnsemble,
        TunedEnsemble,
        Zepad,
        ZepadWithoutBmp,
        ZepadOneTuned,
        BenignAlone,
        TunedVictim,
        MeanFusion,
        EntropyFusion,
        PgdAt,
        Trades,
        Mart,
        GenAf,
        LabelSmoothing,
        EntropyMaximisation,
        Purified,
        Countered,
    )
}


def build_defence(choice: Choice) -> Defence:
    """The defence a plan names.

    Raises:
        BadPlan: no such defence, or a field that does not fit.
    """
    kind = DEFENCES.get(choice.key)
    if kind is None:
        raise BadPlan(f"There is no defence called {choice.key}.", f"Known: {', '.join(DEFENCES)}.")
    return kind(**checked_values(kind, choice.values))
