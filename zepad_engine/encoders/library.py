"""Nets that torchvision or timm build, without their classifiers, cut into the stages an Encoder speaks of.

Sources: ConvNeXt, Liu et al., CVPR 2022; ConvNeXt V2, Woo et al., CVPR 2023; Swin, Liu et al., ICCV 2021 and CVPR 2022;
EfficientNet, Tan and Le, ICML 2019 and 2021; MobileNet, Sandler et al., CVPR 2018, Howard et al., ICCV 2019, Qin et
al., ECCV 2024; RegNet, Radosavovic et al., CVPR 2020; DenseNet, Huang et al., CVPR 2017.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from zepad_engine.architecture import LibraryShape
from zepad_engine.card import EncoderCard
from zepad_engine.encoders.encoder import Backbone, Encoder, count_parameters
from zepad_engine.encoders.library_models import GROUPS
from zepad_engine.encoders.origin import Usual
from zepad_engine.errors import BadCheckpoint, CannotJudge

_DRAWING: Final = ("normal_", "uniform_", "kaiming_uniform_", "erfinv_", "clamp_")


@dataclass(frozen=True, slots=True)
class Layout:
    """How to walk a net: names of its parts in the order they run.

    Attributes:
        stages: for each stage the parts it runs.
        tail: the parts that turn the last activation into features; a mean over the picture ends it where they do not.
        channels_first: whether activations are (B, C, h, w); else they are (B, h, w, C).
    """

    stages: tuple[tuple[str, ...], ...]
    tail: tuple[str, ...]
    channels_first: bool = True


@dataclass(frozen=True, slots=True)
class Blank:
    """What a net expects, known without building it in memory.

    Attributes:
        state: its state dict, tensors without memory.
        buffers: all its buffers, those too that are not stored.
        usual: the pictures its library trained it on.
    """

    state: Mapping[str, Tensor]
    buffers: Mapping[str, Tensor]
    usual: Usual


class LibraryBackbone(Backbone):
    """A net as its library builds it, under the library's names; what is left out has no weights or classifies."""

    def __init__(self, shape: LibraryShape, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        # Read by fold_batch_norms.
        self.foldable = shape.folds
        net = _built(shape, seed)
        self.feature_dim = _feature_dim(net, shape)
        self.layout = _layout(net, shape)
        self.stage_count = len(self.layout.stages)
        parts = {part.partition(".")[0] for stage in (*self.layout.stages, self.layout.tail) for part in stage}
        for name, part in net.named_children():
            if name in parts:
                self.add_module(name, part)

    def stage(self, activation: Tensor, index: int) -> Tensor:
        """Stage 0 is the stem; activations are (B, C, h, w), Swin's too."""
        if index and not self.layout.channels_first:
            activation = activation.permute(0, 2, 3, 1)
        activation = self._run(self.layout.stages[index], activation)
        return activation if self.layout.channels_first else activation.permute(0, 3, 1, 2)

    def pool(self, activation: Tensor) -> Tensor:
        """What the library hands its classifier, (B, feature_dim)."""
        if not self.layout.channels_first:
            activation = activation.permute(0, 2, 3, 1)
        pooled = self._run(self.layout.tail, activation)
        return functional.adaptive_avg_pool2d(pooled, 1).flatten(1) if pooled.ndim == 4 else pooled

    def initialise(self, generator: torch.Generator) -> None:
        """Draw fresh weights the library's way; the global generator is not touched."""
        seed = int(torch.randint(2**62, (), generator=generator))
        self.load_state_dict(LibraryBackbone(self.shape, seed).state_dict())

    def _run(self, parts: tuple[str, ...], activation: Tensor) -> Tensor:
        for part in parts:
            activation = self.get_submodule(part)(activation)
        return activation


def empty_library_net(card: EncoderCard) -> Encoder:
    """The net a card describes, its weights not those of the file yet; draws nothing from the global generator.

    Raises:
        BadCheckpoint: the card names a model that is not known.
        CannotJudge: timm is needed and not installed.
    """
    shape = card.architecture
    assert isinstance(shape, LibraryShape)
    if not any(shape.library == group.library and shape.model in group.models for group in GROUPS):
        raise BadCheckpoint(f"{shape.library} builds no {shape.model} that ZePAD knows.", "Copy both files again.")
    require_library(shape)
    backbone = LibraryBackbone(shape)
    counted = msgspec.structs.replace(card, feature_dim=backbone.feature_dim, parameters=count_parameters(backbone))
    return Encoder(backbone, counted).eval()


def installed(library: str) -> bool:
    """Whether a library can be loaded."""
    try:
        importlib.import_module(library)
    except ImportError:
        return False
    return True


def require_library(shape: LibraryShape) -> None:
    """See that the library which builds a net is there.

    Raises:
        CannotJudge: it is not installed; code ``encoder.needs_package``.
    """
    if not installed(shape.library):
        raise CannotJudge(
            f"This is a {shape.title.partition(' (')[0]} as {shape.library} names it.",
            f"Install {shape.library}: pip install 'zepad[{shape.library}]'.",
            code="encoder.needs_package",
        )


class _Undrawn(TorchFunctionMode):
    """Leaves out the drawing of weights, half the time of building a net that has no memory for them anyway."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function gives
        """What torch calls instead of ``func``."""
        named = kwargs or {}
        if getattr(func, "__name__", "") in _DRAWING:
            return args[0] if args else named["tensor"]
        return func(*args, **named)


@functools.cache
def blank(shape: LibraryShape) -> Blank:
    """What a net expects."""
    # torchvision reckons the widths of a RegNet with tensors, which need memory; its weights are never touched.
    reckons = shape.library == "torchvision" and shape.net == "regnet"
    with torch.device("cpu" if reckons else "meta"), _Undrawn():
        net = LibraryBackbone(shape).to("meta")
    return Blank(net.state_dict(), dict(net.named_buffers()), _usual(shape))


def _built(shape: LibraryShape, seed: int) -> nn.Module:
    """The library's own net; its random weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        if shape.library == "torchvision":
            return cast("nn.Module", _torchvision().get_model(shape.model, weights=None))
        settings: dict[str, Any] = {}
        if shape.net == "swin":
            # Pictures of any size then, padded to whole windows; at the model's own size nothing changes.
            settings["strict_img_size"] = False
        timm = importlib.import_module("timm")
        return cast("nn.Module", timm.create_model(shape.model, pretrained=False, num_classes=0, **settings))


def _torchvision() -> Any:  # noqa: ANN401 - a module
    """Loaded when a file needs it: it takes as long as torch itself."""
    return importlib.import_module("torchvision.models")


def _feature_dim(net: nn.Module, shape: LibraryShape) -> int:
    if shape.library == "timm":
        return int(cast("int", net.head_hidden_size))
    named = ((name, part) for name, part in net.named_modules() if name.startswith(("classifier", "head", "fc")))
    return next(part.in_features for _, part in named if isinstance(part, nn.Linear))


def _usual(shape: LibraryShape) -> Usual:
    if shape.library == "torchvision":
        told = _torchvision().get_model_weights(shape.model).DEFAULT.transforms()
        return Usual(tuple(told.mean), tuple(told.std), int(told.crop_size[0]))
    told = importlib.import_module("timm").get_pretrained_cfg(shape.model)
    return Usual(tuple(told.mean), tuple(told.std), int(told.input_size[-1]))


def _layout(net: nn.Module, shape: LibraryShape) -> Layout:
    """Where the stages of a net lie; a classifier is cut off."""
    if shape.library == "torchvision":
        return _torchvision_layout(net, shape.net)
    return _timm_layout(net, shape.net)


def _torchvision_layout(net: nn.Module, family: str) -> Layout:
    if family == "regnet":
        return Layout((("stem",), *((name,) for name in _children(net, "trunk_output"))), ("avgpool",))
    features = _children(net, "features")
    if family == "densenet":
        net.add_module("relu", nn.ReLU())
        ends = [at for at, name in enumerate(features, 1) if "pool0" in name or "denseblock" in name]
        stages = [tuple(features[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
        return Layout((*stages[:-1], (*stages[-1], *features[ends[-1] :], "relu")), ())
    if family in {"convnext", "swin"}:
        # The stem, the first stage, and then a layer that halves the picture before each further stage.
        pairs = [tuple(features[at : at + 2]) for at in range(2, len(features), 2)]
        stages = [(features[0],), (features[1],), *pairs]
        if family == "swin":
            return Layout((*stages[:-1], (*stages[-1], "norm")), ("permute", "avgpool"), channels_first=False)
        net.add_module("classifier", cast("nn.Sequential", net.get_submodule("classifier"))[:2])
        return Layout(tuple(stages), ("avgpool", "classifier"))
    pooled = ("avgpool",) if hasattr(net, "avgpool") else ()
    return Layout(tuple((name,) for name in features), pooled)


def _timm_layout(net: nn.Module, family: str) -> Layout:
    if family == "regnet":
        return Layout((("stem",), ("s1",), ("s2",), ("s3",), ("s4", "final_conv")), ("head",))
    if family == "swin":
        # Sides that are no multiple of a patch are padded too.
        net.get_submodule("patch_embed").dynamic_img_pad = True  # type: ignore[assignment]
        *first, last = _children(net, "layers")
        return Layout((("patch_embed",), *((name,) for name in first), (last, "norm")), ("head",), False)
    if family == "convnext":
        *first, last = _children(net, "stages")
        return Layout((("stem",), *((name,) for name in first), (last, "norm_pre")), ("head",))
    blocks = [(name,) for name in _children(net, "blocks")]
    stem = ("conv_stem", "bn1")
    if hasattr(net, "norm_head"):
        return Layout((stem, *blocks), ("global_pool", "conv_head", "norm_head", "act2"))
    return Layout((stem, *blocks, ("conv_head", "bn2")), ("global_pool",))


def _children(net: nn.Module, name: str) -> list[str]:
    return [f"{name}.{child}" for child, _ in net.get_submodule(name).named_children()]
