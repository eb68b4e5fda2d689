"""A vision transformer written with torch's own attention, and the names under which its tensors are stored elsewhere.

It shares no line with the engine's net or its tables of names: what it says is what the engine is checked against.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE = 32
PATCH = 8
GRID = SIZE // PATCH


def quick_gelu(values: Tensor) -> Tensor:
    return values * torch.sigmoid(1.702 * values)


class ReferenceVit(nn.Module):
    """Its tensors have neutral names; ``named`` writes them under those of a table."""

    def __init__(
        self,
        *,
        heads: int = 2,
        width: int = 128,
        depth: int = 2,
        registers: int = 0,
        epsilon: float = 1e-6,
        activation: Callable[[Tensor], Tensor] = functional.gelu,
        pre: bool = False,
        scaled: bool = False,
        gated: bool = False,
        projection: int = 0,
        patch_bias: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.depth, self.heads, self.epsilon, self.activation = depth, heads, epsilon, activation
        self.registers, self.pre, self.scaled, self.gated = registers, pre, scaled, gated
        generator = torch.Generator().manual_seed(seed)

        def draw(*size: int, spread: float = 0.1, middle: float = 0.0) -> Tensor:
            return middle + spread * torch.randn(*size, generator=generator)

        self.parts = {
            "class": draw(width),
            "patch.weight": draw(width, 3, PATCH, PATCH),
            "places": draw(GRID**2 + 1, width, spread=0.5),
        }
        if patch_bias:
            self.parts["patch.bias"] = draw(width)
        if registers:
            self.parts["registers"] = draw(registers, width)
        if projection:
            self.parts["projection"] = draw(projection, width)
        for norm in ("pre", "last") if pre else ("last",):
            self.parts |= {f"{norm}.weight": draw(width, middle=1.0), f"{norm}.bias": draw(width)}
        for index in range(depth):
            block = self._block(width, draw)
            self.parts |= {f"{index}.{name}": tensor for name, tensor in block.items()}

    def _block(self, width: int, draw: Callable[..., Tensor]) -> dict[str, Tensor]:
        hidden = 2 * width
        ups = ("gate", "up") if self.gated else ("up",)
        maps = dict.fromkeys(("q", "k", "v", "out"), (width, width)) | dict.fromkeys(ups, (hidden, width))
        block = {f"{each}.weight": draw(*size) for each, size in {**maps, "down": (width, hidden)}.items()}
        block |= {f"{each}.bias": draw(len(block[f"{each}.weight"])) for each in (*maps, "down")}
        for norm in ("one", "two"):
            block |= {f"{norm}.weight": draw(width, middle=1.0), f"{norm}.bias": draw(width)}
        return block | ({"scale1": draw(width), "scale2": draw(width)} if self.scaled else {})

    def forward(self, images: Tensor) -> Tensor:
        """Features of normalised images."""
        parts = self.parts
        patches = functional.conv2d(images, parts["patch.weight"], parts.get("patch.bias"), stride=PATCH)
        tokens = torch.cat([parts["class"].expand(len(images), 1, -1), patches.flatten(2).transpose(1, 2)], dim=1)
        tokens = tokens + self._places(patches.shape[-1])
        if self.registers:
            more = parts["registers"].expand(len(images), -1, -1)
            tokens = torch.cat([tokens[:, :1], more, tokens[:, 1:]], dim=1)
        tokens = self._norm(tokens, "pre") if self.pre else tokens
        for index in range(self.depth):
            tokens = tokens + self._scale(self._seen(self._norm(tokens, f"{index}.one"), index), f"{index}.scale1")
            tokens = tokens + self._scale(self._mixed(self._norm(tokens, f"{index}.two"), index), f"{index}.scale2")
        features = self._norm(tokens, "last")[:, 0]
        return features @ parts["projection"].T if "projection" in parts else features

    def _places(self, grid: int) -> Tensor:
        places = self.parts["places"]
        if grid == GRID:
            return places
        square = places[1:].T.reshape(1, -1, GRID, GRID)
        # DINOv2 resizes with antialias where it has registers, and only there.
        smooth = self.registers > 0
        moved = functional.interpolate(square, (grid, grid), mode="bicubic", align_corners=False, antialias=smooth)
        return torch.cat([places[:1], moved[0].flatten(1).T])

    def _norm(self, tokens: Tensor, name: str) -> Tensor:
        weight, bias = self.parts[f"{name}.weight"], self.parts[f"{name}.bias"]
        return functional.layer_norm(tokens, weight.shape, weight, bias, self.epsilon)

    def _scale(self, tokens: Tensor, name: str) -> Tensor:
        return tokens * self.parts[name] if self.scaled else tokens

    def _seen(self, tokens: Tensor, index: int) -> Tensor:
        part = {name.removeprefix(f"{index}."): tensor for name, tensor in self.parts.items()}
        attention = nn.MultiheadAttention(tokens.shape[-1], self.heads, batch_first=True)
        stored = {
            "in_proj_weight": torch.cat([part["q.weight"], part["k.weight"], part["v.weight"]]),
            "in_proj_bias": torch.cat([part["q.bias"], part["k.bias"], part["v.bias"]]),
            "out_proj.weight": part["out.weight"],
            "out_proj.bias": part["out.bias"],
        }
        attention.load_state_dict(stored)
        return attention(tokens, tokens, tokens, need_weights=False)[0]

    def _mixed(self, tokens: Tensor, index: int) -> Tensor:
        def linear(name: str, values: Tensor) -> Tensor:
            return functional.linear(values, self.parts[f"{index}.{name}.weight"], self.parts[f"{index}.{name}.bias"])

        if self.gated:
            inside = functional.silu(linear("gate", tokens)) * linear("up", tokens)
        else:
            inside = self.activation(linear("up", tokens))
        return linear("down", inside)

    def named(self, table: dict[str, str], layer: str) -> dict[str, Tensor]:
        """The tensors under the names of a table; ``layer`` takes the index of a block."""
        found: dict[str, Tensor] = {}
        for name, tensor in self.parts.items():
            first, _, rest = name.partition(".")
            stem, _, kind = (rest if first.isdecimal() else name).partition(".")
            before = layer.format(first) if first.isdecimal() else ""
            found[f"{before}{table[stem]}{'.' + kind if kind else ''}"] = tensor
        return found

    def as_timm(self) -> dict[str, Tensor]:
        """The tensors as the engine's net should have them."""
        found = fused(self.named(TIMM, "blocks.{}."), ("attn.q", "attn.k", "attn.v"), "attn.qkv")
        if self.gated:
            found = fused(found, ("mlp.gate", "mlp.fc1"), "mlp.fc1")
        for name in ("cls_token", "reg_token", "pos_embed"):
            if name in found:
                found[name] = found[name].reshape(1, -1, found[name].shape[-1])
        return found


