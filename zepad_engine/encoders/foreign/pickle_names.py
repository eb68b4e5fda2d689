"""Which names a checkpoint may mention.

Nothing that is named is imported or called, whatever the lists say. They decide what the user is told: a file that
names a function a program would call is refused as a whole, with the name.
"""

from __future__ import annotations

import re
import sys
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from typing import Final

from zepad_engine.encoders.refusals import ASK_AUTHOR, CODE_IN_FILE, refuse, shown

# By module. What torch, numpy and training scripts write beside or around the weights.
_HARMLESS: Final = {
    "_codecs": "encode",
    "argparse": "Namespace",
    "builtins": "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple",
    "collections": "Counter OrderedDict defaultdict deque",
    "copyreg": "_reconstructor",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "enum": "Enum",
    "fractions": "Fraction",
    "functools": "partial",
    "numpy": "dtype ndarray",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy._core.numeric": "_frombuffer",
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy.core.numeric": "_frombuffer",
    "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
    "pathlib": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "pathlib._local": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "torch": "Size Tensor channels_last contiguous_format device dtype layout memory_format preserve_format",
    "torch._C": "Generator",
    "torch._tensor": "_rebuild_from_type_v2",
    "torch.serialization": "_get_layout",
    "torch.torch_version": "TorchVersion",
    "time": "struct_time",
    "types": "SimpleNamespace",
    "typing": "Any Dict List Optional Tuple Union",
    "uuid": "UUID",
}
# What rebuilds a tensor, and the types of numbers and of tensors.
_TYPES: Final = re.compile(
    r"torch\._utils\._rebuild_\w*(tensor|parameter|subclass)\w*|"
    r"torch\.(storage\.|cuda\.|sparse\.)?\w*(Storage|Tensor)"
    r"|torch\.(bfloat16|double|half|short|long|bool|strided|sparse_\w+|per_(tensor|channel)_\w+)"
    r"|torch\.(float|u?int|complex|q?u?int)\d*(_\w+|x\d)?"
    r"|numpy\.(float|int|uint|complex|bool|str|bytes|datetime|timedelta)[_\d]*"
    r"|numpy\.dtypes\.\w+|numpy\.random\.(\w+\.)?[A-Z]\w*"
)
# Modules of torch that hold layers, optimisers and the like: objects, never what a loader calls.
_LAYERS: Final = re.compile(
    r"torch\.(nn|optim|amp|ao|_dynamo|cuda\.amp|distributions|distributed\.(fsdp|optim|algorithms)|utils\.data)(\.\w+)*"
)
# Besides the standard library: what runs programs, fetches files or builds functions out of code.
_HARMFUL: Final = frozenset(
    (
        "__builtin__",
        "asynchat",
        "asyncore",
        "cffi",
        "cloudpickle",
        "commands",
        "dill",
        "distutils",
        "fabric",
        "imp",
        "invoke",
        "joblib",
        "numpy",
        "paramiko",
        "pexpect",
        "pip",
        "pkg_resources",
        "ptyprocess",
        "requests",
        "setuptools",
        "sh",
        "torch",
        "urllib2",
        "urllib3",
        "xonsh",
    )
)
# Reached through another module, these are what an attacker is after.
_REACHED_FOR: Final = frozenset(
    (
        "__builtins__",
        "__globals__",
        "builtins",
        "ctypes",
        "hub",
        "importlib",
        "io",
        "marshal",
        "nt",
        "os",
        "pickle",
        "posix",
        "pty",
        "runpy",
        "shutil",
        "socket",
        "subprocess",
        "sys",
        "threading",
    )
)


def permitted(module: str, name: str) -> str:
    """The full Python 3 name of what a pickle mentions, if a checkpoint may mention it.

    Raises:
        BadCheckpoint: a program could be run by calling it; nothing was called.
    """
    module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
    full = f"{module}.{name}"
    if name in _HARMLESS.get(module, "").split() or _TYPES.fullmatch(full) or _of_another_program(module, name):
        return full
    raise refuse(
        CODE_IN_FILE,
        f"Loaded as usual, this file would call {shown(full)}, as a program would; nothing was run.",
        ASK_AUTHOR,
    )


def foreign(name: str) -> bool:
    """Whether a permitted name belongs to some other program, and so is worth telling."""
    root = name.partition(".")[0]
    return name == "argparse.Namespace" or root not in {*sys.stdlib_module_names, "torch"}


def _of_another_program(module: str, name: str) -> bool:
    """Whether it is a class of a training program, which is not here anyway, or a layer."""
    parts = module.split(".")
    if not all(map(str.isidentifier, [*parts, *name.split(".")])) or _REACHED_FOR & {*parts[1:], *name.split(".")[:-1]}:
        return False
    if _LAYERS.fullmatch(module):
        return "." not in name
    return parts[0] == "__main__" or parts[0] not in {*_HARMFUL, *sys.stdlib_module_names}
