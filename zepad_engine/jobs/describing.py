"""What the engine tells of itself when it starts: catalogue, device, versions, speed."""

from __future__ import annotations

import platform
import time
from typing import Any

import msgspec
import torch

from zepad_engine import __version__
from zepad_engine.describe import describe
from zepad_engine.execution.device import bfloat16_pays, choose_device, device_name, usable_devices
from zepad_engine.jobs.context import Context
from zepad_engine.versions import versions_of

# Multiply-adds per second of one thread on the machine the costs in graph.py were measured on.
_REFERENCE_SPEED = 1.17e11
_CHANNELS, _SIDE, _BATCH = 64, 16, 32


def describe_engine(_context: Context) -> dict[str, Any]:
    """Everything ``messages.Ready`` carries."""
    torch.set_num_threads(1)
    device = choose_device("auto")
    return {
        "catalogue": msgspec.to_builtins(describe()),
        "device": device_name(device),
        "kind": device.type,
        "devices": torch.cuda.device_count() if device.type == "cuda" else 0,
        "able": msgspec.to_builtins(usable_devices()),
        "speed": measured_speed() / _REFERENCE_SPEED,
        "versions": versions(),
    }


def measured_speed() -> float:
    """Multiply-adds per second of a 3x3 convolution, one thread, float32; the best of five short runs."""
    layer = torch.nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1).to(memory_format=torch.channels_last)
    images = torch.zeros(_BATCH, _CHANNELS, _SIDE, _SIDE).to(memory_format=torch.channels_last)
    work = _BATCH * _SIDE * _SIDE * _CHANNELS * _CHANNELS * 9
    seconds = []
    with torch.inference_mode():
        for _ in range(6):
            started = time.perf_counter()
            layer(images)
            seconds.append(time.perf_counter() - started)
    return work / min(seconds[1:])


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    return {
        "zepad": __version__,
        "python": platform.python_version(),
        **versions_of(("torch", "torchvision", "numpy", "pillow", "safetensors")),
        "bfloat16": "used" if bfloat16_pays(choose_device("auto")) else "not used",
    }
