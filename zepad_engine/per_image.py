"""What every system said of each test image of a task, kept so that two audits can be compared on the same images.

Torch-free. A file per task: digests of the images, and for each defence and condition which are wrong, which flagged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from zepad_engine.metrics import Flags
from zepad_engine.storage import write_bytes

_IMAGES, _WRONG, _FLAGGED = "images", "wrong", "flagged"

Condition = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PerImage:
    """N test images of one task.

    Attributes:
        images: digest of each picture with its class, as `digest_of` gives it.
        wrong: by (defence, attack), attack "none" for the clean image: which are answered wrongly, (N,).
        flagged: likewise, which the detector flags; only where the defence has one.
    """

    images: tuple[bytes, ...]
    wrong: dict[Condition, Flags] = field(default_factory=dict)
    flagged: dict[Condition, Flags] = field(default_factory=dict)


def digest_of(pixels: NDArray[np.uint8], label: str) -> bytes:
    """32 bytes that stand for a picture (3, H, W) as the encoder sees it, and the class it should be given."""
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    digest.update(b"\0" + label.encode())
    return digest.digest()


def write_per_image(path: Path, found: PerImage) -> None:
    """Store a task's answers.

    Raises:
        NoSpace: the disk refused the write.
    """
    digests = np.frombuffer(b"".join(found.images), dtype=np.uint8).reshape(len(found.images), 32)
    arrays = {_IMAGES: digests.copy()}
    for kind, flags in ((_WRONG, found.wrong), (_FLAGGED, found.flagged)):
        arrays |= {f"{kind}/{defence}/{attack}": each.astype(np.uint8) for (defence, attack), each in flags.items()}
    write_bytes(path, save(arrays))


def read_per_image(path: Path) -> PerImage | None:
    """A task's answers; None where the run has none (it is older than they are) or they cannot be read."""
    try:
        arrays = load(path.read_bytes())
        return PerImage(
            images=tuple(row.tobytes() for row in arrays[_IMAGES]),
            wrong=_flags(arrays, _WRONG),
            flagged=_flags(arrays, _FLAGGED),
        )
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def _flags(arrays: dict[str, NDArray[np.uint8]], kind: str) -> dict[Condition, Flags]:
    found: dict[Condition, Flags] = {}
    count = len(arrays[_IMAGES])
    for name, values in arrays.items():
        begun, _, condition = name.partition("/")
        if begun == kind:
            defence, _, attack = condition.partition("/")
            if values.shape != (count,):
                raise ValueError(name)
            found[defence, attack] = values.astype(np.bool_)
    return found
