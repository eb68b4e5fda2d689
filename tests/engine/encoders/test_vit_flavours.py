"""Every way people store a vision transformer: its tensors come out equal, and the features are the reference's own."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file
from timm.models.beit import Beit
from timm.models.deit import VisionTransformerDistilled
from timm.models.eva import Eva

from tests.support.reference_vit import (
    HUGGING_FACE,
    HUGGING_FACE_CLIP,
    HUGGING_FACE_DINO2,
    ReferenceVit,
    as_clip,
    as_hugging_face,
)
from tests.support.vit_files import ROWS, Flavour, backbone, before, timm_vit
from zepad_engine.architecture import CIFAR_STEM
from zepad_engine.card import Overrides
from zepad_engine.encoders.families import build_encoder
from zepad_engine.encoders.family import Hints
from zepad_engine.errors import BadCheckpoint, CannotJudge

OTHER_SIZE = 48


def stored(flavour: Flavour, folder):
    path = folder / flavour.file
    if path.suffix == ".safetensors":
        save_file({name: tensor.clone().contiguous() for name, tensor in flavour.content.items()}, path)
    else:
        torch.save(flavour.content, path)
    for name, told in flavour.beside.items():
        (folder / name).write_text(json.dumps(told), encoding="utf-8")
    return path


@pytest.mark.parametrize("row", ROWS)
def test_flavour(row, tmp_path, opened):
    flavour = ROWS[row]()
    encoder = opened(stored(flavour, tmp_path))
    card, found = encoder.card, encoder.backbone.state_dict()
    assert found.keys() == flavour.tensors.keys()
    assert [name for name in found if not torch.equal(found[name], flavour.tensors[name])] == []
    told = {name.rpartition("/")[2] for name in card.keys_ignored}
    assert (card.family, card.input_size, card.net, told) == ("vit", 32, flavour.net, flavour.ignored)
    assert {name: getattr(card.architecture, name) for name in flavour.shape} == flavour.shape
    assert card.mean == flavour.mean
    for size in (32, OTHER_SIZE) if flavour.other_size else (32,):
        images = torch.rand(3, 3, size, size, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            expected, features = flavour.features(encoder.normalise(images)), encoder(images)
        assert features.shape == (3, card.feature_dim)
        torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-5)


def test_student_and_teacher_are_asked_about(tmp_path, opened):
    net, other = timm_vit(), timm_vit(depth=1)
    content = {"student": before("module.backbone.", backbone(other)), "teacher": before("backbone.", backbone(net))}
    torch.save(content, tmp_path / "dino.pth")
    with pytest.raises(CannotJudge) as caught:
        opened(tmp_path / "dino.pth")
    assert caught.value.code == "encoder.several"
    assert caught.value.choices == ("teacher/backbone.", "student/backbone.")
    depths = [
        opened(tmp_path / "dino.pth", Overrides(net=choice)).card.architecture.depth for choice in caught.value.choices
    ]
    assert depths == [2, 1]


def deit_distilled():
    return VisionTransformerDistilled(img_size=32, patch_size=8, embed_dim=192, depth=2, num_heads=3).state_dict()


def beit():
    return Beit(img_size=32, patch_size=8, embed_dim=192, depth=2, num_heads=3, use_rel_pos_bias=True).state_dict()


def hugging_face_beit():
    content = as_hugging_face(ReferenceVit(), HUGGING_FACE, "encoder.layer.{}.")
    for index in range(2):
        del content[f"encoder.layer.{index}.attention.attention.key.bias"]
    place = "encoder.layer.0.attention.attention.relative_position_bias.relative_position_bias_table"
    return content | {place: torch.ones(52, 2)}


def siglip():
    return timm_vit(global_pool="map", class_token=False).state_dict()


def hugging_face_siglip():
    net = ReferenceVit()
    content = as_hugging_face(net, HUGGING_FACE_CLIP, "encoder.layers.{}.", "vision_model.")
    del content["vision_model.embeddings.class_embedding"]
    content["vision_model.embeddings.position_embedding.weight"] = net.parts["places"][1:]
    return content | {"vision_model.head.probe": torch.ones(1, 1, 128)}


def eva():
    net = Eva(img_size=32, patch_size=8, embed_dim=192, depth=2, num_heads=3, use_rot_pos_emb=True, swiglu_mlp=True)
    return net.state_dict()


def normalised_queries():
    return timm_vit(qk_norm=True).state_dict()


def without_positions():
    return {name: tensor for name, tensor in timm_vit().state_dict().items() if name != "pos_embed"}


@pytest.mark.parametrize(
    ("weights", "named"),
    [
        (deit_distilled, "dist_token"),
        (beit, "blocks.0.attn.relative_position_bias_table"),
        (hugging_face_beit, "_position_bias_table"),
        (siglip, "attn_pool.kv.bias"),
        (hugging_face_siglip, "head.probe"),
        (eva, "blocks.0.attn.q_bias"),
        (normalised_queries, "blocks.0.attn.k_norm.bias"),
        (without_positions, "pos_embed"),
    ],
)
def test_what_is_no_plain_vit_is_refused_by_what_it_has_or_lacks(tmp_path, opened, weights, named):
    torch.save(weights(), tmp_path / "net.pth")
    with pytest.raises(BadCheckpoint) as caught:
        opened(tmp_path / "net.pth")
    assert caught.value.code == "encoder.unknown"
    assert named in f"{caught.value.sentence} {caught.value.advice.partition('. ')[0]}"


def test_positions_are_resized_once_for_the_size_the_user_says(tmp_path, opened):
    net = ReferenceVit()
    save_file(as_hugging_face(net, HUGGING_FACE_DINO2, "encoder.layer.{}."), tmp_path / "vit.safetensors")
    encoder = opened(tmp_path / "vit.safetensors", Overrides(input_size=64))
    told = "Its positions are stored for images of 32 pixels and were resized for 64."
    assert told in encoder.card.assumptions
    assert (encoder.card.input_size, encoder.card.architecture.grid) == (64, 8)
    assert encoder.backbone.pos_embed.shape == (1, 65, 128)
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(encoder(images), net(encoder.normalise(images)), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("size", "near"), [(30, "24 or 32"), (43, "40 or 48")])
def test_a_size_that_patches_do_not_fill_is_refused_at_opening(tmp_path, opened, size, near):
    torch.save(timm_vit().state_dict(), tmp_path / "vit.pth")
    with pytest.raises(BadCheckpoint) as caught:
        opened(tmp_path / "vit.pth", Overrides(input_size=size))
    assert caught.value.code == "encoder.input_size"
    assert caught.value.advice == f"Use images of {near} pixels."


def test_what_was_guessed_is_said_and_what_was_told_is_not(tmp_path, opened):
    torch.save(timm_vit().state_dict(), tmp_path / "vit.pth")
    assert opened(tmp_path / "vit.pth").card.assumptions[:2] == (
        "Taken as is usual for timm and DINO: 3 attention heads of 64 channels, norms with 1e-06 under the root; "
        "the file does not say.",
        "Features are taken from the class token, as is usual; the file does not say.",
    )
    (tmp_path / "config.json").write_text('{"num_heads": 6, "layer_norm_eps": 1e-6, "global_pool": "avg"}')
    card = opened(tmp_path / "vit.pth").card
    assert (card.architecture.heads, card.architecture.pooling, len(card.assumptions)) == (6, "mean", 1)


@pytest.mark.parametrize(
    ("settings", "activation", "guessed"),
    [
        ({}, "gelu", "plain GELU, not OpenAI's quick one"),
        ({"model_cfg.vision_cfg.layers": "2"}, "gelu", ""),
        ({"model_cfg.quick_gelu": "True", "model_cfg.vision_cfg.layers": "2"}, "quick_gelu", ""),
        ({"architecture": "vit_base_patch16_clip_quickgelu_224"}, "quick_gelu", ""),
        ({"text_config.hidden_act": "quick_gelu"}, "gelu", "plain GELU, not OpenAI's quick one"),
    ],
)
def test_which_gelu_a_clip_tower_has(settings, activation, guessed):
    net = ReferenceVit(pre=True, patch_bias=False)
    encoder, _ = build_encoder(before("visual.", as_clip(net)), Hints(name="clip", settings=settings))
    assert encoder.card.architecture.activation == activation
    assert [("GELU" in note, guessed in note) for note in encoder.card.assumptions[:1]] == [(guessed != "", True)]


@pytest.mark.parametrize(
    ("config", "code", "part"),
    [
        ('{"num_heads": 5}', "encoder.bad", "5 attention heads do not divide the 192 channels"),
        ('{"num_heads": 0}', "encoder.bad", "0 attention heads"),
        ('{"hidden_act": "silu"}', "encoder.unknown", "activation silu"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, opened, config, code, part):
    torch.save(timm_vit().state_dict(), tmp_path / "vit.pth")
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(BadCheckpoint, match=part) as caught:
        opened(tmp_path / "vit.pth")
    assert caught.value.code == code


def test_the_user_chooses_the_pooling(tmp_path, opened):
    net = timm_vit(global_pool="avg", fc_norm=False)
    torch.save(net.state_dict(), tmp_path / "vit.pth")
    encoder = opened(tmp_path / "vit.pth", Overrides(pooling="mean"))
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        expected = net.forward_head(net.forward_features(encoder.normalise(images)), pre_logits=True)
        torch.testing.assert_close(encoder(images), expected, atol=1e-5, rtol=1e-5)
    torch.save(timm_vit(class_token=False, global_pool="avg").state_dict(), tmp_path / "mean.pth")
    with pytest.raises(BadCheckpoint, match="no class token"):
        opened(tmp_path / "mean.pth", Overrides(pooling="class"))


def test_the_user_chooses_the_heads_before_the_settings(tmp_path, opened):
    torch.save(timm_vit().state_dict(), tmp_path / "vit.pth")
    (tmp_path / "config.json").write_text('{"num_heads": 6}')
    card = opened(tmp_path / "vit.pth", Overrides(heads=12)).card
    assert card.architecture.heads == 12
    assert not any("attention heads" in sentence for sentence in card.assumptions)
    with pytest.raises(BadCheckpoint, match="7 attention heads do not divide the 192 channels") as caught:
        opened(tmp_path / "vit.pth", Overrides(heads=7))
    assert caught.value.advice == "Say another number of heads."


def test_a_vit_has_no_stem_to_choose(tmp_path, opened):
    torch.save(timm_vit().state_dict(), tmp_path / "vit.pth")
    with pytest.raises(BadCheckpoint, match="no stem"):
        opened(tmp_path / "vit.pth", Overrides(stem=CIFAR_STEM))


def test_a_file_of_names_that_claim_a_huge_net_costs_nothing(tmp_path, opened):
    claimed = {f"blocks.{index}.norm1.weight": torch.ones(1) for index in range(200)}
    claimed |= {"patch_embed.proj.weight": torch.ones(8192, 3, 1, 1), "pos_embed": torch.ones(1, 5, 1)}
    claimed |= {f"blocks.0.mlp.fc{part}.weight": torch.ones(1, 1) for part in (1, 2)}
    torch.save(claimed, tmp_path / "claimed.pth")
    with pytest.raises(BadCheckpoint) as caught:
        opened(tmp_path / "claimed.pth")
    assert caught.value.code == "encoder.unknown"
