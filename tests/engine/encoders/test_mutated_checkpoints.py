"""Four thousand good checkpoints with something wrong in them: opened or refused, never anything else."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.support.hostile_checkpoints import touch

ROOT = Path(__file__).resolve().parents[3]
COUNT, SEED = 4_000, 20_261_122

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="judges in forked children with a memory cap"),
]


_NAMES = ("plain.pth", "legacy.pth", "net.safetensors", "lightning.ckpt", "numpy.pth", "hostile.pth")


def seeds(folder: Path, canary: Path) -> list[Path]:
    """Small good files of every container and of what usually lies beside weights; the last one is hostile."""
    generator = torch.Generator().manual_seed(1)
    weights = OrderedDict((f"layer{index}.weight", torch.randn(3, 3, generator=generator)) for index in range(6))
    weights["bn.num_batches_tracked"] = torch.tensor(7)
    weights["turned.weight"] = torch.randn(3, 5, generator=generator).T
    torch.save(weights, folder / "plain.pth")
    torch.save({"state_dict": weights}, folder / "legacy.pth", _use_new_zipfile_serialization=False)
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / "net.safetensors")
    lightning = {
        "pytorch-lightning_version": "2.4.0",
        "state_dict": weights,
        "hyper_parameters": {"args": argparse.Namespace(method="simclr", lr=0.1)},
    }
    torch.save(lightning, folder / "lightning.ckpt")
    torch.save({"model": weights, "best": np.float64(0.5), "mean": np.zeros(3)}, folder / "numpy.pth")
    torch.save({"x": touch(canary), **weights}, folder / "hostile.pth")
    return [folder / name for name in _NAMES]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutants")
    (folder / "work").mkdir()
    files = seeds(folder, folder / "canary")
    asked = {"folder": str(folder / "work"), "files": list(map(str, files)), "count": COUNT, "seed": SEED}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.judge_mutants"],
        input=json.dumps(asked).encode(),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert not (folder / "canary").exists()
    return json.loads(done.stdout)


def test_every_mutant_is_opened_or_refused(outcomes):
    assert len(outcomes) == COUNT
    assert [told for told in outcomes if told["outcome"] not in {"opened", "refused"}] == []
    assert [told for told in outcomes if told["outcome"] == "refused" and not told["code"].startswith("encoder.")] == []
    assert [told for told in outcomes if told["outcome"] == "refused" and not told["shown"]] == []
    assert [told for told in outcomes if told["events"]] == []
    # Both happen: a judge that refuses everything would pass the lines above.
    count = Counter(told["outcome"] for told in outcomes)
    assert count["refused"] > COUNT / 3
    assert count["opened"] > COUNT / 50


def test_no_flipped_weight_passes_as_whole(outcomes):
    opened = [told for told in outcomes if told["outcome"] == "opened"]
    assert [told for told in opened if told["checksummed"] and not told["same"]] == []
    assert {told["container"] for told in opened if told["checksummed"]} == {"PyTorch zip"}
    # Without a checksum a changed weight cannot be noticed; the verdict says so.
    unnoticed = [told for told in opened if not told["same"]]
    assert unnoticed
    assert {told["container"] for told in unnoticed} == {"PyTorch legacy", "safetensors"}


def test_no_mutant_takes_long(outcomes):
    assert max(told["seconds"] for told in outcomes) < 2
