"""What the branches' answers to the report's examples come from: a map of each branch, stored as one small picture."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final

import msgspec
import torch
from torch import Tensor

from zepad_engine.attacks.budget import perturb
from zepad_engine.branches import Branch
from zepad_engine.evidence import Attribution
from zepad_engine.findings import Example
from zepad_engine.inspection.attribution import Subject, attribute
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.job import Outcome
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.run_networks import network
from zepad_engine.pictures import heated, save_strip
from zepad_engine.plan import set_name
from zepad_engine.questions import Method

# Asks the features, which the attack moves, and needs no class. Some 64 passes for a map.
METHOD: Final[Method] = "feature_similarity"
# A few pixels may outshine all others: they are cut so that the rest can be seen.
_TOP_SHARE: Final = 0.995


def attribute_examples(context: Context) -> dict[str, Any]:
    """Explain one task's examples under the plan's first attack: those of all would be too many for a page."""
    task = context.args["task"]
    stored = context.folder.outcome(f"evaluate_{set_name(task)}").read_bytes()
    told = msgspec.json.decode(stored, type=Outcome).outcome["examples"]
    examples = msgspec.convert(told, tuple[Example, ...])
    shown = [example for example in examples if example.attack == examples[0].attack]
    found = []
    for done, example in enumerate(shown):
        context.progress.advance(done / len(shown), f"{example.task}: where the branches look")
        found.append(_explained(context, task, example))
    return {"attributions": msgspec.to_builtins(found)}


def _explained(context: Context, task: str, example: Example) -> Attribution:
    branches = tuple(dict.fromkeys(("victim", *(answer.branch for answer in example.branches))))
    image = _perturbed(context, task, example)
    maps = [_map(context, task, branch, image) for branch in branches]
    tops = [float(values.flatten().quantile(_TOP_SHARE)) or float(values.max()) or 1.0 for values in maps]
    path = context.folder.preview(f"{PurePath(example.file).stem}_maps")
    save_strip([heated(values, top) for values, top in zip(maps, tops, strict=True)], path)
    return Attribution(
        task=example.task,
        attack=example.attack,
        index=example.index,
        method=METHOD,
        branches=branches,
        tops=tuple(tops),
        file=f"previews/{path.name}",
    )


def _perturbed(context: Context, task: str, example: Example) -> Tensor:
    """The example's perturbed image, (1, 3, S, S) in [0, 1]."""
    images = task_split(context, task, "test", context.plan.heads.test_images).images
    moved = images[example.index : example.index + 1]
    return perturb(moved, load_perturbation(context, example.attack), clamp=not context.plan.switches.no_clamp)


def _map(context: Context, task: str, branch: str, image: Tensor) -> Tensor:
    running = how(context)
    asked = network(context, task, msgspec.convert(branch, Branch))
    picture = running.images(image)
    with torch.no_grad():
        answer = int(asked(picture)[0].argmax())
    return attribute(METHOD, Subject(asked, picture, answer, running.batch_for(picture.shape[-1])))
