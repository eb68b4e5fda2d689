"""Ways of fusing, temperatures, and the detector by disagreement, each against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from zepad_engine.branches import ZEPAD
from zepad_engine.defences.detector import disagreement_scores
from zepad_engine.defences.fitted import best_temperature, fit_defence
from zepad_engine.defences.fused import CleanEnsemble, MeanFusion, TunedEnsemble, Zepad
from zepad_engine.defences.fusion import capped
from zepad_engine.defences.registry import DEFENCES
from zepad_engine.defences.single import Undefended
from zepad_engine.defences.system import System
from zepad_engine.plan import Detector

# Appendix A of the method: RFDM's test values, one image.
LOGITS = torch.tensor([[2.0, 1, 0], [0, 3, 0], [0, 0, 6]], dtype=torch.float64)[:, None]
M = [0.665241, 0.909443, 0.995067]


def softmax(*logits):
    total = sum(map(math.exp, logits))
    return [math.exp(value) / total for value in logits]


def test_rfdm_gives_the_published_values():
    assert Zepad().answer(LOGITS)[0].tolist() == pytest.approx([0.2542, 1.2116, 3.0683], abs=5e-5)


def test_mean_logits_and_mean_probabilities():
    assert MeanFusion().answer(LOGITS)[0].tolist() == pytest.approx([2 / 3, 4 / 3, 2.0])
    branches = [softmax(2, 1, 0), softmax(0, 3, 0), softmax(0, 0, 6)]
    mean = [sum(each) / 3 for each in zip(*branches, strict=True)]
    said = CleanEnsemble(fusion="mean_probabilities").answer(LOGITS)[0]
    assert said.softmax(0).tolist() == pytest.approx(mean)
    # Its logits are the log of the mean, so they need no further scaling.
    assert said.exp().sum().item() == pytest.approx(1.0)


def test_the_surest_branch_alone_speaks():
    surest = CleanEnsemble(fusion="most_confident")
    assert surest.answer(LOGITS)[0].tolist() == [0, 0, 6]
    assert surest.weigh(LOGITS)[:, 0].tolist() == [0, 0, 1]


def test_entropy_trusts_the_sure_branch_and_the_release_the_unsure():
    right = CleanEnsemble(fusion="entropy").answer(LOGITS)[0]
    released = CleanEnsemble(fusion="entropy_inverted").answer(LOGITS)[0]
    assert int(right.argmax()) == 2
    assert released.tolist() == pytest.approx([1.3496, 1.5664, 0.1680], abs=5e-5)


def test_a_cap_takes_from_the_surest_and_gives_to_the_others_by_their_shares():
    weights = torch.tensor([[0.7, 0.5, 1.0], [0.2, 0.3, 0.0], [0.1, 0.2, 0.0]], dtype=torch.float64)
    expected = [[0.6, 0.5, 0.6], [0.4 * 2 / 3, 0.3, 0.2], [0.4 / 3, 0.2, 0.2]]
    assert torch.allclose(capped(weights, 0.6), torch.tensor(expected, dtype=torch.float64))
    assert torch.equal(capped(weights, 1.0), weights)


def test_disagreement_is_nought_in_unison_and_log_b_in_discord():
    same = LOGITS[:1].repeat(3, 1, 1)
    assert disagreement_scores(same).item() == pytest.approx(0.0, abs=1e-12)
    apart = 50.0 * torch.eye(3, dtype=torch.float64)[:, None]
    assert disagreement_scores(apart).item() == pytest.approx(math.log(3))
    p = [softmax(2, 1, 0), softmax(0, 3, 0), softmax(0, 0, 6)]
    mean = [sum(each) / 3 for each in zip(*p, strict=True)]
    entropies = [-sum(q * math.log(q) for q in each) for each in (*p, mean)]
    by_hand = entropies[3] - sum(entropies[:3]) / 3
    assert Zepad(watch="disagreement").score(LOGITS, Detector()).item() == pytest.approx(by_hand)


def test_the_papers_score_is_mpae_minus_bmp_confidence():
    c = [m * math.exp(3 * (m - 0.5)) for m in M]
    assert Zepad().score(LOGITS, Detector()).item() == pytest.approx((c[0] + c[1]) / 2 - c[2], abs=1e-4)
    assert TunedEnsemble().score(LOGITS, Detector(confidence="m", aggregation="max")).item() == pytest.approx(
        M[1] - M[2], abs=1e-6
    )
    assert CleanEnsemble().score(LOGITS, Detector()) is None


def test_the_best_temperature_undoes_a_scale():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4000, 5, generator=generator, dtype=torch.float64) * 2
    labels = torch.multinomial(logits.softmax(dim=1), 1, generator=generator)[:, 0]
    assert best_temperature(logits, labels).item() == pytest.approx(1.0, rel=0.13)
    assert best_temperature(logits * 8, labels).item() == pytest.approx(8.0, rel=0.13)


def test_temperatures_are_fitted_only_where_they_are_asked_for_and_change_the_weights():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 500, 4, generator=generator, dtype=torch.float64)
    labels = logits[1].argmax(dim=1)
    plain = fit_defence("zepad", Zepad(), logits, labels)
    assert plain.temperatures.flatten().tolist() == [1, 1, 1]
    fitted = fit_defence("zepad-t", Zepad(temperature=True), logits, labels)
    cold, hot = fitted.temperatures.flatten()[1], fitted.temperatures.flatten()[0]
    # The branch that is right is made surer, the ones that guess less sure.
    assert cold < 0.1 < 1 < hot
    assert float(fitted.weigh(logits)[1].mean()) > 0.9 > float(plain.weigh(logits)[1].mean())
    assert torch.equal(fitted.answer(logits), Zepad().answer(logits / fitted.temperatures))


@pytest.mark.parametrize("key", DEFENCES)
def test_every_defence_weighs_to_one_and_its_answer_can_be_differentiated(key):
    defence = DEFENCES[key]()
    logits = torch.randn(len(defence.branches), 6, 4, dtype=torch.float64, requires_grad=True)
    assert torch.allclose(defence.weigh(logits).sum(dim=0), torch.ones(6, dtype=torch.float64))
    (gradient,) = torch.autograd.grad(defence.answer(logits).logsumexp(dim=1).sum(), logits)
    assert torch.isfinite(gradient).all()
    assert float(gradient.abs().sum()) > 0


class Constant(nn.Module):
    """A branch that says the same whatever it sees."""

    def __init__(self, row):
        super().__init__()
        self.row = row

    def forward(self, images):
        return self.row.float().expand(len(images), -1) + 0 * images.mean()


def test_a_system_says_what_its_defence_makes_of_its_branches_and_counts_its_queries():
    models = {branch: Constant(row[0]) for branch, row in zip(ZEPAD, LOGITS, strict=True)}
    system = System(fit_defence("zepad", Zepad(), LOGITS, torch.tensor([2])), models, Detector())
    images = torch.rand(5, 3, 4, 4)
    assert torch.allclose(system(images), Zepad().answer(LOGITS).expand(5, -1))
    assert torch.allclose(system.score(system.branch_logits(images)), Zepad().score(LOGITS, Detector()).expand(5))
    assert system.queries == 10
    alone = System(
        fit_defence("undefended", Undefended(), LOGITS[:1], torch.tensor([0])), {"victim": models["benign"]}, Detector()
    )
    assert torch.equal(alone(images), LOGITS[2].expand(5, -1))
    assert alone.score(alone.branch_logits(images)).tolist() == [0] * 5
