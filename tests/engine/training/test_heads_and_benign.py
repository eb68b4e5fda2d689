from __future__ import annotations

import math

import msgspec
import pytest
import torch
from torch.nn import functional

from tests.support.tiny import (
    FAST,
    cancelled_after,
    tiny_encoder,
    tiny_images,
    tiny_labelled,
    tiny_pictures,
    was_cancelled,
)
from zepad_engine.architecture import CIFAR_STEM, IMAGENET_STEM
from zepad_engine.card import IMAGENET_MEAN, IMAGENET_STD
from zepad_engine.encoders.encoder import count_parameters, weight_bytes
from zepad_engine.encoders.resnet import empty_resnet, resnet_card
from zepad_engine.errors import BadInput
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.image_set import ImageSet
from zepad_engine.plan import BenignTraining, HeadTraining
from zepad_engine.progress import Progress
from zepad_engine.training.benign import random_crops, train_benign
from zepad_engine.training.features import scored_features
from zepad_engine.training.head import Head, head_loss, temporary_head, train_head
from zepad_engine.training.labelled import Labelled, labelled
from zepad_engine.training.pgd import Pgd
from zepad_engine.training.validation import validate

PLAN = HeadTraining(epochs=12, batch=16, dropout=0.2)


def clouds(count=96, seed=0, shift=0.0):
    """Three clouds of features, well apart."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    centres = torch.eye(3, 8) * 3
    return centres[labels] + 0.5 * torch.randn(count, 8, generator=generator) + shift, labels


def resnet18(stem):
    card = resnet_card(
        "r18", blocks=(2, 2, 2, 2), width=64, stem=stem, mean=IMAGENET_MEAN, std=IMAGENET_STD, input_size=32
    )
    return empty_resnet(card)


def test_the_published_head_and_the_whole_of_zepad_count_as_published():
    head = Head(512, 10)
    assert count_parameters(head) == 530_442
    encoders = [count_parameters(resnet18(stem)) for stem in (CIFAR_STEM, CIFAR_STEM, IMAGENET_STEM)]
    assert encoders == [11_168_832, 11_168_832, 11_176_512]
    assert sum(encoders) + 3 * count_parameters(head) == 35_105_502


def test_a_head_learns_what_can_be_learned():
    features, labels = clouds()
    head = train_head(features, labels, 3, PLAN, seed=0)
    fresh, truth = clouds(seed=5)
    assert not head.training
    assert float((head(fresh).argmax(1) == truth).float().mean()) > 0.95


def test_the_same_seed_gives_the_same_head():
    features, labels = clouds()
    heads = [train_head(features, labels, 3, PLAN, seed).state_dict() for seed in (0, 0, 1)]
    assert all(torch.equal(heads[0][name], heads[1][name]) for name in heads[0])
    assert not all(torch.equal(heads[0][name], heads[2][name]) for name in heads[0])


def test_standardising_undoes_shift_and_scale_of_the_features():
    features, labels = clouds()
    head = train_head(features * 0.001 + 50, labels, 3, PLAN, seed=0)
    assert head.mean.tolist() == pytest.approx((features * 0.001 + 50).mean(dim=0).tolist(), rel=1e-5)
    fresh, truth = clouds(seed=5)
    assert float((head(fresh * 0.001 + 50).argmax(1) == truth).float().mean()) > 0.95
    raw = train_head(features, labels, 3, msgspec.structs.replace(PLAN, standardise=False), seed=0)
    assert torch.equal(raw.mean, torch.zeros(8))
    assert torch.equal(raw.scale, torch.ones(8))


def test_a_direction_that_never_varies_is_no_division_by_nought():
    features, labels = clouds()
    features[:, 3] = 1.0
    head = train_head(features, labels, 3, PLAN, seed=0)
    assert torch.isfinite(head(features)).all()


def test_dropout_in_the_first_epoch_only_changes_the_head():
    features, labels = clouds()
    plain = train_head(features, labels, 3, PLAN, seed=0).state_dict()
    official = train_head(features, labels, 3, PLAN, seed=0, dropout_first_epoch=True).state_dict()
    assert not torch.equal(plain["layers.0.weight"], official["layers.0.weight"])
    # One epoch is the same either way.
    short = msgspec.structs.replace(PLAN, epochs=1)
    plain = train_head(features, labels, 3, short, seed=0).state_dict()
    official = train_head(features, labels, 3, short, seed=0, dropout_first_epoch=True).state_dict()
    assert torch.equal(plain["layers.0.weight"], official["layers.0.weight"])


LOGITS = torch.tensor([[2.0, 1.0, 1.0], [1.0, 6.0, 1.0]], dtype=torch.float64).log()
TRUTH = torch.tensor([0, 2])
# Answers (1/2, 1/4, 1/4) and (1/8, 3/4, 1/8); labels 0 and 2.
CROSS_ENTROPY = (math.log(2) + math.log(8)) / 2


def test_the_plain_loss_is_cross_entropy():
    assert float(head_loss(LOGITS, TRUTH, PLAN, "plain")) == pytest.approx(CROSS_ENTROPY)


def test_label_smoothing_by_hand():
    plan = msgspec.structs.replace(PLAN, smoothing=0.3)
    # A tenth of each label goes to each of the three classes, the label keeps 0.7 besides.
    spread = (math.log(2) + 2 * math.log(4) + 2 * math.log(8) + math.log(4 / 3)) / 2
    expected = 0.7 * CROSS_ENTROPY + 0.1 * spread
    assert float(head_loss(LOGITS, TRUTH, plan, "smoothed")) == pytest.approx(expected)
    assert float(functional.cross_entropy(LOGITS, TRUTH, label_smoothing=0.3)) == pytest.approx(expected)


def test_entropy_maximisation_by_hand():
    plan = msgspec.structs.replace(PLAN, entropy_weight=0.25)
    entropies = 0.5 * math.log(2) + 0.5 * math.log(4), 0.25 * math.log(8) + 0.75 * math.log(4 / 3)
    expected = CROSS_ENTROPY - 0.25 * sum(entropies) / 2
    assert float(head_loss(LOGITS, TRUTH, plan, "entropic")) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["smoothed", "entropic"])
def test_such_a_head_is_as_right_and_less_sure(kind):
    features, labels = clouds()
    fresh, truth = clouds(seed=5)
    plan, sure = msgspec.structs.replace(PLAN, smoothing=0.5), {}
    for each in ("plain", kind):
        head = train_head(features, labels, 3, plan, seed=0, kind=each)
        assert float((head(fresh).argmax(1) == truth).float().mean()) > 0.95
        sure[each] = float(head(fresh).detach().softmax(dim=1).amax(dim=1).mean())
    assert sure[kind] < sure["plain"] - 0.05


@pytest.mark.parametrize(("kind", "off"), [("smoothed", {"smoothing": 0.0}), ("entropic", {"entropy_weight": 0.0})])
def test_without_its_weight_such_a_head_is_a_plain_one(kind, off):
    features, labels = clouds()
    plan = msgspec.structs.replace(PLAN, epochs=3, **off)
    plain, other = (train_head(features, labels, 3, plan, seed=0, kind=each).state_dict() for each in ("plain", kind))
    assert all(torch.allclose(plain[name], other[name], atol=1e-6) for name in plain)


def test_a_temporary_head_has_ten_epochs_and_the_batch_it_is_told():
    features, labels = clouds()
    head = temporary_head(features, labels, 3, 32, seed=4).state_dict()
    same = train_head(features, labels, 3, HeadTraining(epochs=10, batch=32), 4).state_dict()
    assert all(torch.equal(head[name], same[name]) for name in same)


def scored(encoder, pictures, push=None, *, clamp=True):
    return scored_features(encoder, ImageBank(pictures, FAST), {"it": push}, clamp=clamp)["it"]


def test_features_are_float32_in_eval_mode_and_do_not_depend_on_the_batch():
    encoder, (pictures, _) = tiny_encoder(1).train(), tiny_pictures(300)
    features = scored(encoder, pictures)
    assert features.dtype == torch.float32
    assert features.shape == (300, 64)
    assert not features.requires_grad
    assert not features.is_inference()
    torch.testing.assert_close(features[290:], scored(encoder, pictures[290:]), rtol=1e-4, atol=1e-5)


def test_a_perturbation_is_added_and_clamped():
    encoder, (pictures, _) = tiny_encoder(1), tiny_pictures(8)
    push = torch.full((3, 16, 16), 0.6)
    moved, unclamped = (scored(encoder, pictures, push, clamp=clamp) for clamp in (True, False))
    images = pictures.float() / 255
    with torch.inference_mode():
        torch.testing.assert_close(moved, encoder((images + 0.6).clamp(0, 1)), rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(unclamped, encoder(images + 0.6), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(moved, unclamped, atol=1e-3)


TRAIN, VALIDATION = tiny_labelled(96), tiny_labelled(30, seed=4)
BENIGN = BenignTraining(epochs=3, batch=16)


def benign(plan=BENIGN, seed=0, progress=None, origin=None):
    return train_benign(origin or tiny_encoder(1), TRAIN, VALIDATION, plan, seed, progress or Progress.silent(), FAST)


def test_the_benign_encoder_learns_and_repeats():
    first, again, other = benign(), benign(), benign(seed=1)
    assert first.epochs[-1].cross_entropy < first.epochs[0].cross_entropy
    assert first.epochs[-1].clean_accuracy > 0.6
    assert [row.pgd_accuracy for row in first.epochs] == [None] * 3
    assert weight_bytes(first.encoder) == weight_bytes(again.encoder)
    assert weight_bytes(first.encoder) != weight_bytes(other.encoder)
    assert not first.encoder.training


def test_from_scratch_nothing_of_the_origin_is_used_but_its_shape():
    assert weight_bytes(benign(origin=tiny_encoder(1)).encoder) == weight_bytes(benign(origin=tiny_encoder(2)).encoder)


@pytest.mark.parametrize("source", ["victim", "auxiliary"])
def test_fine_tuned_it_starts_from_the_origin(source):
    plan = BenignTraining(epochs=1, batch=96, rate=1e-6, source=source)
    origin = tiny_encoder(1)
    before = weight_bytes(origin)
    tuned = benign(plan, origin=origin).encoder
    assert weight_bytes(origin) == before
    moved = (tuned.backbone.conv1.weight - origin.backbone.conv1.weight).detach()
    assert 0 < float(moved.abs().max()) < 1e-4


@pytest.mark.parametrize("advances", [0, 1, 8])
def test_benign_training_stops_within_one_step_of_a_cancel(advances):
    progress, seen = cancelled_after(advances)
    assert was_cancelled(lambda: benign(progress=progress))
    assert seen() == advances


def test_a_benign_loss_that_is_no_number_ends_in_a_sentence():
    with pytest.raises(BadInput, match="The benign encoder's loss is no longer a number."):
        benign(BenignTraining(epochs=2, batch=16, rate=1e30))


def test_crops_shift_whole_pictures_by_at_most_four_pixels():
    images = tiny_images(6, size=16)
    crops = random_crops(images, torch.Generator().manual_seed(0))
    assert crops.shape == images.shape
    padded = torch.nn.functional.pad(images, (4, 4, 4, 4), mode="replicate")
    places = []
    for index in range(6):
        found = [
            (row, column)
            for row in range(9)
            for column in range(9)
            if torch.equal(padded[index, :, row : row + 16, column : column + 16], crops[index])
        ]
        assert len(found) == 1
        places += found
    assert len(set(places)) > 3


def test_validation_counts_by_hand():
    torch.manual_seed(0)
    encoder, head = tiny_encoder(1), Head(64, 3)
    clean, robust = validate(encoder, head, VALIDATION, Pgd(epsilon=0.0, step=0.0, steps=1), 7, FAST)
    with torch.inference_mode():
        right = (head(encoder(VALIDATION.images[:])).argmax(1) == VALIDATION.labels).float().mean()
    assert clean == robust == pytest.approx(float(right))
    again = [validate(encoder, head, VALIDATION, Pgd(epsilon=0.03, step=0.01, steps=3), 7, FAST) for _ in range(2)]
    assert again[0] == again[1]
    assert again[0][1] <= again[0][0]


def test_an_epoch_shows_every_picture_once_in_images_of_the_unit_range():
    data = tiny_labelled(33)
    batches = list(data.batches(16, torch.Generator().manual_seed(0)))
    # The last batch of one is left out.
    assert [len(index) for index, *_ in batches] == [16, 16]
    assert data.steps(16) == 2
    assert tiny_labelled(34).steps(16) == 3
    index = torch.cat([index for index, *_ in batches])
    assert len(set(index.tolist())) == 32
    for index, images, labels in batches:
        assert float(images.max()) <= 1
        assert torch.equal(labels, data.labels[index])


def an_image_set(**splits):
    pictures, labels = tiny_pictures(20)
    return ImageSet(name="toys", pictures=pictures, labels=labels, classes=("a", "b", "c"), splits=splits)


def test_a_split_is_drawn_with_its_own_seed_and_at_most_so_many():
    images = an_image_set(train=torch.arange(0, 20, 2))
    first, again, other = (labelled(images, "train", 5, seed) for seed in (1, 1, 2))
    assert isinstance(first, Labelled)
    assert len(first) == 5
    assert torch.equal(first.images[:], again.images[:])
    assert not torch.equal(first.images[:], other.images[:])
    assert len(labelled(images, "train", 999, 0)) == 10
    assert first.classes == 3


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (an_image_set(), "The image set toys has no split named train."),
        (an_image_set(train=torch.zeros(0, dtype=torch.long)), "The train split of toys is empty."),
        (ImageSet(name="loose", pictures=tiny_pictures(4)[0]), "The image set loose has no labels."),
    ],
)
def test_a_set_that_cannot_be_learned_from(images, sentence):
    with pytest.raises(BadInput) as caught:
        labelled(images, "train", 5, 0)
    assert caught.value.sentence == sentence
