"""A family of architectures: says whether weights are its own and builds the encoder from their shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from zepad_engine.card import EncoderCard, Overrides, Triple
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.weights import Container, Match, Selection

_PARENTS: Final = {
    *("args", "cfg", "config", "hparams", "hyper_parameters", "default_cfg", "pretrained_cfg", "preprocess_cfg"),
    *("backbone", "backbone_kwargs", "encoder", "model", "model_cfg", "visual", "vision_cfg", "vision_config"),
    *("data", "data_config", "dataset", "size", "crop_size"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known of a checkpoint beside its tensors.

    Attributes:
        name: name of the file without its ending.
        sha256: digest of its bytes.
        lightning: whether PyTorch Lightning wrote it.
        settings: plain training settings found in the file, or in args.json or config.json beside it; lists as JSON.
        card: our own card beside it, if there is one.
        overrides: what the user says.
        normaliser: mean and deviation per channel that lie in the file as tensors.
    """

    name: str
    sha256: str = ""
    lightning: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    card: EncoderCard | None = None
    overrides: Overrides = field(default_factory=Overrides)
    normaliser: tuple[Triple, Triple] | None = None

    def setting(self, *names: str) -> str | None:
        """The first of these settings that is there; ``data.dataset`` also answers to ``dataset``.

        Of settings inside others only those count whose parents speak of the encoder or its images as a whole.
        """
        for name in names:
            for key, value in self.settings.items():
                *parents, last = key.split(".")
                if last == name.rpartition(".")[2] and key.endswith(name) and _PARENTS.issuperset(parents):
                    return value
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A net in a checkpoint that a family takes for its own: where it lies, and how well it fits."""

    selection: Selection
    match: Match
    looks_like: str


class Family(Protocol):
    """One family, for example all ResNets."""

    name: str

    def empty(self, card: EncoderCard) -> Encoder:
        """The net a card of this family describes, its weights still unset, in evaluation mode."""

    def candidates(self, container: Container) -> Iterable[Candidate]:
        """Every net of this family in a container, those that fit in part too."""

    def build(self, candidate: Candidate, ignored: tuple[str, ...], hints: Hints) -> Encoder:
        """The encoder of a candidate that fits wholly, on the CPU, in evaluation mode.

        Args:
            ignored: what lies in the file beside it, for the card.

        Raises:
            BadCheckpoint: what the user says of it cannot be.
        """
