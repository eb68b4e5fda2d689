"""The law every attack is held to, in one table; then what each attack is for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.support.tiny import (
    FAST,
    cancelled_after,
    tiny_bank,
    tiny_encoder,
    tiny_images,
    trained_encoder,
    was_cancelled,
)
from zepad_engine.attacks import base
from zepad_engine.attacks.adv_encoder import AdvEncoderPer
from zepad_engine.attacks.adv_encoder_direct import AdvEncoderDirect
from zepad_engine.attacks.base import CleanActivations, shuffled_batches
from zepad_engine.attacks.budget import perturb, project
from zepad_engine.attacks.gaussian_noise import GaussianNoise
from zepad_engine.attacks.generator import PerturbationGenerator
from zepad_engine.attacks.pixel_descent import half_cosine
from zepad_engine.attacks.registry import ATTACKS, build_attack
from zepad_engine.attacks.sign_noise import SignNoise
from zepad_engine.catalogue import ORIGINS
from zepad_engine.errors import BadInput, BadPlan
from zepad_engine.execution.execution import EXACT
from zepad_engine.fields import declared_fields
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.jobs.crafting import _prepared
from zepad_engine.objectives import high_pass
from zepad_engine.plan import Choice
from zepad_engine.progress import Progress

EPSILON = 10 / 255
# Few steps of few images: the law does not depend on them.
QUICK = {"steps": 5, "batch": 8, "latents": 4, "divisor": 64}


def quick(key, file):
    known = {field.key for field in declared_fields(ATTACKS[key])}
    values = {**QUICK, "clusters": 3, "file": str(file)}
    return build_attack(Choice(key=key, values={name: value for name, value in values.items() if name in known}))


def craft(attack, epsilon=EPSILON, *, seed=0, progress=None, encoder=None, images=None):
    network = FAST.for_attack(encoder or tiny_encoder(1))
    surrogate = tiny_bank(24) if images is None else ImageBank(images, FAST)
    return attack(network, surrogate, epsilon, seed=seed, progress=progress or Progress.silent())


@pytest.fixture(scope="module")
def perturbation(tmp_path_factory):
    path = tmp_path_factory.mktemp("perturbation") / "uap.npy"
    values = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0)) * 0.2 - 0.1
    np.save(path, values.numpy())
    return path


@pytest.fixture(params=ATTACKS)
def attack(request, perturbation):
    return quick(request.param, perturbation)


@pytest.mark.parametrize("epsilon_255", [0.5, 10, 255])
def test_stays_in_budget_and_images_stay_in_range(attack, epsilon_255):
    epsilon = epsilon_255 / 255
    crafted = craft(attack, epsilon)
    assert crafted.dtype == torch.float32
    if attack.norm == "patch":
        stays_under_its_mask(crafted)
        return
    assert crafted.shape == (3, 16, 16)
    assert float(crafted.abs().max()) <= epsilon + 1e-6
    # The generator starts with a small map; where the budget is small it is filled.
    assert float(crafted.abs().max()) > 0.5 * min(epsilon, 0.05)
    moved = perturb(tiny_images(24), crafted)
    assert float(moved.min()) >= 0
    assert float(moved.max()) <= 1
    assert float((moved - tiny_images(24)).abs().max()) <= epsilon + 1e-6


def stays_under_its_mask(crafted):
    """The law of a patch: colours in [0, 1], a mask of zeros and ones, nothing changed outside it."""
    assert crafted.shape == (4, 16, 16)
    assert float(crafted[:3].min()) >= 0
    assert float(crafted[:3].max()) <= 1
    assert crafted[3].unique().tolist() == [0, 1]
    covered = crafted[3] == 1
    images = tiny_images(24)
    moved = perturb(images, crafted)
    assert torch.equal(moved[..., ~covered], images[..., ~covered])
    assert torch.equal(moved[..., covered], crafted[:3, covered].expand(24, -1, -1))


def test_no_budget_no_perturbation(attack):
    crafted = craft(attack, 0)
    assert torch.equal(crafted, torch.zeros(4 if attack.norm == "patch" else 3, 16, 16))
    assert torch.equal(perturb(tiny_images(24), crafted), tiny_images(24))


def test_repeats_under_a_seed_and_differs_under_another(attack):
    first, again, other = craft(attack, seed=3), craft(attack, seed=3), craft(attack, seed=4)
    assert first.numpy().tobytes() == again.numpy().tobytes()
    # What was made elsewhere has no seed.
    assert torch.equal(first, other) == (attack.origin == "elsewhere")


def test_does_not_hang_on_the_global_generator(attack):
    torch.manual_seed(1)
    first = craft(attack, seed=3)
    torch.manual_seed(2)
    torch.rand(100)
    assert torch.equal(craft(attack, seed=3), first)


@pytest.mark.parametrize("advances", [0, 1, 3])
def test_stops_within_one_step_of_a_cancel(attack, advances):
    progress, seen = cancelled_after(advances)
    stopped = was_cancelled(lambda: craft(attack, progress=progress))
    # Sign noise draws once, a file is read once: they can be stopped before, not after.
    assert stopped == (attack.total_steps > advances or advances == 0)
    assert seen() <= advances


def test_leaves_no_gradient_in_the_encoder(attack):
    network = FAST.for_attack(tiny_encoder(1))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    attack(network, tiny_bank(24), EPSILON, seed=0, progress=Progress.silent())
    assert all(parameter.grad is None for parameter in network.parameters())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert not network.training


@pytest.mark.parametrize("images", [tiny_images(4) * 255, tiny_images(4) - 0.5, tiny_images(4) * torch.nan])
def test_images_out_of_range_are_refused(attack, images):
    with pytest.raises(BadInput, match="Image values must lie between 0 and 1."):
        craft(attack, images=images)


def test_images_that_are_no_batch_of_rgb_are_refused():
    with pytest.raises(BadInput, match="must be a batch of RGB pictures"):
        ImageBank(torch.zeros(4, 1, 8, 8))


@pytest.mark.parametrize("key", ATTACKS)
def test_identity_and_fields_are_declared(key):
    kind = ATTACKS[key]
    assert kind.key == key
    assert kind.name
    assert len(kind.summary) > 20
    assert len(kind.citation) > 10
    assert kind.origin in ORIGINS
    if origins := [field.choices for field in declared_fields(kind) if field.key == "origin"]:
        assert set(origins[0]) <= set(ORIGINS)
        assert f"origin='{kind.origin}'" in repr(quick(key, ""))
    for field in declared_fields(kind):
        if field.kind in {"integer", "number"}:
            assert field.low <= field.default <= field.high
    for values in kind.presets.values():
        build_attack(Choice(key=key, values=values))


RANGED = [
    (key, field.key, value)
    for key, kind in ATTACKS.items()
    for field in declared_fields(kind)
    if field.kind in {"integer", "number"}
    for value in (field.low - 1, field.high * 2 + 1, float("nan"))
]


@pytest.mark.parametrize(("key", "field", "value"), RANGED)
def test_a_field_out_of_range_is_refused_with_a_sentence(key, field, value):
    with pytest.raises(BadPlan, match=r"must lie between .* it is"):
        build_attack(Choice(key=key, values={field: value}))


@pytest.mark.parametrize("key", ATTACKS)
def test_an_unknown_field_is_refused(key):
    with pytest.raises(BadPlan, match="has no field colour"):
        build_attack(Choice(key=key, values={"colour": 1}))


def test_an_unknown_attack_is_refused_and_the_known_are_named():
    with pytest.raises(BadPlan, match="There is no attack called magic. Known: advencoder_per, "):
        build_attack(Choice(key="magic"))


def test_the_recipe_of_an_imported_perturbation_names_its_file_and_no_place(perturbation):
    assert repr(quick("imported", perturbation)) == "Imported(file='uap.npy')"


def test_an_imported_perturbation_without_a_file_is_refused():
    with pytest.raises(BadPlan, match="The imported perturbation names no file."):
        craft(build_attack(Choice(key="imported")))
    with pytest.raises(BadPlan, match="File must be the path of a file; it is 3."):
        build_attack(Choice(key="imported", values={"file": 3}))


def cosine(encoder, images, crafted):
    with torch.inference_mode():
        return float(functional.cosine_similarity(encoder(images), encoder(perturb(images, crafted))).mean())


def test_advencoder_moves_features_more_than_noise_of_the_same_size():
    encoder, fresh = trained_encoder(), tiny_images(48, seed=9)
    attack = AdvEncoderPer(steps=40, batch=16, latents=8, divisor=32, rate=1e-2)
    aimed = 1 - cosine(encoder, fresh, craft(attack, encoder=encoder))
    noise = [1 - cosine(encoder, fresh, craft(SignNoise(), seed=seed, encoder=encoder)) for seed in range(3)]
    assert aimed > 3 * max(noise)


def test_without_its_generator_the_same_loss_moves_features_too():
    encoder, fresh = trained_encoder(), tiny_images(48, seed=9)
    aimed = 1 - cosine(encoder, fresh, craft(AdvEncoderDirect(steps=80, batch=16), encoder=encoder))
    noise = [1 - cosine(encoder, fresh, craft(SignNoise(), seed=seed, encoder=encoder)) for seed in range(3)]
    assert aimed > 2 * max(noise)


def test_the_direct_step_shrinks_from_its_size_to_nothing():
    assert [half_cosine(done) for done in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.5, 0.0])


@pytest.mark.parametrize("room", [2**30, 0], ids=["kept", "computed anew"])
def test_clean_activations_are_kept_only_where_they_fit_and_are_the_same(monkeypatch, room):
    monkeypatch.setattr(base, "_MOST_KEPT", room)
    sizes = []

    def halves(images):
        sizes.append(len(images))
        return images / 2

    clean = CleanActivations(halves, tiny_bank(24))
    index = torch.tensor([5, 0, 23])
    assert torch.equal(clean[index], tiny_images(24)[index] / 2)
    assert torch.equal(clean[index], clean[index])
    assert sizes == ([1, 24] if room else [1, 3, 3, 3])


class Counting(torch.nn.Module):
    """Counts the images that pass through the encoder it stands for."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder, self.seen = encoder, 0

    def forward(self, images):
        self.seen += len(images)
        return self.encoder(images)


@pytest.mark.parametrize("attack", [AdvEncoderPer(**QUICK), AdvEncoderDirect(steps=5, batch=8)], ids=["per", "direct"])
def test_clean_features_are_computed_once_for_all_steps(attack):
    counting = Counting(FAST.for_attack(tiny_encoder(1)))
    attack(counting, tiny_bank(24), EPSILON, seed=0, progress=Progress.silent())
    assert counting.seen == 24 + 5 * 8


def test_sign_noise_is_full_size_everywhere_and_about_half_up():
    crafted = craft(SignNoise())
    assert torch.equal(crafted.abs(), torch.full_like(crafted, EPSILON))
    assert 0.4 < float((crafted > 0).float().mean()) < 0.6


def test_gaussian_noise_has_half_the_size_and_is_clipped_to_the_budget():
    crafted = torch.cat([craft(GaussianNoise(), seed=seed) for seed in range(10)]) / EPSILON
    assert float(crafted.square().mean().sqrt()) == pytest.approx(0.480, abs=0.01)
    assert float((crafted.abs() > 1 - 1e-6).float().mean()) == pytest.approx(0.0455, abs=0.01)
    assert abs(float(crafted.mean())) < 0.02


BRIGHT = (tiny_images(24) * 0.3 + 0.7).clamp(0, 1)


