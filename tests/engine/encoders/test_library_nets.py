"""ConvNeXt, Swin, EfficientNet, MobileNet, RegNet and DenseNet of torchvision and timm, down to the same features."""

from __future__ import annotations

import argparse
import re
import sys
from typing import NamedTuple

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from zepad_engine.architecture import LibraryShape, ResNetShape, VitShape
from zepad_engine.card import IMAGENET_MEAN, EncoderCard, Overrides
from zepad_engine.encoders.encoder import save_encoder
from zepad_engine.encoders.families import FAMILIES
from zepad_engine.encoders.library import LibraryBackbone, blank, empty_library_net
from zepad_engine.encoders.library_family import LibraryFamily
from zepad_engine.encoders.library_models import GROUPS, net_of
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.encoders.reading import load_own
from zepad_engine.encoders.weights import containers
from zepad_engine.errors import BadCheckpoint, CannotJudge
from zepad_engine.execution.execution import Execution
from zepad_engine.execution.folding import fold_batch_norms, folds_exactly

ROUNDED = Execution(torch.device("cpu"), fast=True, bfloat16=True)
HEADS = ("classifier.", "head.", "fc.")
NO_WEIGHTS = ("running_mean", "running_var", "num_batches_tracked", "relative_position_index", "relative_coords_table")


class Row(NamedTuple):
    library: str
    model: str
    net: str
    container: str
    names: str  # how the writer names the tensors
    side: int
    feature_dim: int
    usual: int


ROWS = [
    Row("torchvision", "convnext_tiny", "convnext", "plain", "own", 64, 768, 224),
    Row("torchvision", "swin_t", "swin", "model", "own", 64, 768, 224),
    Row("torchvision", "swin_v2_t", "swin", "safetensors", "own", 64, 768, 256),
    Row("torchvision", "efficientnet_b0", "efficientnet", "module", "own", 64, 1280, 224),
    Row("torchvision", "efficientnet_b2", "efficientnet", "plain", "own", 64, 1408, 288),
    Row("torchvision", "mobilenet_v2", "mobilenet", "safetensors", "own", 64, 1280, 224),
    Row("torchvision", "mobilenet_v3_small", "mobilenet", "backbone", "own", 64, 576, 224),
    Row("torchvision", "densenet121", "densenet", "plain", "old densenet", 64, 1024, 224),
    Row("torchvision", "regnet_y_400mf", "regnet", "model", "own", 64, 440, 224),
    Row("timm", "convnext_atto", "convnext", "safetensors", "own", 64, 320, 224),
    Row("timm", "convnext_atto_ols", "convnext", "plain", "own", 64, 320, 224),
    Row("timm", "convnextv2_atto", "convnext", "model", "first convnext", 64, 320, 224),
    Row("timm", "convnextv2_femto", "convnext", "backbone", "own", 64, 384, 224),
    Row("timm", "swin_tiny_patch4_window7_224", "swin", "model", "first swin", 224, 768, 224),
    Row("timm", "efficientnet_b0", "efficientnet", "plain", "own", 64, 1280, 224),
    Row("timm", "tf_efficientnetv2_b0", "efficientnet", "safetensors", "own", 64, 1280, 192),
    Row("timm", "mobilenetv2_035", "mobilenet", "module", "own", 64, 1280, 224),
    Row("timm", "mobilenetv3_small_050", "mobilenet", "safetensors", "own", 64, 1024, 224),
    Row("timm", "mobilenetv3_small_100", "mobilenet", "backbone", "own", 64, 1024, 224),
    Row("timm", "mobilenetv4_conv_small_035", "mobilenet", "plain", "own", 64, 1280, 224),
    Row("timm", "regnety_002", "regnet", "module", "own", 64, 368, 224),
]
ROW_PARAMS = [
    pytest.param(row, id=f"{row.library}-{row.model}", marks=pytest.mark.slow if row.side > 64 else ()) for row in ROWS
]
ALL = [(group, model) for group in GROUPS if not group.renames for model in group.models]
TINY = ("timm", "mobilenetv3_small_050", "mobilenet")


