"""``inspect``: what it prints, and an exit code for each verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.tiny import tiny_encoder
from zepad_engine.command_line import main
from zepad_engine.resources import asset

ROOT = Path(__file__).resolve().parents[3]
SUPCON = asset("encoders", "supcon-cifar10-r18w16.safetensors")


def saved(path, content):
    torch.save(content, path)
    return str(path)


def weights(seed=0, prefix=""):
    return {prefix + name: tensor.clone() for name, tensor in tiny_encoder(seed).backbone.state_dict().items()}


def as_json(argv, capsys):
    code = main(["inspect", *argv, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_the_whole_preflight_of_a_bundled_encoder(capsys):
    assert main(["inspect", "sample:supcon-cifar10-r18w16"]) == 0
    text = capsys.readouterr().out
    for words in (
        "ResNet-18, width 16; basic blocks, stem 3x3, stride 1",
        "700,176 parameters, 128 features",
        "Keys used",
        "the format has no check sums",
        "of 128, spread 0.4",
        "reach 100 % of the pixels",
        " % (4 draws); difference +",
        "the assumed first: CIFAR-10 0.11",
    ):
        assert words in text
    assert "Warnings" not in text


def test_json_carries_what_a_script_asks_for(tmp_path, capsys):
    file = saved(tmp_path / "net.pth", {"state_dict": weights(prefix="module.backbone."), "epoch": 3})
    code, told = as_json([file, "--no-checks"], capsys)
    assert code == 0
    assert (told["verdict"], told["family"], told["feature_dim"]) == ("opened", "resnet", 64)
    assert told["parameters"] == tiny_encoder().card.parameters
    assert len(told["keys_used"]) == len(weights())
    assert told["keys_used"][0].startswith("state_dict/module.backbone.")
    assert told["keys_ignored"] == []
    assert len(told["sha256"]) == 64
    assert [sentence.split()[1] for sentence in told["assumptions"]] == ["stem", "normalisation", "are"]
    assert told["file"]["container"] == "PyTorch zip"
    assert told["file"]["checksummed"] is True
    assert told["features"] is None


def test_what_the_user_says_reaches_the_card(tmp_path, capsys):
    file = saved(tmp_path / "net.pth", weights())
    said = ["--mean", "0.5", "0.5", "0.5", "--std", "0.2", "0.2", "0.2", "--size", "48", "--stem", "cifar-padding-2"]
    _, told = as_json([file, "--no-checks", *said], capsys)
    card = told["card"]
    assert (card["mean"], card["std"], card["input_size"]) == ([0.5] * 3, [0.2] * 3, 48)
    assert card["architecture"]["stem"]["padding"] == 2
    assert card["assumptions"] == []


def test_a_refused_file_ends_with_3_and_its_reason(tmp_path, capsys):
    (tmp_path / "page.pth").write_text("<!doctype html><title>404</title>")
    assert main(["inspect", str(tmp_path / "page.pth")]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Refused (encoder.web_page): page.pth is a web page")
    code, told = as_json([str(tmp_path / "page.pth")], capsys)
    assert (code, told["verdict"], told["reason"]) == (3, "refused", "encoder.web_page")
    (tmp_path / "nothing").mkdir()
    for path, reason in ((tmp_path / "gone.pt", "encoder.missing"), (tmp_path / "nothing", "encoder.not_ordinary")):
        code, told = as_json([str(path)], capsys)
        assert (code, told["reason"]) == (3, reason)


def test_two_encoders_in_a_file_end_with_4_until_one_is_named(tmp_path, capsys):
    file = saved(tmp_path / "dino.pth", {"student": weights(1), "teacher": weights(2)})
    assert main(["inspect", file, "--no-checks"]) == 4
    assert "--net 'teacher/'\n  --net 'student/'" in capsys.readouterr().err
    code, told = as_json([file, "--no-checks"], capsys)
    assert (code, told["verdict"], told["reason"]) == (4, "could not judge", "encoder.several")
    assert told["choices"] == ["teacher/", "student/"]
    code, told = as_json([file, "--no-checks", "--net", "teacher/"], capsys)
    assert (code, told["card"]["net"]) == (0, "teacher/")


def test_a_perturbation_is_told_from_an_encoder(tmp_path, capsys):
    noise = np.full((3, 8, 8), 6 / 255, dtype=np.float32)
    noise[0] *= -1
    np.save(tmp_path / "noise.npy", noise)
    assert main(["inspect", str(tmp_path / "noise.npy")]) == 0
    assert "L-inf      6.00/255" in capsys.readouterr().out
    code, told = as_json([saved(tmp_path / "noise.pt", torch.from_numpy(noise))], capsys)
    assert (code, told["kind"], told["shape"]) == (0, "perturbation", [3, 8, 8])
    assert told["linf_255"] == pytest.approx(6.0, rel=1e-5)
    code, told = as_json([saved(tmp_path / "list.pt", [1, 2, 3])], capsys)
    assert (code, told["reason"]) == (3, "encoder.no_weights")


def test_a_refusal_loads_no_torch(tmp_path):
    (tmp_path / "empty.pth").write_bytes(b"")
    code = (
        "import sys; from zepad_engine.command_line import main; "
        f"assert main(['inspect', {str(tmp_path / 'empty.pth')!r}]) == 3; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False).returncode == 0
