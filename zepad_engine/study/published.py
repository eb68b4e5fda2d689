"""What the paper prints (arXiv 2602.11204, as recovered second hand), to stand beside our figures; percent."""

from __future__ import annotations

from typing import Final

# Pre-training set to downstream set, average over SSL methods: (metric, undefended, ZePAD). The first two rows do not
# agree with the gains the paper states for them and are unverified.
MAIN: Final = (
    ("ImageNet to SVHN", "BA", 66.41, 94.59),
    ("CIFAR10 to ANIMALS10", "BA", 65.99, 98.03),
    ("CIFAR10 to SVHN", "RA", 13.11, 86.97),
    ("ImageNet to SVHN", "RA", 12.79, 85.84),
)

# DINO victim, tuned on CIFAR10, tested on ANIMALS10: adversarial tuning, MPAE, BMP, BA, RA, ASR, and the defence here.
ABLATION: Final = (
    ("no", "no", "no", 85.01, 35.46, 63.35, "undefended"),
    ("no", "yes", "yes", 90.84, 59.40, 38.89, "clean_ensemble"),
    ("yes", "no", "yes", 91.57, 70.35, 26.71, "zepad_one_tuned"),
    ("yes", "yes", "no", 84.51, 72.47, 19.36, "zepad_no_bmp"),
    ("yes", "yes", "yes", 91.66, 74.71, 21.99, "zepad"),
)

# SimCLR victim, ImageNet to STL10, AdvEncoder: BA, RA.
RIVALS: Final = (
    ("undefended", 81.99, 35.58),
    ("pgd_at", 22.19, 19.04),
    ("mart", 42.79, 42.36),
    ("trades", 50.79, 50.66),
    ("gen_af", 68.69, 62.28),
    ("zepad", 82.07, 73.26),
)
