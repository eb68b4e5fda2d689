from __future__ import annotations

import msgspec
import pytest

from tests.support.sample_preflight import (
    FIT_WARNING,
    PATH,
    PLAIN,
    RANDOM_WARNING,
    SAID_IMAGENET,
    doubtful,
    features,
    fit,
    good,
    opened,
)
from zepad_app.preflight_words import (
    Remedy,
    bytes_in_words,
    checks_of,
    facts_of,
    ignored_in_words,
    keys_in_words,
    net_in_words,
    remedies_of,
    said_in_words,
    why_recommended,
)
from zepad_app.state import Checks, Inspected
from zepad_engine.architecture import IMAGENET_STEM
from zepad_engine.card import CIFAR_MEAN, IMAGENET_MEAN, IMAGENET_STD, Overrides
from zepad_engine.preflight import Preflight


def known(preflight: Preflight, checks: Checks = "done", says: Overrides | None = None) -> Inspected:
    return Inspected(path=PATH, preflight=preflight, checks=checks, says=says or Overrides())


def rows(preflight: Preflight, checks: Checks = "done") -> dict[str, tuple[str, str, str]]:
    return {row.key: (row.light, row.number, row.sentence) for row in checks_of(known(preflight, checks))}


def test_all_good_in_words() -> None:
    assert rows(good()) == {
        "finite": ("ok", "687 images", "Every feature of every image is a finite number."),
        "rank": ("ok", "68.5 of 128", "The features have not collapsed."),
        "spread": ("ok", "0.49", "Features of different images differ."),
        "gradients": ("ok", "100 % of pixels", "Attacks can follow gradients to the pixels."),
        "neighbours": ("ok", "+22.1 points", "95 % interval +17.9 to +26.3, n = 687."),
        "normalisation": ("ok", "0.11 nats", "CIFAR-10 fits what the first batch norm stored."),
    }


def test_doubts_in_words() -> None:
    found = rows(doubtful())
    assert found["neighbours"] == ("look", "+0.4 points", "Not shown: 95 % interval −2.1 to +2.9, n = 687.")
    sentence = "Does not fit what the first batch norm stored; ImageNet does (0.09)."
    assert found["normalisation"] == ("look", "1.21 nats", sentence)


@pytest.mark.parametrize(
    ("changes", "key", "row"),
    [
        ({"effective_rank": 1.4}, "rank", ("wrong", "1.4 of 128", "All images look alike to this encoder.")),
        ({"spread": 0.0004}, "spread", ("wrong", "0.0004", "All images look alike to this encoder.")),
        (
            {"gradients": 0.31},
            "gradients",
            ("look", "31 % of pixels", "Gradient attacks will seem weaker than they are."),
        ),
        (
            {"finite": False, "effective_rank": 0.0, "spread": 0.0},
            "finite",
            ("wrong", "687 images", "Some features are infinite or undefined."),
        ),
        (
            {"finite": False, "effective_rank": 0.0, "spread": 0.0},
            "rank",
            ("skipped", "", "Not computed: some features are not finite."),
        ),
    ],
)
def test_bad_features_in_words(changes: dict[str, object], key: str, row: tuple[str, str, str]) -> None:
    assert rows(msgspec.structs.replace(good(), features=features(**changes)))[key] == row


def test_what_was_not_checked_says_so() -> None:
    without = msgspec.structs.replace(good(), fits=(), neighbours=None, notes=("Left out.",))
    assert rows(without)["normalisation"] == ("skipped", "", "This net has no batch norm that tells.")
    assert rows(without)["neighbours"] == ("skipped", "", "Left out: it would take minutes on one core.")
    assert set(rows(opened(), "failed").values()) == {("skipped", "", "Could not be checked.")}
    assert set(rows(opened(), "running").values()) == {("running", "", "")}
    assert list(rows(opened(), "running")) == list(rows(good()))


