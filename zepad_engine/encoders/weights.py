"""Named tensors out of a checkpoint: which container, which prefix, and what is left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

Weights = Mapping[str, Tensor]

SEPARATOR = "/"
_CONTAINERS = (
    "",
    "state_dict",
    "model",
    "teacher",
    "student",
    "model_state_dict",
    "net",
    "resnet",
    "backbone",
    "encoder",
)
_COPIES = ("momentum", "target", "ema", "slow", "teacher", "encoder_k", "key_encoder", "offline")
_MAY_MISS = "num_batches_tracked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One net inside a checkpoint.

    Attributes:
        container: names of the dictionaries around it, joined by slashes; "" at the top.
        prefix: what stands before each of its names inside the container, with its last dot.
        tensors: its tensors without the prefix.
    """

    container: str
    prefix: str
    tensors: Weights

    @property
    def is_copy(self) -> bool:
        """Whether the prefix marks a slow copy (momentum encoder) rather than the encoder itself."""
        return any(word.startswith(_COPIES) for word in self.prefix.split("."))

    def rank(self) -> tuple[bool, int, int]:
        """Smaller is better between selections that fit equally well: no copy, known container, short prefix."""
        known = _CONTAINERS.index(self.container) if self.container in _CONTAINERS else len(_CONTAINERS)
        return self.is_copy, known, len(self.prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How well a selection fits the net an architecture expects.

    Attributes:
        found: expected tensors that are there with the exact shape.
        expected: number of tensors the net must have (``num_batches_tracked`` does not count).
        missing: names that are not there, or not in that shape.
    """

    found: int
    expected: int
    missing: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every tensor was found."""
        return not self.missing


def containers(weights: Weights) -> dict[str, dict[str, Tensor]]:
    """Split names like ``state_dict/backbone.conv1.weight`` into the container and the names inside it."""
    found: dict[str, dict[str, Tensor]] = {}
    for place, tensor in weights.items():
        container, _, name = place.rpartition(SEPARATOR)
        found.setdefault(container, {})[name] = tensor
    return found


def selections(weights: Weights, anchors: Iterable[str]) -> list[Selection]:
    """Every net in the checkpoint that has all ``anchors`` (names of tensors) under one prefix.

    The prefix is read off the names, at the start of each: ``momentum_backbone.`` is never taken for ``backbone.``.
    """
    wanted = tuple(anchors)
    found: list[Selection] = []
    for container, inside in containers(weights).items():
        for prefix in sorted(_prefixes(inside, wanted)):
            tensors = {name[len(prefix) :]: tensor for name, tensor in inside.items() if name.startswith(prefix)}
            found.append(Selection(container=container, prefix=prefix, tensors=tensors))
    return found


def _prefixes(inside: Weights, anchors: tuple[str, ...]) -> set[str]:
    first = anchors[0]
    starts = {name[: -len(first)] for name in inside if name.endswith(first)}
    ended = {start for start in starts if start == "" or start.endswith(".")}
    return {start for start in ended if all(start + anchor in inside for anchor in anchors)}


def compare(tensors: Weights, expected: Weights) -> Match:
    """Count the expected tensors that are there with the exact shape."""
    needed = [name for name in expected if not name.endswith(_MAY_MISS)]
    missing = tuple(name for name in needed if name not in tensors or tensors[name].shape != expected[name].shape)
    return Match(found=len(needed) - len(missing), expected=len(needed), missing=missing)


def completed(tensors: Weights, expected: Weights) -> dict[str, Tensor]:
    """The expected tensors in the expected type; a missing ``num_batches_tracked`` stays as it is."""
    return {
        name: tensors[name].to(blank.dtype).reshape(blank.shape) if name in tensors else blank
        for name, blank in expected.items()
    }


def first_names(weights: Weights, count: int = 4) -> str:
    """The first few names with their shapes, for an error."""
    telling = sorted(name for name in weights if not name.endswith(_MAY_MISS))
    shown = [f"{name} {tuple(weights[name].shape)}" for name in telling[:count]]
    return ", ".join(shown) + (f" and {len(telling) - count} more" if len(telling) > count else "")
