"""Perturbation files: every format gives the same values, and what is none is refused by name."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import struct
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from zepad_engine.attacks import array_file
from zepad_engine.attacks.array_file import colours_first, read_array
from zepad_engine.attacks.imported import fitted
from zepad_engine.attacks.perturbation_file import describe_perturbation, digest_of, read_perturbation
from zepad_engine.errors import BadCheckpoint, BadInput

SIDE = 16


def noise(*shape: int, size: float = 8 / 255, seed: int = 0) -> torch.Tensor:
    return (torch.rand(*(shape or (3, SIDE, SIDE)), generator=torch.Generator().manual_seed(seed)) * 2 - 1) * size


WANTED = noise()


def fortran(path):
    np.save(path, np.asfortranarray(WANTED.numpy()))


def big_endian(path):
    np.save(path, WANTED.numpy().astype(">f4"))


def named(path):
    torch.save({"delta": torch.nn.Parameter(WANTED[None].clone()), "epsilon": 10}, path)


FORMATS = {
    "plain.npy": lambda path: np.save(path, WANTED.numpy()),
    "batch.npy": lambda path: np.save(path, WANTED[None].numpy()),
    "double.npy": lambda path: np.save(path, WANTED.double().numpy()),
    "fortran.npy": fortran,
    "swapped.npy": big_endian,
    "last.npy": lambda path: np.save(path, WANTED.permute(1, 2, 0).numpy()),
    "last_batch.npy": lambda path: np.save(path, WANTED.permute(1, 2, 0)[None].numpy()),
    "plain.npz": lambda path: np.savez(path, delta=WANTED.numpy(), epsilon=np.float32(8 / 255)),
    "packed.npz": lambda path: np.savez_compressed(path, WANTED[None].numpy()),
    "own.safetensors": lambda path: save_file({"perturbation": WANTED}, path),
    "batch.safetensors": lambda path: save_file({"v": WANTED[None].contiguous()}, path),
    # The name says nothing; the bytes do.
    "array.png": lambda path: path.write_bytes(npy(WANTED.numpy())),
}


# Each starts a loader child.
PICKLED = {
    "dictionary.pt": named,
    "alone.pt": lambda path: torch.save(WANTED.clone().requires_grad_(), path),
    "before16.pth": lambda path: torch.save(WANTED, path, _use_new_zipfile_serialization=False),
}


@pytest.mark.parametrize("file", [*FORMATS, *PICKLED])
def test_every_format_gives_the_same_values(tmp_path, file):
    (FORMATS | PICKLED)[file](tmp_path / file)
    found = read_perturbation(tmp_path / file)
    assert found.pixels.dtype == torch.float32
    assert torch.equal(found.pixels, WANTED)
    assert digest_of(found.pixels) == digest_of(WANTED)


def write_png(path: Path, pixels: torch.Tensor) -> None:
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(path)


@pytest.mark.parametrize("file", ["signs.png", "signs.npy", "signs.safetensors"])
def test_in_bytes_128_is_zero_and_a_step_is_one_of_255(tmp_path, file):
    steps = torch.randint(-10, 11, (3, SIDE, SIDE), generator=torch.Generator().manual_seed(1))
    pixels = (steps + 128).to(torch.uint8)
    if file.endswith("png"):
        write_png(tmp_path / file, pixels)
    elif file.endswith("npy"):
        np.save(tmp_path / file, pixels.numpy())
    else:
        save_file({"v": pixels}, tmp_path / file)
    found = read_perturbation(tmp_path / file)
    assert torch.equal(found.pixels, (steps.double() / 255).float())
    assert found.remarks == ("8-bit values without a sign: 128 is taken as zero, one step as 1/255.",)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int64, np.float16, np.float32])
def test_whole_numbers_and_floats_beyond_one_are_255ths(tmp_path, dtype):
    steps = np.random.default_rng(0).integers(-10, 11, (3, SIDE, SIDE)).astype(dtype)
    np.save(tmp_path / "v.npy", steps)
    found = read_perturbation(tmp_path / "v.npy")
    assert torch.equal(found.pixels, torch.from_numpy(steps.astype(np.float64) / 255).float())
    assert found.remarks == ("Its values reach 10 and are taken as n/255.",)


def test_floats_up_to_one_are_shares_of_the_range(tmp_path):
    values = noise()
    values[0, 0, 0] = 1.0
    np.save(tmp_path / "v.npy", values.numpy())
    found = read_perturbation(tmp_path / "v.npy")
    assert torch.equal(found.pixels, values)
    assert found.remarks == ()


def test_the_facts_of_a_file(tmp_path):
    values = torch.zeros(1, 3, 8, 16)
    values[0, 0, 0, 0], values[0, 1, 2, 3] = 3 / 255, -4 / 255
    np.savez(tmp_path / "uap.npz", delta=values.numpy(), mask=np.ones(4, dtype=bool))
    facts = describe_perturbation(tmp_path / "uap.npz")
    assert (facts.name, facts.kind, facts.tensor, facts.dtype) == ("uap.npz", "npz", "delta", "float32")
    assert (facts.shape, facts.height, facts.width) == ((1, 3, 8, 16), 8, 16)
    assert (facts.low_255, facts.high_255, facts.linf_255) == pytest.approx((-4, 3, 4))
    assert facts.l2 == pytest.approx(5 / 255)
    assert facts.zeros == pytest.approx(1 - 2 / (3 * 8 * 16))
    assert facts.pixels_sha256 == digest_of(values[0])
    assert facts.sha256 == hashlib.sha256((tmp_path / "uap.npz").read_bytes()).hexdigest()
    assert facts.remarks == (
        "Left out of uap.npz: mask.",
        "99 % of its values are zero, like a patch; it is added to the images all the same.",
    )


@pytest.mark.parametrize(
    ("shape", "first"),
    [
        ((3, 8, 8), True),
        ((3, 1024, 9), True),
        ((1, 3, 32, 32), True),
        ((32, 32, 3), False),
        ((1, 32, 20, 3), False),
        ((3, 7, 8), None),
        ((3, 8, 3), None),
        ((3, 3, 3), None),
        ((2, 3, 32, 32), None),
        ((3, 1025, 32), None),
        ((1, 32, 32), None),
        ((32, 32), None),
        ((), None),
        ((1, 1, 3, 32, 32), None),
    ],
)
def test_which_shapes_are_a_perturbation(shape, first):
    assert colours_first(shape) is first


def header_only(shape: str, dtype: str = "<f4") -> bytes:
    words = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width: int, height: int, colour: int = 2, depth: int = 8) -> bytes:
    """A PNG that claims a size; its pixels are a few kilobytes of zeros."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(4096))) + chunk(b"IEND", b"")


