from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.support.tiny import tiny_encoder, tiny_images
from zepad_engine.errors import BadPlan
from zepad_engine.execution import (
    bfloat16_pays,
    choose_device,
    device_name,
    fast_arithmetic,
    fold_batch_norms,
    folds_exactly,
    for_attack,
    for_scoring,
    use_one_thread,
)


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_folding_keeps_the_features_and_removes_every_norm():
    encoder, images = tiny_encoder(3), tiny_images(8)
    with torch.inference_mode():
        plain = encoder(images)
        folded = for_attack(encoder)
        difference = (folded(images) - plain).abs().max() / plain.abs().max()
    assert float(difference) < 1e-3
    assert norms(encoder) == 12
    assert norms(folded) == 0
    assert folds_exactly(encoder, images)


def test_a_fold_without_the_statistics_would_be_seen():
    encoder, images = tiny_encoder(3), tiny_images(8)
    plain = encoder(images)
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    assert float((encoder(images) - plain).detach().abs().max() / plain.detach().abs().max()) > 0.1


def test_a_net_registered_in_another_order_than_it_runs_is_told_apart():
    class Crossed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Conv2d(3, 3, 1)
            self.norm = nn.BatchNorm2d(3)
            self.first = nn.Conv2d(3, 3, 1)
            self.norm.running_mean.fill_(0.5)
            self.norm.running_var.fill_(2.0)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.last(torch.relu(self.norm(self.first(images))))

    torch.manual_seed(0)
    assert not folds_exactly(Crossed(), tiny_images(4))


def test_a_norm_of_another_width_is_left_alone():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(5)).eval()
    fold_batch_norms(net)
    assert norms(net) == 1


def test_for_attack_is_a_frozen_copy_that_lets_the_gradient_through_to_the_input():
    encoder = tiny_encoder(3).requires_grad_(True).train()
    folded = for_attack(encoder)
    assert not any(parameter.requires_grad for parameter in folded.parameters())
    assert all(parameter.requires_grad for parameter in encoder.parameters())
    assert not folded.training
    assert encoder.training
    images = tiny_images(2).requires_grad_(True)
    folded(images).square().sum().backward()
    assert float(images.grad.abs().sum()) > 0
    assert all(parameter.grad is None for parameter in (*folded.parameters(), *encoder.parameters()))


def test_scoring_is_the_network_itself_frozen_in_float32():
    encoder = tiny_encoder(3).train()
    scoring = for_scoring(encoder)
    assert scoring is encoder
    assert not scoring.training
    assert norms(scoring) == 12
    assert not any(parameter.requires_grad for parameter in scoring.parameters())
    assert {parameter.dtype for parameter in scoring.parameters()} == {torch.float32}
    with torch.inference_mode():
        assert scoring(tiny_images(2)).dtype == torch.float32


@pytest.mark.parametrize("pays", [True, False])
def test_fast_arithmetic_rounds_only_where_it_pays(monkeypatch, pays):
    monkeypatch.setattr("zepad_engine.execution.bfloat16_pays", lambda _device: pays)
    layer = nn.Linear(4, 4)
    with fast_arithmetic(torch.device("cpu")):
        kind = layer(torch.ones(1, 4)).dtype
    assert kind == (torch.bfloat16 if pays else torch.float32)
    assert layer(torch.ones(1, 4)).dtype == torch.float32


def test_the_processor_is_asked_not_guessed():
    assert bfloat16_pays(torch.device("cpu")) is torch.cpu._is_avx512_bf16_supported()


def test_one_thread_and_one_seed():
    threads, mode = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn = torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        use_one_thread(5)
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        first = torch.rand(3)
        use_one_thread(5)
        assert torch.equal(torch.rand(3), first)
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(mode, warn_only=warn)


def test_devices():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("pays", [True, False])
def test_a_device_has_a_name_that_tells_its_arithmetic(monkeypatch, pays):
    monkeypatch.setattr("zepad_engine.execution.bfloat16_pays", lambda _device: pays)
    name = device_name(torch.device("cpu"))
    assert len(name) > 2
    assert ("bfloat16" in name) == pays


def test_a_device_nobody_has_is_refused():
    with pytest.raises(BadPlan, match="There is no device called toaster."):
        choose_device("toaster")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_without_cuda_is_refused():
    with pytest.raises(BadPlan, match="asks for a CUDA device and this machine has none"):
        choose_device("cuda")
