"""Recognises ResNets under any prefix and reads depth, width, block and stem off the shapes of the tensors."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
import torch
from torch import Tensor

from zepad_engine.architecture import CIFAR_STEM, ResNetShape, Stem
from zepad_engine.card import EncoderCard
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.family import Candidate, Hints
from zepad_engine.encoders.origin import Origin, origin_of, told_card
from zepad_engine.encoders.resnet import ResNetBackbone, empty_resnet
from zepad_engine.encoders.resnet_evidence import classifier_beside, guessed_stem, usual_images
from zepad_engine.encoders.resnet_names import NamedResNet, named_resnets
from zepad_engine.encoders.weights import Container, Weights, compare, completed
from zepad_engine.errors import BadCheckpoint

_MOST_BLOCKS = 200
# A block has ten tensors at least; a net with fewer than half of them is no near miss, only dear to compare.
_FEWEST_PER_BLOCK = 5
_MOST_WIDTH = 1024
_LARGEST_KERNEL = 15
_BLOCK: Final = re.compile(r"layer(\d{1,4})\.(\d{1,4})\.")
# Kin of the ResNet that are not built here, by what only they have.
_KIN: Final = (
    (re.compile(r"layer\d+\.\d+\.se(_module|_layer)?\."), "squeeze-and-excitation"),
    (re.compile(r"attnpool\."), "CLIP's attention pooling"),
    (re.compile(r".*mixing_conv\."), "selective kernels"),
    (re.compile(r".*\.filt$"), "anti-aliasing"),
    (re.compile(r"conv1\.\d|conv[23]\."), "a stem of several convolutions"),
    (re.compile(r"\d+\.running_mean"), "a norm of the pictures"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ResNetCandidate(Candidate):
    """A ResNet in a checkpoint: also its shape, the names it goes by, and a classifier beside it with its classes."""

    shape: ResNetShape
    named: NamedResNet
    classifier: tuple[str, int] | None


class ResNetFamily:
    """ResNets of three or four stages under the names of torchvision and of those who rename its layers."""

    name = "resnet"

    def empty(self, card: EncoderCard) -> Encoder:
        """The net of the card, its weights still unset."""
        return empty_resnet(card)

    def candidates(self, container: Container) -> Iterator[Candidate]:
        """Every ResNet in the container."""
        for named in named_resnets(container):
            tensors = named.selection.tensors
            shape = _shape_of(tensors)
            if shape is not None:
                blank, features = _expected(shape)
                yield _ResNetCandidate(
                    selection=named.selection,
                    match=compare(tensors, blank),
                    looks_like=shape.title + _without(tensors),
                    shape=shape,
                    named=named,
                    classifier=classifier_beside(container, named.selection.prefix, features),
                )

    def build(self, candidate: Candidate, ignored: tuple[str, ...], hints: Hints) -> Encoder:
        """The encoder, with what had to be assumed on its card.

        Raises:
            BadCheckpoint: the stem or the normalisation the user chose cannot be, or the settings beside the file
                speak of another kind of block.
        """
        assert isinstance(candidate, _ResNetCandidate)
        _require_usual_strides(candidate, hints)
        stem, notes = _stem(candidate, hints)
        origin = origin_of(hints, *usual_images(candidate.shape, candidate.named, candidate.classifier, hints))
        told = Origin(
            mean=origin.mean,
            std=origin.std,
            input_size=origin.input_size,
            assumptions=(*notes, *origin.assumptions),
        )
        card = _card(msgspec.structs.replace(candidate.shape, stem=stem))
        encoder = empty_resnet(told_card(card, told, hints, candidate.selection, ignored))
        state = completed(candidate.selection.tensors, encoder.backbone.state_dict())
        encoder.backbone.load_state_dict(state)
        return encoder


def _require_usual_strides(candidate: _ResNetCandidate, hints: Hints) -> None:
    """Refuse what Hugging Face's config.json can ask for and no tensor shows: strides in other places."""
    for name in ("downsample_in_first_stage", "downsample_in_bottleneck"):
        if (hints.setting(name) or "").lower() == "true" and candidate.named.dialect == "hugging face":
            raise BadCheckpoint(
                f"The settings beside {hints.name} say {name}, a ResNet whose strides stand in other places.",
                "ZePAD does not build this kind of ResNet.",
                code="encoder.unknown",
            )


