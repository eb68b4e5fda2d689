"""The shape of a vision transformer, as far as the shapes of its tensors tell it."""

from __future__ import annotations

import re
from typing import Final, Literal

from zepad_engine.architecture import VitShape
from zepad_engine.encoders.weights import Match, Weights

_LARGEST_PATCH = 64
_LARGEST_WIDTH = 8192
_MOST_BLOCKS = 200
_MOST_REGISTERS = 256
# Heads of 64 channels are the rule; these widths have 16 of 72 to 104 channels (So400m, ViT-H, g and G).
_HEADS: Final = {1152: 16, 1280: 16, 1408: 16, 1664: 16}
# What a plain vision transformer has not; a net with it is not only short of a tensor, it is another net.
_FOREIGN: Final = re.compile(
    r"dist\w*_token|relative_position|rel_pos|attn_pool|head\.|rope|[qk]_norm|ls_|w[123]\.|fc1_[gx]"
    r"|patch_embed\.norm|patchnorm|storage_token|attn\.norm|mlp\.norm|attn\.gate"
)
# The same, but it says less to a reader: keys without the bias that queries and values have.
_UNEVEN: Final = re.compile(r"[qv]_bias|attn\.[qkv]\.")


def usual_heads(width: int) -> int:
    """Attention heads that nets of this width usually have: 64 channels each, or as near as the width allows."""
    divisors = [heads for heads in range(1, width + 1) if width % heads == 0]
    return _HEADS.get(width) or min(divisors, key=lambda heads: abs(width / heads - 64))


def shape_of(tensors: Weights) -> VitShape | None:
    """The shape these tensors speak of, under timm's names; None where they are not those of a vision transformer.

    Heads, epsilon and activation stand in no tensor and are left at what is usual.
    """
    first, block = tensors["patch_embed.proj.weight"], "blocks.0"
    inside, outside = tensors.get(f"{block}.mlp.fc1.weight"), tensors.get(f"{block}.mlp.fc2.weight")
    if first.ndim != 4 or first.shape[1] != 3 or first.shape[2] != first.shape[3]:
        return None
    width, patch, depth = int(first.shape[0]), int(first.shape[-1]), _depth(tensors)
    if not (1 <= patch <= _LARGEST_PATCH and 1 <= width <= _LARGEST_WIDTH and depth <= _MOST_BLOCKS):
        return None
    if inside is None or outside is None or inside.ndim != 2 or outside.ndim != 2:
        return None
    class_token, registers = "cls_token" in tensors, _registers(tensors)
    grid, own = _places(tensors, int(class_token), registers)
    projection = tensors.get("projection.weight")
    norm = _norm(tensors)
    mlp = int(outside.shape[1])
    return VitShape(
        patch=patch,
        width=width,
        depth=depth,
        heads=usual_heads(width),
        mlp=mlp,
        grid=grid,
        class_token=class_token,
        registers=registers,
        token_positions=own,
        pooling="class" if class_token and norm != "pooled" else "mean",
        pre_norm="norm_pre.weight" in tensors,
        norm=norm,
        activation="swiglu" if mlp and inside.shape[0] == 2 * mlp else "gelu",
        layer_scale=f"{block}.ls1.gamma" in tensors,
        projection=int(projection.shape[0]) if projection is not None and projection.ndim == 2 else 0,
        patch_bias="patch_embed.proj.bias" in tensors,
        qkv_bias=f"{block}.attn.qkv.bias" in tensors,
    )


def _norm(tensors: Weights) -> Literal["tokens", "pooled", "none"]:
    if "norm.weight" in tensors:
        return "tokens"
    return "pooled" if "fc_norm.weight" in tensors else "none"


def _depth(tensors: Weights) -> int:
    depth = 0
    while f"blocks.{depth}.norm1.weight" in tensors:
        depth += 1
    return depth


def _registers(tensors: Weights) -> int:
    found = tensors.get("reg_token")
    return int(found.shape[1]) if found is not None and found.ndim == 3 and found.shape[1] <= _MOST_REGISTERS else 0


def _places(tensors: Weights, class_token: int, registers: int) -> tuple[int, int]:
    """Patches a side, and how many tokens in front have a position: the first of the usual ways that gives a square."""
    found = tensors.get("pos_embed")
    count = int(found.shape[1]) if found is not None and found.ndim == 3 else 0
    for own in (class_token, 0, class_token + registers):
        grid = round(max(count - own, 0) ** 0.5)
        if grid and grid**2 == count - own:
            return grid, own
    return 1, class_token


def judged(match: Match) -> Match:
    """The same match; if something in it is foreign to a plain vision transformer, that alone is told, and first."""
    telling = [name for name in match.extra if _FOREIGN.search(name)]
    foreign = (*telling, *(name for name in match.extra if _UNEVEN.search(name) and name not in telling))
    if not foreign:
        return match
    others = tuple(name for name in match.extra if name not in foreign)
    return Match(found=match.found, expected=match.expected, extra=foreign + others)
