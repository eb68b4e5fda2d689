"""An answer to every question of the inspector, and an engine that gives them by itself."""

from __future__ import annotations

import math
import random
from pathlib import Path

import msgspec
import numpy as np
from PySide6.QtCore import QTimer

from tests.support.fake_engine import FakeEngine
from tests.support.sample_judgement import THUMBNAILS, sample_explained, sample_judged
from tests.support.sample_rates import CLASSES
from zepad_engine.messages import Request
from zepad_engine.questions import (
    Answer,
    Explained,
    ExplainImage,
    FindNeighbours,
    Judged,
    JudgeImage,
    MapPoint,
    Neighbour,
    Neighboured,
    Question,
    Sifted,
    SiftImages,
    SiftRow,
)

SIDE = 24


def answer_to(question: Question, folder: Path) -> Answer:
    """What the engine would say, with pictures written by `write_pictures`."""
    match question:
        case JudgeImage():
            return judged(question)
        case ExplainImage():
            return explained(question, folder)
        case FindNeighbours():
            return neighboured(question)
        case SiftImages():
            return Sifted(request=question.request, rows=tuple(sift_row(image) for image in question.images))


def judged(question: JudgeImage) -> Judged:
    """A judgement that follows the size of the perturbation."""
    said = sample_judged(request=question.request, flagged=question.subject.epsilon_255 >= 5)
    return msgspec.structs.replace(said, subject=question.subject)


def explained(question: ExplainImage, folder: Path) -> Explained:
    """A bright spot that lies elsewhere for every branch."""
    said = sample_explained(question, folder)
    down, across = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    maps, dice = [], random.Random(question.method)
    for each in said.maps:
        x, y, name = dice.uniform(0.3, 0.7), dice.uniform(0.3, 0.7), f"previews/{question.method}-{each.branch}.npy"
        spot = np.exp(-18 * ((across - x) ** 2 + (down - y) ** 2)) * (0.8 + 0.2 * np.sin(40 * across * down))
        np.save(folder / name, (spot * dice.uniform(0.2, 1.0)).astype(np.float32))
        low, high = dice.uniform(0.05, 0.4), dice.uniform(0.4, 0.9)
        maps.append(msgspec.structs.replace(each, values=name, deletion=low, insertion=high))
    agreement = tuple(msgspec.structs.replace(pair, rho=dice.uniform(-0.2, 0.9)) for pair in said.agreement)
    return msgspec.structs.replace(said, maps=tuple(maps), agreement=agreement)


def neighboured(question: FindNeighbours) -> Neighboured:
    """Two clouds, and the picture on its way from one to the other."""
    dice, attacked = random.Random(7), bool(question.subject.attack)
    points = []
    for number in range(160):
        perturbed = attacked and number % 2 == 1
        place, turn = number % 8, 2 * math.pi * (number % 8) / 8
        x, y = (0.6 if perturbed else 2.2) * math.cos(turn), (0.6 if perturbed else 2.2) * math.sin(turn)
        x, y = x + dice.gauss(0, 0.3) + 1.2 * perturbed, y + dice.gauss(0, 0.3)
        points.append(MapPoint(x=x, y=y, label=CLASSES[place], perturbed=perturbed, index=number))
    clean = MapPoint(x=-1.5, y=1.4, label="faces", perturbed=False)
    moved = MapPoint(x=1.1, y=0.2, label="faces", perturbed=True) if attacked else clean
    nearest = tuple(
        Neighbour(
            index=number,
            label=CLASSES[number % 5],
            perturbed=attacked and number % 3 == 0,
            similarity=0.98 - 0.01 * number,
            thumbnail=f"previews/thumbnail-{number % THUMBNAILS}.png",
        )
        for number in range(question.count)
    )
    return Neighboured(
        request=question.request,
        subject=question.subject,
        branch=question.branch,
        points=tuple(points),
        clean=clean,
        perturbed=moved,
        nearest=nearest,
        share=0.43,
    )


def sift_row(image: str) -> SiftRow:
    """A row that only the picture's name decides; every eleventh of ten numbered ones is broken."""
    digits = "".join(sign for sign in image if sign.isdigit()) or "0"
    number = int(digits[-6:])
    if number % 11 == 10:
        return SiftRow(image=image, refused="This is no picture.", advice="Save it again as PNG.")
    score = math.sin(number) * 1.2
    return SiftRow(
        image=image,
        thumbnail=f"previews/thumbnail-{number % THUMBNAILS}.png",
        answer=CLASSES[number % 8],
        probability=0.5 + (number % 50) / 100,
        undefended=CLASSES[(number + (number % 5 == 0)) % 8],
        score=score,
        flagged=score > 0.62,
        disagreement=(number % 4) / 3,
    )


class AnsweringEngine(FakeEngine):
    """Answers each question about a run once the event loop comes round."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def send(self, request: Request) -> None:
        super().send(request)
        if isinstance(request, JudgeImage | ExplainImage | FindNeighbours | SiftImages):
            QTimer.singleShot(0, self, lambda: self.say(answer_to(request, self.folder)))
