"""FFF: its objective by hand, its three priors, its halving, and the nets it must listen to."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.support.tiny import FAST, tiny_bank, tiny_encoder, tiny_images
from zepad_engine.architecture import VitShape
from zepad_engine.attacks.fff import Fff, log_energy
from zepad_engine.attacks.sign_noise import SignNoise
from zepad_engine.card import IMAGENET_MEAN, IMAGENET_STD, EncoderCard
from zepad_engine.encoders.encoder import Backbone, Encoder
from zepad_engine.encoders.reading import load_own
from zepad_engine.encoders.vit import empty_vit
from zepad_engine.execution.execution import EXACT
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.sample import load_sample
from zepad_engine.progress import Progress
from zepad_engine.resources import asset

EPSILON = 10 / 255
# What the sum of the logarithms must rise above that of sign noise; it rises by 14.5 to 20 (two seeds of each prior).
GAIN = 8.0
PRIORS = ("gaussian", "one_image", "none")


def craft(attack, encoder, surrogate=None, *, epsilon=EPSILON, progress=None):
    bank = surrogate or tiny_bank(24)
    return attack(encoder, bank, epsilon, seed=0, progress=progress or Progress.silent())


def drawn(seed):
    return torch.Generator().manual_seed(seed)


def hooks(encoder):
    return sum(len(module._forward_hooks) for module in encoder.modules())


class TwoConvolutions(Backbone):
    """Small enough to write out: a convolution, ReLU, and a second one whose outputs are the features."""

    stage_count = 2
    feature_dim = 2

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 2, 3)

    def stage(self, activation, index):
        return self.second(activation) if index else self.first(activation).clamp_min(0)


def two_convolutions(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        backbone = TwoConvolutions()
    return Encoder(backbone, tiny_encoder(1).card).eval().requires_grad_(False)


def vit():
    card = EncoderCard(
        name="vit",
        architecture=VitShape(patch=4, width=32, depth=2, heads=4, mlp=64, grid=4),
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        input_size=16,
        feature_dim=0,
        parameters=0,
    )
    encoder = empty_vit(card)
    with torch.no_grad():
        encoder.backbone.initialise(drawn(0))
    return encoder


def test_the_objective_is_what_is_written_out():
    encoder, images = two_convolutions(), tiny_images(3)
    mean, std = encoder.mean, encoder.std
    first = functional.conv2d(
        (images - mean) / std, encoder.backbone.first.weight, encoder.backbone.first.bias, padding=1
    )
    second = functional.conv2d(first.clamp_min(0), encoder.backbone.second.weight, encoder.backbone.second.bias)
    expected = sum(math.log(float((values.double() ** 2).sum()) / 2) for values in (first, second))
    assert float(log_energy(encoder, images)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("prior", PRIORS)
def test_what_the_net_is_shown(prior):
    bank, crafted = tiny_bank(24), torch.linspace(-0.3, 0.3, 768).view(3, 16, 16)
    shown = Fff(prior=prior).shown(bank, drawn(1))
    first, second = shown(crafted), shown(crafted)
    assert first.shape == (1, 3, 16, 16)
    generator = drawn(1)
    if prior == "none":
        assert torch.equal(first[0], crafted)
    elif prior == "one_image":
        image = tiny_images(24)[torch.randint(24, (1,), generator=generator)]
        assert torch.equal(first, (image + crafted).clamp(0, 1))
        assert torch.equal(first, second)
    else:
        noise = torch.randn(1, 3, 16, 16, generator=generator)
        noise = noise * torch.tensor(IMAGENET_STD).view(3, 1, 1) + torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
        assert torch.equal(first, (noise + crafted).clamp(0, 1))
        assert not torch.equal(first, second)


def test_a_saturated_perturbation_is_halved_before_the_next_step_and_not_after_the_last():
    encoder, sizes = two_convolutions(), []

    def watch(_module, images):
        # The first pass of every step starts from where the last step ended.
        sizes.append(float(images[0].detach().abs().max() / EPSILON))

    handle = encoder.register_forward_pre_hook(watch)
    # A step far longer than the budget drives every value to its edge, step after step.
    crafted = craft(Fff(steps=5, rate=1.0, prior="none"), encoder)
    handle.remove()
    assert sizes[0] <= 1.0
    assert sizes[1:] == pytest.approx([1.0, 0.5, 0.5, 0.5])
    assert torch.equal(crafted.abs(), torch.full_like(crafted, EPSILON))


def test_a_perturbation_that_is_not_saturated_is_not_halved():
    encoder, sizes = two_convolutions(), []
    handle = encoder.register_forward_pre_hook(
        lambda _module, images: sizes.append(float(images[0].detach().abs().mean()))
    )
    # Steps so short that less than half of the values reach the edge.
    craft(Fff(steps=20, rate=1e-4, prior="none"), encoder)
    handle.remove()
    assert min(sizes) > 0.9 * sizes[0]


def test_the_first_step_of_adam_is_the_rate_against_the_gradient():
    encoder = two_convolutions()
    crafted = craft(Fff(steps=1, rate=0.002, prior="none"), encoder)
    start = ((torch.rand(3, 16, 16, generator=drawn(0)) * 2 - 1) * EPSILON).requires_grad_(True)
    (gradient,) = torch.autograd.grad(log_energy(encoder, start[None]), start)
    expected = (start.detach() + 0.002 * gradient.sign()).clamp(-EPSILON, EPSILON)
    assert torch.allclose(crafted, expected, atol=1e-6)


@pytest.mark.parametrize("prior", PRIORS)
def test_on_the_bundled_victim_it_gets_further_than_sign_noise_on_images_it_has_not_seen(prior):
    victim = FAST.for_attack(load_own(asset("encoders", "supcon-cifar10-r18w16.safetensors")))
    earth = load_sample("earth").pictures
    surrogate, fresh = ImageBank(earth[:64], FAST), ImageBank(earth[64:128], FAST)[:64]

    def reached(crafted):
        with torch.no_grad():
            return float(log_energy(victim, (fresh + crafted).clamp(0, 1)))

    crafted = craft(Fff(steps=60, prior=prior), victim, surrogate)
    noise = [SignNoise()(victim, surrogate, EPSILON, seed=seed, progress=Progress.silent()) for seed in range(3)]
    assert reached(crafted) > max(reached(one) for one in noise) + GAIN


def test_batch_norms_count_where_they_are_folded_in():
    encoder, images = tiny_encoder(1), tiny_images(4)
    norms = [part for part in encoder.modules() if isinstance(part, nn.BatchNorm2d)]
    outputs = []
    handles = [norm.register_forward_hook(lambda _part, _given, output: outputs.append(output)) for norm in norms]
    with torch.inference_mode():
        encoder(images)
    for handle in handles:
        handle.remove()
    expected = sum(math.log(float(output.square().sum()) / 2) for output in outputs)
    folded = FAST.for_attack(encoder)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in folded.modules())
    for rounded, tolerance in ((False, 1e-4), (True, 2e-2)):
        folded.rounded = rounded
        assert float(log_energy(folded, images)) == pytest.approx(expected, rel=tolerance)
    assert abs(float(log_energy(EXACT.for_attack(encoder), images)) - expected) > 1


def test_of_a_transformer_the_linear_maps_are_heard():
    encoder, images = EXACT.for_attack(vit()), tiny_images(2)
    patches = encoder.backbone.patch_embed.proj(encoder.normalise(images))
    alone = math.log(float(patches.square().sum()) / 2)
    outputs = []
    linear = [part for part in encoder.modules() if isinstance(part, nn.Linear)]
    assert len(linear) == 2 * 4
    handles = [part.register_forward_hook(lambda _part, _given, output: outputs.append(output)) for part in linear]
    total = float(log_energy(encoder, images))
    for handle in handles:
        handle.remove()
    others = sum(math.log(float(output.square().sum()) / 2) for output in outputs)
    assert total == pytest.approx(alone + others, rel=1e-5)
    points = []
    craft(Fff(steps=30, rate=0.01, prior="one_image"), encoder, progress=watching(points))
    assert points[-1] > points[0]


def watching(points):
    def note(series, step, value):
        assert (series, step) == ("log_energy", len(points))
        points.append(value)

    return Progress(on_measure=note)


def test_a_silent_layer_neither_breaks_nor_steers():
    silent, plain = two_convolutions(), two_convolutions()
    for part in (silent.backbone.second, plain.backbone.second):
        nn.init.zeros_(part.weight)
    nn.init.zeros_(silent.backbone.second.bias)
    # The other one answers with its bias alone, so that it does not steer either.
    first, second = craft(Fff(steps=5, rate=0.002), silent), craft(Fff(steps=5, rate=0.002), plain)
    assert torch.isfinite(first).all()
    assert torch.equal(first, second)


def test_no_hook_is_left_behind_even_where_the_net_breaks():
    encoder = two_convolutions()
    craft(Fff(steps=2), encoder)
    assert hooks(encoder) == 0
    encoder.backbone.second = nn.Conv2d(5, 2, 3).requires_grad_(False)
    with pytest.raises(RuntimeError, match="channels"):
        craft(Fff(steps=2), encoder)
    assert hooks(encoder) == 0
