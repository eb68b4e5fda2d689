"""An engine that lives in the test: takes requests, and gives the real message structs a test tells it to."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from zepad_engine import messages
from zepad_engine.catalogue import Catalogue, EncoderEntry, Entry, Field, TaskEntry
from zepad_engine.evidence import Rate
from zepad_engine.findings import Cell
from zepad_engine.messages import Event, Request

STAGES = (
    ("open", "Open encoders and data", 0.02),
    ("craft", "Craft perturbations", 0.18),
    ("tune", "Tune the MPAE branches", 0.4),
    ("benign", "Train the BMP branch", 0.08),
    ("heads", "Train heads, answer the tests", 0.12),
    ("adapt", "Attack the defended systems", 0.1),
    ("measure", "Check trust, features, retrieval", 0.05),
    ("evaluate", "Fuse, detect, evaluate", 0.05),
)


class FakeEngine(QObject):
    """Keeps what was sent; ``say`` plays the engine's part."""

    received = Signal(object)
    starting = Signal()
    stopped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Request] = []
        self.closed = False

    def start(self) -> None:
        self.starting.emit()

    def send(self, request: Request) -> None:
        self.sent.append(request)

    def close(self) -> None:
        self.closed = True

    def say(self, *events: Event) -> None:
        for event in events:
            self.received.emit(event)

    def be_ready(self, catalogue: Catalogue | None = None) -> None:
        self.say(ready(catalogue))


def ready(catalogue: Catalogue | None = None) -> messages.Ready:
    return messages.Ready(
        protocol=messages.PROTOCOL_VERSION,
        catalogue=catalogue or sample_catalogue(),
        device="CPU, 2 cores, bf16",
        workers=2,
        speed=1.0,
        versions={"torch": "2.15.0", "numpy": "2.4.0"},
    )


def sample_catalogue() -> Catalogue:
    per = Entry(
        key="advencoder_per",
        name="AdvEncoder-PER",
        summary="A generator learns one perturbation that moves every image away from its own clean feature.",
        citation="Zhou et al., Downstream-agnostic Adversarial Examples, ICCV 2023",
        fields=(
            Field(key="steps", label="Steps", kind="integer", default=240, low=1, high=100_000, step=10, unit="steps"),
            Field(key="rate", label="Learning rate", kind="number", default=0.001, low=1e-6, high=1.0, step=1e-4),
            Field(key="clamp", label="Keep images in [0, 1]", kind="switch", default=True, help="off in the release"),
        ),
        presets={"quick": {"steps": 90}, "standard": {}, "paper": {"steps": 3920, "rate": 0.0002}},
    )
    l4a = Entry(
        key="l4a_base",
        name="PAP L4A-base",
        summary="Lifts the activations of the first layers for every picture at once.",
        citation="Ban and Dong, Pre-trained Adversarial Perturbations, NeurIPS 2022",
        fields=(Field(key="steps", label="Steps", kind="integer", default=1000, low=1, high=100_000, step=50),),
        presets={"quick": {"steps": 300}},
    )
    noise = Entry(
        key="sign_noise", name="Sign noise (control)", summary="Random signs of the same size.", citation="Control"
    )
    imported = Entry(
        key="imported",
        name="Imported perturbation",
        summary="Read from a file and scored as it is.",
        citation="Whoever made the file",
        fields=(Field(key="file", label="File", kind="file", default="", endings=(".npy", ".pt")),),
        origin="elsewhere",
    )
    fused = (Field(key="k", label="Sharpness k", kind="number", default=3.0, low=0, high=20, step=0.5),)
    defences = (
        ("undefended", "Undefended", "The encoder as downloaded, with a clean head per task.", ()),
        ("random_encoder", "Random weights", "The same network never trained.", ()),
        ("clean_ensemble", "Three clean encoders", "Victim, auxiliary and benign encoder without tuning.", fused),
        ("zepad", "ZePAD", "Two adversarially tuned encoders and a benign one, fused by confidence.", fused),
        ("zepad_no_bmp", "ZePAD without BMP", "Only the two tuned encoders answer.", fused),
        ("mean_fusion", "ZePAD, plain mean", "The same three branches, logits averaged.", ()),
    )
    tasks = (
        ("emoji", "Emoji, bundled sample", "Nine Unicode groups.", "task"),
        ("signs", "Traffic signs, bundled sample", "Four classes of many countries.", "task"),
        ("satellite", "Satellite climates, bundled sample", "The Earth from space, six climates.", "task"),
        ("fashion", "Fashion-MNIST, bundled sample", "Clothes in grey, ten classes.", "task"),
        ("openmoji", "OpenMoji, bundled sample", "Emoji drawn by other artists.", "surrogate"),
    )
    encoders = (
        ("supcon-cifar10-r18w16", "SupCon on CIFAR-10, ResNet-18 w16"),
        ("barlow-tinyimagenet-r18w16", "Barlow Twins on Tiny ImageNet, ResNet-18 w16"),
    )
    return Catalogue(
        attacks=(per, l4a, noise, imported),
        adaptive=adaptive_entries(),
        defences=tuple(
            Entry(key=key, name=name, summary=summary, citation="arXiv 2602.11204", fields=fields)
            for key, name, summary, fields in defences
        ),
        tasks=tuple(
            TaskEntry(key=f"sample:{key}", name=name, summary=summary, source="bundled", licence="CC BY", kind=kind)
            for key, name, summary, kind in tasks
        ),
        encoders=tuple(EncoderEntry(key=f"sample:{key}", name=name, summary=name) for key, name in encoders),
    )


