"""The plain loops of the paper's release, from its description: float32, torch's own layout, gradients everywhere.

Images are float (B, 3, H, W) in [0, 1]; epsilon and steps are shares of the pixel range. The arithmetic is that of the
engine's exact mode, so a difference in time is a difference in how the same thing is run. Where the description leaves
the choice open the cheaper way is taken: a frozen AdvEncoder victim, no graph for the reference and for test passes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.images.image_set import as_images
from zepad_engine.objectives import genetic_regularisation, high_pass, info_nce
from zepad_engine.training.head import Head

_RADIUS_AT_64 = 8.0


def plain_pgd(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilon: float,
    step: float,
    steps: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """PGD on cross-entropy; each backward pass also fills the parameters' gradients. A generator: random start."""
    moved = images.clone()
    if generator is not None:
        noise = 2 * torch.rand(images.shape, generator=generator) - 1
        moved = (images + epsilon * noise.to(images.device)).clamp(0, 1)
    for _ in range(steps):
        moved = moved.detach().requires_grad_(True)
        functional.cross_entropy(model(moved), labels).backward()
        stepped = moved.detach() + step * moved.grad.sign()
        moved = (images + (stepped - images).clamp(-epsilon, epsilon)).clamp(0, 1)
    return moved.detach()


def plain_tuning_losses(
    encoder: Encoder, head: Head, reference_encoder: Encoder, images: Tensor, labels: Tensor, adversarial: Tensor
) -> tuple[Tensor, Tensor]:
    """CE on the adversarial images and the genetic regularisation against features computed now; in train mode."""
    encoder.train()
    head.train()
    with torch.no_grad():
        clean = reference_encoder(images)
    moved = encoder(adversarial)
    return functional.cross_entropy(head(moved), labels), genetic_regularisation(moved, clean)


def plain_tuning_step(
    encoder: Encoder,
    head: Head,
    reference_encoder: Encoder,
    optimiser: torch.optim.Optimizer,
    images: Tensor,
    labels: Tensor,
    *,
    weight: float,
    epsilon: float,
    step: float,
    steps: int = 10,
    generator: torch.Generator | None = None,
) -> tuple[float, float]:
    """One step of adversarial fine-tuning, PGD in eval mode included; CE and regularisation before ``weight``."""
    model = nn.Sequential(encoder, head).eval()
    adversarial = plain_pgd(model, images, labels, epsilon, step, steps, generator)
    optimiser.zero_grad()
    ce, gr = plain_tuning_losses(encoder, head, reference_encoder, images, labels, adversarial)
    (ce + weight * gr).backward()
    optimiser.step()
    return ce.item(), gr.item()


def plain_adv_encoder_step(
    encoder: Encoder,
    generator_net: nn.Module,
    latents: Tensor,
    optimiser: torch.optim.Optimizer,
    images: Tensor,
    epsilon: float,
    *,
    temperature: float = 0.1,
    adversarial: float = 5.0,
    quality: float = 1.0,
    frequency: float = 1.0,
) -> tuple[Tensor, float]:
    """One generator step; the map (3, H, W) it was taken with and its InfoNCE. Freeze ``encoder`` first, in eval mode.

    Clean features are computed anew and both batches are high-passed.
    """
    crafted = generator_net(latents).clamp(-epsilon, epsilon)
    moved = (images + crafted).clamp(0, 1)
    nce = info_nce(encoder(images), encoder(moved), temperature)
    radius = _RADIUS_AT_64 * images.shape[-1] / 64
    lost = functional.mse_loss(high_pass(moved, radius), high_pass(images, radius))
    loss = -adversarial * nce + quality * functional.mse_loss(moved, images) - frequency * lost
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return crafted.detach(), nce.item()


def plain_l4a_step(
    encoder: Encoder, delta: Tensor, images: Tensor, epsilon: float, step_size: float, stage: int
) -> Tensor:
    """One ascent step of L4A-base on ``delta`` (3, H, W): mean squared activation of a stage, read by a hook."""
    delta = delta.detach().requires_grad_(True)
    activation = _hooked(encoder, (images + delta).clamp(0, 1), stage)
    activation.square().mean().backward()
    return (delta.detach() + step_size * delta.grad.sign()).clamp(-epsilon, epsilon)


def plain_ssp_step(
    encoder: Encoder, delta: Tensor, images: Tensor, epsilon: float, step_size: float, stage: int = 2
) -> Tensor:
    """One ascent step of SSP: MSE between the squared activations of clean and moved images, read by a hook."""
    delta = delta.detach().requires_grad_(True)
    with torch.no_grad():
        clean = _hooked(encoder, images, stage)
    moved = _hooked(encoder, (images + delta).clamp(0, 1), stage)
    functional.mse_loss(moved.square(), clean.square()).backward()
    return (delta.detach() + step_size * delta.grad.sign()).clamp(-epsilon, epsilon)


def _hooked(encoder: Encoder, images: Tensor, stage: int) -> Tensor:
    """The activation of a ResNet's stage (0 = stem) while the whole network runs."""
    seen: list[Tensor] = []
    module = encoder.backbone.get_submodule(f"layer{stage}" if stage else "maxpool")
    handle = module.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    encoder(images)
    handle.remove()
    return seen[0]


def plain_head(
    encoder: Encoder,
    head: Head,
    pictures: Tensor,
    labels: Tensor,
    epochs: int,
    batch: int,
    *,
    rate: float = 5e-3,
    weight_decay: float = 8e-4,
    decay: float = 0.96,
    generator: torch.Generator | None = None,
) -> Head:
    """Fit a head on uint8 pictures (N, 3, H, W): every batch goes forward and backward through the encoder as well.

    The encoder is in eval mode and its parameters want gradients; only the head's optimiser steps.
    """
    encoder.eval().requires_grad_(True)
    optimiser = torch.optim.Adam(head.parameters(), lr=rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, decay)
    head.train()
    for _ in range(epochs):
        for index in torch.randperm(len(labels), generator=generator).split(batch):
            loss = functional.cross_entropy(head(encoder(as_images(pictures[index]))), labels[index])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
    encoder.zero_grad()
    return head.eval()


def plain_classifier_step(model: nn.Module, optimiser: torch.optim.Optimizer, images: Tensor, labels: Tensor) -> float:
    """One step of ordinary supervised training; the loss."""
    loss = functional.cross_entropy(model(images), labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def plain_outputs(model: nn.Module, pictures: Tensor, perturbation: Tensor | None = None, batch: int = 256) -> Tensor:
    """What a model in eval mode says of uint8 pictures (N, 3, H, W), (N, D), with a perturbation added if given."""
    found = []
    model.eval()
    with torch.no_grad():
        for part in pictures.split(batch):
            images = as_images(part)
            if perturbation is not None:
                images = (images + perturbation).clamp(0, 1)
            found.append(model(images))
    return torch.cat(found)
