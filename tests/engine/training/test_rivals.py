"""PGD-AT, TRADES and MART: their formulas by hand, and what tuning by them does."""

from __future__ import annotations

import math

import msgspec
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.support.tiny import FAST, cancelled_after, tiny_encoder, tiny_labelled, trained_encoder, was_cancelled
from zepad_engine.branches import BRANCHES
from zepad_engine.encoders.encoder import weight_bytes
from zepad_engine.objectives import (
    answer_divergence,
    boosted_cross_entropy,
    genetic_regularisation,
    misclassified_divergence,
)
from zepad_engine.plan import OfficialSwitches, Tuning
from zepad_engine.progress import Progress
from zepad_engine.training.adversarial import AdversarialTuning
from zepad_engine.training.pgd import Pgd
from zepad_engine.training.rivals import RIVALS, Mart, PgdAt, Trades
from zepad_engine.training.validation import validate

TRAIN, VALIDATION = tiny_labelled(96), tiny_labelled(48, seed=7)
PLAN = Tuning(epochs=3, batch=16, steps=4, step_255=5.0, epsilon_255=16.0)
SHORT = msgspec.structs.replace(PLAN, epochs=1)
# Logits whose answers are (3/4, 1/4, ~0), (1/3, 1/3, 1/3), (1/2, 1/4, 1/4) and, moved, (1/4, 3/4, ~0), the same,
# (1/8, 1/8, 3/4).
CLEAN = torch.tensor([[3.0, 1.0, 1e-12], [1.0, 1.0, 1.0], [2.0, 1.0, 1.0]], dtype=torch.float64).log()
MOVED = torch.tensor([[1.0, 3.0, 1e-12], [1.0, 1.0, 1.0], [1.0, 1.0, 6.0]], dtype=torch.float64).log()
LABELS = torch.tensor([0, 1, 2])
_LAST = 0.5 * math.log(4) + 0.25 * math.log(2) - 0.25 * math.log(3)


def of(method, plan=PLAN, *, seed=0, encoder=None):
    return method(encoder or trained_encoder(), TRAIN, plan, seed, FAST)


def first_batch(work):
    index = torch.arange(16)
    return work.losses(index, TRAIN.images[index], TRAIN.labels[index])


def test_the_divergence_of_answers_by_hand():
    # 3/4 log 3 - 1/4 log 3; nothing; 1/2 log 4 + 1/4 log 2 - 1/4 log 3.
    expected = [0.5 * math.log(3), 0.0, _LAST]
    assert answer_divergence(CLEAN, MOVED).tolist() == pytest.approx(expected, abs=1e-9)
    torch_says = functional.kl_div(MOVED.log_softmax(1), CLEAN.softmax(1), reduction="none").sum(dim=1)
    assert answer_divergence(CLEAN, MOVED).tolist() == pytest.approx(torch_says.tolist(), abs=1e-12)


def test_the_boosted_cross_entropy_by_hand():
    # Of the label 1/4, 1/3, 3/4; of the strongest other class 3/4, 1/3, 1/8.
    cross_entropy = (math.log(4) + math.log(3) + math.log(4 / 3)) / 3
    margin = -(math.log(0.2501) + math.log(1.0001 - 1 / 3) + math.log(0.8751)) / 3
    assert float(boosted_cross_entropy(MOVED, LABELS)) == pytest.approx(cross_entropy + margin, abs=1e-9)


def test_the_weighted_divergence_by_hand():
    # Clean probability of the label 3/4, 1/3, 1/4: the weights are what is missing to 1.
    expected = (0.25 * 0.5 * math.log(3) + 0.75 * _LAST) / 3
    assert float(misclassified_divergence(CLEAN, MOVED, LABELS)) == pytest.approx(expected, abs=1e-9)


def test_a_sure_mistake_stays_finite():
    assert float(boosted_cross_entropy(torch.tensor([[0.0, 200.0]]), torch.tensor([0]))) == pytest.approx(
        200 - math.log(1e-4), rel=1e-3
    )


def test_one_step_of_zepads_tuning_written_out():
    """The loop the rivals share has not changed ZePAD: its first step, in plain torch."""
    plan = msgspec.structs.replace(SHORT, regularisation="fixed", weight=2.0, schedule="exponential")
    train = tiny_labelled(16)
    ours = AdversarialTuning(tiny_encoder(1), train, plan, OfficialSwitches(), 3, FAST)
    start = AdversarialTuning(tiny_encoder(1), train, plan, OfficialSwitches(), 3, FAST)
    torch.manual_seed(0)
    ours.run(VALIDATION, Progress.silent())

    generator = torch.Generator().manual_seed(3)
    index = torch.randperm(16, generator=generator)
    images, labels = train.images[index], train.labels[index]
    attack = Pgd(epsilon=16 / 255, step=5 / 255, steps=4)
    adversarial = attack(FAST.for_attack(start.model), images, labels, generator)
    adam = torch.optim.Adam(
        [
            {"params": start.encoder.parameters(), "lr": plan.encoder_rate},
            {"params": start.head.parameters(), "lr": plan.head_rate},
        ],
        weight_decay=plan.weight_decay,
    )
    torch.manual_seed(0)
    start.model.train()
    features = start.encoder(adversarial)
    loss = functional.cross_entropy(start.head(features), labels)
    (loss + 2.0 * genetic_regularisation(features, start.reference[index])).backward()
    adam.step()
    assert weight_bytes(start.encoder) == weight_bytes(ours.encoder)


