"""The law every attack on a defended system is held to, in one table; then what PGD and transfer are for."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.support.system import robust_accuracy, tiny_target
from tests.support.tiny import FAST, cancelled_after, was_cancelled
from zepad_engine.adaptive.base import PerImageAttack, random_start
from zepad_engine.adaptive.losses import value_and_gradient
from zepad_engine.adaptive.pgd import PgdAttack
from zepad_engine.adaptive.registry import SYSTEM_ATTACKS, build_system_attack
from zepad_engine.adaptive.transfer import TransferAttack
from zepad_engine.adaptive.universal import UniversalFused
from zepad_engine.errors import BadInput, BadPlan
from zepad_engine.execution.execution import EXACT
from zepad_engine.fields import declared_fields
from zepad_engine.plan import Choice
from zepad_engine.progress import Progress

EPSILON = 10 / 255
COUNT = 12
# Few steps: the law does not depend on them. Two restarts and two batches, so that both loops turn.
QUICK = {"steps": 4, "queries": 6, "restarts": 2, "batch": 8}


def quick(key):
    known = {field.key for field in declared_fields(SYSTEM_ATTACKS[key])}
    return build_system_attack(Choice(key=key, values={name: value for name, value in QUICK.items() if name in known}))


def strike(attack, target, epsilon=EPSILON, *, seed=0, progress=None):
    return attack(target, epsilon, seed=seed, progress=progress or Progress.silent())


def sign_noise(images, epsilon, seed=0):
    signs = torch.rand(images.shape, generator=torch.Generator().manual_seed(seed)) - 0.5
    return (images + epsilon * signs.sign()).clamp(0, 1)


@pytest.fixture(params=SYSTEM_ATTACKS)
def attack(request):
    return quick(request.param)


@pytest.fixture(scope="module")
def target():
    """One for all: the law says that an attack leaves it as it was, but for the count of queries."""
    return tiny_target(COUNT, batch=8)


@pytest.mark.parametrize("epsilon_255", [0.5, 10, 255])
def test_stays_in_budget_and_in_range(attack, target, epsilon_255):
    epsilon = epsilon_255 / 255
    moved = strike(attack, target, epsilon).images
    assert moved.shape == target.images.shape
    assert moved.dtype == torch.float32
    assert moved.device.type == "cpu"
    assert float(moved.min()) >= 0
    assert float(moved.max()) <= 1
    distance = (moved - target.images).abs().amax(dim=(1, 2, 3))
    assert float(distance.max()) <= epsilon + 1e-6
    # Every image is answered rightly at first, so that each of them is worth an attempt.
    assert float(distance.min()) > 0.5 * min(epsilon, 0.05)


def test_no_budget_no_change_and_no_query(attack, target):
    before = target.queries
    struck = strike(attack, target, 0)
    assert torch.equal(struck.images, target.images)
    assert (struck.queries, target.queries) == (0, before)


def test_repeats_under_a_seed_and_differs_under_another(attack, target):
    torch.manual_seed(1)
    first = strike(attack, target, seed=3)
    # Nor does it hang on the global generator.
    torch.manual_seed(2)
    torch.rand(100)
    again, other = (strike(attack, target, seed=seed) for seed in (3, 4))
    assert first.images.numpy().tobytes() == again.images.numpy().tobytes()
    assert first.queries == again.queries
    assert not torch.equal(first.images, other.images)


@pytest.mark.parametrize("advances", [0, 1, 3])
def test_stops_within_one_step_of_a_cancel(attack, target, advances):
    progress, seen = cancelled_after(advances)
    assert attack.total_steps > advances
    # So small a budget that no image falls early and ends the work by itself.
    assert was_cancelled(lambda: strike(attack, target, 1 / 255, progress=progress))
    assert seen() <= advances


def test_leaves_no_gradient_and_no_change_in_the_networks(attack, target):
    networks = (target.attacked, target.scored, target.surrogate)
    before = [{name: tensor.clone() for name, tensor in network.state_dict().items()} for network in networks]
    strike(attack, target)
    for network, states in zip(networks, before, strict=True):
        assert all(parameter.grad is None for parameter in network.parameters())
        assert all(torch.equal(tensor, states[name]) for name, tensor in network.state_dict().items())
        assert not network.training


def test_the_queries_told_are_the_images_that_passed(attack):
    passed, target = {}, tiny_target(COUNT, batch=8)

    def count(module, inputs):
        passed[module] = passed.get(module, 0) + len(inputs[0])

    for system in (target.attacked, target.scored):
        for member in system.members:
            # Counted at the branch's encoder: some ask a branch for its features only.
            member[0].register_forward_pre_hook(count)
    struck = strike(attack, target)
    busiest = [
        max(passed.get(member[0], 0) for member in system.members) for system in (target.attacked, target.scored)
    ]
    assert struck.queries == sum(busiest)
    assert struck.queries >= COUNT


@pytest.mark.parametrize("key", [key for key, kind in SYSTEM_ATTACKS.items() if issubclass(kind, PerImageAttack)])
def test_images_already_answered_wrongly_are_left_as_they_are(key, target):
    labels = target.labels.clone()
    labels[::3] = (labels[::3] + 1) % 4
    struck = strike(quick(key), replace(target, labels=labels, threshold=float("inf"))).images
    same = (struck == target.images).flatten(1).all(dim=1)
    assert same.tolist() == [index % 3 == 0 for index in range(COUNT)]


@pytest.mark.parametrize("key", [key for key, kind in SYSTEM_ATTACKS.items() if issubclass(kind, PerImageAttack)])
def test_where_every_image_has_fallen_nothing_more_is_asked(key, target):
    wrong = replace(target, labels=(target.labels + 1) % 4, threshold=float("inf"))
    struck = strike(quick(key), wrong)
    assert struck.queries == COUNT
    assert torch.equal(struck.images, target.images)


@pytest.mark.parametrize("key", SYSTEM_ATTACKS)
def test_identity_knowledge_and_presets_are_declared(key):
    kind = SYSTEM_ATTACKS[key]
    assert kind.key == key
    assert kind.name
    assert len(kind.summary) > 20
    assert len(kind.citation) > 10
    assert kind.knowledge in {"white-box", "black-box", "transfer"}
    for field in declared_fields(kind):
        if field.kind in {"integer", "number"}:
            assert field.low <= field.default <= field.high
    built = {name: build_system_attack(Choice(key=key, values=values)) for name, values in kind.presets.items()}
    assert set(built) == {"quick", "standard", "paper"}
    assert built["quick"].total_steps < built["standard"].total_steps <= built["paper"].total_steps * 5
    assert built["standard"].total_steps >= 500


RANGED = [
    (key, field.key, value)
    for key, kind in SYSTEM_ATTACKS.items()
    for field in declared_fields(kind)
    if field.kind in {"integer", "number"}
    for value in (field.low - 1, field.high * 2 + 1, float("nan"))
]


@pytest.mark.parametrize(("key", "field", "value"), RANGED)
def test_a_field_out_of_range_is_refused_with_a_sentence(key, field, value):
    with pytest.raises(BadPlan, match=r"must lie between .* it is"):
        build_system_attack(Choice(key=key, values={field: value}))


def test_what_is_not_known_is_refused_and_the_known_are_named():
    with pytest.raises(BadPlan, match="There is no attack on a defended system called magic. Known: pgd, apgd_ce, "):
        build_system_attack(Choice(key="magic"))
    with pytest.raises(BadPlan, match="has no field colour"):
        build_system_attack(Choice(key="pgd", values={"colour": 1}))


def test_values_that_are_no_numbers_are_refused(target):
    class Lost(PgdAttack):
        def strike(self, target, images, labels, epsilon, generator, progress):
            return images * torch.nan

    with pytest.raises(BadInput, match="PGD on the system ended in values that are no numbers."):
        strike(Lost(steps=1), target)


@pytest.mark.parametrize("epsilon", [4 / 255, 0.5])
def test_what_an_attack_overdoes_is_clipped_by_the_law(target, epsilon):
    class Bold(UniversalFused):
        def run(self, target, epsilon, generator, progress):
            return target.images + 3.0

    class BoldPerImage(PgdAttack):
        def strike(self, target, images, labels, epsilon, generator, progress):
            return images + 3.0

    for kind in (Bold, BoldPerImage):
        struck = strike(kind(), target, epsilon).images
        assert torch.allclose(struck, (target.images + epsilon).clamp(0, 1), atol=1e-6)


def test_pgd_lowers_accuracy_below_one_step_and_far_below_noise():
    target, epsilon = tiny_target(48), 12 / 255
    many = robust_accuracy(target, strike(PgdAttack(steps=20), target, epsilon).images)
    one = robust_accuracy(target, strike(PgdAttack(steps=1, step=1.0), target, epsilon).images)
    noise = min(robust_accuracy(target, sign_noise(target.images, epsilon, seed)) for seed in range(3))
    assert many < one - 0.2
    assert many < noise - 0.4


def test_restarts_only_ever_help_and_only_strike_what_resists():
    target, epsilon = tiny_target(24), 12 / 255
    passes = []
    target.attacked.register_forward_pre_hook(lambda module, inputs: passes.append(len(inputs[0])))
    one, three = (strike(PgdAttack(steps=4, restarts=restarts), target, epsilon) for restarts in (1, 3))
    fallen = [~target.verdicts(struck.images, target.labels)[0] for struck in (one, three)]
    assert not (fallen[1] & ~fallen[0]).any()
    resisting = int(fallen[0].sum())
    assert 0 < resisting < 24
    # The first try is the same in both calls: 4 passes of all; the second try of three has the rest.
    assert sum(passes[:8]) == sum(passes[8:16]) == 4 * 24
    assert sum(passes[16:]) <= 2 * 4 * resisting
    assert sum(passes[16:]) >= 4 * resisting


def test_the_first_step_of_pgd_is_the_sign_of_the_gradient_of_the_fused_answer():
    target, epsilon = tiny_target(4, how=EXACT), 4 / 255
    struck = strike(PgdAttack(steps=1, step=0.5), target, epsilon, seed=3).images
    start = random_start(target.images, epsilon, torch.Generator().manual_seed(3)).requires_grad_(True)
    logits = torch.stack([member(start) for member in target.attacked.members]).double()
    tops = logits.softmax(dim=-1).amax(dim=-1)
    trust = tops * torch.exp(3 * (tops - 0.5))
    fused = ((trust / trust.sum(dim=0)).unsqueeze(-1) * logits).sum(dim=0)
    torch.nn.functional.cross_entropy(fused, target.labels).backward()
    wanted = torch.clamp(start.detach() + 0.5 * epsilon * start.grad.sign() - target.images, -epsilon, epsilon)
    assert torch.allclose(struck, (target.images + wanted).clamp(0, 1), atol=1e-6)


def test_transfer_beats_noise_and_asks_the_system_only_whether_it_was_fooled():
    target, epsilon = tiny_target(48), 48 / 255
    struck = strike(TransferAttack(steps=20), target, epsilon)
    noise = min(robust_accuracy(target, sign_noise(target.images, epsilon, seed)) for seed in range(3))
    assert target.attacked.queries == 0
    assert struck.queries == 2 * 48
    assert robust_accuracy(target, struck.images) < noise - 0.1


def test_transfer_adds_the_last_direction_to_a_gradient_of_mean_size_one():
    gradient = torch.tensor([[1.0, -3.0], [0.5, 0.5]]).view(2, 1, 1, 2)
    before = torch.tensor([[4.0, 2.0], [0.0, -2.0]]).view(2, 1, 1, 2)
    steered = TransferAttack(momentum=0.5).steer(gradient, before)
    assert steered.flatten(1).tolist() == [[2.5, -0.5], [1.0, 0.0]]
    # No gradient at all: the direction stays, and nothing is divided by nothing.
    assert TransferAttack().steer(torch.zeros_like(before), before).equal(before)


def test_no_gradient_of_an_image_hangs_on_its_neighbours():
    target = tiny_target(8, how=EXACT)
    objective = PgdAttack().objective(target, target.images, target.labels, torch.Generator())
    alone = PgdAttack().objective(target, target.images[:1], target.labels[:1], torch.Generator())
    _, together = value_and_gradient(objective, target.images)
    _, single = value_and_gradient(alone, target.images[:1])
    assert torch.allclose(together[:1], single, rtol=1e-3, atol=1e-9)
    assert float(single.abs().max()) > 0


def test_fast_and_exact_arithmetic_break_about_as_much():
    attack, epsilon = PgdAttack(steps=20), 12 / 255
    fast, exact = (tiny_target(48, how=how) for how in (FAST, EXACT))
    left = [robust_accuracy(target, strike(attack, target, epsilon).images) for target in (fast, exact)]
    assert abs(left[0] - left[1]) < 0.15
