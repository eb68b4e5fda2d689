"""Which normalisation did the encoder see in training? Its first batch norm stored the mean and variance of its inputs.

Bundled photographs, normalised in each usual way, are sent to that batch norm; the way whose statistics lie nearest to
the stored ones is the likely one. CIFAR's and ImageNet's constants are too alike to be told apart, and so far from
plain values that the difference shows on any photographs.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from zepad_engine.card import CIFAR_MEAN, CIFAR_STD, IMAGENET_MEAN, IMAGENET_STD, EncoderCard, Triple
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.preflight import NormalisationFinding

_HALF: Final[Triple] = (0.5, 0.5, 0.5)
_USUAL: Final[tuple[tuple[str, Triple, Triple], ...]] = (
    ("ImageNet", IMAGENET_MEAN, IMAGENET_STD),
    ("plain values from 0 to 1", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    ("values from -1 to 1", _HALF, _HALF),
)
_NAMED: Final = (*_USUAL, ("CIFAR-10", CIFAR_MEAN, CIFAR_STD))
_ALIKE = 0.05


class _Reached(Exception):
    """No error: the first batch norm has seen its input, and nothing after it matters."""

    def __init__(self, norm: nn.BatchNorm2d, inputs: Tensor) -> None:
        super().__init__()
        self.norm = norm
        self.inputs = inputs


def fits(encoder: Encoder, images: Tensor) -> tuple[NormalisationFinding, ...]:
    """The assumed normalisation and the usual others, best first after it; empty where no batch norm kept statistics.

    Args:
        encoder: in evaluation mode, not folded.
        images: photographs (N, 3, H, W) in [0, 1].
    """
    card = encoder.card
    assumed = _divergence(encoder, images, card.mean, card.std)
    if assumed is None:
        return ()
    found = [
        NormalisationFinding(name=name_of(card), mean=card.mean, std=card.std, divergence=assumed, assumed=True),
    ]
    for name, mean, std in _USUAL:
        other = None if _alike(card, mean, std) else _divergence(encoder, images, mean, std)
        if other is not None:
            found.append(NormalisationFinding(name=name, mean=mean, std=std, divergence=other))
    return (found[0], *sorted(found[1:], key=lambda each: each.divergence))


def name_of(card: EncoderCard) -> str:
    """What the card's normalisation is called."""
    exact = [name for name, mean, std in _NAMED if (mean, std) == (card.mean, card.std)]
    return exact[0] if exact else f"mean {_shown(card.mean)}, deviation {_shown(card.std)}"


def _shown(values: Triple) -> str:
    return "/".join(f"{value:.3g}" for value in values)


def _alike(card: EncoderCard, mean: Triple, std: Triple) -> bool:
    pairs = zip((*card.mean, *card.std), (*mean, *std), strict=True)
    return all(abs(one - other) < _ALIKE for one, other in pairs)


def _divergence(encoder: Encoder, images: Tensor, mean: Triple, std: Triple) -> float | None:
    place = encoder.mean
    shaped = [torch.tensor(values, device=place.device).view(1, 3, 1, 1) for values in (mean, std)]
    reached = _first_norm(encoder, (images - shaped[0]) / shaped[1])
    if reached is None or reached.norm.running_mean is None or reached.norm.running_var is None:
        return None
    inputs, norm = reached.inputs.double(), reached.norm
    stored_mean, stored = reached.norm.running_mean.double(), reached.norm.running_var.double() + norm.eps
    seen_mean, seen = inputs.mean(dim=(0, 2, 3)), inputs.var(dim=(0, 2, 3)) + norm.eps
    # KL of two normal distributions, channel by channel.
    nats = 0.5 * (torch.log(stored / seen) + (seen + (seen_mean - stored_mean).square()) / stored - 1)
    return float(nats.mean())


def _first_norm(encoder: Encoder, normalised: Tensor) -> _Reached | None:
    def stop(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, nn.BatchNorm2d)
        raise _Reached(layer, inputs[0])

    norms = [layer for layer in encoder.modules() if isinstance(layer, nn.BatchNorm2d)]
    if not norms:
        return None
    hooks = [layer.register_forward_pre_hook(stop) for layer in norms]
    try:
        with torch.no_grad():
            encoder.backbone(normalised)
    except _Reached as reached:
        return reached
    finally:
        for hook in hooks:
            hook.remove()
    return None
