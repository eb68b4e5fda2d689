"""Features: one pass for many perturbations, and a cache that never answers for another question."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
import torch

from tests.support.tiny import FAST, tiny_bank, tiny_encoder, tiny_images
from zepad_engine.attacks.budget import perturb
from zepad_engine.encoders.encoder import Encoder, weight_bytes, with_card
from zepad_engine.errors import NoSpace
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.training import feature_cache
from zepad_engine.training.feature_cache import FeatureCache
from zepad_engine.training.features import scored_features, training_features

PUSH = torch.full((3, 16, 16), 0.1)
CONDITIONS = {"clean": None, "push": PUSH, "pull": -PUSH}


def stored(seed: int = 1) -> Encoder:
    """An encoder whose card holds the digest of its weights, as one read from a file has."""
    encoder = tiny_encoder(seed)
    sha256 = hashlib.sha256(weight_bytes(encoder)).hexdigest()
    return with_card(encoder, msgspec.structs.replace(encoder.card, sha256=sha256))


class Watched(ImageBank):
    """Counts the images that were asked for."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.asked = 0

    def __getitem__(self, which):
        images = super().__getitem__(which)
        self.asked += len(images)
        return images


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "features")


def watched(count=30, seed=0, how=FAST):
    bank = tiny_bank(count, seed=seed)
    return Watched(bank._pictures, how)


def test_many_perturbations_in_one_pass_are_the_same_as_one_by_one():
    bank = watched()
    together = scored_features(stored(), bank, CONDITIONS)
    assert bank.asked == 30
    encoder, images = tiny_encoder(1).eval(), tiny_images(30)
    with torch.inference_mode():
        for key, push in CONDITIONS.items():
            expected = encoder(images if push is None else perturb(images, push))
            torch.testing.assert_close(together[key], expected, rtol=1e-4, atol=1e-5)
    assert list(together) == list(CONDITIONS)


def test_training_features_may_be_rounded_scored_ones_never():
    rounded = Execution(torch.device("cpu"), fast=True, bfloat16=True)
    bank, encoder = watched(how=rounded), stored()
    with torch.inference_mode():
        expected = encoder.eval()(tiny_images(30))
    training, scored = training_features(encoder, bank), scored_features(encoder, bank, {"it": None})["it"]
    assert float((scored - expected).abs().max() / expected.abs().max()) < 1e-5
    assert 1e-4 < float((training - expected).norm() / expected.norm()) < 2e-2


def test_what_was_computed_once_is_not_computed_again(cache):
    first = scored_features(stored(), watched(), CONDITIONS, cache=cache)
    again = watched()
    kept = scored_features(stored(), again, CONDITIONS, cache=cache)
    assert again.asked == 0
    assert all(torch.equal(kept[key], first[key]) for key in CONDITIONS)
    # Only the new perturbation is computed.
    partly = watched()
    more = scored_features(stored(), partly, {**CONDITIONS, "other": PUSH / 2}, cache=cache)
    assert partly.asked == 30
    assert torch.equal(more["push"], first["push"])
    assert not torch.equal(more["other"], first["push"])


OTHERS = {
    "encoder": lambda cache: scored_features(stored(2), watched(), {"it": PUSH}, cache=cache),
    "images": lambda cache: scored_features(stored(), watched(seed=5), {"it": PUSH}, cache=cache),
    "fewer images": lambda cache: scored_features(stored(), watched(29), {"it": PUSH}, cache=cache),
    "perturbation": lambda cache: scored_features(stored(), watched(), {"it": PUSH * 1.01}, cache=cache),
    "clamp": lambda cache: scored_features(stored(), watched(), {"it": PUSH}, clamp=False, cache=cache),
    "arithmetic": lambda cache: scored_features(stored(), watched(how=EXACT), {"it": PUSH}, cache=cache),
    "training": lambda cache: {"it": training_features(stored(), watched(), cache)},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_question_is_never_answered_from_the_cache(cache, other):
    scored_features(stored(), watched(), {"it": PUSH}, cache=cache)
    stale = [path.read_bytes() for path in cache.folder.glob("*/*.safetensors")]
    assert len(stale) == 1
    other(cache)
    assert len(list(cache.folder.glob("*/*.safetensors"))) == 2


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, b"no tensors"])
def test_a_damaged_file_is_computed_anew(cache, damage):
    first = training_features(stored(), watched(), cache)
    (path,) = cache.folder.glob("*/*.safetensors")
    path.write_bytes(damage)
    assert torch.equal(training_features(stored(), watched(), cache), first)
    assert torch.equal(cache.find(path.stem), first)


def test_a_full_disk_is_no_trouble(cache, monkeypatch):
    def full(path, content):
        raise NoSpace("Could not write.", "Free some space.")

    monkeypatch.setattr(feature_cache, "write_bytes", full)
    assert training_features(stored(), watched(), cache).shape == (30, 64)


def test_the_features_not_asked_for_longest_make_room(cache, monkeypatch):
    monkeypatch.setattr(feature_cache, "_MOST_BYTES", 3 * 900)
    keys = [cache.key(str(number)) for number in range(4)]
    for number, key in enumerate(keys[:3]):
        cache.keep(key, torch.full((200,), float(number)))
    assert float(cache.find(keys[0])[0]) == 0.0
    cache.keep(keys[3], torch.full((200,), 3.0))
    assert cache.find(keys[1]) is None
    assert float(cache.find(keys[0])[0]) == 0.0
    assert float(cache.find(keys[3])[0]) == 3.0


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bank = watched()
    for _ in range(2):
        training_features(stored(), bank)
    assert bank.asked == 60
    assert list(tmp_path.iterdir()) == []
