"""A plain vision transformer with timm's parameter names.

Source: Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021; registers of Darcet et al., ICLR 2024; pre-norm
and projection of Radford et al. (CLIP), ICML 2021.
"""

from __future__ import annotations

from typing import cast

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from zepad_engine.architecture import VitShape
from zepad_engine.card import EncoderCard
from zepad_engine.encoders.encoder import Backbone, Encoder, count_parameters
from zepad_engine.errors import BadInput

_DEVIATION = 0.02
_TOKEN_DEVIATION = 1e-6


class QuickGelu(nn.Module):
    """The sigmoid approximation of GELU in OpenAI's CLIP."""

    def forward(self, values: Tensor) -> Tensor:
        """The same shape out as in."""
        return values * torch.sigmoid(1.702 * values)


class SwiGlu(nn.Module):
    """The gate of DINOv2's giant: the first half of the channels, through SiLU, times the second."""

    def forward(self, values: Tensor) -> Tensor:
        """Values (..., 2H) to (..., H)."""
        gate, passed = values.chunk(2, dim=-1)
        return functional.silu(gate) * passed


class Attention(nn.Module):
    """Multi-head self-attention with queries, keys and values out of one linear map."""

    def __init__(self, shape: VitShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.width, 3 * shape.width, bias=shape.qkv_bias)
        self.proj = nn.Linear(shape.width, shape.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, D) to (B, N, D)."""
        batch, count, width = tokens.shape
        split = self.qkv(tokens).reshape(batch, count, 3, self.heads, width // self.heads)
        queries, keys, values = split.permute(2, 0, 3, 1, 4).unbind(0)
        seen = _attend(queries, keys, values).transpose(1, 2).reshape(batch, count, width)
        return cast("Tensor", self.proj(seen))


def _attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    # The fused kernels of CUDA have no deterministic gradient in float32; exact mode insists on one.
    if torch.are_deterministic_algorithms_enabled() and not torch.is_deterministic_algorithms_warn_only_enabled():
        with sdpa_kernel(SDPBackend.MATH):
            return functional.scaled_dot_product_attention(queries, keys, values)
    return functional.scaled_dot_product_attention(queries, keys, values)


class Mlp(nn.Module):
    """Two linear maps with an activation between them."""

    def __init__(self, shape: VitShape) -> None:
        super().__init__()
        gated = shape.activation == "swiglu"
        activations: dict[str, type[nn.Module]] = {"gelu": nn.GELU, "quick_gelu": QuickGelu, "swiglu": SwiGlu}
        self.fc1 = nn.Linear(shape.width, shape.mlp * (2 if gated else 1))
        self.act = activations[shape.activation]()
        self.fc2 = nn.Linear(shape.mlp, shape.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, D) to (B, N, D)."""
        return cast("Tensor", self.fc2(self.act(self.fc1(tokens))))


class LayerScale(nn.Module):
    """One learned factor for each channel of a branch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, tokens: Tensor) -> Tensor:
        """The same shape out as in."""
        return tokens * self.gamma


class Block(nn.Module):
    """Attention and MLP, each after a norm and beside a shortcut."""

    def __init__(self, shape: VitShape) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.attn = Attention(shape)
        self.ls1 = LayerScale(shape.width) if shape.layer_scale else nn.Identity()
        self.norm2 = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.mlp = Mlp(shape)
        self.ls2 = LayerScale(shape.width) if shape.layer_scale else nn.Identity()

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, D) to (B, N, D)."""
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens)))
        return cast("Tensor", tokens + self.ls2(self.mlp(self.norm2(tokens))))


