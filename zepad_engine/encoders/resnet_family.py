"""Recognises ResNets under any prefix and reads depth, width, block and stem off the shapes of the tensors."""

from __future__ import annotations

import itertools
import re

import msgspec
from torch import Tensor

from zepad_engine.card import CIFAR_STEM, EncoderCard, Stem
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.family import Candidate, Hints
from zepad_engine.encoders.origin import origin_of, told_card
from zepad_engine.encoders.resnet import empty_resnet, resnet_card
from zepad_engine.encoders.weights import Selection, Weights, compare, completed, containers, selections
from zepad_engine.errors import BadCheckpoint

_ANCHORS = ("conv1.weight", "layer1.0.conv1.weight")
_OWN = re.compile(r"^(conv1|bn1|layer\d+)\.")
_NO_NORM = (0.0, 0.0, 0.0)
_UNIT = (1.0, 1.0, 1.0)
_MOST_BLOCKS = 200


class ResNetFamily:
    """ResNets of three or four stages with torchvision's names, or with ``shortcut`` for ``downsample``."""

    name = "resnet"

    def empty(self, card: EncoderCard) -> Encoder:
        """The net of the card, its weights still unset."""
        return empty_resnet(card)

    def recognises(self, weights: Weights) -> Candidate | None:
        """The ResNet with the most exact matches; a momentum copy only where there is nothing else."""
        found = [self._candidate(selection) for selection in selections(weights, _ANCHORS)]
        known = [candidate for candidate in found if candidate is not None]
        return min(known, key=lambda each: (-each.match.found, each.selection.rank()), default=None)

    def build(self, candidate: Candidate, weights: Weights, hints: Hints) -> Encoder:
        """The encoder, with what had to be assumed on its card.

        Raises:
            BadCheckpoint: the file has more in its stages than a plain ResNet, or the normalisation cannot be.
        """
        selection = candidate.selection
        tensors = _renamed(selection.tensors)
        solo_learn = hints.lightning and selection.prefix == "backbone."
        origin = origin_of(tensors["conv1.weight"].shape[-1], hints, solo_learn=solo_learn)
        card = _card_of(tensors, origin.stem)
        if card is None:
            raise BadCheckpoint(f"{hints.name} is no ResNet of three or four stages.")
        encoder = empty_resnet(told_card(card, origin, hints, selection, _ignored(selection, weights)))
        expected = encoder.backbone.state_dict()
        _require_nothing_more(tensors, expected, hints.name)
        encoder.backbone.load_state_dict(completed(tensors, expected))
        return encoder

    def _candidate(self, selection: Selection) -> Candidate | None:
        tensors = _renamed(selection.tensors)
        card = _card_of(tensors, None)
        if card is None:
            return None
        match = compare(tensors, empty_resnet(card).backbone.state_dict())
        kind = "bottleneck" if card.bottleneck else "basic"
        looks = f"ResNet with {kind} blocks {'-'.join(map(str, card.blocks))}, width {card.width}"
        return Candidate(selection=selection, match=match, looks_like=looks)


def _renamed(tensors: Weights) -> dict[str, Tensor]:
    return {name.replace(".shortcut.", ".downsample."): tensor for name, tensor in tensors.items()}


def _card_of(tensors: Weights, stem: Stem | None) -> EncoderCard | None:
    """The architecture the shapes speak of, or None where they are not those of a ResNet."""
    first = tensors["conv1.weight"]
    counts = [_blocks(tensors, stage) for stage in range(1, 6)]
    blocks = tuple(itertools.takewhile(bool, counts))
    if first.ndim != 4 or first.shape[1] != 3 or len(blocks) not in {3, 4} or max(blocks) > _MOST_BLOCKS:
        return None
    if first.shape[0] > 1024 or first.shape[-1] > 15 or counts[4]:
        return None
    bottleneck = "layer1.0.conv3.weight" in tensors
    kernel = int(first.shape[-1])
    blank = msgspec.structs.replace(CIFAR_STEM, kernel=kernel, padding=kernel // 2)
    return resnet_card(
        "",
        blocks=blocks,
        bottleneck=bottleneck,
        shortcut="conv" if bottleneck or "layer2.0.downsample.0.weight" in tensors else "pad",
        width=int(first.shape[0]),
        stem=stem or blank,
        mean=_NO_NORM,
        std=_UNIT,
        input_size=0,
    )


def _blocks(tensors: Weights, stage: int) -> int:
    count = 0
    while f"layer{stage}.{count}.conv1.weight" in tensors:
        count += 1
    return count


def _ignored(selection: Selection, weights: Weights) -> tuple[str, ...]:
    """Names in the chosen container that are no part of the encoder."""
    inside = containers(weights)[selection.container]
    own = {name for name in inside if name.startswith(selection.prefix) and _OWN.match(name[len(selection.prefix) :])}
    return tuple(name for name in inside if name not in own)


def _require_nothing_more(tensors: Weights, expected: Weights, name: str) -> None:
    more = [key for key in tensors if _OWN.match(key) and key not in expected]
    if more:
        raise BadCheckpoint(
            f"{name} is like a ResNet but has {len(more)} tensors a ResNet has not, first {more[0]}.",
            "ZePAD does not know this architecture; leaving them out would audit another net.",
        )
