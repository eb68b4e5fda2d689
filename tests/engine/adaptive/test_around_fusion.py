"""Going round the fusion: what is raised, by hand, and that it beats a fusion that only hides its gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import torch

from tests.support.system import robust_accuracy, tiny_target
from zepad_engine.adaptive.apgd import ApgdCe
from zepad_engine.adaptive.around_fusion import AroundFusion
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.fused import TunedEnsemble, Zepad
from zepad_engine.defences.system import System
from zepad_engine.execution.execution import EXACT
from zepad_engine.plan import Detector
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Stepped(Zepad):
    """ZePAD whose logits are rounded to whole numbers: as easy to fool, without any gradient."""

    key: ClassVar[str] = "stepped"

    def answer(self, logits):
        return super().answer(logits).round() + 0 * logits.sum()


@pytest.mark.parametrize("through", ["mean_logits", "every_branch"])
def test_what_is_raised_by_hand(through):
    defence, temperatures = TunedEnsemble(fusion="mean_probabilities"), (1.0, 2.0, 8.0)
    target = tiny_target(6, how=EXACT, defence=defence)
    fitted = FittedDefence("hot", defence, torch.tensor(temperatures, dtype=torch.float64).view(-1, 1, 1))
    system = System(fitted, dict(zip(defence.branches, target.scored.members, strict=True)), Detector())
    # Images on the way over a border, where some branches have fallen and others have not.
    images = ApgdCe(steps=6)(target, 12 / 255, seed=0, progress=Progress.silent()).images
    answer, raised = AroundFusion(through=through).look(replace(target, attacked=system), images, target.labels)
    with torch.no_grad():
        logits = system.branch_logits(images)
    assert torch.allclose(answer, system.answer(logits))
    calibrated = torch.stack([branch / heat for branch, heat in zip(logits, temperatures, strict=True)])
    capped = 0
    for index, label in enumerate(target.labels.tolist()):
        if through == "mean_logits":
            expected = -float(calibrated[:, index].mean(dim=0).log_softmax(dim=0)[label])
        else:
            rows = calibrated[:, index].tolist()
            leads = [max(row[k] for k in range(4) if k != label) - row[label] for row in rows]
            expected = sum(min(lead, 1.0) for lead in leads) / 3
            capped += sum(lead > 1.0 for lead in leads)
        assert float(raised[index]) == pytest.approx(expected, rel=1e-6)
    assert capped > 0 or through == "mean_logits"


@pytest.mark.parametrize("through", ["mean_logits", "every_branch"])
def test_a_fusion_without_gradient_falls_to_it_and_not_to_an_attack_on_its_answer(through):
    target = tiny_target(48, defence=Stepped())
    on_the_answer, around_it = (
        robust_accuracy(target, attack(target, 12 / 255, seed=0, progress=Progress.silent()).images)
        for attack in (ApgdCe(steps=10), AroundFusion(steps=10, through=through))
    )
    assert on_the_answer > 0.8
    assert around_it < on_the_answer - 0.4
