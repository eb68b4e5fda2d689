"""What an image passes before an encoder: shapes and ranges, repeatability, and what a gradient sees of it."""

from __future__ import annotations

import copy

import pytest
import torch

from tests.support.tiny import FAST, tiny_images, trained_encoder
from zepad_engine.encoders.encoder import weight_bytes
from zepad_engine.encoders.fronts import Counterattack, Fronted, Purifier
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.execution.folding import folds_exactly

ENCODER = trained_encoder()
IMAGES = tiny_images(12)
ROUNDED = Execution(torch.device("cpu"), fast=True, bfloat16=True)


def purifier():
    """One whose last layer does something."""
    found = Purifier()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in found.parameters():
            weight.normal_(0, 0.08, generator=generator)
    return found.eval()


def fronted(kind):
    return Fronted(copy.deepcopy(ENCODER), purifier() if kind == "purifier" else counterattack()).eval()


def counterattack(**values):
    """With as much uphill as across: of the default's steps most is across, and drawn."""
    front = Counterattack()
    for name, value in {"orthogonal": 1.0, **values}.items():
        setattr(front, name, value)
    return front


def attacked(images, epsilon=8 / 255, steps=8):
    """Images moved so that their features leave the clean ones: what a counterattack is made for."""
    with torch.no_grad():
        clean = ENCODER(images)
    moved = images + 0.001 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    for _ in range(steps):
        moved = moved.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad((ENCODER(moved) - clean).norm(dim=1).sum(), moved)
        moved = (images + (moved + epsilon / 4 * gradient.sign() - images).clamp(-epsilon, epsilon)).clamp(0, 1)
    return moved.detach()


def test_an_untrained_purifier_changes_nothing():
    assert torch.equal(Purifier()(IMAGES), IMAGES)
    assert torch.equal(Fronted(ENCODER, Purifier()).eval()(IMAGES), ENCODER(IMAGES))


def test_a_purifier_adds_what_its_net_says_and_stays_in_the_range():
    front = purifier()
    with torch.inference_mode():
        activation = torch.relu(front.opening(IMAGES))
        for block in front.blocks:
            activation = torch.relu(activation + block.second(torch.relu(block.first(activation))))
        expected = (IMAGES + front.closing(activation)).clamp(0, 1)
        assert torch.equal(front(IMAGES), expected)
    assert float((expected - IMAGES).abs().max()) > 0.05
    assert sum(weight.numel() for weight in front.parameters()) == 38_755


@pytest.mark.parametrize("kind", ["purifier", "counterattack"])
def test_the_encoder_sees_what_the_front_gives(kind):
    whole = fronted(kind)
    with torch.no_grad():
        seen = whole.front(IMAGES, ENCODER)
        assert not torch.equal(seen, IMAGES)
        assert torch.equal(whole(IMAGES), ENCODER(seen))
        assert torch.equal(whole.stages(IMAGES, 1), ENCODER.stages(seen, 1))
    assert whole.card == ENCODER.card
    assert weight_bytes(whole) == weight_bytes(ENCODER)


@pytest.mark.parametrize("kind", ["purifier", "counterattack"])
def test_copies_and_prepared_networks_give_the_same_features(kind):
    whole = fronted(kind)
    exact, quick, coarse = EXACT.for_attack(whole), FAST.for_scoring(whole), ROUNDED.for_attack(whole)
    twin = copy.deepcopy(whole)
    with torch.inference_mode():
        plain = whole(IMAGES)
        assert torch.equal(twin(IMAGES), plain)
        assert torch.equal(exact(IMAGES), plain)
        torch.testing.assert_close(quick(IMAGES), plain, rtol=1e-3, atol=1e-3 * float(plain.abs().max()))
        rounded = coarse(IMAGES)
        without = ENCODER(IMAGES)
    # The signs of a counterattack turn with the rounding: it is another one, of the same size.
    allowed = 0.15 if kind == "counterattack" else 0.02
    assert 1e-5 < float((rounded - plain).norm() / plain.norm()) < allowed
    assert float((rounded - plain).norm()) < 0.5 * float((without - plain).norm())
    assert all(not weight.requires_grad for weight in coarse.parameters())


@pytest.mark.parametrize("kind", ["purifier", "counterattack"])
def test_a_front_does_not_hinder_folding(kind):
    assert folds_exactly(fronted(kind), IMAGES)


@pytest.mark.parametrize("kind", ["purifier", "counterattack"])
def test_an_answer_depends_on_no_other_image_and_repeats(kind):
    whole = FAST.for_scoring(fronted(kind))
    with torch.inference_mode():
        together, again = whole(IMAGES), whole(IMAGES)
        alone = torch.cat([whole(image[None]) for image in IMAGES])
    assert torch.equal(together, again)
    torch.testing.assert_close(alone, together, rtol=1e-3, atol=1e-3 * float(together.abs().max()))


