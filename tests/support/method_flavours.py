"""Flavours of ResNets by training method, one row each: the container, its keys, and what the card must say."""

from __future__ import annotations

import argparse
from collections import OrderedDict
from functools import partial

import torch

from tests.support.flavours import Flavour, Source, State, foreign, linear, omegaconf, other, sgd, under
from tests.support.resnet_nets import (
    basic,
    bottleneck,
    shortcuts,
    simclr_v2,
    small,
    wide_stem,
)
from zepad_engine.card import CIFAR_MEAN, IMAGENET_MEAN, Overrides

_PLAIN = (0.0, 0.0, 0.0)
# Features of basic blocks of width 8; bottlenecks have four times as many.
FEATURES = 64


def lightning(state: State, **more: object) -> dict[str, object]:
    """What PyTorch Lightning puts around the weights."""
    return {
        "epoch": 999,
        "global_step": 195000,
        "pytorch-lightning_version": "1.9.5",
        "state_dict": OrderedDict(state),
        "callbacks": {"Checkpointer": {"last_ckpt": None}},
        "optimizer_states": [sgd(state)],
        "lr_schedulers": [{"last_epoch": 999, "_last_lr": [0.01]}],
        **more,
    }


def projector(prefix: str) -> State:
    return {**linear(f"{prefix}0.", 32, FEATURES), **linear(f"{prefix}2.", 16, 32)}


def _solo_learn(source: Source) -> object:
    state = {
        **under("backbone.", source.state),
        **linear("classifier.", 10, FEATURES),
        **projector("projector."),
        **under("momentum_backbone.", other(source.state)),
        **projector("momentum_projector."),
        "queue": torch.rand(2, 16, 32),
    }
    told = {"method": "byol", "max_epochs": 1000, "data": {"dataset": "cifar10"}, "backbone": {"name": "resnet18"}}
    return lightning(state, hyper_parameters={"cfg": omegaconf(told)})


def _old_solo_learn(source: Source) -> object:
    state = {**under("encoder.", source.state), **linear("classifier.", 100, FEATURES), **projector("projector.")}
    told = argparse.Namespace(method="barlow_twins", dataset="cifar100", encoder="resnet18", max_epochs=500)
    return lightning(state, hyper_parameters=vars(told), hparams=told)


SOLO_LEARN = (
    Flavour(
        name="solo-learn, omegaconf settings, momentum copy",
        make=wide_stem,
        content=_solo_learn,
        file="byol-cifar10-ep=999.ckpt",
        net="state_dict/backbone.",
        ignored=("classifier.weight", "queue", "momentum_backbone.conv1.weight", "projector.0.weight"),
        says=("padding 2", "cifar10", "32 pixels", "(state_dict/momentum_backbone.); it was not taken"),
        card={"method": "byol", "mean": CIFAR_MEAN, "input_size": 32},
    ),
    Flavour(
        name="solo-learn with args.json beside",
        make=basic,
        content=lambda source: lightning({**under("backbone.", source.state), **linear("classifier.", 100, FEATURES)}),
        file="simclr.ckpt",
        beside={"args.json": {"method": "simclr", "dataset": "imagenet100", "max_epochs": 400}},
        net="state_dict/backbone.",
        says=("usual one of imagenet100", "224 pixels"),
        card={"method": "simclr", "data": "imagenet100", "epochs": 400, "mean": IMAGENET_MEAN, "input_size": 224},
    ),
    Flavour(
        name="solo-learn before 2022, encoder. and a Namespace",
        make=wide_stem,
        content=_old_solo_learn,
        file="old.ckpt",
        net="state_dict/encoder.",
        ignored=("classifier.bias", "projector.2.weight"),
        says=("padding 2", "cifar100"),
        card={"method": "barlow_twins", "data": "cifar100", "epochs": 500},
    ),
    Flavour(
        name="Lightning, settings of a module of its own",
        make=small,
        content=lambda source: lightning(
            under("model.encoder.", source.state), hyper_parameters=foreign("train.Settings", {"lr": 0.1})
        ),
        file="last.ckpt",
        net="state_dict/model.encoder.",
        says=("padding 1", "CIFAR-10", "32 pixels"),
        card={"mean": CIFAR_MEAN},
    ),
)


