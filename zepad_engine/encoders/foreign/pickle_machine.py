"""The stack machine of the pickle format, played through with values that do nothing.

Every opcode of protocols 0 to 5 that torch, Python or numpy write is followed; what it would build is built of plain
containers, ``Inert`` objects and ``Stored`` tensors. Nothing is imported, called, hashed or compared except names and
plain text, so the depth and the cycles of a file cannot reach the interpreter's own stack. The opcodes are those of
``pickletools`` in the standard library.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from zepad_engine.encoders.foreign.pickle_names import permitted
from zepad_engine.encoders.foreign.pickle_values import Inert, Named, Storage
from zepad_engine.encoders.foreign.rebuild import build, call, storage_of
from zepad_engine.encoders.refusals import PROTOCOL, TOO_MANY, refuse

MOST_STEPS: Final = 4_000_000
MOST_CONTAINERS: Final = 1_000_000
MOST_TENSORS: Final = 20_000
_LONGEST_INTEGER: Final = 65_536
# What a pickle that contradicts itself makes Python raise.
CONTRADICTIONS: Final = (IndexError, KeyError, ValueError, TypeError, OverflowError, struct.error)


class Machine:
    """Plays through the pickles in ``content``, one after another; ``at`` is where the next one starts.

    Attributes:
        names: full names of all classes and functions that were mentioned.
        storages: every storage that was mentioned, by its key.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0
        self.names: set[str] = set()
        self.storages: dict[str, Storage] = {}
        self._stack: list[object] = []
        self._marked: list[list[object]] = []
        self._memo: dict[int, object] = {}
        self._steps = self._containers = self._tensors = 0

    def run(self) -> object:
        """The object that one pickle describes.

        Raises:
            BadCheckpoint: it names code, asks for memory, or is too long.
            IndexError, KeyError, ValueError, TypeError, OverflowError, struct.error: it contradicts itself.
        """
        self._stack, self._marked, self._memo = [], [], {}
        while True:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise _too_many("objects")
            opcode = self.content[self.at]
            self.at += 1
            if opcode == _STOP:
                return self._stack.pop()
            action = _ACTIONS.get(opcode)
            if action is None:
                raise refuse(
                    PROTOCOL,
                    f"The list of objects of this file uses opcode {opcode:#04x}, which PyTorch does not write.",
                    "Load it where it was made and save the state_dict again with torch.save.",
                )
            action(self)

    def _take(self, count: int) -> bytes:
        found = self.content[self.at : self.at + count]
        if len(found) != count:
            raise IndexError
        self.at += count
        return found

    def _number(self, shape: str) -> int:
        return int(struct.unpack(shape, self._take(struct.calcsize(shape)))[0])

    def _line(self) -> str:
        end = self.content.index(b"\n", self.at)
        found = self.content[self.at : end]
        self.at = end + 1
        return found.decode("utf-8")

    def _contain(self, value: object) -> None:
        self._containers += 1
        if self._containers > MOST_CONTAINERS:
            raise _too_many("objects")
        self._stack.append(value)

    def _since_mark(self) -> list[object]:
        found = self._stack
        self._stack = self._marked.pop()
        return found

    def _proto(self) -> None:
        if self._take(1)[0] > 5:
            raise ValueError

    def _frame(self) -> None:
        self._take(8)

    def _mark(self) -> None:
        self._contain(None)
        self._stack.pop()
        self._marked.append(self._stack)
        self._stack = []

    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._since_mark()

    def _pop_mark(self) -> None:
        self._since_mark()

    def _duplicate(self) -> None:
        self._stack.append(self._stack[-1])

    def _text_integer(self) -> None:
        line = self._line()
        plain = {"00": False, "01": True}.get(line)
        self._stack.append(int(line.rstrip("L"), 0) if plain is None else plain)

    def _text_float(self) -> None:
        self._stack.append(float(self._line()))

    def _text_string(self) -> None:
        self._stack.append(self._line().strip("'\""))

    def _text_unicode(self) -> None:
        self._stack.append(self._line())

    def _float(self) -> None:
        self._stack.append(struct.unpack(">d", self._take(8))[0])

    def _integer(self, shape: str) -> None:
        self._stack.append(self._number(shape))

    def _long(self, shape: str) -> None:
        length = self._number(shape)
        if not 0 <= length <= _LONGEST_INTEGER:
            raise ValueError
        self._stack.append(int.from_bytes(self._take(length), "little", signed=True))

    def _string(self, shape: str) -> None:
        # Text of Python 2; what is not UTF-8 is bytes.
        self._stack.append(self._take(self._number(shape)).decode("utf-8", "backslashreplace"))

    def _unicode(self, shape: str) -> None:
        self._stack.append(self._take(self._number(shape)).decode("utf-8", "surrogatepass"))

    def _bytes(self, shape: str) -> None:
        self._stack.append(self._take(self._number(shape)))

    def _constant(self, value: object) -> None:
        self._stack.append(value)

    def _empty(self, kind: Callable[[], object]) -> None:
        self._contain(kind())

    def _last(self, count: int) -> None:
        if len(self._stack) < count:
            raise IndexError
        items = tuple(self._stack[-count:])
        del self._stack[-count:]
        self._contain(items)

    def _tuple(self) -> None:
        self._contain(tuple(self._since_mark()))

    def _list(self) -> None:
        self._contain(self._since_mark())

    def _dict(self) -> None:
        items = self._since_mark()
        self._contain({})
        self._put(items)

    def _append(self) -> None:
        self._extend([self._stack.pop()])

    def _appends(self) -> None:
        self._extend(self._since_mark())

    def _extend(self, items: list[object]) -> None:
        target = self._stack[-1]
        into = target.elements if isinstance(target, Inert) else target
        if not isinstance(into, list):
            raise TypeError
        into.extend(items)

    def _set_item(self) -> None:
        value = self._stack.pop()
        self._put([self._stack.pop(), value])

    def _set_items(self) -> None:
        self._put(self._since_mark())

    def _put(self, items: list[object]) -> None:
        target = self._stack[-1]
        into = target.entries if isinstance(target, Inert) else target
        if not isinstance(into, dict) or len(items) % 2:
            raise TypeError
        for key, value in zip(items[::2], items[1::2], strict=True):
            # No weight has a name that is no text; other keys are kept apart without being hashed.
            into[key if type(key) is str else object()] = value

    def _remember(self, place: int) -> None:
        if len(self._memo) >= MOST_CONTAINERS:
            raise _too_many("objects")
        self._memo[place] = self._stack[-1]

    def _put_memo(self, shape: str) -> None:
        self._remember(self._number(shape))

    def _put_memo_text(self) -> None:
        self._remember(int(self._line()))

    def _memoize(self) -> None:
        self._remember(len(self._memo))

    def _get_memo(self, shape: str) -> None:
        self._stack.append(self._memo[self._number(shape)])

    def _get_memo_text(self) -> None:
        self._stack.append(self._memo[int(self._line())])

    def _named(self, module: str, name: str) -> Named:
        full = permitted(module, name)
        self.names.add(full)
        return Named(full)

    def _global(self) -> None:
        self._contain(self._named(self._line(), self._line()))

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(name) is not str or type(module) is not str:
            raise TypeError
        self._contain(self._named(module, name))

    def _instance(self) -> None:
        named = self._named(self._line(), self._line())
        self._call(named, tuple(self._since_mark()))

    def _object(self) -> None:
        items = self._since_mark()
        self._call(items[0], tuple(items[1:]))

    def _reduce(self) -> None:
        arguments = self._stack.pop()
        self._call(self._stack.pop(), arguments)

    def _new_object_ex(self) -> None:
        self._stack.pop()
        self._reduce()

    def _call(self, named: object, arguments: object) -> None:
        if not isinstance(named, Named) or not isinstance(arguments, tuple):
            raise TypeError
        self._tensors += named.name.startswith("torch._utils._rebuild_")
        if self._tensors > MOST_TENSORS:
            raise _too_many("tensors")
        self._contain(call(named.name, arguments))

    def _build(self) -> None:
        state = self._stack.pop()
        self._stack[-1] = build(self._stack[-1], state)

    def _persistent(self) -> None:
        found = storage_of(self._stack.pop())
        if isinstance(found, Storage):
            known = self.storages.setdefault(found.key, found._replace(first=0))
            if known.dtype != found.dtype:
                raise ValueError
        self._contain(found)


