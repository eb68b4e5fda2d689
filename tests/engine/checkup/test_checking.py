"""The preflight's checks on the bundled encoders: what is sound passes, what is wrong is named."""

from __future__ import annotations

import msgspec
import pytest
import torch

from tests.support.tiny import tiny_encoder
from zepad_engine.checkup import checking
from zepad_engine.checkup.checking import check
from zepad_engine.checkup.normalisation import fits, name_of
from zepad_engine.checkup.sample_images import sample_images
from zepad_engine.encoders.encoder import with_card
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.encoders.reading import load_own
from zepad_engine.execution.execution import Execution
from zepad_engine.images.image_set import as_images
from zepad_engine.preflight import FileFinding, Preflight
from zepad_engine.progress import Progress
from zepad_engine.resources import asset

FILE = FileFinding(name="x", size=1, container="safetensors", checksummed=False, keys_used=(), keys_ignored=())
HALF = (0.5, 0.5, 0.5)


def bundled(**changes):
    encoder = load_own(asset("encoders", "supcon-cifar10-r18w16.safetensors"))
    return with_card(encoder, msgspec.structs.replace(encoder.card, **changes))


def checked(encoder):
    blank = Preflight(card=encoder.card, file=FILE)
    return check(blank, encoder, Execution.of("cpu"), Progress.silent())


@pytest.mark.slow
def test_a_sound_encoder_passes_every_check():
    found = checked(bundled())
    assert found.warnings == ()
    assert found.notes == ()
    assert found.multiply_adds == 35_045_376
    assert found.features.finite
    assert 40 < found.features.effective_rank <= found.features.dimensions == 128
    assert found.features.gradients == 1.0
    assert found.neighbours.accuracy == pytest.approx(0.780, abs=0.02)
    assert found.neighbours.random_accuracy == pytest.approx(0.584, abs=0.02)
    assert found.neighbours.low == pytest.approx(0.115, abs=0.03)
    assert (found.fits[0].name, found.fits[0].assumed) == ("CIFAR-10", True)
    assert found.fits[0].divergence < 0.2 < found.fits[1].divergence


@pytest.mark.slow
def test_a_wrong_normalisation_is_named_with_the_right_one():
    (warning,) = checked(bundled(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))).warnings
    assert warning.startswith("The first batch norm speaks for another normalisation: ImageNet fits")


@pytest.mark.slow
def test_random_weights_are_not_shown_to_be_better_than_random():
    found = checked(random_like(bundled(), 5))
    assert found.neighbours.low <= 0 <= found.neighbours.high
    assert "not shown to be better than random ones on Traffic signs" in found.warnings[-1]


@pytest.mark.slow
def test_a_collapsed_encoder_and_one_whose_features_are_no_numbers():
    encoder = bundled()
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.zero_()
    told = " ".join(checked(encoder).warnings)
    assert "The features have collapsed" in told
    assert "A gradient reaches only 0 % of the pixels" in told
    far = bundled()
    with torch.no_grad():
        far.backbone.layer4[1].bn2.weight.fill_(3e38)
    found = checked(far)
    assert "not finite numbers" in found.warnings[0]
    assert (found.neighbours, found.features.finite) == (None, False)


def test_a_net_too_dear_to_probe_says_so(monkeypatch):
    monkeypatch.setattr(checking, "_MOST", 1.0)
    found = checked(tiny_encoder())
    assert found.neighbours is None
    assert found.notes[0].startswith("The k-NN probe was left out")
    assert found.features.images == 64


@pytest.mark.parametrize(
    ("mean", "std", "best"),
    [
        ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "ImageNet"),
        ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "plain values from 0 to 1"),
        (HALF, HALF, "values from -1 to 1"),
    ],
)
def test_the_batch_norm_remembers_the_normalisation_it_was_trained_with(mean, std, best):
    """A net whose statistics were made with one normalisation fits it better than the others, whatever is assumed."""
    encoder = tiny_encoder(size=32)
    made = with_card(encoder, msgspec.structs.replace(encoder.card, mean=mean, std=std))
    photographs, _ = sample_images("satellite", 64, 32)
    images = as_images(photographs)
    made.backbone.bn1.reset_running_stats()
    made.backbone.bn1.momentum = None
    made.train()
    with torch.no_grad():
        made(images)
    other = HALF if best != "values from -1 to 1" else (0.0, 0.0, 0.0)
    for card in (made.card, msgspec.structs.replace(made.card, mean=other, std=(0.9, 0.9, 0.9))):
        found = fits(with_card(made, card).eval(), images)
        assert min(found, key=lambda each: each.divergence).name == best
        assert found[0].assumed
        assert [each.divergence for each in found[1:]] == sorted(each.divergence for each in found[1:])
    assert name_of(card) == f"mean {other[0]:.3g}/{other[1]:.3g}/{other[2]:.3g}, deviation 0.9/0.9/0.9"


def test_no_two_sample_images_are_of_one_drawing():
    pictures, labels = sample_images("signs", 900, 16)
    assert pictures.shape == (687, 3, 16, 16)
    assert len(torch.unique(pictures.flatten(1), dim=0)) == 687
    assert sorted(set(labels.tolist())) == [0, 1, 2, 3]
