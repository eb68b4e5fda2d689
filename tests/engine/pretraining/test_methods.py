from __future__ import annotations

import math

import pytest
import torch

from zepad_engine.architecture import CIFAR_STEM
from zepad_engine.card import CIFAR_MEAN, CIFAR_STD
from zepad_engine.encoders.resnet import random_resnet, resnet_card
from zepad_engine.pretraining.augment import Augmentation
from zepad_engine.pretraining.methods import METHODS, cross_correlation_loss, nt_xent, supervised_contrast
from zepad_engine.pretraining.network import Network


def network(method):
    card = resnet_card(
        "n", blocks=(1, 1, 1, 1), width=4, stem=CIFAR_STEM, mean=CIFAR_MEAN, std=CIFAR_STD, input_size=16
    )
    return Network(random_resnet(card, 0), hidden=16, outputs=8, momentum_copy=method.momentum_copy, seed=0).train()


def test_nt_xent_of_orthogonal_pairs():
    both = torch.eye(3).repeat(2, 1)
    for temperature in (0.1, 0.5):
        expected = math.log(math.exp(1 / temperature) + 4) - 1 / temperature
        assert float(nt_xent(both, temperature)) == pytest.approx(expected, rel=1e-3)
    assert float(nt_xent(torch.ones(6, 3), 0.5)) == pytest.approx(math.log(5), rel=1e-5)


def test_supcon_without_shared_classes_is_nt_xent():
    projections = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    own = supervised_contrast(projections, torch.arange(6), 0.3)
    assert float(own) == pytest.approx(float(nt_xent(projections, 0.3)), rel=1e-5)
    one_class = supervised_contrast(torch.ones(12, 5), torch.zeros(6, dtype=torch.int64), 0.3)
    assert float(one_class) == pytest.approx(math.log(11), rel=1e-5)


def test_barlow_twins_is_zero_for_equal_uncorrelated_dimensions():
    whitened = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert float(cross_correlation_loss(whitened, whitened, 0.005)) == pytest.approx(0.0, abs=1e-8)
    assert float(cross_correlation_loss(whitened, -whitened, 0.005)) == pytest.approx(4.0, rel=1e-4)
    repeated = whitened[:, :1].repeat(1, 2)
    assert float(cross_correlation_loss(repeated, repeated, 0.005)) == pytest.approx(0.005, rel=1e-3)


@pytest.mark.parametrize("key", METHODS)
def test_each_method_has_a_gradient_and_a_citation(key):
    method = METHODS[key]()
    net = network(method)
    loss = method.loss(net, torch.rand(16, 3, 16, 16), torch.arange(8) % 3)
    loss.backward()
    moved = [parameter.grad.abs().max() for parameter in net.encoder.parameters()]
    assert float(max(moved)) > 0
    assert method.citation
    assert method.key == key


def test_byol_slow_copy_follows_by_its_momentum():
    method = METHODS["byol"]()
    net = network(method)
    before = net.slow_projector[0].weight.clone()
    with torch.no_grad():
        net.projector[0].weight.add_(1.0)
    method.after_step(net, 0.0)
    torch.testing.assert_close(net.slow_projector[0].weight, before + 0.01, rtol=0, atol=1e-6)
    method.after_step(net, 1.0)
    torch.testing.assert_close(net.slow_projector[0].weight, before + 0.01, rtol=0, atol=1e-6)


def test_views_are_seeded_in_range_and_differ():
    images = torch.rand(32, 3, 16, 16)
    views = [Augmentation()(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    assert 0.0 <= float(views[0].min()) <= float(views[0].max()) <= 1.0


def test_without_changes_a_view_is_the_image_or_its_mirror():
    images = torch.rand(32, 3, 16, 16)
    still = Augmentation(smallest_area=1.0, aspect=1.0, jitter_share=0.0, grey_share=0.0)
    view = still(images, torch.Generator().manual_seed(0))
    straight = (view - images).abs().amax((1, 2, 3)) < 1e-5
    mirrored = (view - images.flip(3)).abs().amax((1, 2, 3)) < 1e-5
    assert bool((straight | mirrored).all())
    assert 4 < int(mirrored.sum()) < 28


def test_grey_views_are_grey_and_jitter_keeps_luminance_under_hue():
    images = torch.rand(16, 3, 8, 8)
    grey = Augmentation(grey_share=1.0)(images, torch.Generator().manual_seed(0))
    assert float((grey[:, 0] - grey[:, 1]).abs().max()) < 1e-5
    soft = 0.4 + 0.1 * images
    hue = Augmentation(smallest_area=1.0, aspect=1.0, jitter=0.0, jitter_share=1.0, grey_share=0.0)
    turned = hue(soft, torch.Generator().manual_seed(0))
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    light, before = (turned * weights).sum(1), (soft * weights).sum(1)
    kept = torch.minimum((light - before).abs().amax((1, 2)), (light - before.flip(2)).abs().amax((1, 2)))
    assert float(kept.max()) < 1e-3
    assert float((turned - soft).abs().max()) > 0.01