def fused(tensors: dict[str, Tensor], parts: tuple[str, ...], joined: str) -> dict[str, Tensor]:
    """Rows of several tensors of each block in one."""
    whole = {name: tensor for name, tensor in tensors.items() if not any(f".{part}." in name for part in parts)}
    for name in tensors:
        if f".{parts[0]}." in name:
            rows = [tensors[name.replace(f".{parts[0]}.", f".{part}.")] for part in parts]
            whole[name.replace(f".{parts[0]}.", f".{joined}.")] = torch.cat(rows)
    return whole


_MLP = {"up": "mlp.fc1", "down": "mlp.fc2", "gate": "mlp.gate"}
TIMM = {
    "class": "cls_token",
    "patch": "patch_embed.proj",
    "places": "pos_embed",
    "registers": "reg_token",
    "pre": "norm_pre",
    "last": "norm",
    "projection": "projection.weight",
    "one": "norm1",
    "two": "norm2",
    "q": "attn.q",
    "k": "attn.k",
    "v": "attn.v",
    "out": "attn.proj",
    "scale1": "ls1.gamma",
    "scale2": "ls2.gamma",
    **_MLP,
}
_HF_ENDS = {
    "class": "embeddings.cls_token",
    "patch": "embeddings.patch_embeddings.projection",
    "places": "embeddings.position_embeddings",
    "registers": "embeddings.register_tokens",
    "last": "layernorm",
}
_HF_ATTENTION = {
    "q": "attention.attention.query",
    "k": "attention.attention.key",
    "v": "attention.attention.value",
    "out": "attention.output.dense",
}
HUGGING_FACE = {
    **_HF_ENDS,
    **_HF_ATTENTION,
    "one": "layernorm_before",
    "two": "layernorm_after",
    "up": "intermediate.dense",
    "down": "output.dense",
}
HUGGING_FACE_5 = {
    **_HF_ENDS,
    **_MLP,
    **{part: f"attention.{part}_proj" for part in ("q", "k", "v")},
    "out": "attention.o_proj",
    "one": "layernorm_before",
    "two": "layernorm_after",
}
HUGGING_FACE_DINO2 = {
    **_HF_ENDS,
    **_HF_ATTENTION,
    **_MLP,
    "one": "norm1",
    "two": "norm2",
    "scale1": "layer_scale1.lambda1",
    "scale2": "layer_scale2.lambda1",
}
HUGGING_FACE_CLIP = {
    "class": "embeddings.class_embedding",
    "patch": "embeddings.patch_embedding",
    "places": "embeddings.position_embedding.weight",
    "pre": "pre_layrnorm",
    "last": "post_layernorm",
    **{part: f"self_attn.{part}_proj" for part in ("q", "k", "v", "out")},
    "one": "layer_norm1",
    "two": "layer_norm2",
    **_MLP,
}
_CLIP = {
    "class": "class_embedding",
    "patch": "conv1",
    "places": "positional_embedding",
    "pre": "ln_pre",
    "last": "ln_post",
    "q": "attn.q",
    "k": "attn.k",
    "v": "attn.v",
    "out": "attn.out_proj",
    "one": "ln_1",
    "two": "ln_2",
    "up": "mlp.c_fc",
    "down": "mlp.c_proj",
    "projection": "proj",
}


def as_clip(net: ReferenceVit) -> dict[str, Tensor]:
    """The tensors as OpenAI's CLIP and open_clip name them, without the ``visual.`` in front."""
    named = net.named(_CLIP, "transformer.resblocks.{}.")
    found = fused(named, ("attn.q", "attn.k", "attn.v"), "attn.in_proj")
    found = {name.replace(".in_proj.", ".in_proj_"): tensor for name, tensor in found.items()}
    return found | ({"proj": named["proj"].T.contiguous()} if "proj" in named else {})


def as_hugging_face(net: ReferenceVit, table: dict[str, str], layer: str, prefix: str = "") -> dict[str, Tensor]:
    """The tensors as Hugging Face stores them; tokens and positions with a batch dimension, save CLIP's."""
    found = net.named(table, layer)
    for name in ("embeddings.cls_token", "embeddings.position_embeddings", "embeddings.register_tokens"):
        if name in found:
            found[name] = found[name].reshape(1, -1, found[name].shape[-1])
    return {prefix + name: tensor for name, tensor in found.items()}
