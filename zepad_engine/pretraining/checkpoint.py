"""The state of a pre-training after an epoch: one safetensors file, whole or not there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from zepad_engine.errors import BadInput, BadPlan
from zepad_engine.storage import write_bytes

_KEY = "zepad"


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """How far a pre-training is.

    Attributes:
        recipe: the plan's recipe line.
        data_sha256: digest of the pictures.
        epochs_done: whole epochs behind us.
        losses: mean loss of each of them.
        seconds: wall time of training so far.
    """

    recipe: str
    data_sha256: str
    epochs_done: int
    losses: tuple[float, ...]
    seconds: float


def write_checkpoint(path: Path, network: nn.Module, optimiser: Optimizer, stand: Stand) -> None:
    """Store weights, optimiser state and stand in one file.

    Raises:
        NoSpace: the disk refused the write; the checkpoint before is whole.
    """
    tensors = {f"network.{name}": tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
    for index, entries in optimiser.state_dict()["state"].items():
        for name, tensor in entries.items():
            tensors[f"optimiser.{index}.{name}"] = tensor.cpu().contiguous()
    write_bytes(path, save(tensors, metadata={_KEY: msgspec.json.encode(stand).decode()}))


def read_checkpoint(path: Path, network: nn.Module, optimiser: Optimizer, *, recipe: str, data_sha256: str) -> Stand:
    """Put the stored weights and optimiser state in place; gives back the stand.

    Raises:
        BadInput: the file is damaged.
        BadPlan: the file belongs to another plan or to other pictures.
    """
    stand, tensors = _read(path)
    if stand.recipe != recipe or stand.data_sha256 != data_sha256:
        raise BadPlan(
            f"{path.name} belongs to a training with other settings or pictures.",
            "Use the same settings, another name, or start again without resuming.",
        )
    weights = {name.removeprefix("network."): tensor for name, tensor in tensors.items() if name.startswith("network.")}
    network.load_state_dict(weights)
    _restore(optimiser, tensors)
    return stand


def _read(path: Path) -> tuple[Stand, dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as stored:
            stand = msgspec.json.decode((stored.metadata() or {})[_KEY], type=Stand)
            return stand, {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, KeyError, msgspec.MsgspecError) as trouble:
        raise BadInput(
            f"{path.name} is not a whole training state.", "Start the training again without resuming."
        ) from trouble


def _restore(optimiser: Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, index, entry = name.split(".", 2)
            state.setdefault(int(index), {})[entry] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def seeded(*numbers: int) -> torch.Generator:
    """A generator that the numbers alone decide, so that epoch 7 draws the same whether or not it was resumed."""
    seed = 0
    for number in numbers:
        seed = (seed * 1_000_003 + number + 1) % (2**63)
    return torch.Generator().manual_seed(seed)
