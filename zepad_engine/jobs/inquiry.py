"""A question of the Inspect page read against its run: the task, the perturbation, the picture before and after."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from zepad_engine.attacks.budget import perturb, reach, scaled
from zepad_engine.capacity import usable_cores
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import Execution
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.image_set import as_images
from zepad_engine.images.picture import OpenedPicture, open_picture
from zepad_engine.inspection.attribution import LARGE
from zepad_engine.inspection.shelf import Shelf, as_pixels
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.opening import how, input_size
from zepad_engine.plan import set_name
from zepad_engine.questions import PGD, PGD_STEPS, Subject

_TEST = "test:"
_OPENED_PICTURES = 128
_MOST_FILES = 600


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked of a run, checked.

    Attributes:
        task: as the plan calls it; names: its classes.
        attack: identity of a perturbation of the run, ``pgd``, or "".
        epsilon: its size or budget as a share of the pixel range; 0 without an attack.
    """

    context: Context
    task: str
    attack: str
    epsilon: float
    names: tuple[str, ...]

    @property
    def reach(self) -> float:
        """How far a pixel can be moved, 0 to 1; 0 without an attack."""
        if self.epsilon == 0 or self.attack == PGD:
            return self.epsilon
        return reach(perturbation(self.context, self.attack), self.epsilon)

    @property
    def shelf(self) -> Shelf:
        """Where pictures and maps for the page are put down."""
        return _shelf(self.context.folder.inspected / "pictures")


@dataclass(frozen=True, slots=True)
class Given:
    """A picture as the encoder gets it, float (3, S, S) in [0, 1], and what is known of it.

    Attributes:
        thumbnail: uint8 (3, H, W), the whole picture, no side above 96 but of a test image.
        notes: what was done to it, in sentences.
        sha256: of a file's bytes; "" for a test image.
        label: its class among the task's, index: among the test images; None and -1 for a file.
    """

    image: Tensor
    thumbnail: Tensor
    notes: tuple[str, ...] = ()
    sha256: str = ""
    label: int | None = None
    index: int = -1


def ready(context: Context) -> Execution:
    """How networks are run here, made to repeat; large pictures have all cores: nothing else is asked meanwhile."""
    running = how(context)
    running.begin(context.plan.seed)
    if input_size(context) > LARGE:
        torch.set_num_threads(usable_cores())
    return running


def branches_at_once(running: Execution, side: int) -> int:
    """How many branches are asked side by side: on a processor one a core; large pictures have all cores already."""
    return usable_cores() if running.device.type == "cpu" and side <= LARGE else 1


def inquire(context: Context, task: str, attack: str, epsilon_255: float) -> Inquiry:
    """Read task and perturbation of a question.

    Raises:
        BadInput: the run knows no such task or perturbation, or the size exceeds what was audited.
    """
    plan = context.plan
    known = next((key for key in plan.tasks if task in {key, set_name(key)}), None)
    if known is None:
        raise BadInput(f"This audit has no task called {task}.", "Choose one of its tasks.")
    if not 0 <= epsilon_255 <= plan.epsilon_255 + 1e-6:
        raise BadInput(f"The perturbation was crafted for at most {plan.epsilon_255:g}/255.", "Choose a smaller size.")
    if attack not in {"", PGD} and not _is_crafted(context, attack):
        raise BadInput(f"This audit has no perturbation called {attack}.", "Choose one of its attacks.")
    names = open_set(known, input_size(context), plan.seed).classes
    return Inquiry(context, known, attack, epsilon_255 / 255 if attack else 0.0, names)


def _is_crafted(context: Context, attack: str) -> bool:
    return any(choice.identity == attack for choice in context.plan.attacks) and context.folder.attack(attack).exists()


def inquire_of(context: Context, subject: Subject) -> Inquiry:
    """Read what a question about one picture says beside the picture; raises as ``inquire``."""
    if not 0 <= subject.step <= PGD_STEPS:
        raise BadInput(f"PGD takes {PGD_STEPS} steps here.", f"Choose a step from 0 to {PGD_STEPS}.")
    return inquire(context, subject.task, subject.attack, subject.epsilon_255)


def given(inquiry: Inquiry, image: str) -> Given:
    """The picture a question is about.

    Raises:
        BadImage: the file is no picture that can be read. BadInput: no test image is meant.
    """
    if not image.startswith(_TEST):
        opened = _opened(Path(image).expanduser(), input_size(inquiry.context))
        return Given(as_images(opened.fed), opened.shown, opened.notes, opened.sha256)
    number = image.removeprefix(_TEST)
    if not number.isdecimal():
        raise BadInput(f"{image} names no test image.", "Write test: and a number, for example test:12.")
    data = task_split(inquiry.context, inquiry.task, "test", inquiry.context.plan.heads.test_images)
    index = int(number) % len(data)
    label = int(data.labels[index])
    note = f"Test image {index}; its label is {inquiry.names[label]}."
    pixels = data.images[index : index + 1][0].cpu()
    return Given(pixels, as_pixels(pixels), (note,), label=label, index=index)


def moved(inquiry: Inquiry, image: Tensor) -> Tensor:
    """The picture (3, S, S), or pictures (N, 3, S, S), under the run's perturbation at the size asked for."""
    if inquiry.epsilon == 0:
        return image
    plan = inquiry.context.plan
    crafted = scaled(perturbation(inquiry.context, inquiry.attack), inquiry.epsilon / (plan.epsilon_255 / 255))
    return perturb(image, crafted, clamp=not plan.switches.no_clamp)


def perturbation(context: Context, attack: str) -> Tensor:
    """A perturbation of the run at its audited size, (3 or 4, S, S), read once."""
    file = context.folder.attack(attack)
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _read(file: Path, _written: int) -> Tensor:
    return load_file(file)["perturbation"]


def _opened(path: Path, size: int) -> OpenedPicture:
    """A picture file, decoded once as long as it does not change."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return open_picture(path, size)
    return _kept(path, size, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=_OPENED_PICTURES)
def _kept(path: Path, size: int, _changed: int, _length: int) -> OpenedPicture:
    return open_picture(path, size)


@lru_cache(maxsize=8)
def _shelf(folder: Path) -> Shelf:
    return Shelf(folder, _MOST_FILES)
