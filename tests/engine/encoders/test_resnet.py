from __future__ import annotations

import pytest
import torch

from zepad_engine.architecture import CIFAR_STEM, IMAGENET_STEM, WIDE_CIFAR_STEM
from zepad_engine.card import CIFAR_MEAN, CIFAR_STD
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.encoders.resnet import empty_resnet, random_resnet, resnet_card
from zepad_engine.errors import BadInput


def card(blocks=(2, 2, 2, 2), width=16, stem=CIFAR_STEM, bottleneck=False):
    return resnet_card(
        "net",
        blocks=blocks,
        width=width,
        stem=stem,
        mean=CIFAR_MEAN,
        std=CIFAR_STD,
        input_size=32,
        bottleneck=bottleneck,
    )


@pytest.mark.parametrize(
    ("blocks", "width", "stem", "bottleneck", "parameters", "features"),
    [
        ((2, 2, 2, 2), 64, CIFAR_STEM, False, 11_168_832, 512),
        ((2, 2, 2, 2), 64, IMAGENET_STEM, False, 11_176_512, 512),
        ((3, 4, 6, 3), 64, IMAGENET_STEM, True, 23_508_032, 2048),
        ((2, 2, 2, 2), 16, CIFAR_STEM, False, 700_176, 128),
    ],
)
def test_size(blocks, width, stem, bottleneck, parameters, features):
    built = empty_resnet(card(blocks, width, stem, bottleneck)).card
    assert (built.parameters, built.feature_dim) == (parameters, features)


def test_stem_decides_the_size_of_the_first_activation():
    images = torch.rand(1, 3, 32, 32)
    sides = [
        random_resnet(card(width=4, stem=stem), 0).stages(images, 0).shape[-1]
        for stem in (CIFAR_STEM, WIDE_CIFAR_STEM, IMAGENET_STEM)
    ]
    assert sides == [32, 34, 8]


def test_normalises_inside(make):
    encoder = make()
    images = torch.rand(4, 3, 32, 32)
    by_hand = (images - torch.tensor(CIFAR_MEAN).view(3, 1, 1)) / torch.tensor(CIFAR_STD).view(3, 1, 1)
    torch.testing.assert_close(encoder(images), encoder.backbone(by_hand))
    assert not torch.allclose(encoder(images), encoder.backbone(images), atol=1e-3)


def test_stages_stop_early_and_equal_the_full_forward(make):
    encoder = make()
    images = torch.rand(2, 3, 32, 32)
    seen: list[torch.Tensor] = []
    ran: list[int] = []
    for index in range(1, 5):
        layer = encoder.backbone.get_submodule(f"layer{index}")
        layer.register_forward_hook(lambda _m, _i, out: seen.append(out))
        layer.register_forward_hook(lambda _m, _i, _o, index=index: ran.append(index))
    features = encoder(images)
    full, ran[:] = list(seen), []
    for index in range(1, 5):
        assert torch.equal(encoder.stages(images, index), full[index - 1])
    assert ran == [1, 1, 2, 1, 2, 3, 1, 2, 3, 4]
    assert torch.equal(full[3].mean((2, 3)), features)
    with pytest.raises(BadInput, match="no stage 5"):
        encoder.stages(images, 5)


def test_random_like_is_seeded_and_leaves_the_global_generator_alone(make):
    encoder = make()
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    first, again, other = (random_like(encoder, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(4), expected)
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(first(images), again(images))
    assert not torch.allclose(first(images), other(images))
    assert first.card.method == "none: random weights"
    assert not first.training


def test_he_initialisation_has_the_deviation_torchvision_gives_it():
    weight = random_resnet(card(width=64), 0).backbone.state_dict()["layer4.1.conv2.weight"]
    assert float(weight.std()) == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)
