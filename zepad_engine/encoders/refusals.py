"""Every reason for which the loader refuses a file, by its stable code. Loads no torch.

The codes are part of the product: the window, ``inspect`` and the tests go by them, so a code is never renamed.
Reasons that need the encoder itself (not finite, not recognised) are given by the rooms that know it.
"""

from __future__ import annotations

from typing import Final

from zepad_engine.errors import BadCheckpoint

CHANGED = "encoder.changed"
CODE_IN_FILE = "encoder.code_in_file"
DAMAGED = "encoder.damaged"
EXPANDED = "encoder.expanded"
EXPORTED_PROGRAM = "encoder.exported_program"
INCOMPLETE = "encoder.incomplete"
LFS_POINTER = "encoder.lfs_pointer"
MISSING = "encoder.missing"
NO_WEIGHTS = "encoder.no_weights"
NOT_ORDINARY = "encoder.not_ordinary"
OLD_FORMAT = "encoder.old_format"
OTHER_FORMAT = "encoder.other_format"
PACKED = "encoder.packed"
PROTOCOL = "encoder.protocol"
TOO_DEEP = "encoder.too_deep"
TOO_LARGE = "encoder.too_large"
TOO_MANY = "encoder.too_many"
TORCHSCRIPT = "encoder.torchscript"
WEB_PAGE = "encoder.web_page"
WHOLE_MODEL = "encoder.whole_model"
WRONG_ENDING = "encoder.wrong_ending"

CODES: Final = {
    CHANGED: "it was written to while it was read",
    CODE_IN_FILE: "it names a function of Python that a program would call; nothing was called",
    DAMAGED: "its bytes contradict each other or their checksum",
    EXPANDED: "it claims far more numbers or memory than it holds",
    EXPORTED_PROGRAM: "it is a program of torch.export",
    INCOMPLETE: "its end is missing",
    LFS_POINTER: "it is a Git LFS pointer in place of the file",
    MISSING: "it is not there, or may not be read",
    NO_WEIGHTS: "it holds no tensor under a name",
    NOT_ORDINARY: "it is a folder, a pipe or a device",
    OLD_FORMAT: "it is a tar file of PyTorch before 0.4",
    OTHER_FORMAT: "it is a file of some other kind",
    PACKED: "its content was compressed or encrypted, or raw bytes lie where tensors belong",
    PROTOCOL: "its list of objects is written in a way PyTorch does not write",
    TOO_DEEP: "its containers lie more than 32 deep in each other, or one holds itself",
    TOO_LARGE: "it is larger than 8 GiB, or than the free memory",
    TOO_MANY: "it holds more than 20,000 tensors or a million objects",
    TORCHSCRIPT: "it is a TorchScript program",
    WEB_PAGE: "it is a web page in place of the file",
    WHOLE_MODEL: "it holds a model object in place of its weights",
    WRONG_ENDING: "its ending says safetensors, its bytes say otherwise",
}

SAVE_ANEW: Final = "Save the state_dict of the encoder with torch.save or as safetensors."
COPY_AGAIN: Final = "Download or copy the file again."
ASK_AUTHOR: Final = "Ask its author for a safetensors file, or save only the state_dict."
_LONGEST_SHOWN = 80


def refuse(code: str, sentence: str, advice: str) -> BadCheckpoint:
    """The refusal with one of ``CODES``, to be raised."""
    return BadCheckpoint(sentence, advice, code=code)


def shown(text: object) -> str:
    """A text out of a foreign file, fit for a sentence: one line, printable, at most 80 characters."""
    plain = "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in str(text)[: 2 * _LONGEST_SHOWN])
    return plain if len(plain) <= _LONGEST_SHOWN else plain[: _LONGEST_SHOWN - 1] + "…"
