"""The preflight: what an encoder file is and whether its features make sense, before any audit. Loads no torch."""

from __future__ import annotations

from typing import Final

import msgspec

from zepad_engine.card import EncoderCard, Triple

# Where a finding becomes a warning.
COLLAPSED_RANK: Final = 2.0
COLLAPSED_SPREAD: Final = 1e-3
FEW_GRADIENTS: Final = 0.5
# The assumed normalisation is doubted where it fits badly and another fits well, in nats.
BAD_FIT: Final = 0.4
_GOOD_FIT, _BETTER = 0.4, 0.5


class _Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class FileFinding(_Finding, frozen=True, kw_only=True):
    """What the file is.

    Attributes:
        name: name of the weight file.
        size: bytes.
        container: ``PyTorch zip``, ``PyTorch legacy`` or ``safetensors``.
        checksummed: whether the format carries check sums and they hold; without them a flipped bit goes unseen.
        keys_used: where the encoder's tensors lie in the file.
        keys_ignored: what else lies in it.
        left_out: objects of other programs that were not loaded.
    """

    name: str
    size: int
    container: str
    checksummed: bool
    keys_used: tuple[str, ...]
    keys_ignored: tuple[str, ...]
    left_out: tuple[str, ...] = ()


class FeatureFinding(_Finding, frozen=True, kw_only=True):
    """Features of clean images of a bundled set.

    Attributes:
        images: number of images.
        finite: whether every feature is a finite number.
        effective_rank: exp of the entropy of the singular values of the centred features, 1 to ``dimensions``
            (Roy & Vetterli, The effective rank, 2007; RankMe, Garrido et al. 2023); 0 where features are not finite.
        dimensions: the most the effective rank can be: feature size or images less one, whichever is smaller.
        spread: root mean square distance of a feature from the mean feature, over the mean length of a feature.
        gradients: share of input pixels whose gradient is finite and not zero, 0 to 1.
    """

    data: str
    images: int
    finite: bool
    effective_rank: float
    dimensions: int
    spread: float
    gradients: float


class NeighbourFinding(_Finding, frozen=True, kw_only=True):
    """A weighted k-NN probe on a bundled task, against the same net with random weights.

    Attributes:
        data: the bundled task.
        neighbours: k.
        bank: labelled images the neighbours come from.
        queries: images classified.
        draws: how often random weights were drawn.
        accuracy, random_accuracy: top-1 accuracy, 0 to 1; of random weights the mean over the draws.
        low, high: 95 % interval of the difference, over queries (paired) and over draws of random weights.
    """

    data: str
    neighbours: int
    bank: int
    queries: int
    draws: int
    accuracy: float
    random_accuracy: float
    low: float
    high: float


class NormalisationFinding(_Finding, frozen=True, kw_only=True):
    """How well a normalisation fits the statistics the first batch norm stored in training.

    Attributes:
        name: what this normalisation is called.
        mean, std: per channel.
        divergence: mean Kullback-Leibler divergence, in nats, of a normal distribution with the channel's statistics on
            bundled photographs from the stored one; smaller fits better.
        assumed: whether this is the card's own.
    """

    name: str
    mean: Triple
    std: Triple
    divergence: float
    assumed: bool = False


class Preflight(_Finding, frozen=True, kw_only=True):
    """Everything known of an encoder before an audit; the checks are None until they are made, or cannot be.

    Attributes:
        multiply_adds: of one image of the card's size; 0 until the checks are made.
        fits: the assumed normalisation first, then the others, best first; empty where no batch norm tells.
        warnings: what speaks against auditing this encoder as it was read, a sentence each.
        notes: what was not checked and why.
    """

    card: EncoderCard
    file: FileFinding
    multiply_adds: int = 0
    features: FeatureFinding | None = None
    neighbours: NeighbourFinding | None = None
    fits: tuple[NormalisationFinding, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def better_fit(fits: tuple[NormalisationFinding, ...]) -> NormalisationFinding | None:
    """The normalisation the first batch norm speaks for, where the assumed one, first of ``fits``, fits badly."""
    if len(fits) < 2:
        return None
    assumed, best = fits[0], fits[1]
    better = best.divergence < _BETTER * assumed.divergence
    return best if assumed.divergence > BAD_FIT and best.divergence < _GOOD_FIT and better else None
