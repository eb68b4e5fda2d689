"""The names under which vision transformers are stored, and the way from each to timm's, which our own net has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor

from zepad_engine.encoders.origin import CLIP, IMAGENET, Usual
from zepad_engine.encoders.weights import Container, Selection, selections

Renames = tuple[tuple[str, str], ...]

HALF: Final = Usual((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 224)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way to name the tensors of a vision transformer, and what goes with it unless a setting says otherwise.

    Attributes:
        name: whose names they are.
        anchors: pairs of names one of which must be there.
        own: names that belong to the net, prefix taken off; tokens of the training and decoders do not.
        renames: patterns and what they become, each applied to every name, in this order.
        beside: the last word of the prefix, and a tensor next to that word which belongs to the net too.
        epsilon: what the norms add under the root.
        usual: normalisation and size.
        activation: that of the blocks.
    """

    name: str
    anchors: tuple[tuple[str, str], ...]
    own: re.Pattern[str]
    renames: Renames
    beside: tuple[str, str] | None = None
    epsilon: float = 1e-6
    usual: Usual = IMAGENET
    activation: Literal["gelu", "quick_gelu"] = "gelu"


_TIMM: Final = Dialect(
    name="timm and DINO",
    anchors=(
        ("patch_embed.proj.weight", "blocks.0.norm1.weight"),
        ("patch_embed.proj.weight", "blocks.0.0.norm1.weight"),
    ),
    own=re.compile(
        r"patch_embed\.|blocks\.|pos_embed|(?!mask_)\w+_tokens?$|norm\.|norm_pre\.|fc_norm\.|attn_pool\.|rope|rel_pos"
        r"|projection\."
    ),
    renames=(
        (r"^blocks\.\d+\.(\d+)\.", r"blocks.\1."),
        (r"^register_tokens$", "reg_token"),
        (r"\.gamma_([12])$", r".ls\1.gamma"),
        (r"\.mlp\.w12\.", ".mlp.fc1."),
        (r"\.mlp\.w3\.", ".mlp.fc2."),
    ),
)

_TORCHVISION: Final = Dialect(
    name="torchvision",
    anchors=(("conv_proj.weight", "encoder.layers.encoder_layer_0.ln_1.weight"),),
    own=re.compile(r"conv_proj\.|class_token$|encoder\."),
    renames=(
        (r"^conv_proj\.", "patch_embed.proj."),
        (r"^class_token$", "cls_token"),
        (r"^encoder\.pos_embedding$", "pos_embed"),
        (r"^encoder\.ln\.", "norm."),
        (r"^encoder\.layers\.encoder_layer_(\d+)\.", r"blocks.\1."),
        (r"\.ln_([12])\.", r".norm\1."),
        (r"\.self_attention\.in_proj_", ".attn.qkv."),
        (r"\.self_attention\.out_proj\.", ".attn.proj."),
        (r"\.mlp\.(?:0|linear_1)\.", ".mlp.fc1."),
        (r"\.mlp\.(?:3|linear_2)\.", ".mlp.fc2."),
    ),
)

_HF_OWN: Final = re.compile(r"embeddings\.(?!mask_token)|encoder\.|layers?\.|layernorm\.|rope")
_HF_RENAMES: Final = (
    (r"^embeddings\.position_embeddings$", "pos_embed"),
    (r"^embeddings\.register_tokens$", "reg_token"),
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^embeddings\.", ""),
    (r"^layernorm\.", "norm."),
    (r"^(?:encoder\.)?layers?\.(\d+)\.", r"blocks.\1."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"\.attention\.attention\.(q|k|v)(?:uery|ey|alue)\.", r".attn.\1."),
    (r"\.attention\.(q|k|v)_proj\.", r".attn.\1."),
    (r"\.attention\.(?:output\.dense|o_proj)\.", ".attn.proj."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"(?<=\d)\.output\.dense\.", ".mlp.fc2."),
    (r"\.layer_scale([12])\.lambda1$", r".ls\1.gamma"),
    (r"\.mlp\.weights_in\.", ".mlp.fc1."),
    (r"\.mlp\.(?:weights_out|down_proj)\.", ".mlp.fc2."),
)
_HF_PATCHES: Final = "embeddings.patch_embeddings.projection.weight"
# The layers were stored as encoder.layer.N from the start; versions since 5 know them as layers.N too.
_HF: Final = Dialect(
    name="Hugging Face",
    anchors=(
        (_HF_PATCHES, "encoder.layer.0.layernorm_before.weight"),
        (_HF_PATCHES, "layers.0.layernorm_before.weight"),
    ),
    own=_HF_OWN,
    renames=_HF_RENAMES,
    epsilon=1e-12,
    usual=HALF,
)
_HF_DINO2: Final = Dialect(
    name="Hugging Face's DINOv2",
    anchors=((_HF_PATCHES, "encoder.layer.0.norm1.weight"), (_HF_PATCHES, "layers.0.norm1.weight")),
    own=_HF_OWN,
    renames=_HF_RENAMES,
)

