"""Worst cases and paired tests of six images whose every answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from zepad_engine.defences.fused import Zepad, ZepadWithoutBmp
from zepad_engine.evaluation.answers import Answers
from zepad_engine.evaluation.pairing import pairs_of
from zepad_engine.evaluation.worst import Verdicts, verdicts_of, worst_case, wrong_in_any
from zepad_engine.intervals import wilson
from zepad_engine.metrics import mcnemar, paired_difference
from zepad_engine.plan import Detector

DETECTOR = Detector(confidence="m", target_fpr=0.05)


def flags(text):
    return np.array([sign == "x" for sign in text])


def verdicts(wrong, flagged=None):
    return Verdicts(flags(wrong), None if flagged is None else flags(flagged))


def two_classes(classes, m):
    """Logits (N, 2) that answer these classes with the probabilities m."""
    m = torch.tensor(m, dtype=torch.float64)
    logits = torch.stack([torch.log(m / (1 - m)), torch.zeros_like(m)], dim=1)
    return torch.where(torch.tensor(classes)[:, None] == 0, logits, logits.flip(1))


def answers():
    """Four images of class 0. MPAE and BMP agree; MPAE is sure of 0.9 where it is perturbed, else of 0.6."""
    sure = {
        "calibration": ([0] * 40, [0.6] * 40, [0.6] * 40),
        "clean": ([0, 0, 0, 1], [0.6] * 4, [0.6] * 4),
        "a": ([1, 0, 0, 1], [0.9, 0.6, 0.6, 0.6], [0.6] * 4),
        "b": ([0, 1, 0, 1], [0.6, 0.6, 0.6, 0.9], [0.6] * 4),
    }
    mpae = {name: two_classes(classes, m) for name, (classes, m, _) in sure.items()}
    bmp = {name: two_classes(classes, m) for name, (classes, _, m) in sure.items()}
    return Answers(
        task="toy",
        labels=torch.zeros(4, dtype=torch.long),
        calibration_labels=torch.zeros(40, dtype=torch.long),
        logits={"tuned_victim": mpae, "tuned_auxiliary": mpae, "benign": bmp},
    )


def test_verdicts_say_who_was_wrong_and_who_was_flagged():
    toy = answers()
    found = verdicts_of(toy, toy.fitted("zepad", Zepad()), ["a", "b"], DETECTOR)
    assert list(found) == ["clean", "a", "b"]
    assert found["clean"].wrong.tolist() == [False, False, False, True]
    assert found["a"].wrong.tolist() == [True, False, False, True]
    assert found["a"].flagged.tolist() == [True, False, False, False]
    assert found["b"].flagged.tolist() == [False, False, False, True]
    without = verdicts_of(toy, toy.fitted("zepad_no_bmp", ZepadWithoutBmp()), ["a"], DETECTOR)
    assert without["a"].flagged is None


def test_the_worst_case_of_two_attacks():
    toy = answers()
    fitted = toy.fitted("zepad", Zepad())
    found = worst_case("universal", fitted, "toy", verdicts_of(toy, fitted, ["a", "b"], DETECTOR))
    assert (found.scope, found.defence, found.task, found.attacks) == ("universal", "zepad", "toy", ("a", "b"))
    # Image 0 falls to a, 1 to b, 3 was wrong before; only 2 is right under everything.
    assert found.accuracy == wilson(1, 4)
    # Image 0 is flagged where it is wrong; 1 is not; 3 is flagged under b, but not under a, nor as it was.
    assert found.evaded == wilson(2, 4)


def test_what_is_wrong_without_attack_is_wrong_in_the_worst_case():
    toy = answers()
    fitted = toy.fitted("zepad", Zepad())
    met = {"clean": verdicts("x..x"), "a": verdicts("....")}
    assert worst_case("universal", fitted, "toy", met).accuracy == wilson(2, 4)


def test_evasion_counts_an_attack_that_is_not_flagged_only_where_it_is_wrong():
    toy = answers()
    fitted = toy.fitted("zepad", Zepad())
    met = {"clean": verdicts("....", "...."), "a": verdicts("xx..", "x.x."), "b": verdicts("x...", "...x")}
    # Image 0: flagged under a, not under b.
    assert worst_case("all", fitted, "toy", met).evaded == wilson(2, 4)
    half = {**met, "b": verdicts("x...")}
    assert worst_case("all", fitted, "toy", half).evaded is None


def test_some_rows_of_the_verdicts():
    some = verdicts("x.x.", "xx..").at(torch.tensor([2, 1]))
    assert some.wrong.tolist() == [True, False]
    assert some.flagged.tolist() == [False, True]
    assert verdicts("x.").at(torch.tensor([0])).flagged is None


def test_wrong_in_any():
    assert wrong_in_any([verdicts("x..."), verdicts("..x.")]).tolist() == [True, False, True, False]


@pytest.fixture
def pairs():
    known = {
        "undefended": {"clean": verdicts("x....."), "a": verdicts("xxxx..")},
        "zepad": {"clean": verdicts(".....x"), "a": verdicts("...x.x")},
        "mean_fusion": {"clean": verdicts(".....x"), "a": verdicts("...x.x")},
    }
    return {(pair.b, pair.attack): pair for pair in pairs_of("toy", known, "zepad")}


def test_zepad_is_compared_with_every_other_defence_under_everything(pairs):
    assert set(pairs) == {(b, attack) for b in ("undefended", "mean_fusion") for attack in ("none", "a", "worst")}
    assert {pair.a for pair in pairs.values()} == {"zepad"}


def test_a_pair_by_hand(pairs):
    clean, moved, worst = (pairs["undefended", attack] for attack in ("none", "a", "worst"))
    # Clean: zepad is right on image 0 alone, undefended on image 5 alone.
    assert (clean.n, clean.only_a, clean.only_b, clean.difference, clean.p) == (6, 1, 1, 0.0, 1.0)
    # Under a: zepad alone on 0, 1, 2; undefended alone on 5. p = 2 (1 + 4) / 16.
    assert (moved.only_a, moved.only_b, moved.p) == (3, 1, 0.625)
    assert moved.difference == pytest.approx(2 / 6)
    assert (moved.difference, moved.low, moved.high) == paired_difference(3, 1, 6)
    # The worst case joins clean and a: zepad fails on 3 and 5, undefended on 0 to 3.
    assert (worst.only_a, worst.only_b) == (3, 1)


def test_defences_that_answer_alike_do_not_differ(pairs):
    same = pairs["mean_fusion", "a"]
    assert (same.only_a, same.only_b, same.difference, same.p) == (0, 0, 0.0, mcnemar(0, 0))
    assert same.low < 0 < same.high


def test_without_attacks_there_is_no_worst_case_to_pair():
    known = {"zepad": {"clean": verdicts(".")}, "undefended": {"clean": verdicts("x")}}
    assert [pair.attack for pair in pairs_of("toy", known, "zepad")] == ["none"]
