"""Synthetic answers whose every count is known: exact integers, not approximations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from zepad_engine.defences.fused import MeanFusion, Zepad, ZepadWithoutBmp
from zepad_engine.defences.single import Undefended
from zepad_engine.evaluation.accuracy import branches_of, cells_of
from zepad_engine.evaluation.answers import Answers
from zepad_engine.evaluation.detection import detections_of, levels_of, scores_of, threshold_of, thresholds_of
from zepad_engine.evaluation.examples import chosen_examples
from zepad_engine.intervals import wilson
from zepad_engine.plan import Detector


def said(classes, strength=4.0, k=3):
    """Logits that answer these classes."""
    logits = torch.zeros(len(classes), k)
    logits[torch.arange(len(classes)), torch.tensor(classes)] = strength
    return logits


#          right  right  wrong  wrong  right  right
LABELS = [0, 1, 2, 0, 1, 2]
CLEAN = [0, 1, 0, 1, 1, 2]
#          kept   lost   won    other  lost   kept
MOVED = [0, 2, 2, 2, 0, 2]


NONE = torch.zeros(0, dtype=torch.long)


def answers(**branches):
    for conditions in branches.values():
        conditions.setdefault("calibration", torch.zeros(0, 3))
    return Answers(task="toy", labels=torch.tensor(LABELS), calibration_labels=NONE, logits=branches)


def cells(toy, defence, attacks, epsilon_255):
    return cells_of(toy, toy.fitted(defence.key, defence), attacks, epsilon_255)


def branches(toy, defence, attacks):
    return branches_of(toy, toy.fitted(defence.key, defence), attacks)


def detection(toy, plan):
    (found,) = detections_of(toy, ["l4a_base"], toy.fitted("zepad", Zepad()), plan)
    return found


def test_cells_hold_the_exact_counts():
    toy = answers(victim={"clean": said(CLEAN), "l4a_base": said(MOVED)})
    clean, moved = cells(toy, Undefended(), ["l4a_base"], 10.0)
    assert (clean.defence, clean.attack, clean.task, clean.epsilon_255) == ("undefended", "none", "toy", 0.0)
    assert clean.ba == wilson(4, 6)
    assert (clean.ra, clean.asr, clean.asr_of_correct) == (None, None, None)
    assert (moved.attack, moved.epsilon_255, moved.ba) == ("l4a_base", 10.0, wilson(4, 6))
    # Right under attack: images 0, 2, 5. Changed: 1, 2, 3, 4, whether for better or worse.
    assert moved.ra == wilson(3, 6)
    assert moved.asr == wilson(4, 6)
    # Of the four that were right, two turned wrong.
    assert moved.asr_of_correct == wilson(2, 4)


def test_nothing_right_before_leaves_nothing_to_flip():
    toy = answers(victim={"clean": said([1, 2, 0, 1, 0, 0]), "l4a_base": said(MOVED)})
    moved = cells(toy, Undefended(), ["l4a_base"], 10.0)[1]
    assert moved.ba == wilson(0, 6)
    assert moved.asr_of_correct.n == 0


def test_each_attack_has_its_own_cell():
    toy = answers(victim={"clean": said(CLEAN), "a": said(MOVED), "b": said(LABELS)})
    found = cells(toy, Undefended(), ["a", "b"], 8.0)
    assert [cell.attack for cell in found] == ["none", "a", "b"]
    assert found[2].ra == wilson(6, 6)


def test_a_fused_defence_answers_by_its_weights():
    said_by = {
        "tuned_victim": {"clean": said(LABELS, 6.0)},
        "tuned_auxiliary": {"clean": said(LABELS, 6.0)},
        "benign": {"clean": said([0] * 6, 2.0)},
    }
    toy = answers(**said_by)
    assert cells(toy, Zepad(), [], 10.0)[0].ba == wilson(6, 6)
    loud = answers(**{**said_by, "benign": {"clean": said([0] * 6, 60.0)}})
    assert cells(loud, Zepad(), [], 10.0)[0].ba == wilson(2, 6)


def test_branches_have_their_accuracy_their_say_and_their_confidence():
    toy = answers(
        tuned_victim={"clean": said(LABELS, 6.0), "l4a_base": said(MOVED, 6.0)},
        tuned_auxiliary={"clean": said(CLEAN, 1.0), "l4a_base": said(CLEAN, 1.0)},
        benign={"clean": said([0] * 6, 3.0), "l4a_base": said([1] * 6, 3.0)},
    )
    found = {(finding.branch, finding.attack): finding for finding in branches(toy, Zepad(), ["l4a_base"])}
    assert len(found) == 6
    assert found["tuned_victim", "none"].accuracy == wilson(6, 6)
    assert found["tuned_victim", "l4a_base"].accuracy == wilson(3, 6)
    assert found["tuned_auxiliary", "none"].accuracy == wilson(4, 6)
    assert found["benign", "none"].accuracy == found["benign", "l4a_base"].accuracy == wilson(2, 6)
    shares = [found[branch, "none"].weight_share for branch in Zepad.branches]
    assert sum(shares) == pytest.approx(1.0)
    assert shares[0] > shares[2] > shares[1]
    e = np.e
    assert found["tuned_auxiliary", "none"].confidence == pytest.approx(e / (e + 2), abs=1e-6)


def test_equal_fusion_gives_every_branch_a_third():
    toy = answers(**{branch: {"clean": said(CLEAN)} for branch in MeanFusion.branches})
    assert [f.weight_share for f in branches(toy, MeanFusion(), [])] == pytest.approx([1 / 3] * 3)


def sure(m, k=2):
    """Logits of two classes whose larger probability is m."""
    m = torch.tensor(m, dtype=torch.float64)
    return torch.stack([torch.log(m / (1 - m)), torch.zeros_like(m)], dim=1)


def detection_answers(calibration, clean, moved):
    """BMP stands at 1/2 throughout and both MPAE branches at the given m: scores are m - 1/2."""
    conditions = {"calibration": calibration, "clean": clean, "l4a_base": moved}
    mpae = {name: sure(scores) for name, scores in conditions.items()}
    bmp = {name: sure([0.5] * len(scores)) for name, scores in conditions.items()}
    labels = torch.zeros(len(clean), dtype=torch.long)
    return Answers(
        task="toy",
        labels=labels,
        calibration_labels=torch.zeros(len(calibration), dtype=torch.long),
        logits={"tuned_victim": mpae, "tuned_auxiliary": dict(mpae), "benign": bmp},
    )


PLAN = Detector(confidence="m", margin=0.1, target_fpr=0.05)


def test_detection_with_known_scores():
    calibration = [0.5 + 0.004 * index for index in range(100)]  # scores 0.000 to 0.396
    clean = [0.55] * 17 + [0.88, 0.885, 0.89]
    moved = [0.52] * 5 + [0.89] * 5 + [0.95] * 10
    toy = detection_answers(calibration, clean, moved)
    found = detection(toy, PLAN)
    assert scores_of(toy, "clean", toy.fitted("zepad", Zepad()), PLAN).tolist() == pytest.approx(
        [m - 0.5 for m in clean]
    )
    # Five of the hundred calibration scores lie above the sixth largest, 0.376.
    assert found.threshold == pytest.approx(0.376)
    assert found.calibration_n == 100
    assert found.achieved_fpr == wilson(3, 20)
    assert found.tpr == wilson(15, 20)
    assert found.tpr_at_5 == wilson(15, 20)
    # At one per cent the threshold is 0.392: only the scores of 0.45 pass.
    assert found.tpr_at_1 == wilson(10, 20)
    assert (found.fpr_at_1, found.fpr_at_5) == (wilson(0, 20), wilson(3, 20))
    assert (found.margin_fpr, found.margin_tpr) == (wilson(3, 20), wilson(15, 20))
    wins = sum((b > a) + 0.5 * (b == a) for a in clean for b in moved)
    assert found.auroc.value == pytest.approx(wins / 400, abs=1e-9)
    assert found.auroc.n == 40
    assert found.roc[0] == (0.0, 0.0)
    assert found.roc[-1] == (1.0, 1.0)


def test_the_threshold_comes_from_calibration_never_from_the_test_images():
    calibration = [0.5 + 0.004 * index for index in range(100)]
    first = detection(detection_answers(calibration, [0.6] * 20, [0.9] * 20), PLAN)
    other = detection(detection_answers(calibration, [0.99] * 20, [0.5] * 20), PLAN)
    assert first.threshold == other.threshold
    assert other.achieved_fpr == wilson(20, 20)


def test_the_target_moves_the_threshold():
    calibration = [0.5 + 0.004 * index for index in range(100)]
    toy = detection_answers(calibration, [0.6] * 20, [0.9] * 20)
    loose = detection(toy, Detector(confidence="m", target_fpr=0.2))
    assert loose.threshold == pytest.approx(0.316)
    assert loose.target_fpr == 0.2


def test_a_defence_without_a_detector_has_an_infinite_threshold():
    toy = detection_answers([0.6] * 40, [0.6] * 20, [0.9] * 20)
    assert threshold_of(toy, toy.fitted("zepad_no_bmp", ZepadWithoutBmp()), PLAN) == float("inf")
    assert threshold_of(toy, toy.fitted("zepad", Zepad()), PLAN) == pytest.approx(0.1)


def test_levels_hold_the_exact_counts_and_the_thresholds_in_use():
    calibration = [0.5 + 0.004 * index for index in range(100)]
    clean = [0.55] * 17 + [0.88, 0.885, 0.89]
    moved = [0.52] * 5 + [0.89] * 5 + [0.95] * 10
    found = detection(detection_answers(calibration, clean, moved), PLAN)
    levels = found.levels
    assert (levels.clean_n, levels.perturbed_n) == (20, 20)
    assert (levels.clean_above[0], levels.perturbed_above[0]) == (20, 20)
    assert (levels.clean_above[-1], levels.perturbed_above[-1]) == (0, 0)
    assert list(levels.thresholds) == sorted(set(levels.thresholds))
    at = {t: (c, m) for t, c, m in zip(levels.thresholds, levels.clean_above, levels.perturbed_above, strict=True)}
    assert at[found.threshold] == (3, 15)
    assert at[found.margin] == (3, 15)
    assert at[0.385] == (1, 15)
    assert at[0.39] == (0, 10)


def test_levels_stay_few_and_keep_the_highest_clean_scores():
    draw = np.random.default_rng(0)
    clean, moved = draw.normal(0, 1, 5000), draw.normal(1, 1, 5000)
    levels = levels_of(clean, moved, thresholds_of(clean, [moved, moved + 1]))
    assert levels.thresholds[0] < min(clean.min(), moved.min())
    assert 150 < len(levels.thresholds) <= 201
    # Where few clean images are flagged every single one can be told apart.
    assert {0, 1, 2, 5, 10, 39} <= set(levels.clean_above)
    assert all(
        caught == int((moved > threshold).sum())
        for threshold, caught in zip(levels.thresholds, levels.perturbed_above, strict=True)
    )


def example_answers(victim, tuned):
    """Both tuned encoders and the benign one say the same, so ZePAD's fused answer is theirs."""
    logits = {"victim": victim, "tuned_victim": tuned, "tuned_auxiliary": tuned, "benign": tuned}
    logits = {branch: {**conditions, "calibration": torch.zeros(0, 3)} for branch, conditions in logits.items()}
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    toy = Answers(task="toy", labels=labels, calibration_labels=NONE, logits=logits)
    return toy, toy.fitted("zepad", Zepad())


