"""What a net is built from: one frozen value per family, enough to build it with its weights unset. Loads no torch."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class Stem(msgspec.Struct, frozen=True, kw_only=True):
    """The first convolution of a ResNet, whose stride and padding stand in no weight.

    Attributes:
        kernel: side of the kernel in pixels.
        stride: stride in pixels.
        padding: zero padding in pixels.
        pool: whether a max-pool with stride 2 follows.
    """

    kernel: int
    stride: int
    padding: int
    pool: bool


CIFAR_STEM = Stem(kernel=3, stride=1, padding=1, pool=False)
WIDE_CIFAR_STEM = Stem(kernel=3, stride=1, padding=2, pool=False)
IMAGENET_STEM = Stem(kernel=7, stride=2, padding=3, pool=True)


class _Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class ResNetShape(_Shape, frozen=True, kw_only=True, tag="resnet"):
    """A ResNet with torchvision's layout.

    Attributes:
        blocks: residual blocks of each stage.
        bottleneck: whether the blocks are bottlenecks (ResNet-50) or basic (ResNet-18).
        width: channels of the first stage.
        stem: the first convolution.
        shortcut: how a shortcut meets a wider stage: by a convolution, or by padding with zeros.
        groups: groups of the 3x3 convolutions of bottlenecks (ResNeXt); 1 in a plain ResNet.
        inner: channels of a bottleneck's 3x3 convolution for every channel of the stage's width: 1 in a plain
            ResNet, 2 in a wide one.
    """

    blocks: tuple[int, ...]
    bottleneck: bool
    width: int
    stem: Stem
    shortcut: Literal["conv", "pad"] = "conv"
    groups: int = 1
    inner: float = 1.0

    @property
    def family(self) -> str:
        """The word for this family."""
        return "resnet"

    @property
    def title(self) -> str:
        """What people call it, for example ``ResNet-50`` or ``ResNet 1-1-1-1``, with its width."""
        per_block = 3 if self.bottleneck else 2
        depth = 2 + per_block * sum(self.blocks)
        usual = self.blocks in _USUAL_BLOCKS or (len(self.blocks) == 3 and len(set(self.blocks)) == 1)
        name = f"ResNet-{depth}" if usual else f"ResNet {'-'.join(map(str, self.blocks))}"
        wide = "wide " if self.inner > 1 and self.groups == 1 else ""
        return f"{wide}{name}, width {self.width}" + (f", {self.groups} groups" if self.groups > 1 else "")

    @property
    def details(self) -> tuple[str, ...]:
        """What else a reader may want to know of it."""
        stem = self.stem
        return (
            "bottleneck blocks" if self.bottleneck else "basic blocks",
            *(["zero-padded shortcuts"] if self.shortcut == "pad" else []),
            f"stem {stem.kernel}x{stem.kernel}, stride {stem.stride}{', max-pool' if stem.pool else ''}",
        )


_USUAL_BLOCKS = {(2, 2, 2, 2), (3, 4, 6, 3), (3, 4, 23, 3), (3, 8, 36, 3)}


class ConvShape(_Shape, frozen=True, kw_only=True, tag="conv"):
    """Conv4 of few-shot learning; ``width`` is the number of channels of each of its four blocks."""

    width: int

    @property
    def family(self) -> str:
        """The word for this family."""
        return "conv"

    @property
    def title(self) -> str:
        """What people call it."""
        return f"Conv4, width {self.width}"

    @property
    def details(self) -> tuple[str, ...]:
        """What else a reader may want to know of it."""
        return ("four blocks of 3x3 convolution and max-pool",)


class VitShape(_Shape, frozen=True, kw_only=True, tag="vit"):
    """A plain vision transformer.

    Attributes:
        patch: side of a patch in pixels.
        width: length of a token.
        depth: number of blocks.
        heads: attention heads of each block.
        mlp: width of the hidden layer of each block.
        grid: patches a side that the position embedding has.
        class_token: whether a class token goes in front.
        registers: further tokens without a place (DINOv2 with registers).
        token_positions: how many of the tokens in front (class token, registers) have a position of their own.
        pooling: features are the class token or the mean of the patch tokens.
        pre_norm: whether tokens are normalised before the first block (CLIP).
        norm: where the last norm stands: ``tokens`` before pooling, ``pooled`` after it, or ``none``.
        epsilon: what the norms add under the root.
        activation: ``gelu``, or ``quick_gelu`` of OpenAI's CLIP; ``swiglu`` is gated (DINOv2 giant).
        layer_scale: whether each branch of a block is scaled by learned factors (DINOv2).
        projection: length of the features after a last linear map (CLIP); 0 where there is none.
        patch_bias, qkv_bias: whether the patch embedding, and the queries, keys and values, add a bias.
        antialias: whether positions are resized to another grid with antialiasing, as timm does it, or without.
    """

    patch: int
    width: int
    depth: int
    heads: int
    mlp: int
    grid: int
    class_token: bool = True
    registers: int = 0
    token_positions: int = 1
    pooling: Literal["class", "mean"] = "class"
    pre_norm: bool = False
    norm: Literal["tokens", "pooled", "none"] = "tokens"
    epsilon: float = 1e-6
    activation: Literal["gelu", "quick_gelu", "swiglu"] = "gelu"
    layer_scale: bool = False
    projection: int = 0
    patch_bias: bool = True
    qkv_bias: bool = True
    antialias: bool = False

    @property
    def family(self) -> str:
        """The word for this family."""
        return "vit"

    @property
    def title(self) -> str:
        """What people call it, for example ``ViT-S/16``."""
        size = _USUAL_WIDTHS.get((self.width, self.depth))
        return f"ViT-{size}/{self.patch}" if size else f"ViT {self.width}x{self.depth}, patch {self.patch}"

    @property
    def details(self) -> tuple[str, ...]:
        """What else a reader may want to know of it."""
        pooled = "class token" if self.pooling == "class" else "mean of the patches"
        registers = [f"{self.registers} registers"] if self.registers else []
        return (f"{self.heads} heads", *registers, f"features from the {pooled}")


_USUAL_WIDTHS = {(192, 12): "Ti", (384, 12): "S", (768, 12): "B", (1024, 24): "L", (1280, 32): "H", (1536, 40): "g"}


class LibraryShape(_Shape, frozen=True, kw_only=True, tag="library"):
    """A net built by a library.

    Attributes:
        library: who builds it.
        model: the builder's name there, for example ``convnext_tiny``.
        net: the family, for example ``convnext``.
        folds: whether its features stay the same when its batch norms are folded into the convolutions before them.
    """

    library: Literal["torchvision", "timm"]
    model: str
    net: str
    folds: bool = True

    @property
    def family(self) -> str:
        """The word for this family."""
        return self.net

    @property
    def title(self) -> str:
        """What people call it, for example ``ConvNeXt (convnext_tiny)``."""
        return f"{_NET_TITLES.get(self.net, self.net)} ({self.model})"

    @property
    def details(self) -> tuple[str, ...]:
        """What else a reader may want to know of it."""
        return (f"as {self.library} builds it", *([] if self.folds else ["its batch norms are not folded"]))


_NET_TITLES = {
    "convnext": "ConvNeXt",
    "densenet": "DenseNet",
    "efficientnet": "EfficientNet",
    "mobilenet": "MobileNet",
    "regnet": "RegNet",
    "swin": "Swin",
}


Architecture: TypeAlias = ResNetShape | ConvShape | VitShape | LibraryShape