@pytest.mark.parametrize(
    ("fits", "sentence"),
    [
        ((fit(PLAIN, 0.2, assumed=True),), "Plain values from 0 to 1 fit what the first batch norm stored."),
        (
            (fit("mean 0.5/0.4/0.3, deviation 0.2/0.2/0.2", 0.2),),
            "The assumed one fits what the first batch norm stored.",
        ),
        (
            (fit("CIFAR-10", 0.9), fit(PLAIN, 0.6)),
            "Does not fit what the first batch norm stored, nor does a usual one.",
        ),
        (
            (fit("CIFAR-10", 0.9), fit(PLAIN, 0.1)),
            "Does not fit what the first batch norm stored; plain values from 0 to 1 do (0.10).",
        ),
    ],
)
def test_a_fit_in_words(fits: tuple[object, ...], sentence: str) -> None:
    assert rows(msgspec.structs.replace(good(), fits=fits))["normalisation"][2] == sentence


def test_each_warning_has_one_remedy_and_the_doubted_normalisation_its_own() -> None:
    says = Overrides(net="teacher.", input_size=64)
    used = msgspec.structs.replace(says, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    assert remedies_of(known(doubtful(), says=says)) == (
        Remedy(FIT_WARNING, "Use ImageNet", used),
        Remedy(RANDOM_WARNING, "Edit assumptions"),
    )
    assert remedies_of(known(good())) == ()


def test_the_facts_of_a_file() -> None:
    assert facts_of(known(opened())) == (
        ("File", "supcon_resnet18_ep400.ckpt"),
        ("Container", "PyTorch zip, 94.5 MB, check sums hold"),
        ("Parameters", "0.7 M"),
        ("Feature size", "128"),
        ("Images", "32 × 32 px"),
        ("Normalisation", "CIFAR-10"),
        ("Method", "SupCon"),
        ("Trained on", "CIFAR-10, 35,000 images"),
    )
    assert keys_in_words(opened()) == "120 of 131"
    assert ignored_in_words(opened()) == (
        "No part of the encoder: projector (8), classifier (2), queue. "
        "Objects of other programs, not loaded: argparse.Namespace."
    )


def test_what_is_not_known_is_left_out() -> None:
    card = msgspec.structs.replace(
        opened().card, method="unknown", data="unknown", mean=CIFAR_MEAN, std=(1.0, 1.0, 1.0)
    )
    found = dict(facts_of(known(opened(card=card))))
    assert "Method" not in found
    assert "Trained on" not in found
    assert found["Normalisation"] == "mean 0.491 / 0.482 / 0.447, deviation 1 / 1 / 1"


def test_names_of_strangers_are_shown_as_one_harmless_line() -> None:
    file = msgspec.structs.replace(opened().file, keys_ignored=("a\nb.weight", "\u202eevil.weight"), left_out=())
    words = ignored_in_words(msgspec.structs.replace(opened(), file=file))
    assert words == "No part of the encoder: a\ufffdb, \ufffdevil."


def test_what_the_user_said_in_words() -> None:
    assert said_in_words(Overrides()) == ()
    assert said_in_words(SAID_IMAGENET) == ("The normalisation is ImageNet.",)
    everything = Overrides(net="teacher/backbone.", name="mine", input_size=64, stem=IMAGENET_STEM, pooling="mean")
    assert said_in_words(everything) == (
        "The encoder is teacher/backbone.",
        "It is called mine.",
        "Images are 64 pixels wide.",
        "The first convolution is 7×7, stride 2, padding 3, with a max-pool behind it.",
        "Features are taken from the mean of the patches.",
    )


def test_a_choice_is_recommended_only_for_a_reason() -> None:
    assert why_recommended("teacher/backbone.") == "DINO publishes its teacher"
    assert why_recommended("state_dict/module.encoder_q.") == "MoCo evaluates the query encoder"
    assert [why_recommended(net) for net in ("student.", "encoder_k.", "", "my_teacher_old.")] == ["", "", "", ""]
    assert [net_in_words(net) for net in ("module.encoder_q.", "")] == ["module.encoder_q", "the one without a prefix"]


def test_sizes_in_words() -> None:
    assert [bytes_in_words(size) for size in (12, 4_200, 2_820_776, 1_300_000_000)] == [
        "12 bytes",
        "4.2 kB",
        "2.8 MB",
        "1.3 GB",
    ]
