from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.support.tiny import FAST, tiny_encoder, tiny_images, tiny_pictures
from zepad_engine.errors import BadPlan
from zepad_engine.execution import execution as execution_module
from zepad_engine.execution.device import bfloat16_pays, choose_device, device_name
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.execution.folding import fold_batch_norms, folds_exactly
from zepad_engine.execution.rounded import Rounded
from zepad_engine.images.image_bank import ImageBank

ROUNDED = Execution(torch.device("cpu"), fast=True, bfloat16=True)


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_folding_keeps_the_features_and_removes_every_norm():
    encoder, images = tiny_encoder(3), tiny_images(8)
    with torch.inference_mode():
        plain = encoder(images)
        folded = FAST.for_scoring(encoder)
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


@pytest.mark.parametrize("how", [ROUNDED, EXACT], ids=["fast", "exact"])
def test_for_attack_is_a_frozen_copy_that_lets_the_gradient_through_to_the_input(how):
    encoder = tiny_encoder(3).requires_grad_(True).train()
    frozen = how.for_attack(encoder)
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    assert all(parameter.requires_grad for parameter in encoder.parameters())
    assert not frozen.training
    assert encoder.training
    images = tiny_images(2).requires_grad_(True)
    frozen(images).square().sum().backward()
    assert float(images.grad.abs().sum()) > 0
    assert all(parameter.grad is None for parameter in (*frozen.parameters(), *encoder.parameters()))


def test_exact_is_the_network_as_it_stands_to_the_last_bit():
    encoder, images = tiny_encoder(3).eval(), tiny_images(4)
    with torch.inference_mode():
        expected = encoder(images)
        for prepared in (EXACT.for_attack(encoder), EXACT.for_scoring(encoder)):
            assert norms(prepared) == 12
            assert torch.equal(prepared(images), expected)


def relative_error(network, encoder, images):
    with torch.inference_mode():
        expected = encoder(images)
        return float((network(images) - expected).norm() / expected.norm())


def test_only_crafting_and_training_are_rounded():
    encoder, images = tiny_encoder(3).eval(), tiny_images(16)
    assert relative_error(ROUNDED.for_scoring(encoder), encoder, images) < 1e-5
    rounded = ROUNDED.for_attack(encoder)
    assert 1e-4 < relative_error(rounded, encoder, images) < 2e-2
    assert rounded(images).dtype == torch.float32
    assert rounded.stages(images, 1).dtype == torch.float32
    # The original is not touched by what was prepared from it.
    assert not encoder.rounded
    trained = ROUNDED.for_training(tiny_encoder(3))
    assert trained.rounded
    assert {parameter.dtype for parameter in trained.parameters()} == {torch.float32}
    ROUNDED.after_training(trained)
    assert not trained.rounded
    assert not trained.training


def test_a_copy_for_scoring_of_a_network_in_training_is_not_rounded():
    model = ROUNDED.for_training(nn.Sequential(tiny_encoder(3), nn.Linear(64, 3)))
    scoring = ROUNDED.for_scoring(model)
    assert [module.rounded for module in scoring.modules() if isinstance(module, Rounded)] == [False]
    assert [module.rounded for module in model.modules() if isinstance(module, Rounded)] == [True]


def test_norms_are_kept_for_an_attack_that_wants_batch_statistics():
    assert norms(FAST.for_attack(tiny_encoder(3), keep_norms=True)) == 12
    assert norms(FAST.for_attack(tiny_encoder(3))) == 0


@pytest.mark.parametrize(
    ("arithmetic", "pays", "rounds"), [("fast", True, True), ("fast", False, False), ("exact", True, False)]
)
def test_rounds_only_where_it_pays_and_never_in_exact_mode(monkeypatch, arithmetic, pays, rounds):
    monkeypatch.setattr(execution_module, "bfloat16_pays", lambda _device: pays)
    how = Execution.of("cpu", arithmetic)
    assert how.bfloat16 is rounds
    assert ("bfloat16" in str(how.named()["crafting"])) is rounds
    assert "float32" in str(how.named()["scoring"])
    images = tiny_images(4)
    difference = (how.for_attack(tiny_encoder(3))(images) - how.for_scoring(tiny_encoder(3))(images)).abs().max()
    assert (float(difference) > 1e-5) is rounds


def test_images_are_bytes_divided_by_255():
    pictures, _ = tiny_pictures(3)
    for how in (FAST, EXACT):
        images = how.images(pictures)
        assert torch.equal(images, pictures.float() / 255)
        assert images.is_contiguous(memory_format=torch.channels_last) is how.fast


@pytest.mark.parametrize(("side", "batch"), [(32, 128), (64, 32), (16, 512), (224, 8), (8, 1024)])
def test_the_batch_shrinks_with_the_picture(side, batch):
    assert FAST.batch_for(side) == EXACT.batch_for(side) == batch
    assert Execution(torch.device("cpu"), batch=7).batch_for(side) == 7


class ShortOfMemory:
    """Runs parts of at most ``most`` images, as a device with little memory would."""

    def __init__(self, most, error):
        self.most, self.error, self.sizes = most, error, []

    def __call__(self, images):
        if len(images) > self.most:
            raise self.error
        self.sizes.append(len(images))
        return images.mean(dim=(1, 2, 3))


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate")],
    ids=["gpu", "python", "processor"],
)
def test_a_batch_too_large_for_the_memory_is_halved_and_told(error):
    pictures, _ = tiny_pictures(50)
    how = Execution(torch.device("cpu"), batch=32)
    short = ShortOfMemory(10, error)
    means = ImageBank(pictures, how).through(short)
    assert short.sizes == [8, 8, 8, 8, 8, 8, 2]
    assert torch.equal(means, FAST.images(pictures).mean(dim=(1, 2, 3)))
    assert how.notices == [f"Memory was short: images were taken {size} at a time." for size in (16, 8)]


def test_a_device_that_cannot_hold_one_image_is_told_in_a_sentence():
    bank = ImageBank(tiny_pictures(4)[0], Execution(torch.device("cpu"), batch=4))
    with pytest.raises(BadPlan, match="Not even one image fits into the memory of the device."):
        bank.through(ShortOfMemory(0, MemoryError()))


def test_another_error_is_not_taken_for_want_of_memory():
    bank = ImageBank(tiny_pictures(4)[0], Execution(torch.device("cpu"), batch=4))
    with pytest.raises(RuntimeError, match="shapes"):
        bank.through(ShortOfMemory(0, RuntimeError("shapes do not fit")))


def test_the_processor_is_asked_not_guessed():
    assert bfloat16_pays(torch.device("cpu")) is torch.cpu._is_avx512_bf16_supported()


@pytest.mark.parametrize(("how", "warns"), [(FAST, True), (EXACT, False)], ids=["fast", "exact"])
def test_a_job_begins_with_its_threads_its_seed_and_deterministic_kernels(how, warns):
    threads, mode = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn = torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        how.begin(5)
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled() is warns
        assert not torch.backends.cudnn.allow_tf32
        assert not torch.utils.deterministic.fill_uninitialized_memory
        first = torch.rand(3)
        how.begin(5)
        assert torch.equal(torch.rand(3), first)
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(mode, warn_only=warn)


def test_devices():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("pays", [True, False])
def test_a_device_has_a_name_that_tells_its_arithmetic(monkeypatch, pays):
    monkeypatch.setattr("zepad_engine.execution.device.bfloat16_pays", lambda _device: pays)
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
