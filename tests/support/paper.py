"""What the bytes of a PDF hold once its streams are inflated."""

from __future__ import annotations

import base64
import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.DOTALL)


def structure(paper: bytes) -> bytes:
    """All bytes outside of streams, without the texts that stand in brackets."""
    return re.sub(rb"\((?:\\.|[^\\()])*\)", b"()", _STREAM.sub(b"", paper))


def inflated(paper: bytes) -> bytes:
    """All bytes, streams unpacked where they are packed."""
    return _STREAM.sub(b"", paper) + b"\n".join(_unpacked(stream) for stream in _STREAM.findall(paper))


def _unpacked(stream: bytes) -> bytes:
    if stream.rstrip().endswith(b"~>"):
        stream = base64.a85decode(stream.strip()[:-2])
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream
