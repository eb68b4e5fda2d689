"""Row 3: universal perturbations, AdvEncoder-PER, L4A-base and SSP; steps per second of all jobs side by side."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.bench import subjects
from tests.bench.contest import Contest, Side
from tests.bench.contestant import Work
from tests.bench.release_style.loops import plain_adv_encoder_step, plain_l4a_step, plain_ssp_step
from zepad_engine.attacks.base import shuffled_batches
from zepad_engine.attacks.generator import PerturbationGenerator
from zepad_engine.attacks.registry import build_attack
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.execution import EXACT
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.image_set import as_images
from zepad_engine.objectives import info_nce
from zepad_engine.plan import Choice
from zepad_engine.progress import Progress

EPSILON = 10 / 255
_HERE = "tests.bench.row_crafting"
# A plan's surrogate set; the clean features of as many pictures are charged, in proportion to a whole crafting.
_PLAN_IMAGES = 2500
_RELEASED = {"latents": 256, "divisor": 1, "rate": 2e-4, "batch": 256}
_PRESET = {"latents": 64, "divisor": 8, "rate": 1e-3, "batch": 64}
_CHARGED = "ours is charged with the clean features of 2,500 images, shared by the steps of a whole crafting"


def contests(*, small: bool) -> list[Contest]:
    """The generator as released and as in our presets, the direct form, and the two layer attacks."""
    if small:
        return [_generator({**_PRESET, "latents": 4, "batch": 16}, 2, 2, "a tiny generator"), *_layers(16, 2, 2)]
    return [
        _generator(_RELEASED, 2, 3920, "the released generator, batch 256"),
        _generator(_PRESET, 8, 240, "the preset's generator, batch 64"),
        *_layers(16, 60, 8),
        *_layers(64, 6, 4),
    ]


def _generator(values: dict[str, Any], steps: int, whole: int, which: str) -> Contest:
    direct = {"batch": values["batch"], "steps": steps}
    settings = {"width": 16, "images": 2 * values["batch"], "whole": whole, "kind": "info_nce"}
    crafted = {**settings, "key": "advencoder_per", "values": {**values, "steps": steps}}
    # Exact steps of the released generator would take a tenth of the whole benchmark's time.
    kinds = ("fast",) if values["latents"] > 64 else ("fast", "exact")
    return Contest(
        row=f"AdvEncoder-PER step, {which}",
        unit="steps/s",
        ours=(
            *(
                subjects.ours(f"ours, generator, {kind}", f"{_HERE}:ours", {**crafted, "arithmetic": kind})
                for kind in kinds
            ),
            subjects.ours(
                "ours, direct, fast",
                f"{_HERE}:ours",
                {**settings, "key": "advencoder_direct", "values": direct, "arithmetic": "fast", "jobs": 2},
                note="another algorithm for the same loss: the pixels themselves are optimised",
            ),
        ),
        peers=(Side(name="plain loop of the release", make=f"{_HERE}:plain", settings=crafted),),
        note=f"InfoNCE of the perturbation after {steps} steps, higher is stronger; {_CHARGED}",
    )


def _layers(width: int, steps: int, jobs: int) -> list[Contest]:
    rows = []
    for key, name, stage, kind in (("l4a_base", "L4A-base", 0, "activation"), ("ssp", "SSP", 2, "distortion")):
        values = {"steps": steps, "batch": 16, "stage": stage, "step_size": 2e-3}
        settings = {"width": width, "images": 64, "whole": 1000, "kind": kind, "key": key, "values": values}
        many = {**settings, "jobs": jobs * (3 if key == "l4a_base" else 1)}
        rows.append(
            Contest(
                row=f"{name} step, ResNet-18 width {width}, batch 16",
                unit="steps/s",
                ours=tuple(
                    subjects.ours(f"ours, {arithmetic}", f"{_HERE}:ours", {**many, "arithmetic": arithmetic})
                    for arithmetic in ("fast", "exact")
                ),
                peers=(Side(name="plain loop of the release", make=f"{_HERE}:plain", settings=settings),),
                note=f"{kind} after {steps} steps, higher is stronger",
            )
        )
    return rows


def ours(settings: dict[str, Any], place: int) -> Work:
    """The engine's attacks, one job after another in each process."""
    how = subjects.execution(settings["arithmetic"])
    encoder = subjects.encoder_of(settings["width"])
    bank, prepared = ImageBank(subjects.surrogate(settings["images"]), how), how.for_attack(encoder)
    jobs, steps = settings.get("jobs", 1), settings["values"]["steps"]
    shares = _PLAN_IMAGES / settings["images"] * steps / settings["whole"]
    seeds, found = [1000 * place + job for job in range(jobs)], {}

    def run() -> tuple[float, float]:
        seconds = 0.0
        for seed in seeds:
            before, stepping, found[seed] = engine_craft(settings, prepared, bank, seed)
            seconds += stepping + before * shares
        return jobs * steps, seconds

    engine_craft({**settings, "values": {**settings["values"], "steps": 1}}, prepared, bank, 0)
    return Work(run, lambda: _reached(settings, encoder, found[seeds[0]]))


