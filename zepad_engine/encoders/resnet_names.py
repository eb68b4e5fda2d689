"""The names ResNets go by: finds them in a container and gives their tensors torchvision's names.

Each dialect is a table of rules. ``nn.Sequential`` numbers its children instead; what each number is, is read off the
shapes, for libraries number differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from zepad_engine.encoders.weights import MOST_NETS, Container, Selection, Weights, selection_under, selections

_BLOCK: Final = re.compile(r"(?P<prefix>(?:.*\.)?)(?P<number>\d+)\.0\.conv1\.weight")


@dataclass(frozen=True, slots=True)
class _Rule:
    """``pattern`` becomes ``name``, whose places are filled with the numbers of the pattern, each plus ``shift``."""

    pattern: re.Pattern[str]
    name: str
    shift: tuple[int, ...] = ()

    def apply(self, name: str) -> str | None:
        """The name by this rule; None where the rule says nothing of it."""
        found = self.pattern.match(name)
        if found is None:
            return None
        numbers = (int(number) + more for number, more in zip(found.groups(), self.shift, strict=True))
        return self.name.format(*numbers) + name[found.end() :]


@dataclass(frozen=True, slots=True)
class _Dialect:
    """The names of one writer: a tensor every net of it has, what begins the net's own names, and the rules."""

    key: str
    anchor: str
    own: re.Pattern[str]
    rules: tuple[_Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedResNet:
    """A ResNet in a checkpoint, its tensors under torchvision's names.

    Attributes:
        selection: where it lies, and its tensors.
        dialect: ``torchvision``, ``hugging face``, ``simclr v2``, ``residual_function``, ``numbered``, or ``lightly``,
            whose own ResNet has no layers between the norm of the stem and the blocks.
        has_pool: whether the names leave room for a max-pool after the stem; None where they do not tell.
        has_method_parts: whether parts of a self-supervised method lie beside it (projector, momentum copy ...).
    """

    selection: Selection
    dialect: str
    has_pool: bool | None = None
    has_method_parts: bool = False


def _rule(pattern: str, name: str, *shift: int) -> _Rule:
    return _Rule(re.compile(pattern + r"\."), name + ".", shift)


_METHOD_PARTS: Final = ("projector.", "predictor.", "momentum_", "prototypes.", "queue")
_SHORTCUT: Final = _rule(r"layer(\d+)\.(\d+)\.shortcut", "layer{}.{}.downsample", 0, 0)

_TORCHVISION: Final = _Dialect(
    "torchvision",
    "layer1.0.conv1.weight",
    # What a deep stem or CLIP's ResNet has beside is named too, so that it is never left out in silence.
    re.compile(r"(conv[123]|bn[123]|layer\d+|attnpool)\."),
    (_SHORTCUT,),
)

_HF_BLOCK: Final = r"encoder\.stages\.(\d+)\.layers\.(\d+)"
_HUGGING_FACE: Final = _Dialect(
    "hugging face",
    "encoder.stages.0.layers.0.layer.0.convolution.weight",
    re.compile(r"(embedder|encoder)\."),
    (
        _rule(r"embedder\.embedder\.convolution", "conv1"),
        _rule(r"embedder\.embedder\.normalization", "bn1"),
        _rule(_HF_BLOCK + r"\.layer\.(\d+)\.convolution", "layer{}.{}.conv{}", 1, 0, 1),
        _rule(_HF_BLOCK + r"\.layer\.(\d+)\.normalization", "layer{}.{}.bn{}", 1, 0, 1),
        _rule(_HF_BLOCK + r"\.shortcut\.convolution", "layer{}.{}.downsample.0", 1, 0),
        _rule(_HF_BLOCK + r"\.shortcut\.normalization", "layer{}.{}.downsample.1", 1, 0),
    ),
)

_V2_BLOCK: Final = r"net\.(\d+)\.blocks\.(\d+)"
_SIMCLR_V2: Final = _Dialect(
    "simclr v2",
    "net.1.blocks.0.net.0.weight",
    re.compile(r"net\."),
    (
        _rule(r"net\.0\.0", "conv1"),
        _rule(r"net\.0\.1\.0", "bn1"),
        *(_rule(rf"{_V2_BLOCK}\.net\.{2 * index}", f"layer{{}}.{{}}.conv{index + 1}", 0, 0) for index in range(3)),
        *(_rule(rf"{_V2_BLOCK}\.net\.{2 * index + 1}\.0", f"layer{{}}.{{}}.bn{index + 1}", 0, 0) for index in range(3)),
        _rule(_V2_BLOCK + r"\.projection\.shortcut", "layer{}.{}.downsample.0", 0, 0),
        _rule(_V2_BLOCK + r"\.projection\.bn\.0", "layer{}.{}.downsample.1", 0, 0),
    ),
)

_RF_BLOCK: Final = r"conv(\d+)_x\.(\d+)"
_RESIDUAL_FUNCTION: Final = _Dialect(
    "residual_function",
    "conv2_x.0.residual_function.0.weight",
    re.compile(r"conv(1|\d+_x)\."),
    (
        _rule(r"conv1\.0", "conv1"),
        _rule(r"conv1\.1", "bn1"),
        *(
            _rule(rf"{_RF_BLOCK}\.residual_function\.{3 * index + part}", f"layer{{}}.{{}}.{name}{index + 1}", -1, 0)
            for index in range(3)
            for part, name in enumerate(("conv", "bn"))
        ),
        _rule(_RF_BLOCK + r"\.shortcut", "layer{}.{}.downsample", -1, 0),
    ),
)

_DIALECTS: Final = (_TORCHVISION, _HUGGING_FACE, _SIMCLR_V2, _RESIDUAL_FUNCTION)


def named_resnets(container: Container) -> Iterator[NamedResNet]:
    """Every net in the container that has the blocks of a ResNet, whether or not it is a whole one."""
    for dialect in _DIALECTS:
        for found in selections(container, (dialect.anchor,), dialect.own):
            yield NamedResNet(
                selection=_translated(found, dialect.rules),
                dialect=dialect.key,
                has_method_parts=any(name.startswith(_METHOD_PARTS) for name in container.tensors),
            )
    yield from _numbered(container)


def _translated(selection: Selection, rules: tuple[_Rule, ...]) -> Selection:
    def rename(name: str) -> str:
        names = (rule.apply(name) for rule in rules)
        return next((found for found in names if found is not None), name)

    # Two tensors that would get one name: none is renamed, so that none is lost and the net counts as unknown.
    clashes = len({rename(name) for name in selection.tensors}) < len(selection.tensors)
    return selection if clashes else selection.renamed(rename)


def _numbered(container: Container) -> Iterator[NamedResNet]:
    """Nets made of a ResNet's children in a row: ``backbone.0.weight`` ... ``backbone.4.0.conv1.weight``."""
    stages: dict[str, list[int]] = {}
    for name in container.tensors:
        found = _BLOCK.fullmatch(name)
        if found:
            stages.setdefault(found["prefix"], []).append(int(found["number"]))
    for prefix, numbers in sorted(stages.items(), key=lambda item: len(item[0]))[:MOST_NETS]:
        stem = _numbered_stem(container.tensors, prefix, min(numbers))
        if stem:
            own = re.compile("|".join(rf"{number}\." for number in range(max(numbers) + 1)))
            named = selection_under(container, prefix, own)
            for rules in (_numbers(*stem, numbers), (_SHORTCUT,)):
                named = _translated(named, rules)
            # Between the norm and the blocks lies nothing, a ReLU, or a ReLU and what may be a max-pool.
            gap = min(numbers) - stem[1]
            yield NamedResNet(selection=named, dialect="lightly" if gap == 1 else "numbered", has_pool=gap > 2)


def _numbers(conv: int, norm: int, stages: list[int]) -> tuple[_Rule, ...]:
    blocks = (_rule(str(number), f"layer{index}") for index, number in enumerate(sorted(stages), start=1))
    return _rule(str(conv), "conv1"), _rule(str(norm), "bn1"), *blocks


def _numbered_stem(inside: Weights, prefix: str, before: int) -> tuple[int, int] | None:
    """The numbers of the first convolution and of the norm after it, among the children before the first stage."""
    weights = ((number, inside.get(f"{prefix}{number}.weight")) for number in range(before))
    kernels = [number for number, weight in weights if weight is not None and weight.ndim == 4]
    norms = [number for number in range(before) if f"{prefix}{number}.running_mean" in inside]
    after = [number for number in norms if kernels and number > kernels[0]]
    return (kernels[0], after[0]) if after else None
