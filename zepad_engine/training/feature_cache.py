"""Features kept from audit to audit, found by the digests of encoder, images, perturbation and arithmetic."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from zepad_engine.errors import NoSpace
from zepad_engine.storage import write_bytes

# About thirty standard audits of the sample.
_MOST_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class FeatureCache:
    """A folder of features; without a folder nothing is kept.

    A key names everything that decides the values, so a kept file never has to be judged for age; what cannot be
    read is computed again, and a full disk is no trouble.
    """

    folder: Path | None = None

    def key(self, *decides: str) -> str:
        """The digest of everything that decides some features."""
        return hashlib.sha256("/".join(decides).encode()).hexdigest()

    def find(self, key: str) -> Tensor | None:
        """Kept features (N, D), or None."""
        if self.folder is None:
            return None
        path = self._path(key)
        try:
            features = load_file(path)["features"]
        except (OSError, SafetensorError, KeyError):
            return None
        with contextlib.suppress(OSError):
            path.touch()
        return features

    def keep(self, key: str, features: Tensor) -> None:
        """Store features (N, D); the ones not asked for longest make room."""
        if self.folder is None:
            return
        with contextlib.suppress(NoSpace, OSError):
            write_bytes(self._path(key), save({"features": features.contiguous()}))
            _make_room(self.folder)

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.safetensors"


def _make_room(folder: Path) -> None:
    known = sorted(
        ((file.stat().st_mtime_ns, file.stat().st_size, file) for file in folder.glob("*/*.safetensors")), reverse=True
    )
    total = 0
    for _, size, file in known:
        total += size
        if total > _MOST_BYTES:
            file.unlink(missing_ok=True)
