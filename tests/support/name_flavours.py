"""Flavours of ResNets and Conv4 by the names and the shapes libraries give them, one row each."""

from __future__ import annotations

import argparse
from functools import partial

import torch

from tests.support.flavours import Flavour, State, linear, other, under
from tests.support.method_flavours import FEATURES, lightning, projector
from tests.support.resnet_nets import (
    basic,
    bottleneck,
    children_in_a_row,
    cifar_resnet,
    conv4,
    hugging_face,
    residual_function,
    shortcuts,
    small,
    wide_stem,
)
from zepad_engine.architecture import CIFAR_STEM, IMAGENET_STEM, WIDE_CIFAR_STEM
from zepad_engine.card import CIFAR_MEAN, IMAGENET_MEAN, Overrides

NUMBERED = (
    Flavour(
        name="torchvision's children in a row (bolts, lightly)",
        make=basic,
        content=lambda source: lightning(
            {**under("backbone.", children_in_a_row(source.net)), **projector("projection_head.layers.")}
        ),
        file="epoch=99.ckpt",
        net="state_dict/backbone.",
        ignored=("projection_head.layers.0.weight",),
        card={"architecture.stem": IMAGENET_STEM},
    ),
    Flavour(
        name="lightly's own ResNet, with its momentum copy",
        make=small,
        content=lambda source: lightning(
            {
                **under("backbone.", shortcuts(children_in_a_row(source.net, "relu", "maxpool"))),
                **under("backbone_momentum.", other(children_in_a_row(source.net, "relu", "maxpool"))),
            }
        ),
        file="lightly.ckpt",
        net="state_dict/backbone.",
        says=("padding 1", "ImageNet, as lightly", "32 pixels", "backbone_momentum.); it was not taken"),
        card={"mean": IMAGENET_MEAN, "architecture.stem": CIFAR_STEM},
    ),
    Flavour(
        name="children in a row without the max-pool",
        make=small,
        content=lambda source: {
            **under("f.", children_in_a_row(source.net, "maxpool")),
            **under("g.", projector("")),
        },
        file="128_0.5_200_512_500_model.pth",
        net="f.",
        ignored=("g.0.weight",),
        card={"mean": CIFAR_MEAN},
    ),
    Flavour(
        name="a whole classifier in a row",
        make=small,
        content=lambda source: {**children_in_a_row(source.net), **linear("10.", 10, FEATURES)},
        net="",
        ignored=("10.weight", "10.bias"),
    ),
)

LIBRARIES = (
    Flavour(
        name="Hugging Face folder, ResNetForImageClassification",
        make=bottleneck,
        content=lambda source: {
            **under("resnet.", hugging_face(source.state)),
            **linear("classifier.1.", 1000, 4 * FEATURES),
        },
        file="resnet-50/model.safetensors",
        beside={
            "config.json": {"architectures": ["ResNetForImageClassification"], "downsample_in_first_stage": False},
            "preprocessor_config.json": {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.2, 0.3]},
        },
        net="resnet.",
        ignored=("classifier.1.weight",),
        says=("settings in or beside the file",),
        card={"name": "resnet-50", "mean": (0.5, 0.4, 0.3)},
    ),
    Flavour(
        name="Hugging Face ResNetModel, basic blocks",
        make=basic,
        content=lambda source: hugging_face(source.state),
        file="model/pytorch_model.bin",
        net="",
        card={"mean": IMAGENET_MEAN},
    ),
    Flavour(
        name="torchvision or timm, safetensors",
        make=basic,
        content=lambda source: source.state | linear("fc.", 1000, FEATURES),
        file="resnet18.safetensors",
        net="",
        ignored=("fc.weight", "fc.bias"),
        says=("ImageNet", "224 pixels"),
    ),
    Flavour(
        name="timm's training file",
        make=basic,
        content=lambda source: {
            "epoch": 3,
            "arch": "resnet18",
            "state_dict": source.state | linear("fc.", 1000, FEATURES),
            "args": argparse.Namespace(model="resnet18", img_size=160, mean=[0.1, 0.2, 0.3], std=[0.3, 0.2, 0.1]),
        },
        file="model_best.pth.tar",
        net="state_dict/",
        ignored=("fc.weight",),
        card={"input_size": 160},
    ),
    Flavour(
        name="DataParallel inside the net",
        make=basic,
        content=lambda source: {
            "model": {name.replace("layer1.", "layer1.module."): tensor for name, tensor in source.state.items()}
        },
        net="model/",
    ),
    Flavour(
        name="torch.compile around DataParallel",
        make=basic,
        content=lambda source: {"model": under("_orig_mod.module.", source.state), "step": torch.tensor(3)},
        net="model/",
    ),
    Flavour(
        name="residual_function names",
        make=small,
        content=lambda source: {**residual_function(source.state), **linear("fc.", 100, FEATURES)},
        file="resnet18-200-best.pth",
        net="",
        ignored=("fc.weight",),
        says=("padding 1", "CIFAR-100, as the stem is 3x3 and a classifier of 100 classes", "32 pixels"),
    ),
    Flavour(
        name="tiny ImageNet's classifier",
        make=small,
        content=lambda source: {"net": shortcuts(source.state) | linear("linear.", 200, FEATURES), "acc": 0.5},
        net="net/",
        says=("padding 1", "ImageNet, as the stem is 3x3 and a classifier of 200 classes", "64 pixels"),
    ),
    Flavour(
        name="the user says the stem",
        make=wide_stem,
        content=lambda source: source.state,
        net="",
        overrides=Overrides(stem=WIDE_CIFAR_STEM),
        says=("CIFAR-10", "32 pixels"),
    ),
)


