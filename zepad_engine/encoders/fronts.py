"""What an image may pass before an encoder: a network that cleans it, or a counterattack on it at test time."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.rounded import Rounded

Encode: TypeAlias = Callable[[Tensor], Tensor]

_WIDTH: Final = 32
_BLOCKS: Final = 2
# Decides the noise of every counterattack: the same picture always gets the same answer, and an attacker may know it.
_NOISE_SEED: Final = 0


class Front(Rounded):
    """A function from images to images of the same shape, both in [0, 1]; it may ask the encoder for features."""

    optimises_at_inference: ClassVar[bool] = False

    def forward(self, images: Tensor, encode: Encode) -> Tensor:
        """Images (B, 3, H, W) as the encoder shall see them; ``encode`` gives its features (B, D) of images."""
        raise NotImplementedError


class Purifier(Front):
    """A small residual network, x -> clamp(x + net(x)), as an untrained one the identity.

    After NRP (Naseer et al., CVPR 2020), whose network is a generator of 1.2 million weights or more; this one has
    39,000, about the cost of the bundled encoder.
    """

    def __init__(self) -> None:
        super().__init__()
        self.opening = nn.Conv2d(3, _WIDTH, 3, padding=1)
        self.blocks = nn.ModuleList(_Block() for _ in range(_BLOCKS))
        self.closing = nn.Conv2d(_WIDTH, 3, 3, padding=1)
        nn.init.zeros_(self.closing.weight)
        nn.init.zeros_(self.closing.bias)  # type: ignore[arg-type]

    def forward(self, images: Tensor, encode: Encode | None = None) -> Tensor:
        """Cleaned images; knows nothing of the encoder."""
        del encode
        with self.arithmetic(images.device):
            activation = functional.relu(self.opening(images))
            for block in self.blocks:
                activation = block(activation)
            change: Tensor = self.closing(activation)
        return (images + change.float()).clamp(0.0, 1.0)


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.second = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)

    def forward(self, activation: Tensor) -> Tensor:
        return functional.relu(activation + self.second(functional.relu(self.first(activation))))


class Counterattack(Front):
    """Directional orthogonal counterattack (Jiang et al., AAAI 2026, arXiv 2511.09064, Algorithm 1) on features.

    The image is moved within ``epsilon`` so that its feature leaves the place it has, uphill with an orthogonal random
    part and momentum (Eqs. 5-9), the less so the more plain noise turns the feature already (Eqs. 10-11: an attacked
    image sits in a falsely stable place). Budget, step and number of steps are the published ones. The rest stands in
    a supplement that we did not have: ``draws``, ``momentum``, ``threshold`` and ``sharpness`` are those of a public
    re-implementation, for CLIP; ``orthogonal`` did best of those tried on validation images (RESULTS.md). On the sample
    noise turns features by less than 0.1, so that every image is countered in full.

    The noise is the same for every image and every call, so that an answer repeats and depends on no other image.
    The move is added as a constant: a gradient with respect to the images passes as if nothing stood here (BPDA with
    the identity), and none reaches a weight. An attack through it does not see how the move depends on the image.
    """

    optimises_at_inference: ClassVar[bool] = True

    epsilon: float = 4 / 255
    step: float = 3 / 255
    steps: int = 4
    orthogonal: float = 10.0
    momentum: float = 0.75
    threshold: float = 0.3
    sharpness: float = 20.0
    draws: int = 5

    def forward(self, images: Tensor, encode: Encode) -> Tensor:
        """Images moved by at most ``epsilon``; works under ``no_grad`` and ``inference_mode`` too."""
        with torch.inference_mode(False), torch.enable_grad():
            still = images.detach().clone()
            move = self._move(still, encode)
        return images + move

    def _move(self, images: Tensor, encode: Encode) -> Tensor:
        generator = torch.Generator().manual_seed(_NOISE_SEED)
        with torch.no_grad():
            here = encode(images)
        share = self._share(images, here, encode, generator)
        noise = torch.rand(images.shape[1:], generator=generator).to(images)
        start = (self.epsilon * (2 * noise - 1)).expand_as(images)
        move, kept = start, torch.zeros_like(images)
        for _ in range(self.steps):
            move = move.detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad((encode(images + move) - here).norm(dim=1).sum(), move)
            aside = torch.randn(images.shape[1:], generator=generator).to(images).expand_as(images)
            kept = self.momentum * kept + (1 - self.momentum) * self._direction(gradient, aside)
            move = (move.detach() + self.step * kept.sign()).clamp(-self.epsilon, self.epsilon)
        blended = share * move + (1 - share) * start
        return (images + blended).clamp(0.0, 1.0) - images

    def _direction(self, gradient: Tensor, aside: Tensor) -> Tensor:
        """The gradient of each image at length 1, and the part of ``aside`` at right angles to it (Eqs. 5-7)."""
        up, aside = _unit(gradient), aside.flatten(1)
        across = aside - (aside * up).sum(dim=1, keepdim=True) * up
        return (up + self.orthogonal * _unit(across)).view_as(gradient)

    def _share(self, images: Tensor, here: Tensor, encode: Encode, generator: torch.Generator) -> Tensor:
        """How much of the counterattack each image gets, (B, 1, 1, 1), 0 to 1 (Eqs. 10-11)."""
        turned = torch.zeros(len(images), device=images.device)
        with torch.no_grad():
            for _ in range(self.draws):
                noise = self.epsilon * torch.randn(images.shape[1:], generator=generator).sign().to(images)
                turned += 1 - functional.cosine_similarity(encode(images + noise), here, dim=1)
        weight = torch.sigmoid(self.sharpness * (self.threshold - turned / self.draws))
        return weight.view(-1, 1, 1, 1)


def _unit(vectors: Tensor) -> Tensor:
    return functional.normalize(vectors.flatten(1), dim=1)


class Fronted(Encoder):
    """An encoder whose images pass a front first; its card is that of the encoder behind."""

    def __init__(self, encoder: Encoder, front: Front) -> None:
        super().__init__(encoder.backbone, encoder.card)
        self.front = front

    def forward(self, images: Tensor) -> Tensor:
        """Features (B, feature_dim) of images (B, 3, H, W) in [0, 1], which pass the front first."""
        return super().forward(self.front(images, super().forward))

    def stages(self, images: Tensor, stop: int) -> Tensor:
        """Activation of a stage, as ``Encoder.stages``, of images that pass the front first."""
        return super().stages(self.front(images, super().forward), stop)