def npz_of(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def lying_npz() -> bytes:
    """An entry that declares 1,024 bytes in both headers and unpacks to 100 MB."""
    whole = npz_of(("v.npy", header_only("(3, 16, 16)") + bytes(100_000_000)))
    declared = struct.pack("<I", len(header_only("(3, 16, 16)")) + 100_000_000)
    assert whole.count(declared) == 2
    return whole.replace(declared, struct.pack("<I", 128 + 3072))


def npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


class Canary:
    def __reduce__(self):
        return os.mkdir, ("canary",)


def picture(mean: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((SIDE, SIDE, 3), mean, np.uint8)).save(stream, format="PNG")
    return stream.getvalue()


OBJECTS = np.array([[[Canary()] * SIDE] * SIDE] * 3, dtype=object)
NAN = npy(np.full((3, SIDE, SIDE), np.nan, np.float32))
REFUSED = {
    "objects.npy": (lambda: npy(OBJECTS), "objects"),
    "objects.npz": (lambda: npz_of(("v.npy", npy(OBJECTS))), "objects"),
    "records.npy": (lambda: npy(np.zeros((3, SIDE, SIDE), dtype=[("a", "f4")])), "shape"),
    "bool.npy": (lambda: npy(np.ones((3, SIDE, SIDE), bool)), "shape"),
    "complex.npy": (lambda: npy(np.ones((3, SIDE, SIDE), complex)), "shape"),
    "words.npy": (lambda: npy(np.full((3, SIDE, SIDE), "a")), "shape"),
    "unsigned16.npy": (lambda: npy(np.ones((3, SIDE, SIDE), np.uint16)), "shape"),
    "huge.npy": (lambda: header_only("(3, 1000000000, 1000000000)") + bytes(64), "shape"),
    "claims.npy": (lambda: header_only("(3, 1024, 1024)") + bytes(64), "damaged"),
    "negative.npy": (lambda: header_only("(3, -16, 16)") + bytes(64), "shape"),
    "longer.npy": (lambda: npy(WANTED.numpy()) + b"x", "damaged"),
    "cut.npy": (lambda: npy(WANTED.numpy())[:-4], "damaged"),
    "header.npy": (lambda: npy(WANTED.numpy())[:60], "damaged"),
    "program.npy": (lambda: header_only("__import__('os').mkdir('canary')"), "damaged"),
    "version.npy": (lambda: b"\x93NUMPY\x09\x00" + bytes(200), "damaged"),
    "nan.npy": (lambda: NAN, "values"),
    "infinite.npy": (lambda: npy(np.full((3, SIDE, SIDE), np.inf)), "values"),
    "huge_values.npy": (lambda: npy(np.full((3, SIDE, SIDE), 1e300)), "values"),
    "zeros.npy": (lambda: npy(np.zeros((3, SIDE, SIDE), np.float32)), "zero"),
    "grey.npy": (lambda: npy(np.zeros((1, SIDE, SIDE), np.float32)), "shape"),
    "several.npy": (lambda: npy(np.zeros((16, 3, SIDE, SIDE), np.float32)), "shape"),
    "small.npy": (lambda: npy(np.ones((3, 4, 4), np.float32)), "shape"),
    "photo.npy": (lambda: npy(np.random.default_rng(0).random((3, SIDE, SIDE))), "picture"),
    "photo255.npy": (lambda: npy(np.random.default_rng(0).random((3, SIDE, SIDE)) * 255), "picture"),
    "bright.png": (lambda: picture(200), "picture"),
    "dark.png": (lambda: picture(60), "picture"),
    "zero.png": (lambda: picture(128), "zero"),
    "bomb.png": (lambda: png_of(60_000, 60_000), "shape"),
    "claims.png": (lambda: png_of(1024, 1024), ""),
    "oblong.png": (lambda: png_of(64, 32), "shape"),
    "alpha.png": (lambda: png_of(SIDE, SIDE, colour=6), "shape"),
    "deep.png": (lambda: png_of(SIDE, SIDE, depth=16), "shape"),
    "cut.png": (lambda: picture(128)[:20], "shape"),
    "bomb.npz": (lambda: npz_of(("v.npy", bytes(200_000_000))), "file"),
    "many.npz": (lambda: npz_of(*((f"{n}.npy", b"") for n in range(1001))), "file"),
    "lying.npz": (lying_npz, "damaged"),
    "lzma.npz": (lambda: npz_of(("v.npy", npy(WANTED.numpy())), method=zipfile.ZIP_LZMA), "kind"),
    "cut.npz": (lambda: npz_of(("v.npy", npy(WANTED.numpy())))[:-30], "damaged"),
    "two.npz": (lambda: npz_of(*((f"{n}.npy", npy(WANTED.numpy())) for n in "ab")), "many"),
    "none.npz": (lambda: npz_of(("v.npy", npy(np.zeros(3)))), "shape"),
    "header.safetensors": (lambda: struct.pack("<Q", 10**12) + b"{" + bytes(40), "damaged"),
    "claims.safetensors": (
        lambda: (
            struct.pack("<Q", 68)
            + b'{"v":{"dtype":"F32","shape":[3,1024,1024],"data_offsets":[0,12582912]}}'[:68].ljust(68)
        ),
        "damaged",
    ),
    "photo.jpg": (lambda: b"\xff\xd8\xff\xe0" + bytes(64), "kind"),
    "page.npy": (lambda: b"<!doctype html><html>", "kind"),
    "empty.npy": (lambda: b"", "file"),
}


@pytest.mark.parametrize("file", REFUSED)
def test_what_is_no_perturbation_is_refused_by_name_and_runs_nothing(tmp_path, monkeypatch, file):
    monkeypatch.chdir(tmp_path)
    content, what = REFUSED[file]
    path = tmp_path / file
    path.write_bytes(content())
    started = time.process_time()
    with pytest.raises(BadInput) as caught:
        read_perturbation(path)
    assert time.process_time() - started < 2
    assert caught.value.code == (f"perturbation.{what}" if what else caught.value.code)
    assert file in caught.value.sentence
    assert caught.value.sentence.endswith(".")
    assert caught.value.advice
    assert [entry.name for entry in tmp_path.iterdir()] == [file]


def test_a_lying_entry_is_not_unpacked_past_what_it_declares(tmp_path):
    (tmp_path / "v.npz").write_bytes(lying_npz())
    tracemalloc.start()
    with pytest.raises(BadInput, match="is cut short or damaged"):
        read_array(tmp_path / "v.npz")
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_a_pickle_is_refused_by_the_loader_child_and_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("v.pt").write_bytes(pickle.dumps(Canary()))
    torch.save({"delta": WANTED, "more": Canary()}, "w.pt")
    for file in ("v.pt", "w.pt"):
        with pytest.raises(BadCheckpoint) as caught:
            read_perturbation(tmp_path / file)
        assert caught.value.advice == "Save the perturbation alone, best as .npy or .safetensors."
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["v.pt", "w.pt"]


def test_pipes_folders_and_missing_files_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "folder.npy").mkdir()
    for name, words in (
        ("pipe.npy", "pipe.npy is not an ordinary file."),
        ("folder.npy", "folder.npy is not an ordinary file."),
        ("absent.npy", "absent.npy cannot be opened."),
    ):
        with pytest.raises(BadInput) as caught:
            read_perturbation(tmp_path / name)
        assert (caught.value.sentence, caught.value.code) == (words, "perturbation.file")


