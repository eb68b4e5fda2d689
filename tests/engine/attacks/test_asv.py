"""ASV: the Jacobian that is never built against one that is, and the power method against a search of all signs."""

from __future__ import annotations

import itertools

import msgspec
import pytest
import torch
from torch import nn

from tests.support.tiny import FAST, tiny_bank, tiny_encoder, tiny_images
from zepad_engine.architecture import LibraryShape, VitShape
from zepad_engine.attacks.asv import Asv, StageJacobian, q_norm
from zepad_engine.attacks.sign_noise import SignNoise
from zepad_engine.card import IMAGENET_MEAN, IMAGENET_STD, EncoderCard
from zepad_engine.encoders.encoder import Backbone, Encoder
from zepad_engine.encoders.families import empty_encoder
from zepad_engine.encoders.reading import load_own
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.sample import load_sample
from zepad_engine.progress import Progress
from zepad_engine.resources import asset

EPSILON = 10 / 255
SHAPES = {
    "vit": VitShape(patch=8, width=32, depth=3, heads=4, mlp=64, grid=4),
    # Its hard sigmoids can be differentiated forwards, but not twice backwards.
    "mobilenet": LibraryShape(library="torchvision", model="mobilenet_v3_small", net="mobilenet"),
    # Forward differentiation breaks in these two under autocast.
    "densenet": LibraryShape(library="torchvision", model="densenet121", net="densenet"),
    "convnext": LibraryShape(library="timm", model="convnext_atto", net="convnext"),
}


def drawn(seed):
    return torch.Generator().manual_seed(seed)


def craft(attack, encoder, images, *, seed=0, epsilon=EPSILON, progress=None):
    return attack(encoder, ImageBank(images), epsilon, seed=seed, progress=progress or Progress.silent())


class Linear(Backbone):
    """One stage: a linear map of the whole image, and what comes after it."""

    stage_count = 1

    def __init__(self, matrix, after=None):
        super().__init__()
        self.map = nn.Linear(matrix.shape[1], len(matrix), bias=False)
        self.map.weight.data.copy_(matrix)
        self.after = after or nn.Identity()

    def stage(self, activation, index):
        return self.after(self.map(activation.flatten(1)))


class Above(nn.Module):
    """What of a value lies above a threshold."""

    def __init__(self, threshold):
        super().__init__()
        self.threshold = threshold

    def forward(self, values):
        return (values - self.threshold).clamp_min(0)


def linear(matrix, after=None):
    card = msgspec.structs.replace(tiny_encoder(1).card, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return Encoder(Linear(matrix, after), card).eval().requires_grad_(False)


def test_the_jacobian_is_the_one_that_is_built_column_by_column():
    encoder, images = EXACT.for_attack(tiny_encoder(1)), tiny_images(2, size=4)
    start = torch.zeros(3, 4, 4)
    explicit = torch.autograd.functional.jacobian(lambda moved: encoder.stages(images + moved, 1).flatten(), start)
    matrix = explicit.flatten(1)
    assert matrix.shape == (2 * 8 * 4 * 4, 48)
    jacobian = StageJacobian(encoder, images, 1, EXACT)
    direction = torch.rand(3, 4, 4, generator=drawn(0)) * 2 - 1
    change = jacobian.times(direction)
    assert change.shape == (2, 8, 4, 4)
    assert torch.allclose(change.flatten(), matrix @ direction.flatten(), atol=1e-5)
    assert q_norm(change, 10.0) == pytest.approx(float((matrix @ direction.flatten()).double().norm(p=10)), rel=1e-5)
    pulled = jacobian.transposed_times(change)
    assert torch.allclose(pulled.flatten(), matrix.T @ change.flatten(), rtol=1e-4, atol=1e-4)


def test_it_is_that_of_float32_batch_by_batch_whatever_the_arithmetic():
    encoder, images, direction = FAST.for_attack(tiny_encoder(1)), tiny_images(10), torch.ones(3, 16, 16)
    found = []
    for rounded, batch in ((False, 16), (True, 16), (True, 4)):
        encoder.rounded = rounded
        jacobian = StageJacobian(encoder, images, 2, Execution(torch.device("cpu"), batch=batch))
        change = jacobian.times(direction)
        found.append((change, jacobian.transposed_times(change)))
    for change, pulled in found[1:]:
        assert torch.allclose(change, found[0][0], rtol=1e-4, atol=1e-5)
        assert torch.allclose(pulled, found[0][1], rtol=1e-4, atol=1e-2)
    assert encoder.rounded


@pytest.mark.parametrize("name", SHAPES)
def test_both_products_belong_together_in_nets_of_every_kind(name):
    card = EncoderCard(
        name=name,
        architecture=SHAPES[name],
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        input_size=32,
        feature_dim=0,
        parameters=0,
    )
    encoder = empty_encoder(card)
    with torch.no_grad():
        encoder.backbone.initialise(drawn(0))
    network = FAST.for_attack(encoder)
    network.rounded = True
    jacobian = StageJacobian(network, tiny_images(2, size=32), 2, FAST)
    direction = torch.rand(3, 32, 32, generator=drawn(1)) * 2 - 1
    change = jacobian.times(direction)
    there = torch.rand(change.shape, generator=drawn(2)) - 0.5
    inner = float((change.double() * there).sum())
    assert inner == pytest.approx(float((direction.double() * jacobian.transposed_times(there)).sum()), rel=1e-3)
    assert float(change.abs().max()) > 1e-4


@pytest.mark.parametrize("q", [1.0, 2.0, 10.0])
def test_the_power_method_finds_the_best_of_all_sign_vectors(q):
    matrix = torch.randn(7, 12, generator=drawn(4))
    signs = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=12)))
    best = float((signs @ matrix.T).norm(p=q, dim=1).max())
    found = []
    for seed in range(24):
        crafted = craft(Asv(steps=10, batch=1, stage=0, q=q), linear(matrix), torch.full((1, 3, 2, 2), 0.5), seed=seed)
        assert torch.equal(crafted.abs(), torch.full_like(crafted, EPSILON))
        found.append(float((matrix @ crafted.flatten()).norm(p=q)) / EPSILON)
    # It climbs to a local summit; of 24 starts one reaches the highest, and none lies above it.
    assert max(found) == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("q", [1.0, 2.0, 10.0])
