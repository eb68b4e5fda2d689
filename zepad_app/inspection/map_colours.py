"""Attribution maps as pictures, in colours whose lightness alone already tells the value."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtGui import QImage

Map: TypeAlias = npt.NDArray[np.float32]

# Black to pale yellow, lightness rising evenly; and blue over white to red, dark at both ends.
HEAT: Final = "inferno"
DIVERGING: Final = "CET-D1A"
# A few pixels may outshine all others: they are cut so that the rest can be seen.
_TOP_SHARE: Final = 0.995
_PICTURE_SHARE: Final = 0.45


def read_map(path: Path) -> Map | None:
    """The values of a map, float32 (H, W), not negative; None where the file is gone or holds something else."""
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        return None
    found: Map = np.maximum(values.astype(np.float32), 0)
    return found


def top_of(*maps: Map) -> float:
    """The value drawn brightest: all but half a percent of the values lie below it."""
    values = np.concatenate([values.ravel() for values in maps])
    return float(np.quantile(values, _TOP_SHARE)) or float(values.max()) or 1.0


def heat(values: Map, top: float, picture: QImage | None = None) -> QImage:
    """A map from 0 (dark) to ``top`` (bright); over a ``picture``, what counts is lit and the rest stays dim."""
    shares = np.clip(values / top, 0, 1)
    colours = _table(HEAT)[(255 * shares).astype(np.uint8)]
    return _image(colours if picture is None else _over(colours, shares, picture))


def difference(values: Map, reference: Map, top: float) -> QImage:
    """What a map has more than a reference (red), or less (blue); ``top`` is full colour either way."""
    shares = np.clip((values - reference) / top, -1, 1)
    return _image(_table(DIVERGING)[(127.5 + 127.5 * shares).astype(np.uint8)])


def ramp(name: str = HEAT) -> QImage:
    """The colours of a scale, one pixel high."""
    return _image(_table(name)[None])


def _over(colours: npt.NDArray[np.uint8], shares: Map, picture: QImage) -> npt.NDArray[np.uint8]:
    height, width = shares.shape
    grey = picture.scaled(width, height).convertToFormat(QImage.Format.Format_Grayscale8)
    lines = np.frombuffer(grey.constBits(), np.uint8).reshape(height, grey.bytesPerLine())[:, :width]
    share = (0.25 + 0.75 * shares)[..., None]
    blended = _PICTURE_SHARE * (1 - share) * lines[..., None] * 2 + share * colours
    return np.clip(blended, 0, 255).astype(np.uint8)


@cache
def _table(name: str) -> npt.NDArray[np.uint8]:
    found: Any = pg.colormap.get(name)
    table: npt.NDArray[np.uint8] = found.getLookupTable(nPts=256, alpha=False).astype(np.uint8)
    return table


def _image(colours: npt.NDArray[np.uint8]) -> QImage:
    height, width = colours.shape[:2]
    packed = np.ascontiguousarray(colours).tobytes()
    # The copy owns its pixels; the bytes above go.
    return QImage(packed, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
