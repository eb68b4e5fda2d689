"""What the loader reads, against what torch itself reads out of the same file; and what it reads beside the weights."""

from __future__ import annotations

import argparse
import enum
import pathlib
import pickle
import sys
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from zepad_engine.encoders import loader_child
from zepad_engine.encoders.apart import TENSORS
from zepad_engine.encoders.foreign.pickle_names import foreign, permitted
from zepad_engine.errors import BadCheckpoint

WHOLE = torch.arange(48, dtype=torch.float32).reshape(6, 8)


@pytest.fixture
def read(tmp_path, monkeypatch):
    """The loader in this process: verdict and tensors."""
    monkeypatch.setattr(loader_child, "limit_memory", lambda _size: None)

    def run(path):
        verdict = loader_child.read_file(path, tmp_path / TENSORS)
        return verdict, load_file(tmp_path / TENSORS)

    return run


def numbers(dtype: torch.dtype) -> torch.Tensor:
    return (torch.arange(12) % 2 == 0) if dtype == torch.bool else torch.arange(12).to(torch.float32).to(dtype)


DTYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64),
    torch.bool,
)
# Types without a storage class of their own, which the old container cannot hold.
NEW = {str(dtype) for dtype in (torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2)}
WEIGHTS = {
    **{str(dtype): numbers(dtype) for dtype in DTYPES},
    "one number": torch.tensor(7.5),
    "no number": torch.zeros(0, 3),
    "no number, turned": torch.zeros(3, 0).T,
    "view": WHOLE[1:3],
    "same storage": WHOLE,
    "columns": WHOLE[:, 2:5],
    "every second": WHOLE[::2, 1::3],
    "turned": WHOLE.T,
    "channels last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    "side of one": WHOLE[2:3].T,
    "spread over one": torch.arange(3.0).expand(1, 3),
    "parameter": torch.nn.Parameter(WHOLE * 2),
    "buffer": torch.nn.Buffer(WHOLE * 3),
}


def raw(tensor: torch.Tensor) -> bytes:
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


PROTOCOLS = (2, 3, 4, 5)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_tensor_is_the_one_torch_reads(tmp_path, read, protocol, legacy):
    path = tmp_path / "net.pth"
    weights = {name: tensor for name, tensor in WEIGHTS.items() if not (legacy and name in NEW)}
    torch.save(weights, path, pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy)
    verdict, got = read(path)
    expected = torch.load(path, weights_only=True) if protocol == 2 else weights
    assert set(got) == set(expected)
    for name, tensor in expected.items():
        assert got[name].dtype == tensor.dtype, name
        assert got[name].shape == tensor.shape, name
        assert raw(got[name]) == raw(tensor), name
    assert verdict.foreign == ()


def test_every_tensor_of_a_safetensors_file(tmp_path, read):
    weights = {name: tensor.detach().clone().contiguous() for name, tensor in WEIGHTS.items()}
    save_file(weights, tmp_path / "net.safetensors", {"format": "pt"})
    _, got = read(tmp_path / "net.safetensors")
    assert set(got) == set(weights)
    assert {name: raw(tensor) for name, tensor in got.items()} == {name: raw(one) for name, one in weights.items()}


class Old(pickle._Pickler):
    """Writes an OrderedDict as Python 2 did: as a call with a list of pairs."""

    def save_ordered(self, told):
        self.save_reduce(OrderedDict, ([[key, value] for key, value in told.items()],), obj=told)


Old.dispatch = {**pickle._Pickler.dispatch, OrderedDict: Old.save_ordered}


class Writer:
    Pickler, dump, dumps = Old, pickle.dump, pickle.dumps
    __name__ = "pickle"


@pytest.mark.parametrize("legacy", [False, True])
def test_a_state_dict_of_python_2(tmp_path, read, legacy):
    path = tmp_path / "net.pth"
    weights = OrderedDict(a=WHOLE, b=WHOLE + 1)
    torch.save({"state_dict": weights}, path, Writer, _use_new_zipfile_serialization=not legacy)
    _, got = read(path)
    assert {name: tensor.tolist() for name, tensor in got.items()} == {
        "state_dict/a": WHOLE.tolist(),
        "state_dict/b": (WHOLE + 1).tolist(),
    }


class Method(enum.Enum):
    SIMCLR = 1


class Box(dict):
    """A dictionary class of a training program."""


