"""The purifier: the attack it is trained against, and what its training does to features."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional

from tests.support.tiny import FAST, cancelled_after, tiny_images, trained_encoder, was_cancelled
from zepad_engine.encoders.encoder import weight_bytes
from zepad_engine.encoders.fronts import Fronted
from zepad_engine.errors import BadInput
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.plan import Purifying
from zepad_engine.progress import Progress
from zepad_engine.training import purifying
from zepad_engine.training.labelled import Labelled
from zepad_engine.training.purifying import Distortion, feature_distance, train_purifier

EPSILON = 12 / 255
PLAN = Purifying(epochs=6, batch=16, rate=3e-3, steps=3)
ENCODER = trained_encoder()


def smooth(count, seed):
    """Pictures without noise of their own, (N, 3, 16, 16) in [0, 1]: only there can a purifier tell what was added."""
    return functional.avg_pool2d(tiny_images(count, seed=seed), 5, stride=1, padding=2, count_include_pad=False)


def smooth_labelled(count, seed):
    return Labelled(ImageBank(smooth(count, seed), FAST), torch.arange(count) % 3, 3)


TRAIN, VALIDATION = smooth_labelled(96, 0), smooth_labelled(32, 7)


def train(plan=PLAN, seed=0, progress=None):
    return train_purifier(ENCODER, TRAIN, VALIDATION, plan, EPSILON, seed, progress or Progress.silent(), FAST)


@pytest.fixture(scope="module")
def purified():
    return train()


def distorted(images, steps=6, seed=3):
    """Moved by more steps than the purifier was trained against."""
    network = FAST.for_attack(ENCODER)
    with torch.no_grad():
        clean = network(images)
    generator = torch.Generator().manual_seed(seed)
    return Distortion(epsilon=EPSILON, steps=steps)(network, images, clean, generator)


def test_the_distance_is_a_share_of_the_clean_features_length():
    clean = torch.tensor([[3.0, 4.0], [0.0, 2.0], [0.0, 0.0]])
    moved = torch.tensor([[3.0, 4.0], [0.0, -1.0], [1.0, 0.0]])
    assert feature_distance(moved, clean)[:2].tolist() == [0.0, 1.5]
    assert torch.isfinite(feature_distance(moved, clean)).all()


def test_the_distortion_stays_in_its_budget_and_beats_noise():
    images = smooth(16, 9)
    moved = distorted(images)
    assert EPSILON * 0.99 < float((moved - images).abs().max()) <= EPSILON + 1e-6
    assert float(moved.min()) >= 0
    assert float(moved.max()) <= 1
    noise = (images + (moved - images).roll(1, 0)).clamp(0, 1)
    with torch.no_grad():
        clean = ENCODER(images)
        far, near = (float(feature_distance(ENCODER(each), clean).mean()) for each in (moved, noise))
    assert far > 2 * near


def test_a_purifier_takes_two_fifths_of_the_feature_distance_away(purified):
    images = smooth(32, 9)
    moved, whole = distorted(images), Fronted(ENCODER, purified.purifier).eval()
    with torch.no_grad():
        clean = ENCODER(images)
        before, after = (float(feature_distance(net(moved), clean).mean()) for net in (ENCODER, whole))
        untouched = float(feature_distance(whole(images), clean).mean())
    assert after < 0.6 * before
    assert untouched < 0.6 * before


def test_the_distances_are_told_epoch_by_epoch(purified):
    assert len(purified.distances) == 6
    assert purified.distances[purified.selected - 1] == min(purified.distances) < 0.6 * purified.untouched
    assert not purified.purifier.training


def test_the_epoch_of_the_least_distance_is_kept(monkeypatch):
    told = iter([0.9, 0.5, 0.3, 0.4])
    seen = []

    def distance(_how, _encoder, front, _pairs):
        seen.append(copy.deepcopy(front.state_dict()))
        return next(told)

    monkeypatch.setattr(purifying, "_distance", distance)
    found = train(Purifying(epochs=3, batch=32, steps=1))
    assert (found.untouched, found.distances, found.selected) == (0.9, (0.5, 0.3, 0.4), 2)
    kept = found.purifier.state_dict()
    assert all(torch.equal(kept[name], seen[2][name]) for name in kept)
    assert not torch.equal(seen[2]["closing.weight"], seen[3]["closing.weight"])


def test_the_same_seed_gives_the_same_purifier(purified):
    again, other = train(), train(seed=1)
    ours = purified.purifier.state_dict()
    assert all(torch.equal(again.purifier.state_dict()[name], ours[name]) for name in ours)
    assert again.distances == purified.distances
    assert not torch.equal(other.purifier.closing.weight, purified.purifier.closing.weight)


def test_the_encoder_is_left_alone_and_no_label_is_read():
    before = weight_bytes(ENCODER)
    short = Purifying(epochs=1, batch=16, steps=1)
    other = Labelled(TRAIN.images, TRAIN.labels.flip(0), 3)
    shuffled = train_purifier(ENCODER, other, VALIDATION, short, EPSILON, 0, Progress.silent(), FAST)
    assert train(short).distances == shuffled.distances
    assert weight_bytes(ENCODER) == before


def test_curves_are_named_after_what_they_show():
    points = {}
    progress = Progress(on_measure=lambda series, step, value: points.setdefault(series, []).append((step, value)))
    found = train(Purifying(epochs=2, batch=32, steps=1), progress=progress)
    assert set(points) == {"feature_loss", "pixel_loss", "feature_distance", "gradient_norm"}
    assert [step for step, _ in points["feature_loss"]] == [0, 1, 2, 3, 4, 5]
    assert points["feature_distance"] == [(3, found.distances[0]), (6, found.distances[1])]


@pytest.mark.parametrize("advances", [0, 1, 7])
def test_stops_within_one_step_of_a_cancel(advances):
    progress, seen = cancelled_after(advances)
    assert was_cancelled(lambda: train(progress=progress))
    assert seen() == advances


def test_a_loss_that_is_no_number_ends_in_a_sentence():
    with pytest.raises(BadInput, match="The purifier's loss is no longer a number. Lower its learning rate"):
        train(Purifying(epochs=2, batch=16, steps=1, pixel_weight=float("nan")))
