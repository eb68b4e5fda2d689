"""How many workers this machine can feed, and which GPU each of them gets. Torch-free.

A worker's post is the GPU it sees, as ``CUDA_VISIBLE_DEVICES`` names it; "" is a worker that sees what there is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any, Final

from zepad_engine.capacity import GIB, free_memory, usable_cores
from zepad_engine.plan import AuditPlan

# A warm worker holds 0.5 GiB; its pictures and activations come on top.
_MEMORY_EACH: Final = GIB
# An audit is about thirty jobs, of which fewer can run at once.
_MOST: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the number of workers depends on.

    Attributes:
        cores: those this process may use.
        memory: free bytes before any worker was started; None where the system does not tell.
        gpus: CUDA devices by the names ``CUDA_VISIBLE_DEVICES`` gives them.
    """

    cores: int
    memory: int | None = None
    gpus: tuple[str, ...] = ()


def this_machine() -> Machine:
    """This machine as far as it can be seen without torch: no GPU is known yet."""
    return Machine(cores=usable_cores(), memory=free_memory())


def with_gpus(machine: Machine, told: dict[str, Any]) -> Machine:
    """The machine with the GPUs that the outcome of the job ``describe`` counts."""
    count = int(told["devices"]) if told["kind"] == "cuda" else 0
    visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    names = visible if len(visible) >= count else map(str, range(count))
    return replace(machine, gpus=tuple(names)[:count])


def posts_of(plan: AuditPlan, machine: Machine, *, window: bool) -> tuple[str, ...]:
    """A post for each worker of a plan: ``plan.workers`` of them, or as many as the machine can feed.

    On CPU: as many as cores (cores over threads, where a worker has several), 1 GiB of free memory for each and 32 at
    most; under a ``window`` one core of more than two stays free. With CUDA: one for each GPU, or for the one named.
    """
    wish, _, number = plan.device.partition(":")
    if machine.gpus and wish in ("auto", "cuda"):
        # A worker with a GPU of its own calls it cuda:0; where a plan names a number, every worker must see them all.
        own = machine.gpus if len(machine.gpus) > 1 and not number else ("",)
        count = plan.workers or len(own)
        return tuple(own[place % len(own)] for place in range(count))
    return ("",) * (plan.workers or _on_cores(machine, plan.threads, window=window))


def _on_cores(machine: Machine, threads: int, *, window: bool) -> int:
    cores = machine.cores - 1 if window and machine.cores > 2 else machine.cores
    fed = _MOST if machine.memory is None else machine.memory // _MEMORY_EACH
    return max(1, min(cores // threads, fed, _MOST))
