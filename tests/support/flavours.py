"""Files in other people's containers, built from nets of known weights: what a row of a flavour table is made of."""

from __future__ import annotations

import contextlib
import json
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from zepad_engine.card import Overrides

State = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A net and its weights.

    Attributes:
        net: gives features (B, D) of normalised images (B, 3, H, W).
        state: its tensors by its own names, with those of a head if it has one.
        tensors: the encoder's tensors by the names ZePAD keeps them under.
    """

    net: nn.Module
    state: State
    tensors: State


@dataclass(frozen=True, kw_only=True)
class Flavour:
    """One row: how a file is written, and what the card says of it once it was opened.

    Attributes:
        name: of the row.
        make: the net that is stored.
        content: what the file holds.
        net: where the encoder lies, as the card must name it.
        file: name of the file, its ending decides the format.
        beside: further files beside it, by name.
        ignored: some of the keys the card must name as ignored.
        says: words that must stand in the assumptions, in their order.
        card: other fields of the card and their values.
        overrides: what the user says.
        side: side in pixels of the pictures the features are compared on.
    """

    name: str
    make: Callable[[], Source]
    content: Callable[[Source], object]
    net: str
    file: str = "net.pth"
    beside: dict[str, object] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    card: dict[str, object] = field(default_factory=dict)
    overrides: Overrides | None = None
    side: int = 64

    def write(self, folder: Path) -> tuple[Path, Source]:
        """Store the file in ``folder``; gives back what to open, and the net that was stored."""
        source = self.make()
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        store(self.content(source), path)
        for name, told in self.beside.items():
            path.with_name(name).write_text(json.dumps(told), encoding="utf-8")
        return path, source


def store(content: object, path: Path) -> None:
    """Write as safetensors where the ending says so, otherwise as torch does."""
    if path.suffix == ".safetensors":
        plain = {name: tensor.clone() for name, tensor in content.items()}
        save_file(plain, path, metadata={"format": "pt"})
        return
    with importable(content):
        torch.save(content, path)


def randomised(net: nn.Module, seed: int = 0) -> nn.Module:
    """The net in evaluation mode with weights and statistics of its own, so that no two tensors of it are alike."""
    generator = torch.Generator().manual_seed(seed)
    for part in net.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.affine:
            nn.init.uniform_(part.weight, 0.5, 1.5, generator=generator)
            nn.init.normal_(part.bias, 0, 0.1, generator=generator)
            part.running_mean.normal_(0, 0.2, generator=generator)
            part.running_var.uniform_(0.5, 1.5, generator=generator)
            part.num_batches_tracked.fill_(7)
        elif isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight, generator=generator)
    return net.eval().requires_grad_(False)


def under(prefix: str, state: State) -> State:
    return {prefix + name: tensor for name, tensor in state.items()}


def other(state: State) -> State:
    """A second set of weights of the same shapes."""
    return {name: tensor * 2 if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def linear(prefix: str, rows: int, columns: int) -> State:
    generator = torch.Generator().manual_seed(rows)
    return {f"{prefix}weight": torch.rand(rows, columns, generator=generator), f"{prefix}bias": torch.zeros(rows)}


def sgd(state: State) -> dict[str, object]:
    """The state of an optimiser that moved these tensors."""
    moved = {index: {"momentum_buffer": torch.ones_like(tensor)} for index, tensor in enumerate(state.values())}
    return {"state": moved, "param_groups": [{"lr": 0.03, "params": list(moved)}]}


def foreign(name: str, state: dict[str, object]) -> object:
    """An object of a class of another program, ``name`` in full, with this state."""
    module, _, short = name.rpartition(".")
    thing = type(short, (), {"__module__": module, "__qualname__": short})()
    thing.__dict__.update(state)
    return thing


def omegaconf(settings: dict[str, object]) -> object:
    """Settings as Hydra's omegaconf keeps them: a node around every value, a configuration around every dictionary."""
    content = {key: omegaconf(value) if isinstance(value, dict) else _node(value) for key, value in settings.items()}
    meta = foreign("omegaconf.base.ContainerMetadata", {"ref_type": dict, "key_type": str, "optional": True})
    return foreign("omegaconf.dictconfig.DictConfig", {"_metadata": meta, "_parent": None, "_content": content})


def _node(value: object) -> object:
    meta = foreign("omegaconf.base.Metadata", {"ref_type": object, "optional": True})
    return foreign("omegaconf.nodes.AnyNode", {"_metadata": meta, "_parent": None, "_val": value})


@contextlib.contextmanager
def importable(content: object) -> Iterator[None]:
    """For as long as ``content`` is pickled its foreign classes stand in modules of the names they claim.

    torch pickles a class by its name; every object of one name is made an object of one class first.
    """
    classes: dict[str, type] = {}
    made: set[str] = set()
    for thing in _foreign_things(content):
        kind = type(thing)
        thing.__class__ = classes.setdefault(f"{kind.__module__}.{kind.__qualname__}", kind)
    for kind in classes.values():
        parts = kind.__module__.split(".")
        for length in range(1, len(parts) + 1):
            name = ".".join(parts[:length])
            if name not in sys.modules:
                sys.modules[name] = types.ModuleType(name)
                made.add(name)
        setattr(sys.modules[kind.__module__], kind.__qualname__, kind)
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]


def _foreign_things(content: object) -> Iterator[object]:
    if isinstance(content, dict):
        for value in content.values():
            yield from _foreign_things(value)
    elif type(content).__module__.partition(".")[0] not in {"torch", "builtins", "collections", "argparse", "numpy"}:
        yield content
        yield from _foreign_things(vars(content))
