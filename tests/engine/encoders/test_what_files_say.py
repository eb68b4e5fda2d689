"""What lies in and beside a file is heard where it speaks of the encoder, and only there; nothing is mixed."""

from __future__ import annotations

import argparse
import json
import math

import pytest
import torch
from safetensors.torch import save_file

from tests.engine.encoders.conftest import prefixed
from zepad_engine.card import CIFAR_MEAN, IMAGENET_MEAN, Overrides
from zepad_engine.errors import BadCheckpoint, CannotJudge

IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
BYTE_MEAN, BYTE_STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


def refused(run, *arguments):
    with pytest.raises(BadCheckpoint) as caught:
        run(*arguments)
    return caught.value


def saved(tmp_path, make, **beside):
    torch.save({"state_dict": make().backbone.state_dict(), **beside}, tmp_path / "net.pth")
    return tmp_path / "net.pth"


def test_two_nets_that_differ_by_a_wrapper_only_are_asked_about(tmp_path, make, opened):
    torch.save({**prefixed(make(1), "backbone."), **prefixed(make(2), "module.backbone.")}, tmp_path / "two.pth")
    with pytest.raises(CannotJudge) as caught:
        opened(tmp_path / "two.pth")
    assert sorted(caught.value.choices) == ["backbone.", "module.backbone."]
    for seed, net in ((1, "backbone."), (2, "module.backbone")):
        assert torch.equal(opened(tmp_path / "two.pth", Overrides(net=net))(IMAGES), make(seed)(IMAGES))


def test_weights_in_parts_are_refused_by_folder_and_by_file(tmp_path, make, opened):
    folder = tmp_path / "parts"
    folder.mkdir()
    part = folder / "model-00001-of-00002.safetensors"
    save_file(make().backbone.state_dict(), part)
    (folder / "model.safetensors.index.json").write_text("{}")
    for path in (folder, part):
        trouble = refused(opened, path)
        assert (trouble.code, "in several parts" in trouble.sentence) == ("encoder.other_format", True)


def test_a_folder_with_one_checkpoint_is_that_checkpoint(tmp_path, make, opened):
    saved(tmp_path, make)
    assert torch.equal(opened(tmp_path)(IMAGES), make()(IMAGES))


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({"eval": {"dataset": "imagenet"}}, 32),
        ({"noise": {"mean": [0.0, 0.0, 0.0], "std": [0.1, 0.1, 0.1]}}, 32),
        ({"local_crops": {"crop_size": 16}}, 32),
        ({"crop_size": [64, 16]}, 32),
        ({"image_size": 48}, 48),
    ],
)
def test_settings_of_something_else_are_not_the_encoders(tmp_path, make, opened, settings, size):
    card = opened(saved(tmp_path, make, config=settings)).card
    assert (card.input_size, card.mean) == (size, CIFAR_MEAN)


def test_a_normalisation_for_bytes_is_brought_to_shares_and_said(tmp_path, make, opened):
    card = opened(saved(tmp_path, make, args=argparse.Namespace(mean=BYTE_MEAN, std=BYTE_STD))).card
    assert card.mean == pytest.approx(IMAGENET_MEAN)
    assert any("for pixels from 0 to 255" in sentence for sentence in card.assumptions)


def test_a_normalisation_that_lies_in_the_file_is_taken(tmp_path, make, opened):
    normaliser = {
        "normalizer.new_mean": torch.tensor([0.1, 0.2, 0.3]).view(3, 1, 1),
        "normalizer.new_std": torch.tensor([0.4, 0.5, 0.6]).view(3, 1, 1),
    }
    torch.save({"model": {**prefixed(make(), "model."), **normaliser}}, tmp_path / "robust.pth")
    card = opened(tmp_path / "robust.pth").card
    assert card.mean == pytest.approx((0.1, 0.2, 0.3))
    assert card.std == pytest.approx((0.4, 0.5, 0.6))
    assert any("stored in the file" in sentence for sentence in card.assumptions)


def test_no_normalisation_is_heard_too(tmp_path, make, opened):
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"do_normalize": False, "image_mean": [0.5] * 3, "image_std": [0.5] * 3})
    )
    card = opened(saved(tmp_path, make)).card
    assert (card.mean, card.std) == ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def test_bolts_state_their_max_pool(tmp_path, make, opened):
    settings = {"first_conv": False, "maxpool1": True}
    card = opened(saved(tmp_path, make, hyper_parameters=settings)).card
    assert card.architecture.stem.pool
    assert "maxpool1 is True" in card.assumptions[0]


@pytest.mark.parametrize("name", ["resnetblur18", "resnetaa50.a1h_in1k"])
def test_a_net_with_the_tensors_of_another_is_refused_where_its_name_is_known(tmp_path, make, opened, name):
    trouble = refused(opened, saved(tmp_path, make, arch=name))
    assert (trouble.code, name in trouble.sentence) == ("encoder.unknown", True)


def test_whole_numbers_are_no_weights_and_variances_are_not_below_zero(tmp_path, make, opened):
    weights = make().backbone.state_dict()
    torch.save({**weights, "conv1.weight": weights["conv1.weight"].to(torch.int8)}, tmp_path / "int8.pth")
    assert "Only 59 of 60" in refused(opened, tmp_path / "int8.pth").sentence
    torch.save({**weights, "bn1.running_var": -weights["bn1.running_var"]}, tmp_path / "var.pth")
    trouble = refused(opened, tmp_path / "var.pth")
    assert (trouble.code, "variances below zero, first in bn1.running_var" in trouble.sentence) == (
        "encoder.not_finite",
        True,
    )


@pytest.mark.parametrize(
    "said",
    [
        {"mean": (math.nan, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
        {"mean": (0.5, 0.5, 0.5), "std": (0.5, math.inf, 0.5)},
        {"mean": (0.5, 0.5, 0.5), "std": (0.5, -0.5, 0.5)},
        {"mean": (1e300, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
        {"input_size": 0},
        {"pooling": "mean"},
        {"heads": 4},
        {"model": "resnet50"},
    ],
)
def test_what_cannot_be_said_is_refused(tmp_path, make, opened, said):
    path = saved(tmp_path, make)
    assert refused(opened, path, Overrides(**said)).advice


def test_a_half_said_normalisation_tells_which_half_was_guessed(tmp_path, make, opened):
    card = opened(saved(tmp_path, make), Overrides(mean=(0.5, 0.5, 0.5))).card
    assert card.mean == (0.5, 0.5, 0.5)
    assert any(sentence.startswith("The deviation is taken as") for sentence in card.assumptions)


@pytest.mark.parametrize("heads", ["NaN", "Infinity", "1e-320"])
def test_heads_that_are_no_number_are_not_heard(tmp_path, opened, heads):
    from tests.engine.encoders.test_vit_flavours import timm_vit

    torch.save(timm_vit().state_dict(), tmp_path / "vit.pth")
    (tmp_path / "config.json").write_text(f'{{"num_heads": {heads}, "head_width": {heads}}}')
    assert opened(tmp_path / "vit.pth").card.architecture.heads == 3
