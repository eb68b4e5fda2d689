"""One dropped picture: every kind that is read, every kind that is refused, and how it is said."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from zepad_engine.errors import BadImage
from zepad_engine.images.picture import open_picture
from zepad_engine.images.refusals import REFUSALS


def photo(width=40, height=40):
    """A picture that is red on the left, blue on the right, lighter towards the bottom."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[:, : width // 2, 0] = 200
    pixels[:, width // 2 :, 2] = 200
    pixels[..., 1] = np.linspace(0, 120, height, dtype=np.uint8)[:, None]
    return Image.fromarray(pixels)


def stored(tmp_path, picture, name="picture.png", **options):
    path = tmp_path / name
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "tiff", "gif"])
def test_each_format_is_read(tmp_path, ending):
    shown, fed, notes, _ = open_picture(stored(tmp_path, photo(), f"picture.{ending}"), 32)
    assert (shown.dtype, shown.shape) == (torch.uint8, (3, 40, 40))
    assert (fed.dtype, fed.shape) == (torch.uint8, (3, 32, 32))
    assert fed[0, 16, 4] > 150 > fed[2, 16, 4]
    assert fed[2, 16, 28] > 150 > fed[0, 16, 28]
    assert notes == ()


def test_a_picture_of_the_right_size_is_passed_through(tmp_path):
    picture = photo(32, 32)
    shown, fed, notes, _ = open_picture(stored(tmp_path, picture), 32)
    expected = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    assert torch.equal(shown, expected)
    assert torch.equal(fed, expected)
    assert notes == ()


def test_a_large_picture_is_shown_smaller(tmp_path):
    shown, fed, notes, _ = open_picture(stored(tmp_path, photo(2000, 1000)), 32)
    assert shown.shape == (3, 48, 96)
    assert fed.shape == (3, 32, 32)
    assert notes == ("Only its centre square goes to the encoder.",)


def test_a_picture_smaller_than_the_model_input_is_enlarged_and_said_so(tmp_path):
    shown, fed, notes, _ = open_picture(stored(tmp_path, photo(16, 16)), 32)
    assert shown.shape == (3, 16, 16)
    assert fed.shape == (3, 32, 32)
    assert "Enlarged from 16x16" in notes[0]


@pytest.mark.parametrize("width", [8, 9])
def test_the_thinnest_picture_is_still_shown(tmp_path, width):
    shown, fed, _, _ = open_picture(stored(tmp_path, photo(width, 20_000)), 32)
    assert shown.shape == (3, 96, 1)
    assert fed.shape == (3, 32, 32)


def test_transparency_becomes_white(tmp_path):
    picture = photo().convert("RGBA")
    picture.putalpha(Image.new("L", (40, 40), 0))
    shown, _, notes, _ = open_picture(stored(tmp_path, picture), 32)
    assert (shown == 255).all()
    assert notes == ("Transparent parts are shown on white.",)


def test_half_transparency_is_mixed_with_white(tmp_path):
    shown, _, _, _ = open_picture(stored(tmp_path, Image.new("RGBA", (20, 20), (0, 0, 0, 128))), 16)
    assert abs(int(shown.float().mean()) - 127) <= 1


def test_an_opaque_alpha_channel_needs_no_note(tmp_path):
    _, _, notes, _ = open_picture(stored(tmp_path, photo().convert("RGBA")), 32)
    assert notes == ()


def test_a_transparent_palette_colour_becomes_white(tmp_path):
    picture = Image.new("P", (20, 20), 1)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    shown, _, notes, _ = open_picture(stored(tmp_path, picture, transparency=1), 16)
    assert (shown == 255).all()
    assert "white" in notes[0]


def test_16_bit_grey_is_scaled_not_clipped(tmp_path):
    picture = Image.fromarray(np.full((20, 20), 40_000, dtype=np.uint16))
    for name in ("deep.png", "deep.tiff"):
        shown, _, notes, _ = open_picture(stored(tmp_path, picture, name), 16)
        assert ((shown.int() - 155).abs() <= 1).all()
        assert notes == ("16-bit grey, brought to 8 bits.",)


@pytest.mark.parametrize(("mode", "name"), [("CMYK", "p.jpg"), ("CMYK", "p.tiff"), ("P", "p.png"), ("L", "p.png")])
def test_other_colour_modes_become_rgb(tmp_path, mode, name):
    shown, _, notes, _ = open_picture(
        stored(tmp_path, Image.new("RGB", (20, 20), (102, 102, 102)).convert(mode), name), 16
    )
    assert ((shown.int() - 102).abs() <= 2).all()
    assert any("CMYK" in note for note in notes) == (mode == "CMYK")


def test_one_bit_pictures_are_read(tmp_path):
    shown, _, _, _ = open_picture(stored(tmp_path, Image.new("1", (20, 20), 1)), 16)
    assert (shown == 255).all()


