"""k and the margin, swept over answers whose every count is known."""

from __future__ import annotations

import pytest
import torch

from zepad_engine.defences.fused import Zepad
from zepad_engine.evaluation.accuracy import cells_of
from zepad_engine.evaluation.answers import Answers
from zepad_engine.evaluation.sweeping import MARGINS, sweeps_of
from zepad_engine.intervals import wilson
from zepad_engine.plan import Detector

DETECTOR = Detector(confidence="m")


def spoken(*pairs):
    """Logits (N, 2), each given as (class, probability)."""
    rows = []
    for answer, m in pairs:
        sure = float(torch.logit(torch.tensor(m, dtype=torch.float64)))
        rows.append([sure, 0.0] if answer == 0 else [0.0, sure])
    return torch.tensor(rows, dtype=torch.float64)


def answers():
    """Two images of class 0. Under "hard" two tuned branches say 1 at 0.70 and 0.72, the benign one 0 at 0.9."""
    easy = spoken((0, 0.7), (0, 0.7))
    conditions = {"calibration": easy, "clean": easy, "soft": easy}
    return Answers(
        task="toy",
        labels=torch.zeros(2, dtype=torch.long),
        calibration_labels=torch.zeros(2, dtype=torch.long),
        logits={
            "tuned_victim": {**conditions, "hard": spoken((1, 0.70), (1, 0.95))},
            "tuned_auxiliary": {**conditions, "hard": spoken((1, 0.72), (1, 0.95))},
            "benign": {**conditions, "hard": spoken((0, 0.8), (0, 0.6))},
        },
    )


@pytest.fixture
def swept():
    toy = answers()
    found = sweeps_of(toy, toy.fitted("zepad", Zepad(k=0)), ["soft", "hard"], DETECTOR)
    return {(sweep.quantity, sweep.attack): sweep for sweep in found}


def test_clean_images_and_the_hardest_attack_are_swept(swept):
    assert {key: sweep.rate for key, sweep in swept.items()} == {
        ("k", "none"): "benign accuracy",
        ("k", "hard"): "robust accuracy",
        ("margin", "none"): "false alarms",
        ("margin", "hard"): "detected",
    }
    assert {(sweep.defence, sweep.task) for sweep in swept.values()} == {("zepad", "toy")}


def test_a_sharper_k_lets_the_surer_branch_win(swept):
    points = dict(swept["k", "hard"].points)
    assert list(points) == [float(k) for k in range(9)]
    # Image 1 is lost at every k: the surer branches are wrong. Image 0 by hand, weights c and logits
    # ln(m / (1 - m)) = 0.847, 0.944, 1.386. At k = 0 the wrong side has 0.70 * 0.847 + 0.72 * 0.944 = 1.273 against
    # 0.8 * 1.386 = 1.109; at k = 3 1.275 * 0.847 + 1.393 * 0.944 = 2.396 against 1.968 * 1.386 = 2.728.
    assert points[0.0] == wilson(0, 2)
    assert points[3.0] == points[8.0] == wilson(1, 2)
    assert {rate.value for _, rate in swept["k", "none"].points} == {1.0}


def test_the_sweep_passes_through_the_plan(swept):
    toy = answers()
    for k in (0.0, 3.0):
        cell = cells_of(toy, toy.fitted("zepad", Zepad(k=k)), ["hard"], 10.0)[1]
        assert dict(swept["k", "hard"].points)[k] == cell.ra


def test_the_margin_moves_both_rates(swept):
    # Scores under attack: 0.71 - 0.8 = -0.09 and 0.95 - 0.6 = 0.35; clean ones are 0.
    detected = dict(swept["margin", "hard"].points)
    assert list(detected) == list(MARGINS) == pytest.approx([0.05 * step for step in range(11)])
    assert [detected[margin].value for margin in (0.0, 0.3, 0.4, 0.5)] == [0.5, 0.5, 0.0, 0.0]
    assert {rate.value for _, rate in swept["margin", "none"].points} == {0.0}


def test_without_an_attack_only_clean_images_are_swept():
    toy = answers()
    found = sweeps_of(toy, toy.fitted("zepad", Zepad()), [], DETECTOR)
    assert [(sweep.quantity, sweep.attack) for sweep in found] == [("k", "none"), ("margin", "none")]


def test_k_is_swept_with_confidence_fusion_whatever_the_plan_fuses_with():
    toy = answers()
    plain, other = (
        sweeps_of(toy, toy.fitted("zepad", Zepad(fusion=f)), ["hard"], DETECTOR) for f in ("confidence", "mean_logits")
    )
    assert [sweep.points for sweep in plain if sweep.quantity == "k"] == [
        sweep.points for sweep in other if sweep.quantity == "k"
    ]
