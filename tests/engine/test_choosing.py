"""The rule by which settings are chosen: each task counts alike, clean and perturbed images count alike."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.choosing import TASKS, behind, rows, score, stored, table
from zepad_engine.encoders.fronts import Counterattack
from zepad_engine.plan import Purifying


def seed(clean, under, n=10):
    """One seed's answers: on every task as many of n images right as said, clean and under both perturbations."""
    return {task: np.array([[k < right for k in range(n)] for right in (clean, under)], dtype=float) for task in TASKS}


def test_a_score_is_the_mean_of_clean_and_perturbed_over_tasks_and_seeds():
    assert score([seed(8, 2)]) == pytest.approx(0.5)
    assert score([seed(8, 2), seed(10, 10)]) == pytest.approx(0.75)
    few = {**seed(8, 2), TASKS[0]: seed(0, 0, n=100)[TASKS[0]]}
    assert score([few]) == pytest.approx(0.5 * 3 / 4)


def test_the_best_is_told_with_how_far_the_others_lie_behind():
    found = {"undefended": {"": [seed(8, 2)]}, "purifier": {"a": [seed(8, 4)], "b": [seed(9, 6)]}}
    lines = list(table(found))
    assert lines[-1].startswith("| **purifier, b** | 90.0 | 60.0 | 75.0 | chosen |")
    assert lines[-2].startswith("| purifier, a | 80.0 | 40.0 | 60.0 | +15.0 (")
    mean, low, high = behind([seed(9, 6)], [seed(8, 4)])
    # Per task three images of ten differ by a half: their deviation is 0.2415, of four tasks' mean 0.2415 / sqrt(40).
    assert (mean, high - mean) == (pytest.approx(0.15), pytest.approx(1.96 * 0.24152 / 40**0.5, abs=1e-4))
    assert low == pytest.approx(2 * mean - high)


def test_the_defaults_are_among_the_settings_measured(tmp_path):
    known = {(defence, setting) for defence, setting, _ in rows()}
    assert ("purifier", f"pixel weight {Purifying().pixel_weight:g}") in known
    assert ("counterattack", f"orthogonal {Counterattack.orthogonal:g}") in known
    assert stored(tmp_path, 1) == {}
