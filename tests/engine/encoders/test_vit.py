"""The vision transformer itself: its stages, its fresh weights, other sizes, and the way it is run."""

from __future__ import annotations

import copy

import msgspec
import pytest
import torch
from torch import nn

from tests.support.reference_vit import quick_gelu
from tests.support.tiny import FAST
from zepad_engine.architecture import VitShape
from zepad_engine.card import IMAGENET_MEAN, IMAGENET_STD, EncoderCard
from zepad_engine.encoders.encoder import save_encoder
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.encoders.reading import load_own
from zepad_engine.encoders.vit import QuickGelu, VitBackbone, empty_vit, require_side, resized_positions
from zepad_engine.encoders.vit_shape import usual_heads
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.execution.folding import folds_exactly
from zepad_engine.inspection.attribution import Subject, attribute

SHAPE = VitShape(patch=8, width=64, depth=2, heads=4, mlp=128, grid=4)
REGISTERS = msgspec.structs.replace(SHAPE, registers=3, layer_scale=True)
CLIP = msgspec.structs.replace(SHAPE, pre_norm=True, patch_bias=False, activation="quick_gelu", projection=24)
GATED = msgspec.structs.replace(SHAPE, activation="swiglu", qkv_bias=False, pooling="mean", norm="pooled")
BARE = msgspec.structs.replace(SHAPE, class_token=False, token_positions=0, pooling="mean", norm="none")
SHAPES = {"plain": SHAPE, "registers": REGISTERS, "clip": CLIP, "gated": GATED, "bare": BARE}


def vit(shape=SHAPE, seed=0):
    card = EncoderCard(
        name="vit",
        architecture=shape,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        input_size=32,
        feature_dim=0,
        parameters=0,
    )
    encoder = empty_vit(card)
    with torch.no_grad():
        encoder.backbone.initialise(torch.Generator().manual_seed(seed))
    return encoder


