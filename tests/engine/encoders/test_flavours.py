"""Every flavour ResNets and Conv4 come in opens with the tensors and the features of the net that was stored."""

from __future__ import annotations

import json
import operator

import pytest
import torch
import torchvision

from tests.support.flavours import Flavour, linear, other, store, under
from tests.support.method_flavours import FEATURES, METHOD_FLAVOURS, lightning
from tests.support.name_flavours import NAME_FLAVOURS
from tests.support.resnet_nets import basic, bottleneck, children_in_a_row, hugging_face, small
from tests.support.unknown_nets import UNKNOWN
from zepad_engine.architecture import CIFAR_STEM, WIDE_CIFAR_STEM, Stem
from zepad_engine.card import Overrides
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.resnet_evidence import STRIDES_ASSUMED
from zepad_engine.encoders.resnet_family import ResNetFamily
from zepad_engine.encoders.weights import Container
from zepad_engine.errors import BadCheckpoint, CannotJudge


def pictures(side: int) -> torch.Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))


def require_stored_net(encoder: Encoder, flavour: Flavour, source) -> None:
    """The tensors are those that were stored, and so are the features of normalised pictures."""
    own = encoder.backbone.state_dict()
    assert own.keys() == source.tensors.keys()
    for name, tensor in source.tensors.items():
        counted = name.endswith("num_batches_tracked")
        assert counted or torch.equal(own[name], tensor), name
    images = pictures(flavour.side)
    mean, std = (torch.tensor(part).view(3, 1, 1) for part in (encoder.card.mean, encoder.card.std))
    with torch.no_grad():
        expected = source.net((images - mean) / std)
        torch.testing.assert_close(encoder(images), expected, atol=1e-5, rtol=1e-5)
    assert expected.std() > 0.01


@pytest.mark.parametrize("flavour", [*METHOD_FLAVOURS, *NAME_FLAVOURS], ids=lambda flavour: flavour.name)
def test_flavour(tmp_path, opened, flavour):
    path, source = flavour.write(tmp_path)
    encoder = opened(path, flavour.overrides)
    card = encoder.card
    require_stored_net(encoder, flavour, source)
    assert card.net == flavour.net
    unnamed = [key for key in flavour.ignored if not any(key in ignored for ignored in card.keys_ignored)]
    assert unnamed == []
    # A 7x7 stem always leaves its strides and its pool open; what is told beside that stands in the table.
    told = zip(flavour.says, [note for note in card.assumptions if note != STRIDES_ASSUMED], strict=False)
    assert [words for words, sentence in told if words in sentence] == list(flavour.says), card.assumptions
    for name, value in flavour.card.items():
        assert operator.attrgetter(name)(card) == value
    assert (card.feature_dim, len(card.sha256)) == (source.net(pictures(flavour.side)).shape[1], 64)


ASKED = {
    "MoCo v1 and v2, the user says which": ("state_dict/encoder_q.", "state_dict/encoder_k."),
    "BYOL port, the user takes the target": ("online_encoder.net.", "target_encoder.net."),
    "DINO, the teacher of both": ("teacher/backbone.", "student/backbone."),
}


@pytest.mark.parametrize("flavour", [row for row in METHOD_FLAVOURS if row.name in ASKED], ids=lambda row: row.name)
def test_of_two_encoders_the_user_is_asked_which(tmp_path, opened, flavour):
    with pytest.raises(CannotJudge) as caught:
        opened(flavour.write(tmp_path)[0])
    assert (caught.value.code, caught.value.choices) == ("encoder.several", ASKED[flavour.name])


def test_an_averaged_copy_of_the_weights_is_asked_about_but_not_an_equal_one(tmp_path, opened):
    source = small()
    store({"state_dict": source.state, "state_dict_ema": other(source.state)}, tmp_path / "net.pth")
    with pytest.raises(CannotJudge) as caught:
        opened(tmp_path / "net.pth")
    assert caught.value.choices == ("state_dict/", "state_dict_ema/")
    averaged = opened(tmp_path / "net.pth", Overrides(net="state_dict_ema/"))
    assert torch.equal(averaged.backbone.state_dict()["conv1.weight"], source.state["conv1.weight"] * 2)
    store({"state_dict": source.state, "state_dict_ema": source.state}, tmp_path / "equal.pth")
    assert opened(tmp_path / "equal.pth").card.net == "state_dict/"


def test_a_momentum_copy_is_taken_where_the_user_says_so_and_then_not_excused(tmp_path, opened):
    source = small()
    store({**under("backbone.", source.state), **under("momentum_backbone.", other(source.state))}, tmp_path / "n.pth")
    copy = opened(tmp_path / "n.pth", Overrides(net="momentum_backbone."))
    assert torch.equal(copy.backbone.state_dict()["conv1.weight"], source.state["conv1.weight"] * 2)
    assert "slow copy" not in " ".join(copy.card.assumptions)