def engine_craft(
    settings: dict[str, Any], prepared: Encoder, bank: ImageBank, seed: int
) -> tuple[float, float, Tensor]:
    """Seconds before the first step, seconds of the steps, and the perturbation (3, H, W)."""
    begun: list[float] = []

    def note(_done: float, _words: str) -> None:
        if not begun:
            begun.append(time.perf_counter())

    attack = build_attack(Choice(key=settings["key"], values=settings["values"]))
    started = time.perf_counter()
    crafted = attack(prepared, bank, EPSILON, seed=seed, progress=Progress(on_advance=note))
    return begun[0] - started, time.perf_counter() - begun[0], crafted


def plain(settings: dict[str, Any], _place: int) -> Work:
    """The plain steps from the same draws."""
    encoder = subjects.encoder_of(settings["width"])
    images = as_images(subjects.surrogate(settings["images"]))
    found: list[Tensor] = []

    def run() -> tuple[float, float]:
        begin = _BEGINNINGS[settings["key"]]
        step = begin(settings["values"], encoder, images, torch.Generator().manual_seed(0))
        started = time.perf_counter()
        found[:] = [step()]
        return settings["values"]["steps"], time.perf_counter() - started

    warm = {**settings["values"], "steps": 1}
    _BEGINNINGS[settings["key"]](warm, encoder, images, torch.Generator().manual_seed(0))()
    return Work(run, lambda: _reached(settings, encoder, found[0]))


def plain_adv_encoder(
    values: dict[str, Any], encoder: Encoder, images: Tensor, generator: torch.Generator
) -> Callable[[], Tensor]:
    """All steps of the plain generator form, drawn as the engine draws."""
    net = PerturbationGenerator(images.shape[-1], values["latents"], values["divisor"], generator)
    latents = torch.randn(values["latents"], 100, 1, 1, generator=generator)
    optimiser = torch.optim.Adam(net.parameters(), lr=values["rate"], betas=(0.5, 0.999))
    encoder.requires_grad_(False)

    def steps() -> Tensor:
        crafted = torch.zeros(images.shape[1:])
        for index in shuffled_batches(len(images), values["batch"], values["steps"], generator):
            crafted, _ = plain_adv_encoder_step(encoder, net, latents, optimiser, images[index], EPSILON)
        return crafted

    return steps


def plain_layer(
    values: dict[str, Any], encoder: Encoder, images: Tensor, generator: torch.Generator, step: Callable[..., Tensor]
) -> Callable[[], Tensor]:
    """All steps of a plain layer attack, drawn as the engine draws."""
    begun = (torch.rand(images.shape[1:], generator=generator) * 2 - 1) * EPSILON
    encoder.requires_grad_(True)

    def steps() -> Tensor:
        delta = begun
        for index in shuffled_batches(len(images), values["batch"], values["steps"], generator):
            delta = step(encoder, delta, images[index], EPSILON, values["step_size"], values["stage"])
        return delta

    return steps


_BEGINNINGS: dict[str, Callable[..., Callable[[], Tensor]]] = {
    "advencoder_per": plain_adv_encoder,
    "l4a_base": lambda *given: plain_layer(*given, step=plain_l4a_step),
    "ssp": lambda *given: plain_layer(*given, step=plain_ssp_step),
}


def plain_craft(settings: dict[str, Any], encoder: Encoder, images: Tensor, seed: int) -> Tensor:
    """The perturbation (3, H, W) of the plain loop."""
    begin = _BEGINNINGS[settings["key"]]
    return begin(settings["values"], encoder, images, torch.Generator().manual_seed(seed))()


def _reached(settings: dict[str, Any], encoder: Encoder, crafted: Tensor) -> dict[str, float]:
    """What a perturbation does to 64 images, in float32 whatever it was crafted in."""
    stage, kind = settings["values"].get("stage", 0), settings["kind"]
    scored = EXACT.for_scoring(encoder)
    images = as_images(subjects.surrogate(64))
    moved = (images + crafted).clamp(0, 1)
    with torch.no_grad():
        if kind == "info_nce":
            return {"InfoNCE": float(info_nce(scored(images), scored(moved), 0.1))}
        after = scored.stages(moved, stage).square()
        if kind == "activation":
            return {"activation": float(after.mean())}
        return {"distortion": float((after - scored.stages(images, stage).square()).square().mean())}
