"""The store between processes, and what a set takes of a process's memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zepad_engine import places
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.folder import load_folder

SIDE = 64
PICTURE_BYTES = 3 * SIDE * SIDE

# Both wait until the other has loaded torch, so that they decode at the same time.
OPENS = """
import sys, time
from pathlib import Path
from zepad_engine.images.audit_sets import open_set
Path(sys.argv[2] + sys.argv[3]).touch()
while not all(Path(sys.argv[2] + name).exists() for name in "ab"):
    time.sleep(0.001)
print(open_set(sys.argv[1], 64, 3).sha256())
"""

# Anonymous memory is what the system cannot take back; it is looked at after every 50th picture and at the end.
MEASURES = """
import json, sys, torch
from zepad_engine.images import audit_sets, folder

def anonymous():
    (line,) = (line for line in open("/proc/self/status") if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024

peak, seen, decode = 0, 0, folder.decode_picture

def watched(*args):
    global peak, seen
    seen += 1
    if seen % 50 == 0:
        peak = max(peak, anonymous())
    return decode(*args)

torch.set_num_threads(1)
folder.decode_picture = watched
audit_sets.open_set(sys.argv[1], 64, 0)
audit_sets._opened.clear()
grown = []
for key in sys.argv[2:]:
    before, peak = anonymous(), 0
    images = audit_sets.open_set(key, 64, 0)
    images.sha256()
    grown.append((len(images), max(peak, anonymous()) - before))
print(json.dumps([seen, grown]))
"""


def painted(root: Path, count: int) -> Path:
    noise = np.random.default_rng(count).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    for index, content in enumerate(noise):
        place = root / f"class{index % 2}" / f"{index:05}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(content).resize((SIDE, SIDE)).save(place, compress_level=1)
    return root


@pytest.mark.slow
def test_two_processes_at_once_both_end_with_a_whole_set(tmp_path):
    key = painted(tmp_path / "pets", 300)
    run = [sys.executable, "-c", OPENS, str(key), str(tmp_path / "ready-")]
    both = [subprocess.Popen([*run, name], stdout=subprocess.PIPE, text=True) for name in "ab"]
    digests = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert {digest.strip() for digest in digests} == {open_set(str(key), SIDE, 3).sha256()}
    (stored,) = (places.cache_folder() / "decoded").iterdir()
    pictures = load_folder(key, SIDE).pictures.numpy().tobytes()
    assert [file.read_bytes() for file in stored.glob("pixels-*")].count(pictures) >= 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path):
    keys = [str(painted(tmp_path / name, count)) for name, count in (("warm", 60), ("few", 500), ("many", 4000))]
    run = subprocess.run([sys.executable, "-c", MEASURES, *keys], capture_output=True, text=True, check=True)
    seen, ((few, little), (many, much)) = json.loads(run.stdout)
    assert (few, many, seen) == (500, 4000, 4560)
    assert much - little < 0.1 * (many - few) * PICTURE_BYTES