def test_what_training_programs_leave_beside_the_weights(tmp_path, read):
    beside = {
        "args": argparse.Namespace(method="byol", lr=0.1, size=[3, 32, 32], path=pathlib.PurePosixPath("/a/b")),
        "best": np.float64(0.5),
        "mean": np.zeros(3),
        "rng": [torch.get_rng_state(), np.random.RandomState(0).get_state()],
        "set": {1, 2},
        "frozen": frozenset({3}),
        "queue": deque([1]),
        "default": defaultdict(list, a=[1]),
        "counter": Counter("ab"),
        "method": Method.SIMCLR,
        "loss": torch.nn.CrossEntropyLoss(),
        "size": torch.Size([1, 2]),
        "dtype": torch.float32,
        "device": torch.device("cpu"),
        "big": 2**90,
        "bytes": b"abc",
        "complex": 1j,
        "box": Box(inner=WHOLE),
        "turned": slice(1, 2),
    }
    torch.save({"state_dict": {"w": WHOLE}, **beside}, tmp_path / "net.pth")
    verdict, got = read(tmp_path / "net.pth")
    assert set(got) == {"state_dict/w", "box/inner"}
    assert verdict.settings == {"method": "byol", "lr": "0.1", "size": "[3, 32, 32]"}
    told = {"argparse.Namespace", f"{__name__}.Box", f"{__name__}.Method"}
    assert told <= set(verdict.foreign)


@pytest.mark.filterwarnings("ignore")
def test_tensors_no_encoder_uses_are_left_out_and_told(tmp_path, read):
    quantised = torch.quantize_per_tensor(WHOLE, 0.1, 0, torch.qint8)
    torch.save(
        {"w": WHOLE, "s": torch.eye(3).to_sparse(), "c": WHOLE.to(torch.complex64), "q": quantised, "\u202ex": WHOLE},
        tmp_path / "net.pth",
    )
    verdict, got = read(tmp_path / "net.pth")
    assert set(got) == {"w"}
    assert set(verdict.foreign) >= {"s (sparse)", "c (complex)", "q (quantised)"}
    assert "\\u202ex (a name that cannot be shown)" in verdict.foreign
    save_file({"w": WHOLE, "c": WHOLE.to(torch.complex64)}, tmp_path / "net.safetensors")
    verdict, got = read(tmp_path / "net.safetensors")
    assert set(got) == {"w"}
    assert verdict.foreign == ("c (unusable)",)


@pytest.fixture
def omegaconf(monkeypatch):
    """Classes that keep their content as omegaconf's do."""
    for place, names in (("dictconfig", ("DictConfig",)), ("nodes", ("AnyNode",)), ("base", ("Metadata",))):
        module = type(sys)(f"omegaconf.{place}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        for name in names:
            setattr(module, name, type(name, (), {"__module__": module.__name__}))
    monkeypatch.setitem(sys.modules, "omegaconf", type(sys)("omegaconf"))

    def node(value: object, parent: object = None) -> object:
        kind = ("dictconfig", "DictConfig") if isinstance(value, dict) else ("nodes", "AnyNode")
        made = getattr(sys.modules[f"omegaconf.{kind[0]}"], kind[1])()
        made._metadata, made._parent = sys.modules["omegaconf.base"].Metadata(), parent
        if isinstance(value, dict):
            made._content = {key: node(inner, made) for key, inner in value.items()}
        else:
            made._val = value
        return made

    return node


def test_settings_inside_the_objects_of_omegaconf(tmp_path, read, omegaconf, monkeypatch):
    monkeypatch.setenv("ZEPAD_SECRET", "hunter2")
    config = omegaconf(
        {
            "method": "barlow_twins",
            "backbone": {"name": "resnet18", "kwargs": {"cifar": True}},
            "key": "${oc.env:ZEPAD_SECRET}",
            "data": {"train_path": "/home/zz_author/sets/cifar10/"},
        }
    )
    torch.save({"state_dict": {"w": WHOLE}, "hyper_parameters": config}, tmp_path / "net.ckpt")
    verdict, _ = read(tmp_path / "net.ckpt")
    assert verdict.settings == {
        "method": "barlow_twins",
        "backbone.name": "resnet18",
        "backbone.kwargs.cifar": "True",
        "data.train_path": "cifar10",
    }
    assert {"omegaconf.dictconfig.DictConfig", "omegaconf.nodes.AnyNode"} <= set(verdict.foreign)
    assert "hunter2" not in repr(verdict)


def test_settings_have_bounds(tmp_path, read):
    many = {f"s{index}": index for index in range(3000)}
    odd = {"long": "x" * 500, "huge": 10**5000, "n\u202e": 1, "list": list(range(9)), "two\nlines": "a\nb"}
    torch.save({"w": WHOLE, "args": {**odd, **many}}, tmp_path / "net.pth")
    found = read(tmp_path / "net.pth")[0].settings
    assert len(found) == 1000
    assert found["long"] == "x" * 200
    assert not set(found) & {"huge", "n\u202e", "list", "two\nlines"}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        *(("os", "system"), ("nt", "system"), ("posix", "system"), ("subprocess", "Popen"), ("builtins", "eval")),
        *(("__builtin__", "eval"), ("builtins", "getattr"), ("builtins", "__import__"), ("importlib", "import_module")),
        *(("runpy", "run_path"), ("ctypes", "CDLL"), ("pty", "spawn"), ("pydoc", "locate"), ("profile", "run")),
        *(("pkgutil", "resolve_name"), ("pip", "main"), ("setuptools", "setup"), ("torch.hub", "load")),
        *(("torch", "load"), ("torch.jit", "load"), ("torch.serialization", "os.system"), ("torch", "hub.load")),
        *(
            ("torch.nn.modules.module.os", "system"),
            ("torch.nn", "modules.os.system"),
            ("torch.utils.cpp_extension", "load"),
        ),
        *(("numpy", "load"), ("numpy.testing._private.utils", "runstring"), ("numpy.f2py.crackfortran", "getlincoef")),
        *(
            ("cloudpickle.cloudpickle", "_make_function"),
            ("dill._dill", "_create_function"),
            ("operator", "attrgetter"),
        ),
        *(
            ("mylib", "os.system"),
            ("mylib.subprocess", "run"),
            ("functools", "reduce"),
            ("_posixsubprocess", "fork_exec"),
        ),
        *(
            ("commands", "getoutput"),
            ("mylib\nx", "y"),
            ("site", "main"),
            ("types", "CodeType"),
            ("atexit", "register"),
        ),
    ],
)
def test_a_name_that_a_program_would_call_is_refused(module, name):
    with pytest.raises(BadCheckpoint) as caught:
        permitted(module, name)
    assert caught.value.code == "encoder.code_in_file"


