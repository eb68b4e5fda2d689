"""Every attack the product knows. A new one: its file beside this one, and its line here."""

from __future__ import annotations

from typing import Final

from zepad_engine.attacks.adv_encoder import AdvEncoderPer
from zepad_engine.attacks.adv_encoder_direct import AdvEncoderDirect
from zepad_engine.attacks.adv_encoder_on_benign import AdvEncoderPerOnBenign
from zepad_engine.attacks.adv_encoder_patch import AdvEncoderPat
from zepad_engine.attacks.asv import Asv
from zepad_engine.attacks.base import Attack
from zepad_engine.attacks.fff import Fff
from zepad_engine.attacks.gaussian_noise import GaussianNoise
from zepad_engine.attacks.imported import Imported
from zepad_engine.attacks.l4a import L4aBase, L4aFuse, L4aUgs
from zepad_engine.attacks.sign_noise import SignNoise
from zepad_engine.attacks.ssp import Ssp
from zepad_engine.attacks.std import Std
from zepad_engine.attacks.uap import Uap
from zepad_engine.attacks.uapepgd import UapEpgd
from zepad_engine.attacks.x_transfer import XTransfer
from zepad_engine.errors import BadPlan
from zepad_engine.fields import checked_values
from zepad_engine.plan import Choice

ATTACKS: Final[dict[str, type[Attack]]] = {
    attack.key: attack
    for attack in (
        AdvEncoderPer,
        AdvEncoderDirect,
        AdvEncoderPat,
        L4aBase,
        L4aFuse,
        L4aUgs,
        Ssp,
        Std,
        Fff,
        Asv,
        AdvEncoderPerOnBenign,
        Uap,
        UapEpgd,
        XTransfer,
        SignNoise,
        GaussianNoise,
        Imported,
    )
}


def build_attack(choice: Choice) -> Attack:
    """The attack a plan names.

    Raises:
        BadPlan: no such attack, or a field that does not fit.
    """
    kind = ATTACKS.get(choice.key)
    if kind is None:
        raise BadPlan(f"There is no attack called {choice.key}.", f"Known: {', '.join(ATTACKS)}.")
    return kind(**checked_values(kind, choice.values))
