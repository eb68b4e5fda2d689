"""Train what the defender trains: tuned encoders (MPAE and its rivals), the benign encoder (BMP), the purifier."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from safetensors.torch import save
from torch import Tensor, nn

from zepad_engine.branches import BRANCHES, Branch, Method
from zepad_engine.card import read_card
from zepad_engine.encoders.encoder import Encoder, save_encoder, with_card
from zepad_engine.execution.execution import Execution
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.opening import asked_branch, how, input_size, load_branch
from zepad_engine.plan import set_name
from zepad_engine.storage import write_bytes
from zepad_engine.trained import TuningFinding
from zepad_engine.training.adversarial import AdversarialTuning, Tuned
from zepad_engine.training.benign import train_benign
from zepad_engine.training.labelled import Labelled, labelled
from zepad_engine.training.purifying import train_purifier
from zepad_engine.training.redundant_layers import RedundantLayers, Refined
from zepad_engine.training.rivals import RIVALS
from zepad_engine.working_time import WORKING

_ON_CARDS: Final[dict[Method, str]] = {
    "zepad": "adversarially fine-tuned (MPAE)",
    "pgd_at": "adversarially fine-tuned (PGD-AT)",
    "trades": "adversarially fine-tuned (TRADES)",
    "mart": "adversarially fine-tuned (MART)",
    "gen_af": "adversarially fine-tuned, then its redundant layers on clean images (Gen-AF)",
}


def tune(context: Context) -> dict[str, Any]:
    """Fine-tune a branch's encoder on the local set by the method of its recipe."""
    plan, branch = context.plan, asked_branch(context)
    recipe = BRANCHES[branch]
    assert recipe.of is not None
    # ZePAD's tunings are named after what is tuned, as they were before they had rivals: their numbers stay.
    seed = context.seed("tune", recipe.of if recipe.method == "zepad" else branch)
    running = how(context)
    running.begin(seed)
    started = WORKING.seconds()
    train, validation = _local(context, plan.tuning.images, running)
    encoder = load_branch(context, recipe.of)
    tuned, told = _tuned(context, encoder, recipe.method, train, validation, seed, running)
    name = read_card(context.folder.encoder(_untuned(recipe.of))).name
    _save(context, tuned.encoder, branch, name, _ON_CARDS[recipe.method], plan.tuning.epochs)
    finding = TuningFinding(
        branch=branch,
        recipe=told,
        weight=tuned.weight,
        selected_epoch=tuned.selected,
        validation_n=len(validation),
        seconds=WORKING.seconds() - started,
        epochs=tuned.epochs,
    )
    return {"tuning": msgspec.to_builtins(finding)}


def _tuned(
    context: Context,
    encoder: Encoder,
    method: Method,
    train: Labelled,
    validation: Labelled,
    seed: int,
    running: Execution,
) -> tuple[Tuned, str]:
    """The tuned encoder, and the recipe in a line."""
    plan = context.plan
    if method == "zepad":
        loop = AdversarialTuning(encoder, train, plan.tuning, plan.switches, seed, running)
        return loop.run(validation, context.progress), f"{plan.tuning!r} {plan.switches!r}"
    if method == "gen_af":
        refined = RedundantLayers(encoder, train, plan.tuning, seed, running).run(validation, context.progress)
        return refined.tuned, f"{_told_layers(refined)} {plan.tuning!r}"
    rival = RIVALS[method](encoder, train, plan.tuning, seed, running)
    return rival.run(validation, context.progress), f"{type(rival).__name__} {plan.tuning!r}"


def _told_layers(refined: Refined) -> str:
    found = refined.contributions
    listed = ", ".join(f"{layer} {value:.3g}" for layer, value in found.items())
    return (
        f"Gen-AF, stage 2: tuned {', '.join(refined.chosen) or 'no layer'}; {len(refined.chosen)} of {len(found)}. "
        f"Layer robustness contribution: {listed}."
    )


def _untuned(branch: Branch) -> Branch:
    """The branch that stands at the beginning of a tuned one."""
    of = BRANCHES[branch].of
    return branch if of is None else _untuned(of)


def train_bmp(context: Context) -> dict[str, Any]:
    """Train the benign encoder on the local set."""
    plan = context.plan
    seed = context.seed("benign")
    running = how(context)
    running.begin(seed)
    started = WORKING.seconds()
    train, validation = _local(context, plan.benign.images, running)
    origin = load_branch(context, "auxiliary" if plan.benign.source == "auxiliary" else "victim")
    benign = train_benign(origin, train, validation, plan.benign, seed, context.progress, running)
    method = "supervised from scratch" if plan.benign.source == "scratch" else f"fine-tuned from {plan.benign.source}"
    _save(context, benign.encoder, "benign", origin.card.name, f"{method}, clean (BMP)", plan.benign.epochs)
    finding = TuningFinding(
        branch="benign",
        recipe=repr(plan.benign),
        weight=0.0,
        selected_epoch=len(benign.epochs),
        validation_n=len(validation),
        seconds=WORKING.seconds() - started,
        epochs=benign.epochs,
    )
    return {"tuning": msgspec.to_builtins(finding)}


def purify(context: Context) -> dict[str, Any]:
    """Train the purifier that stands before the victim, on the local images without their labels."""
    plan, seed = context.plan, context.seed("purify")
    running = how(context)
    running.begin(seed)
    started = WORKING.seconds()
    train, validation = _local(context, plan.purifying.images, running)
    epsilon = plan.tuning.epsilon_255 / 255
    victim = load_branch(context, "victim")
    found = train_purifier(victim, train, validation, plan.purifying, epsilon, seed, context.progress, running)
    write_bytes(context.folder.encoder("purifier"), save(_packed(found.purifier)))
    finding = TuningFinding(
        branch="purifier",
        recipe=f"NRP {plan.purifying!r}",
        weight=0.0,
        selected_epoch=found.selected,
        validation_n=len(validation),
        seconds=WORKING.seconds() - started,
        purifying=found.epochs,
        untouched=found.untouched,
    )
    return {"tuning": msgspec.to_builtins(finding)}


def _packed(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}


def _local(context: Context, count: int, running: Execution) -> tuple[Labelled, Labelled]:
    plan = context.plan
    images = open_set(plan.local_set, input_size(context), plan.seed)
    validation = labelled(images, "validation", plan.tuning.validation_images, plan.seed, running)
    return labelled(images, "train", count, context.seed("local"), running), validation


def _save(context: Context, encoder: Encoder, branch: str, origin: str, method: str, epochs: int) -> None:
    card = msgspec.structs.replace(
        encoder.card,
        name=f"{origin}, {branch.replace('_', ' ')}",
        method=method,
        data=set_name(context.plan.local_set),
        epochs=epochs,
        seed=context.plan.seed,
        probe=None,
        licence="",
    )
    save_encoder(with_card(encoder.cpu(), card), context.folder.encoder(branch))
