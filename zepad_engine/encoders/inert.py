"""Inert stand-ins for objects of other programs that lie in a checkpoint beside the weights.

Nothing of those programs is imported or called: the name in the file is bound to an empty class of ours. Names of the
standard library that are not on the short list are refused, for that is what a hostile pickle would use.
"""

from __future__ import annotations

import pickletools
import sys
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from zepad_engine.encoders.gate import Kind
from zepad_engine.errors import BadCheckpoint

HARMLESS: Final = frozenset(
    {
        "argparse.Namespace",
        "types.SimpleNamespace",
        "typing.Any",
        "typing.Union",
        "typing.Optional",
        "_codecs.encode",
        "copyreg._reconstructor",
        "functools.partial",
        "collections.defaultdict",
        "collections.deque",
        "datetime.date",
        "datetime.datetime",
        "datetime.timedelta",
        "pathlib.Path",
        "pathlib.PosixPath",
        "pathlib.PurePath",
        "pathlib.PurePosixPath",
        "pathlib.PureWindowsPath",
        "pathlib.WindowsPath",
        "pathlib._local.Path",
        "pathlib._local.PosixPath",
        "pathlib._local.WindowsPath",
        "uuid.UUID",
        *(f"builtins.{name}" for name in ("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list")),
        *(f"builtins.{name}" for name in ("object", "range", "set", "slice", "str", "tuple")),
        "collections.OrderedDict",
        "collections.Counter",
    }
)


class Inert:
    """An object of another program: takes anything, does nothing, keeps its plain state."""

    origin = ""

    def __new__(cls, *_arguments: object, **_named: object) -> Inert:
        """Build an empty object."""
        return object.__new__(cls)

    def __init__(self, *_arguments: object, **_named: object) -> None:
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class InertDict:
    """A dictionary class of another program: building one gives a plain, empty OrderedDict."""

    def __new__(cls, *_arguments: object, **_named: object) -> OrderedDict[object, object]:  # type: ignore[misc]
        """Give the empty dictionary that is then filled."""
        return OrderedDict()


def stand_in(name: str) -> type[Inert]:
    """A stand-in class for the object called ``name`` in the file."""
    return type("Inert", (Inert,), {"origin": name})


def names_in(path: Path, kind: Kind) -> frozenset[str]:
    """The names of all classes and functions a pickled checkpoint mentions; nothing is loaded.

    Raises:
        BadCheckpoint: the pickle is damaged or of a newer protocol.
    """
    try:
        if kind == "zip":
            with zipfile.ZipFile(path) as archive:
                place = next(entry for entry in archive.namelist() if entry.partition("/")[2] == "data.pkl")
                return frozenset(_globals(archive.read(place)))
        with path.open("rb") as stream:
            return frozenset(name for _ in range(4) for name in _globals(stream))
    except (ValueError, StopIteration, EOFError, IndexError, KeyError) as trouble:
        raise BadCheckpoint(
            f"The list of objects in {path.name} is damaged.", "Download or copy the file again."
        ) from trouble


def _globals(pickled: bytes | BinaryIO) -> Iterator[str]:
    for code, argument, _ in pickletools.genops(pickled):
        if code.name == "GLOBAL":
            yield str(argument).replace(" ", ".", 1)
        elif code.name in {"STACK_GLOBAL", "INST"}:
            raise ValueError("names made at run time")


def require_harmless(names: frozenset[str], file: str) -> None:
    """Refuse a file that mentions a function of the standard library.

    Raises:
        BadCheckpoint: it does; nothing was called.
    """
    for name in sorted(map(_modern, names)):
        if name.partition(".")[0] in sys.stdlib_module_names and name not in HARMLESS:
            raise BadCheckpoint(
                f"{file} would call {name} on loading, as a program would; nothing was run.",
                "Ask its author for a safetensors file, or save only the state_dict.",
            )


def _modern(name: str) -> str:
    """The Python 3 name of what torch writes by its Python 2 name, for example ``commands`` for ``subprocess``."""
    module, _, inner = name.rpartition(".")
    module, inner = NAME_MAPPING.get((module, inner), (IMPORT_MAPPING.get(module, module), inner))
    return f"{module}.{inner}"
