"""Which processor computes, and what it is good at."""

from __future__ import annotations

from pathlib import Path

import torch

from zepad_engine.capacity import free_memory
from zepad_engine.errors import BadPlan
from zepad_engine.messages import Device


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


def usable_devices() -> tuple[Device, ...]:
    """All a plan may name, with the memory that is free now: the processor, then each GPU in the driver's order."""
    processor = Device(key="cpu", name=device_name(torch.device("cpu")), kind="cpu", free=free_memory())
    cards = []
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, total = torch.cuda.mem_get_info(number)
        name = torch.cuda.get_device_name(number)
        cards.append(Device(key=f"cuda:{number}", name=name, kind="cuda", free=free, total=total))
    return (processor, *cards)


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
