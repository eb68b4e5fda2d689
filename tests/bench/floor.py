"""The floor under an audit: how fast the machine convolves at best, and how much a plan makes it compute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from tests.bench import subjects
from tests.bench.contestant import Work
from zepad_engine.attacks.adv_encoder import AdvEncoderPer
from zepad_engine.attacks.adv_encoder_direct import AdvEncoderDirect
from zepad_engine.attacks.base import Attack
from zepad_engine.attacks.generator import PerturbationGenerator
from zepad_engine.attacks.l4a import L4aBase
from zepad_engine.attacks.registry import build_attack
from zepad_engine.attacks.ssp import Ssp
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.images.audit_sets import open_set
from zepad_engine.plan import AuditPlan
from zepad_engine.training.head import Head

_PEAK_SECONDS = 0.7
_GIGA = 1e9
_BRANCHES = 6


def peak(settings: dict[str, Any], _place: int) -> Work:
    """A 3x3 convolution of 256 channels on 128 maps of 8x8, channels last: the fastest kernel there is here."""
    torch.set_num_threads(1)
    kind = {"bfloat16": torch.bfloat16, "float32": torch.float32}[settings["kind"]]
    layer = nn.Conv2d(256, 256, 3, padding=1, bias=False).to(kind).to(memory_format=torch.channels_last)
    maps = torch.randn(128, 256, 8, 8).to(kind).contiguous(memory_format=torch.channels_last)
    once = 2 * 128 * 256 * 256 * 9 * 64 / _GIGA

    @torch.inference_mode()
    def run() -> tuple[float, float]:
        count, started = 0, time.perf_counter()
        while (seconds := time.perf_counter() - started) < _PEAK_SECONDS or count == 0:
            layer(maps)
            count += 1
        return count * once, seconds

    run()
    return Work(run)


class _Passes:
    """GFLOP of one image through the plan's encoder, by kind of pass; a multiply-add counts as two."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        frozen = encoder.eval().requires_grad_(False)
        self.forward = _gflop(lambda image: frozen(image))
        self.attack = _gflop(lambda image: frozen(image.requires_grad_()).sum().backward())
        trained = encoder.requires_grad_(True)
        self.training = _gflop(lambda image: trained(image).sum().backward())
        encoder.requires_grad_(False)

    def stage(self, stop: int, *, gradient: bool) -> float:
        """Up to a stage."""
        if not gradient:
            return _gflop(lambda image: self.encoder.stages(image, stop))
        return _gflop(lambda image: self.encoder.stages(image.requires_grad_(), stop).sum().backward())


def _gflop(run: Callable[[Tensor], object]) -> float:
    image = torch.rand(1, 3, subjects.SIDE, subjects.SIDE)
    with FlopCounterMode(display=False) as counter:
        run(image)
    return counter.get_total_flops() / _GIGA


def count(settings: dict[str, Any], _place: int) -> Work:
    """GFLOP of a whole audit: crafting and training (rounded), scoring (float32); all of one shape."""
    plan = msgspec.convert(settings, AuditPlan)
    passes = _Passes(subjects.encoder_of(16))
    rounded, exact = _heads(plan, passes)
    rounded += sum(_crafting(build_attack(choice), plan, passes) for choice in plan.attacks)
    tuned, checked = _tuning(plan, passes)
    told = {"rounded": rounded + tuned, "float32": exact + checked}
    return Work(lambda: (1.0, 1.0), lambda: told)


def _crafting(attack: Attack, plan: AuditPlan, passes: _Passes) -> float:
    if isinstance(attack, AdvEncoderPer | AdvEncoderDirect):
        images = min(plan.surrogate_images, len(open_set(plan.surrogate_set, subjects.SIDE, plan.seed)))
        step = attack.batch * passes.attack
        step += _generator(attack) if isinstance(attack, AdvEncoderPer) else 0.0
        return images * passes.forward + attack.steps * step
    if isinstance(attack, L4aBase | Ssp):
        image = passes.stage(attack.stage, gradient=True)
        image += passes.stage(attack.stage, gradient=False) if isinstance(attack, Ssp) else 0.0
        return attack.steps * attack.batch * image
    return 0.0


def _generator(attack: AdvEncoderPer) -> float:
    """One step of the generator, forward and backward."""
    net = PerturbationGenerator(subjects.SIDE, attack.latents, attack.divisor, torch.Generator())
    latents = torch.randn(attack.latents, 100, 1, 1)
    return _gflop(lambda _image: net(latents).sum().backward())


def _tuning(plan: AuditPlan, passes: _Passes) -> tuple[float, float]:
    """Both tuned branches and the benign one; validation is attacked in bfloat16 and scored in float32."""
    tuning, benign = plan.tuning, plan.benign
    train, validation = (_at_most(plan.local_set, split, plan) for split in ("train", "validation"))
    images, checked = min(train, tuning.images), min(validation, tuning.validation_images)
    pgd = tuning.steps * passes.attack
    branch = images * passes.forward + tuning.epochs * (images * (pgd + passes.training) + checked * pgd)
    scratch = benign.epochs * min(train, benign.images) * passes.training
    scored = (2 * tuning.epochs * 2 + benign.epochs) * checked * passes.forward
    return 2 * branch + scratch, scored


def _heads(plan: AuditPlan, passes: _Passes) -> tuple[float, float]:
    """Training features and clean, calibration and perturbed test passes of every branch and task; head training."""
    rounded = exact = 0.0
    for task in plan.tasks:
        train = min(_at_most(task, "train", plan), plan.heads.train_images)
        calibration, test = (min(_at_most(task, one, plan), plan.heads.test_images) for one in ("calibration", "test"))
        head = Head(passes.encoder.card.feature_dim, len(open_set(task, subjects.SIDE, plan.seed).classes))
        features = torch.randn(1, passes.encoder.card.feature_dim)
        fit = _gflop(lambda _image, head=head, features=features: head(features).sum().backward())
        rounded += _BRANCHES * train * passes.forward
        exact += _BRANCHES * (calibration + test * (1 + len(plan.attacks))) * passes.forward
        exact += _BRANCHES * plan.heads.epochs * train * fit
    return rounded, exact


def _at_most(key: str, split: str, plan: AuditPlan) -> int:
    return len(open_set(key, subjects.SIDE, plan.seed).indices(split))
