"""Which settings of the purifier and of the counterattack? Decided on validation images; no test image is opened.

``python -m tests.bench.choosing --out DIR`` measures every setting, goes on where it was stopped, and prints a table;
``--table`` only prints what is there.
The rule was written down before any of it was run:

- The images are 200 of the validation split of each bundled task; heads learn from 500 of its training split.
- The perturbations are the defender's own: AdvEncoder-PER and ASV at 10/255, made on the SupCon victim with the
  *local* training images (emoji), not with the attacker's, and with other seeds than any audit's.
- A setting's score is the mean over tasks and seeds of (share right on clean images + share right under both
  perturbations) / 2. The setting with the highest score becomes the default.

What is close to the best is told too: each score stands beside its paired 95 % interval of (best - setting), over
images, the seeds of an image averaged. It holds the draw of images, not of seeds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save
from safetensors.torch import load_file as load_torch
from safetensors.torch import save as save_torch
from torch import Tensor

from tests.bench import subjects
from zepad_engine.attacks.adv_encoder import AdvEncoderPer
from zepad_engine.attacks.asv import Asv
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.fronts import Counterattack, Fronted
from zepad_engine.execution.execution import Execution
from zepad_engine.images.audit_sets import open_set
from zepad_engine.plan import HeadTraining, Purifying
from zepad_engine.progress import Progress
from zepad_engine.storage import write_bytes
from zepad_engine.training.features import scored_features, training_features
from zepad_engine.training.head import train_head
from zepad_engine.training.labelled import labelled
from zepad_engine.training.purifying import train_purifier

TASKS: Final = ("emoji", "signs", "satellite", "fashion")
LOCAL: Final = "sample:emoji"
EPSILON: Final = 10 / 255
# Other draws than those of audits, whose seeds come out of a digest.
_FIRST_SEED: Final = 1000
_HEAD_IMAGES: Final = 500
_JUDGED: Final = 200
# Half the epochs of the ``quick`` preset.
_SHORT: Final = Purifying(images=1000, epochs=3)
_MOST: Final = 1_000_000

# In the order they are measured in: those around the settings of before first.
PIXEL_WEIGHTS: Final = (100.0, 1000.0, 10.0, 1.0, 0.01)
# How strong the part at right angles is; and, at 1, a threshold below what noise does to an attacked image.
ORTHOGONALS: Final = (1.0, 3.0, 0.05, 10.0, 30.0, 100.0, 0.3, 0.0)
THRESHOLDS: Final = (0.002,)

Scores = NDArray[np.float64]
# Defence, setting, seed by seed: what ``judged`` found.
Found: TypeAlias = dict[str, dict[str, list[dict[str, Scores]]]]
# What is put before the victim, made with a seed.
Maker = Callable[[Encoder, int, Execution], Encoder]


def purified(weight: float) -> Maker:
    """The victim behind a purifier of that pixel weight, trained for a short time."""

    def make(victim: Encoder, seed: int, how: Execution) -> Encoder:
        images = open_set(LOCAL, subjects.SIDE, 0)
        train = labelled(images, "train", _SHORT.images, seed, how)
        judged = labelled(images, "validation", _MOST, 0, how)
        plan = msgspec.structs.replace(_SHORT, pixel_weight=weight)
        return Fronted(
            victim, train_purifier(victim, train, judged, plan, EPSILON, seed, Progress.silent(), how).purifier
        )

    return make


def countered(orthogonal: float, threshold: float = Counterattack.threshold) -> Maker:
    """The victim behind a counterattack with those settings; it has no seed."""

    def make(victim: Encoder, _seed: int, _how: Execution) -> Encoder:
        front = Counterattack()
        front.orthogonal, front.threshold = orthogonal, threshold
        return Fronted(victim, front)

    return make


def settings() -> Iterator[tuple[str, str, Maker]]:
    """Defence, setting, and how it is made."""
    for weight in PIXEL_WEIGHTS:
        yield "purifier", f"pixel weight {weight:g}", purified(weight)
    for orthogonal in ORTHOGONALS:
        yield "counterattack", f"orthogonal {orthogonal:g}", countered(orthogonal)
    for threshold in THRESHOLDS:
        yield "counterattack", f"orthogonal 1, threshold {threshold:g}", countered(1.0, threshold)


def perturbations(victim: Encoder, seed: int, how: Execution) -> dict[str, Tensor]:
    """The defender's own, (3, 32, 32) each."""
    local = labelled(open_set(LOCAL, subjects.SIDE, 0), "train", _MOST, 0, how).images
    attacked = how.for_attack(victim)
    attacks = (AdvEncoderPer(**AdvEncoderPer.presets["quick"]), Asv(**Asv.presets.get("quick", {})))
    return {
        attack.key: attack(attacked, local, EPSILON, seed=seed, progress=Progress.silent())  # type: ignore[arg-type]
        for attack in attacks
    }