_HF_CLIP: Final = Dialect(
    name="Hugging Face's CLIP",
    anchors=(("embeddings.patch_embedding.weight", "encoder.layers.0.layer_norm1.weight"),),
    own=re.compile(r"embeddings\.(?!position_ids)|encoder\.|pre_layer?norm\.|pre_layrnorm\.|post_layernorm\.|head\."),
    renames=(
        (r"^embeddings\.class_embedding$", "cls_token"),
        (r"^embeddings\.position_embedding\.weight$", "pos_embed"),
        (r"^embeddings\.patch_embedding\.", "patch_embed.proj."),
        # Hugging Face has it with this slip of the pen.
        (r"^pre_layrnorm\.", "norm_pre."),
        (r"^post_layernorm\.", "norm."),
        (r"^encoder\.layers\.(\d+)\.", r"blocks.\1."),
        (r"\.layer_norm([12])\.", r".norm\1."),
        (r"\.self_attn\.(q|k|v)_proj\.", r".attn.\1."),
        (r"\.self_attn\.out_proj\.", ".attn.proj."),
        (r"^visual_projection\.", "projection."),
    ),
    beside=("vision_model.", "visual_projection.weight"),
    epsilon=1e-5,
    usual=CLIP,
    activation="quick_gelu",
)

_OPEN_CLIP: Final = Dialect(
    name="CLIP and open_clip",
    anchors=(("conv1.weight", "transformer.resblocks.0.ln_1.weight"),),
    own=re.compile(r"conv1\.|class_embedding$|positional_embedding$|proj$|ln_\w+\.|transformer\.|attn_pool|patchnorm"),
    renames=(
        (r"^conv1\.", "patch_embed.proj."),
        (r"^class_embedding$", "cls_token"),
        (r"^positional_embedding$", "pos_embed"),
        (r"^proj$", "projection.weight"),
        (r"^ln_pre\.", "norm_pre."),
        (r"^ln_post\.", "norm."),
        (r"^transformer\.resblocks\.(\d+)\.", r"blocks.\1."),
        (r"\.ln_([12])\.", r".norm\1."),
        (r"\.ls_([12])\.gamma$", r".ls\1.gamma"),
        (r"\.attn\.in_proj_", ".attn.qkv."),
        (r"\.attn\.out_proj\.", ".attn.proj."),
        (r"\.mlp\.c_fc\.", ".mlp.fc1."),
        (r"\.mlp\.c_proj\.", ".mlp.fc2."),
    ),
    epsilon=1e-5,
    usual=CLIP,
)

DIALECTS: Final = (_TIMM, _TORCHVISION, _HF, _HF_DINO2, _HF_CLIP, _OPEN_CLIP)

# Separate tensors that are rows of one in our net, in the order of the rows.
_FUSED: Final = (
    (("attn.q", "attn.k", "attn.v"), "attn.qkv"),
    (("mlp.gate_proj", "mlp.up_proj"), "mlp.fc1"),
)


def spoken(container: Container) -> Iterator[tuple[Dialect, Selection]]:
    """Every vision transformer of a container, its tensors under timm's names, with whose names it had."""
    for dialect in DIALECTS:
        for anchors in dialect.anchors:
            for found in selections(container, anchors, dialect.own):
                yield dialect, _translated(_with_neighbour(found, container, dialect), dialect)


def _with_neighbour(found: Selection, container: Container, dialect: Dialect) -> Selection:
    """The selection with the tensor that lies beside its prefix (CLIP's projection), if it is there."""
    word, name = dialect.beside or ("", "")
    place = found.prefix.removesuffix(word) + name
    if not word or not found.prefix.endswith(word) or place not in container.tensors:
        return found
    return Selection(
        container=found.container,
        prefix=found.prefix,
        tensors={**found.tensors, name: container.tensors[place]},
        used=found.used | {container.places[place]},
    )


def _translated(found: Selection, dialect: Dialect) -> Selection:
    def rename(name: str) -> str:
        for pattern, new in dialect.renames:
            name = re.sub(pattern, new, name)
        return name

    renamed = found.renamed(rename).tensors
    turned = "proj" in found.tensors
    shaped = {name: _shaped(name, tensor, turned=turned) for name, tensor in renamed.items()}
    return Selection(container=found.container, prefix=found.prefix, tensors=_fused(shaped), used=found.used)


def _shaped(name: str, tensor: Tensor, *, turned: bool) -> Tensor:
    """A token or the positions with the dimensions timm gives them, and OpenAI's projection the right way round."""
    if name in {"cls_token", "pos_embed"} and 1 <= tensor.ndim < 3:
        return tensor.reshape(1, -1, tensor.shape[-1])
    return tensor.T if name == "projection.weight" and turned and tensor.ndim == 2 else tensor


def _fused(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Queries, keys and values in one tensor, where all three are there; the others as they are."""
    whole = dict(tensors)
    for parts, joined in _FUSED:
        first = parts[0]
        for name in [name for name in tensors if re.search(rf"^blocks\.\d+\.{re.escape(first)}\.\w+$", name)]:
            names = [name.replace(f".{first}.", f".{part}.") for part in parts]
            rows = [tensors[each] for each in names if each in tensors]
            if len(rows) == len(parts) and len({row.shape for row in rows}) == 1:
                for each in names:
                    del whole[each]
                whole[name.replace(f".{first}.", f".{joined}.")] = torch.cat(rows)
    return whole