def _too_many(what: str) -> Exception:
    most = MOST_TENSORS if what == "tensors" else MOST_CONTAINERS
    return refuse(
        TOO_MANY,
        f"This file holds more {what} than any encoder; at most {most:,} are read.",
        "Save the state_dict of the encoder alone.",
    )


_STOP: Final = ord(".")


def _with(action: Callable[[Machine, str], None], shape: str) -> Callable[[Machine], None]:
    return lambda machine: action(machine, shape)


def _making(kind: Callable[[], object]) -> Callable[[Machine], None]:
    return lambda machine: machine._empty(kind)


def _giving(value: object) -> Callable[[Machine], None]:
    return lambda machine: machine._constant(value)


def _folding(count: int) -> Callable[[Machine], None]:
    return lambda machine: machine._last(count)


_ACTIONS: Final[dict[int, Callable[[Machine], None]]] = {
    0x80: Machine._proto,
    0x95: Machine._frame,
    ord("("): Machine._mark,
    ord("0"): Machine._pop,
    ord("1"): Machine._pop_mark,
    ord("2"): Machine._duplicate,
    ord("N"): _giving(None),
    0x88: _giving(True),
    0x89: _giving(False),
    ord("I"): Machine._text_integer,
    ord("L"): Machine._text_integer,
    ord("F"): Machine._text_float,
    ord("S"): Machine._text_string,
    ord("V"): Machine._text_unicode,
    ord("G"): Machine._float,
    ord("J"): _with(Machine._integer, "<i"),
    ord("K"): _with(Machine._integer, "<B"),
    ord("M"): _with(Machine._integer, "<H"),
    0x8A: _with(Machine._long, "<B"),
    0x8B: _with(Machine._long, "<i"),
    ord("U"): _with(Machine._string, "<B"),
    ord("T"): _with(Machine._string, "<I"),
    ord("X"): _with(Machine._unicode, "<I"),
    0x8C: _with(Machine._unicode, "<B"),
    0x8D: _with(Machine._unicode, "<Q"),
    ord("C"): _with(Machine._bytes, "<B"),
    ord("B"): _with(Machine._bytes, "<I"),
    0x8E: _with(Machine._bytes, "<Q"),
    0x96: _with(Machine._bytes, "<Q"),
    ord("}"): _making(dict),
    ord("]"): _making(list),
    # A set is a list here: its elements would have to be hashed.
    0x8F: _making(list),
    ord(")"): _giving(()),
    0x85: _folding(1),
    0x86: _folding(2),
    0x87: _folding(3),
    ord("t"): Machine._tuple,
    ord("l"): Machine._list,
    0x91: Machine._list,
    ord("d"): Machine._dict,
    ord("a"): Machine._append,
    ord("e"): Machine._appends,
    0x90: Machine._appends,
    ord("s"): Machine._set_item,
    ord("u"): Machine._set_items,
    ord("q"): _with(Machine._put_memo, "<B"),
    ord("r"): _with(Machine._put_memo, "<I"),
    ord("p"): Machine._put_memo_text,
    0x94: Machine._memoize,
    ord("h"): _with(Machine._get_memo, "<B"),
    ord("j"): _with(Machine._get_memo, "<I"),
    ord("g"): Machine._get_memo_text,
    ord("c"): Machine._global,
    0x93: Machine._stack_global,
    ord("i"): Machine._instance,
    ord("o"): Machine._object,
    ord("R"): Machine._reduce,
    0x81: Machine._reduce,
    0x92: Machine._new_object_ex,
    ord("b"): Machine._build,
    ord("Q"): Machine._persistent,
}