def test_a_turned_photograph_is_put_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the right side of the pixels is the bottom
    shown, _, notes, _ = open_picture(stored(tmp_path, photo(60, 40), "turned.jpg", exif=exif), 32)
    assert shown.shape == (3, 60, 40)
    assert shown[0, 5].float().mean() > 150
    assert shown[2, -5].float().mean() > 150
    assert "Turned upright as the camera recorded." in notes


def test_broken_exif_does_not_lose_the_picture(tmp_path):
    shown, _, _, _ = open_picture(stored(tmp_path, photo(), "odd.jpg", exif=b"Exif\0\0not exif at all"), 32)
    assert shown.shape == (3, 40, 40)


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tiff"])
def test_only_the_first_of_several_frames_is_used(tmp_path, ending):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("white", "black", "red")]
    path = stored(tmp_path, frames[0], f"moving.{ending}", save_all=True, append_images=frames[1:])
    shown, _, notes, _ = open_picture(path, 16)
    assert (shown >= 254).all()
    assert notes == ("The first of 3 frames.",)


def refusal(path):
    with pytest.raises(BadImage) as caught:
        open_picture(path, 32)
    assert caught.value.code in REFUSALS
    assert caught.value.sentence.endswith(".")
    assert caught.value.advice.endswith(".")
    assert path.name in caught.value.sentence
    return str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "not a regular file" in refusal(tmp_path / "pipe.png")


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "folder.png").mkdir()
    assert "folder.png" in refusal(tmp_path / "folder.png")


def test_a_missing_file_is_refused(tmp_path):
    assert "cannot be opened: no such file" in refusal(tmp_path / "nowhere.png")


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.png").touch()
    assert "is empty" in refusal(tmp_path / "empty.png")


def test_text_is_refused_with_the_formats(tmp_path):
    (tmp_path / "text.png").write_text("hello, I am not a picture")
    assert "PNG, JPEG, WebP, BMP, TIFF or GIF" in refusal(tmp_path / "text.png")


def test_svg_is_named(tmp_path):
    (tmp_path / "drawing.svg").write_text('<?xml version="1.0"?><SVG xmlns="http://www.w3.org/2000/svg"/>')
    assert "SVG drawing" in refusal(tmp_path / "drawing.svg")


def test_heic_is_named(tmp_path):
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    assert "HEIC photograph" in refusal(tmp_path / "photo.heic")


def test_a_format_outside_the_list_is_refused(tmp_path):
    assert "not a picture that can be read" in refusal(stored(tmp_path, photo(), "picture.ppm"))


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "tiff", "gif"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_file_cut_short_is_refused(tmp_path, ending, share):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    content = stored(tmp_path, noise, f"whole.{ending}").read_bytes()
    (tmp_path / f"cut.{ending}").write_bytes(content[: int(len(content) * share)])
    refusal(tmp_path / f"cut.{ending}")


def test_a_flipped_byte_in_a_png_is_noticed(tmp_path):
    path = stored(tmp_path, photo())
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 20] ^= 0xFF
    path.write_bytes(bytes(content))
    assert "damaged" in refusal(path)


def png_that_claims(width, height):
    """A PNG header of any size over almost no pixels."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8000, 7000), (100_000, 100_000), (30_001, 10), (10, 30_001), (12_000, 10_000)])
def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path, size, monkeypatch):
    (tmp_path / "huge.png").write_bytes(png_that_claims(*size))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda *_: pytest.fail("it was decoded"))
    assert "50 megapixels" in refusal(tmp_path / "huge.png")


@pytest.mark.parametrize("size", [(7, 40), (40, 7), (1, 1)])
def test_a_tiny_picture_is_refused(tmp_path, size):
    assert f"only {size[0]}x{size[1]} pixels" in refusal(stored(tmp_path, photo(*size)))


def test_floating_point_pixels_are_refused(tmp_path):
    picture = Image.fromarray(np.full((20, 20), 0.5, dtype=np.float32))
    assert "floating-point" in refusal(stored(tmp_path, picture, "float.tiff"))


def test_opening_leaves_no_pillow_setting_behind(tmp_path):
    before = (Image.MAX_IMAGE_PIXELS, io.DEFAULT_BUFFER_SIZE)
    open_picture(stored(tmp_path, photo()), 32)
    assert before == (Image.MAX_IMAGE_PIXELS, io.DEFAULT_BUFFER_SIZE)


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_not_text_can_still_be_said(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff\xfe.png")
    path.write_text("no picture")
    with pytest.raises(BadImage) as caught:
        open_picture(path, 32)
    assert str(caught.value).encode("utf-8")


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_is_refused_or_read_but_never_a_bug(tmp_path, seed):
    chance = np.random.default_rng(seed)
    ending = ("png", "jpg", "webp", "bmp", "tiff", "gif")[seed % 6]
    content = bytearray(stored(tmp_path, photo(), f"whole.{ending}").read_bytes())
    for place in chance.integers(0, len(content), 12):
        content[place] = int(chance.integers(0, 256))
    (tmp_path / f"harmed.{ending}").write_bytes(bytes(content))
    try:
        shown, _, _, _ = open_picture(tmp_path / f"harmed.{ending}", 32)
    except BadImage:
        return
    assert shown.shape[0] == 3
