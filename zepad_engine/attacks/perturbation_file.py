"""What the values of a perturbation file mean: their scale, their zero, and whether they are a perturbation at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from zepad_engine.attacks.array_file import StoredArray, bad, colours_first, read_array, stored_patch
from zepad_engine.findings import PerturbationFacts

# A perturbation lies around its zero: no mean of a quarter of the range, no grey level 32 steps off the middle.
_FARTHEST_MEAN: Final = 0.25
_FARTHEST_GREY: Final = 32.0
_GREY: Final = 128
# Rounding may lift a float a little above the range it was stored in.
_ROUNDING: Final = 1e-3
_MOSTLY: Final = 0.5
_NO_PERTURBATION: Final = "Subtract its zero level and store the difference, as floating-point numbers."


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A perturbation as its file holds it.

    Attributes:
        file: name of the file.
        pixels: float32 (3, H, W) in the scale where the pixel range is 1, in no budget yet; or a patch (4, H, W), as
            in ``budget.py``.
        remarks: how the values were read.
    """

    file: str
    pixels: Tensor
    stored: StoredArray
    remarks: tuple[str, ...]


def read_perturbation(path: Path) -> Perturbation:
    """Read a perturbation out of a file of unknown origin.

    Floating-point values up to 1 are shares of the pixel range; larger ones, and whole numbers, are n/255. In 8-bit
    values without a sign, as in pictures, 128 is zero.

    Raises:
        BadInput: the file is refused, or its values are no perturbation: not finite, all zero, a picture, out of range.
    """
    stored = read_array(path)
    remarks = [f"Left out of {path.name}: {_some(stored.others)}."] if stored.others else []
    if stored_patch(stored.name, tuple(stored.values.shape)):
        return _patch(stored, path.name, remarks)
    values = stored.values.reshape(stored.values.shape[-3:])
    if not colours_first(tuple(values.shape)):
        values = values.permute(2, 0, 1)
        remarks.append("Its colours were stored last; they are put first.")
    pixels = _in_range(values, path.name, remarks).to(torch.float32).contiguous()
    zeros = float((pixels == 0).float().mean())
    if zeros == 1:
        raise bad(f"{path.name} holds nothing but zeros.", "Choose a perturbation that changes something.", "zero")
    if zeros > _MOSTLY:
        remarks.append(
            f"{100 * zeros:.0f} % of its values are zero, like a patch; it is added to the images all the same."
        )
    return Perturbation(path.name, pixels, stored, tuple(remarks))


def _patch(stored: StoredArray, file: str, remarks: list[str]) -> Perturbation:
    """A patch that ZePAD stored: colours from 0 to 1, and a plane of zeros and ones that says where it lies."""
    colours, place = stored.values[:3], stored.values[3]
    in_range = bool(torch.isfinite(colours).all()) and 0 <= float(colours.min()) <= float(colours.max()) <= 1
    if not in_range or not ((place == 0) | (place == 1)).all():
        raise bad(
            f"{file} has four planes, but they are no patch: colours from 0 to 1, then ones where it lies.",
            "Export the patch again from the audit that made it.",
            "values",
        )
    if not place.any():
        raise bad(f"The patch in {file} lies nowhere.", "Export it again from the audit that made it.", "zero")
    remarks.append(f"A patch over {100 * float(place.mean()):.1f} % of the picture: it is laid over it, not added.")
    return Perturbation(file, stored.values.to(torch.float32).contiguous(), stored, tuple(remarks))


def describe_perturbation(path: Path) -> PerturbationFacts:
    """What a perturbation file holds, before any budget; raises as `read_perturbation` does. Of a patch its colours."""
    found = read_perturbation(path)
    pixels = found.pixels[:3]
    return PerturbationFacts(
        name=found.file,
        kind=found.stored.kind,
        tensor=found.stored.name,
        shape=tuple(found.stored.values.shape),
        dtype=found.stored.dtype,
        height=pixels.shape[1],
        width=pixels.shape[2],
        low_255=float(pixels.min()) * 255,
        high_255=float(pixels.max()) * 255,
        linf_255=float(pixels.abs().max()) * 255,
        l2=float(pixels.double().norm()),
        zeros=float((pixels == 0).float().mean()),
        sha256=found.stored.sha256,
        pixels_sha256=digest_of(found.pixels),
        remarks=found.remarks,
    )


def digest_of(pixels: Tensor) -> str:
    """SHA-256 of a perturbation's values, float32 (3 or 4, H, W): the same in every file format."""
    return hashlib.sha256(pixels.contiguous().numpy().tobytes()).hexdigest()


def _in_range(values: Tensor, file: str, remarks: list[str]) -> Tensor:
    """The values in float64, the pixel range being 1."""
    if values.dtype == torch.uint8:
        mean = float(values.double().mean())
        if abs(mean - _GREY) > _FARTHEST_GREY:
            raise _picture(file, f"its mean is {mean:.0f}, far from the grey of zero, {_GREY}")
        remarks.append(f"8-bit values without a sign: {_GREY} is taken as zero, one step as 1/255.")
        return (values.double() - _GREY) / 255
    wide = values.double()
    if not torch.isfinite(wide).all():
        raise bad(f"{file} holds values that are no numbers.", "Craft or copy it again.", "values")
    largest = float(wide.abs().max())
    if largest > 255 * (1 + _ROUNDING):
        raise bad(
            f"{file} has values up to {largest:.6g}, beyond the pixel range of 1 or 255.", _NO_PERTURBATION, "values"
        )
    if values.dtype == torch.int64 or largest > 1 + _ROUNDING:
        remarks.append(f"Its values reach {largest:.6g} and are taken as n/255.")
        wide = wide / 255
    if float(wide.min()) >= 0 and float(wide.mean()) > _FARTHEST_MEAN:
        raise _picture(file, f"no value lies below zero and their mean is {float(wide.mean()):.2f} of the pixel range")
    return wide


def _picture(file: str, why: str) -> Exception:
    return bad(f"{file} looks like a picture, not a perturbation: {why}.", _NO_PERTURBATION, "picture")


def _some(names: tuple[str, ...]) -> str:
    listed = ", ".join(names[:3])
    return f"{listed} and {len(names) - 3} more" if len(names) > 3 else listed
