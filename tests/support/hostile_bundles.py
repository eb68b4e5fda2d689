"""Bundles that lie: each is a zip somebody could send, none may be opened."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from zlib import crc32

from zepad_engine.bundle.zip_bytes import End, Member, central_header, end_record, local_header

Files = dict[str, bytes]


def packed(files: Files) -> bytes:
    """The files as a bundle holds them, manifest first if it stands first."""
    written, placed = b"", []
    for name, content in files.items():
        member = Member(name, len(content), crc32(content), len(written))
        placed.append(member)
        written += local_header(member) + content
    listed = b"".join(map(central_header, placed))
    return written + listed + end_record(End(len(placed), len(listed), len(written)))


def listed(files: Files, **changes: object) -> Files:
    """The files with a manifest that fits them."""
    told = {
        "format": "zepad-bundle",
        "version": 1,
        "tool": {},
        "run": "r",
        "created_utc": "",
        "encoder": "e",
        "encoder_sha256": "",
        "seed": 0,
        "arithmetic": "fast",
        "threads": 1,
        "environment": {},
        "files": [{"name": n, "size": len(c), "sha256": sha256(c).hexdigest()} for n, c in files.items()],
        **changes,
    }
    return {"manifest.json": json.dumps(told).encode(), **files}


def contents(bundle: bytes) -> Files:
    """The files of an honest bundle, without its manifest."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}


def hostile_bundles(honest: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all of them, made from an honest bundle."""
    files = contents(honest)
    for name in ("../escaped.json", "/jobs/escaped.json", "jobs/../../escaped.json", "jobs\\..\\escaped.json"):
        yield f"climbs out: {name}", packed(listed({**files, name: b"{}"}))
    for name in ("jobs/con.json", "jobs/a..json", "jobs/.hidden.json", "evil.json", "jobs/run.pt", "jobs/x.json/"):
        yield f"name: {name}", packed(listed({**files, name: b"{}"}))
    yield "two names but for case", packed(listed({**files, "jobs/aa.json": b"{}", "jobs/AA.json": b"{}"}))
    yield "another file than listed", packed({**listed(files), "jobs/more.json": b"{}"})
    yield "a file less than listed", packed({n: c for n, c in listed(files).items() if n != "report.html"})
    yield "no manifest", packed(files)
    yield "another version", packed(listed(files, version=2))
    yield "unknown field", packed(listed(files, note="x"))
    yield "deep list", packed({"manifest.json": b"[" * 100_000, **files})
    yield "wrong digest", packed({**listed(files), "plan.json": files["plan.json"].replace(b"2500", b"2501")})
    yield "no tensors", packed(listed({**files, "heads/signs/x.safetensors": b"\x80\x02cposix\nsystem\n"}))
    yield "no picture", packed(listed({**files, "previews/x.png": b"<svg onload=alert(1)>"}))
    yield "empty file", packed(listed({**files, "jobs/empty.json": b""}))
    yield "bytes after the end", honest + b"x"
    yield "bytes before the beginning", b"#!/bin/sh\n" + honest
    yield "cut short", honest[:-1]
    yield "a comment", honest[:-2] + struct.pack("<H", 5) + b"hello"
    yield "no zip", b"not a zip at all, but long enough to hold an end record"
    yield "nothing", b""
    yield "packed by another program", _packed_otherwise(listed(files), zipfile.ZIP_STORED)
    yield (
        "compressed bomb",
        _packed_otherwise(listed({**files, "jobs/bomb.json": b"[" + b" " * 5_000_000}), zipfile.ZIP_DEFLATED),
    )
    yield "a link", _with_mode(honest, 0o120777 << 16)
    yield "encrypted", _patched(honest, b"PK\x01\x02", 8, b"\x01\x00")
    yield "two files in one place", _patched(honest, b"PK\x01\x02", 42, b"\x00\x00\x00\x00", last=True)
    yield "more files than there are", _patched(honest, b"PK\x05\x06", 8, b"\xff\xff\xff\xff", last=True)


def _packed_otherwise(files: Files, method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _with_mode(honest: bytes, mode: int) -> bytes:
    return _patched(honest, b"PK\x01\x02", 38, struct.pack("<I", mode), last=True)


def _patched(honest: bytes, mark: bytes, offset: int, new: bytes, *, last: bool = False) -> bytes:
    where = (honest.rfind if last else honest.find)(mark) + offset
    return honest[:where] + new + honest[where + len(new) :]