def adaptive_entries() -> tuple[Entry, ...]:
    """Attacks on the defended system: with gradients, without, and past the detector."""
    restarts = Field(key="restarts", label="Restarts", kind="integer", default=1, low=1, high=100, unit="starts")
    steps = Field(key="steps", label="Steps", kind="integer", default=100, low=1, high=10_000, step=10, unit="steps")
    weight = Field(key="weight", label="Weight of the detector", kind="number", default=1.0, low=0, high=100, step=0.5)
    return (
        Entry(
            key="pgd",
            name="PGD on the system",
            summary="Moves each image against the fused answer, with the gradient of all branches at once.",
            citation="Madry et al., ICLR 2018",
            fields=(steps, restarts),
            presets={"quick": {"steps": 20}, "standard": {"restarts": 5}},
            knowledge="white-box",
        ),
        Entry(
            key="square",
            name="Square Attack",
            summary="Tries random squares and keeps what brings the fused answer nearer to a wrong class.",
            citation="Andriushchenko et al., ECCV 2020",
            fields=(Field(key="steps", label="Queries per image", kind="integer", default=1000, low=1, high=100_000),),
            knowledge="black-box",
        ),
        Entry(
            key="evading",
            name="Past the detector",
            summary="Misleads the fused answer while the detector's score stays below its threshold.",
            citation="Carlini and Wagner, AISec 2017",
            fields=(steps, restarts, weight),
            presets={"quick": {"steps": 40}},
            knowledge="white-box",
            evades=True,
        ),
    )


def started(run: str, folder: Path) -> messages.Started:
    stages = tuple(messages.StageInfo(key=key, name=name, share=share) for key, name, share in STAGES)
    return messages.Started(run=run, folder=str(folder), stages=stages)


def progressed(run: str, stage: str, done: float, whole: float, seconds: float, note: str = "") -> messages.Progressed:
    elapsed = 214 * whole
    return messages.Progressed(
        run=run,
        stage=stage,
        done=done,
        whole=whole,
        elapsed=elapsed,
        remaining=214 - elapsed,
        seconds=seconds,
        note=note,
    )


def tuning_points(run: str, steps: int) -> messages.Measured:
    """Falling losses and rising accuracies, with the waver of small batches."""
    points: dict[str, tuple[tuple[float, float], ...]] = {}
    for number, branch in enumerate(("tuned_victim", "tuned_auxiliary", "benign")):
        count = steps if branch != "tuned_auxiliary" else round(0.7 * steps)
        scale = (1.0, 1.25, 0.8)[number]

        def loss(step: int, scale: float = scale, phase: float = number) -> float:
            return scale * (0.55 + 1.9 * math.exp(-step / 90)) + 0.09 * math.sin(step * 1.7 + phase) * math.cos(step)

        points[f"{branch}/cross_entropy"] = tuple((float(s), loss(s)) for s in range(count))
        if branch != "benign":
            points[f"{branch}/regularisation"] = tuple((float(s), 0.4 * loss(s)) for s in range(count))
            points[f"{branch}/total"] = tuple((float(s), 1.4 * loss(s)) for s in range(count))
        epochs = range(0, count, 32)
        points[f"{branch}/clean_accuracy"] = tuple(
            (float(s), 0.74 - 0.4 * math.exp(-(s + 20) / 80) - 0.03 * number) for s in epochs
        )
        if branch != "benign":
            points[f"{branch}/pgd_accuracy"] = tuple(
                (float(s), 0.55 - 0.38 * math.exp(-(s + 20) / 110) - 0.04 * number) for s in epochs
            )
    return messages.Measured(run=run, points=points)


def crafting_points(run: str) -> messages.Measured:
    return messages.Measured(
        run=run,
        points={
            "craft_advencoder_per/info_nce": tuple((float(s), 4.2 + 2.1 * (1 - math.exp(-s / 30))) for s in range(90)),
            "craft_l4a_base/activation": tuple((float(s), 120 + 0.9 * s + 6 * math.sin(s)) for s in range(0, 300, 3)),
        },
    )


def cells(attacks: tuple[str, ...] = ("none", "advencoder_per")) -> tuple[Cell, ...]:
    made = []
    for row, defence in enumerate(("undefended", "random_encoder", "clean_ensemble", "zepad")):
        for column, attack in enumerate(attacks):
            value = 0.74 + 0.02 * row - (0.28 - 0.07 * row) * (column > 0)
            measured = Rate(value=value, n=500, low=value - 0.03, high=value + 0.03)
            clean = attack == "none"
            made.append(
                Cell(
                    defence=defence,
                    attack=attack,
                    task="sample:emoji",
                    epsilon_255=10,
                    ba=measured if clean else None,
                    ra=None if clean else measured,
                )
            )
    return tuple(made)
