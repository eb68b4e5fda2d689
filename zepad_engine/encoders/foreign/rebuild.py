"""What a pickle's calls amount to, for the few functions that make containers and tensors; all else stays inert.

The arguments of the rebuild functions are those of torch's ``_utils.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from zepad_engine.encoders.foreign.pickle_values import ITEM_BYTES, Inert, Named, Storage, Stored
from zepad_engine.encoders.refusals import ASK_AUTHOR, EXPANDED, refuse, shown

_MOST_DIMENSIONS: Final = 64
_DTYPES: Final = {
    "F64": ("float64", "double"),
    "F32": ("float32", "float"),
    "F16": ("float16", "half"),
    "BF16": ("bfloat16",),
    "F8_E4M3": ("float8_e4m3fn",),
    "F8_E5M2": ("float8_e5m2",),
    "I64": ("int64", "long"),
    "I32": ("int32", "int"),
    "I16": ("int16", "short"),
    "I8": ("int8",),
    "U64": ("uint64",),
    "U32": ("uint32",),
    "U16": ("uint16",),
    "U8": ("uint8",),
    "BOOL": ("bool",),
    "C64": ("complex64", "cfloat"),
    "C128": ("complex128", "cdouble"),
}
_STORAGES: Final = {
    "F64": ("Double",),
    "F32": ("Float",),
    "F16": ("Half",),
    "BF16": ("BFloat16",),
    "I64": ("Long",),
    "I32": ("Int", "QInt32"),
    "I16": ("Short",),
    "I8": ("Char", "QInt8"),
    "U8": ("Byte", "Untyped", "QUInt8", "QUInt4x2", "QUInt2x4"),
    "BOOL": ("Bool",),
    "C64": ("ComplexFloat",),
    "C128": ("ComplexDouble",),
}
_OF_DTYPE: Final = {name: dtype for dtype, names in _DTYPES.items() for name in names}
_OF_STORAGE: Final = {name: dtype for dtype, names in _STORAGES.items() for name in names}


def call(name: str, arguments: tuple[object, ...]) -> object:
    """What calling ``name`` would give, as far as it is a container or a tensor; else an ``Inert`` object.

    Raises:
        BadCheckpoint: it would ask for memory the file does not hold.
        IndexError, KeyError, ValueError, TypeError: the arguments do not fit.
    """
    made = _CALLS.get(name)
    if made is not None:
        return made(arguments)
    if name.startswith("torch.") and name.endswith(("Storage", "Tensor")) and arguments:
        raise _memory_from_nothing(name)
    return Inert(name, arguments)


def build(target: object, state: object) -> object:
    """``target`` after its state was set; containers and tensors need none."""
    if isinstance(target, Inert):
        target.state = state
    elif not isinstance(target, dict | list | Stored):
        raise TypeError
    return target


def storage_of(told: object) -> object:
    """The storage that a persistent id tells of (or the class, where an old file keeps its source beside it).

    Raises:
        IndexError, KeyError, ValueError, TypeError: it tells of none.
    """
    if not isinstance(told, tuple):
        raise TypeError
    if told[0] == "module":
        return told[1]
    kind, tag, key, _place, count, *views = told
    if kind != "storage" or not isinstance(tag, Named) or type(key) is not str:
        raise TypeError
    short = tag.name.rpartition(".")[2].removesuffix("Storage").lstrip("_")
    first, seen = (0, count) if not views or views[0] is None else (views[0][1], views[0][2])
    if not _whole(count, first, seen) or first + seen > count:
        raise ValueError
    return Storage(key, _OF_STORAGE[short], count, first)


def _whole(*numbers: object) -> bool:
    return all(type(number) is int and number >= 0 for number in numbers)


def _sides(told: object) -> tuple[int, ...]:
    if not isinstance(told, tuple) or len(told) > _MOST_DIMENSIONS or not _whole(*told):
        raise ValueError
    return told


def _view(storage: object, dtype: str, offset: object, shape: object, strides: object) -> Stored:
    if not isinstance(storage, Storage) or type(offset) is not int or offset < 0:
        raise TypeError
    found = Stored(
        storage,
        dtype,
        offset + storage.first * ITEM_BYTES[storage.dtype] // ITEM_BYTES[dtype],
        _sides(shape),
        _sides(strides),
    )
    if len(found.shape) != len(found.strides):
        raise ValueError
    last = found.offset + sum((side - 1) * step for side, step in zip(found.shape, found.strides, strict=True))
    if 0 not in found.shape and (last + 1) * ITEM_BYTES[dtype] > storage.nbytes:
        raise ValueError
    return found


def _tensor(arguments: tuple[object, ...]) -> object:
    storage, offset, shape, strides = arguments[:4]
    if not isinstance(storage, Storage):
        raise TypeError
    return _view(storage, storage.dtype, offset, shape, strides)


def _typed_tensor(arguments: tuple[object, ...]) -> object:
    storage, offset, shape, strides, _, _, dtype = arguments[:7]
    if not isinstance(dtype, Named):
        raise TypeError
    short = dtype.name.rpartition(".")[2]
    return _view(storage, _OF_DTYPE[short], offset, shape, strides) if short in _OF_DTYPE else Inert(dtype.name)


def _first(arguments: tuple[object, ...]) -> object:
    return arguments[0]


def _from_type(arguments: tuple[object, ...]) -> object:
    function, _type, inner = arguments[:3]
    if not isinstance(function, Named) or not isinstance(inner, tuple) or function.name not in _TENSORS:
        raise TypeError
    return _TENSORS[function.name](inner)


def _dictionary(arguments: tuple[object, ...]) -> object:
    """Python 2 wrote an OrderedDict as a call with a list of pairs; a defaultdict's argument is its factory."""
    made: dict[object, object] = {}
    if arguments and isinstance(arguments[0], list):
        for pair in arguments[0]:
            if not isinstance(pair, list | tuple) or len(pair) != 2:
                raise TypeError
            made[pair[0] if type(pair[0]) is str else object()] = pair[1]
    elif arguments and isinstance(arguments[0], dict):
        made.update(arguments[0])
    return made


