"""Where a picture lies in a branch's features among the test images, clean and under a perturbation of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import torch
from torch import Tensor

from zepad_engine.attacks.budget import perturb
from zepad_engine.branches import Branch
from zepad_engine.errors import BadInput
from zepad_engine.inspection.feature_plane import FeaturePlane, cosines, fit_plane
from zepad_engine.inspection.recent import Recent
from zepad_engine.inspection.shelf import as_pixels
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.inquiry import Given, Inquiry, given, inquire_of, perturbation, ready
from zepad_engine.jobs.opening import how, load_branch
from zepad_engine.jobs.perturbing import perturbed_picture
from zepad_engine.jobs.run_networks import ASKED, network
from zepad_engine.places import cache_folder
from zepad_engine.questions import PGD, FindNeighbours, MapPoint, Neighbour, Neighboured
from zepad_engine.training.feature_cache import FeatureCache
from zepad_engine.training.features import scored_features
from zepad_engine.training.labelled import Labelled

_MOST_NEIGHBOURS = 50
_POINTS = 200
_THUMBNAIL = 96
# Names of a point are cut, so that an answer of 400 points stays a short line.
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, eq=False)
class _Surroundings:
    """The test images of a task in a branch's features: clean (N, D), perturbed (N, D) or None, and their plane."""

    clean: Tensor
    perturbed: Tensor | None
    plane: FeaturePlane


_known: Recent[_Surroundings] = Recent(8)


def find_neighbours(context: Context) -> dict[str, Any]:
    """Answer a FindNeighbours; the outcome is a Neighboured as plain data."""
    question = msgspec.json.decode(context.args["question"], type=FindNeighbours)
    branch = _asked_branch(question)
    running = ready(context)
    inquiry = inquire_of(context, question.subject)
    picture = given(inquiry, question.subject.image)
    perturbed, _, _ = perturbed_picture(inquiry, picture, question.subject.step)
    encoder = network(context, inquiry.task, branch)[0]
    with torch.inference_mode():
        own = encoder(running.images(torch.stack([picture.image, perturbed]))).cpu()
    around = _surroundings(inquiry, branch)
    here = around.plane.place(own)
    label = "" if picture.label is None else inquiry.names[picture.label]
    answer = Neighboured(
        request=question.request,
        subject=question.subject,
        branch=branch,
        points=_points(inquiry, around),
        clean=_point(here[0], label, picture.index, False),
        perturbed=_point(here[1], label, picture.index, inquiry.epsilon > 0),
        nearest=_nearest(inquiry, around, own[1], picture, question.count),
        share=around.plane.share,
    )
    return {"answer": msgspec.to_builtins(answer)}


def _asked_branch(question: FindNeighbours) -> Branch:
    found = next((branch for branch in ASKED if branch == question.branch), None)
    if found is None:
        raise BadInput(f"There is no branch called {question.branch}.", f"Known: {', '.join(ASKED)}.")
    if not 1 <= question.count <= _MOST_NEIGHBOURS:
        raise BadInput(f"{question.count} neighbours cannot be shown.", f"Ask for 1 to {_MOST_NEIGHBOURS}.")
    return found


def _surroundings(inquiry: Inquiry, branch: Branch) -> _Surroundings:
    """The perturbed ones are always of the audited size: they stay where they are while a slider moves."""
    attack = inquiry.attack if inquiry.epsilon > 0 and inquiry.attack != PGD else ""
    folder = inquiry.context.folder
    files = [folder.encoder(branch), *([folder.attack(attack)] if attack else [])]
    stamps = tuple(file.stat().st_mtime_ns for file in files)
    key = (str(folder.root), inquiry.task, branch, attack, stamps)
    return _known.get(key, lambda: _computed(inquiry, branch, attack))


def _computed(inquiry: Inquiry, branch: Branch, attack: str) -> _Surroundings:
    context = inquiry.context
    conditions: dict[str, Tensor | None] = {"": None}
    if attack:
        conditions[attack] = perturbation(context, attack)
    features = scored_features(
        load_branch(context, branch),
        _test(inquiry).images,
        conditions,
        clamp=not context.plan.switches.no_clamp,
        cache=FeatureCache(cache_folder() / "features"),
    )
    return _Surroundings(features[""], features.get(attack) if attack else None, fit_plane(features[""]))


def _test(inquiry: Inquiry) -> Labelled:
    context = inquiry.context
    return task_split(context, inquiry.task, "test", context.plan.heads.test_images, how(context))


def _points(inquiry: Inquiry, around: _Surroundings) -> tuple[MapPoint, ...]:
    """The same images each time, drawn evenly; each as it is and, if there is a perturbation, under it."""
    generator = torch.Generator().manual_seed(inquiry.context.plan.seed)
    rows = torch.randperm(len(around.clean), generator=generator)[:_POINTS].sort().values
    labels = _test(inquiry).labels
    found = []
    for features, perturbed in ((around.clean, False), (around.perturbed, True)):
        if features is not None:
            places = around.plane.place(features[rows])
            names = (inquiry.names[label] for label in labels[rows].tolist())
            found += [_point(*each, perturbed) for each in zip(places, names, rows.tolist(), strict=True)]
    return tuple(found)


def _point(place: Tensor, label: str, index: int, perturbed: bool) -> MapPoint:
    x, y = (round(value, 5) for value in place.tolist())
    short = label.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return MapPoint(x=x, y=y, label=short, perturbed=perturbed, index=index)


def _nearest(
    inquiry: Inquiry, around: _Surroundings, feature: Tensor, picture: Given, count: int
) -> tuple[Neighbour, ...]:
    """The nearest test images, clean or perturbed; not the picture itself in the state it is asked about."""
    sides = [side for side in (around.clean, around.perturbed) if side is not None]
    similarities = torch.stack([cosines(feature, side) for side in sides])
    if picture.index >= 0:
        own = min(int(inquiry.epsilon > 0), len(sides) - 1)
        similarities[own, picture.index] = -torch.inf
    order = similarities.flatten().argsort(descending=True, stable=True)[:count]
    found = [(int(place) // len(around.clean), int(place) % len(around.clean)) for place in order]
    kept = [(state, index) for state, index in found if torch.isfinite(similarities[state, index])]
    return tuple(_neighbour(inquiry, index, state == 1, float(similarities[state, index])) for state, index in kept)


def _neighbour(inquiry: Inquiry, index: int, perturbed: bool, similarity: float) -> Neighbour:
    context, test = inquiry.context, _test(inquiry)
    image = test.images[index : index + 1][0].cpu()
    if perturbed:
        image = perturb(image, perturbation(context, inquiry.attack), clamp=not context.plan.switches.no_clamp)
    return Neighbour(
        index=index,
        label=inquiry.names[int(test.labels[index])],
        perturbed=perturbed,
        similarity=similarity,
        thumbnail=inquiry.shelf.thumbnail(as_pixels(image), _THUMBNAIL),
    )
