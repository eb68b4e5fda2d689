"""Neighbours and the map, against features computed here."""

from __future__ import annotations

import io

import pytest
import torch
from torch.nn import functional

from tests.support.asking import ask, subject
from zepad_engine.attacks.budget import perturb
from zepad_engine.errors import BadInput
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.opening import how, load_branch
from zepad_engine.questions import FindNeighbours

pytestmark = pytest.mark.slow

ATTACK = {"attack": "advencoder_per", "epsilon_255": 10.0}


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ZEPAD_HOME", str(tmp_path_factory.getbasetemp() / "neighbours"))


@pytest.fixture
def find(finished):
    def question(branch="victim", count=8, **changes):
        asked = subject(finished.folder, **changes)
        return ask(FindNeighbours(request="n", subject=asked, branch=branch, count=count))

    return question


@pytest.fixture
def features(finished):
    """Features of the test images, clean and perturbed, and their labels."""

    def of(branch):
        order = Order(job=Job(key="k", kind="judge"), plan=finished.plan, folder=str(finished.folder))
        context = Context(order, io.BytesIO())
        test = task_split(context, finished.plan.tasks[0], "test", finished.plan.heads.test_images)
        network = how(context).for_scoring(load_branch(context, branch))
        images = test.images[:]
        with torch.no_grad():
            clean = network(images)
            return clean, network(perturb(images, load_perturbation(context, ATTACK["attack"]))), test.labels

    return of


@pytest.mark.parametrize("branch", ["victim", "tuned_auxiliary"])
def test_the_nearest_are_those_of_a_plain_search(find, features, branch):
    clean, moved, labels = features(branch)
    everyone = torch.cat([clean, moved])
    similarities = functional.cosine_similarity(moved[3:4], everyone, dim=1)
    similarities[len(clean) + 3] = -2
    said = find(branch=branch, count=5, image="test:3", **ATTACK)
    best = similarities.argsort(descending=True)[:5].tolist()
    assert [each.index + len(clean) * each.perturbed for each in said.nearest] == best
    for each in said.nearest:
        place = each.index + len(clean) * each.perturbed
        assert each.similarity == pytest.approx(float(similarities[place]), abs=1e-5)
        assert each.label == f"class{int(labels[each.index])}"


def test_without_an_attack_only_clean_images_stand_around_and_not_the_picture_itself(find, features):
    clean, _, _ = features("victim")
    said = find(image="test:3", count=50)
    assert {each.perturbed for each in said.nearest} == {False}
    assert {each.index for each in said.nearest} == set(range(len(clean))) - {3}
    assert said.clean == said.perturbed
    assert {point.perturbed for point in said.points} == {False}


def test_the_map_stays_where_it_is(find):
    plain, attacked, half = (
        find(image="test:3"),
        find(image="test:7", **ATTACK),
        find(image="test:7", attack=ATTACK["attack"], epsilon_255=5.0),
    )
    count = len(plain.points)
    assert attacked.points[:count] == plain.points
    assert len(attacked.points) == 2 * count
    assert attacked.points == half.points
    own = next(point for point in plain.points if point.index == 7)
    assert (attacked.clean.x, attacked.clean.y) == pytest.approx((own.x, own.y), abs=1e-4)
    there = next(point for point in attacked.points if point.index == 7 and point.perturbed)
    assert (attacked.perturbed.x, attacked.perturbed.y) == pytest.approx((there.x, there.y), abs=1e-4)
    assert (half.perturbed.x, half.perturbed.y) != (there.x, there.y)
    assert 0 < plain.share <= 1
    walked = find(image="test:7", attack="pgd", epsilon_255=8.0, step=20)
    assert walked.points == plain.points
    assert (walked.clean.perturbed, walked.perturbed.perturbed) == (False, True)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"branch": "random"}, "no branch called random"), ({"count": 0}, "0 neighbours"), ({"count": 51}, "51")],
)
def test_a_question_that_cannot_be_answered_gets_a_sentence(find, changes, sentence):
    with pytest.raises(BadInput) as caught:
        find(**changes)
    assert sentence in caught.value.sentence