@pytest.mark.parametrize("epsilon", [1 / 255, 4 / 255, 16 / 255])
def test_a_counterattack_stays_within_its_budget_and_the_range(epsilon):
    extreme = torch.cat([IMAGES, torch.zeros(2, 3, 16, 16), torch.ones(2, 3, 16, 16)])
    with torch.no_grad():
        moved = counterattack(epsilon=epsilon, step=epsilon)(extreme, ENCODER)
    far = (moved - extreme).abs().amax(dim=(1, 2, 3))
    assert float(far.max()) <= epsilon + 1e-6
    assert float(far.min()) > 0.9 * epsilon
    assert float(moved.min()) >= 0
    assert float(moved.max()) <= 1


def test_a_counterattack_takes_the_feature_away_from_where_it_stands():
    images = attacked(IMAGES)
    with torch.no_grad():
        here = ENCODER(images)
        noise = Counterattack.epsilon * torch.randn(IMAGES.shape, generator=torch.Generator().manual_seed(3)).sign()
        by_noise = (ENCODER((images + noise).clamp(0, 1)) - here).norm(dim=1)
        countered = (ENCODER(counterattack()(images, ENCODER)) - here).norm(dim=1)
        half = (ENCODER(counterattack(steps=1)(images, ENCODER)) - here).norm(dim=1)
    assert float(countered.mean()) > 2 * float(by_noise.mean())
    assert float(countered.mean()) > float(half.mean())


def test_the_threshold_decides_how_much_of_it_an_image_gets():
    images = 0.2 + 0.6 * IMAGES
    with torch.no_grad():
        start = counterattack(steps=0)(images, ENCODER)
        full, none = (counterattack(threshold=value)(images, ENCODER) for value in (9.0, -9.0))
        half = counterattack(sharpness=0.0)(images, ENCODER)
    torch.testing.assert_close(none, start, rtol=0, atol=1e-6)
    assert float((full - start).abs().max()) > 2 / 255
    torch.testing.assert_close(half, (full + start) / 2, rtol=0, atol=1e-6)


def test_the_share_by_hand():
    front = counterattack(threshold=0.3, sharpness=20.0, draws=2)
    here = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # Noise leaves the first feature where it is, and turns the second one by sixty degrees: 1 - cos is 1/2.
    turned = torch.tensor([[2.0, 0.0], [3.0**0.5, 1.0]])
    share = front._share(torch.zeros(2, 3, 4, 4), here, lambda _: turned, torch.Generator())
    assert share.flatten().tolist() == pytest.approx([1 / (1 + 2.718281828**-6), 1 / (1 + 2.718281828**4)], rel=1e-4)


def test_the_direction_is_the_gradient_and_a_part_at_right_angles():
    front = counterattack(orthogonal=0.5)
    gradient, aside = torch.zeros(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)
    gradient[0, 0], aside[0, 0], aside[0, 1] = 4.0, 7.0, 2.0
    assert front._direction(gradient, aside).flatten().tolist() == pytest.approx([1.0, 0.5, 0.0])


def test_a_gradient_passes_a_counterattack_as_if_nothing_stood_there():
    images = IMAGES.clone().requires_grad_(True)
    moved = counterattack()(images, ENCODER)
    assert torch.equal(torch.autograd.grad(moved.sum(), images)[0], torch.ones_like(images))
    whole = fronted("counterattack")
    (through,) = torch.autograd.grad(whole(images).square().sum(), images)
    seen = moved.detach().requires_grad_(True)
    (behind,) = torch.autograd.grad(ENCODER(seen).square().sum(), seen)
    assert torch.equal(through, behind)


def test_a_counterattack_leaves_no_gradient_in_a_weight():
    whole = fronted("counterattack").requires_grad_(True)
    whole.front(IMAGES, ENCODER)
    with torch.no_grad():
        whole(IMAGES)
    assert all(weight.grad is None for weight in whole.parameters())


def test_a_purifier_passes_true_gradients():
    whole = fronted("purifier").double()
    images = (0.2 + 0.6 * IMAGES[:2]).double().requires_grad_(True)
    (gradient,) = torch.autograd.grad(whole.front(images).square().sum(), images)
    step = 1e-6 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with torch.no_grad():
        change = whole.front(images + step).square().sum() - whole.front(images - step).square().sum()
    # The front answers in float32: the difference holds to a few digits.
    assert float(change) / 2 == pytest.approx(float((gradient * step).sum()), rel=0.05)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_it_works_whatever_the_caller_does_with_gradients(mode):
    whole = fronted("counterattack")
    expected = whole(IMAGES).detach()
    with mode():
        found = whole(IMAGES.clone())
    assert torch.equal(found, expected)
    assert found.requires_grad == (mode is torch.enable_grad and any(w.requires_grad for w in whole.parameters()))


def test_only_the_counterattack_says_that_it_optimises():
    said = {type(part).__name__ for part in fronted("counterattack").modules() if getattr(part, _FLAG, False)}
    assert said == {"Counterattack"}
    assert not any(getattr(part, _FLAG, False) for part in fronted("purifier").modules())


_FLAG = "optimises_at_inference"
