"""The names and rates the sample report is made of."""

from __future__ import annotations

import math

from zepad_engine.evidence import Rate

TASKS = {"emoji": 790, "signs": 325, "satellite": 974, "fashion": 1000}
# Of the test images; signs are as uneven as the bundled ones.
LARGEST_CLASSES = {"emoji": 160, "signs": 133, "satellite": 210, "fashion": 125}
TASK_NAMES = {
    "emoji": "Emoji groups",
    "signs": "Traffic signs",
    "satellite": "Satellite climate",
    "fashion": "Fashion-MNIST",
}
ATTACKS = {"advencoder_per": "AdvEncoder-PER", "l4a_base": "PAP L4A-base", "sign_noise": "Sign noise"}
BRANCHES = ("tuned_victim", "tuned_auxiliary", "benign")
CLASSES = ("faces", "people", "animals", "food", "travel", "objects", "symbols", "flags")
AUROC = {"emoji": 0.49, "signs": 0.53, "satellite": 0.89, "fashion": 0.57}


def rate(value: float, n: int) -> Rate:
    """A rate with its 95 % Wilson interval; ``value`` is rounded to whole images."""
    share, z = round(value * n) / n, 1.959964
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Rate(value=share, n=n, low=max(0.0, centre - half), high=min(1.0, centre + half))