def _moco(source: Source, *, both: bool) -> object:
    state = under("module.encoder_q.", {**source.state, **linear("fc.", 128, FEATURES)})
    if both:
        state |= under("module.encoder_k.", other(source.state))
        state |= {"module.queue": torch.rand(128, 64), "module.queue_ptr": torch.zeros(1, dtype=torch.long)}
    return {"epoch": 200, "arch": "resnet50", "state_dict": state, "optimizer": sgd(state)}


def _moco3(source: Source) -> object:
    head = projector("fc.")
    state = {
        **under("module.base_encoder.", source.state | head),
        **under("module.momentum_encoder.", other(source.state) | head),
        **projector("module.predictor."),
    }
    return {"epoch": 300, "arch": "resnet50", "state_dict": state, "optimizer": sgd(state), "scaler": {"scale": 1.0}}


def _byol(source: Source) -> State:
    online = {**under("net.", source.state), **projector("projector.net.")}
    return {**under("online_encoder.", online), **under("target_encoder.", other(online))}


def dino(source: Source, *, student: bool = True) -> object:
    """A training file of DINO: the student under DataParallel, the teacher plain."""
    head = linear("head.mlp.0.", 32, FEATURES)
    content = {
        "student": under("module.", {**under("backbone.", other(source.state)), **head}),
        "teacher": {**under("backbone.", source.state), **head},
        "optimizer": sgd(source.state),
        "epoch": 100,
        "args": argparse.Namespace(arch="resnet50", patch_size=16, out_dim=65536, batch_size_per_gpu=64),
        "dino_loss": {"center": torch.rand(1, 65536)},
    }
    return content if student else {key: value for key, value in content.items() if key != "student"}


TWO_ENCODERS = (
    Flavour(
        name="MoCo v1 and v2, the user says which",
        make=bottleneck,
        content=partial(_moco, both=True),
        file="moco_v2.pth.tar",
        net="state_dict/encoder_q.",
        overrides=Overrides(net="state_dict/encoder_q."),
        ignored=("module.queue", "module.queue_ptr", "module.encoder_k.conv1.weight", "module.encoder_q.fc.weight"),
        says=("ImageNet", "224 pixels"),
    ),
    Flavour(
        name="MoCo, the query encoder only",
        make=bottleneck,
        content=partial(_moco, both=False),
        file="moco_v1.pth.tar",
        net="state_dict/encoder_q.",
        ignored=("module.encoder_q.fc.weight", "module.encoder_q.fc.bias"),
    ),
    Flavour(
        name="MoCo v3",
        make=bottleneck,
        content=_moco3,
        file="r-50-300ep.pth.tar",
        net="state_dict/base_encoder.",
        ignored=("module.base_encoder.fc.0.weight", "module.momentum_encoder.conv1.weight"),
        says=("ImageNet", "224 pixels", "momentum_encoder.); it was not taken"),
    ),
    Flavour(
        name="BYOL port, the user takes the target",
        make=basic,
        content=lambda source: _byol(Source(net=source.net, state=_halved(source.state), tensors={})),
        net="target_encoder.net.",
        overrides=Overrides(net="target_encoder.net."),
        ignored=("online_encoder.net.conv1.weight", "target_encoder.projector.net.0.weight"),
    ),
    Flavour(
        name="DINO, the teacher of both",
        make=bottleneck,
        content=dino,
        file="dino_resnet50_pretrain_full.pth",
        net="teacher/backbone.",
        overrides=Overrides(net="teacher/backbone."),
        ignored=("head.mlp.0.weight", "student/module.backbone.conv1.weight", "dino_loss/center"),
    ),
    Flavour(
        name="DINO, the teacher alone",
        make=bottleneck,
        content=partial(dino, student=False),
        net="teacher/backbone.",
        ignored=("head.mlp.0.bias",),
    ),
)