def test_examples_are_the_worst_the_median_and_seeded_ones():
    # The victim's probability of the true class falls most on image 2, least on image 0; image 4 was wrong before.
    clean = said([0, 1, 2, 0, 2, 2], 5.0)
    labels = [0, 1, 2, 0, 1, 2]
    moved, tuned = clean.clone(), clean.clone()
    for index, strength in ((0, 4.5), (1, 3.0), (2, -9.0), (3, 1.0), (5, 0.0)):
        moved[index, labels[index]] = strength
    tuned[1, 1] = -3.0
    toy, zepad = example_answers({"clean": clean, "l4a_base": moved}, {"clean": clean, "l4a_base": tuned})
    worst, median, defended, *drawn = chosen_examples(toy, "l4a_base", 3, zepad)
    assert worst == ("worst", 2)
    assert median == ("median", 3)
    assert defended == ("worst for ZePAD", 1)
    assert [how for how, _ in drawn] == ["random, seed 3"] * 2
    assert drawn == chosen_examples(toy, "l4a_base", 3, zepad)[3:]
    assert any(chosen_examples(toy, "l4a_base", seed, zepad)[3:] != drawn for seed in range(4, 9))


def test_systems_that_were_never_right_show_random_examples_only():
    wrong = {"clean": said([1, 2, 1, 1, 2, 1]), "l4a_base": said([2, 0, 0, 2, 0, 0])}
    toy, zepad = example_answers(wrong, wrong)
    assert [how for how, _ in chosen_examples(toy, "l4a_base", 0, zepad)] == ["random, seed 0"] * 2