def _title(title: str) -> dict[str, object]:
    return {"architecture.title": title}


SHAPES = (
    *(
        Flavour(name=title, make=make, content=lambda source: source.state, net="", card=_title(title))
        for title, make in (
            ("ResNet-18, width 16", partial(basic, layers=(2, 2, 2, 2), width=16)),
            ("ResNet-34, width 8", partial(basic, layers=(3, 4, 6, 3))),
            ("ResNet-50, width 8", partial(bottleneck, layers=(3, 4, 6, 3))),
            ("ResNet-101, width 8", partial(bottleneck, layers=(3, 4, 23, 3))),
            ("wide ResNet-50, width 8", partial(bottleneck, layers=(3, 4, 6, 3), width_per_group=128)),
            (
                "ResNet-50, width 16, 32 groups",
                partial(bottleneck, layers=(3, 4, 6, 3), width=16, groups=32, width_per_group=4),
            ),
            ("ResNet-110, width 16", partial(cifar_resnet, 18)),
        )
    ),
    Flavour(
        name="CIFAR ResNet-20, option A, old torch",
        make=partial(cifar_resnet, 3),
        content=lambda source: {
            "state_dict": under("module.", _uncounted(source.state) | linear("linear.", 10, 64)),
            "best_prec1": 92.6,
        },
        file="resnet20-12fca82f.th",
        net="state_dict/",
        ignored=("module.linear.weight",),
        says=("padding 1", "ImageNet, as the ResNets with zero-padded shortcuts", "32 pixels"),
        card=_title("ResNet-20, width 16"),
    ),
    Flavour(
        name="CIFAR ResNet-56, option B",
        make=partial(cifar_resnet, 9, padded=False),
        content=lambda source: under("net.", shortcuts(source.state) | linear("fc.", 10, 64)),
        net="net.",
        says=("padding 1", "CIFAR-10, as the stem is 3x3 and a classifier of 10 classes", "32 pixels"),
        card=_title("ResNet-56, width 16"),
    ),
    Flavour(
        name="Conv4 in one row, Lightning",
        make=conv4,
        content=lambda source: lightning(under("encoder.encoder.", source.state)),
        file="conv4.ckpt",
        net="state_dict/encoder.encoder.",
        says=("plain values from 0 to 1", "84 pixels"),
        side=84,
    ),
    Flavour(
        name="Conv4 block by block, with a momentum copy",
        make=partial(conv4, nested=True),
        content=lambda source: {
            "model": {**under("encoder.", source.state), **under("momentum_encoder.", other(source.state))}
        },
        file="conv4.pth.tar",
        net="model/encoder.",
        says=("plain values", "84 pixels", "model/momentum_encoder."),
        side=84,
    ),
)


def _uncounted(state: State) -> State:
    """Without what batch norm counts: torch before 0.4.1 did not."""
    return {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}


NAME_FLAVOURS = (*NUMBERED, *LIBRARIES, *SHAPES)