@pytest.mark.parametrize(
    ("module", "name", "told"),
    [
        ("collections", "OrderedDict", False),
        ("argparse", "Namespace", True),
        ("torch._utils", "_rebuild_tensor_v2", False),
        ("torch", "BFloat16Storage", False),
        ("torch", "float8_e4m3fn", False),
        ("torch.nn.modules.loss", "CrossEntropyLoss", False),
        ("numpy.core.multiarray", "scalar", True),
        ("numpy.dtypes", "Float64DType", True),
        ("numpy.random.mtrand", "RandomState", True),
        ("torch.torch_version", "TorchVersion", False),
        ("torch.amp.grad_scaler", "_refresh_per_optimizer_state", False),
        ("__main__", "Config", True),
        ("omegaconf.listconfig", "ListConfig", True),
        ("mmcv.utils.config", "ConfigDict", True),
        ("train", "Arguments.Inner", True),
    ],
)
def test_a_name_that_lies_beside_weights_is_let_through(module, name, told):
    full = permitted(module, name)
    assert full == f"{module}.{name}"
    assert foreign(full) == told


def test_two_tensors_of_one_name_are_refused(tmp_path, read):
    torch.save({"a/b": WHOLE, "a": {"b": WHOLE}}, tmp_path / "net.pth")
    with pytest.raises(BadCheckpoint) as caught:
        read(tmp_path / "net.pth")
    assert caught.value.code == "encoder.damaged"


def test_the_same_weights_under_many_names_do_not_fill_the_disk(tmp_path, read):
    weights = torch.zeros(400_000)
    torch.save({str(index): weights for index in range(10)}, tmp_path / "net.pth")
    with pytest.raises(BadCheckpoint) as caught:
        read(tmp_path / "net.pth")
    assert caught.value.code == "encoder.expanded"
    torch.save({str(index): weights for index in range(3)}, tmp_path / "tied.pth")
    assert len(read(tmp_path / "tied.pth")[1]) == 3


def test_raw_bytes_in_place_of_tensors_are_refused(tmp_path, read):
    torch.save({"w": WHOLE, "raw": bytes(2_000_000)}, tmp_path / "net.pth")
    with pytest.raises(BadCheckpoint) as caught:
        read(tmp_path / "net.pth")
    assert caught.value.code == "encoder.packed"
