"""How what the defender trains was trained, epoch by epoch. Torch-free."""

from __future__ import annotations

import msgspec


class _Trained(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class EpochRow(_Trained, frozen=True, kw_only=True):
    """One epoch of training: mean losses and accuracy on the validation split, clean and under PGD.

    ``regularisation`` is lambda * GR as it enters the total; ``pgd_accuracy`` is None where PGD was not run (BMP).
    """

    epoch: int
    cross_entropy: float
    regularisation: float
    total: float
    clean_accuracy: float
    pgd_accuracy: float | None = None


class PurifyingRow(_Trained, frozen=True, kw_only=True):
    """One epoch of a purifier: mean losses, and the distance of features on the validation split.

    Attributes:
        pixel_loss: as it enters the total.
        feature_distance: of distorted images behind the purifier from clean ones before it, a share of their length.
    """

    epoch: int
    feature_loss: float
    pixel_loss: float
    total: float
    feature_distance: float


class TuningFinding(_Trained, frozen=True, kw_only=True):
    """How one encoder, or the purifier before it, was trained by the defender; ``branch`` says which.

    Attributes:
        purifying: the epochs of a purifier, which has neither labels nor accuracy; empty before schema 1.4.
        untouched: the distance of features without the purifier, to compare its epochs with.
    """

    branch: str
    recipe: str
    weight: float
    selected_epoch: int
    validation_n: int
    seconds: float
    epochs: tuple[EpochRow, ...] = ()
    purifying: tuple[PurifyingRow, ...] = ()
    untouched: float | None = None

    @property
    def rows(self) -> tuple[EpochRow, ...] | tuple[PurifyingRow, ...]:
        """Its epochs, of whichever kind."""
        return self.purifying or self.epochs