@pytest.mark.parametrize(("make", "words"), [row[1:] for row in UNKNOWN], ids=[row[0] for row in UNKNOWN])
def test_a_net_that_only_looks_alike_is_refused(tmp_path, opened, make, words):
    store(make(), tmp_path / "net.pth")
    with pytest.raises(BadCheckpoint) as caught:
        opened(tmp_path / "net.pth")
    assert caught.value.code == "encoder.unknown"
    assert words in caught.value.sentence


def test_a_row_of_children_with_no_room_for_a_pool_has_none(tmp_path, opened):
    source = basic()
    source.net.maxpool = torch.nn.Identity()
    store(children_in_a_row(source.net, "maxpool"), tmp_path / "net.pth")
    encoder = opened(tmp_path / "net.pth")
    assert encoder.card.architecture.stem == Stem(kernel=7, stride=2, padding=3, pool=False)
    assert "no max-pool: the numbers" in encoder.card.assumptions[0]
    require_stored_net(encoder, Flavour(name="", make=basic, content=dict, net=""), source)


def test_a_stem_nobody_is_known_to_build_is_asked_for(tmp_path, opened):
    store(basic().state | {"conv1.weight": torch.rand(8, 3, 5, 5)}, tmp_path / "net.pth")
    with pytest.raises(BadCheckpoint, match="is 5x5; its stride and padding are not known"):
        opened(tmp_path / "net.pth")
    stem = Stem(kernel=5, stride=2, padding=2, pool=False)
    assert opened(tmp_path / "net.pth", Overrides(stem=stem)).card.architecture.stem == stem


def test_a_hugging_face_resnet_with_other_strides_is_refused(tmp_path, opened):
    store(hugging_face(bottleneck().state), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"downsample_in_bottleneck": True}))
    with pytest.raises(BadCheckpoint, match="downsample_in_bottleneck") as caught:
        opened(tmp_path)
    assert caught.value.code == "encoder.unknown"


def test_a_lightning_file_without_method_is_solo_learns_only_with_classifier_and_method_parts(tmp_path, opened):
    state = under("backbone.", small().state)
    store(lightning(state), tmp_path / "plain.ckpt")
    classifier = linear("classifier.", 10, FEATURES)
    store(lightning({**state, **classifier}), tmp_path / "own.ckpt")
    store(lightning({**state, **classifier, **linear("projector.0.", 8, FEATURES)}), tmp_path / "solo.ckpt")
    stems = [opened(tmp_path / name).card.architecture.stem for name in ("plain.ckpt", "own.ckpt", "solo.ckpt")]
    assert stems == [CIFAR_STEM, CIFAR_STEM, WIDE_CIFAR_STEM]


TORCHVISION = {
    "resnet18": ("ResNet-18, width 64", 11_176_512),
    "resnet34": ("ResNet-34, width 64", 21_284_672),
    "resnet50": ("ResNet-50, width 64", 23_508_032),
    "resnet101": ("ResNet-101, width 64", 42_500_160),
    "resnet152": ("ResNet-152, width 64", 58_143_808),
    "wide_resnet50_2": ("wide ResNet-50, width 64", 66_834_240),
    "wide_resnet101_2": ("wide ResNet-101, width 64", 124_837_696),
    "resnext50_32x4d": ("ResNet-50, width 64, 32 groups", 22_979_904),
    "resnext101_32x8d": ("ResNet-101, width 64, 32 groups", 86_742_336),
    "resnext101_64x4d": ("ResNet-101, width 64, 64 groups", 81_406_272),
}


@pytest.mark.parametrize("name", TORCHVISION)
def test_every_resnet_of_torchvision_is_recognised_by_its_shapes(name):
    with torch.device("meta"):
        state = torchvision.models.get_model(name).state_dict()
    (found,) = ResNetFamily().candidates(Container(name="", tensors=state, places={key: key for key in state}))
    assert (found.match.whole, found.looks_like) == (True, TORCHVISION[name][0])
    parameters = [key for key in found.selection.tensors if "running" not in key and "num_batches" not in key]
    assert sum(state[key].numel() for key in parameters) == TORCHVISION[name][1]


def test_shells_of_hundreds_of_blocks_are_not_built_to_be_compared():
    tensor = torch.zeros(1).expand(4, 1024, 1, 1)
    blocks = (f"layer{stage}.{block}.conv1.weight" for stage in range(1, 5) for block in range(0, 200, 49))
    names = [f"p{net}.{block}" for block in blocks for net in range(1000)]
    shells = Container(name="", tensors=dict.fromkeys(names, tensor), places={name: name for name in names})
    assert list(ResNetFamily().candidates(shells)) == []
