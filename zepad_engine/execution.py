"""How to run a network: device, arithmetic, memory layout, BN folding. Attacks and losses know nothing of it."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from zepad_engine.errors import BadPlan

_FOLD_TOLERANCE = 1e-3


def choose_device(wish: str) -> torch.device:
    """The device a plan asks for; ``auto`` takes the first CUDA device if there is one.

    Raises:
        BadPlan: the device is not on this machine.
    """
    if wish == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wish)
    except RuntimeError as trouble:
        raise BadPlan(f"There is no device called {wish}.", "Use auto, cpu or cuda.") from trouble
    if device.type not in {"cpu", "cuda"}:
        raise BadPlan(f"ZePAD does not run on {wish}.", "Use auto, cpu or cuda.")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BadPlan("The plan asks for a CUDA device and this machine has none.", "Choose auto or cpu.")
    return device


def device_name(device: torch.device) -> str:
    """What a person calls the device: its model, and whether it multiplies bfloat16."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor_name()
    return f"{name}, bfloat16" if bfloat16_pays(device) else name


def _processor_name() -> str:
    """The model of the processor where the system tells it (Linux), else "CPU"."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "CPU"
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or "CPU"


def bfloat16_pays(device: torch.device) -> bool:
    """Whether the processor multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported())


def use_one_thread(seed: int) -> None:
    """Pin what makes a job repeat: one thread, one seed, deterministic kernels."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)


@contextlib.contextmanager
def fast_arithmetic(device: torch.device) -> Iterator[None]:
    """bfloat16 autocast where it pays; for crafting and training passes, never for scoring."""
    if bfloat16_pays(device):
        with torch.autocast(device.type, dtype=torch.bfloat16):
            yield
    else:
        yield


def for_attack(network: nn.Module) -> nn.Module:
    """A frozen eval-mode copy, BN folded into the convolutions, channels last; gradients reach the input only."""
    folded = copy.deepcopy(network).eval()
    fold_batch_norms(folded)
    return folded.requires_grad_(False).to(memory_format=torch.channels_last)


def for_scoring(network: nn.Module) -> nn.Module:
    """The network itself in eval mode, frozen, float32; scoring never folds nor rounds."""
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def fold_batch_norms(network: nn.Module) -> None:
    """Fold each BatchNorm2d into the convolution registered right before it, in place; eval mode only."""
    for parent in network.modules():
        names = list(parent._modules)
        for first, second in pairwise(names):
            convolution, norm = parent._modules[first], parent._modules[second]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                if convolution.out_channels != norm.num_features:
                    continue
                parent._modules[first] = fuse_conv_bn_eval(convolution, norm)
                parent._modules[second] = nn.Identity()


def folds_exactly(network: nn.Module, images: Tensor) -> bool:
    """Whether folding keeps the network's output on ``images``: registration order must be execution order."""
    with torch.inference_mode():
        plain = network.eval()(images)
        folded = for_attack(network)(images)
    scale = plain.abs().max().clamp_min(1e-6)
    return bool((plain - folded).abs().max() / scale < _FOLD_TOLERANCE)