def source(library: str, model: str, classes: int = 10) -> nn.Module:
    """The library's own net, its norms' statistics and its tiny scales drawn anew so that each of them counts."""
    torch.manual_seed(0)
    net = models.get_model(model) if library == "torchvision" else timm.create_model(model, num_classes=classes)
    for name, tensor in net.state_dict().items():
        if name.endswith(("running_mean", "gamma", "layer_scale", "grn.weight", "grn.bias")):
            tensor.uniform_(-0.3, 0.3)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
    return net.eval()


def features(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What the library itself hands its classifier."""
    with torch.inference_mode():
        if hasattr(net, "forward_head"):
            return net.forward_head(net.forward_features(images), pre_logits=True)
        seen = []
        heads = [part for name, part in net.named_modules() if f"{name}.".startswith(HEADS)]
        first = next(part for part in heads if isinstance(part, nn.Linear))
        handle = first.register_forward_pre_hook(lambda _part, given: seen.append(given[0]))
        net(images)
        handle.remove()
        return seen[0]


def first_convnext(name: str) -> str:
    """The name of a tensor in the ConvNeXt files of its authors."""
    name = re.sub(r"^stem\.", "downsample_layers.0.", name)
    name = re.sub(r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1.", name)
    name = re.sub(r"^head\.norm\.", "norm.", name.replace("head.fc.", "head."))
    name = name.replace(".blocks.", ".").replace("conv_dw", "dwconv").replace("mlp.fc", "pwconv")
    return name.replace("mlp.grn.weight", "grn.gamma").replace("mlp.grn.bias", "grn.beta")


def written(row: Row, net: nn.Module) -> dict[str, torch.Tensor]:
    """The tensors of a net under the names of the file's writer."""
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    if row.names == "old densenet":
        return {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", name): each for name, each in state.items()}
    if row.names == "first convnext":
        shaped = {name: each.view(1, 1, 1, -1) if ".grn." in name else each for name, each in state.items()}
        return {first_convnext(name): each for name, each in shaped.items()}
    if row.names == "first swin":
        stored = {name: each for name, each in net.named_buffers() if name not in state}
        earlier = re.compile(r"(?<=^layers\.)(\d)(?=\.downsample)")
        return {earlier.sub(lambda at: str(int(at[0]) - 1), name): each for name, each in (state | stored).items()}
    return state


def kept(tmp_path, container: str, weights: dict[str, torch.Tensor]):
    path = tmp_path / ("net.safetensors" if container == "safetensors" else "net.pth")
    if container == "safetensors":
        save_file(weights, path)
    elif container == "plain":
        torch.save(weights, path)
    elif container == "model":
        torch.save({"model": weights, "epoch": 3}, path)
    else:
        torch.save({"state_dict": {f"{container}.{name}": tensor for name, tensor in weights.items()}}, path)
    return path


def card_of(library: str, model: str, net: str) -> EncoderCard:
    return EncoderCard(
        name="tiny",
        architecture=LibraryShape(library=library, model=model, net=net),
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        input_size=64,
        feature_dim=0,
        parameters=0,
    )


def pictures(side: int, count: int = 2) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("row", ROW_PARAMS)
def test_tensors_and_features_are_those_of_the_library(tmp_path, opened, row):
    net = source(row.library, row.model)
    encoder = opened(kept(tmp_path, row.container, written(row, net)))
    card, own = encoder.card, encoder.backbone.state_dict()
    stored = {name: tensor for name, tensor in net.state_dict().items() if name in own}
    assert stored.keys() == own.keys()
    assert all(torch.equal(own[name], tensor) for name, tensor in stored.items())
    images = pictures(row.side)
    with torch.inference_mode():
        assert float((encoder(images) - features(net, encoder.normalise(images))).abs().max()) < 1e-5
    assert card.architecture == LibraryShape(library=row.library, model=row.model, net=row.net)
    assert (card.family, card.feature_dim, card.input_size) == (row.net, row.feature_dim, row.usual)
    assert row.model in card.architecture.title
    assert card.parameters == sum(part.numel() for name, part in net.named_parameters() if name in own)
    heads = {name for name in net.state_dict() if name not in own}
    assert heads
    assert all(name.startswith(HEADS) for name in heads)
    assert len(card.keys_ignored) == len(heads)
    assert any(f"as is usual for {row.model}; the file does not say" in each for each in card.assumptions)


@pytest.mark.slow
def test_every_model_of_the_table_is_recognised_by_its_names_and_size_and_by_no_other_family():
    family = LibraryFamily()
    for group, model in ALL:
        expected = blank(LibraryShape(library=group.library, model=model, net=net_of(group, model)))
        count = sum(tensor.numel() for name, tensor in expected.state.items() if not name.endswith(NO_WEIGHTS))
        assert count == group.models[model], model
        (container,) = containers({f"x/module.{name}": tensor for name, tensor in expected.state.items()})
        (whole,) = [candidate for candidate in family.candidates(container) if candidate.match.whole]
        assert model in [shape.model for shape in whole.shapes]
        assert len(whole.shapes) == 1 or group.alike
        others = [each for other in FAMILIES if other.name != "library" for each in other.candidates(container)]
        assert not [each.looks_like for each in others if each.match.whole], model


def test_no_other_net_is_taken_for_a_librarys():
    with torch.device("meta"):
        nets = [models.resnet18(), models.vit_b_16(), models.vgg11_bn(), models.alexnet(), models.shufflenet_v2_x1_0()]
        nets += [timm.create_model("vit_tiny_patch16_224"), timm.create_model("resnet26d")]
    for net in nets:
        for prefix in ("", "backbone."):
            (container,) = containers({prefix + name: tensor for name, tensor in net.state_dict().items()})
            assert list(LibraryFamily().candidates(container)) == []
    assert ResNetShape.__struct_config__.tag != LibraryShape.__struct_config__.tag != VitShape.__struct_config__.tag


def test_what_is_missing_too_much_or_of_another_shape_is_counted(tmp_path, opened):
    weights = source(*TINY[:2]).state_dict()
    needed = sum("num_batches" not in name and not name.startswith(HEADS) for name in weights)
    name = "blocks.1.1.conv_dw.weight"
    for change in ({"x": 1}, {"x": 1, name: weights[name][:, :, :2, :2]}):
        torch.save(
            {key: each for key, each in (weights | change).items() if key not in {"x", name} - change.keys()},
            tmp_path / "net.pth",
        )
        with pytest.raises(BadCheckpoint) as caught:
            opened(tmp_path / "net.pth")
        wanted = f"Only {needed - 1} of {needed} tensors of a MobileNet (mobilenetv3_small_050) are in net"
        assert caught.value.sentence.startswith(wanted)
        assert f"is {name}." in caught.value.advice
        assert caught.value.code == "encoder.unknown"
    torch.save({**weights, "blocks.9.0.conv.weight": torch.ones(3)}, tmp_path / "net.pth")
    with pytest.raises(BadCheckpoint, match=r"like a MobileNet \(mobilenetv3_small_050\) but has 1 tensors more"):
        opened(tmp_path / "net.pth")


def test_models_of_the_same_shapes_are_told_apart_by_the_settings_or_assumed(tmp_path, opened):
    net = source("timm", "tf_mobilenetv3_small_075")
    images = pictures(64)
    torch.save({"state_dict": net.state_dict()}, tmp_path / "net.pth")
    guessed = opened(tmp_path / "net.pth")
    assert guessed.card.architecture.model == "mobilenetv3_small_075"
    assert guessed.card.assumptions[0] == (
        "The net is taken for mobilenetv3_small_075; tf_mobilenetv3_small_075 would fit too and differ in padding, "
        "anti-aliasing or the epsilon of the norms."
    )
    told = argparse.Namespace(arch="tf_mobilenetv3_small_075.in1k")
    torch.save({"state_dict": net.state_dict(), "args": told}, tmp_path / "net.pth")
    right = opened(tmp_path / "net.pth")
    assert (right.card.architecture.model, right.card.mean) == ("tf_mobilenetv3_small_075", (0.5, 0.5, 0.5))
    assert right.card.assumptions[0].startswith(
        "The net is taken for tf_mobilenetv3_small_075, as the settings name it; mobilenetv3_small_075 would fit too"
    )
    with torch.inference_mode():
        expected = features(net, right.normalise(images))
        assert float((right(images) - expected).abs().max()) < 1e-5
        assert float((guessed.backbone(right.normalise(images)) - expected).abs().max()) > 1e-3
    # The user counts before the settings.
    said = opened(tmp_path / "net.pth", Overrides(model="mobilenetv3_small_075")).card
    assert said.architecture.model == "mobilenetv3_small_075"
    assert not any("taken for" in sentence for sentence in said.assumptions)
    with pytest.raises(BadCheckpoint, match="net is no resnet50"):
        opened(tmp_path / "net.pth", Overrides(model="resnet50"))
    # A name that does not fit is no evidence.
    torch.save({"state_dict": net.state_dict(), "args": argparse.Namespace(arch="resnet50")}, tmp_path / "net.pth")
    assert opened(tmp_path / "net.pth").card.architecture.model == "mobilenetv3_small_075"


def test_stored_positions_tell_the_windows_of_swin_v2():
    wide = blank(LibraryShape(library="timm", model="swinv2_tiny_window16_256", net="swin"))
    (plain,) = containers(dict(wide.state))
    positions = {name: each for name, each in wide.buffers.items() if name.endswith(NO_WEIGHTS[3:])}
    (stored,) = containers({**wide.state, **positions})
    seen = []
    for container in (plain, stored):
        (whole,) = [each for each in LibraryFamily().candidates(container) if each.match.whole]
        seen.append([shape.model for shape in whole.shapes])
    assert seen == [["swinv2_tiny_window8_256", "swinv2_tiny_window16_256"], ["swinv2_tiny_window16_256"]]


def test_swin_with_other_relative_positions_than_the_models_is_refused(tmp_path, opened):
    weights = source("torchvision", "swin_t").state_dict()
    weights["features.1.0.attn.relative_position_index"] = weights["features.1.0.attn.relative_position_index"].flip(0)
    save_file(weights, tmp_path / "net.safetensors")
    with pytest.raises(BadCheckpoint, match=r"like a Swin \(swin_t\) but holds other relative positions"):
        opened(tmp_path / "net.safetensors")


def test_without_timm_its_names_are_known_and_the_package_is_named(tmp_path, opened, monkeypatch):
    torch.save(source(*TINY[:2]).state_dict(), tmp_path / "net.pth")
    torch.save({"model": source("torchvision", "mobilenet_v3_small").state_dict()}, tmp_path / "other.pth")
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(CannotJudge) as caught:
        opened(tmp_path / "net.pth")
    assert caught.value.code == "encoder.needs_package"
    assert str(caught.value) == "This is a MobileNet as timm names it. Install timm: pip install 'zepad[timm]'."
    with pytest.raises(CannotJudge):
        empty_library_net(card_of(*TINY))
    assert opened(tmp_path / "other.pth").card.architecture.model == "mobilenet_v3_small"


def test_what_the_user_says_and_what_cannot_be(tmp_path, opened):
    torch.save(source(*TINY[:2], classes=0).state_dict(), tmp_path / "net.pth")
    card = opened(tmp_path / "net.pth", Overrides(input_size=96)).card
    assert (card.input_size, card.mean, card.keys_ignored) == (96, IMAGENET_MEAN, ())
    with pytest.raises(BadCheckpoint, match="Images of 28 pixels are too small"):
        opened(tmp_path / "net.pth", Overrides(input_size=28))
    with pytest.raises(BadCheckpoint, match="knows"):
        empty_library_net(card_of("timm", "hf-hub:someone/something", "mobilenet"))


def test_our_own_pair_of_files_and_random_twins(tmp_path, opened):
    torch.save(source(*TINY[:2]).state_dict(), tmp_path / "net.pth")
    encoder, images = opened(tmp_path / "net.pth"), pictures(64)
    save_encoder(encoder, tmp_path / "own.safetensors")
    for again in (load_own(tmp_path / "own.safetensors"), opened(tmp_path / "own.safetensors")):
        assert torch.equal(again(images), encoder(images))
        assert again.card.architecture == encoder.card.architecture
    before = torch.random.get_rng_state()
    one, same, other = (random_like(encoder, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(one(images), same(images))
    assert not torch.allclose(one(images), other(images))
    assert not torch.allclose(one(images), encoder(images))


@pytest.mark.parametrize(
    ("row", "stages", "first"),
    [
        (("torchvision", "efficientnet_b0", "efficientnet"), 9, (2, 32, 32, 32)),
        (("torchvision", "densenet121", "densenet"), 5, (2, 64, 16, 16)),
        (("torchvision", "swin_t", "swin"), 5, (2, 96, 16, 16)),
        (("timm", "convnextv2_atto", "convnext"), 5, (2, 40, 16, 16)),
        (("timm", "swin_tiny_patch4_window7_224", "swin"), 5, (2, 96, 16, 16)),
        (("timm", "regnety_002", "regnet"), 5, (2, 32, 32, 32)),
        (TINY, 7, (2, 16, 32, 32)),
    ],
    ids=["efficientnet", "densenet", "swin", "timm-convnextv2", "timm-swin", "timm-regnet", "timm-mobilenetv3"],
)
def test_stages_and_every_way_an_audit_runs_it(row, stages, first):
    encoder, images = empty_library_net(card_of(*row)), pictures(64)
    state = source(*row[:2]).state_dict()
    encoder.backbone.load_state_dict({name: state[name] for name in encoder.backbone.state_dict()})
    assert encoder.backbone.stage_count == stages
    with torch.inference_mode():
        plain = encoder(images)
        assert tuple(encoder.stages(images, 0).shape) == first
        last = encoder.stages(images, stages - 1)
        assert last.ndim == 4
        assert last.shape[-1] == 2
        torch.testing.assert_close(encoder.backbone.pool(last), plain)
    scored = Execution.of("cpu").for_scoring(encoder)
    assert not any(type(part) is nn.BatchNorm2d for part in scored.modules()) or row[1] == "densenet121"
    torch.testing.assert_close(scored(images), plain, rtol=1e-3, atol=1e-3 * float(plain.abs().max()))
    moved = images.clone().requires_grad_()
    rounded = ROUNDED.for_attack(encoder)(moved)
    rounded.square().sum().backward()
    assert 1e-5 < float((rounded - plain).norm().detach() / plain.norm()) < 0.1
    assert float(moved.grad.abs().sum()) > 0
    trained = ROUNDED.for_training(encoder).train()
    trained(images).square().sum().backward()
    assert all(part.grad is not None for part in trained.parameters())


def test_a_norm_that_holds_its_activation_is_folded_with_it_and_a_marked_net_is_left_alone():
    backbone = LibraryBackbone(LibraryShape(library="timm", model="tf_mobilenetv3_small_075", net="mobilenet")).eval()
    state = source("timm", "tf_mobilenetv3_small_075").state_dict()
    backbone.load_state_dict({name: state[name] for name in backbone.state_dict()})
    assert folds_exactly(backbone, pictures(64))
    norms = sum(isinstance(part, nn.BatchNorm2d) for part in backbone.modules())
    assert norms == 34
    backbone.foldable = False
    fold_batch_norms(backbone)
    assert sum(isinstance(part, nn.BatchNorm2d) for part in backbone.modules()) == norms
    backbone.foldable = True
    fold_batch_norms(backbone)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in backbone.modules())


def test_a_net_that_does_not_fold_exactly_is_opened_marked_and_run_unfolded(tmp_path, opened, monkeypatch):
    monkeypatch.setattr("zepad_engine.encoders.library_family.folds_exactly", lambda _net, _images: False)
    torch.save(source(*TINY[:2]).state_dict(), tmp_path / "net.pth")
    encoder = opened(tmp_path / "net.pth")
    save_encoder(encoder, tmp_path / "own.safetensors")
    for each in (encoder, load_own(tmp_path / "own.safetensors"), random_like(encoder, 0)):
        assert each.card.architecture.details[1] == "its batch norms are not folded"
        scored = Execution.of("cpu").for_scoring(each)
        assert any(isinstance(part, nn.BatchNorm2d) for part in scored.modules())
    assert folds_exactly(encoder, pictures(64))
