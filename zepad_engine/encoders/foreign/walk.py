"""Every tensor a checkpoint keeps under a name, with bounds on how much is looked at. Never recursive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from zepad_engine.encoders.foreign.pickle_values import Inert, Stored
from zepad_engine.encoders.refusals import (
    ASK_AUTHOR,
    DAMAGED,
    EXPANDED,
    NO_WEIGHTS,
    PACKED,
    SAVE_ANEW,
    TOO_DEEP,
    TOO_MANY,
    WHOLE_MODEL,
    refuse,
    shown,
)

SEPARATOR: Final = "/"
DEEPEST: Final = 32
_MOST_NODES: Final = 1_000_000
_LONGEST_KEY: Final = 512
_LONGEST_NAME: Final = 1024
_LONGEST_BYTES: Final = 1_000_000
# Fewer tensors beside a whole model object are its bookkeeping, not an encoder.
_FEWEST_BESIDE: Final = 8
_CONTAINERS: Final = (dict, list, tuple, Inert)
_META: Final = "meta"
_TENSOR_KINDS: Final = {
    "torch._utils._rebuild_meta_tensor_no_storage": _META,
    "torch._utils._rebuild_sparse_tensor": "sparse",
    "torch._utils._rebuild_sparse_csr_tensor": "sparse",
    "torch._utils._rebuild_qtensor": "quantised",
    "torch._utils._rebuild_nested_tensor": "nested",
    "torch._utils._rebuild_wrapper_subclass": "of a class of its own",
}


class Found(NamedTuple):
    """What a checkpoint holds: tensors by name, tensors that cannot be used (with the reason), whole model objects."""

    tensors: dict[str, Stored]
    left_out: list[str]
    models: list[str]


def find_tensors(loaded: object, file: str) -> Found:
    """Walk through the containers of a checkpoint.

    Names of containers are joined by a slash; names of weights keep their dots. Tensors in lists have no name.

    Raises:
        BadCheckpoint: too deep, too many, raw bytes, two tensors of one name, or no tensor under a name.
    """
    found = Found({}, [], _models(loaded))
    for path, value in _nodes(loaded, file):
        found.models.extend(_models(value))
        if type(value) is bytes and len(value) > _LONGEST_BYTES:
            raise refuse(PACKED, f"{file} holds {len(value):,} raw bytes where tensors belong.", ASK_AUTHOR)
        if path is not None:
            _take(found, path, value, file)
    _require_weights(loaded, found, file)
    return found


def _take(found: Found, path: str, value: object, file: str) -> None:
    """Enter what lies at ``path``, if it is a tensor."""
    kind = _tensor_kind(value)
    if kind == _META:
        raise refuse(EXPANDED, f"The tensor {shown(path)} in {file} holds no numbers, only a size.", ASK_AUTHOR)
    if kind or (kind is not None and not _fit_for_a_name(path)):
        found.left_out.append(f"{shown(path)} ({kind or 'a name that cannot be shown'})")
    elif path in found.tensors and kind is not None:
        raise refuse(DAMAGED, f"{file} holds two tensors called {shown(path)}.", ASK_AUTHOR)
    elif isinstance(value, Stored):
        found.tensors[path] = value


def _tensor_kind(value: object) -> str | None:
    """Why a tensor cannot be used, empty if it can; None for what is no tensor."""
    if isinstance(value, Stored):
        return "complex" if value.dtype.startswith("C") else ""
    return _TENSOR_KINDS.get(value.origin) if isinstance(value, Inert) else None


def _nodes(loaded: object, file: str) -> Iterator[tuple[str | None, object]]:
    """Everything in ``loaded`` in the order of the file, with its path; a path is None beneath a list or an odd key."""
    top: str | None = ""
    open_containers = [(id(loaded), top, _children(loaded))]
    inside = {id(loaded)}
    count = 0
    while open_containers:
        place, path, children = open_containers[-1]
        for key, value in children:
            count += 1
            named = None if path is None or type(key) is not str else path + key
            yield named, value
            if type(value) not in _CONTAINERS:
                continue
            if id(value) in inside or len(open_containers) > DEEPEST or count > _MOST_NODES:
                raise _endless(file, count)
            below = None if named is None or type(value) in (list, tuple) else named + SEPARATOR
            open_containers.append((id(value), below, _children(value)))
            inside.add(id(value))
            break
        else:
            open_containers.pop()
            inside.discard(place)


def _children(value: object) -> Iterator[tuple[object, object]]:
    """What lies in a container by its key; of an object of another program only what was put into it by key."""
    if isinstance(value, Inert):
        return iter(value.entries.items())
    if isinstance(value, dict):
        return iter(value.items())
    return ((None, one) for one in value) if isinstance(value, list) or type(value) is tuple else iter(())


def _endless(file: str, count: int) -> Exception:
    if count > _MOST_NODES:
        return refuse(TOO_MANY, f"{file} holds more than {_MOST_NODES:,} objects.", SAVE_ANEW)
    return refuse(TOO_DEEP, f"The containers of {file} lie more than {DEEPEST} deep in each other.", SAVE_ANEW)


def _fit_for_a_name(path: str) -> bool:
    parts = path.split(SEPARATOR)
    printable = path.isprintable() and path != "__metadata__"
    return printable and len(path) <= _LONGEST_NAME and max(map(len, parts)) <= _LONGEST_KEY


def _models(value: object) -> list[str]:
    """The class of an object that keeps layers or parameters, as every nn.Module does."""
    state = value.state if isinstance(value, Inert) else None
    kept = isinstance(state, dict) and (state.get("_modules") or state.get("_parameters"))
    return [shown(value.origin)] if isinstance(value, Inert) and kept else []


def _require_weights(loaded: object, found: Found, file: str) -> None:
    save = "Load it where its program is and save the state_dict: torch.save(model.state_dict(), path)."
    if isinstance(loaded, Inert) and not loaded.entries:
        raise refuse(WHOLE_MODEL, f"{file} holds a whole model object ({shown(loaded.origin)}), not its weights.", save)
    if found.models and len(found.tensors) < _FEWEST_BESIDE:
        raise refuse(WHOLE_MODEL, f"{file} holds a whole model object ({found.models[0]}), not its weights.", save)
    if not found.tensors:
        extra = f"; left out: {found.left_out[0]}" if found.left_out else ""
        raise refuse(NO_WEIGHTS, f"{file} holds no weights by name{extra}.", SAVE_ANEW)
