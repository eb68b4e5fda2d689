from __future__ import annotations

import msgspec
import pytest

from tests.support.sample_preflight import large_card, preflight_card
from zepad_app.says_edit import as_read, forgotten, said, stems_for, troubles_of
from zepad_engine.architecture import CIFAR_STEM, IMAGENET_STEM, WIDE_CIFAR_STEM, Stem, VitShape
from zepad_engine.card import CLIP_MEAN, CLIP_STD, EncoderCard, Overrides

VIT = VitShape(patch=16, width=384, depth=12, heads=6, mlp=1536, grid=14)


def vit_card() -> EncoderCard:
    return msgspec.structs.replace(preflight_card(), architecture=VIT, input_size=224)


def test_a_form_nobody_touched_says_nothing() -> None:
    for card in (preflight_card(), large_card(), vit_card()):
        assert said(card, Overrides(), as_read(card)) == Overrides()
        assert said(card, Overrides(net="teacher."), as_read(card)) == Overrides(net="teacher.")


def test_only_what_differs_is_said_and_a_normalisation_as_a_whole() -> None:
    card = preflight_card()
    wish = msgspec.structs.replace(as_read(card), mean=CLIP_MEAN, std=CLIP_STD, input_size=64)
    assert said(card, Overrides(), wish) == Overrides(mean=CLIP_MEAN, std=CLIP_STD, input_size=64)
    wish = msgspec.structs.replace(as_read(card), std=CLIP_STD)
    assert said(card, Overrides(), wish) == Overrides(mean=card.mean, std=CLIP_STD)


def test_what_was_said_before_stays_said() -> None:
    card = msgspec.structs.replace(preflight_card(), input_size=64)
    before = Overrides(net="teacher.", input_size=64)
    wish = msgspec.structs.replace(as_read(card), stem=WIDE_CIFAR_STEM)
    assert said(card, before, wish) == Overrides(net="teacher.", input_size=64, stem=WIDE_CIFAR_STEM)
    assert forgotten(before) == Overrides(net="teacher.")


def test_stems_are_those_of_the_kernel_in_the_file() -> None:
    assert [choice.stem for choice in stems_for(3)] == [CIFAR_STEM, WIDE_CIFAR_STEM]
    assert [choice.stem for choice in stems_for(7)] == [IMAGENET_STEM]
    assert stems_for(5) == ()


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"name": "  "}, "name", "The report needs a name."),
        ({"name": "x" * 81}, "name", "A name has at most 80 characters."),
        ({"mean": (0.5, 0.5, 11.0)}, "mean", "A mean lies between -10 and 10; pixels lie between 0 and 1."),
        ({"std": (0.2, 0.0, 0.2)}, "std", "A deviation must be above 0: pixels are divided by it."),
        ({"std": (0.2, 101.0, 0.2)}, "std", "A deviation is at most 100."),
        ({"input_size": 7}, "input_size", "Say a size of 8 to 1024 pixels."),
        ({"input_size": 1025}, "input_size", "Say a size of 8 to 1024 pixels."),
        ({"stem": Stem(kernel=3, stride=0, padding=1, pool=False)}, "stem", "A stride lies between 1 and 8."),
        (
            {"stem": Stem(kernel=3, stride=1, padding=4, pool=False)},
            "stem",
            "A padding lies between 0 and 3, the kernel.",
        ),
    ],
)
def test_what_cannot_be_is_told_at_its_field(changes: dict[str, object], field: str, sentence: str) -> None:
    card = preflight_card()
    assert troubles_of(card, msgspec.structs.replace(as_read(card), **changes)) == {field: sentence}


def test_patches_must_fill_the_images() -> None:
    card = vit_card()
    wish = msgspec.structs.replace(as_read(card), input_size=100)
    sentence = "Patches of 16 pixels do not fill images of 100; 96 would do."
    assert troubles_of(card, wish) == {"input_size": sentence}
    assert troubles_of(card, msgspec.structs.replace(wish, input_size=96)) == {}


def test_heads_must_divide_the_channels() -> None:
    card = vit_card()
    wish = msgspec.structs.replace(as_read(card), heads=7)
    assert troubles_of(card, wish) == {"heads": "7 heads do not divide its 384 channels."}
    wish = msgspec.structs.replace(as_read(card), heads=12)
    assert troubles_of(card, wish) == {}
    assert said(card, Overrides(), wish) == Overrides(heads=12)
