"""AdvEncoder-PER against the defender's own benign branch: what ZePAD loses if that encoder leaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zepad_engine.attacks.adv_encoder import AdvEncoderPer
from zepad_engine.attacks.base import OneEncoder


@dataclass(frozen=True, kw_only=True)
class AdvEncoderPerOnBenign(AdvEncoderPer):
    """The same loss and generator; the attacker has got the benign encoder (in the paper's release it is public)."""

    key: ClassVar[str] = "advencoder_per_on_benign"
    name: ClassVar[str] = "AdvEncoder-PER on the benign branch"
    summary: ClassVar[str] = "Aims at the one branch that was never hardened. Needs the defender's own encoder."

    origin: OneEncoder = "benign"
