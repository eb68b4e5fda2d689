"""Fusion and detector against the figures of method.md, appendix A."""

from __future__ import annotations

import math

import pytest
import torch

from zepad_engine.branches import BRANCHES
from zepad_engine.defences.detector import detection_scores
from zepad_engine.defences.fused import CleanEnsemble, EntropyFusion, MeanFusion, Zepad, ZepadWithoutBmp
from zepad_engine.defences.fusion import (
    confidence,
    confidence_weights,
    entropy_weights,
    equal_weights,
    fuse,
    top_probability,
)
from zepad_engine.defences.registry import DEFENCES, build_defence
from zepad_engine.errors import BadPlan
from zepad_engine.fields import declared_fields
from zepad_engine.plan import Choice, Detector

# Three branches, one image, three classes.
LOGITS = torch.tensor([[[2.0, 1, 0]], [[0, 3, 0]], [[0, 0, 6]]], dtype=torch.float64)


def test_m_is_the_largest_probability():
    assert top_probability(LOGITS)[:, 0].tolist() == pytest.approx([0.665241, 0.909443, 0.995067], abs=1e-6)


@pytest.mark.parametrize(
    ("m", "c"),
    [
        (0.1, 0.0301),
        (0.2, 0.0813),
        (0.3, 0.1646),
        (0.5, 0.5),
        (0.7, 1.2755),
        (0.9, 2.9881),
        (0.95, 3.6646),
        (0.99, 4.3057),
        (1.0, 4.4817),
    ],
)
def test_the_table_of_c_at_k_3(m, c):
    assert float(confidence(torch.tensor(m, dtype=torch.float64), 3.0)) == pytest.approx(c, abs=5e-5)


def test_one_sure_branch_against_two_at_a_half():
    c = confidence(torch.tensor([1.0, 0.5, 0.5], dtype=torch.float64), 3.0)
    assert float(c[0] / c.sum()) == pytest.approx(0.818, abs=5e-4)


def test_rfdm():
    fused = fuse(LOGITS, confidence_weights(LOGITS, 3.0))
    assert fused[0].tolist() == pytest.approx([0.2542, 1.2116, 3.0683], abs=5e-5)
    assert int(fused.argmax()) == 2


def test_equal_mean():
    assert fuse(LOGITS, equal_weights(LOGITS))[0].tolist() == pytest.approx([0.6667, 1.3333, 2.0], abs=5e-5)


def test_inverted_entropy_answers_against_the_surest_branch():
    fused = fuse(LOGITS, entropy_weights(LOGITS, inverted=True))
    assert fused[0].tolist() == pytest.approx([1.3496, 1.5664, 0.1680], abs=5e-5)
    assert int(fused.argmax()) == 1


def test_entropy_the_right_way_round_follows_it():
    weights = entropy_weights(LOGITS, inverted=False)[:, 0]
    assert weights.tolist() == sorted(weights.tolist())
    assert int(fuse(LOGITS, entropy_weights(LOGITS, inverted=False)).argmax()) == 2


def test_entropy_of_branches_that_know_nothing_is_no_division_by_nought():
    flat = torch.zeros(3, 2, 4, dtype=torch.float64)
    assert torch.allclose(entropy_weights(flat, inverted=False), torch.full((3, 2), 1 / 3, dtype=torch.float64))


def test_k_nought_weighs_by_m_alone():
    m = top_probability(LOGITS)
    assert torch.allclose(confidence_weights(LOGITS, 0.0), m / m.sum(dim=0))


@pytest.mark.parametrize("key", DEFENCES)
def test_every_defence_names_known_branches_and_weights_that_sum_to_one(key):
    defence = build_defence(Choice(key=key))
    assert DEFENCES[key].key == key
    assert set(defence.branches) <= set(BRANCHES)
    logits = torch.randn(len(defence.branches), 7, 5, generator=torch.Generator().manual_seed(0))
    weights = defence.weigh(logits)
    assert weights.shape == (len(defence.branches), 7)
    assert torch.allclose(weights.sum(dim=0), torch.ones(7))
    assert (weights >= 0).all()
    for field in declared_fields(DEFENCES[key]):
        if field.kind == "number":
            assert field.low <= field.default <= field.high


def test_which_branches_speak():
    assert Zepad().branches == ("tuned_victim", "tuned_auxiliary", "benign")
    assert ZepadWithoutBmp().branches == ("tuned_victim", "tuned_auxiliary")
    assert CleanEnsemble().branches == ("victim", "auxiliary", "benign")
    assert MeanFusion().branches == EntropyFusion().branches == Zepad().branches
    assert Zepad().k == CleanEnsemble().k == 3.0


def test_the_options_of_a_defence_change_its_weights():
    assert not torch.equal(Zepad(k=1.0).weigh(LOGITS), Zepad(k=3.0).weigh(LOGITS))
    assert not torch.equal(EntropyFusion(fusion="entropy_inverted").weigh(LOGITS), EntropyFusion().weigh(LOGITS))


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (Choice(key="magic"), "There is no defence called magic."),
        (Choice(key="zepad", values={"k": 21}), "ZePAD: Sharpness k must lie between 0 and 20; it is 21."),
        (Choice(key="undefended", values={"k": 3}), "Undefended has no field k."),
    ],
)
def test_a_defence_that_cannot_be_is_refused(choice, sentence):
    with pytest.raises(BadPlan) as caught:
        build_defence(choice)
    assert caught.value.sentence == sentence


def logits_with(m):
    """Two-class logits whose larger probability is m."""
    m = torch.tensor(m, dtype=torch.float64)
    return torch.stack([torch.log(m / (1 - m)), torch.zeros_like(m)], dim=-1)


MPAE, BMP = logits_with([[0.9, 0.7], [0.7, 0.7]]), logits_with([0.5001, 0.9])


@pytest.mark.parametrize(
    ("plan", "scores"),
    [
        (Detector(confidence="m", aggregation="mean"), [0.8 - 0.5001, 0.7 - 0.9]),
        (Detector(confidence="m", aggregation="max"), [0.9 - 0.5001, 0.7 - 0.9]),
        (Detector(confidence="c", aggregation="mean"), [(2.98810 + 1.27548) / 2 - 0.50025, 1.27548 - 2.98810]),
        (Detector(confidence="c", aggregation="max"), [2.98810 - 0.50025, 1.27548 - 2.98810]),
    ],
)
def test_detection_score_is_mpae_minus_bmp(plan, scores):
    found = detection_scores(MPAE, BMP, plan, 3.0)
    assert found.dtype == torch.float64
    assert found.tolist() == pytest.approx(scores, abs=2e-4)


def test_the_spread_of_c_is_what_the_paper_says():
    assert float(confidence(torch.tensor(1.0), 3.0)) == pytest.approx(math.exp(1.5))
