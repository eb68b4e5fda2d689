"""Attacks that push the activation of a stage: L4A in three forms, SSP and STD."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from tests.support.tiny import FAST, tiny_bank, tiny_encoder, tiny_images
from zepad_engine.architecture import VitShape
from zepad_engine.attacks.budget import perturb
from zepad_engine.attacks.l4a import L4aBase, L4aFuse, L4aUgs
from zepad_engine.attacks.sign_noise import SignNoise
from zepad_engine.attacks.ssp import Ssp
from zepad_engine.attacks.std import Std
from zepad_engine.card import CIFAR_MEAN, CIFAR_STD, IMAGENET_MEAN, IMAGENET_STD, EncoderCard
from zepad_engine.encoders.reading import load_own
from zepad_engine.encoders.vit import empty_vit
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import EXACT
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.sample import load_sample
from zepad_engine.progress import Progress
from zepad_engine.resources import asset

EPSILON = 10 / 255
STAGED = (L4aBase, L4aFuse, L4aUgs, Ssp, Std)
BRIGHT = (tiny_images(24) * 0.3 + 0.7).clamp(0, 1)
INDEX = torch.tensor([4, 0, 7])


def craft(attack, *, encoder=None, surrogate=None, seed=0, progress=None):
    network = FAST.for_attack(encoder or tiny_encoder(1))
    bank = tiny_bank(24) if surrogate is None else surrogate
    return attack(network, bank, EPSILON, seed=seed, progress=progress or Progress.silent())


def drawn(seed):
    return torch.Generator().manual_seed(seed)


def normed(values, conv, norm):
    values = functional.conv2d(values, conv.weight, stride=conv.stride, padding=conv.padding)
    mean, deviation = norm.running_mean.view(-1, 1, 1), (norm.running_var + norm.eps).sqrt().view(-1, 1, 1)
    return (values - mean) / deviation * norm.weight.view(-1, 1, 1) + norm.bias.view(-1, 1, 1)


def by_hand(encoder, images):
    """The activations of stem and residual stages, written out."""
    net = encoder.backbone
    mean, std = torch.tensor(CIFAR_MEAN).view(3, 1, 1), torch.tensor(CIFAR_STD).view(3, 1, 1)
    found = [normed((images - mean) / std, net.conv1, net.bn1).clamp_min(0)]
    for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
        (block,) = layer
        inner = normed(found[-1], block.conv1, block.bn1).clamp_min(0)
        shortcut = found[-1] if block.downsample is None else normed(found[-1], *block.downsample)
        found.append((normed(inner, block.conv2, block.bn2) + shortcut).clamp_min(0))
    return found


def squares(activation):
    return (activation**2).sum() / activation.numel()


def deviations(activation):
    found = []
    for one in activation:
        mean = one.sum() / one.numel()
        found.append((((one - mean) ** 2).sum() / (one.numel() - 1)) ** 0.5)
    return sum(found) / len(found)


HAND = {
    "base": (L4aBase(), lambda moved, clean: squares(moved[0])),
    "base of the last stage": (L4aBase(stage=4), lambda moved, clean: squares(moved[4])),
    "fuse": (L4aFuse(), lambda moved, clean: squares(moved[0]) + squares(moved[1])),
    "fuse, weighted": (
        L4aFuse(stage=3, second_stage=1, weight=0.3),
        lambda moved, clean: squares(moved[3]) + 0.3 * squares(moved[1]),
    ),
    "ssp": (Ssp(), lambda moved, clean: squares(moved[2] ** 2 - clean[2] ** 2)),
    "std": (Std(), lambda moved, clean: deviations(moved[2])),
    "std of the stem": (Std(stage=0), lambda moved, clean: deviations(moved[0])),
}


@pytest.mark.parametrize("case", HAND)
def test_objectives_are_what_is_written_out(case):
    attack, expected = HAND[case]
    encoder, crafted = EXACT.for_attack(tiny_encoder(1)), torch.empty(3, 16, 16).uniform_(-0.1, 0.1, generator=drawn(5))
    objective = attack.objective(encoder, ImageBank(tiny_images(8)), drawn(0))
    images = tiny_images(8)[INDEX]
    moved = by_hand(encoder, (images + crafted).clamp(0, 1))
    assert float(objective(INDEX, crafted)) == pytest.approx(float(expected(moved, by_hand(encoder, images))), rel=1e-4)


@pytest.mark.parametrize("noise", ["uniform", "imagenet"])
def test_ugs_is_what_is_written_out_and_draws_new_statistics_after_twenty_steps(noise):
    encoder, crafted = EXACT.for_attack(tiny_encoder(1)), torch.full((3, 16, 16), 0.03)
    attack = L4aUgs(noise=noise, weight=0.5, clamp=False)
    objective = attack.objective(encoder, ImageBank(tiny_images(8)), drawn(2))
    generator, means = drawn(2), []
    real = squares(by_hand(encoder, tiny_images(8)[INDEX] + crafted)[0])
    for step in range(41):
        if noise == "uniform" and step % 20 == 0:
            mean = 0.4 + 0.2 * torch.rand(3, generator=generator)
            deviation = 0.05 + 0.05 * torch.rand(3, generator=generator)
        elif noise == "imagenet":
            mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
        means.append(mean)
        images = torch.randn(8, 3, 16, 16, generator=generator) * deviation.view(3, 1, 1) + mean.view(3, 1, 1)
        expected = squares(by_hand(encoder, images + crafted)[0]) + 0.5 * real
        assert float(objective(INDEX, crafted)) == pytest.approx(float(expected), rel=1e-4)
    assert len({tuple(mean.tolist()) for mean in means}) == (3 if noise == "uniform" else 1)


def test_ugs_counts_every_real_image():
    encoder, crafted = EXACT.for_attack(tiny_encoder(1)), torch.zeros(3, 16, 16)
    attack = L4aUgs(weight=1.0, clamp=False)
    images = tiny_images(8)
    values = []
    for index in ([0, 1], [0, 2], [3, 1]):
        objective = attack.objective(encoder, ImageBank(images), drawn(0))
        values.append(float(objective(torch.tensor(index), crafted)))
    assert len({round(value, 6) for value in values}) == 3


@pytest.mark.parametrize(
    ("attack", "sign"),
    [(L4aBase(steps=12, stage=1), 1), (Ssp(steps=12), 1), (Std(steps=12), -1)],
    ids=["l4a", "ssp", "std"],
)
def test_the_steps_are_what_is_written_out(attack, sign):
    encoder, images = EXACT.for_attack(tiny_encoder(1)), tiny_images(16)
    crafted = attack(encoder, ImageBank(images), EPSILON, seed=3, progress=Progress.silent())
    generator = drawn(3)
    expected = (torch.rand(3, 16, 16, generator=generator) * 2 - 1) * EPSILON
    pushed = {
        "l4a_base": lambda moved, clean: moved.square().mean(),
        "ssp": lambda moved, clean: (moved.square() - clean.square()).square().mean(),
        "std": lambda moved, clean: moved.flatten(1).std(dim=1).mean(),
    }[attack.key]
    for _ in range(12):
        index = torch.randperm(16, generator=generator)
        expected.requires_grad_(True)
        moved = encoder.stages((images[index] + expected).clamp(0, 1), attack.stage)
        (gradient,) = torch.autograd.grad(pushed(moved, encoder.stages(images[index], attack.stage)), expected)
        expected = (expected.detach() + sign * 2e-4 * gradient.sign()).clamp(-EPSILON, EPSILON)
    # A gradient within rounding of 0 may fall either way: a step up instead of down, in a handful of values.
    assert float((crafted != expected).float().mean()) < 0.01


@pytest.fixture(scope="module")
def victim():
    return FAST.for_attack(load_own(asset("encoders", "supcon-cifar10-r18w16.safetensors")))


@pytest.fixture(scope="module")
def earth():
    return load_sample("earth").pictures[:128]


# How far each must get compared with sign noise; they get to 1.23, 1.44, 1.13, 22 and 0.80 times (two seeds).
FIGURES = {L4aBase: 1.12, L4aFuse: 1.2, L4aUgs: 1.06, Ssp: 5.0, Std: 0.9}


@pytest.mark.parametrize("kind", STAGED, ids=lambda kind: kind.key)
def test_on_the_bundled_victim_each_gets_further_than_sign_noise_on_images_it_has_not_seen(kind, victim, earth):
    attack = kind(steps=60, step_size=0.003)
    crafted = attack(victim, ImageBank(earth[:64], FAST), EPSILON, seed=0, progress=Progress.silent())
    fresh = ImageBank(earth[64:], FAST)
    everything = torch.arange(64)

    def reached(perturbation):
        # UGS draws its noise: five draws of it.
        with torch.no_grad():
            draws = [attack.objective(victim, fresh, drawn(seed)) for seed in range(5)]
            return sum(float(objective(everything, perturbation)) for objective in draws)

    noise = [reached(craft_noise(victim, fresh, seed)) for seed in range(3)]
    if attack.direction > 0:
        assert reached(crafted) > FIGURES[kind] * max(noise)
    else:
        assert reached(crafted) < FIGURES[kind] * min(noise)


def craft_noise(victim, bank, seed):
    return SignNoise()(victim, bank, EPSILON, seed=seed, progress=Progress.silent())


@pytest.mark.parametrize("kind", STAGED, ids=lambda kind: kind.key)
def test_no_stage_after_the_last_one_needed_is_computed(kind):
    headless = tiny_encoder(1)
    headless.backbone.layer3 = headless.backbone.layer4 = None
    assert torch.equal(craft(kind(steps=5), encoder=headless), craft(kind(steps=5), encoder=tiny_encoder(1)))


@pytest.mark.parametrize("kind", STAGED, ids=lambda kind: kind.key)
def test_a_stage_that_is_not_there_is_refused(kind):
    with pytest.raises(BadInput, match=r"tiny1 has no stage 5\. Its stages are 0 to 4\."):
        craft(kind(steps=5, stage=5))


def test_a_second_stage_that_is_not_there_is_refused():
    with pytest.raises(BadInput, match="tiny1 has no stage 7"):
        craft(L4aFuse(steps=5, second_stage=7))


@pytest.mark.parametrize("kind", STAGED, ids=lambda kind: kind.key)
def test_the_tokens_of_a_transformer_are_pushed_too(kind):
    card = EncoderCard(
        name="vit",
        architecture=VitShape(patch=4, width=32, depth=5, heads=4, mlp=64, grid=4),
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        input_size=16,
        feature_dim=0,
        parameters=0,
    )
    encoder = empty_vit(card)
    with torch.no_grad():
        encoder.backbone.initialise(drawn(0))
    attack = kind(steps=20, step_size=0.004, stage=5)
    points = []
    craft(attack, encoder=encoder, progress=Progress(on_measure=lambda _series, _step, value: points.append(value)))
    assert attack.direction * (sum(points[-5:]) - sum(points[:5])) > 0


def test_an_activation_that_is_the_same_everywhere_gives_no_gradient_rather_than_none_that_is_a_number():
    silent = tiny_encoder(1)
    for values in (silent.backbone.conv1.weight, silent.backbone.bn1.weight):
        torch.nn.init.zeros_(values)
    torch.nn.init.constant_(silent.backbone.bn1.bias, 9.0)
    crafted = torch.zeros(3, 16, 16, requires_grad=True)
    objective = Std(stage=0).objective(FAST.for_attack(silent), tiny_bank(24), drawn(0))
    dispersion = objective(INDEX, crafted)
    assert float(dispersion.detach()) == 0
    assert torch.equal(torch.autograd.grad(dispersion, crafted)[0], torch.zeros(3, 16, 16))


@pytest.mark.parametrize("kind", STAGED, ids=lambda kind: kind.key)
def test_leaving_the_clamp_off_changes_the_result(kind):
    # Bright pictures, so that the perturbation does leave the range; UGS must be told to look at them.
    bright, values = ImageBank(BRIGHT, FAST), {"weight": 100.0} if kind is L4aUgs else {}
    attacks = (kind(steps=20, step_size=0.01, clamp=clamp, **values) for clamp in (True, False))
    first, second = (craft(attack, surrogate=bright) for attack in attacks)
    assert not torch.equal(first, second)


@pytest.mark.parametrize(
    ("default", "other"),
    [
        (L4aBase(steps=5), L4aBase(steps=5, stage=1)),
        (L4aFuse(steps=5), L4aFuse(steps=5, second_stage=2)),
        (L4aFuse(steps=5), L4aFuse(steps=5, weight=100.0)),
        (L4aUgs(steps=5), L4aUgs(steps=5, weight=10.0)),
        (L4aUgs(steps=5), L4aUgs(steps=5, noise="imagenet")),
        (Ssp(steps=5), Ssp(steps=5, batch=4)),
        (Std(steps=5), Std(steps=5, step_size=1e-3)),
    ],
    ids=["stage", "second_stage", "weight", "weight of ugs", "noise", "batch", "step_size"],
)
def test_every_setting_counts(default, other):
    assert not torch.equal(craft(default), craft(other))


def activation(encoder, images, crafted, stage):
    with torch.inference_mode():
        return float(encoder.stages(perturb(images, crafted), stage).square().mean())


@pytest.mark.parametrize("stage", [0, 2, 4])
def test_l4a_raises_the_activation_of_its_stage(stage):
    encoder, fresh = tiny_encoder(1), tiny_images(48, seed=9)
    crafted = craft(L4aBase(steps=60, step_size=0.004, stage=stage), encoder=encoder)
    lifted = activation(encoder, fresh, crafted, stage)
    noise = [activation(encoder, fresh, craft(SignNoise(), seed=seed, encoder=encoder), stage) for seed in range(3)]
    assert lifted > 1.02 * max(noise)
    assert lifted > 1.05 * activation(encoder, fresh, torch.zeros(3, 16, 16), stage)


def test_l4a_rises_with_its_steps_as_its_curve_says():
    points = []
    progress = Progress(on_measure=lambda series, step, value: points.append((series, step, value)))
    craft(L4aBase(steps=60, step_size=0.004), progress=progress)
    assert [point[:2] for point in points] == [("activation", step) for step in range(60)]
    assert sum(value for *_, value in points[-10:]) > 1.02 * sum(value for *_, value in points[:10])


def test_ssp_distorts_the_activations_of_its_stage():
    encoder, fresh = tiny_encoder(1), tiny_images(48, seed=9)

    def distortion(crafted):
        with torch.inference_mode():
            moved, clean = encoder.stages(perturb(fresh, crafted), 2), encoder.stages(fresh, 2)
        return float((moved.square() - clean.square()).square().mean())

    crafted = craft(Ssp(steps=60, step_size=0.004), encoder=encoder)
    noise = [distortion(craft(SignNoise(), seed=seed, encoder=encoder)) for seed in range(3)]
    assert distortion(crafted) > 1.2 * max(noise)