class PatchEmbedding(nn.Module):
    """One linear map of every patch, written as a convolution."""

    def __init__(self, shape: VitShape) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, shape.width, shape.patch, shape.patch, bias=shape.patch_bias)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to tokens (B, H/P * W/P, D), row by row."""
        return cast("Tensor", self.proj(images)).flatten(2).transpose(1, 2)


class VitBackbone(Backbone):
    """Stage 0 is the embedding (with CLIP's norm before the blocks), stage i the i-th block; activations are tokens."""

    def __init__(self, shape: VitShape) -> None:
        super().__init__()
        self.shape = shape
        self.stage_count = shape.depth + 1
        self.feature_dim = shape.projection or shape.width
        self.patch_embed = PatchEmbedding(shape)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, shape.width)) if shape.class_token else None
        self.reg_token = nn.Parameter(torch.zeros(1, shape.registers, shape.width)) if shape.registers else None
        self.pos_embed = nn.Parameter(torch.zeros(1, shape.grid**2 + shape.token_positions, shape.width))
        self.norm_pre = _norm(shape, shape.pre_norm)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.depth))
        self.norm = _norm(shape, shape.norm == "tokens")
        self.fc_norm = _norm(shape, shape.norm == "pooled")
        self.projection: nn.Module = nn.Identity()
        if shape.projection:
            self.projection = nn.Linear(shape.width, shape.projection, bias=False)

    def stage(self, activation: Tensor, index: int) -> Tensor:
        """Stage 0 turns images (B, 3, H, W) into tokens (B, N, D); the others are blocks.

        Raises:
            BadInput: a side of the images is no multiple of the patch.
        """
        if index == 0:
            return cast("Tensor", self.norm_pre(self._embedded(activation)))
        return cast("Tensor", self.blocks[index - 1](activation))

    def pool(self, activation: Tensor) -> Tensor:
        """Features (B, feature_dim) of the tokens after the last block."""
        tokens = self.norm(activation)
        front = self.shape.registers + self.shape.class_token
        pooled = tokens[:, 0] if self.shape.pooling == "class" else tokens[:, front:].mean(dim=1)
        return cast("Tensor", self.projection(self.fc_norm(pooled)))

    def patch_map(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """Tokens (B, N, D) of images of that size in pixels as a map (B, D, h, w) of their patches."""
        front = self.shape.registers + self.shape.class_token
        rows, columns = height // self.shape.patch, width // self.shape.patch
        return tokens[:, front:].transpose(1, 2).reshape(len(tokens), -1, rows, columns)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw fresh weights as timm does: truncated normal for linear maps and positions, PyTorch's for the patches.

        Layer scales start at 1, not at 1e-5: with its blocks all but closed a random net would be no control.
        """
        nn.init.trunc_normal_(self.pos_embed, std=_DEVIATION, generator=generator)
        for token in (self.cls_token, self.reg_token):
            if token is not None:
                nn.init.normal_(token, std=_TOKEN_DEVIATION, generator=generator)
        for part in self.modules():
            _initialise(part, generator)

    def _embedded(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        for side in (height, width):
            require_side(side, self.shape.patch)
        patches = self.patch_embed(images)
        own = self.shape.token_positions
        positions = resized_positions(
            self.pos_embed, own, height // self.shape.patch, width // self.shape.patch, antialias=self.shape.antialias
        )
        tokens = [token.expand(len(images), -1, -1) for token in (self.cls_token, self.reg_token) if token is not None]
        if not tokens:
            return cast("Tensor", patches + positions)
        front = torch.cat(tokens, dim=1)
        return torch.cat([front[:, :own] + positions[:, :own], front[:, own:], patches + positions[:, own:]], dim=1)


def _norm(shape: VitShape, there: bool) -> nn.Module:
    return nn.LayerNorm(shape.width, eps=shape.epsilon) if there else nn.Identity()


def _initialise(part: nn.Module, generator: torch.Generator) -> None:
    if isinstance(part, nn.Linear):
        nn.init.trunc_normal_(part.weight, std=_DEVIATION, generator=generator)
        if part.bias is not None:
            nn.init.zeros_(part.bias)
    elif isinstance(part, nn.Conv2d):
        bound = part.weight[0].numel() ** -0.5
        for weight in (part.weight, part.bias):
            if weight is not None:
                nn.init.uniform_(weight, -bound, bound, generator=generator)
    elif isinstance(part, nn.LayerNorm):
        part.reset_parameters()
    elif isinstance(part, LayerScale):
        nn.init.ones_(part.gamma)


def require_side(side: int, patch: int) -> None:
    """See to it that patches of ``patch`` pixels fill a side of ``side`` pixels.

    Raises:
        BadInput: they do not.
    """
    if side % patch or side < patch:
        below = side // patch * patch
        near = f"{below} or {below + patch}" if below else f"{patch}"
        raise BadInput(
            f"Images of {side} pixels cannot be cut into patches of {patch} pixels.",
            f"Use images of {near} pixels.",
            code="encoder.input_size",
        )


def resized_positions(positions: Tensor, own: int, rows: int, columns: int, *, antialias: bool = False) -> Tensor:
    """Positions (1, own + G*G, D) for a grid of ``rows`` times ``columns``; the first ``own`` are kept as they are.

    Bicubic, in float32. Without ``antialias`` as MAE and Hugging Face do it, with it as timm and DINOv2 with registers.
    DINO and the first DINOv2 ask for a tenth of a patch more than there is and so sample a little beside these places:
    smooth positions moved from 14 to 16 patches a side differ by 3 % of their size, and no file says who will use it.
    """
    grid = round((positions.shape[1] - own) ** 0.5)
    if (rows, columns) == (grid, grid):
        return positions
    square = positions[:, own:].float().unflatten(1, (grid, grid)).permute(0, 3, 1, 2)
    moved = functional.interpolate(square, (rows, columns), mode="bicubic", align_corners=False, antialias=antialias)
    return torch.cat([positions[:, :own].float(), moved.flatten(2).transpose(1, 2)], dim=1)


def empty_vit(card: EncoderCard) -> Encoder:
    """The net a card describes, its weights still unset; draws nothing from the global generator."""
    assert isinstance(card.architecture, VitShape)
    backbone = blank_vit(card.architecture).to_empty(device="cpu")
    counted = msgspec.structs.replace(card, feature_dim=backbone.feature_dim, parameters=count_parameters(backbone))
    return Encoder(backbone, counted).eval()


def blank_vit(shape: VitShape) -> VitBackbone:
    """The net without any memory, to compare names and shapes with."""
    with torch.device("meta"):
        return VitBackbone(shape)
