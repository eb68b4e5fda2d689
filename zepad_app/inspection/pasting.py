"""What the clipboard holds, as files: paths as they are, pixels stored first, so that the engine's gate reads them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData
from PySide6.QtGui import QImage

from zepad_app.routes import local_path
from zepad_engine.errors import NoSpace
from zepad_engine.places import cache_folder
from zepad_engine.storage import write_bytes

# Another program's bytes are stored unread; nothing here decodes them.
_RAW: Final = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/bmp": ".bmp"}
_MOST_BYTES: Final = 64 * 1024 * 1024
_KEPT: Final = 40


def pasted_files(data: QMimeData) -> tuple[Path, ...]:
    """Files on the clipboard, or the one its pixels are stored in; nothing where it holds neither."""
    if data.hasUrls():
        return tuple(path for url in data.urls() if (path := local_path(url)) is not None)
    content, ending = _pixels(data)
    if content and len(content) <= _MOST_BYTES:
        return _stored(content, ending)
    lines = [line.strip().strip('"') for line in data.text().splitlines()[:10_000]]
    paths = [Path(line) for line in lines if 0 < len(line) < 4096 and "\0" not in line]
    return tuple(path for path in paths if path.is_absolute() and path.exists())


def _pixels(data: QMimeData) -> tuple[bytes, str]:
    for kind, ending in _RAW.items():
        if data.hasFormat(kind):
            return bytes(data.data(kind).data()), ending
    image = data.imageData() if data.hasFormat("application/x-qt-image") else None
    if not isinstance(image, QImage) or image.isNull():
        return b"", ""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(content.data()), ".png"


def _stored(content: bytes, ending: str) -> tuple[Path, ...]:
    folder = cache_folder() / "pasted"
    path = folder / f"pasted-{hashlib.sha256(content).hexdigest()[:10]}{ending}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
    except (OSError, NoSpace):
        return ()
    old = sorted(folder.glob("pasted-*"), key=lambda file: file.stat().st_mtime)[:-_KEPT]
    for file in old:
        file.unlink(missing_ok=True)
    return (path,)