def test_a_file_too_large_is_refused_before_it_is_read_on(tmp_path, monkeypatch):
    monkeypatch.setattr(array_file, "LARGEST_FILE", 1000)
    np.save(tmp_path / "v.npy", WANTED.numpy())
    with pytest.raises(BadInput, match=r"v.npy is larger than 64 MiB"):
        read_perturbation(tmp_path / "v.npy")


def test_among_several_the_one_named_so_is_taken(tmp_path):
    save_file({"perturbation": WANTED, "start": noise(seed=5)}, tmp_path / "v.safetensors")
    found = read_perturbation(tmp_path / "v.safetensors")
    assert torch.equal(found.pixels, WANTED)
    assert found.remarks == ("Left out of v.safetensors: start.",)


def read(tmp_path: Path, values: torch.Tensor):
    np.save(tmp_path / "v.npy", values.numpy())
    return read_perturbation(tmp_path / "v.npy")


def test_above_the_budget_it_is_clipped_and_said_so(tmp_path):
    values = torch.full((3, SIDE, SIDE), 20 / 255)
    values[0] = -2 / 255
    pixels, remarks = fitted(read(tmp_path, values), SIDE, 10 / 255)
    assert torch.equal(pixels, values.clamp(-10 / 255, 10 / 255))
    assert remarks == (
        "Its largest value is 20.00/255, above the budget of 10/255: 66.7 % of its values were clipped to it.",
    )


