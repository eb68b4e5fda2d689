"""Named tensors out of a checkpoint: its containers, the nets inside them, and how well a net fits what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from zepad_engine.shown_names import shown_name

Weights = Mapping[str, Tensor]

SEPARATOR = "/"
MOST_NETS = 64
# What wrappers of PyTorch put somewhere into a name: DataParallel, torch.compile, FSDP.
_WRAPPERS: Final = re.compile(r"(?:(?<=^)|(?<=\.))(?:module|_orig_mod|_fsdp_wrapped_module)\.")
# Where two nets fit equally well, the first of these is named first.
_PREFERRED: Final = ("teacher", "encoder_q", "online", "student", "encoder_k", "target", "state_dict", "model")
_MAY_MISS = "num_batches_tracked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One dictionary of tensors in a checkpoint.

    Attributes:
        name: names of the dictionaries around it, joined by slashes; "" at the top.
        tensors: its tensors by name, without what wrappers put into names (``module.``).
        places: for each of these names, where the tensor lies in the file.
    """

    name: str
    tensors: Weights
    places: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One net inside a checkpoint.

    Attributes:
        container: the container it lies in.
        prefix: what stands before each of its names inside the container, with its last dot.
        tensors: its tensors by the names our own net has.
        used: where they lie in the file.
    """

    container: str
    prefix: str
    tensors: Weights
    used: frozenset[str]

    @property
    def net(self) -> str:
        """Container and prefix, as a user may name this net."""
        return f"{self.container}{SEPARATOR}{self.prefix}" if self.container else self.prefix

    @property
    def is_copy(self) -> bool:
        """Whether the name says that this is a slow copy of another net in the file (momentum encoder)."""
        words = re.split(r"[./]", self.net)
        return any(word.startswith("momentum") or word.endswith("momentum") for word in words)

    def rank(self) -> tuple[bool, int, int]:
        """Smaller comes first between nets that fit equally well."""
        known = [index for index, word in enumerate(_PREFERRED) if word in self.net]
        return self.is_copy, min(known, default=len(_PREFERRED)), len(self.net)

    def renamed(self, rename: Callable[[str], str]) -> Selection:
        """The same net, each of its tensors under the name that ``rename`` gives it."""
        tensors = {rename(name): tensor for name, tensor in self.tensors.items()}
        return Selection(container=self.container, prefix=self.prefix, tensors=tensors, used=self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How well a selection fits the net an architecture expects.

    Attributes:
        found: expected tensors that are there with the exact shape.
        expected: number of tensors the net must have (``num_batches_tracked`` does not count).
        missing: names that are not there, or not in that shape.
        extra: names that belong to the net and that the architecture does not have.
    """

    found: int
    expected: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every tensor was found and none is left over."""
        return not self.missing and not self.extra


def containers(weights: Weights) -> tuple[Container, ...]:
    """Split places like ``state_dict/module.backbone.conv1.weight`` into containers and the names inside them."""
    found: dict[str, list[str]] = {}
    for place in weights:
        found.setdefault(place.rpartition(SEPARATOR)[0], []).append(place)
    return tuple(_container(name, places, weights) for name, places in found.items())


def _container(name: str, places: list[str], weights: Weights) -> Container:
    bare = {place: place.rpartition(SEPARATOR)[2] for place in places}
    tidy = {place: _WRAPPERS.sub("", inner) for place, inner in bare.items()}
    # Two nets that differ by such a word only must not be mixed.
    chosen = tidy if len(set(tidy.values())) == len(places) else bare
    return Container(
        name=name,
        tensors={chosen[place]: weights[place] for place in places},
        places={chosen[place]: place for place in places},
    )


def selections(container: Container, anchors: Iterable[str], own: re.Pattern[str]) -> list[Selection]:
    """Every net in a container that has all ``anchors`` (names of tensors) under one prefix.

    The prefix is read off the names, at the start of each: ``momentum_backbone.`` is never taken for ``backbone.``.
    Of the names under it only those belong to the net that ``own`` matches at their start, prefix taken off.
    Of more than ``MOST_NETS`` prefixes the shortest are looked at: a hostile file could have thousands.
    """
    found = sorted(_prefixes(container.tensors, tuple(anchors)), key=lambda prefix: (len(prefix), prefix))
    return [selection_under(container, prefix, own) for prefix in found[:MOST_NETS]]


def selection_under(container: Container, prefix: str, own: re.Pattern[str]) -> Selection:
    """The net under ``prefix``: every name that ``own`` matches at its start, prefix taken off."""
    names = [name for name in container.tensors if name.startswith(prefix) and own.match(name[len(prefix) :])]
    return Selection(
        container=container.name,
        prefix=prefix,
        tensors={name[len(prefix) :]: container.tensors[name] for name in names},
        used=frozenset(container.places[name] for name in names),
    )


def _prefixes(inside: Weights, anchors: tuple[str, ...]) -> set[str]:
    first = anchors[0]
    starts = {name[: -len(first)] for name in inside if name.endswith(first)}
    ended = {start for start in starts if start == "" or start.endswith(".")}
    return {start for start in ended if all(start + anchor in inside for anchor in anchors)}


def compare(tensors: Weights, expected: Weights) -> Match:
    """Count the expected tensors that are there with the exact shape, and name what is left over."""
    needed = [name for name in expected if not name.endswith(_MAY_MISS)]
    missing = tuple(name for name in needed if name not in tensors or not _fits(tensors[name], expected[name]))
    extra = tuple(name for name in tensors if name not in expected)
    return Match(found=len(needed) - len(missing), expected=len(needed), missing=missing, extra=extra)


def _fits(tensor: Tensor, blank: Tensor) -> bool:
    """Whether shape and kind are those expected: whole numbers in place of weights have lost their scale."""
    return tensor.shape == blank.shape and tensor.is_floating_point() == blank.is_floating_point()


def completed(tensors: Weights, expected: Weights) -> dict[str, Tensor]:
    """The expected tensors in the expected type; a missing ``num_batches_tracked`` stays as it is."""
    return {
        name: tensors[name].to(blank.dtype).reshape(blank.shape) if name in tensors else blank
        for name, blank in expected.items()
    }


def first_names(weights: Weights, count: int = 4) -> str:
    """The first few names with their shapes, for an error."""
    telling = sorted(name for name in weights if not name.endswith(_MAY_MISS))
    shown = [f"{shown_name(name)} {tuple(weights[name].shape)}" for name in telling[:count]]
    return ", ".join(shown) + (f" and {len(telling) - count} more" if len(telling) > count else "")
