"""The single images a report shows: chosen, drawn and told."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from zepad_engine.attacks.budget import perturb, reach
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.fusion import top_probability
from zepad_engine.defences.single import Undefended
from zepad_engine.evaluation.answers import CLEAN, Answers
from zepad_engine.evaluation.detection import scores_of, threshold_of
from zepad_engine.evaluation.examples import chosen_examples
from zepad_engine.findings import BranchAnswer, Example
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.opening import input_size
from zepad_engine.pictures import save_strip, stretched
from zepad_engine.plan import AuditPlan


def examples_of(context: Context, answers: Answers, zepad: FittedDefence) -> list[Example]:
    """Examples of one task under every attack, their pictures stored; the first is shown while the audit runs."""
    task = context.args["task"]
    images = task_split(context, task, "test", context.plan.heads.test_images).images
    found: list[Example] = []
    for attack in (choice.identity for choice in context.plan.attacks):
        perturbation = load_perturbation(context, attack)
        said = Sayings(context, answers, attack, zepad)
        for number, (chosen, index) in enumerate(chosen_examples(answers, attack, context.plan.seed, zepad)):
            path = context.folder.preview(f"{answers.task}_{attack}_{number}")
            _save_example(images[index : index + 1][0], perturbation, context.plan, path)
            if not found:
                context.show(f"example_{answers.task}", f"{answers.task}: clean, perturbed, difference", path)
            gain = _gain(reach(perturbation, context.plan.epsilon_255 / 255))
            found.append(said.example(index, chosen=chosen, file=f"previews/{path.name}", gain=gain))
    return found


class Sayings:
    """What every system says of the test images under one attack."""

    def __init__(self, context: Context, answers: Answers, attack: str, zepad: FittedDefence) -> None:
        detector = context.plan.detector
        undefended = answers.fitted("undefended", Undefended())
        self._task, self._attack, self._labels = answers.task, attack, answers.labels
        self._classes = open_set(context.args["task"], input_size(context), context.plan.seed).classes
        self._alone = [answers.predictions(undefended, condition) for condition in (CLEAN, attack)]
        self._fused = [answers.predictions(zepad, condition) for condition in (CLEAN, attack)]
        self._names = zepad.defence.branches
        self._clean, self._moved = (answers.stacked(self._names, condition) for condition in (CLEAN, attack))
        self._weights, self._sure = zepad.weigh(self._moved), top_probability(self._moved)
        self._scores = scores_of(answers, attack, zepad, detector)
        self._threshold = threshold_of(answers, zepad, detector)

    def example(self, index: int, *, chosen: str, file: str, gain: float) -> Example:
        """One test image by its index."""
        return Example(
            task=self._task,
            attack=self._attack,
            index=index,
            chosen=chosen,
            label=self._classes[int(self._labels[index])],
            undefended_clean=self._classes[int(self._alone[0][index])],
            undefended_perturbed=self._classes[int(self._alone[1][index])],
            zepad_clean=self._classes[int(self._fused[0][index])],
            zepad_perturbed=self._classes[int(self._fused[1][index])],
            flagged=bool(self._scores[index] > self._threshold),
            score=float(self._scores[index]),
            branches=tuple(self._branch(place, index) for place in range(len(self._names))),
            file=file,
            gain=gain,
        )

    def _branch(self, place: int, index: int) -> BranchAnswer:
        return BranchAnswer(
            branch=self._names[place],
            clean=self._classes[int(self._clean[place, index].argmax())],
            perturbed=self._classes[int(self._moved[place, index].argmax())],
            confidence=float(self._sure[place, index]),
            weight_share=float(self._weights[place, index]),
        )


def _gain(size: float) -> float:
    return round(1 / (2 * size), 2) if size > 0 else 1.0


def _save_example(image: Tensor, perturbation: Tensor, plan: AuditPlan, path: Path) -> None:
    moved = perturb(image[None], perturbation, clamp=not plan.switches.no_clamp)[0]
    save_strip([image, moved, stretched(moved - image, reach(perturbation, plan.epsilon_255 / 255))], path)