def test_below_the_budget_it_is_never_scaled_up(tmp_path):
    values = noise(size=5 / 255)
    values[0, 0, 0] = 5 / 255
    pixels, remarks = fitted(read(tmp_path, values), SIDE, 10 / 255)
    assert torch.equal(pixels, values)
    assert remarks == ("Its largest value is 5.00/255, below the budget of 10/255; it was not scaled up.",)


def test_at_the_budget_nothing_is_done_and_nothing_said(tmp_path):
    # The published files say 0.05, the plan 12.75/255.
    values = torch.full((3, SIDE, SIDE), 0.05)
    values[1] = -0.05
    pixels, remarks = fitted(read(tmp_path, values), SIDE, 12.75 / 255)
    assert torch.allclose(pixels, values, atol=1e-8)
    assert remarks == ()


def test_another_size_is_resized_bilinearly_with_a_warning(tmp_path):
    values = noise(3, 8, 24, size=10 / 255)
    pixels, remarks = fitted(read(tmp_path, values), SIDE, 10 / 255)
    assert pixels.shape == (3, SIDE, SIDE)
    assert remarks[0] == "Resized from 24x8 to 16x16 pixels: no value grew, but its effect may be lost."
    assert float(pixels.abs().max()) <= float(values.abs().max())
    # By hand: column 0 of 16 lies at 0.25 of 24, row 0 at -0.25 of 8, which is row 0.
    assert float(pixels[0, 0, 0]) == pytest.approx(
        0.75 * float(values[0, 0, 0]) + 0.25 * float(values[0, 0, 1]), abs=1e-7
    )


def test_what_resizing_leaves_nothing_of_is_refused(tmp_path):
    values = torch.zeros(3, 64, 64)
    values[0, 0, 0] = 0.04
    with pytest.raises(BadInput, match="Resized to 8x8 pixels, nothing is left of v.npy"):
        fitted(read(tmp_path, values), 8, 10 / 255)