def judged(encoder: Encoder, met: dict[str, Tensor], seed: int, how: Execution) -> dict[str, Scores]:
    """Per task two rows (2, N): right on the clean image, and right under every perturbation, each 0 or 1."""
    found = {}
    for task in TASKS:
        images = open_set(f"sample:{task}", subjects.SIDE, 0)
        train = labelled(images, "train", _HEAD_IMAGES, 0, how)
        head = train_head(
            training_features(encoder, train.images), train.labels, train.classes, HeadTraining(), seed
        ).cpu()
        asked = labelled(images, "validation", _JUDGED, 0, how)
        features = scored_features(encoder, asked.images, {"clean": None, **met})
        with torch.no_grad():
            right = {name: head(each).argmax(dim=1) == asked.labels for name, each in features.items()}
        under = torch.stack([right[name] for name in met]).all(dim=0)
        found[task] = torch.stack([right["clean"], under]).double().numpy()
    return found


def rows() -> list[tuple[str, str, Maker]]:
    """Every row of the table; the first stands beside those to choose from."""
    return [("undefended", "", lambda victim, _seed, _how: victim), *settings()]


def measure(out: Path, seeds: int, only: str = "") -> None:
    """Measure what is left, of one defence or of all, and store it row by row."""
    how = subjects.execution("fast")
    victim = subjects.encoder_of(16)
    for seed in range(_FIRST_SEED, _FIRST_SEED + seeds):
        met = _stored_perturbations(out / f"{seed}" / "perturbations.safetensors", victim, seed, how)
        for defence, setting, make in rows():
            file = _file(out, seed, defence, setting)
            if not file.exists() and f"{defence} {setting}".startswith(only):
                how.begin(seed)
                write_bytes(file, save(judged(make(victim, seed, how), met, seed, how)))
                sys.stderr.write(f"{seed} {defence} {setting}\n")


def _stored_perturbations(file: Path, victim: Encoder, seed: int, how: Execution) -> dict[str, Tensor]:
    if not file.exists():
        how.begin(seed)
        write_bytes(file, save_torch(perturbations(victim, seed, how)))
    return load_torch(file)


def stored(out: Path, seeds: int) -> Found:
    """What every seed has measured."""
    found: Found = {}
    for defence, setting, _ in rows():
        files = [_file(out, seed, defence, setting) for seed in range(_FIRST_SEED, _FIRST_SEED + seeds)]
        if all(file.exists() for file in files):
            found.setdefault(defence, {})[setting] = [load_file(file) for file in files]
    return found


def _file(out: Path, seed: int, defence: str, setting: str) -> Path:
    return out / f"{seed}" / f"{defence} {setting}.safetensors"


def images_scores(seeds: list[dict[str, Scores]]) -> dict[str, Scores]:
    """Per task the score of each image (N,), clean and perturbed and all seeds averaged."""
    return {task: np.mean([each[task].mean(axis=0) for each in seeds], axis=0) for task in seeds[0]}


def score(seeds: list[dict[str, Scores]]) -> float:
    """The rule's score of a setting, 0 to 1."""
    return float(np.mean([each.mean() for each in images_scores(seeds).values()]))


def behind(best: list[dict[str, Scores]], other: list[dict[str, Scores]]) -> tuple[float, float, float]:
    """Score of the best minus another's with its paired 95 % interval (normal, tasks of equal weight)."""
    ours, theirs = images_scores(best), images_scores(other)
    apart = [ours[task] - theirs[task] for task in ours]
    mean = float(np.mean([each.mean() for each in apart]))
    half = 1.96 * float(np.sqrt(sum(each.var(ddof=1) / len(each) for each in apart))) / len(apart)
    return mean, mean - half, mean + half


def table(found: Found) -> Iterator[str]:
    """Lines of Markdown, in percent; the chosen setting of each defence is set in bold."""
    yield "| defence, setting | clean | under both | score | best minus this (95 %) |"
    yield "|---|---|---|---|---|"
    for defence, by_setting in found.items():
        best = max(by_setting, key=lambda setting: score(by_setting[setting]))
        for setting, seeds in by_setting.items():
            clean, under = (
                float(np.mean([each[task][row].mean() for each in seeds for task in TASKS])) for row in (0, 1)
            )
            name = f"{defence}, {setting}" if setting else defence
            told = "chosen" if setting == best else _points(behind(by_setting[best], seeds))
            chosen = setting == best and len(by_setting) > 1
            yield (
                f"| {f'**{name}**' if chosen else name} | {100 * clean:.1f} | {100 * under:.1f}"
                f" | {100 * score(seeds):.1f} | {told if len(by_setting) > 1 else ''} |"
            )


def _points(difference: tuple[float, float, float]) -> str:
    value, low, high = (100 * part for part in difference)
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def main(argv: list[str]) -> int:
    """Measure what is left and print the table."""
    wishes = argparse.ArgumentParser(prog="python -m tests.bench.choosing", description=__doc__)
    wishes.add_argument("--out", type=Path, required=True)
    wishes.add_argument("--seeds", type=int, default=2)
    wishes.add_argument("--only", default="", metavar="WORDS", help="rows that begin so")
    wishes.add_argument("--table", action="store_true", help="measure nothing")
    wish = wishes.parse_args(argv)
    if not wish.table:
        measure(wish.out, wish.seeds, wish.only)
    found = stored(wish.out, wish.seeds)
    if "undefended" not in found:
        wishes.error("nothing has been measured there: leave --table and --only away")
    images = {task: each.shape[1] for task, each in next(iter(found["undefended"].values()))[0].items()}
    sys.stdout.write(f"Validation images: {images}, {sum(images.values())} in all; {wish.seeds} seed(s)\n\n")
    sys.stdout.write("\n".join(table(found)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
