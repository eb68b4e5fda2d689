"""Our optimisers are torch's, value for value, and neither they nor a job's beginning loads torch's compiler."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from zepad_engine.execution.optimisers import LBFGS, Adam

PLAIN = """
import sys
import torch
from zepad_engine.execution.execution import Execution
from zepad_engine.execution.optimisers import LBFGS, Adam

Execution.of("cpu").begin(0)
for kind in (Adam, LBFGS):
    weight = torch.ones(3, requires_grad=True)
    optimiser = kind([weight])
    def loss():
        optimiser.zero_grad()
        value = weight.square().sum()
        value.backward()
        return value
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.9)
    optimiser.step(loss)
    schedule.step()
    assert weight.max() < 1
print(sorted(name for name in ("torch._dynamo", "torch._inductor") if name in sys.modules))
"""


@pytest.mark.slow
def test_no_compiler_is_loaded():
    told = subprocess.run([sys.executable, "-c", PLAIN], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def weights_after(kind, steps, **values):
    """What ``steps`` steps on a small net leave, every gradient of its own, the rate lowered after each."""
    torch.manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    images, targets = torch.randn(16, 6), torch.randn(16, 2)
    optimiser = kind([{"params": net[0].parameters()}, {"params": net[2].parameters(), "lr": 0.03}], **values)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.9)

    def loss():
        optimiser.zero_grad()
        value = (net(images) - targets).square().mean()
        value.backward()
        return value

    losses = []
    for _ in range(steps):
        losses.append(optimiser.step(loss).item())
        schedule.step()
    return torch.cat([weight.detach().flatten() for weight in net.parameters()]), losses


@pytest.mark.parametrize(
    "values",
    [{"lr": 0.05}, {"lr": 0.05, "fused": True, "weight_decay": 0.1}, {"lr": 0.05, "betas": (0.5, 0.999)}],
    ids=["plain", "fused", "betas"],
)
def test_adam_is_torchs(values):
    weights, losses = weights_after(Adam, 6, **values)
    expected, same = weights_after(torch.optim.Adam, 6, **values)
    assert torch.equal(weights, expected)
    assert losses == same
    assert losses[-1] < 0.9 * losses[0]


def test_lbfgs_is_torchs():
    def one_group(kind):
        weight = torch.tensor([2.0, -1.0, 0.5], requires_grad=True)
        optimiser = kind([weight], max_iter=4, line_search_fn="strong_wolfe")

        def loss():
            optimiser.zero_grad()
            value = (weight * torch.tensor([1.0, 5.0, 9.0])).square().sum()
            value.backward()
            return value

        optimiser.step(loss)
        return weight.detach()

    assert torch.equal(one_group(LBFGS), one_group(torch.optim.LBFGS))
    assert float(one_group(LBFGS).square().sum()) < 5.0
