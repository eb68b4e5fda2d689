"""What the window must know of the engine's rooms without loading them: limits, warnings and their remedies."""

from __future__ import annotations

import msgspec
import pytest

from tests.support.sample_preflight import features, fit, good, neighbours
from zepad_app.preflight_words import checks_of, remedies_of
from zepad_app.says_edit import LARGEST_SIDE, NORMALISATIONS, SMALLEST_SIDE, troubles_of
from zepad_app.state import Inspected
from zepad_engine.card import EncoderCard, Overrides
from zepad_engine.checkup.checking import warnings_of
from zepad_engine.checkup.normalisation import name_of
from zepad_engine.encoders.family import Hints
from zepad_engine.encoders.origin import CIFAR, origin_of
from zepad_engine.errors import BadCheckpoint


@pytest.mark.parametrize("side", [SMALLEST_SIDE - 1, SMALLEST_SIDE, LARGEST_SIDE, LARGEST_SIDE + 1])
def test_the_window_and_the_engine_take_the_same_sizes(side: int) -> None:
    hints = Hints(name="x", sha256="", overrides=Overrides(input_size=side))
    if "input_size" in troubles_of(good().card, Overrides(name="x", input_size=side)):
        with pytest.raises(BadCheckpoint, match=f"Images of {side} pixels"):
            origin_of(hints, CIFAR, "it is a test")
    else:
        assert origin_of(hints, CIFAR, "it is a test").input_size == side


def test_both_call_a_normalisation_by_the_same_name() -> None:
    def card(mean: tuple[float, float, float], std: tuple[float, float, float]) -> EncoderCard:
        return msgspec.structs.replace(good().card, mean=mean, std=std)

    named = {each.name: name_of(card(each.mean, each.std)) for each in NORMALISATIONS if each.key != "clip"}
    assert named == {name: name for name in named}
    assert len(named) == 4


def test_every_warning_of_the_engine_has_its_remedy_and_a_light_that_agrees() -> None:
    fits = (fit("CIFAR-10", 1.21, assumed=True), fit("ImageNet", 0.09))
    found, probe = features(gradients=0.2, spread=1e-5), neighbours(0.5, -0.1, 0.0)
    warnings = warnings_of(found, probe, fits)
    preflight = msgspec.structs.replace(good(), features=found, neighbours=probe, fits=fits, warnings=warnings)
    inspected = Inspected(path="a.pth", preflight=preflight, checks="done")
    assert [remedy.button for remedy in remedies_of(inspected)] == [
        "Edit assumptions",
        "Edit assumptions",
        "Use ImageNet",
        "Edit assumptions",
    ]
    lights = {row.key: row.light for row in checks_of(inspected)}
    assert lights == {
        "finite": "ok",
        "rank": "ok",
        "spread": "wrong",
        "gradients": "look",
        "neighbours": "look",
        "normalisation": "look",
    }


def test_without_a_warning_every_light_is_ok() -> None:
    preflight = good()
    assert preflight.features is not None
    assert warnings_of(preflight.features, preflight.neighbours, preflight.fits) == ()
    assert {row.light for row in checks_of(Inspected(path="a.pth", preflight=preflight, checks="done"))} == {"ok"}