def pictures(count=4, size=32):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("patch", "width", "depth", "grid", "parameters", "title"),
    [
        (16, 192, 12, 14, 5_524_416, "ViT-Ti/16"),
        (16, 384, 12, 14, 21_665_664, "ViT-S/16"),
        (16, 768, 12, 14, 85_798_656, "ViT-B/16"),
        (32, 768, 12, 7, 87_455_232, "ViT-B/32"),
    ],
)
def test_size_of_the_usual_nets(patch, width, depth, grid, parameters, title):
    shape = VitShape(patch=patch, width=width, depth=depth, heads=width // 64, mlp=4 * width, grid=grid)
    with torch.device("meta"):
        backbone = VitBackbone(shape)
    assert sum(weight.numel() for weight in backbone.parameters()) == parameters
    assert (backbone.feature_dim, shape.title) == (width, title)


@pytest.mark.parametrize(
    ("width", "heads"),
    [(192, 3), (384, 6), (768, 12), (1024, 16), (1280, 16), (1408, 16), (1536, 24), (1664, 16), (96, 2)],
)
def test_usual_heads(width, heads):
    assert usual_heads(width) == heads


@pytest.mark.parametrize("name", SHAPES)
def test_stages_are_tokens_and_lead_to_the_features(name):
    encoder, images = vit(SHAPES[name]), pictures()
    front = SHAPES[name].class_token + SHAPES[name].registers
    with torch.no_grad():
        tokens = [encoder.stages(images, index) for index in range(3)]
        assert [tuple(each.shape) for each in tokens] == [(4, 16 + front, 64)] * 3
        assert torch.equal(encoder.backbone.pool(tokens[-1]), encoder(images))
        assert torch.equal(encoder.backbone.stage(tokens[0], 1), tokens[1])
    with pytest.raises(BadInput, match="no stage 3"):
        encoder.stages(images, 3)


def test_a_stage_computes_nothing_after_it():
    encoder, ran = vit(), []
    for index, block in enumerate(encoder.backbone.blocks):
        block.register_forward_hook(lambda _m, _i, _o, index=index: ran.append(index))
    for stop in range(3):
        encoder.stages(pictures(), stop)
    assert ran == [0, 0, 1]


@pytest.mark.parametrize("name", SHAPES)
def test_own_files_keep_the_net(name, tmp_path):
    encoder, images = vit(SHAPES[name]), pictures()
    save_encoder(encoder, tmp_path / "own.safetensors")
    again = load_own(tmp_path / "own.safetensors")
    with torch.no_grad():
        assert torch.equal(again(images), encoder(images))
    assert again.card.architecture == SHAPES[name]


def test_fresh_weights_are_seeded_and_leave_the_global_generator_alone():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    encoder = vit(REGISTERS)
    first, again, other = (random_like(encoder, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(4), expected)
    images = pictures()
    with torch.no_grad():
        assert torch.equal(first(images), again(images))
        assert not torch.allclose(first(images), other(images), atol=1e-3)
        # Pictures must still differ in the control, layer scale or not.
        assert float(first(images).std(dim=0).mean()) > 1e-3


def test_fresh_weights_have_timms_deviations():
    wide = VitShape(patch=16, width=384, depth=1, heads=6, mlp=1536, grid=14)
    state = vit(wide).backbone.state_dict()
    # A normal of 0.02 cut off at 2, that is 100 deviations: the plain deviation.
    assert float(state["blocks.0.mlp.fc1.weight"].std()) == pytest.approx(0.02, rel=0.01)
    assert float(state["pos_embed"].std()) == pytest.approx(0.02, rel=0.02)
    assert float(state["cls_token"].abs().max()) < 1e-5
    # Uniform up to one over the root of the inputs.
    assert float(state["patch_embed.proj.weight"].abs().max()) == pytest.approx(768**-0.5, rel=0.01)
    assert float(state["blocks.0.norm1.weight"].min()) == 1.0
    assert float(state["blocks.0.attn.qkv.bias"].abs().max()) == 0.0


@pytest.mark.parametrize("name", SHAPES)
def test_another_size_moves_the_positions_only(name):
    encoder = vit(SHAPES[name])
    with torch.no_grad():
        assert encoder(pictures(2, 48)).shape == encoder(pictures(2)).shape
        assert encoder.backbone.pos_embed.shape[1] == 16 + SHAPES[name].token_positions


def test_resized_positions_keep_the_tokens_in_front_and_the_directions():
    rows, columns = torch.meshgrid(torch.arange(4.0), torch.arange(4.0), indexing="ij")
    plane = torch.cat([torch.full((1, 1), 9.0), (rows + 10 * columns).reshape(16, 1)])[None]
    assert resized_positions(plane, 1, 4, 4) is plane
    wide = resized_positions(plane, 1, 8, 8)[0, :, 0]
    assert float(wide[0]) == 9.0
    square = wide[1:].reshape(8, 8)
    # Along a row the places differ ten times as much as along a column: the grid is not turned.
    down, right = float(square[4, 3] - square[3, 3]), float(square[3, 4] - square[3, 3])
    assert down > 0.3
    assert right == pytest.approx(10 * down, rel=1e-4)
    assert not torch.allclose(resized_positions(plane, 1, 8, 8, antialias=True)[0, 1:, 0], wide[1:], atol=1e-3)


@pytest.mark.parametrize(("side", "near"), [(30, "24 or 32"), (7, "8"), (33, "32 or 40")])
def test_images_that_patches_do_not_fill_are_refused(side, near):
    with pytest.raises(BadInput) as caught:
        require_side(side, 8)
    assert (caught.value.code, caught.value.advice) == ("encoder.input_size", f"Use images of {near} pixels.")
    with pytest.raises(BadInput, match=f"of {side} pixels cannot be cut into patches of 8"):
        vit()(torch.rand(1, 3, 32, side))


def test_quick_gelu():
    values = torch.linspace(-4, 4, 9)
    assert torch.equal(QuickGelu()(values), quick_gelu(values))
    assert float(QuickGelu()(torch.tensor(1.0))) == pytest.approx(0.845796, abs=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_input_gradients_flow_to_every_pixel(name):
    encoder, images = vit(SHAPES[name]), pictures(2).requires_grad_(True)
    (gradient,) = torch.autograd.grad(encoder(images).square().sum(), images)
    assert bool(torch.isfinite(gradient).all())
    assert float((gradient == 0).float().mean()) < 0.01


@pytest.mark.parametrize("name", SHAPES)
def test_execution_runs_it_in_every_arithmetic(name):
    encoder, images = vit(SHAPES[name]), pictures()
    rounded = Execution(torch.device("cpu"), fast=True, bfloat16=True)
    with torch.no_grad():
        plain = encoder(images)
        scale = float(plain.abs().max())
        scored = FAST.for_scoring(encoder)(FAST.images(images))
        attacked = rounded.for_attack(encoder)(rounded.images(images))
        wide = rounded.for_attack(encoder)(pictures(2, 48))
        exact = EXACT.for_scoring(encoder)(images)
    assert torch.equal(exact, plain)
    assert float((scored - plain).abs().max()) < 1e-5 * scale
    assert 0 < float((attacked - plain).abs().max()) < 0.05 * scale
    assert (attacked.dtype, wide.dtype) == (torch.float32, torch.float32)
    assert folds_exactly(encoder, images)


def test_exact_mode_repeats_to_the_bit_with_strict_determinism():
    encoder, before = vit(), torch.are_deterministic_algorithms_enabled()
    images = pictures().requires_grad_(True)
    torch.use_deterministic_algorithms(True)
    try:
        slopes = [torch.autograd.grad(encoder(images).sum(), images)[0] for _ in range(2)]
    finally:
        torch.use_deterministic_algorithms(before)
    assert torch.equal(*slopes)


def test_a_copy_trains_without_the_original():
    encoder = vit()
    twin = Execution(torch.device("cpu"), fast=True, bfloat16=True).for_training(copy.deepcopy(encoder))
    stored = {name: weight.clone() for name, weight in encoder.backbone.state_dict().items()}
    step = torch.optim.SGD(twin.backbone.parameters(), lr=0.1)
    twin(pictures()).square().sum().backward()
    step.step()
    moved = [name for name, weight in twin.backbone.state_dict().items() if not torch.equal(weight, stored[name])]
    assert set(moved) == set(stored)
    assert all(torch.equal(weight, stored[name]) for name, weight in encoder.backbone.state_dict().items())


@pytest.mark.parametrize("name", ["plain", "registers", "bare"])
def test_gradcam_looks_at_the_patches_that_enter_the_last_block(name):
    torch.manual_seed(0)
    model = nn.Sequential(vit(SHAPES[name]), nn.Linear(64, 2))
    image = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(2))
    found = attribute("layer_gradcam", Subject(model, image[None], 1, 8))
    assert found.shape == (32, 32)
    tokens = {}
    block = model[0].backbone.blocks[-1]
    block.norm1.register_forward_hook(lambda _m, _i, out: tokens.update(out=out))
    answer = model(image[None].requires_grad_(True))[0, 1]
    (slope,) = torch.autograd.grad(answer, tokens["out"])
    front = SHAPES[name].class_token + SHAPES[name].registers
    weights = slope[0, front:].mean(dim=0)
    by_hand = (tokens["out"][0, front:] * weights).sum(dim=1).relu().reshape(4, 4).detach()
    assert float(by_hand.max()) > 0
    wide = nn.functional.interpolate(by_hand[None, None], size=(32, 32), mode="bilinear")[0, 0]
    torch.testing.assert_close(found, wide, atol=1e-5, rtol=1e-5)
