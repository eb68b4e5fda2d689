"""Pictures as the bytes of files, good and bad: what the corpus of hostile images is made of."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

GREY = (102, 102, 102)


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A picture as the bytes of a file."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def plain(mode: str = "RGB", colour: object = GREY, side: int = 32) -> Image.Image:
    return Image.new(mode, (side, side), colour)


def noise(side: int = 64) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8))


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, pixels: bytes = bytes(100)) -> bytes:
    """A PNG whose header may claim anything over pixels given raw."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def with_chunks(extra: bytes) -> bytes:
    """A good PNG with chunks put behind its header."""
    good = encoded(plain())
    return good[:33] + extra + good[33:]


def directory(tags: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """A TIFF directory of (tag, type, count, value)."""
    packed = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<H", len(tags)) + packed + struct.pack("<I", following)


def tiff(*changes: tuple[int, int, int, int], following: int = 0, behind: bytes = b"") -> bytes:
    """A grey 32x32 TIFF, its directory first, with tags changed or added."""
    tags = {256: (3, 1, 32), 257: (3, 1, 32), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1)}
    tags |= {278: (3, 1, 32), 279: (4, 1, 1024), 273: (4, 1, 0)}
    tags |= {tag: rest for tag, *rest in changes}
    start = 8 + 2 + 12 * len(tags) + 4
    if tags[273][2] == 0:
        tags[273] = (4, tags[273][1], start)
    listed = sorted((tag, *rest) for tag, rest in tags.items())
    return b"II*\0" + struct.pack("<I", 8) + directory(listed, following) + bytes([102]) * 1024 + behind


def frames(kind: str, count: int = 6) -> bytes:
    """Frames of different greys; the first is white."""
    shades = [plain(colour=(255 - 40 * n,) * 3) for n in range(count)]
    return encoded(shades[0], kind, save_all=True, append_images=shades[1:])


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is repeated until it takes minutes."""
    good = encoded(noise(), "JPEG", progressive=True)
    last = good.rindex(b"\xff\xda")
    return good[:-2] + good[last:-2] * 600 + good[-2:]


def gif_with(extra: bytes) -> bytes:
    """A GIF with blocks before its first image."""
    good = encoded(plain("P", 3), "GIF")
    first = good.index(b",\0\0\0\0")
    return good[:first] + extra + good[first:]


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_claim() -> bytes:
    """A WebP canvas of 16384 x 16384 and nothing on it."""
    side = (16_383).to_bytes(3, "little")
    return riff(b"VP8X" + struct.pack("<I", 10) + bytes(4) + side + side)


def wide_webp() -> bytes:
    """A whole WebP of 26 megapixels: fewer than other formats may have."""
    return encoded(Image.new("RGB", (5_200, 5_000)), "WEBP", lossless=True, quality=0, method=0)


def webp_chunks() -> bytes:
    good = encoded(plain("RGBA", (9, 9, 9, 9)), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")
    return riff(good[12:], b"junk\0\0\0\0" * 40_000)


def turned(value: int) -> bytes:
    """A 48x32 JPEG, red left and blue right, with an EXIF orientation."""
    picture = Image.new("RGB", (48, 32), (200, 0, 0))
    picture.paste((0, 0, 200), (24, 0, 48, 32))
    exif = Image.Exif()
    exif[0x0112] = value
    return encoded(picture, "JPEG", exif=exif, quality=95)


def palette(**options: object) -> bytes:
    picture = plain("P", 1)
    picture.putpalette([255, 0, 0, *GREY])
    return encoded(picture, **options)


def wide_gamut(primaries: tuple[tuple[float, float], ...] = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))) -> bytes:
    """An RGB profile of matrix and gamma 2.2 made from chromaticities (here those of DCI-P3, white D65)."""
    colorants = colorants_of(primaries)

    def number(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def triple(values: np.ndarray) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(number(float(value)) for value in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"wide\0" + bytes(78)
    parts = {b"desc": text + bytes(-len(text) % 4), b"cprt": b"text\0\0\0\0none\0\0\0\0"}
    parts |= {b"wtpt": triple(np.array([0.9642, 1.0, 0.8249])), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    parts |= {name: triple(colorants[:, n]) for n, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    at, table, body = 132 + 12 * len(parts), struct.pack(">I", len(parts)), b""
    for name, part in parts.items():
        table += name + struct.pack(">II", at + len(body), len(part))
        body += part
    head = struct.pack(">I4sI4s4s4s", at + len(body), bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + number(0.9642) + number(1.0) + number(0.8249)
    return head.ljust(128, b"\0") + table + body


def colorants_of(primaries: tuple[tuple[float, float], ...]) -> np.ndarray:
    """RGB to XYZ under D50, by Bradford from a D65 white; columns are the primaries."""
    white, fifty = np.array([0.95047, 1.0, 1.08883]), np.array([0.9642, 1.0, 0.8249])
    base = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    adapt = np.linalg.inv(cones) @ np.diag((cones @ fifty) / (cones @ white)) @ cones
    return adapt @ base @ np.diag(np.linalg.solve(base, white))


SRGB_PRIMARIES = ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06))


def expected_srgb(colour: tuple[int, int, int], primaries: tuple[tuple[float, float], ...]) -> tuple[int, ...]:
    """Where a colour of a profile of ``wide_gamut`` lies in sRGB, by the formulas, clipped."""
    light = (np.array(colour) / 255) ** 2.2
    linear = np.linalg.solve(colorants_of(SRGB_PRIMARIES), colorants_of(primaries) @ light).clip(0, 1)
    signal = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return tuple(round(255 * float(value)) for value in signal)


P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))


def profiled(kind: str = "PNG", profile: bytes | None = None, mode: str = "RGB") -> bytes:
    colour = (180, 120, 90) if mode == "RGB" else (180, 120, 90, 255)
    return encoded(plain(mode, colour), kind, icc_profile=wide_gamut() if profile is None else profile)


def own_srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def deep_rgb() -> bytes:
    """A PNG of 16 bits a channel; 40000, 10000, 65535."""
    row = b"\0" + struct.pack(">HHH", 40_000, 10_000, 65_535) * 32
    return png(32, 32, depth=16, pixels=row * 32)


def deep(values: object, kind: str = "PNG", dtype: type = np.uint16) -> bytes:
    return encoded(Image.fromarray(np.full((32, 32), values, dtype=dtype)), kind)


def polyglot() -> bytes:
    return encoded(plain()) + b"PK\x05\x06" + bytes(18) + b"\n#!/bin/sh\n<script>alert(1)</script>"


def _folder(path: Path) -> None:
    path.mkdir()


def _dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere.png")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _link_to_text(path: Path) -> None:
    text = path.with_suffix(".conf")
    text.write_text("root:x:0:0\n")
    path.symlink_to(text)


def _link_to_picture(path: Path) -> None:
    target = path.with_name("behind_the_link.png")
    target.write_bytes(encoded(plain()))
    path.symlink_to(target)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(b"\x89PNG\r\n\x1a\n")
        stream.truncate(300 * 1024**2)


def _absent(path: Path) -> None:
    pass


def is_format(kind: str) -> str:
    return f"The file is a {kind}, whatever its name says."
