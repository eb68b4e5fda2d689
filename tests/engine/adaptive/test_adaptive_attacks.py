"""What each attack made for ZePAD is for, beside the law all attacks on systems are held to."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.support.system import robust_accuracy, tiny_target
from tests.support.tiny import FAST, tiny_images
from zepad_engine.adaptive.ascent import shrinking_ascent
from zepad_engine.adaptive.branch_alone import BenignAloneAttack, soft_branch
from zepad_engine.adaptive.confidence_aware import ConfidenceAware
from zepad_engine.adaptive.evading import WEIGHTS, EvadingAttack
from zepad_engine.adaptive.feature_matching import FeatureMatching
from zepad_engine.adaptive.losses import margin
from zepad_engine.adaptive.pgd import PgdAttack
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.fused import Zepad
from zepad_engine.defences.fusion import top_probability
from zepad_engine.defences.single import Undefended
from zepad_engine.defences.system import System
from zepad_engine.execution.execution import EXACT
from zepad_engine.plan import Detector
from zepad_engine.progress import Progress

SMALL, EPSILON, LARGE = 6 / 255, 12 / 255, 20 / 255


def strike(attack, target, epsilon=EPSILON, *, seed=0):
    return attack(target, epsilon, seed=seed, progress=Progress.silent()).images


def branch_logits(target, images) -> Tensor:
    with torch.no_grad():
        return target.scored.branch_logits(images)


def own_objective(attack, target, images) -> float:
    """The mean of what the attack raises, on the scored system."""
    judged = replace(target, attacked=target.scored)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        return float(attack.objective(judged, target.images, target.labels, generator)(images).mean())


@pytest.mark.parametrize("kind", [BenignAloneAttack, ConfidenceAware, FeatureMatching])
def test_many_steps_get_further_up_its_own_objective_than_one(kind):
    target = tiny_target(24)
    one, many = (own_objective(kind(), target, strike(kind(steps=steps), target, SMALL)) for steps in (1, 20))
    still = own_objective(kind(), target, target.images)
    assert many > one > still


def test_an_ascent_keeps_the_highest_point_and_its_steps_shrink():
    images, seen = torch.full((2, 3, 4, 4), 0.5), []

    def objective(moved):
        seen.append(moved.detach().clone())
        # The first image is best left alone after its start, the second is to be brightened.
        return torch.stack([-1e3 * len(seen) + moved[0].sum(), moved[1].sum()])

    generator = torch.Generator().manual_seed(0)
    best = shrinking_ascent(images, objective, 0.1, 4, 0.5, generator, Progress.silent())
    assert len(seen) == 5
    assert torch.equal(best[0], seen[0][0])
    assert torch.equal(best[1], seen[-1][1])
    # Half a budget, times (1 + cos(pi i / 4)) / 2, up to the budget of 0.1.
    lengths = [0.05 * (1 + math.cos(math.pi * step / 4)) / 2 for step in range(4)]
    for step, length in enumerate(lengths):
        expected = (seen[step][1] + length).clamp_max(0.6)
        assert torch.allclose(seen[step + 1][1], expected, atol=1e-6)


def test_only_the_benign_branch_is_asked_and_only_it_falls():
    target, asked = tiny_target(48), [0, 0, 0]
    for place, member in enumerate(target.attacked.members):
        member.register_forward_pre_hook(lambda _module, inputs, at=place: asked.__setitem__(at, asked[at] + 1))
    moved = strike(BenignAloneAttack(steps=20), target)
    assert asked[:2] == [0, 0]
    assert asked[2] == 3 * 21
    right = (branch_logits(target, moved).argmax(dim=2) == target.labels).float().mean(dim=1)
    assert float(right[2]) < 0.1
    assert float(right[:2].min()) > 0.8


def test_without_a_benign_branch_the_last_one_is_taken():
    assert soft_branch(tiny_target(2).attacked) == 2
    assert soft_branch(tiny_target(2, defence=Undefended()).attacked) == 0


def test_confidence_aware_makes_the_benign_branch_sure_of_a_wrong_class_and_the_tuned_ones_unsure():
    target = tiny_target(48)
    before, after, plain = (
        branch_logits(target, images)
        for images in (
            target.images,
            strike(ConfidenceAware(steps=20), target, LARGE),
            strike(PgdAttack(steps=20), target, LARGE),
        )
    )
    wrong = functional.one_hot(target.labels, 4).logical_not()

    def benign_wrong(logits):
        return float((logits[2].softmax(dim=1) * wrong).amax(dim=1).mean())

    def tuned(logits):
        return float(top_probability(logits[:2]).mean())

    def share(logits):
        return float(target.scored.fitted.weigh(logits)[2].mean())

    assert benign_wrong(before) < 0.1
    assert benign_wrong(after) > 0.95
    assert tuned(after) < tuned(before) - 0.07
    assert tuned(after) < tuned(plain) - 0.04
    assert share(after) > max(share(before), share(plain)) + 0.03


def test_the_objective_of_confidence_aware_by_hand():
    target = tiny_target(3, how=EXACT)
    # Images on the way over a border, where the tuned branches are unsure.
    moved = strike(EvadingAttack(steps=10, restarts=1), target, LARGE)
    attack = ConfidenceAware(quieting=0.5, fused=2.0)
    value = attack.objective(target, target.images, target.labels, torch.Generator())(moved)
    logits, hushed = branch_logits(target, moved), []
    for index, label in enumerate(target.labels.tolist()):
        chances = logits[:, index].softmax(dim=1)
        wrong = max(float(chances[2, k]) for k in range(4) if k != label)
        quiet = sum(math.log(float(chances[branch].max())) for branch in (0, 1)) / 2
        hushed.append(quiet)
        fused = target.scored.answer(logits)[index].tolist()
        lead = max(fused[k] for k in range(4) if k != label) - fused[label]
        assert float(value[index]) == pytest.approx(math.log(wrong) - 0.5 * quiet + 2.0 * lead, rel=1e-4, abs=1e-4)
    # Some of it is seen in the sums above.
    assert min(hushed) < -0.01


def test_of_one_branch_confidence_aware_still_makes_an_attack():
    target = tiny_target(24, defence=Undefended())
    assert robust_accuracy(target, strike(ConfidenceAware(steps=20), target)) < 0.2


class Loudness(Zepad):
    """ZePAD with a detector that listens how loud the branches are: blind to an image that is wrong in a low voice."""

    def score(self, logits: Tensor, detector: Detector) -> Tensor:
        return logits.amax(dim=2).mean(dim=0)


def watched_target(count=48):
    target = tiny_target(count)
    members = dict(zip(Loudness.branches, target.scored.members, strict=True))
    system = System(FittedDefence("loudness", Loudness(), target.scored.fitted.temperatures), members, Detector())
    clean = system.score(branch_logits(target, tiny_images(64, seed=8)))
    return replace(target, attacked=FAST.for_attack(system), scored=system, threshold=float(clean.quantile(0.95)))


def test_evading_finds_the_blind_spot_that_pgd_walks_past():
    target, epsilon = watched_target(), 40 / 255
    plain, evading = (
        target.verdicts(strike(attack, target, epsilon), target.labels)
        for attack in (PgdAttack(steps=20), EvadingAttack(steps=20, restarts=1))
    )
    for wrong, _ in (plain, evading):
        assert float(wrong.float().mean()) > 0.9
    detected = [float(flagged[wrong].float().mean()) for wrong, flagged in (plain, evading)]
    assert detected[0] > 0.7
    assert detected[1] < detected[0] - 0.5


def test_many_steps_evade_more_than_one():
    target = watched_target()
    one, many = (
        float(target.beaten(strike(attack, target), target.labels, evading=True).float().mean())
        for attack in (EvadingAttack(steps=1, restarts=1), EvadingAttack(steps=20, restarts=1))
    )
    assert many > one + 0.2


def test_every_restart_tries_another_price_of_an_alarm():
    tried = []

    class Recorded(EvadingAttack):
        def objective(self, target, labels, weight):
            tried.append((weight, len(labels)))
            return super().objective(target, labels, weight)

    # A budget so small that most images resist every price.
    strike(Recorded(steps=1, restarts=6), tiny_target(8), 0.5 / 255)
    assert [weight for weight, _ in tried] == [*WEIGHTS, WEIGHTS[0]]
    assert len(set(WEIGHTS)) == 5
    assert sorted((count for _, count in tried), reverse=True) == [count for _, count in tried]


def test_the_objective_of_evasion_by_hand():
    target = tiny_target(6, how=EXACT)
    labels = target.labels.clone()
    labels[::2] = (labels[::2] + 1) % 4
    logits = branch_logits(target, target.images)
    lead, score = margin(target.scored.answer(logits), labels).tolist(), target.scored.score(logits).tolist()
    slack = (max(score) - min(score)) / 4
    target = replace(target, threshold=sum(score) / 6 + slack)
    value = EvadingAttack(slack=slack).objective(target, labels, 3.0)(target.images)
    expected = [min(a, slack) - 3.0 * max(b - target.threshold + slack, 0.0) for a, b in zip(lead, score, strict=True)]
    assert value.tolist() == pytest.approx(expected, rel=1e-4, abs=1e-5)
    # Both sides of both bends are there.
    assert {a > slack for a in lead} == {b > target.threshold - slack for b in score} == {True, False}


def test_where_nothing_watches_evasion_is_pgd_on_the_margin():
    target = tiny_target(6, defence=Undefended(), how=EXACT)
    assert target.threshold == float("inf")
    value = EvadingAttack(slack=0.0).objective(target, target.labels, 100.0)(target.images)
    lead = margin(target.scored.answer(branch_logits(target, target.images)), target.labels)
    assert torch.allclose(value, lead.clamp_max(0.0), rtol=1e-4, atol=1e-6)
    assert robust_accuracy(target, strike(EvadingAttack(steps=20, restarts=1), target)) < 0.2


def squared_distances(target, images, wanted):
    with torch.no_grad():
        return (target.scored.features(images) - wanted).square().sum(dim=1)


def test_feature_matching_comes_near_its_guides_and_takes_their_class():
    target, epsilon = tiny_target(24), 24 / 255
    attack = FeatureMatching(steps=40)
    generator = torch.Generator().manual_seed(0)
    # The guides are drawn before the start, from the same generator.
    wanted = attack.guides(target, target.images[:16], target.labels[:16], generator)
    moved = strike(attack, target, epsilon)[:16]
    before, after = (squared_distances(target, images, wanted) for images in (target.images[:16], moved))
    assert float(after.mean()) < float(before.mean()) / 4
    assert robust_accuracy(target, strike(attack, target, epsilon)) < 0.3


def test_a_guide_is_the_nearest_example_of_another_class():
    target = tiny_target(12, how=EXACT)
    wanted = FeatureMatching().guides(target, target.images, target.labels, torch.Generator().manual_seed(0))
    with torch.no_grad():
        own, known = target.scored.features(target.images), target.scored.features(target.examples[:])
    for index, label in enumerate(target.labels.tolist()):
        others = known[target.example_labels != label]
        nearest = others[(others - own[index]).norm(dim=1).argmin()]
        assert torch.allclose(wanted[index], nearest, atol=1e-5)


def test_no_guide_is_answered_as_the_class_to_be_left():
    target = tiny_target(12, how=EXACT)
    # Labels that are all wrong: by its label alone every example of the image's own class would do.
    lying = replace(target, example_labels=(target.example_labels + 1) % 4)
    wanted = FeatureMatching().guides(lying, target.images, target.labels, torch.Generator().manual_seed(0))
    with torch.no_grad():
        known, answers = target.scored.features(target.examples[:]), target.scored(target.examples[:]).argmax(dim=1)
    taken = [int((known - guide).norm(dim=1).argmin()) for guide in wanted]
    assert all(answers[index] != label for index, label in zip(taken, target.labels, strict=True))
    assert all(lying.example_labels[index] != label for index, label in zip(taken, target.labels, strict=True))


def test_another_draw_is_another_guide():
    target = tiny_target(12)
    drawn = [
        FeatureMatching(drawn=4).guides(target, target.images, target.labels, torch.Generator().manual_seed(seed))
        for seed in (0, 1)
    ]
    assert not torch.equal(*drawn)
