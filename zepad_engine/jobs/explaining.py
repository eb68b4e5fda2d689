"""Why the branches say what they say of one picture: a map of each, what the maps are worth, how far they agree."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.execution.side_by_side import side_by_side
from zepad_engine.inspection.attribution import Subject, attribute
from zepad_engine.inspection.faithfulness import Faithfulness, faithfulness
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.inquiry import Inquiry, branches_at_once, given, inquire_of, ready
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.perturbing import perturbed_picture
from zepad_engine.jobs.run_networks import networks
from zepad_engine.metrics import rank_correlation
from zepad_engine.questions import BranchMap, Explained, ExplainImage, MapAgreement, Method

# What the page calls the branch that the audit knows as the victim.
_SHOWN_NAMES = {"victim": "undefended"}


def explain(context: Context) -> dict[str, Any]:
    """Answer an ExplainImage; the outcome is an Explained as plain data."""
    question = msgspec.json.decode(context.args["question"], type=ExplainImage)
    running = ready(context)
    inquiry = inquire_of(context, question.subject)
    asked = networks(context, inquiry.task)
    started = time.perf_counter()
    perturbed, _, _ = perturbed_picture(inquiry, given(inquiry, question.subject.image), question.subject.step)
    picture = running.images(perturbed[None])
    found = side_by_side(
        [partial(_found, inquiry, network, picture, question.method) for network in asked.values()],
        branches_at_once(running, picture.shape[-1]),
    )
    names = [_SHOWN_NAMES.get(branch, branch) for branch in asked]
    explained = Explained(
        request=question.request,
        subject=question.subject,
        method=question.method,
        maps=tuple(
            BranchMap(branch=name, values=inquiry.shelf.values(values), **worth._asdict())
            for name, (values, worth) in zip(names, found, strict=True)
        ),
        agreement=_agreement({name: values for name, (values, _) in zip(names, found, strict=True)}),
        seconds=time.perf_counter() - started,
    )
    return {"answer": msgspec.to_builtins(explained)}


def _found(inquiry: Inquiry, network: nn.Sequential, picture: Tensor, method: Method) -> tuple[Tensor, Faithfulness]:
    batch = how(inquiry.context).batch_for(picture.shape[-1])
    with torch.no_grad():
        target = int(network(picture)[0].argmax())
    values = attribute(method, Subject(network, picture, target, batch))
    answer = _cosine(network, picture) if method == "feature_similarity" else _probability(network, target)
    return values, faithfulness(values, picture, answer, batch)


def _probability(network: nn.Sequential, target: int) -> Callable[[Tensor], Tensor]:
    return lambda images: network(images).softmax(dim=1)[:, target]


def _cosine(network: nn.Sequential, picture: Tensor) -> Callable[[Tensor], Tensor]:
    """How near features are to those of the whole picture; there is no class to speak of."""
    with torch.no_grad():
        whole = network[0](picture)
    return lambda images: functional.cosine_similarity(network[0](images), whole, dim=1)


def _agreement(values: dict[str, Tensor]) -> tuple[MapAgreement, ...]:
    flat = {name: _as_array(found) for name, found in values.items()}
    return tuple(
        MapAgreement(first=first, second=second, rho=rank_correlation(flat[first], flat[second]))
        for first, second in itertools.combinations(flat, 2)
    )


def _as_array(values: Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.flatten().to(torch.float64).numpy()
    return found
