"""The single images a report shows: chosen, drawn and told."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from zepad_engine.attacks.budget import perturb, reach
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.single import Undefended
from zepad_engine.evaluation.answers import CLEAN, Answers
from zepad_engine.evaluation.detection import scores_of, threshold_of
from zepad_engine.evaluation.examples import chosen_examples
from zepad_engine.findings import Example
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.opening import input_size
from zepad_engine.pictures import save_strip, stretched
from zepad_engine.plan import AuditPlan


def examples_of(context: Context, answers: Answers, zepad: FittedDefence) -> list[Example]:
    """Examples of one task."""
    plan, attack = context.plan, context.plan.attacks[0].identity
    task = context.args["task"]
    names = open_set(task, input_size(context), plan.seed).classes
    undefended = answers.fitted("undefended", Undefended())
    before, after = (answers.predictions(undefended, condition) for condition in (CLEAN, attack))
    defended = answers.predictions(zepad, attack)
    flags = scores_of(answers, attack, zepad, plan.detector) > threshold_of(answers, zepad, plan.detector)
    images = task_split(context, task, "test", plan.heads.test_images).images
    perturbation = load_perturbation(context, attack)
    found = []
    for number, (chosen, index) in enumerate(chosen_examples(answers, attack, plan.seed)):
        path = context.folder.preview(f"{answers.task}_{attack}_{number}")
        _save_example(images[index : index + 1][0], perturbation, plan, path)
        found.append(
            Example(
                task=answers.task,
                attack=attack,
                index=index,
                chosen=chosen,
                label=names[int(answers.labels[index])],
                undefended_clean=names[int(before[index])],
                undefended_perturbed=names[int(after[index])],
                zepad_perturbed=names[int(defended[index])],
                flagged=bool(flags[index]),
                file=f"previews/{path.name}",
                gain=_gain(reach(perturbation, plan.epsilon_255 / 255)),
            )
        )
        if number == 0:
            context.show(f"example_{answers.task}", f"{answers.task}: clean, perturbed, difference", path)
    return found


def _gain(size: float) -> float:
    return round(1 / (2 * size), 2) if size > 0 else 1.0


def _save_example(image: Tensor, perturbation: Tensor, plan: AuditPlan, path: Path) -> None:
    moved = perturb(image[None], perturbation, clamp=not plan.switches.no_clamp)[0]
    save_strip([image, moved, stretched(moved - image, reach(perturbation, plan.epsilon_255 / 255))], path)
