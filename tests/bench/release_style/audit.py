"""The whole quick sample audit as the release would run it, timed: ``python -m tests.bench.release_style.audit``.

One process, torch's own number of threads, float32. The work is that of the quick preset; only the running differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from tests.bench.release_style.ledger import Ledger, machine
from tests.bench.release_style.settings import BRANCHES, Settings, quick, tiny
from tests.bench.release_style.stages import (
    Tuning,
    answer,
    craft,
    draw,
    draw_surrogate,
    evaluate,
    plain_rates,
    train_benign,
)
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.encoders.reading import load_own
from zepad_engine.evaluation.answers import Answers
from zepad_engine.images.audit_sets import open_set
from zepad_engine.plan import SAMPLE_PREFIX, set_name
from zepad_engine.resources import asset
from zepad_engine.versions import versions_of


def main() -> None:
    """Run, print, store."""
    wishes = argparse.ArgumentParser(description=__doc__)
    wishes.add_argument("--out", type=Path, required=True, help="where the figures go, as they come (JSON)")
    wishes.add_argument("--branches", type=int, default=len(BRANCHES), help="heads for the first N branches only")
    wishes.add_argument("--tiny", action="store_true", help="64 images and one epoch: shows that it runs")
    wish = wishes.parse_args()
    settings = tiny(wish.branches) if wish.tiny else quick(wish.branches)
    ledger = Ledger(wish.out, _about(settings, shrunk=wish.tiny))
    encoders = open_all(settings, ledger)
    perturbations = train_and_craft(settings, encoders, ledger)
    answers = answer_all(settings, encoders, perturbations, ledger)
    evaluate_all(settings, answers, encoders["victim"].card.input_size, ledger)


def _about(settings: Settings, *, shrunk: bool) -> dict[str, object]:
    return {
        "started": time.strftime("%Y-%m-%d %H:%M:%S"),
        "tiny": shrunk,
        "branches": list(settings.branches),
        "threads": torch.get_num_threads(),
        "versions": {"python": sys.version.split()[0], **versions_of(("torch", "torchvision", "numpy"))},
        "machine": machine(),
        "craft": asdict(settings.craft),
        "plan": msgspec.to_builtins(settings.plan),
    }


def open_all(settings: Settings, ledger: Ledger) -> dict[str, Encoder]:
    """Victim, its random twin and the auxiliary; every image set is read."""
    plan = settings.plan
    encoders: dict[str, Encoder] = {}
    with ledger.part("open", "encoders"):
        for branch, key in (("victim", plan.encoder), ("auxiliary", plan.auxiliary)):
            name = key.removeprefix(SAMPLE_PREFIX)
            encoders[branch] = load_own(asset("encoders", f"{name}.safetensors"))
        encoders["random"] = random_like(encoders["victim"], settings.seed("random"))
    with ledger.part("open", "image sets"):
        for key in dict.fromkeys((plan.local_set, plan.surrogate_set, *plan.tasks)):
            open_set(key, encoders["victim"].card.input_size, plan.seed)
    return encoders


def train_and_craft(settings: Settings, encoders: dict[str, Encoder], ledger: Ledger) -> dict[str, Tensor]:
    """Every perturbation; the encoders that had to be trained for that, and the tuned ones, join ``encoders``."""
    plan, size = settings.plan, encoders["victim"].card.input_size
    validation_seed, local_seed = plan.seed, settings.seed("local")
    validation = draw(settings, plan.local_set, size, "validation", plan.tuning.validation_images, validation_seed)
    surrogate = draw_surrogate(settings, size)
    perturbations: dict[str, Tensor] = {}

    def crafted(attack: str, origin: str) -> None:
        with ledger.part("craft", attack, kind=attack.removesuffix("_on_benign")):
            perturbations[attack] = craft(settings, attack, encoders[origin], surrogate).detach()

    for attack in settings.craft.attacks:
        if attack != "advencoder_per_on_benign":
            crafted(attack, "victim")
    for branch in ("victim", "auxiliary"):
        with ledger.part("tune", f"{branch}, temporary head", kind="temporary head"):
            train = draw(settings, plan.local_set, size, "train", plan.tuning.images, local_seed)
            tuning = Tuning(settings, encoders[branch], train, settings.seed("tune", branch))
        with ledger.part("tune", branch, kind="tune"):
            encoders[f"tuned_{branch}"] = tuning.run(validation)
    with ledger.part("benign", "from scratch"):
        train = draw(settings, plan.local_set, size, "train", plan.benign.images, local_seed)
        encoders["benign"] = train_benign(settings, encoders["victim"], train, validation)
    crafted("advencoder_per_on_benign", "benign")
    return {attack: perturbations[attack] for attack in settings.craft.attacks}


def answer_all(
    settings: Settings, encoders: dict[str, Encoder], perturbations: dict[str, Tensor], ledger: Ledger
) -> dict[str, dict[str, dict[str, Tensor]]]:
    """Logits by task, branch and condition."""
    logits: dict[str, dict[str, dict[str, Tensor]]] = {task: {} for task in settings.plan.tasks}
    for branch in settings.branches:
        for task in settings.plan.tasks:
            with ledger.part("heads", f"{branch} on {set_name(task)}", kind="heads"):
                logits[task][branch] = answer(settings, encoders[branch], branch, task, perturbations)
    return logits


def evaluate_all(
    settings: Settings, logits: dict[str, dict[str, dict[str, Tensor]]], size: int, ledger: Ledger
) -> None:
    """Cells and detection of every task, and the end of the file."""
    plan = settings.plan
    cells, detection = [], []
    with ledger.part("evaluate", "fuse, detect, rate"):
        for task in plan.tasks:
            test = draw(settings, task, size, "test", plan.heads.test_images, settings.seed("task", task, "test"))
            many, seed = plan.heads.test_images, settings.seed("task", task, "calibration")
            calibration = draw(settings, task, size, "calibration", many, seed)
            answers = Answers(
                task=set_name(task),
                labels=test.labels,
                calibration_labels=calibration.labels,
                logits=logits[task],
            )
            new_cells, new_detection = evaluate(settings, answers)
            cells += new_cells
            detection += new_detection
    areas = [{"task": one.task, "attack": one.attack, "auroc": one.auroc.value} for one in detection]
    ledger.close(cells=plain_rates(cells), detection=areas)


if __name__ == "__main__":
    main()
