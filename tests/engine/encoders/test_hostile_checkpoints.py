"""The hostile corpus, row by row, through the real one-shot loader: what each file is told, and what it cost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hostile_checkpoints import OPENS, ROWS

ROOT = Path(__file__).resolve().parents[3]
HEADROOM = 600_000_000
IDS = [f"{row.number}: {row.name}" for row in ROWS]


# In test_checkpoint_contents.py (14) and, as they need an encoder's own keys, in test_refusals.py.
ELSEWHERE = {14, 37, 38, 40}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Every file of the corpus, and the folder of the canaries."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "canaries").mkdir()
    paths = []
    for position, row in enumerate(ROWS):
        (folder / str(position)).mkdir()
        paths.append(row.make(folder / str(position), folder / "canaries" / str(position)))
    return folder, paths


@pytest.fixture(scope="module")
def outcomes(corpus):
    folder, paths = corpus
    asked = [(str(path), str(folder / "out" / str(position))) for position, path in enumerate(paths)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.judge_files"],
        input=json.dumps(asked).encode(),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert done.stderr == b""
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("position", range(len(ROWS)), ids=IDS)
def test_each_row_has_its_exact_outcome(corpus, outcomes, position):
    row, path = ROWS[position], corpus[1][position]
    code, sentence, _seconds, cpu_seconds, peak = outcomes[position]
    assert code == row.code, sentence
    assert cpu_seconds <= (10 if row.reads or code == OPENS else 2)
    assert peak <= 2 * (path.stat().st_size if path.is_file() else 0) + HEADROOM
    assert "\n" not in sentence
    assert sentence.isprintable()
    assert len(sentence) < 400
    assert "torch.load" not in sentence


def test_no_row_of_the_survey_is_left_out():
    numbers = {row.number for row in ROWS}
    assert numbers | ELSEWHERE == set(range(1, 47))
    assert not numbers & ELSEWHERE


@pytest.mark.slow
def test_nothing_was_run(corpus, outcomes):
    assert len(outcomes) == len(ROWS)
    assert list((corpus[0] / "canaries").iterdir()) == []
    for position in range(len(ROWS)):
        left = {path.name for path in (corpus[0] / "out" / str(position)).rglob("*")}
        assert left <= {"empty", "tensors.safetensors", "tensors.safetensors.json"}


@pytest.mark.slow
def test_the_payloads_are_alive(tmp_path):
    # The canaries have to appear where nothing guards them, or the corpus above shows nothing.
    paths, canaries = [], []
    for position, row in enumerate(row for row in ROWS if row.alive):
        (tmp_path / str(position)).mkdir()
        canaries.append(tmp_path / f"canary {position}")
        paths.append(row.make(tmp_path / str(position), canaries[-1]))
    subprocess.run(
        [sys.executable, str(ROOT / "tests/support/unpickle_as_usual.py")],
        input="\n".join(map(str, paths)).encode(),
        cwd=tmp_path,
        check=True,
    )
    assert len(canaries) >= 15
    alive = [row.name for row in ROWS if row.alive]
    assert [name for name, canary in zip(alive, canaries, strict=True) if not canary.exists()] == []