def _sequence(arguments: tuple[object, ...]) -> object:
    return list(arguments[0]) if arguments and isinstance(arguments[0], list | tuple) else []


def _size(arguments: tuple[object, ...]) -> object:
    return tuple(arguments[0]) if arguments and isinstance(arguments[0], list | tuple) else ()


def _bytes_of(arguments: tuple[object, ...]) -> object:
    if arguments and type(arguments[0]) is int and arguments[0] > 0:
        raise _memory_from_nothing("bytearray")
    return Inert("builtins.bytearray", arguments)


def _encoded(arguments: tuple[object, ...]) -> object:
    """How protocol 2 writes bytes: as text of Latin-1."""
    if not arguments or type(arguments[0]) is not str:
        raise TypeError
    return arguments[0].encode("latin-1")


def _reconstructed(arguments: tuple[object, ...]) -> object:
    if not arguments or not isinstance(arguments[0], Named):
        raise TypeError
    return Inert(arguments[0].name)


def _memory_from_nothing(name: str) -> Exception:
    return refuse(EXPANDED, f"This file asks for memory it does not fill ({shown(name)}).", ASK_AUTHOR)


_Call = Callable[[tuple[object, ...]], object]
_TENSORS: Final[dict[str, _Call]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _typed_tensor,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
}
_CALLS: Final[dict[str, _Call]] = {
    **_TENSORS,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.nn.parameter.Parameter": _first,
    "torch.Size": _size,
    "builtins.bytearray": _bytes_of,
    "builtins.bytes": _bytes_of,
    "builtins.dict": _dictionary,
    "builtins.frozenset": _sequence,
    "builtins.list": _sequence,
    "builtins.set": _sequence,
    "builtins.tuple": _sequence,
    "collections.Counter": _dictionary,
    "collections.OrderedDict": _dictionary,
    "collections.defaultdict": _dictionary,
    "collections.deque": _sequence,
    "_codecs.encode": _encoded,
    "copyreg._reconstructor": _reconstructed,
}
