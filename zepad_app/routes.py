"""Where a dropped file goes: encoders to the audit, pictures to the inspector."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, TypeAlias

Destination: TypeAlias = Literal["encoder", "images", "run", "unknown"]

ENCODER_ENDINGS: Final = (".safetensors", ".pth", ".pt", ".ckpt", ".tar")
IMAGE_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def destination_of(paths: tuple[Path, ...]) -> Destination:
    """Where the files go; a finished run's folder or report opens as a run, mixed files follow the first known one."""
    for path in paths:
        ending = path.suffix.lower()
        if ending in ENCODER_ENDINGS:
            return "encoder"
        if ending in IMAGE_ENDINGS:
            return "images"
        if (path / "report.json").is_file() or path.name == "report.json":
            return "run"
    return "unknown"


def images_of(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The pictures among the files."""
    return tuple(path for path in paths if path.suffix.lower() in IMAGE_ENDINGS)
