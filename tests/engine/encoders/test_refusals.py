"""Files that must be refused: with our words, without running anything."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.engine.encoders.conftest import prefixed
from tests.support.hostile_checkpoints import ROWS
from zepad_engine.encoders import refusals
from zepad_engine.encoders.foreign import pickle_machine, safetensors_file
from zepad_engine.encoders.reading import open_encoder
from zepad_engine.errors import BadCheckpoint, CannotJudge


def refusal(run, path, code=None):
    with pytest.raises(BadCheckpoint) as caught:
        run(path)
    told = str(caught.value)
    assert caught.value.code.startswith("encoder.")
    assert code is None or caught.value.code == code
    assert "weights_only" not in told
    assert "torch.serialization" not in told
    assert caught.value.advice or caught.value.sentence.endswith(".")
    return told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\n  <html lang=en>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer"),
        (b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5"),
        (b"\x08\x07\x12\x07pytorch\x1a\x05", "ONNX"),
        (b"\x93NUMPY\x01\x00", "NumPy array"),
        (b"\x1f\x8b\x08" + bytes(64), "gzip"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"PK\x03\x04" + bytes(200), "cut short or damaged"),
        (b"hello", "no encoder file"),
        (bytes(5000), "no encoder file"),
        (pickle.dumps({"a": 1}), "plain pickle"),
        ((4000).to_bytes(8, "little") + b"{" + bytes(50), "header"),
        ((2).to_bytes(8, "little") + b"{}", "no tensors"),
    ],
)
def test_other_kinds_of_file(tmp_path, opened, content, words):
    (tmp_path / "net.ckpt").write_bytes(content)
    assert words in refusal(opened, tmp_path / "net.ckpt")


def test_missing_file_and_folder(tmp_path, opened):
    assert "There is no file" in refusal(opened, tmp_path / "gone.pth")
    assert "is a folder" in refusal(opened, tmp_path)


def test_truncated_and_flipped(tmp_path, make, opened):
    buffer = io.BytesIO()
    torch.save(make().backbone.state_dict(), buffer)
    whole = buffer.getvalue()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    assert "cut short or damaged" in refusal(opened, tmp_path / "cut.pth")
    middle = whole.index(make().backbone.state_dict()["layer4.0.conv2.weight"].numpy().tobytes())
    (tmp_path / "flip.pth").write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert "damaged inside" in refusal(opened, tmp_path / "flip.pth")
    save_file(make().backbone.state_dict(), tmp_path / "net.safetensors")
    tensors = (tmp_path / "net.safetensors").read_bytes()
    (tmp_path / "net.safetensors").write_bytes(tensors[:-100])
    assert "cut short" in refusal(opened, tmp_path / "net.safetensors")


def test_other_zips(tmp_path, make, opened):
    np.savez(tmp_path / "net.npz", a=np.zeros(2))
    assert "NumPy archive" in refusal(opened, tmp_path / "net.npz")
    torch.save(make().backbone.state_dict(), tmp_path / "net.pth")
    with zipfile.ZipFile(tmp_path / "net.pth") as old, zipfile.ZipFile(tmp_path / "again.pth", "w", 8) as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry))
    assert "packed anew" in refusal(opened, tmp_path / "again.pth")
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as archive:
        archive.writestr("net.pth", b"inside")
    assert "not one that PyTorch wrote" in refusal(opened, tmp_path / "plain.zip")


def test_torchscript_is_named(tmp_path, opened):
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        for entry in ("net/data.pkl", "net/constants.pkl", "net/code/__torch__/net.py"):
            archive.writestr(entry, b"")
    assert "TorchScript" in refusal(opened, tmp_path / "net.pt")


class Evil:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("function", [os.system, eval, subprocess.check_output, os.mkdir, exec])
def test_an_evil_pickle_runs_nothing(tmp_path, make, opened, function, legacy):
    canary = tmp_path / "canary"
    command = {
        os.system: f"touch {canary}",
        os.mkdir: str(canary),
        subprocess.check_output: ["touch", str(canary)],
    }.get(function, f"__import__('os').mkdir({str(canary)!r})")
    path = tmp_path / "evil.pth"
    torch.save(
        {**make().backbone.state_dict(), "x": Evil(function, command)}, path, _use_new_zipfile_serialization=not legacy
    )
    told = refusal(opened, path)
    assert "nothing was run" in told
    assert function.__name__ in told
    assert not canary.exists()


def test_objects_of_other_programs_are_left_out(tmp_path, make, opened, monkeypatch):
    module = type(sys)("omegaconf")
    for name, base in (("DictConfig", object), ("AttributeDict", dict)):
        setattr(module, name, type(name, (base,), {"__module__": "omegaconf"}))
    monkeypatch.setitem(sys.modules, "omegaconf", module)
    config, attributes = module.DictConfig(), module.AttributeDict(lr=0.1)
    config.content = {"lr": 0.1}
    for name, thing in (("config", config), ("attributes", attributes)):
        torch.save({"state_dict": make().backbone.state_dict(), "hyper_parameters": thing}, tmp_path / f"{name}.ckpt")
        assert opened(tmp_path / f"{name}.ckpt").card.architecture.width == 4


def test_numpy_values_beside_the_weights_do_no_harm(tmp_path, make, opened):
    content = {"state_dict": make().backbone.state_dict(), "best": np.float64(0.9), "mean": np.zeros(3)}
    torch.save(content, tmp_path / "net.pth")
    assert opened(tmp_path / "net.pth").card.architecture.width == 4


def test_a_whole_model_object_is_named(tmp_path, make, opened):
    torch.save(make(), tmp_path / "model.pth")
    told = refusal(opened, tmp_path / "model.pth")
    assert "whole model object (zepad_engine.encoders.encoder.Encoder)" in told
    assert "state_dict" in told


def test_nothing_by_name(tmp_path, opened):
    torch.save([torch.zeros(3)], tmp_path / "list.pth")
    assert "no weights by name" in refusal(opened, tmp_path / "list.pth")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite(tmp_path, make, opened, value):
    weights = make().backbone.state_dict()
    weights["layer2.0.bn1.weight"][1] = value
    torch.save(weights, tmp_path / "net.pth")
    assert "not finite numbers, first in layer2.0.bn1.weight" in refusal(
        opened, tmp_path / "net.pth", "encoder.not_finite"
    )


@pytest.mark.filterwarnings("ignore:Validating sparse")
def test_tensors_without_memory(tmp_path, make, opened):
    for bad in (torch.zeros(1).expand(64, 64), torch.zeros(3, device="meta")):
        torch.save({**make().backbone.state_dict(), "x": bad}, tmp_path / "net.pth")
        assert "The tensor x" in refusal(opened, tmp_path / "net.pth", "encoder.expanded")
    # One that an encoder has no use for does not spoil the others.
    torch.save({**make().backbone.state_dict(), "x": torch.eye(3).to_sparse()}, tmp_path / "net.pth")
    assert opened(tmp_path / "net.pth").card.architecture.width == 4


def test_too_many_tensors(tmp_path, opened, monkeypatch):
    monkeypatch.setattr(safetensors_file, "MOST_TENSORS", 20)
    save_file({f"t{index}": torch.zeros(1) for index in range(21)}, tmp_path / "many.safetensors")
    assert "21 tensors; at most 20 are" in refusal(opened, tmp_path / "many.safetensors", "encoder.too_many")
    monkeypatch.setattr(pickle_machine, "MOST_TENSORS", 20)
    torch.save({f"t{index}": torch.zeros(1) for index in range(21)}, tmp_path / "many.pth")
    assert "more tensors than any encoder" in refusal(opened, tmp_path / "many.pth", "encoder.too_many")


def test_one_tensor_short_is_refused_with_the_count(tmp_path, make, opened):
    weights = prefixed(make(), "backbone.")
    del weights["backbone.layer3.0.conv2.weight"]
    torch.save({"state_dict": weights}, tmp_path / "short.ckpt")
    told = refusal(opened, tmp_path / "short.ckpt")
    assert "Only 59 of 60 tensors of a ResNet 1-1-1-1, width 4" in told
    assert "under state_dict/backbone." in told
    assert "layer3.0.conv2.weight" in told


def test_a_wrong_shape_is_refused(tmp_path, make, opened):
    weights = make().backbone.state_dict()
    weights["bn1.weight"] = torch.ones(5)
    torch.save(weights, tmp_path / "net.pth")
    assert "Only 59 of 60" in refusal(opened, tmp_path / "net.pth")


def test_another_architecture_is_refused(tmp_path, make, opened):
    vit = OrderedDict(cls_token=torch.zeros(1, 1, 8), **{"blocks.0.attn.qkv.weight": torch.zeros(24, 8)})
    torch.save(vit, tmp_path / "vit.pth")
    with pytest.raises(BadCheckpoint) as caught:
        opened(tmp_path / "vit.pth")
    assert caught.value.code == "encoder.unknown"
    assert "blocks.0.attn.qkv.weight (24, 8)" in str(caught.value)
    more = {**make().backbone.state_dict(), "layer1.0.se.fc.weight": torch.zeros(2, 2)}
    torch.save(more, tmp_path / "se.pth")
    assert "first layer1.0.se.fc.weight" in refusal(opened, tmp_path / "se.pth")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_does_not_hang_the_real_loader(tmp_path):
    os.mkfifo(tmp_path / "pipe.pth")
    assert "not an ordinary file" in refusal(open_encoder, tmp_path / "pipe.pth")


@pytest.mark.slow
def test_the_real_loader_reads_and_refuses(tmp_path, make):
    torch.save({"state_dict": prefixed(make(), "module.")}, tmp_path / "net.pth")
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(open_encoder(tmp_path / "net.pth")(images), make()(images))
    canary = tmp_path / "canary"
    torch.save({"x": Evil(os.mkdir, str(canary))}, tmp_path / "evil.pth")
    assert "nothing was run" in refusal(open_encoder, tmp_path / "evil.pth")
    assert not canary.exists()


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_whose_tensors_claim_more_than_it_holds(tmp_path, opened, legacy):
    torch.save({"a": torch.zeros(3)}, tmp_path / "net.pth", _use_new_zipfile_serialization=not legacy)
    small = (tmp_path / "net.pth").read_bytes()
    start = small.index(b"K\x03", small.index(b"X\x03\x00\x00\x00cpu"))
    big = small[:start] + b"\x8a\x05" + (6 * 1024**3).to_bytes(5, "little") + small[start + 2 :]
    (tmp_path / "bomb.pth").write_bytes(big)
    assert "damaged" in refusal(opened, tmp_path / "bomb.pth", "encoder.damaged")


def test_two_encoders_in_a_file_are_a_question(tmp_path, make, opened):
    both = {"student": make(0).backbone.state_dict(), "teacher2": make(1).backbone.state_dict()}
    torch.save(both, tmp_path / "both.pth")
    with pytest.raises(CannotJudge) as caught:
        opened(tmp_path / "both.pth")
    assert caught.value.code == "encoder.several"
    assert len(caught.value.choices) == 2


def test_only_the_projector_is_no_encoder(tmp_path, opened):
    torch.save({f"projector.{index}.weight": torch.eye(8) for index in (0, 3, 6)}, tmp_path / "net.pth")
    assert "projector.0.weight" in refusal(opened, tmp_path / "net.pth", "encoder.unknown")


def test_every_code_is_in_the_table():
    given = {code for row in ROWS if (code := row.code)}
    assert given <= set(refusals.CODES)
    # What is left needs a second program that writes meanwhile: test_loader_child.py.
    assert set(refusals.CODES) - given == {"encoder.changed"}
