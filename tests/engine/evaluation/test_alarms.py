"""Harmless changes of pictures, and how many of them a detector flags."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from tests.support.tiny import tiny_pictures
from zepad_engine.evaluation.alarms import CHANGES, blur, false_alarm, jpeg, noise
from zepad_engine.intervals import wilson

PICTURES, _ = tiny_pictures(6, size=32)


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_keeps_the_shape_and_the_pictures_it_was_given(name):
    before = PICTURES.clone()
    moved = CHANGES[name](PICTURES, 3)
    assert (moved.shape, moved.dtype) == (PICTURES.shape, torch.uint8)
    assert torch.equal(PICTURES, before)
    assert not torch.equal(moved, PICTURES)
    assert torch.equal(CHANGES[name](PICTURES, 3), moved)


def test_jpeg_is_what_pillow_saves():
    stream = io.BytesIO()
    Image.fromarray(PICTURES[2].permute(1, 2, 0).numpy()).save(stream, format="JPEG", quality=75)
    expected = np.array(Image.open(stream)).transpose(2, 0, 1)
    assert np.array_equal(jpeg(PICTURES, 0)[2].numpy(), expected)


def test_a_blur_spreads_a_point_as_a_bell():
    point = torch.zeros(1, 3, 15, 15, dtype=torch.uint8)
    point[..., 7, 7] = 255
    spread = blur(point, 0)[0, 0].float()
    assert float(spread.sum()) == pytest.approx(255, rel=0.1)
    # exp(-1/2) of the middle one pixel away.
    assert float(spread[7, 8] / spread[7, 7]) == pytest.approx(0.61, abs=0.08)
    assert spread[7, 8] == spread[8, 7] == spread[6, 7]


def test_noise_has_its_size_and_is_another_one_for_every_picture():
    grey = torch.full((8, 3, 32, 32), 128, dtype=torch.uint8)
    drawn = noise(grey, 1).float() - 128
    assert float(drawn.std()) == pytest.approx(4.0, rel=0.03)
    assert float(drawn.mean()) == pytest.approx(0.0, abs=0.1)
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(noise(grey, 2).float() - 128, drawn)
    white = noise(torch.full((2, 3, 32, 32), 255, dtype=torch.uint8), 1)
    assert float(white.float().min()) > 200


def test_rates_above_the_thresholds_of_the_calibration_images():
    calibration = np.arange(1, 101) / 100  # five exceed 0.95, one exceeds 0.99
    scores = np.array([0.1, 0.3, 0.96, 0.985, 0.995])
    found = false_alarm(calibration, scores, 0.2, defence="zepad", task="toy", condition="jpeg", accuracy=wilson(3, 5))
    assert found.flagged_at_5 == wilson(3, 5)
    assert found.flagged_at_1 == wilson(1, 5)
    assert found.flagged_at_margin == wilson(4, 5)
    assert (found.defence, found.task, found.condition, found.accuracy) == ("zepad", "toy", "jpeg", wilson(3, 5))
