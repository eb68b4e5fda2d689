"""MPAE: what each setting and each official switch does to one tuning run."""

from __future__ import annotations

import msgspec
import pytest
import torch

from tests.support.tiny import FAST, cancelled_after, tiny_encoder, tiny_labelled, trained_encoder, was_cancelled
from zepad_engine.encoders.encoder import weight_bytes
from zepad_engine.errors import BadInput
from zepad_engine.plan import OfficialSwitches, Tuning
from zepad_engine.progress import Progress
from zepad_engine.training import adversarial
from zepad_engine.training.adversarial import AdversarialTuning
from zepad_engine.training.pgd import Pgd
from zepad_engine.training.validation import validate

TRAIN, VALIDATION = tiny_labelled(48), tiny_labelled(24, seed=7)
PLAN = Tuning(epochs=2, batch=16, steps=2, step_255=5.0, validation_images=24)


def tuning(plan=PLAN, switches=None, seed=0, encoder=None, train=TRAIN):
    return AdversarialTuning(encoder or tiny_encoder(1), train, plan, switches or OfficialSwitches(), seed, FAST)


def run(*args, progress=None, **kwargs):
    return tuning(*args, **kwargs).run(VALIDATION, progress or Progress.silent())


def changed(**values):
    return msgspec.structs.replace(PLAN, **values)


@pytest.fixture(scope="module")
def plain():
    return run()


def test_the_same_seed_gives_the_same_weights(plain):
    again, other = run(), run(seed=1)
    assert weight_bytes(again.encoder) == weight_bytes(plain.encoder)
    assert again.epochs == plain.epochs
    assert weight_bytes(other.encoder) != weight_bytes(plain.encoder)


def test_the_original_is_left_as_it_was():
    original = tiny_encoder(1)
    before = weight_bytes(original)
    tuned = run(encoder=original)
    assert weight_bytes(original) == before
    assert weight_bytes(tuned.encoder) != before
    assert not tuned.encoder.training


@pytest.mark.parametrize("share", [0.25, 1.0, 4.0])
def test_share_mode_makes_the_regulariser_start_at_its_share_of_the_cross_entropy(share):
    points = {}
    progress = Progress(on_measure=lambda series, step, value: points.setdefault(series, []).append(value))
    # A rate too small to move anything: the first batches are met as they were weighed.
    tuned = run(changed(weight=share, encoder_rate=1e-7, head_rate=1e-7, epochs=1), progress=progress)
    ce, gr = sum(points["cross_entropy"]), sum(points["regularisation"])
    assert gr / ce == pytest.approx(share, rel=0.15)
    assert tuned.epochs[0].regularisation == pytest.approx(share * tuned.epochs[0].cross_entropy, rel=0.15)


def test_fixed_mode_takes_lambda_as_it_stands():
    tuned = run(changed(regularisation="fixed", weight=0.0))
    assert tuned.weight == 0.0
    assert tuned.epochs[0].regularisation == 0.0
    assert run(changed(regularisation="fixed", weight=3.0)).weight == 3.0


def test_weighing_leaves_the_batch_norm_statistics_alone():
    work = tuning()
    before = weight_bytes(work.encoder)
    assert work._weight_by_share() > 0
    assert weight_bytes(work.encoder) == before


def test_the_epoch_with_the_best_pgd_accuracy_is_kept(monkeypatch):
    accuracies = iter([(0.9, 0.30), (0.5, 0.60), (0.99, 0.59), (0.8, 0.10)])
    seen = []

    def told(encoder, *_args):
        seen.append(weight_bytes(encoder))
        return next(accuracies)

    monkeypatch.setattr(adversarial, "validate", told)
    tuned = run(changed(epochs=4))
    assert tuned.selected == 2
    assert weight_bytes(tuned.encoder) == seen[1]
    assert [row.pgd_accuracy for row in tuned.epochs] == [0.30, 0.60, 0.59, 0.10]
    assert len(set(seen)) == 4


def test_rows_add_up_and_validation_is_of_the_kept_model(plain):
    for row in plain.epochs:
        assert row.total == pytest.approx(row.cross_entropy + row.regularisation)
        assert 0 <= row.pgd_accuracy <= row.clean_accuracy <= 1
    best = max(row.pgd_accuracy for row in plain.epochs)
    assert plain.epochs[plain.selected - 1].pgd_accuracy == best


def test_tuning_makes_the_encoder_harder_to_fool():
    plan = Tuning(epochs=3, batch=16, steps=4, step_255=5.0, epsilon_255=16.0)
    work = tuning(plan, encoder=trained_encoder(), train=tiny_labelled(96))
    judge = Pgd(epsilon=16 / 255, step=5 / 255, steps=6)
    clean, robust = validate(work.encoder, work.head, VALIDATION, judge, 32, FAST)
    assert clean > 0.9
    assert robust < 0.4
    rows = work.run(VALIDATION, Progress.silent()).epochs
    assert max(row.pgd_accuracy for row in rows) > 0.8
    assert rows[-1].cross_entropy < rows[0].cross_entropy / 2


@pytest.mark.parametrize(
    "switches",
    [
        {"gr_swapped": True},
        {"gr_moving_reference": True},
        {"gr_on_logits": True},
        {"pgd_unnormalised": True},
        {"gr_swapped": True, "gr_moving_reference": True, "gr_on_logits": True},
        dict.fromkeys(OfficialSwitches.__struct_fields__, True),
    ],
    ids=lambda names: "+".join(names) if len(names) < 9 else "official",
)
def test_every_official_switch_changes_the_weights(plain, switches):
    assert weight_bytes(run(switches=OfficialSwitches(**switches)).encoder) != weight_bytes(plain.encoder)


