"""What stands in for the objects of a pickle while it is played through: values that do nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

# Bytes per number, by the names of the safetensors format.
ITEM_BYTES: Final = {
    **dict.fromkeys(("C128",), 16),
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2"), 1),
}
# Read, but left out: no encoder's weights are complex.
COMPLEX: Final = frozenset({"C64", "C128"})


class Named:
    """A class or function of which the file gives the name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Inert:
    """An object of another program: what the file says of it, and nothing it could do.

    Attributes:
        origin: full name of its class or of the function that makes it.
        arguments: what it would be called with.
        state: what would be its attributes.
        entries: what would be put into it by key.
        elements: what would be appended to it.
    """

    __slots__ = ("arguments", "elements", "entries", "origin", "state")

    def __init__(self, origin: str, arguments: object = ()) -> None:
        self.origin = origin
        self.arguments = arguments
        self.state: object = None
        self.entries: dict[object, object] = {}
        self.elements: list[object] = []


class Storage(NamedTuple):
    """A run of numbers in the file: its key there, their type, and how many there are."""

    key: str
    dtype: str
    length: int
    first: int = 0

    @property
    def nbytes(self) -> int:
        """Length in bytes."""
        return self.length * ITEM_BYTES[self.dtype]


class Stored(NamedTuple):
    """A tensor as a view of a storage; offset and strides in numbers of its own type."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """How many numbers it has."""
        product = 1
        for side in self.shape:
            product *= side
        return product