def test_leaving_the_clamp_off_changes_the_result():
    # Bright pictures, so that the perturbation does leave the range.
    plain, official = AdvEncoderPer(**QUICK), AdvEncoderPer(**QUICK, clamp=False)
    assert not torch.equal(craft(plain, images=BRIGHT), craft(official, images=BRIGHT))


def test_batch_statistics_change_the_result_of_an_unfolded_encoder():
    plain, official = AdvEncoderPer(**QUICK), AdvEncoderPer(**QUICK, batch_statistics=True)
    images = tiny_bank(16)
    results = [
        attack(tiny_encoder(1).requires_grad_(False), images, EPSILON, seed=0, progress=Progress.silent())
        for attack in (plain, official)
    ]
    assert not torch.equal(*results)


def test_batch_statistics_change_the_result_as_the_job_prepares_the_encoder():
    official = AdvEncoderPer(**QUICK, batch_statistics=True)
    prepared = _prepared(official, tiny_encoder(1), FAST)
    assert any(isinstance(module, nn.BatchNorm2d) for module in prepared.modules())
    folded = _prepared(AdvEncoderPer(**QUICK), tiny_encoder(1), FAST)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert not any(parameter.requires_grad for parameter in prepared.parameters())


@pytest.mark.parametrize("field", ["adversarial", "quality", "frequency", "temperature", "radius", "rate"])
def test_every_setting_of_advencoder_counts(field):
    default = AdvEncoderPer(**QUICK)
    values = {**QUICK, field: getattr(default, field) * 3 + 0.5 if field != "rate" else 0.01}
    assert not torch.equal(craft(default), craft(AdvEncoderPer(**values)))


