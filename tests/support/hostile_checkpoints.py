"""Checkpoints that are hostile, broken or odd, made anew for each test, with the exact outcome of each.

Rows 1 to 46 are those of the project's reliability survey. A payload that ran would leave its canary.
"""

from __future__ import annotations

import os
import pickle
import random
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from tests.support.hostile_safetensors import SAFETENSORS
from tests.support.pickle_bytes import (
    called,
    entries,
    named,
    number,
    numbers,
    several,
    storage,
    tensor,
    text,
    torch_legacy,
    torch_zip,
    whole,
)

OPENS = ""


class Row(NamedTuple):
    """One file: its row in the survey, a name, the code it must be refused with (empty: it opens), and its maker.

    ``alive``: unpickled as usual its payload leaves the canary. ``reads``: weights are read before the verdict.
    """

    number: int
    name: str
    code: str
    make: Callable[[Path, Path], Path]
    alive: bool = False
    reads: bool = False


class Call:
    """Pickled, it is a call."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


def touch(canary: Path) -> Call:
    return Call(os.system, f"touch '{canary}'")


def weights() -> dict[str, torch.Tensor]:
    return {f"layer{index}.weight": torch.full((4, 4), float(index)) for index in range(10)}


def saved(path: Path, content: object, **how: object) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(content, path, **how)
    return path


def _saving(content: Callable[[Path], object], file: str = "net.pth", **how: object) -> Callable[[Path, Path], Path]:
    return lambda folder, canary: saved(folder / file, content(canary), **how)


def _zipped(pickled: Callable[[Path], bytes], **how: object) -> Callable[[Path, Path], Path]:
    return lambda folder, canary: torch_zip(folder / "net.pth", pickled(canary), **how)


def _bytes(content: Callable[[Path], bytes], file: str = "net.pth") -> Callable[[Path, Path], Path]:
    def make(folder: Path, canary: Path) -> Path:
        (folder / file).write_bytes(content(canary))
        return folder / file

    return make


def _changed(change: Callable[[bytes], bytes], *, evil: bool = False, **how: object) -> Callable[[Path, Path], Path]:
    def make(folder: Path, canary: Path) -> Path:
        path = saved(folder / "net.pth", {"x": touch(canary), **weights()} if evil else weights(), **how)
        path.write_bytes(change(path.read_bytes()))
        return path

    return make


def _exec(canary: Path) -> bytes:
    return whole(called(named("builtins", "exec"), text(f"import os; os.mkdir({str(canary)!r})")))


def _chain(canary: Path) -> bytes:
    """os.system, reached through attributes of a harmless-looking class."""

    def part(of: bytes, name: str) -> bytes:
        return called(named("builtins", "getattr"), of, text(name))

    inner = part(part(named("os", "_wrap_close"), "__init__"), "__globals__")
    return whole(called(called(part(inner, "__getitem__"), text("system")), text(f"touch '{canary}'")))


def _dotted(canary: Path) -> bytes:
    reached = b"\x8c\x05torch\x8c\x17serialization.os.system\x93"
    return b"\x80\x04" + called(reached, text(f"touch '{canary}'")) + b"."


def _tar(folder: Path, canary: Path) -> Path:
    for name in ("sys_info", "pickle", "tensors", "storages"):
        (folder / name).write_bytes(pickle.dumps(touch(canary), 2))
    with tarfile.open(folder / "net.pth", "w") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            archive.add(folder / name, name)
    return folder / "net.pth"


def _encrypted(content: bytes) -> bytes:
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(magic)
        content = content[: at + place] + bytes([content[at + place] | 1]) + content[at + place + 1 :]
    return content


def _wrong_checksum(content: bytes) -> bytes:
    for magic, place in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        at = content.index(magic) + place
        content = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    return content


def _flipped(content: bytes) -> bytes:
    at = content.index(weights()["layer7.weight"].numpy().tobytes())
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def _entries_of(*names: str) -> Callable[[Path, Path], Path]:
    def make(folder: Path, canary: Path) -> Path:
        with zipfile.ZipFile(folder / "net.pt", "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
        return folder / "net.pt"

    return make


def _many_tensors(_canary: Path) -> bytes:
    hooks = called(named("collections", "OrderedDict"))
    view = several(storage(), number(0), numbers((1,)), numbers((1,)), b"\x89", hooks)
    remembered = named("torch._utils", "_rebuild_tensor_v2") + b"q\x010" + view + b"q\x020"
    return whole(remembered + b"}(" + b"".join(text(f"t{index}") + b"h\x01h\x02R" for index in range(200_000)) + b"u")


def _many_entries(folder: Path, _canary: Path) -> Path:
    return torch_zip(folder / "net.pth", whole(entries({})), {str(index): b"" for index in range(25_000)})


def _laughs(_canary: Path) -> bytes:
    return whole(b"]q\x00" + b"".join(b"](h%ch%ceq%c" % (at, at, at + 1) for at in range(60)))


def _location(content: str) -> Callable[[Path], bytes]:
    return lambda _canary: whole(entries({"w": tensor(storage(place=content))}))


def _legacy_claim(claimed: int) -> Callable[[Path, Path], Path]:
    pickled = whole(entries({"w": tensor(storage(count=claimed), shape=(4,), strides=(1,))}))
    return lambda folder, _canary: torch_legacy(folder / "net.pth", pickled, {"0": (claimed, bytes(64))})


def _view(**how: object) -> Callable[[Path, Path], Path]:
    return _zipped(lambda _canary: whole(entries({"w": tensor(**how)})))


def _meta(_canary: Path) -> bytes:
    size = called(
        named("torch._utils", "_rebuild_meta_tensor_no_storage"), named("torch", "float32"), numbers((2**40,))
    )
    return whole(entries({"w": size[:-2] + numbers((1,)) + b"\x89tR"}))


def _bytearray(count: int) -> Callable[[Path, Path], Path]:
    return _zipped(lambda _canary: whole(entries({"x": called(named("builtins", "bytearray"), number(count))})))


def _two_types(_canary: Path) -> bytes:
    double = tensor(storage(kind="DoubleStorage", count=8), shape=(8,), strides=(1,))
    return whole(entries({"a": tensor(), "b": double}))


def _module(_canary: Path) -> object:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))


def _evil_names(_canary: Path) -> object:
    evil = (
        "<img src=x onerror=alert(1)>",
        "=cmd|calc",
        "../../up",
        "a\u202eb",
        "a\0b",
        "k" * 1_000_000,
        "__metadata__",
    )
    return {**weights(), **{name: torch.ones(1) for name in evil}}


def _link(target: str) -> Callable[[Path, Path], Path]:
    def make(folder: Path, _canary: Path) -> Path:
        (folder / "net.pth").symlink_to(target)
        return folder / "net.pth"

    return make


def _pipe(folder: Path, _canary: Path) -> Path:
    os.mkfifo(folder / "net.pth")
    return folder / "net.pth"


def _locked(folder: Path, _canary: Path) -> Path:
    path = saved(folder / "net.pth", weights())
    path.chmod(0)
    return path


def _sparse_file(folder: Path, _canary: Path) -> Path:
    with (folder / "net.safetensors").open("wb") as stream:
        stream.truncate(6_000_000_000)
    return folder / "net.safetensors"


def _noise(_canary: Path) -> bytes:
    return random.Random(4).randbytes(4096)


def _state_in_classes(canary: Path) -> object:
    return [canary.name, {"inner": weights()}]


def _rows() -> Iterator[Row]:
    code, damaged, expanded = "encoder.code_in_file", "encoder.damaged", "encoder.expanded"
    yield Row(1, "os.system", code, _saving(lambda canary: {"x": touch(canary), **weights()}), alive=True)
    yield Row(2, "exec", code, _zipped(_exec), alive=True)
    yield Row(3, "protocol 4", code, _saving(touch, pickle_protocol=4), alive=True)
    yield Row(4, "no container", code, _bytes(lambda canary: pickle.dumps(touch(canary), 2)), alive=True)
    yield Row(5, "tar of old", "encoder.old_format", _tar, alive=True)
    yield Row(
        6,
        "pickle named safetensors",
        "encoder.wrong_ending",
        _bytes(lambda canary: pickle.dumps(touch(canary)), "net.safetensors"),
        alive=True,
    )
    yield Row(7, "attribute chain", code, _zipped(_chain), alive=True)
    hub = called(named("torch.hub", "load"), text("owner/repository"), text("model"))
    yield Row(8, "torch.hub", code, _zipped(lambda _canary: whole(hub)))
    yield Row(9, "dotted name", code, _zipped(_dotted), alive=True)
    yield Row(10, "encrypted", "encoder.packed", _changed(_encrypted, evil=True), alive=True)
    yield Row(11, "wrong checksum", damaged, _changed(_wrong_checksum, evil=True), alive=True)
    for ending in ("bin", "ckpt", "torch", "tar", "pt"):
        yield Row(12, f"named {ending}", code, _saving(touch, f"net.{ending}"), alive=True)
    yield Row(13, "object array", code, _saving(lambda canary: {"a": np.array([touch(canary)], object)}), alive=True)
    yield Row(15, "whole module", "encoder.whole_model", _saving(_module))
    yield Row(16, "in parallel", "encoder.whole_model", _saving(lambda at: {"net": torch.nn.DataParallel(_module(at))}))
    yield Row(17, "TorchScript", "encoder.torchscript", _entries_of("n/data.pkl", "n/constants.pkl", "n/code/n.py"))
    yield Row(18, "torch.export", "encoder.exported_program", _entries_of("n/archive_format", "n/models/model.json"))
    bomb = _zipped(lambda _canary: whole(entries({})), records={"0": bytes(2**27)}, method=zipfile.ZIP_DEFLATED)
    yield Row(19, "deflate bomb", "encoder.packed", bomb)
    yield Row(
        20, "opcode bomb", "encoder.packed", _zipped(lambda _at: whole(b"N" * 2**24), method=zipfile.ZIP_DEFLATED)
    )
    yield Row(20, "opcodes unpacked", "encoder.too_many", _zipped(lambda _canary: whole(b"N" * 16_000_000)))
    yield Row(20, "sets unpacked", "encoder.too_many", _zipped(lambda _canary: whole(b"\x8f" * 16_000_000)))
    yield Row(21, "bytearray of 4 GiB", expanded, _bytearray(2**32))
    yield Row(22, "bytearray of 1 TiB", expanded, _bytearray(2**40))
    claims = whole(entries({"w": tensor(storage(count=2**40))}))
    yield Row(23, "storage of 4 TB", damaged, _zipped(lambda _canary: claims))
    yield Row(24, "legacy storage of 4 TB", "encoder.incomplete", _legacy_claim(2**40))
    yield Row(24, "legacy storage of 12 GB", "encoder.incomplete", _legacy_claim(3 * 2**30))
    yield Row(25, "stride 0", expanded, _view(shape=(2**25, 2**25), strides=(0, 0)))
    yield Row(26, "meta", expanded, _zipped(_meta))
    yield Row(27, "view past the end", damaged, _view(offset=1))
    yield Row(27, "negative offset", damaged, _view(offset=-1))
    yield Row(27, "negative stride", damaged, _view(strides=(-4, 1)))
    yield Row(27, "negative size", damaged, _view(shape=(-4, 4)))
    yield Row(27, "2 to the 80 numbers", damaged, _view(shape=(2**40, 2**40)))
    yield Row(28, "two types", damaged, _zipped(_two_types))
    yield Row(
        29, "record outside", damaged, _zipped(lambda _at: whole(entries({"w": tensor(storage("../../../etc/x"))})))
    )
    yield Row(30, "200,000 tensors", "encoder.too_many", _zipped(_many_tensors))
    yield Row(30, "25,000 entries", "encoder.too_many", _many_entries)
    yield Row(31, "nested lists", "encoder.too_deep", _zipped(lambda _at: whole(b"]" * 500_000 + b"a" * 499_999)))
    deep_key = b"}" + b")" + b"\x85" * 500_000 + b"Ns"
    yield Row(31, "nested key", "encoder.no_weights", _zipped(lambda _canary: whole(deep_key)))
    yield Row(32, "holds itself", "encoder.too_deep", _zipped(lambda _canary: whole(b"}q\x00" + text("x") + b"h\x00s")))
    yield Row(32, "billion laughs", "encoder.too_deep", _zipped(_laughs))
    for name, content in (
        ("string of 4 GB", b"\x80\x02X\xff\xff\xff\xffab."),
        ("stack underflow", whole(b"}aa")),
        ("missing memo", whole(b"h\x07")),
        ("no stop", b"\x80\x02}"),
        ("call of a list", whole(b"])R")),
        ("opcode unknown", whole(b"\x97")),
    ):
        unknown = "encoder.protocol" if name == "opcode unknown" else damaged
        yield Row(33, name, unknown, _zipped(lambda _canary, content=content: content))
    for name, code_, content in (
        ("empty", "encoder.incomplete", b""),
        ("one byte", "encoder.other_format", b"x"),
        ("web page", "encoder.web_page", b"<!DOCTYPE html><html><title>404</title>"),
        ("LFS pointer", "encoder.lfs_pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
    ):
        yield Row(34, name, code_, _bytes(lambda _canary, content=content: content))
    yield Row(34, "noise", "encoder.other_format", _bytes(_noise))
    yield Row(35, "half of it", "encoder.incomplete", _changed(lambda content: content[: len(content) // 2]))
    yield Row(35, "last byte missing", "encoder.incomplete", _changed(lambda content: content[:-1]))
    cut = _changed(lambda content: content[:-100], _use_new_zipfile_serialization=False)
    yield Row(35, "legacy cut", "encoder.incomplete", cut)
    yield Row(35, "100 KB behind it", "encoder.incomplete", _changed(lambda content: content + bytes(100_000)))
    yield Row(36, "one bit", damaged, _changed(_flipped))
    yield Row(39, "prefixes", OPENS, _saving(lambda _at: {f"module.encoder_q.{k}": v for k, v in weights().items()}))
    yield Row(41, "evil names", OPENS, _saving(_evil_names), reads=True)
    for name, content in (
        ("other keys", {1: torch.ones(3)}),
        ("bare tensor", torch.ones(3)),
        ("list", [torch.ones(3)]),
        ("empty", {}),
        ("no tensors", {"epoch": 3}),
        ("sparse only", {"w": torch.eye(3).to_sparse()}),
    ):
        yield Row(42, name, "encoder.no_weights", _saving(lambda _canary, content=content: content))
    yield Row(42, "under a list", "encoder.no_weights", _saving(_state_in_classes))
    yield Row(43, "another device", OPENS, _zipped(_location("cuda:9")))
    if hasattr(os, "mkfifo"):
        yield Row(44, "pipe", "encoder.not_ordinary", _pipe)
        yield Row(44, "device", "encoder.not_ordinary", lambda _folder, _canary: Path("/dev/zero"))
        yield Row(44, "dangling link", "encoder.missing", _link("nowhere"))
        yield Row(44, "link to itself", "encoder.missing", _link("net.pth"))
    if getattr(os, "geteuid", lambda: 0)():
        yield Row(44, "locked", "encoder.missing", _locked)
    yield Row(44, "folder", "encoder.not_ordinary", lambda folder, _canary: folder)
    for name, code_, content in SAFETENSORS:
        yield Row(45, name, code_, _bytes(lambda _canary, content=content: content(), "net.safetensors"))
    yield Row(46, "6 GB", "encoder.too_large", _sparse_file)


ROWS = tuple(_rows())