def _stem(candidate: _ResNetCandidate, hints: Hints) -> tuple[Stem, tuple[str, ...]]:
    """The stem the user, the card or the writer of the file speaks for, and what of it is a guess."""
    kernel = candidate.shape.stem.kernel
    told = hints.card.architecture if hints.card else None
    stem = hints.overrides.stem or (told.stem if isinstance(told, ResNetShape) else None)
    note = ""
    if stem is None:
        stem, note = guessed_stem(kernel, candidate.named, candidate.classifier, hints)
    if stem.kernel != kernel:
        raise BadCheckpoint(
            f"The first convolution of {hints.name} is {kernel}x{kernel}, not {stem.kernel}x{stem.kernel}.",
            "Choose the stem that fits the file.",
        )
    return stem, (note,) if note else ()


def _expected(shape: ResNetShape) -> tuple[dict[str, Tensor], int]:
    """The tensors a net of this shape has, none of them in memory, and the length of its features."""
    with torch.device("meta"):
        backbone = ResNetBackbone(shape)
    return backbone.state_dict(), backbone.feature_dim


def _without(tensors: Weights) -> str:
    """What a plain ResNet lacks that this net has, as the end of its title; empty where nothing is known of it."""
    words = (what for pattern, what in _KIN if any(pattern.match(name) for name in tensors))
    found = next(words, "")
    return f" (without {found})" if found else ""


def _card(shape: ResNetShape) -> EncoderCard:
    return EncoderCard(
        name="",
        architecture=shape,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        input_size=0,
        feature_dim=0,
        parameters=0,
    )


def _shape_of(tensors: Weights) -> ResNetShape | None:
    """The architecture the shapes speak of, or None where they are not those of a ResNet."""
    blocks = _blocks(tensors)
    first = tensors.get("layer1.0.conv1.weight")
    if first is None or first.ndim != 4 or len(blocks) not in {3, 4} or max(blocks) > _MOST_BLOCKS:
        return None
    if len(tensors) < _FEWEST_PER_BLOCK * sum(blocks):
        return None
    width, kernel = int(first.shape[1]), _kernel(tensors)
    if not 1 <= width <= _MOST_WIDTH or not 1 <= kernel <= _LARGEST_KERNEL:
        return None
    bottleneck = "layer1.0.conv3.weight" in tensors
    inner, groups = _inside(tensors, width) if bottleneck else (1.0, 1)
    return ResNetShape(
        blocks=blocks,
        bottleneck=bottleneck,
        shortcut="conv" if bottleneck or "layer2.0.downsample.0.weight" in tensors else "pad",
        width=width,
        stem=msgspec.structs.replace(CIFAR_STEM, kernel=kernel, padding=kernel // 2),
        inner=inner,
        groups=groups,
    )


def _kernel(tensors: Weights) -> int:
    """The side of the first convolution; that of ImageNet's where there is none to look at."""
    stem = tensors.get("conv1.weight")
    return int(stem.shape[-1]) if stem is not None and stem.ndim == 4 else 7


def _inside(tensors: Weights, width: int) -> tuple[float, int]:
    """Inner width and groups of a bottleneck, off its 3x3 convolution; those of a plain one where it makes no sense."""
    middle = tensors.get("layer1.0.conv2.weight")
    if middle is None or middle.ndim != 4 or not middle.shape[1] or middle.shape[0] % middle.shape[1]:
        return 1.0, 1
    groups = int(middle.shape[0] // middle.shape[1])
    inner = int(middle.shape[0]) / width
    return (inner, groups) if groups and inner and (64 * inner / groups).is_integer() else (1.0, 1)


def _blocks(tensors: Weights) -> tuple[int, ...]:
    """Number of blocks of each stage, by the highest number that any tensor names."""
    counts: dict[int, int] = {}
    for stage, block in (found.groups() for found in map(_BLOCK.match, tensors) if found):
        counts[int(stage)] = max(counts.get(int(stage), 0), int(block) + 1)
    return tuple(counts[stage] for stage in itertools.takewhile(counts.__contains__, itertools.count(1)))
