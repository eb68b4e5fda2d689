"""Vision transformers in the exact files people have them in, each with what must come out of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from timm.layers import SwiGLUPacked
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torchvision.models.vision_transformer import VisionTransformer as TorchvisionVit

from tests.support import reference_vit as reference
from tests.support.reference_vit import ReferenceVit, as_clip, as_hugging_face
from zepad_engine.card import CLIP_MEAN, IMAGENET_MEAN

HALF_MEAN = (0.5, 0.5, 0.5)
LAYER = "encoder.layer.{}."


@dataclass
class Flavour:
    """A file, what the encoder read from it must be, and what must be said of it."""

    content: object
    features: Callable[[Tensor], Tensor]
    tensors: dict[str, Tensor]
    ignored: set[str] = field(default_factory=set)
    shape: dict[str, object] = field(default_factory=dict)
    mean: tuple[float, float, float] = IMAGENET_MEAN
    net: str = ""
    file: str = "vit.pth"
    beside: dict[str, dict[str, object]] = field(default_factory=dict)
    other_size: bool = True


def timm_vit(**changes: object) -> VisionTransformer:
    told = {"img_size": 32, "patch_size": 8, "embed_dim": 192, "depth": 2, "num_heads": 3, "num_classes": 5}
    net = VisionTransformer(**{**told, "dynamic_img_size": True, **changes})
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in net.named_parameters():
            weight.normal_(1.0 if "norm" in name and name.endswith("weight") else 0.0, 0.1, generator=generator)
    return net.eval()


def features_of(net: VisionTransformer) -> Callable[[Tensor], Tensor]:
    return lambda images: net.forward_head(net.forward_features(images), pre_logits=True)


def backbone(net: nn.Module) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in net.state_dict().items() if not name.startswith("head.")}


def before(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def timm_flavour(vit: VisionTransformer, content: object, **told: object) -> Flavour:
    # Without settings of timm's beside it a file counts as one of the many others, which resize without antialias.
    return Flavour(content, features_of(vit), backbone(vit), **{"other_size": False, **told})


def timm_pth() -> Flavour:
    net = timm_vit()
    return timm_flavour(net, net.state_dict(), ignored={"head.weight", "head.bias"}, shape={"heads": 3, "patch": 8})


def timm_safetensors() -> Flavour:
    net = timm_vit(num_heads=6)
    config = {
        "architecture": "vit_tiny_patch16_224",
        "num_heads": 6,
        "pretrained_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "input_size": [3, 32, 32]},
    }
    told = {"file": "model.safetensors", "beside": {"config.json": config}, "mean": HALF_MEAN, "other_size": True}
    shape = {"heads": 6, "antialias": True}
    return timm_flavour(net, net.state_dict(), ignored={"head.weight", "head.bias"}, shape=shape, **told)


def timm_training_script_mean_pooled() -> Flavour:
    net = timm_vit(global_pool="avg", num_classes=0)
    content = {"state_dict": net.state_dict(), "arch": "vit", "args": argparse.Namespace(img_size=None, lr=0.1)}
    return timm_flavour(net, content, shape={"norm": "pooled", "pooling": "mean"}, net="state_dict/")


def timm_registers() -> Flavour:
    net = timm_vit(reg_tokens=4, no_embed_class=True, num_classes=0)
    return timm_flavour(net, net.state_dict(), shape={"registers": 4, "token_positions": 0}, other_size=True)


def timm_registers_with_positions() -> Flavour:
    net = timm_vit(reg_tokens=3, num_classes=0)
    return timm_flavour(net, net.state_dict(), shape={"registers": 3, "token_positions": 4}, other_size=True)


def timm_without_class_token() -> Flavour:
    net = timm_vit(class_token=False, global_pool="avg", fc_norm=False, num_classes=0)
    return timm_flavour(net, net.state_dict(), shape={"pooling": "mean", "norm": "tokens", "token_positions": 0})


def timm_clip() -> Flavour:
    net = timm_vit(pre_norm=True, num_classes=0, norm_layer=lambda width, **kind: nn.LayerNorm(width, 1e-5, **kind))
    return timm_flavour(net, net.state_dict(), shape={"pre_norm": True, "epsilon": 1e-5}, mean=CLIP_MEAN)


def compiled_and_parallel() -> Flavour:
    net = timm_vit(num_classes=0, qkv_bias=False)
    content = {"model": before("module._orig_mod.", net.state_dict())}
    return timm_flavour(net, content, shape={"qkv_bias": False}, net="model/")


def dino_teacher() -> Flavour:
    net = timm_vit()
    content = {"teacher": before("backbone.", backbone(net)) | {"head.mlp.0.weight": torch.ones(4, 192)}, "epoch": 7}
    return timm_flavour(net, content, ignored={"head.mlp.0.weight"}, net="teacher/backbone.")


def dino_backbone() -> Flavour:
    net = timm_vit()
    return timm_flavour(net, backbone(net), shape={"pooling": "class", "epsilon": 1e-6})


def dinov2() -> Flavour:
    net = timm_vit(init_values=1.0)
    content = backbone(net) | {"mask_token": torch.ones(1, 192)}
    return timm_flavour(net, content, ignored={"mask_token"}, shape={"layer_scale": True})


def dinov2_in_chunks() -> Flavour:
    net = timm_vit(init_values=1.0, depth=3)
    chunks = {"blocks.0.": "blocks.0.0.", "blocks.1.": "blocks.0.1.", "blocks.2.": "blocks.1.2."}
    content = backbone(net)
    for plain, chunked in chunks.items():
        content = {name.replace(plain, chunked): tensor for name, tensor in content.items()}
    return timm_flavour(net, {"teacher": before("backbone.", content)}, shape={"depth": 3}, net="teacher/backbone.")


def dinov2_giant() -> Flavour:
    net = timm_vit(init_values=1.0, mlp_layer=SwiGLUPacked, act_layer=nn.SiLU, mlp_ratio=2.0)
    names = {name: name.replace("mlp.fc1", "mlp.w12").replace("mlp.fc2", "mlp.w3") for name in backbone(net)}
    content = {names[name]: tensor for name, tensor in backbone(net).items()}
    return timm_flavour(net, content, shape={"activation": "swiglu", "mlp": 192})


def dinov2_registers() -> Flavour:
    net = ReferenceVit(registers=4, scaled=True)
    content = net.as_timm()
    content["register_tokens"] = content.pop("reg_token")
    content["mask_token"] = torch.ones(1, 128)
    return Flavour(content, net, net.as_timm(), {"mask_token"}, {"registers": 4, "token_positions": 1, "heads": 2})


def mae_pretrained() -> Flavour:
    net = timm_vit()
    decoder = {
        "mask_token": torch.ones(1, 1, 64),
        "decoder_pos_embed": torch.ones(1, 17, 64),
        "decoder_embed.weight": torch.ones(64, 192),
        "decoder_blocks.0.norm1.weight": torch.ones(64),
        "decoder_norm.weight": torch.ones(64),
        "decoder_pred.bias": torch.ones(192),
    }
    args = argparse.Namespace(model="mae_vit_tiny", input_size=32, mask_ratio=0.75, norm_pix_loss=True)
    content = {"model": backbone(net) | decoder, "epoch": 3, "scaler": {"scale": 1.0}, "args": args}
    return timm_flavour(net, content, ignored=set(decoder), net="model/")


def mae_finetuned() -> Flavour:
    net = timm_vit(global_pool="avg")
    ignored = {"head.weight", "head.bias"}
    return timm_flavour(net, {"model": net.state_dict()}, ignored=ignored, shape={"pooling": "mean"}, net="model/")


def moco_v3() -> Flavour:
    net = timm_vit(num_heads=12)
    weights = before("module.base_encoder.", backbone(net))
    copy = before("module.momentum_encoder.", {name: tensor + 1 for name, tensor in backbone(net).items()})
    heads = {"module.predictor.0.weight": torch.ones(4, 4), "module.base_encoder.head.0.weight": torch.ones(4, 192)}
    content = {"epoch": 300, "arch": "vit_tiny", "state_dict": weights | copy | heads}
    ignored = set(copy) | set(heads)
    return timm_flavour(net, content, ignored=ignored, shape={"heads": 12}, net="state_dict/base_encoder.")


def solo_learn() -> Flavour:
    net = timm_vit(num_classes=0)
    heads = {"classifier.weight": torch.ones(10, 192), "classifier.bias": torch.ones(10)}
    content = {
        "state_dict": before("backbone.", net.state_dict()) | heads,
        "pytorch-lightning_version": "1.6.4",
        "hyper_parameters": {"method": "mae", "data": {"dataset": "imagenet100"}},
    }
    return timm_flavour(net, content, ignored=set(heads), net="state_dict/backbone.", file="mae.ckpt")


def torchvision_flavour(*, old: bool) -> Flavour:
    net = TorchvisionVit(32, 8, 2, 2, 128, 256, num_classes=5)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.normal_(0.0, 0.1, generator=generator)
    net.heads = nn.Identity()
    net.eval()
    swaps = [
        ("conv_proj", "patch_embed.proj"),
        ("class_token", "cls_token"),
        ("encoder.pos_embedding", "pos_embed"),
        ("encoder.ln.", "norm."),
        ("encoder.layers.encoder_layer_", "blocks."),
        ("ln_", "norm"),
        ("self_attention.in_proj_", "attn.qkv."),
        ("self_attention.out_proj", "attn.proj"),
        ("mlp.0.", "mlp.fc1."),
        ("mlp.3.", "mlp.fc2."),
    ]
    content, tensors = dict(net.state_dict()), {}
    for name, tensor in content.items():
        for theirs, ours in swaps:
            name = name.replace(theirs, ours)
        tensors[name] = tensor
    if old:
        renamed = {name: name.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2.") for name in content}
        content = {renamed[name]: tensor for name, tensor in content.items()}
    heads = {"heads.head.weight": torch.ones(5, 128), "heads.head.bias": torch.ones(5)}
    return Flavour(content | heads, net, tensors, set(heads), {"heads": 2}, other_size=False)


def hugging_face_folder() -> Flavour:
    net = ReferenceVit(heads=4, epsilon=1e-4)
    config = {"model_type": "vit", "num_attention_heads": 4, "layer_norm_eps": 1e-4, "hidden_act": "gelu"}
    preprocessor = {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6], "size": {"height": 32, "width": 32}}
    return Flavour(
        as_hugging_face(net, reference.HUGGING_FACE, LAYER) | {"pooler.dense.weight": torch.ones(128, 128)},
        net,
        net.as_timm(),
        {"pooler.dense.weight"},
        {"heads": 4, "epsilon": 1e-4},
        (0.1, 0.2, 0.3),
        file="model.safetensors",
        beside={"config.json": config, "preprocessor_config.json": preprocessor},
    )


def hugging_face_classifier() -> Flavour:
    net = ReferenceVit(epsilon=1e-12)
    content = as_hugging_face(net, reference.HUGGING_FACE, LAYER, "vit.") | {"classifier.weight": torch.ones(3, 128)}
    told = {"mean": HALF_MEAN, "net": "vit.", "file": "pytorch_model.bin"}
    return Flavour(content, net, net.as_timm(), {"classifier.weight"}, {"heads": 2, "epsilon": 1e-12}, **told)


def hugging_face_version_5() -> Flavour:
    net = ReferenceVit(epsilon=1e-12)
    content = as_hugging_face(net, reference.HUGGING_FACE_5, "layers.{}.")
    return Flavour(content, net, net.as_timm(), mean=HALF_MEAN)


def hugging_face_mae() -> Flavour:
    net = ReferenceVit(epsilon=1e-12)
    decoder = {
        "decoder.mask_token": torch.ones(1, 1, 64),
        "decoder.decoder_layers.0.attention.attention.query.weight": torch.ones(64, 64),
    }
    content = as_hugging_face(net, reference.HUGGING_FACE, LAYER, "vit.") | decoder
    return Flavour(content, net, net.as_timm(), set(decoder), net="vit.", file="model.safetensors")


def hugging_face_dinov2(registers: int = 0) -> Flavour:
    net = ReferenceVit(scaled=True, registers=registers)
    content = as_hugging_face(net, reference.HUGGING_FACE_DINO2, LAYER)
    content["embeddings.mask_token"] = torch.ones(1, 128)
    shape = {"layer_scale": True, "registers": registers, "epsilon": 1e-6}
    return Flavour(content, net, net.as_timm(), {"embeddings.mask_token"}, shape, file="model.safetensors")


def hugging_face_dinov2_giant_version_5() -> Flavour:
    net = ReferenceVit(scaled=True, gated=True)
    names = reference.HUGGING_FACE_DINO2 | {"gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj"}
    return Flavour(as_hugging_face(net, names, LAYER), net, net.as_timm(), shape={"activation": "swiglu"})


def hugging_face_dinov2_giant() -> Flavour:
    net = ReferenceVit(scaled=True, gated=True)
    content = as_hugging_face(net, reference.HUGGING_FACE_DINO2, LAYER)
    content = reference.fused(content, ("mlp.gate", "mlp.fc1"), "mlp.weights_in")
    content = {name.replace("mlp.fc2", "mlp.weights_out"): tensor for name, tensor in content.items()}
    return Flavour(content, net, net.as_timm(), shape={"activation": "swiglu", "mlp": 256})


def clip_net(**changes: object) -> ReferenceVit:
    told = {"pre": True, "patch_bias": False, "epsilon": 1e-5, "activation": reference.quick_gelu}
    return ReferenceVit(**{**told, **changes})


def hugging_face_clip_vision() -> Flavour:
    net = clip_net()
    content = as_hugging_face(net, reference.HUGGING_FACE_CLIP, "encoder.layers.{}.", "vision_model.")
    content["vision_model.embeddings.position_ids"] = torch.arange(17)[None]
    ignored = {"vision_model.embeddings.position_ids"}
    shape = {"activation": "quick_gelu", "projection": 0, "epsilon": 1e-5, "patch_bias": False}
    told = {"net": "vision_model.", "file": "model.safetensors"}
    return Flavour(content, net, net.as_timm(), ignored, shape, CLIP_MEAN, **told)


def hugging_face_clip_whole() -> Flavour:
    net = clip_net(projection=32, activation=nn.functional.gelu, heads=4)
    text = {
        "text_model.embeddings.token_embedding.weight": torch.ones(9, 64),
        "text_model.encoder.layers.0.layer_norm1.weight": torch.ones(64),
        "text_projection.weight": torch.ones(32, 64),
        "logit_scale": torch.tensor(1.0),
    }
    vision = as_hugging_face(net, reference.HUGGING_FACE_CLIP | {"projection": "-"}, "encoder.layers.{}.")
    projection = vision.pop("-")
    content = before("vision_model.", vision) | {"visual_projection.weight": projection} | text
    towers = {"vision_config": {"num_attention_heads": 4, "hidden_act": "gelu"}}
    config = {"text_config": {"num_attention_heads": 1, "hidden_act": "quick_gelu"}, **towers}
    told = {"net": "vision_model.", "file": "model.safetensors", "beside": {"config.json": config}}
    shape = {"activation": "gelu", "projection": 32, "heads": 4}
    return Flavour(content, net, net.as_timm(), set(text), shape, CLIP_MEAN, **told)


TEXT_TOWER = {
    "positional_embedding": torch.ones(77, 64),
    "text_projection": torch.ones(64, 32),
    "transformer.resblocks.0.ln_1.weight": torch.ones(64),
    "transformer.resblocks.0.attn.in_proj_weight": torch.ones(192, 64),
    "token_embedding.weight": torch.ones(9, 64),
    "ln_final.weight": torch.ones(64),
    "logit_scale": torch.tensor(1.0),
}


def open_clip() -> Flavour:
    net = clip_net(projection=32, activation=nn.functional.gelu)
    content = before("visual.", as_clip(net)) | TEXT_TOWER
    config = {
        "model_cfg": {"vision_cfg": {"layers": 2, "width": 128}, "text_cfg": {"heads": 8}},
        "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
    }
    told = {"net": "visual.", "file": "open_clip_model.safetensors", "beside": {"open_clip_config.json": config}}
    shape = {"activation": "gelu", "projection": 32, "heads": 2}
    return Flavour(content, net, net.as_timm(), set(TEXT_TOWER), shape, HALF_MEAN, **told)


def openai_clip() -> Flavour:
    net = clip_net(projection=32)
    net.parts = {name: tensor.half().float() for name, tensor in net.parts.items()}
    stated = {"input_resolution": torch.tensor(32), "context_length": torch.tensor(77)}
    halves = {name: tensor.half() for name, tensor in as_clip(net).items()}
    content = before("visual.", halves) | TEXT_TOWER | stated
    shape = {"activation": "quick_gelu", "projection": 32}
    return Flavour(content, net, net.as_timm(), set(TEXT_TOWER | stated), shape, CLIP_MEAN, net="visual.")


ROWS: dict[str, Callable[[], Flavour]] = {
    **{
        row.__name__: row
        for row in (
            timm_pth,
            timm_safetensors,
            timm_training_script_mean_pooled,
            timm_registers,
            timm_registers_with_positions,
            timm_without_class_token,
            timm_clip,
            compiled_and_parallel,
            dino_teacher,
            dino_backbone,
            dinov2,
            dinov2_in_chunks,
            dinov2_giant,
            dinov2_registers,
            mae_pretrained,
            mae_finetuned,
            moco_v3,
            solo_learn,
            hugging_face_folder,
            hugging_face_classifier,
            hugging_face_version_5,
            hugging_face_mae,
            hugging_face_dinov2,
            hugging_face_dinov2_giant,
            hugging_face_dinov2_giant_version_5,
            hugging_face_clip_vision,
            hugging_face_clip_whole,
            open_clip,
            openai_clip,
        )
    },
    "torchvision": lambda: torchvision_flavour(old=False),
    "torchvision_before_0_13": lambda: torchvision_flavour(old=True),
    "hugging_face_dinov2_registers": lambda: hugging_face_dinov2(registers=4),
}
