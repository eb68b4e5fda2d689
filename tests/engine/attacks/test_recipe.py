"""The attack that CONTRIBUTING.md tells a newcomer to write is one, as it stands there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.support.tiny import FAST, tiny_encoder, tiny_images
from zepad_engine.attacks.registry import ATTACKS
from zepad_engine.catalogue import CONTROL
from zepad_engine.fields import describe_value
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress

GUIDE = Path(__file__).parents[3] / "CONTRIBUTING.md"


@pytest.fixture
def written(tmp_path, monkeypatch):
    """The class in the guide's first block of code."""
    file = tmp_path / "uniform_noise.py"
    file.write_text(GUIDE.read_text(encoding="utf-8").split("```python\n", 1)[1].split("```", 1)[0], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("uniform_noise", file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "uniform_noise", module)
    spec.loader.exec_module(module)
    return module.UniformNoise


def test_the_recipe_is_an_attack_that_keeps_its_budget_and_is_told_as_a_control(written):
    entry = describe_value(written)
    assert (entry.key, [field.key for field in entry.fields]) == ("uniform_noise", ["share"])
    assert entry.key not in ATTACKS
    # What the law tests ask of every attack in the table.
    assert len(entry.citation) > 10
    assert len(entry.summary) > 20
    assert CONTROL in entry.name
    images = ImageBank(tiny_images(4), FAST)
    made = written(share=0.5)(tiny_encoder(), images, 8 / 255, seed=1, progress=Progress.silent())
    assert 3.5 / 255 < float(made.abs().max()) <= 4 / 255
    assert written()(tiny_encoder(), images, 0.0, seed=1, progress=Progress.silent()).abs().max() == 0