def test_one_iteration_is_what_is_written_out(q):
    matrix = torch.randn(7, 12, generator=drawn(2))
    for seed in range(4):
        crafted = craft(Asv(steps=1, batch=1, stage=0, q=q), linear(matrix), torch.full((1, 3, 2, 2), 0.5), seed=seed)
        generator = drawn(seed)
        torch.randperm(1, generator=generator)
        start = torch.rand(12, generator=generator) * 2 - 1
        stretched = matrix @ start
        expected = (matrix.T @ (stretched.sign() * stretched.abs() ** (q - 1))).sign() * EPSILON
        # Of a linear map both signs are as good, and rounding decides.
        assert torch.equal(crafted.flatten() * expected[0].sign(), expected * crafted.flatten()[0].sign())


def test_the_stretch_is_measured_and_never_falls():
    points = []
    progress = Progress(on_measure=lambda series, step, value: points.append((series, step, value)))
    craft(Asv(steps=8, batch=16, stage=2), FAST.for_attack(tiny_encoder(1)), tiny_images(24), progress=progress)
    assert [point[:2] for point in points] == [("stretch", step) for step in range(8)]
    values = [value for *_, value in points]
    assert all(later >= earlier * (1 - 1e-5) for earlier, later in itertools.pairwise(values))
    assert values[-1] > 1.5 * values[0]


@pytest.mark.parametrize("seed", range(6))
def test_of_both_signs_the_one_that_changes_the_activations_more_is_taken(seed):
    # Of a ReLU just above 0 only the way up leads far: 9 ones and 3 minus ones make 3 of a grey image.
    matrix = torch.tensor([[1.0, -1, 1, 1, -1, 1, 1, 1, -1, 1, 1, 1]])
    encoder, grey = linear(matrix, Above(2.99)), torch.full((1, 3, 2, 2), 0.5)
    assert float(encoder.stages(grey, 0)) == pytest.approx(0.01)
    crafted = craft(Asv(steps=3, batch=1, stage=0), encoder, grey, seed=seed)
    assert torch.equal(crafted.flatten(), matrix[0] * EPSILON)


def test_large_values_do_not_overflow():
    values = torch.tensor([3e6, -4e6, 1.0])
    assert q_norm(values, 10.0) == pytest.approx(float(values.double().norm(p=10)), rel=1e-6)
    assert q_norm(torch.zeros(3), 10.0) == 0
    matrix = 1e6 * torch.randn(7, 12, generator=drawn(1))
    crafted = craft(Asv(steps=3, batch=1, stage=0), linear(matrix), torch.full((1, 3, 2, 2), 0.5))
    assert torch.equal(crafted.abs(), torch.full_like(crafted, EPSILON))


def test_on_the_bundled_victim_it_changes_unseen_images_more_than_sign_noise():
    victim = FAST.for_attack(load_own(asset("encoders", "supcon-cifar10-r18w16.safetensors")))
    earth = load_sample("earth").pictures
    surrogate, fresh = ImageBank(earth[:64], FAST), ImageBank(earth[64:128], FAST)[:64]
    jacobian = StageJacobian(victim, fresh, 1, FAST)
    crafted = Asv(steps=5)(victim, surrogate, EPSILON, seed=0, progress=Progress.silent())
    noise = [SignNoise()(victim, surrogate, EPSILON, seed=seed, progress=Progress.silent()) for seed in range(3)]
    reached, *others = (q_norm(jacobian.true_change(one), 10.0) for one in (crafted, *noise))
    # 1.66 times, measured.
    assert reached > 1.4 * max(others)


@pytest.mark.parametrize(
    ("default", "other"),
    [(Asv(steps=2), Asv(steps=2, q=1.0)), (Asv(steps=2), Asv(steps=2, stage=3)), (Asv(steps=2), Asv(steps=2, batch=4))],
    ids=["q", "stage", "batch"],
)
def test_every_setting_counts(default, other):
    encoder, images = FAST.for_attack(tiny_encoder(1)), tiny_images(24)
    assert not torch.equal(craft(default, encoder, images), craft(other, encoder, images))


def test_a_stage_that_is_not_there_is_refused():
    with pytest.raises(BadInput, match="tiny1 has no stage 5"):
        Asv(stage=5)(FAST.for_attack(tiny_encoder(1)), tiny_bank(24), EPSILON, seed=0, progress=Progress.silent())
