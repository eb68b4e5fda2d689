"""The only code that knows where ``assets/`` lies."""

from __future__ import annotations

from pathlib import Path

from zepad_engine.errors import BadInput

_ASSETS = Path(__file__).resolve().parent.parent / "assets"


def asset(*parts: str) -> Path:
    """The path of a bundled file.

    Raises:
        BadInput: the file is not there, so the installation is incomplete.
    """
    path = _ASSETS.joinpath(*parts)
    if not path.exists():
        raise BadInput(f"The bundled file {'/'.join(parts)} is missing.", "Install ZePAD again from its repository.")
    return path