def test_pgd_at_is_cross_entropy_alone_on_attacked_images():
    work, twin = of(PgdAt), of(PgdAt)
    torch.manual_seed(1)
    ce, added = first_batch(work)
    moved = twin.attacked(TRAIN.images[:16], TRAIN.labels[:16])
    torch.manual_seed(1)
    expected = functional.cross_entropy(twin.model.train()(moved), TRAIN.labels[:16])
    assert float(ce.detach()) == pytest.approx(float(expected.detach()), abs=1e-6)
    assert float(added) == 0.0
    assert work.weight == 0.0


def test_trades_attacks_the_divergence_and_knows_no_label():
    work = of(Trades)
    images = TRAIN.images[:16]
    moved = work.diverged(images)
    assert float((moved - images).abs().max()) <= 16 / 255 + 1e-6
    assert float(moved.min()) >= 0
    assert float(moved.max()) <= 1
    model = FAST.for_scoring(work.model)
    with torch.inference_mode():
        noise = (images + (moved - images).roll(1, 0)).clamp(0, 1)
        reached, by_chance = (float(answer_divergence(model(images), model(x)).mean()) for x in (moved, noise))
    assert reached > 3 * by_chance


@pytest.mark.parametrize(("method", "weight"), [(Trades, 6.0), (Mart, 5.0)])
def test_beta_is_the_weight_of_the_divergence(method, weight):
    work = of(method)
    assert work.weight == weight
    ce, divergence = (float(part.detach()) for part in first_batch(work))
    assert ce > 0
    assert divergence > 0
    rows = of(method, msgspec.structs.replace(SHORT, trades_beta=0.5, mart_beta=0.5)).run(VALIDATION, Progress.silent())
    assert rows.weight == 0.5
    assert rows.epochs[0].total == pytest.approx(rows.epochs[0].cross_entropy + rows.epochs[0].regularisation)


def test_mart_boosts_what_pgd_at_trains_on():
    # The same attack from the same draws; MART adds a margin to the cross-entropy.
    torch.manual_seed(1)
    plain = float(first_batch(of(PgdAt))[0].detach())
    torch.manual_seed(1)
    assert float(first_batch(of(Mart))[0].detach()) > plain


@pytest.mark.parametrize("name", RIVALS)
def test_tuning_by_a_rival_lowers_its_loss_and_makes_the_encoder_harder_to_fool(name):
    # With the published beta of 6 TRADES gives one of the three classes up on so few images.
    work = of(RIVALS[name], msgspec.structs.replace(PLAN, trades_beta=1.0))
    before = weight_bytes(trained_encoder())
    clean, robust = validate(work.encoder, work.head, VALIDATION, work.pgd, 48, FAST)
    assert clean > 0.9
    assert robust < 0.4
    tuned = work.run(VALIDATION, Progress.silent())
    kept = tuned.epochs[tuned.selected - 1]
    assert kept.pgd_accuracy == max(row.pgd_accuracy for row in tuned.epochs)
    assert kept.pgd_accuracy > 0.65
    assert kept.clean_accuracy > 0.9
    assert tuned.epochs[-1].total < 0.7 * tuned.epochs[0].total
    assert weight_bytes(tuned.encoder) != before
    assert weight_bytes(trained_encoder()) == before


def test_the_same_seed_gives_the_same_rival_and_each_is_another():
    def tuned(name):
        return weight_bytes(of(RIVALS[name], SHORT).run(VALIDATION, Progress.silent()).encoder)

    first = {name: tuned(name) for name in RIVALS}
    assert {name: tuned(name) for name in RIVALS} == first
    assert len(set(first.values())) == len(RIVALS) == 3


@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_stops_within_one_step_of_a_cancel(name):
    progress, seen = cancelled_after(2)
    assert was_cancelled(lambda: of(RIVALS[name]).run(VALIDATION, progress))
    assert seen() == 2


def test_every_method_of_a_recipe_is_known_to_the_tuning_job():
    methods = {recipe.method for recipe in BRANCHES.values()} - {""}
    assert methods == {"zepad", "gen_af", *RIVALS}
    assert all(isinstance(of(rival).model, nn.Sequential) for rival in RIVALS.values())
