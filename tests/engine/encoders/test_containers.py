"""Every container and prefix people keep encoders in, down to the same features as the net that was stored."""

from __future__ import annotations

import argparse
import json

import pytest
import torch
from safetensors.torch import save_file

from tests.engine.encoders.conftest import prefixed
from zepad_engine.architecture import CIFAR_STEM, IMAGENET_STEM, WIDE_CIFAR_STEM
from zepad_engine.card import IMAGENET_MEAN, Overrides
from zepad_engine.encoders.encoder import save_encoder
from zepad_engine.encoders.reading import load_own
from zepad_engine.errors import BadCheckpoint, CannotJudge

IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def head(prefix):
    return {f"{prefix}weight": torch.rand(10, 32), f"{prefix}bias": torch.rand(10)}


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    ("container", "prefix"),
    [
        (None, ""),
        ("state_dict", "module.encoder_q."),
        ("state_dict", "encoder_q."),
        ("state_dict", "module.base_encoder."),
        ("state_dict", "module."),
        ("model", "module.encoder."),
        ("model", "backbone."),
        ("teacher", "module.backbone."),
        ("anything", "some.unseen.name."),
    ],
)
def test_prefix_and_container(tmp_path, make, opened, container, prefix, legacy):
    encoder = make()
    weights = {**prefixed(encoder, prefix), **head(f"{prefix}fc.")}
    path = tmp_path / "net.pth"
    content = weights if container is None else {container: weights, "epoch": 7}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    read = opened(path)
    assert torch.equal(read(IMAGES), encoder(IMAGES))
    assert read.card.keys_ignored == (f"{prefix}fc.bias", f"{prefix}fc.weight")
    assert len(read.card.sha256) == 64


def lightning(weights, **more):
    return {
        "state_dict": weights,
        "pytorch-lightning_version": "1.5.3",
        "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}}],
        **more,
    }


def test_solo_learn_file_with_a_namespace_and_args_beside(tmp_path, make, opened):
    encoder = make(stem=WIDE_CIFAR_STEM)
    weights = {**prefixed(encoder, "backbone."), **prefixed(make(1), "momentum_backbone."), **head("classifier.")}
    settings = argparse.Namespace(method="byol", dataset="cifar10", lr=0.3)
    torch.save(lightning(weights, hyper_parameters=settings), tmp_path / "byol.ckpt")
    read = opened(tmp_path / "byol.ckpt")
    assert read.card.architecture.stem == WIDE_CIFAR_STEM
    assert torch.equal(read(IMAGES), encoder(IMAGES))
    assert (read.card.method, read.card.data) == ("byol", "cifar10")
    assert any("padding 2" in sentence for sentence in read.card.assumptions)
    (tmp_path / "args.json").write_text(json.dumps({"method": "simclr", "data": {"dataset": "imagenet100"}}))
    again = opened(tmp_path / "byol.ckpt")
    assert (again.card.method, again.card.mean) == ("simclr", IMAGENET_MEAN)


def test_old_solo_learn_prefix_takes_padding_1_and_says_so(tmp_path, make, opened):
    torch.save(lightning(prefixed(make(), "encoder.")), tmp_path / "old.ckpt")
    card = opened(tmp_path / "old.ckpt").card
    assert card.architecture.stem == CIFAR_STEM
    assert [sentence[:8] for sentence in card.assumptions] == ["The stem", "The norm", "Images a"]


def test_the_encoder_is_never_confused_with_its_momentum_copy(tmp_path, make, opened):
    encoder, copy = make(1), make(2)
    soup = {
        **prefixed(copy, "momentum_backbone."),
        **prefixed(encoder, "module.backbone."),
        **head("momentum_classifier."),
    }
    torch.save({"state_dict": soup}, tmp_path / "soup.pth")
    assert torch.equal(opened(tmp_path / "soup.pth")(IMAGES), encoder(IMAGES))


def test_a_copy_alone_is_read_and_named(tmp_path, make, opened):
    torch.save({"state_dict": prefixed(make(), "momentum_encoder.")}, tmp_path / "copy.pth")
    assert "Only the slow copy state_dict/momentum_encoder" in " ".join(opened(tmp_path / "copy.pth").card.assumptions)


@pytest.mark.parametrize(
    ("places", "choices"),
    [
        (("student/module.backbone.", "teacher/backbone."), ("teacher/backbone.", "student/backbone.")),
        (
            ("state_dict/module.encoder_k.", "state_dict/module.encoder_q."),
            ("state_dict/encoder_q.", "state_dict/encoder_k."),
        ),
        (("model/target_encoder.", "model/online_encoder."), ("model/online_encoder.", "model/target_encoder.")),
    ],
)
def test_two_encoders_that_differ_are_asked_about_and_the_user_chooses(tmp_path, make, opened, places, choices):
    content = {place.partition("/")[0]: {} for place in places}
    for seed, place in enumerate(places):
        container, _, prefix = place.partition("/")
        content[container] |= prefixed(make(seed), prefix)
    torch.save(content, tmp_path / "two.pth")
    with pytest.raises(CannotJudge) as caught:
        opened(tmp_path / "two.pth")
    assert (caught.value.code, caught.value.choices) == ("encoder.several", choices)
    for seed, place in enumerate(places):
        net = place.replace("module.", "")
        chosen = opened(tmp_path / "two.pth", Overrides(net=net))
        assert torch.equal(chosen(IMAGES), make(seed)(IMAGES))
        assert chosen.card.net == net
    with pytest.raises(BadCheckpoint, match="holds no encoder called other"):
        opened(tmp_path / "two.pth", Overrides(net="other"))


