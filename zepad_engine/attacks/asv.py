"""ASV: the (p, q)-singular vector of a hidden stage (Khrulkov and Oseledets, CVPR 2018)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, cast

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from zepad_engine.attacks.base import EncoderAttack, shuffled_batches, uniform_start
from zepad_engine.attacks.budget import perturb
from zepad_engine.attacks.stage_attack import STAGE
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder, with_card
from zepad_engine.execution.execution import Execution
from zepad_engine.fields import Range
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress

_LEAST: Final = torch.finfo(torch.float32).tiny


@dataclass(frozen=True, kw_only=True)
class Asv(EncoderAttack):
    """Maximise ||J v||_q over ||v||_inf = 1, J the Jacobian of a stage over one batch, by the generalised power method.

    One iteration is v <- psi_p'(J^T psi_q(J v)) with psi_r(x) = sign(x) |x|^(r - 1); p is infinity, so p' = 1 and v
    is a vector of signs after the first (section 3 of the paper). ||J v||_q never falls. v and -v reach the same norm;
    the one under which the activations themselves change more, in the same norm, is taken, at full size.
    """

    key: ClassVar[str] = "asv"
    name: ClassVar[str] = "ASV (singular vector)"
    summary: ClassVar[str] = "The direction along which an early stage stretches a few dozen images the most."
    citation: ClassVar[str] = (
        "Khrulkov and Oseledets, Art of Singular Vectors and Universal Adversarial Perturbations, CVPR 2018"
    )
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 10},
        "standard": {"steps": 20},
        "paper": {"steps": 100},
    }
    step_seconds: ClassVar[float] = 0.12

    steps: Annotated[int, Range(low=1, high=10_000, label="Iterations", step=10, unit="iterations")] = 20
    batch: Annotated[int, Range(low=1, high=4096, label="Batch", unit="images", help="one for all iterations")] = 64
    stage: Annotated[int, STAGE] = 1
    q: Annotated[float, Range(low=1.0, high=100.0, label="q", step=1.0, help="the norm that is stretched")] = 10.0

    @property
    def total_steps(self) -> int:
        """Iterations of the power method."""
        return self.steps

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Iterate, then choose the sign."""
        index = next(shuffled_batches(len(surrogate), self.batch, 1, generator))
        jacobian = StageJacobian(encoder, surrogate[index], self.stage, surrogate.how)
        direction = uniform_start(surrogate, 1.0, generator)
        for step in range(self.steps):
            progress.advance(step / self.steps, f"iteration {step + 1} of {self.steps}")
            change = jacobian.times(direction)
            progress.measure("stretch", step, q_norm(change, self.q))
            direction = jacobian.transposed_times(_psi(change, self.q)).sign()
        ends = (epsilon * direction, -epsilon * direction)
        return max(ends, key=lambda end: q_norm(jacobian.true_change(end), self.q))


class StageJacobian:
    """The linear map J from a perturbation (3, H, W) to the change of a stage's activations (B, ...) over B images.

    J is never built. It is that of the clean images, in float32 whatever the encoder's arithmetic: under autocast
    some networks cannot be differentiated forwards.
    """

    def __init__(self, encoder: Encoder, images: Tensor, stage: int, how: Execution) -> None:
        # A second Encoder around the same weights, one that rounds nothing.
        self._encoder = with_card(encoder, encoder.card)
        self._images, self._stage, self._how = images, stage, how

    def times(self, direction: Tensor) -> Tensor:
        """J v: the change (B, ...) along ``direction`` (3, H, W)."""
        start = torch.zeros_like(direction)

        def change(part: slice) -> Tensor:
            images = self._images[part]
            pushed = torch.func.jvp(lambda moved: self._activation(images + moved), (start,), (direction,))
            return cast("Tensor", pushed[1])

        with torch.no_grad(), warnings.catch_warnings():
            # What torch itself loads to differentiate forwards is scripted, and torch warns of scripting.
            warnings.filterwarnings("ignore", message=".*torch.jit.script")
            return self._joined(change)

    def transposed_times(self, change: Tensor) -> Tensor:
        """J^T u: (3, H, W) for ``change`` (B, ...)."""

        def pulled(part: slice) -> Tensor:
            start = torch.zeros_like(self._images[0], requires_grad=True)
            activation = self._activation(self._images[part] + start)
            return torch.autograd.grad(activation, start, change[part])[0][None]

        return self._joined(pulled).sum(dim=0)

    def true_change(self, perturbation: Tensor) -> Tensor:
        """What a perturbation (3, H, W) does to the activations, (B, ...), images kept in [0, 1]."""

        def change(part: slice) -> Tensor:
            images = self._images[part]
            return self._activation(perturb(images, perturbation)) - self._activation(images)

        with torch.no_grad():
            return self._joined(change)

    def _activation(self, images: Tensor) -> Tensor:
        # Of the kernels of attention only the plain one can be differentiated forwards.
        with sdpa_kernel(SDPBackend.MATH):
            return self._encoder.stages(images, self._stage)

    def _joined(self, run: Callable[[slice], Tensor]) -> Tensor:
        return self._how.in_batches(run, len(self._images), self._how.batch_for(self._images.shape[-1]))


def q_norm(values: Tensor, q: float) -> float:
    """(sum |x|^q)^(1/q) over all values; large ones do not overflow."""
    largest = values.abs().max().clamp_min(_LEAST)
    return float(largest * torch.linalg.vector_norm(values / largest, ord=q))


def _psi(values: Tensor, q: float) -> Tensor:
    """sign(x) |x|^(q - 1), up to a factor: the power method looks at signs only in the end."""
    largest = values.abs().max().clamp_min(_LEAST)
    return values.sign() * (values / largest).abs().pow(q - 1)