def test_gradients_left_behind_change_the_weights(plain):
    # The release runs PGD on the unfolded model; the images differ by rounding at most, the weights by much more.
    left = run(switches=OfficialSwitches(pgd_leaves_gradients=True)).encoder.state_dict()
    far = max(float((left[name] - tensor).abs().max()) for name, tensor in plain.encoder.state_dict().items())
    assert far > 1e-3


def test_the_leftover_gradients_are_still_there_when_the_training_step_begins():
    work = tuning(switches=OfficialSwitches(pgd_leaves_gradients=True))
    work.losses(torch.arange(16), TRAIN.images[:16], TRAIN.labels[:16])
    assert float(work.encoder.backbone.conv1.weight.grad.abs().sum()) > 0
    clean = tuning()
    clean.losses(torch.arange(16), TRAIN.images[:16], TRAIN.labels[:16])
    assert clean.encoder.backbone.conv1.weight.grad is None


@pytest.mark.parametrize("leave", [True, False])
def test_the_unnormalised_attack_differs_and_normalisation_is_put_back(leave):
    images, labels = TRAIN.images[:16], TRAIN.labels[:16]
    found = []
    for unnormalised in (False, True):
        switches = OfficialSwitches(pgd_unnormalised=unnormalised, pgd_leaves_gradients=leave)
        work = tuning(switches=switches, encoder=trained_encoder())
        mean, std = work.encoder.mean.clone(), work.encoder.std.clone()
        found.append(work._attack(images, labels))
        assert torch.equal(work.encoder.mean, mean)
        assert torch.equal(work.encoder.std, std)
    assert not torch.equal(*found)


def regulariser_gradients(**switches):
    """Which of (adversarial features, moving encoder) the regulariser alone pulls at."""
    work = tuning(switches=OfficialSwitches(**switches))
    index, images, labels = torch.arange(16), TRAIN.images[:16], TRAIN.labels[:16]
    # Far from the clean features, so that the divergence is not the same both ways.
    moved = FAST.for_attack(work.encoder)(images.roll(1, 0)).detach().requires_grad_(True)
    gr = work._regularisation(index, images, labels, moved, work.head(moved))
    gr.backward()
    weight = work.encoder.backbone.conv1.weight.grad
    reached = 0.0 if weight is None else float(weight.abs().sum())
    return moved.grad, reached


def test_the_regulariser_pulls_at_the_adversarial_features_only():
    moved, moving = regulariser_gradients()
    assert float(moved.abs().sum()) > 0
    assert moving == 0


def test_a_moving_reference_is_pulled_too():
    moved, moving = regulariser_gradients(gr_moving_reference=True)
    assert float(moved.abs().sum()) > 0
    assert moving > 0


def test_swapped_it_still_pulls_at_the_adversarial_features():
    moved, moving = regulariser_gradients(gr_swapped=True)
    assert float(moved.abs().sum()) > 0
    assert moving == 0
    other = regulariser_gradients()[0]
    assert float((moved - other).norm()) > 1e-3 * float(other.norm())


@pytest.mark.parametrize("moving", [False, True])
def test_on_logits_the_head_is_pulled_through_the_target_only_where_it_moves(moving):
    work = tuning(switches=OfficialSwitches(gr_on_logits=True, gr_moving_reference=moving))
    index, images, labels = torch.arange(16), TRAIN.images[:16], TRAIN.labels[:16]
    moved = work.encoder(images).detach()
    gr = work._regularisation(index, images, labels, moved, work.head(moved).detach())
    assert gr.requires_grad == moving


def test_a_loss_that_is_no_number_ends_in_a_sentence():
    with pytest.raises(BadInput, match="The tuning loss is no longer a number. Lower the encoder's learning rate"):
        run(changed(encoder_rate=1e30, epochs=3))


def test_a_rate_that_is_no_number_ends_in_a_sentence():
    with pytest.raises(BadInput, match="The tuning loss is no longer a number."):
        run(changed(encoder_rate=float("nan")))


@pytest.mark.parametrize("advances", [0, 1, 4])
def test_stops_within_one_step_of_a_cancel(advances):
    progress, seen = cancelled_after(advances)
    work = tuning()
    assert was_cancelled(lambda: work.run(VALIDATION, progress))
    assert seen() == advances


def test_progress_counts_every_step_of_every_epoch():
    told = []
    run(progress=Progress(on_advance=lambda done, note: told.append((round(done, 4), note))))
    assert told == [(round(step / 6, 4), f"epoch {1 + step // 3} of 2") for step in range(6)]


def test_the_exponential_schedule_decays_per_epoch():
    work = tuning(changed(schedule="exponential", decay=0.5))
    optimiser = torch.optim.SGD(work.encoder.parameters(), lr=1.0)
    schedule = work._schedule(optimiser)
    rates = []
    for _ in range(6):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    assert rates == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]


def test_a_cold_head_starts_elsewhere(plain):
    assert weight_bytes(run(changed(warm_start=False)).encoder) != weight_bytes(plain.encoder)


def test_the_gradient_norm_of_each_step_is_measured():
    points = {}
    progress = Progress(on_measure=lambda series, step, value: points.setdefault(series, []).append((step, value)))
    seen = []

    class Watched(AdversarialTuning):
        def _report(self, *args):
            gradients = [parameter.grad.flatten() for parameter in self.encoder.parameters()]
            seen.append(float(torch.cat(gradients).norm()))
            super()._report(*args)

    Watched(tiny_encoder(1), TRAIN, PLAN, OfficialSwitches(), 0, FAST).run(VALIDATION, progress)
    assert [step for step, _ in points["gradient_norm"]] == [step for step, _ in points["total"]]
    assert [value for _, value in points["gradient_norm"]] == pytest.approx(seen, rel=1e-5)
    assert min(seen) > 0
