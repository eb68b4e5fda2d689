"""The gate before the loader: what kind of file this is, by its bytes. Loads no torch."""

from __future__ import annotations

from typing import Final, Literal

from zepad_engine.encoders.foreign.source import Source
from zepad_engine.encoders.refusals import (
    COPY_AGAIN,
    DAMAGED,
    LFS_POINTER,
    OLD_FORMAT,
    OTHER_FORMAT,
    PACKED,
    SAVE_ANEW,
    WEB_PAGE,
    WRONG_ENDING,
    refuse,
)
from zepad_engine.errors import BadCheckpoint

Kind = Literal["safetensors", "zip", "legacy", "pickle"]

_HEAD: Final = 4096
_LARGEST_HEADER: Final = 2**32
# The first of the five pickles of a legacy file: the number legacy_file.MAGIC, in protocol 2 or later.
_LEGACY_MAGIC: Final = bytes.fromhex("6cfc9c46f9206aa85019")
_OLD_TAR_NAMES: Final = (b"sys_info\0", b"pickle\0", b"tensors\0", b"storages\0")

_UNPACK: Final = "Unpack it, and open the file inside."
_CHOOSE: Final = "Choose the encoder's weight file."
_KNOWN_HEADS: Final[tuple[tuple[bytes, str, str, str], ...]] = (
    (b"version https://git-lfs", LFS_POINTER, "a Git LFS pointer, not the weights", "Fetch the file: git lfs pull."),
    (
        b"\x89HDF\r\n\x1a\n",
        OTHER_FORMAT,
        "an HDF5 file of Keras or TensorFlow",
        "Convert its weights to PyTorch first.",
    ),
    (b"\x93NUMPY", OTHER_FORMAT, "a NumPy array", "Save the weights as safetensors, one tensor per name."),
    (b"GGUF", OTHER_FORMAT, "a GGUF language model", "ZePAD audits image encoders of PyTorch."),
    (b"\x1f\x8b", PACKED, "a gzip archive", _UNPACK),
    (b"BZh", PACKED, "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", PACKED, "an xz archive", _UNPACK),
    (b"7z\xbc\xaf", PACKED, "a 7z archive", _UNPACK),
    (b"Rar!", PACKED, "a RAR archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", PACKED, "a Zstandard archive", _UNPACK),
    (b"\x89PNG", OTHER_FORMAT, "a picture", _CHOOSE),
    (b"\xff\xd8\xff", OTHER_FORMAT, "a picture", _CHOOSE),
    (b"GIF8", OTHER_FORMAT, "a picture", _CHOOSE),
    (b"RIFF", OTHER_FORMAT, "a picture or a sound", _CHOOSE),
    (b"II*\0", OTHER_FORMAT, "a picture", _CHOOSE),
    (b"MM\0*", OTHER_FORMAT, "a picture", _CHOOSE),
    (b"BM", OTHER_FORMAT, "a picture", _CHOOSE),
    (b"%PDF", OTHER_FORMAT, "a PDF document", _CHOOSE),
)
_PAGE_HEADS: Final = (b"<!doctype html", b"<html", b"<head", b"<!--")


def kind_of(source: Source) -> Kind:
    """Decide by its first bytes what a file is; "pickle" is one without a container, which is never opened.

    Raises:
        BadCheckpoint: it is no checkpoint, or its ending says something else.
    """
    head = source.read_at(0, min(_HEAD, source.size))
    found = _pytorch_kind(head)
    named_safetensors = source.name.lower().endswith(".safetensors")
    if found is None and _starts_like_safetensors(head, named_safetensors):
        return "safetensors"
    if found is not None and named_safetensors:
        raise refuse(
            WRONG_ENDING,
            f"{source.name} ends in .safetensors, but its bytes are a pickle of Python, which may hold a program.",
            "Ask its author what it is; a true safetensors file holds no program.",
        )
    if found is None:
        raise _other(head, source.name)
    return found


def _pytorch_kind(head: bytes) -> Kind | None:
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head[:1] == b"\x80" and head[1:2] and head[1] <= 5:
        return "legacy" if _LEGACY_MAGIC in head[:64] else "pickle"
    return None


def _starts_like_safetensors(head: bytes, named_so: bool) -> bool:
    """Length and brace; a file that calls itself safetensors and is nothing else known is judged as one."""
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and (length < _LARGEST_HEADER or named_so)


def _other(head: bytes, name: str) -> BadCheckpoint:
    for magic, code, what, advice in _KNOWN_HEADS:
        if head.startswith(magic):
            return refuse(code, f"{name} is {what}.", advice)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.lower().startswith(_PAGE_HEADS):
        return refuse(
            WEB_PAGE,
            f"{name} is a web page, not the weights.",
            "The download link led to a page; download the file itself.",
        )
    if text.startswith((b"{", b"[")):
        return refuse(OTHER_FORMAT, f"{name} is a text file of settings (JSON), not the weights.", _CHOOSE)
    if name.lower().endswith(".onnx") or (head[:1] == b"\x08" and b"pytorch" in head[:64]):
        return refuse(OTHER_FORMAT, f"{name} is an ONNX file.", "ZePAD needs the PyTorch weights it was exported from.")
    if head[257:262] == b"ustar":
        return _tar(head, name)
    return _unknown(head, name)


def _unknown(head: bytes, name: str) -> BadCheckpoint:
    if head.startswith(b"PK"):
        return refuse(DAMAGED, f"{name} is cut short or damaged.", COPY_AGAIN)
    if name.lower().endswith(".safetensors"):
        return refuse(DAMAGED, f"The header of {name} is damaged.", COPY_AGAIN)
    return refuse(
        OTHER_FORMAT,
        f"{name} is no encoder file of a kind ZePAD knows.",
        "It reads PyTorch checkpoints and safetensors files.",
    )


def _tar(head: bytes, name: str) -> BadCheckpoint:
    # Names stand at the start of blocks of 512 bytes; newer tars have a block or two of their own before.
    if any(head[start:].startswith(_OLD_TAR_NAMES) for start in range(0, len(head), 512)):
        return refuse(OLD_FORMAT, f"{name} is a tar file of PyTorch before 0.4, which is no longer read.", SAVE_ANEW)
    return refuse(PACKED, f"{name} is a tar archive.", _UNPACK)
