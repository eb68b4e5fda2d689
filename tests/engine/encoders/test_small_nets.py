"""ResNets of three stages with shortcuts that have no weights, and the Conv4 of few-shot learning."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from zepad_engine.card import Overrides
from zepad_engine.encoders.encoder import save_encoder
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.encoders.reading import load_own
from zepad_engine.encoders.resnet import PaddedShortcut
from zepad_engine.errors import BadCheckpoint

SEED = torch.Generator().manual_seed(0)


def resnet20(width=16):
    """The tensors of a CIFAR ResNet-20, as the net of He et al. is usually stored."""
    weights = {"conv1.weight": torch.randn(width, 3, 3, 3, generator=SEED), **norm("bn1", width)}
    before = width
    for stage, channels in enumerate((width, 2 * width, 4 * width), start=1):
        for block in range(3):
            place = f"layer{stage}.{block}"
            weights[f"{place}.conv1.weight"] = torch.randn(channels, before, 3, 3, generator=SEED) / 30
            weights[f"{place}.conv2.weight"] = torch.randn(channels, channels, 3, 3, generator=SEED) / 30
            weights |= norm(f"{place}.bn1", channels) | norm(f"{place}.bn2", channels)
            before = channels
    return weights


def norm(place, channels):
    parts = {"weight": 1.0, "bias": 0.1, "running_mean": 0.2, "running_var": 1.5}
    return {f"{place}.{part}": torch.full((channels,), value) for part, value in parts.items()}


def test_resnet20_with_padded_shortcuts(tmp_path, opened):
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in resnet20().items()}}, tmp_path / "r20.th")
    encoder = opened(tmp_path / "r20.th")
    assert (encoder.card.architecture.blocks, encoder.card.architecture.shortcut) == ((3, 3, 3), "pad")
    assert (encoder.card.parameters, encoder.card.feature_dim) == (269_072, 64)
    assert encoder(torch.rand(2, 3, 32, 32)).shape == (2, 64)
    save_encoder(encoder, tmp_path / "own.safetensors")
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(load_own(tmp_path / "own.safetensors")(images), encoder(images))


def test_padded_shortcut_thins_and_pads():
    out = PaddedShortcut(2, 2)(torch.arange(32.0).view(1, 2, 4, 4))
    assert out.shape == (1, 4, 2, 2)
    assert out[0, 1].tolist() == [[0.0, 2.0], [8.0, 10.0]]
    assert float(out[0, [0, 3]].abs().sum()) == 0.0


def conv4(width, names):
    weights = {}
    before = 3
    for index in range(4):
        conv, after = names(index)
        weights[f"{conv}.weight"] = torch.randn(width, before, 3, 3, generator=SEED) / 5
        weights[f"{conv}.bias"] = torch.randn(width, generator=SEED)
        weights |= norm(after, width)
        before = width
    return weights


def by_hand(weights, names, images):
    for index in range(4):
        conv, after = names(index)
        images = functional.conv2d(images, weights[f"{conv}.weight"], weights[f"{conv}.bias"], padding=1)
        parts = [weights[f"{after}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        images = functional.max_pool2d(functional.relu(functional.batch_norm(images, *parts)), 2)
    return images.flatten(1)


def flat(index):
    return f"encoder.encoder.{4 * index}", f"encoder.encoder.{4 * index + 1}"


def nested(index):
    return f"encoder.{index}.0", f"encoder.{index}.1"


@pytest.mark.parametrize("names", [flat, nested])
def test_conv4_gives_the_features_of_the_net_that_was_stored(tmp_path, opened, names):
    weights = conv4(8, names)
    torch.save({"model": weights}, tmp_path / "conv4.pth.tar")
    encoder = opened(tmp_path / "conv4.pth.tar")
    images = torch.rand(2, 3, 84, 84)
    torch.testing.assert_close(encoder(images), by_hand(weights, names, images))
    assert (encoder.card.family, encoder.card.feature_dim, len(encoder.card.assumptions)) == ("conv", 200, 2)
    assert encoder(torch.rand(1, 3, 32, 32)).shape == (1, 200)
    fresh = random_like(encoder, 0)
    assert not torch.allclose(fresh(images), encoder(images))


def test_conv4_at_the_size_the_user_says(tmp_path, opened):
    torch.save(conv4(8, flat), tmp_path / "conv4.pth")
    said = Overrides(input_size=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    encoder = opened(tmp_path / "conv4.pth", said)
    assert (encoder.card.feature_dim, encoder.card.assumptions) == (32, ())
    save_encoder(encoder, tmp_path / "own.safetensors")
    images = torch.rand(2, 3, 32, 32)
    for again in (load_own(tmp_path / "own.safetensors"), opened(tmp_path / "own.safetensors")):
        assert torch.equal(again(images), encoder(images))


def test_vgg_is_not_taken_for_conv4(tmp_path, opened):
    torch.save(conv4(8, lambda index: (f"features.{3 * index}", f"features.{3 * index + 1}")), tmp_path / "vgg.pth")
    with pytest.raises(BadCheckpoint) as caught:
        opened(tmp_path / "vgg.pth")
    assert caught.value.code == "encoder.unknown"
