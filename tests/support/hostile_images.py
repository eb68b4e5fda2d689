"""Pictures nobody wants to meet, made on the spot, each with the one outcome it must have.

The numbers of the rows are those of the table of hostile images the project keeps; row 0 holds traps found since.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.image_bytes import (
    GREY,
    P3,
    _absent,
    _dangling,
    _fifo,
    _folder,
    _link_to_picture,
    _link_to_text,
    _loop,
    _sparse,
    _zeros,
    chunk,
    deep,
    deep_rgb,
    encoded,
    expected_srgb,
    frames,
    gif_with,
    is_format,
    many_scans,
    noise,
    own_srgb,
    palette,
    plain,
    png,
    polyglot,
    profiled,
    tiff,
    turned,
    webp_chunks,
    webp_claim,
    wide_gamut,
    wide_webp,
    with_chunks,
)

WHITE = "Transparent parts are shown on white."
SQUARE = "Only its centre square goes to the encoder."
UPRIGHT = "Turned upright as the camera recorded."
SRGB = "Converted from its own colour profile to sRGB."
NO_PROFILE = "Its colour profile cannot be used and was ignored."
CMYK = "Print colours (CMYK), converted to RGB without a colour profile."


@dataclass(frozen=True)
class Hostile:
    """A file to make and what must come of it.

    Attributes:
        make: its bytes, or a function that lays the file into a folder under ``name``.
        code: the refusal, or "" where it opens with exactly ``notes``.
        colour: of the middle of the opened picture, within ``near``.
        size: (width, height) of the opened picture.
    """

    row: int
    name: str
    make: Callable[[], bytes] | Callable[[Path], None]
    code: str = ""
    notes: tuple[str, ...] = ()
    colour: tuple[int, int, int] | None = None
    near: int = 0
    size: tuple[int, int] = (32, 32)
    special: bool = False

    def lay(self, folder: Path) -> Path:
        """Put the file into a folder."""
        path = folder / self.name
        if self.special:
            self.make(path)  # type: ignore[call-arg,arg-type]
        else:
            path.write_bytes(self.make())  # type: ignore[call-arg,arg-type]
        return path


_GIGANTIC = {"13000": (13_000, 13_000), "20000": (20_000, 20_000), "65500": (65_500, 65_500), "int": (2**31 - 1,) * 2}
_HEADS = {
    "photoshop.psd": (b"8BPS\0\1", "image.other_format"),
    "script.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9999 9999\n", "image.other_format"),
    "stars.fits": (b"SIMPLE  =                    T", "image.other_format"),
    "old.gd": (b"\xff\xfe\0\x20\0\x20", "image.unknown_format"),
    "wave.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", "image.other_format"),
    "paper.pdf": (b"%PDF-1.7\n", "image.other_format"),
    "flat.avif": (b"\0\0\0\x1cftypavif\0\0\0\0", "image.other_format"),
    "photo.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image.heic"),
    "drawing.svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "image.svg"),
    "text.png": (b"hello, no picture here", "image.unknown_format"),
    "one.png": (b"\x89", "image.unknown_format"),
    "none.png": (b"", "image.empty"),
    "random.jpg": (np.random.default_rng(1).bytes(4096), "image.unknown_format"),
    "page.png": (b"<!doctype html><html><body>404</body></html>", "image.unknown_format"),
    "sound.png": (b"RIFF\x10\0\0\0WAVEfmt ", "image.unknown_format"),
}
_CUTS = {
    "half.jpg": ("JPEG", 0.5),
    "two_less.jpg": ("JPEG", -2),
    "thirty_less.png": ("PNG", -30),
    "half.gif": ("GIF", 0.5),
    "half.webp": ("WEBP", 0.5),
    "half.bmp": ("BMP", 0.5),
    "half.tif": ("TIFF", 0.5),
}


def _cut(kind: str, at: float) -> bytes:
    whole = encoded(noise(), kind)
    return whole[: int(len(whole) * at) if 0 < at < 1 else int(at)]


_NAMES = {
    "long": "x" * 196 + ".png",
    "emoji": "🦉🏳️‍🌈.png",
    "turned": "safe\u202egnp.png",
    "unseen": "a\u200bb\ufeff.png",
    "lines": "two\nlines\t.png",
}

CORPUS: tuple[Hostile, ...] = (
    Hostile(
        1, "13000.png", lambda: png(13_000, 13_000, depth=1, colour=0, pixels=bytes(1626 * 13_000)), "image.too_large"
    ),
    *(
        Hostile(2, f"claims_{name}.png", lambda size=size: png(*size), "image.too_large")  # type: ignore[misc]
        for name, size in _GIGANTIC.items()
    ),
    Hostile(2, "claims.webp", webp_claim, "image.too_large"),
    Hostile(2, "wide.webp", wide_webp, "image.too_large"),
    Hostile(2, "claims.tif", lambda: tiff((256, 4, 1, 2**31 - 1), (257, 4, 1, 2**31 - 1)), "image.too_large"),
    Hostile(
        2, "claims.gif", lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\0;", "image.too_large"
    ),
    Hostile(
        2,
        "claims.bmp",
        lambda: b"BM" + bytes(12) + struct.pack("<IiiHHIIiiII", 40, 30_001, 9, 1, 24, *bytes(6)),
        "image.too_large",
    ),
    Hostile(3, "strip.png", lambda: png(89_000_000, 1), "image.too_large"),
    Hostile(
        4,
        "text_bomb.png",
        lambda: with_chunks(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000), 1))),
        "image.damaged",
    ),
    *(
        Hostile(
            7 if name[-3:] in ("png", "jpg", "svg") else 5,
            name,
            lambda head=head: head + bytes(64) * (len(head) > 1),
            code,
        )
        for name, (head, code) in _HEADS.items()
    ),  # type: ignore[misc]
    *(
        Hostile(6, f"cut_{name}", lambda kind=kind, at=at: _cut(kind, at), "image.damaged")
        for name, (kind, at) in _CUTS.items()
    ),  # type: ignore[misc]
    *(
        Hostile(
            9,
            f"moving.{kind.lower()}",
            lambda kind=kind: frames(kind),
            notes=("The first of 6 frames.",),
            colour=(255,) * 3,
            near=1,
        )  # type: ignore[misc]
        for kind in ("GIF", "WEBP", "PNG")
    ),
    Hostile(9, "pages.tiff", lambda: frames("TIFF", 4), notes=("The first of 4 frames.",), colour=(255,) * 3),
    Hostile(10, "a_png.jpg", lambda: encoded(plain()), notes=(is_format("PNG"),), colour=GREY),
    Hostile(10, "a_jpeg.png", lambda: encoded(plain(), "JPEG"), notes=(is_format("JPEG"),), colour=GREY, near=1),
    Hostile(10, "a_webp.gif", lambda: encoded(plain(), "WEBP", lossless=True), notes=(is_format("WEBP"),), colour=GREY),
    Hostile(
        11, "deep_grey.png", lambda: deep(40_000), notes=("16-bit grey, brought to 8 bits.",), colour=(155,) * 3, near=1
    ),
    Hostile(
        11,
        "deep_grey.tif",
        lambda: deep(40_000, "TIFF"),
        notes=("16-bit grey, brought to 8 bits.",),
        colour=(155,) * 3,
        near=1,
    ),
    Hostile(
        11,
        "wide_grey.tif",
        lambda: deep(40_000, "TIFF", np.int32),
        notes=("16-bit grey, brought to 8 bits.",),
        colour=(155,) * 3,
        near=1,
    ),
    Hostile(11, "low_grey.tif", lambda: deep(200, "TIFF", np.int32), colour=(200,) * 3),
    Hostile(11, "negative.tif", lambda: deep(-5, "TIFF", np.int32), "image.deep_pixels"),
    Hostile(11, "beyond.tif", lambda: deep(70_000, "TIFF", np.int32), "image.deep_pixels"),
    Hostile(12, "deep.png", deep_rgb, notes=("16 bits a channel, brought to 8.",), colour=(155, 39, 255), near=1),
    Hostile(13, "float.tif", lambda: deep(0.5, "TIFF", np.float32), "image.float_pixels"),
    Hostile(
        14,
        "print.jpg",
        lambda: encoded(plain().convert("CMYK"), "JPEG", quality=95),
        notes=(CMYK,),
        colour=GREY,
        near=2,
    ),
    Hostile(14, "print.tif", lambda: encoded(plain().convert("CMYK"), "TIFF"), notes=(CMYK,), colour=GREY, near=2),
    Hostile(14, "lab.tif", lambda: encoded(plain("LAB", (136, 128, 128)), "TIFF"), colour=(127,) * 3, near=2),
    Hostile(14, "bit.png", lambda: encoded(plain("1", 1)), colour=(255,) * 3),
    Hostile(14, "grey_alpha.png", lambda: encoded(plain("LA", (102, 255))), colour=GREY),
    Hostile(14, "grey.png", lambda: encoded(plain("L", 102)), colour=GREY),
    Hostile(14, "palette.png", palette, colour=GREY),
    Hostile(15, "palette_clear.png", lambda: palette(transparency=1), notes=(WHITE,), colour=(255,) * 3),
    Hostile(
        15, "palette_half.png", lambda: palette(transparency=b"\xff\x80"), notes=(WHITE,), colour=(178,) * 3, near=1
    ),
    Hostile(15, "clear.png", lambda: encoded(plain("RGBA", (255, 0, 0, 0))), notes=(WHITE,), colour=(255,) * 3),
    Hostile(15, "half.png", lambda: encoded(plain("RGBA", (0, 0, 0, 128))), notes=(WHITE,), colour=(127,) * 3, near=1),
    Hostile(
        15,
        "clear.webp",
        lambda: encoded(plain("RGBA", (255, 0, 0, 0)), "WEBP", lossless=True, exact=True),
        notes=(WHITE,),
        colour=(255,) * 3,
    ),
    Hostile(15, "clear_colour.png", lambda: encoded(plain(), transparency=GREY), notes=(WHITE,), colour=(255,) * 3),
    Hostile(
        15,
        "deep_clear.png",
        lambda: encoded(Image.fromarray(np.full((32, 32), 40_000, np.uint16)), transparency=40_000),
        notes=("16-bit grey, brought to 8 bits.", WHITE),
        colour=(255,) * 3,
    ),
    *(
        Hostile(
            16, f"turn_{n}.jpg", lambda n=n: turned(n), notes=(UPRIGHT, SQUARE), size=(48, 32) if n < 5 else (32, 48)
        )  # type: ignore[misc]
        for n in range(2, 9)
    ),
    *(Hostile(17, f"turn_{n}.jpg", lambda n=n: turned(n), notes=(SQUARE,), size=(48, 32)) for n in (1, 9, 65535)),  # type: ignore[misc]
    Hostile(
        17,
        "exif_torn.jpg",
        lambda: encoded(plain(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f"),
        colour=GREY,
        near=1,
    ),
    Hostile(
        17,
        "exif_text.png",
        lambda: with_chunks(chunk(b"eXIf", b"no exif at all")),
        colour=GREY,
        notes=("Its EXIF data cannot be read, so it was not turned.",),
    ),
    Hostile(18, "profile.png", profiled, notes=(SRGB,), colour=expected_srgb((180, 120, 90), P3), near=2),  # type: ignore[arg-type]
    Hostile(
        18, "profile.jpg", lambda: profiled("JPEG"), notes=(SRGB,), colour=expected_srgb((180, 120, 90), P3), near=3
    ),  # type: ignore[arg-type]
    Hostile(
        18,
        "profile_alpha.png",
        lambda: profiled(mode="RGBA"),
        notes=(SRGB,),
        colour=expected_srgb((180, 120, 90), P3),
        near=2,
    ),  # type: ignore[arg-type]
    Hostile(18, "profile_srgb.png", lambda: profiled(profile=own_srgb()), colour=(180, 120, 90)),
    Hostile(
        18, "profile_text.png", lambda: profiled(profile=b"no profile"), notes=(NO_PROFILE,), colour=(180, 120, 90)
    ),
    Hostile(
        18, "profile_torn.png", lambda: profiled(profile=wide_gamut()[:200]), notes=(NO_PROFILE,), colour=(180, 120, 90)
    ),
    Hostile(
        18,
        "profile_grey.png",
        lambda: encoded(plain("L", 102), icc_profile=wide_gamut()),
        notes=(NO_PROFILE,),
        colour=GREY,
    ),
    Hostile(19, "folder.png", _folder, "image.not_ordinary", special=True),
    Hostile(19, "dangling.png", _dangling, "image.missing", special=True),
    Hostile(19, "loop.png", _loop, "image.unreadable", special=True),
    Hostile(19, "to_text.png", _link_to_text, "image.unknown_format", special=True),
    Hostile(19, "to_picture.png", _link_to_picture, colour=GREY, special=True),
    Hostile(20, "pipe.png", _fifo, "image.not_ordinary", special=True),
    Hostile(20, "zeros.png", _zeros, "image.not_ordinary", special=True),
    *(Hostile(21, name, lambda: encoded(plain()), colour=GREY) for name in _NAMES.values()),
    *(Hostile(21, f"bad_{name}"[-200:], lambda: b"no picture", "image.unknown_format") for name in _NAMES.values()),
    Hostile(24, "dot.png", lambda: encoded(plain(side=1)), "image.too_small"),
    Hostile(24, "thread.png", lambda: encoded(Image.new("RGB", (2, 30_000))), "image.too_small"),
    Hostile(
        24,
        "least.png",
        lambda: encoded(plain(side=8)),
        notes=("Enlarged from 8x8; fine detail is missing.",),
        colour=GREY,
        size=(8, 8),
    ),
    Hostile(25, "polyglot.png", polyglot, colour=GREY),
    Hostile(26, "gone.png", _absent, "image.missing", special=True),
    Hostile(0, "sparse.png", _sparse, "image.heavy", special=True),
    Hostile(
        0,
        "tile.tif",
        lambda: tiff((322, 4, 1, 40_000), (323, 4, 1, 40_000), (324, 4, 1, 8), (325, 4, 1, 1024)),
        "image.bomb",
    ),
    Hostile(0, "values.tif", lambda: tiff((258, 3, 1_500_000, 200), behind=bytes(3_000_000)), "image.bomb"),
    Hostile(0, "circle.tif", lambda: tiff(following=8), colour=GREY),
    Hostile(0, "scans.jpg", many_scans, "image.bomb"),
    Hostile(
        0,
        "exif_parts.jpg",
        lambda: encoded(plain(), "JPEG").replace(b"\xff\xdb", (b"\xff\xe1\0\x0cExif\0\0abcd" * 20) + b"\xff\xdb", 1),
        "image.bomb",
    ),
    Hostile(0, "chunks.png", lambda: with_chunks(chunk(b"teSt", b"") * 40_000), "image.bomb"),
    Hostile(0, "chunks.webp", webp_chunks, "image.bomb"),
    Hostile(
        0,
        "markers.jpg",
        lambda: encoded(plain(), "JPEG").replace(b"\xff\xdb", b"\xff\xfe\0\2" * 60_000 + b"\xff\xdb", 1),
        "image.bomb",
    ),
    Hostile(0, "comment.gif", lambda: gif_with(b"!\xfe" + (b"\xff" + bytes(255)) * 5000 + b"\0"), "image.bomb"),
    Hostile(0, "blocks.gif", lambda: gif_with(b"!\xfe" + b"\1a" * 60_000 + b"\0"), "image.bomb"),
    Hostile(
        0,
        "many.gif",
        lambda: encoded(plain("L", 102), "GIF")[:-1] + b",\0\0\0\0\1\0\1\0\0\2\0" * 20_000 + b";",
        notes=("The first of more than 10,000 frames.",),
        colour=GREY,
    ),
)
