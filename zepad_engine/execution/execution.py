"""Execution: one value that says how an audit's networks are run."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from zepad_engine.errors import BadPlan
from zepad_engine.execution.device import bfloat16_pays, choose_device, device_name
from zepad_engine.execution.folding import fold_batch_norms
from zepad_engine.execution.rounded import Rounded
from zepad_engine.plan import Arithmetic

# A ResNet-18 of width 16 ran within 7 % of its best with 64 to 256 pictures of 32 px; 512 cost 12 % in float32.
_PIXELS_PER_BATCH = 128 * 32 * 32
_LARGEST_BATCH = 1024
_SMALLEST_BATCH = 8
# A guess on the safe side, unmeasured: six activations of 64 channels in float32 per pixel.
_BYTES_PER_PIXEL = 64 * 4 * 6
_MEMORY_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Execution:
    """How networks are run.

    Attributes:
        fast: batch norms folded, channels last, bfloat16 where it pays; else float32 throughout, the reference.
        bfloat16: whether crafting and training are rounded.
        threads: torch threads of this process.
        batch: images per pass where nothing is trained; 0 = chosen by ``batch_for``.
        notices: what had to be changed on the way, in sentences; jobs hand them to the report.
    """

    device: torch.device
    fast: bool = True
    bfloat16: bool = False
    threads: int = 1
    batch: int = 0
    notices: list[str] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, device: str = "auto", arithmetic: Arithmetic = "fast", threads: int = 1, batch: int = 0) -> Execution:
        """What a plan asks for, on this machine.

        Raises:
            BadPlan: the device is not on this machine.
        """
        chosen, fast = choose_device(device), arithmetic == "fast"
        return cls(chosen, fast, fast and bfloat16_pays(chosen), threads, batch)

    def begin(self, seed: int) -> None:
        """Pin what makes a job repeat: threads, seed, deterministic kernels (in exact mode without exception)."""
        torch.set_num_threads(self.threads)
        torch.manual_seed(seed)
        # The same as use_deterministic_algorithms, which would load torch's compiler to tell it too: two seconds.
        torch.set_deterministic_debug_mode("warn" if self.fast else "error")
        # Deterministic torch else fills all memory before it is written to, in search of faults: no part of a result.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # torch hides it
        # TF32 keeps ten bits; where rounding is wanted bfloat16 is asked for by name.
        torch.backends.cudnn.allow_tf32 = False

    def for_attack(self, network: nn.Module, *, keep_norms: bool = False) -> nn.Module:
        """A frozen eval-mode copy whose gradients reach the input only; rounded in fast mode.

        ``keep_norms`` leaves batch norms alone, for an attack that wants batch statistics.
        """
        return self._frozen(network, fold=not keep_norms, rounded=self.bfloat16)

    def for_scoring(self, network: nn.Module) -> nn.Module:
        """A frozen eval-mode copy in float32: no rate is ever taken from rounded answers."""
        return self._frozen(network, fold=True, rounded=False)

    def for_training(self, network: nn.Module) -> nn.Module:
        """The network itself, on the device, weights in float32, its passes rounded in fast mode."""
        _set_rounded(network, rounded=self.bfloat16)
        return self._laid_out(network.to(self.device)).requires_grad_(True)

    def after_training(self, network: nn.Module) -> nn.Module:
        """The network itself in eval mode, its passes in float32 again."""
        _set_rounded(network, rounded=False)
        return network.eval()

    def images(self, pictures: Tensor) -> Tensor:
        """uint8 pictures (B, 3, H, W) as float32 images in [0, 1] on the device; float ones are only moved."""
        if self.device.type == "cuda":
            pictures = pictures.pin_memory().to(self.device, non_blocking=True)
        images = pictures.to(torch.float32).div_(255.0) if pictures.dtype == torch.uint8 else pictures.float()
        return images.contiguous(memory_format=torch.channels_last) if self.fast else images

    def batch_for(self, side: int) -> int:
        """Images of ``side`` pixels per pass: by cache size on a processor, by free memory on a GPU."""
        if self.batch:
            return self.batch
        wished = _PIXELS_PER_BATCH // side**2
        if self.device.type == "cuda" and self.fast:
            free, _ = torch.cuda.mem_get_info(self.device)
            wished = int(free * _MEMORY_SHARE) // (side**2 * _BYTES_PER_PIXEL)
        return max(_SMALLEST_BATCH, min(_LARGEST_BATCH, wished))

    def in_batches(self, run: Callable[[slice], Tensor], count: int, batch: int) -> Tensor:
        """Join ``run`` over slices of ``count`` items; a batch too large for the memory is halved, with a notice.

        Raises:
            BadPlan: not even a single item fits.
        """
        parts: list[Tensor] = []
        start = 0
        while start < count:
            try:
                parts.append(run(slice(start, start + batch)))
                start += batch
            except (RuntimeError, MemoryError) as trouble:
                if not _out_of_memory(trouble):
                    raise
                if batch == 1:
                    raise BadPlan(
                        "Not even one image fits into the memory of the device.",
                        "Choose the processor instead, or a smaller encoder.",
                        code="plan.memory",
                    ) from trouble
                batch = batch // 2
                self._release(f"Memory was short: images were taken {batch} at a time.")
        return torch.cat(parts)

    def signature(self, side: int) -> str:
        """What of all this can change a value in its last digits, for images of ``side`` pixels."""
        versions = f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"
        return f"{self.named()}, batch {self.batch_for(side)}, {versions}"

    def named(self) -> dict[str, str | int]:
        """Device and arithmetic in words, for the report."""
        folding = "batch norms folded, channels last" if self.fast else "nothing folded"
        rounding = "bfloat16" if self.bfloat16 else "float32"
        return {
            "device": device_name(self.device),
            "arithmetic": "fast" if self.fast else "exact",
            "crafting": f"{rounding}, {folding}",
            "training": rounding,
            "scoring": f"float32, {folding}",
            "threads": self.threads,
        }

    def _frozen(self, network: nn.Module, *, fold: bool, rounded: bool) -> nn.Module:
        frozen = copy.deepcopy(network).eval().requires_grad_(False).to(self.device)
        if fold and self.fast:
            fold_batch_norms(frozen)
        _set_rounded(frozen, rounded=rounded)
        return self._laid_out(frozen)

    def _laid_out(self, network: nn.Module) -> nn.Module:
        return network.to(memory_format=torch.channels_last) if self.fast else network

    def _release(self, notice: str) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.notices.append(notice)


EXACT = Execution(torch.device("cpu"), fast=False)


def _out_of_memory(trouble: Exception) -> bool:
    # On a processor torch raises a plain RuntimeError that only its text tells apart.
    return isinstance(trouble, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in str(trouble)


def _set_rounded(network: nn.Module, *, rounded: bool) -> None:
    for module in network.modules():
        if isinstance(module, Rounded):
            module.rounded = rounded
