"""The preflight in words: facts, checks, what was said, and what helps against a warning. No widgets."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from zepad_app.says_edit import normalisation_of
from zepad_app.state import Inspected
from zepad_engine.architecture import Stem
from zepad_engine.card import EncoderCard, Overrides, Triple
from zepad_engine.preflight import (
    BAD_FIT,
    COLLAPSED_RANK,
    COLLAPSED_SPREAD,
    FEW_GRADIENTS,
    FeatureFinding,
    NeighbourFinding,
    NormalisationFinding,
    Preflight,
    better_fit,
)
from zepad_engine.shown_names import shown_name

Light: TypeAlias = Literal["running", "ok", "look", "wrong", "skipped"]

_MOST_GROUPS: Final = 12


class Check(NamedTuple):
    """A row of the checks: a light with its word, a name, one number, one sentence, and the definition."""

    key: str
    name: str
    hint: str
    light: Light = "running"
    number: str = ""
    sentence: str = ""


CHECKS: Final = (
    Check("finite", "Finite features", "Every feature of every image is a number, neither infinite nor undefined."),
    Check(
        "rank",
        "Effective rank",
        "How many directions the features use: exp of the entropy of their singular values (Roy and Vetterli, 2007). "
        "1 means that all images look alike; more than the feature size or the number of images it cannot be.",
    ),
    Check(
        "spread",
        "Spread",
        "How far features lie from their mean, over the mean length of a feature. 0 means that all images look alike.",
    ),
    Check(
        "gradients",
        "Input gradients",
        "Share of the pixels that a finite gradient of the features reaches. Attacks follow it.",
    ),
    Check(
        "neighbours",
        "Better than random weights",
        "Each image is classified by the 10 images whose features are nearest (k-NN, leave one out); beside it the "
        "same for the same net with random weights. The interval is that of the difference, paired over the images.",
    ),
    Check(
        "normalisation",
        "Normalisation",
        "In training the first batch norm stored the mean and variance of what it saw. The number is how far bundled "
        "photographs, normalised as assumed, are from that: mean Kullback-Leibler divergence in nats, 0 where they "
        "agree.",
    ),
)


def checks_of(inspected: Inspected) -> tuple[Check, ...]:
    """The rows of the checks, the same ones in the same order at any time."""
    found, preflight = inspected.checks, inspected.preflight
    if found == "running":
        return CHECKS
    filled = _filled(preflight) if found == "done" else {}
    nothing: tuple[Light, str, str] = ("skipped", "", "Could not be checked.")
    return tuple(
        row._replace(light=light, number=number, sentence=sentence)
        for row in CHECKS
        for light, number, sentence in [filled.get(row.key, nothing)]
    )


def _filled(preflight: Preflight) -> dict[str, tuple[Light, str, str]]:
    told: dict[str, tuple[Light, str, str]] = {}
    if preflight.features is not None:
        told |= _features(preflight.features)
    if preflight.neighbours is not None:
        told["neighbours"] = _neighbours(preflight.neighbours)
    elif preflight.features is not None and not preflight.features.finite:
        told["neighbours"] = ("skipped", "", "Features that are not finite have no neighbours.")
    elif preflight.notes:
        told["neighbours"] = ("skipped", "", "Left out: it would take minutes on one core.")
    told["normalisation"] = _normalisation(preflight.fits)
    return told


def _features(found: FeatureFinding) -> dict[str, tuple[Light, str, str]]:
    images = f"{found.images:,} images"
    if not found.finite:
        rest: tuple[Light, str, str] = ("skipped", "", "Not computed: some features are not finite.")
        finite: tuple[Light, str, str] = ("wrong", images, "Some features are infinite or undefined.")
        return {"finite": finite, "rank": rest, "spread": rest, "gradients": _gradients(found.gradients)}
    collapsed, narrow = found.effective_rank < COLLAPSED_RANK, found.spread < COLLAPSED_SPREAD
    alike = "All images look alike to this encoder."
    return {
        "finite": ("ok", images, "Every feature of every image is a finite number."),
        "rank": (
            "wrong" if collapsed else "ok",
            f"{found.effective_rank:.1f} of {found.dimensions}",
            alike if collapsed else "The features have not collapsed.",
        ),
        "spread": (
            "wrong" if narrow else "ok",
            f"{found.spread:.2g}",
            alike if narrow else "Features of different images differ.",
        ),
        "gradients": _gradients(found.gradients),
    }


def _gradients(share: float) -> tuple[Light, str, str]:
    few = share < FEW_GRADIENTS
    sentence = (
        "Gradient attacks will seem weaker than they are." if few else "Attacks can follow gradients to the pixels."
    )
    return "look" if few else "ok", f"{100 * share:.0f} % of pixels", sentence


def _neighbours(found: NeighbourFinding) -> tuple[Light, str, str]:
    interval = f"95 % interval {signed(found.low)} to {signed(found.high)}, n = {found.queries:,}"
    better = found.low > 0
    points = f"{signed(found.accuracy - found.random_accuracy)} points"
    return "ok" if better else "look", points, f"{interval}." if better else f"Not shown: {interval}."


def _normalisation(fits: tuple[NormalisationFinding, ...]) -> tuple[Light, str, str]:
    if not fits:
        return "skipped", "", "This net has no batch norm that tells."
    number, stored = f"{fits[0].divergence:.2f} nats", "what the first batch norm stored"
    name = fits[0].name
    name = "The assumed one" if name.startswith("mean ") else name[0].upper() + name[1:]
    other = better_fit(fits)
    if other is not None:
        verb = "do" if other.name.endswith("to 1") else "does"
        return "look", number, f"Does not fit {stored}; {other.name} {verb} ({other.divergence:.2f})."
    if fits[0].divergence > BAD_FIT:
        return "look", number, f"Does not fit {stored}, nor does a usual one."
    return "ok", number, f"{name} {'fit' if fits[0].name.endswith('to 1') else 'fits'} {stored}."


class Remedy(NamedTuple):
    """A warning with the button that helps: ``says`` is what to read the file with, None to open the form."""

    sentence: str
    button: str
    says: Overrides | None = None


def remedies_of(inspected: Inspected) -> tuple[Remedy, ...]:
    """Each warning with what helps."""
    other = better_fit(inspected.preflight.fits)
    found = []
    for warning in inspected.preflight.warnings:
        if other is not None and f"{other.name} fits" in warning:
            says = msgspec.structs.replace(inspected.says, mean=other.mean, std=other.std)
            found.append(Remedy(warning, f"Use {other.name}", says))
        else:
            found.append(Remedy(warning, "Edit assumptions"))
    return tuple(found)


def facts_of(inspected: Inspected) -> tuple[tuple[str, str], ...]:
    """Names and values of what the file holds; what is unknown is left out."""
    card, file = inspected.card, inspected.preflight.file
    sums = ", check sums hold" if file.checksummed else ", no check sums"
    facts = [
        ("File", shown_name(file.name)),
        ("Container", f"{file.container}, {bytes_in_words(file.size)}{sums}"),
        ("Parameters", millions(card.parameters)),
        ("Feature size", f"{card.feature_dim:,}"),
        ("Images", f"{card.input_size} × {card.input_size} px"),
        ("Normalisation", normalisation_in_words(card)),
    ]
    epochs = f", {card.epochs:,} epochs" if card.epochs else ""
    facts += [("Method", card.method + epochs)] if card.method != "unknown" else []
    facts += [("Trained on", card.data)] if card.data != "unknown" else []
    if card.probe is not None:
        probe = card.probe
        better = f"{_percent(probe.accuracy)} on {probe.data}, random weights {_percent(probe.random_accuracy)}"
        facts.append(("Linear probe", better))
    return tuple(facts)


def keys_in_words(preflight: Preflight) -> str:
    """How many of the file's tensors are the encoder's."""
    used, ignored = len(preflight.file.keys_used), len(preflight.file.keys_ignored)
    return f"all {used:,}" if not ignored else f"{used:,} of {used + ignored:,}"


def ignored_in_words(preflight: Preflight) -> str:
    """What else the file holds, by the first part of its names; "" if nothing."""
    groups = Counter(re.split(r"[./]", key)[0] for key in preflight.file.keys_ignored)
    named = [f"{shown_name(name)} ({count:,})" if count > 1 else shown_name(name) for name, count in groups.items()]
    more = len(named) - _MOST_GROUPS
    listed = ", ".join(named[:_MOST_GROUPS]) + (f" and {more} more" if more > 0 else "")
    sentences = [f"No part of the encoder: {listed}."] if named else []
    left = preflight.file.left_out
    if left:
        shown = ", ".join(shown_name(name) for name in left[:3]) + (
            f" and {len(left) - 3} more" if len(left) > 3 else ""
        )
        sentences.append(f"Objects of other programs, not loaded: {shown}.")
    return " ".join(sentences)


def normalisation_in_words(card: EncoderCard) -> str:
    """The normalisation by its name, or its numbers."""
    return _normalised_by(card.mean, card.std)


def said_in_words(says: Overrides) -> tuple[str, ...]:
    """What the user said, a sentence each."""
    found = []
    if says.net is not None:
        found.append(f"The encoder is {net_in_words(says.net)}.")
    if says.name is not None:
        found.append(f"It is called {shown_name(says.name)}.")
    if says.model is not None:
        found.append(f"It is the model {shown_name(says.model)}.")
    return (*found, *_images_said(says), *_net_said(says))


def _images_said(says: Overrides) -> tuple[str, ...]:
    found = []
    if says.mean is not None and says.std is not None:
        found.append(f"The normalisation is {_normalised_by(says.mean, says.std)}.")
    elif says.mean is not None or says.std is not None:
        found.append(f"The {'mean' if says.mean else 'deviation'} is {_triple(says.mean or says.std or ())}.")
    if says.input_size is not None:
        found.append(f"Images are {says.input_size} pixels wide.")
    return tuple(found)


def _net_said(says: Overrides) -> tuple[str, ...]:
    found = []
    if says.stem is not None:
        found.append(f"The first convolution is {stem_in_words(says.stem)}.")
    if says.pooling is not None:
        whence = "the class token" if says.pooling == "class" else "the mean of the patches"
        found.append(f"Features are taken from {whence}.")
    if says.heads is not None:
        found.append(f"It has {says.heads} attention heads.")
    return tuple(found)


def stem_in_words(stem: Stem) -> str:
    """A first convolution in a sentence."""
    pool = ", with a max-pool behind it" if stem.pool else ""
    return f"{stem.kernel}×{stem.kernel}, stride {stem.stride}, padding {stem.padding}{pool}"


def net_in_words(net: str) -> str:
    """Which of several encoders, as a list shows it."""
    return shown_name(net.rstrip("./")) if net else "the one without a prefix"


_PUBLISHED: Final = {
    "teacher": "DINO publishes its teacher",
    "encoder_q": "MoCo evaluates the query encoder",
}


def why_recommended(net: str) -> str:
    """Why one would take this encoder of several, "" where there is no reason."""
    words = re.split(r"[./]", net)
    return next((why for word, why in _PUBLISHED.items() if word in words), "")


def bytes_in_words(size: int) -> str:
    """A file's size in decimal units."""
    for unit, bound in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bound:
            return f"{size / bound:.1f} {unit}"
    return f"{size} bytes"


def millions(count: int) -> str:
    """A number of parameters as one says it."""
    return f"{count / 1e6:.1f} M" if count >= 100_000 else f"{count:,}"


def signed(share: float) -> str:
    """A difference of rates in points, with its sign."""
    return f"{100 * share:+.1f}".replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _normalised_by(mean: Triple, std: Triple) -> str:
    known = normalisation_of(mean, std)
    return known.name if known else f"mean {_triple(mean)}, deviation {_triple(std)}"


def _triple(values: tuple[float, ...]) -> str:
    return " / ".join(f"{value:.3g}" for value in values)