def test_the_loss_of_advencoder_by_hand():
    encoder, images = EXACT.for_attack(tiny_encoder(1)), tiny_images(4)
    crafted = torch.full((3, 16, 16), 0.02)
    attack = AdvEncoderPer(adversarial=0.0, quality=2.0, frequency=3.0, radius=8.0)
    moved = perturb(images, crafted)
    # 8 at 64 px is 2 at 16 px.
    lost = (high_pass(images, 2.0) - high_pass(moved, 2.0)).square().mean()
    expected = 2.0 * (moved - images).square().mean() - 3.0 * lost
    loss, nce = attack.loss(encoder, images, encoder(images), moved)
    assert float(loss) == pytest.approx(float(expected), rel=1e-4)
    assert nce > 0


def test_the_published_generator_has_12_662_660_weights():
    net = PerturbationGenerator(64, 256, 1, torch.Generator().manual_seed(0))
    assert sum(parameter.numel() for parameter in net.parameters()) == 12_662_660
    assert net.grow[0].weight.shape == (100, 1024, 4, 4)


@pytest.mark.parametrize("size", [8, 16, 24, 32, 33, 64, 96, 224])
def test_the_generator_draws_any_size(size):
    generator = torch.Generator().manual_seed(0)
    net = PerturbationGenerator(size, 2, 64, generator)
    assert net(torch.randn(2, 100, 1, 1, generator=generator)).shape == (3, size, size)


def test_projection_and_perturbation():
    assert project(torch.tensor([-1.0, 0.01, 1.0]), 0.05).tolist() == pytest.approx([-0.05, 0.01, 0.05])
    image, push = torch.full((1, 3, 2, 2), 0.99), torch.full((3, 2, 2), 0.04)
    assert float(perturb(image, push).max()) == 1.0
    assert float(perturb(image, push, clamp=False).max()) == pytest.approx(1.03)


def test_batches_pass_over_every_image_before_any_comes_again():
    generator = torch.Generator().manual_seed(0)
    batches = list(shuffled_batches(10, 3, 7, generator))
    assert [len(batch) for batch in batches] == [3] * 7
    first, second = torch.cat(batches[:3]), torch.cat(batches[3:6])
    assert len(set(first.tolist())) == len(set(second.tolist())) == 9
    assert first.tolist() != second.tolist()


def test_a_batch_is_never_larger_than_the_set():
    assert [len(batch) for batch in shuffled_batches(4, 256, 2, torch.Generator())] == [4, 4]
