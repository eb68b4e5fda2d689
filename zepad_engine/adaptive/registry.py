"""Every attack on a defended system that the product knows. A new one: its file beside this one, and its line here."""

from __future__ import annotations

from typing import Final

from zepad_engine.adaptive.apgd import ApgdCe, ApgdDlr
from zepad_engine.adaptive.around_fusion import AroundFusion
from zepad_engine.adaptive.base import SystemAttack
from zepad_engine.adaptive.branch_alone import BenignAloneAttack
from zepad_engine.adaptive.confidence_aware import ConfidenceAware
from zepad_engine.adaptive.evading import EvadingAttack
from zepad_engine.adaptive.feature_matching import FeatureMatching
from zepad_engine.adaptive.pgd import PgdAttack
from zepad_engine.adaptive.square import SquareAttack
from zepad_engine.adaptive.transfer import TransferAttack
from zepad_engine.adaptive.universal import UniversalFused
from zepad_engine.errors import BadPlan
from zepad_engine.fields import checked_values
from zepad_engine.plan import Choice

SYSTEM_ATTACKS: Final[dict[str, type[SystemAttack]]] = {
    attack.key: attack
    for attack in (
        PgdAttack,
        ApgdCe,
        ApgdDlr,
        AroundFusion,
        SquareAttack,
        TransferAttack,
        UniversalFused,
        BenignAloneAttack,
        ConfidenceAware,
        EvadingAttack,
        FeatureMatching,
    )
}


def build_system_attack(choice: Choice) -> SystemAttack:
    """The attack a plan names.

    Raises:
        BadPlan: no such attack, or a field that does not fit.
    """
    kind = SYSTEM_ATTACKS.get(choice.key)
    if kind is None:
        raise BadPlan(
            f"There is no attack on a defended system called {choice.key}.", f"Known: {', '.join(SYSTEM_ATTACKS)}."
        )
    return kind(**checked_values(kind, choice.values))
