"""What the file of a ResNet tells, beside its tensors, of its stem and of the images it was trained on."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from zepad_engine.architecture import CIFAR_STEM, IMAGENET_STEM, WIDE_CIFAR_STEM, ResNetShape, Stem
from zepad_engine.card import IMAGENET_MEAN, IMAGENET_STD
from zepad_engine.encoders.family import Hints
from zepad_engine.encoders.origin import CIFAR, CIFAR100, IMAGENET, PLAIN, TINY_IMAGENET, Usual
from zepad_engine.encoders.resnet_names import NamedResNet
from zepad_engine.encoders.weights import Container
from zepad_engine.errors import BadCheckpoint

STRIDES_ASSUMED: Final = "Strides and the max-pool after the stem are taken as in torchvision; no tensor tells."
_CLASSIFIER: Final = re.compile(r"(?:fc|linear|classifier|head|linear_classifier|online_classifier)(?:\.\d+)?\.weight")
# Whose small pictures have this many classes.
_BY_CLASSES: Final = {10: CIFAR, 100: CIFAR100, 200: TINY_IMAGENET, 1000: TINY_IMAGENET}
_CIFAR_AS_IMAGENET: Final = Usual(IMAGENET_MEAN, IMAGENET_STD, 32, "ImageNet")
_SOLO_LEARN_METHODS: Final = re.compile(
    r"(all4one|barlow_twins|byol|deepclusterv2|dino|linear|mae|moco(v2plus|v3)|nnbyol|nnclr|nnsiam|ressl|simclr|simsiam"
    r"|supcon|swav|vibcreg|vicreg|wmse)"
)


def classifier_beside(container: Container, prefix: str, features: int) -> tuple[str, int] | None:
    """Name and number of classes of a linear classifier for these features, under the prefix or one step above it."""
    above = prefix[:-1].rpartition(".")[0]
    for place in dict.fromkeys((prefix, f"{above}." if above else "")):
        for name, tensor in container.tensors.items():
            fits = name.startswith(place) and tensor.ndim == 2 and tensor.shape[1] == features
            if fits and _CLASSIFIER.fullmatch(name[len(place) :]) and int(tensor.shape[0]) in _BY_CLASSES:
                return name, int(tensor.shape[0])
    return None


def guessed_stem(kernel: int, named: NamedResNet, classifier: tuple[str, int] | None, hints: Hints) -> tuple[Stem, str]:
    """The stem the writer of the file builds, and a sentence on what of it is a guess.

    Raises:
        BadCheckpoint: nobody is known to build a stem with this kernel.
    """
    pooled = {"true": True, "false": False}.get((hints.setting("maxpool1") or "").lower())
    if kernel in {3, 7} and pooled is not None:
        stem = IMAGENET_STEM if kernel == 7 else CIFAR_STEM
        stem = msgspec.structs.replace(stem, pool=pooled)
        return stem, f"A max-pool after the stem is taken as the settings state it: maxpool1 is {pooled}."
    if kernel == 7 and named.has_pool is not False:
        return IMAGENET_STEM, STRIDES_ASSUMED
    if kernel == 7:
        note = "The stem is taken to have no max-pool: the numbers of the layers leave no room for one."
        return msgspec.structs.replace(IMAGENET_STEM, pool=False), note
    if kernel != 3:
        raise BadCheckpoint(
            f"The first convolution of {hints.name} is {kernel}x{kernel}; its stride and padding are not known.",
            "ZePAD opens ResNets whose first convolution is 3x3 or 7x7.",
            code="encoder.unknown",
        )
    solo_learn = _is_solo_learn(named, classifier, hints)
    stem = WIDE_CIFAR_STEM if solo_learn else CIFAR_STEM
    writer = "as solo-learn builds it" if solo_learn else "as most CIFAR ResNets have it"
    note = f"The stem is taken as 3x3, stride 1, padding {stem.padding}, no max-pool, {writer}; the file does not say."
    return stem, note


def _is_solo_learn(named: NamedResNet, classifier: tuple[str, int] | None, hints: Hints) -> bool:
    prefix = named.selection.prefix
    if not hints.lightning or prefix not in {"backbone.", "encoder."}:
        return False
    return _SOLO_LEARN_METHODS.fullmatch((hints.setting("method") or "").lower()) is not None or (
        # Its online classifier beside parts of its methods; a classifier alone is anybody's.
        prefix == "backbone."
        and classifier is not None
        and classifier[0] == "classifier.weight"
        and named.has_method_parts
    )


def usual_images(
    shape: ResNetShape, named: NamedResNet, classifier: tuple[str, int] | None, hints: Hints
) -> tuple[Usual, str]:
    """The images such a net is usually trained on, and why they are thought to be its own."""
    small = shape.stem.kernel == 3
    if named.dialect == "simclr v2":
        return Usual(PLAIN.mean, PLAIN.std, 32 if small else 224), "SimCLR v2 takes them"
    if not small:
        return IMAGENET, f"the stem is {shape.stem.kernel}x{shape.stem.kernel}"
    if named.dialect == "lightly" and hints.lightning:
        return _CIFAR_AS_IMAGENET, "lightly prepares pictures for its own ResNets"
    name, classes = classifier or ("", 0)
    if shape.shortcut == "pad" and name.endswith("linear.weight") and classes == 10:
        return _CIFAR_AS_IMAGENET, "the ResNets with zero-padded shortcuts and these names are usually trained"
    if classes:
        return _BY_CLASSES[classes], f"the stem is 3x3 and a classifier of {classes} classes lies beside it"
    return CIFAR, "the stem is 3x3"