def test_two_names_of_one_encoder_are_no_question(tmp_path, make, opened):
    torch.save({"student": prefixed(make(), ""), "teacher": prefixed(make(), "")}, tmp_path / "same.pth")
    assert opened(tmp_path / "same.pth").card.net == "teacher/"


def test_the_whole_net_is_preferred_to_a_part(tmp_path, make, opened):
    part = dict(list(prefixed(make(1), "a.").items())[:20])
    torch.save({**part, **prefixed(make(2), "longer.prefix.")}, tmp_path / "two.pth")
    assert torch.equal(opened(tmp_path / "two.pth")(IMAGES), make(2)(IMAGES))


def test_7x7_is_imagenet_and_half_precision_is_widened(tmp_path, make, opened):
    halves = {name: tensor.half() for name, tensor in make(stem=IMAGENET_STEM).backbone.state_dict().items()}
    torch.save(halves, tmp_path / "half.pth")
    read = opened(tmp_path / "half.pth")
    assert (read.card.architecture.stem, read.card.mean, read.card.input_size) == (IMAGENET_STEM, IMAGENET_MEAN, 224)
    assert {tensor.dtype for tensor in read.parameters()} == {torch.float32}


def test_shortcut_names_and_missing_batch_counts(tmp_path, make, opened):
    encoder = make(bottleneck=True)
    weights = {
        name.replace("downsample", "shortcut"): tensor
        for name, tensor in encoder.backbone.state_dict().items()
        if "num_batches" not in name
    }
    torch.save(weights, tmp_path / "short.pth")
    assert torch.equal(opened(tmp_path / "short.pth")(IMAGES), encoder(IMAGES))


def test_what_the_user_says_counts_most(tmp_path, make, opened):
    torch.save(make().backbone.state_dict(), tmp_path / "net.pth")
    said = Overrides(name="mine", stem=WIDE_CIFAR_STEM, mean=(0, 0, 0), std=(1, 1, 1), input_size=48)
    card = opened(tmp_path / "net.pth", said).card
    assert (card.name, card.architecture.stem, card.mean, card.input_size) == ("mine", WIDE_CIFAR_STEM, (0, 0, 0), 48)
    assert card.assumptions == ()
    with pytest.raises(BadCheckpoint, match="3x3, not 7x7"):
        opened(tmp_path / "net.pth", Overrides(stem=IMAGENET_STEM))


def test_our_own_pair_of_files(tmp_path, make, opened):
    encoder = make(stem=WIDE_CIFAR_STEM)
    card = save_encoder(encoder, tmp_path / "own.safetensors")
    for read in (load_own(tmp_path / "own.safetensors"), opened(tmp_path / "own.safetensors")):
        assert torch.equal(read(IMAGES), encoder(IMAGES))
        assert (read.card.architecture.stem, read.card.assumptions, read.card.sha256) == (
            WIDE_CIFAR_STEM,
            (),
            card.sha256,
        )


def test_a_card_of_other_bytes_is_refused_or_ignored(tmp_path, make, opened):
    save_encoder(make(1, stem=WIDE_CIFAR_STEM), tmp_path / "own.safetensors")
    save_file(make(2).backbone.state_dict(), tmp_path / "own.safetensors")
    with pytest.raises(BadCheckpoint, match="not those its card speaks of"):
        load_own(tmp_path / "own.safetensors")
    assert opened(tmp_path / "own.safetensors").card.architecture.stem == CIFAR_STEM


def test_a_foreign_card_gives_its_normalisation(tmp_path, make, opened):
    save_file(make().backbone.state_dict(), tmp_path / "net.safetensors")
    told = {"mean": [0.1, 0.2, 0.3], "std": [0.5, 0.5, 0.5], "input": 40, "layout": "text"}
    (tmp_path / "net.json").write_text(json.dumps(told))
    card = opened(tmp_path / "net.safetensors").card
    assert (card.mean, card.std, card.input_size) == ((0.1, 0.2, 0.3), (0.5, 0.5, 0.5), 40)


def test_tensors_that_share_memory_are_read(tmp_path, make, opened):
    weights = make().backbone.state_dict()
    weights["fc.weight"] = weights["layer4.0.conv2.weight"].view(32, -1)
    weights["conv1.weight"] = weights["conv1.weight"].to(memory_format=torch.channels_last)
    torch.save({"state_dict": weights, "best": weights}, tmp_path / "net.pth")
    assert torch.equal(opened(tmp_path / "net.pth")(IMAGES), make()(IMAGES))


def test_a_path_in_the_settings_is_cut_to_its_name(tmp_path, make, opened):
    settings = argparse.Namespace(dataset="/somewhere/private/flowers/")
    torch.save({"state_dict": make().backbone.state_dict(), "args": settings}, tmp_path / "net.pth")
    assert opened(tmp_path / "net.pth").card.data == "flowers"
