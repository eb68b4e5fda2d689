"""Preflights as the engine sends them: opened, all good, with warnings; and the refusals of a file."""

from __future__ import annotations

import msgspec

from tests.support.sample_report import sample_card
from zepad_engine import messages
from zepad_engine.architecture import IMAGENET_STEM, ResNetShape
from zepad_engine.card import IMAGENET_MEAN, IMAGENET_STD, EncoderCard, Overrides
from zepad_engine.preflight import FeatureFinding, FileFinding, NeighbourFinding, NormalisationFinding, Preflight

NAME = "supcon_resnet18_ep400"
PATH = f"/data/{NAME}.ckpt"
PLAIN = "plain values from 0 to 1"
ASSUMED = (
    "The normalisation is taken as the usual one of CIFAR-10, as the stem is 3x3; the file does not say.",
    "Images are taken to be 32 pixels wide, as the stem is 3x3; the file does not say.",
)
FIT_WARNING = (
    "The first batch norm speaks for another normalisation: ImageNet fits what it stored (0.09 nats), the assumed one "
    "does not (1.21)."
)
RANDOM_WARNING = (
    "These weights are not shown to be better than random ones on Traffic signs, bundled sample (k-NN 56 % against "
    "56 %, n = 687): wrong normalisation, wrong stem, or nothing learned?"
)


def preflight_card(name: str = NAME, *, said: bool = False) -> EncoderCard:
    """The sample card, with what a foreign file leaves open."""
    keys = (*(f"projector.{number}.weight" for number in range(8)), "classifier.weight", "classifier.bias", "queue")
    card = msgspec.structs.replace(sample_card(name), keys_ignored=keys, assumptions=ASSUMED)
    return msgspec.structs.replace(card, assumptions=ASSUMED[1:]) if said else card


def opened(name: str = NAME, card: EncoderCard | None = None) -> Preflight:
    """What is known before anything is computed."""
    card = card or preflight_card(name)
    used = tuple(f"state_dict/backbone.layer{number}.weight" for number in range(120))
    file = FileFinding(
        name=f"{name}.ckpt",
        size=94_482_912,
        container="PyTorch zip",
        checksummed=True,
        keys_used=used,
        keys_ignored=card.keys_ignored,
        left_out=("argparse.Namespace",),
    )
    return Preflight(card=card, file=file)


def fit(name: str, divergence: float, *, assumed: bool = False) -> NormalisationFinding:
    """How a normalisation fits; ImageNet's values whatever the name."""
    return NormalisationFinding(name=name, mean=IMAGENET_MEAN, std=IMAGENET_STD, divergence=divergence, assumed=assumed)


def features(**changes: object) -> FeatureFinding:
    """Healthy features, or with these fields changed."""
    found = FeatureFinding(
        data="Traffic signs, bundled sample",
        images=687,
        finite=True,
        effective_rank=68.5,
        dimensions=128,
        spread=0.486,
        gradients=1.0,
    )
    return msgspec.structs.replace(found, **changes)


def neighbours(accuracy: float = 0.78, low: float = 0.179, high: float = 0.263) -> NeighbourFinding:
    """A k-NN probe against 55.9 % of random weights."""
    return NeighbourFinding(
        data="Traffic signs, bundled sample",
        neighbours=10,
        bank=686,
        draws=4,
        queries=687,
        accuracy=accuracy,
        random_accuracy=0.559,
        low=low,
        high=high,
    )


def good(name: str = NAME, card: EncoderCard | None = None) -> Preflight:
    """All checks made, nothing speaks against the encoder."""
    fits = (fit("CIFAR-10", 0.106, assumed=True), fit("values from -1 to 1", 0.382), fit(PLAIN, 0.929))
    return msgspec.structs.replace(opened(name, card), features=features(), neighbours=neighbours(), fits=fits)


def doubtful(name: str = NAME) -> Preflight:
    """The batch norm speaks for ImageNet, and the features are no better than random ones."""
    return msgspec.structs.replace(
        opened(name),
        features=features(effective_rank=21.7, spread=0.19),
        neighbours=neighbours(0.563, -0.021, 0.029),
        fits=(fit("CIFAR-10", 1.21, assumed=True), fit("ImageNet", 0.09), fit(PLAIN, 2.4)),
        warnings=(FIT_WARNING, RANDOM_WARNING),
    )


def large_card() -> EncoderCard:
    """A ResNet-50 for large pictures."""
    shape = ResNetShape(blocks=(3, 4, 6, 3), bottleneck=True, width=64, stem=IMAGENET_STEM)
    return msgspec.structs.replace(
        preflight_card("moco_v2_800ep"), architecture=shape, input_size=224, feature_dim=2048, parameters=23_508_032
    )


def said_opened(request: messages.Inspect, preflight: Preflight | None = None) -> messages.Opened:
    """The engine's first answer."""
    return messages.Opened(request=request.request, path=request.path, preflight=preflight or opened())


def said_inspected(request: messages.Inspect, preflight: Preflight | None = None) -> messages.Inspected:
    """The engine's second answer."""
    return messages.Inspected(
        request=request.request, path=request.path, preflight=preflight or good(), says=request.says
    )


def said_several(request: messages.Inspect, nets: tuple[str, ...] = ("teacher.", "student.")) -> messages.Failed:
    """A file with several encoders."""
    listed = ", ".join(nets)
    return messages.Failed(
        request=request.request,
        code="encoder.several",
        sentence=f"dino_small.pth holds {len(nets)} encoders that differ: {listed}.",
        advice="Say which one to audit.",
        choices=nets,
    )


def said_refused(request: messages.Inspect) -> messages.Failed:
    """A refused file."""
    return messages.Failed(
        request=request.request,
        code="encoder.code_in_file",
        sentence="holiday.pth names a function that a program would call: os.system. Nothing was called.",
        advice="Ask its author for a safetensors file, or save only the state_dict.",
    )


SAID_IMAGENET = Overrides(mean=IMAGENET_MEAN, std=IMAGENET_STD)