def _halved(state: State) -> State:
    return {name: tensor / 2 if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def _barlow(source: Source) -> object:
    model = {
        **under("module.backbone.", source.state),
        **projector("module.projector."),
        "module.bn.running_mean": torch.zeros(16),
    }
    return {"epoch": 1000, "model": model, "optimizer": sgd(model)}


def _supcon(source: Source) -> object:
    model = {**under("encoder.module.", shortcuts(source.state)), **projector("head.")}
    told = argparse.Namespace(method="SupCon", dataset="cifar10", model="resnet18", epochs=1000)
    return {"opt": told, "model": model, "optimizer": sgd(model), "epoch": 1000}


def _vissl(source: Source) -> object:
    model = {"trunk": under("_feature_blocks.", source.state), "heads": projector("0.clf.")}
    return {
        "phase_idx": 100,
        "iteration": 500,
        "classy_state_dict": {"base_model": {"model": model, "meta": {"input_shape": [3, 224, 224]}}, "losses": {}},
    }


def _mmselfsup(source: Source) -> object:
    state = {**under("backbone.", source.state), **projector("neck."), **linear("head.fc.", 4, 16)}
    return {"meta": {"epoch": 200, "mmselfsup_version": "1.0.0"}, "state_dict": state, "optimizer": sgd(state)}


METHODS = (
    Flavour(
        name="SimSiam",
        make=bottleneck,
        content=lambda source: {
            "epoch": 100,
            "arch": "resnet50",
            "state_dict": {**under("module.encoder.", source.state | projector("fc.")), **projector("module.pred.")},
        },
        file="checkpoint_0099.pth.tar",
        net="state_dict/encoder.",
        ignored=("module.encoder.fc.0.weight", "module.pred.0.weight"),
    ),
    Flavour(
        name="SwAV",
        make=bottleneck,
        content=lambda source: under(
            "module.", {**source.state, **projector("projection_head."), "prototypes.weight": torch.rand(30, 16)}
        ),
        file="swav_800ep_pretrain.pth.tar",
        net="",
        ignored=("module.prototypes.weight", "module.projection_head.0.weight"),
    ),
    Flavour(
        name="VICReg, the backbone alone",
        make=bottleneck,
        content=lambda source: source.state,
        file="resnet50.pth",
        net="",
        card={"keys_ignored": ()},
    ),
    Flavour(
        name="VICReg and Barlow Twins, a training file",
        make=bottleneck,
        content=_barlow,
        file="checkpoint.pth",
        net="model/backbone.",
        ignored=("module.projector.0.weight", "module.bn.running_mean"),
    ),
    Flavour(
        name="SupCon",
        make=small,
        content=_supcon,
        file="ckpt_epoch_1000.pth",
        net="model/encoder.",
        ignored=("head.0.weight",),
        says=("padding 1", "cifar10", "32 pixels"),
        card={"method": "SupCon", "data": "cifar10", "epochs": 1000},
    ),
    Flavour(
        name="SimCLR v2 as it is usually converted",
        make=bottleneck,
        content=lambda source: {
            "resnet": {**simclr_v2(source.state), **linear("fc.", 1000, 4 * FEATURES)},
            "head": {"layers.0.weight": torch.rand(8, 8)},
        },
        file="r50_1x_sk0.pth",
        net="resnet/",
        ignored=("fc.weight", "head/layers.0.weight"),
        says=("plain values from 0 to 1", "224 pixels"),
        card={"mean": _PLAIN, "std": (1.0, 1.0, 1.0)},
    ),
    Flavour(
        name="VISSL",
        make=bottleneck,
        content=_vissl,
        file="model_final_checkpoint_phase99.torch",
        net="classy_state_dict/base_model/model/trunk/_feature_blocks.",
        ignored=("classy_state_dict/base_model/model/heads/0.clf.0.weight",),
    ),
    Flavour(
        name="MMSelfSup",
        make=bottleneck,
        content=_mmselfsup,
        file="epoch_200.pth",
        net="state_dict/backbone.",
        ignored=("neck.0.weight", "head.fc.weight"),
    ),
)

METHOD_FLAVOURS = (*SOLO_LEARN, *TWO_ENCODERS, *METHODS)
