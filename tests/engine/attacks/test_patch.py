"""Patches: where they lie, what they change, and that stores, pictures and findings take them like a perturbation."""

from __future__ import annotations

import io

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.support.tiny import FAST, tiny_bank, tiny_encoder, tiny_images, write_inputs
from zepad_engine.attacks.adv_encoder_patch import AdvEncoderPat, square_mask
from zepad_engine.attacks.base import clean_features
from zepad_engine.attacks.budget import ascend, patch_side, perturb, project, reach, saturation, scaled
from zepad_engine.attacks.sign_noise import SignNoise
from zepad_engine.encoders.encoder import save_encoder
from zepad_engine.encoders.reading import load_own
from zepad_engine.execution.execution import EXACT
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.sample import load_sample
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import craft
from zepad_engine.jobs.job import Job, Order
from zepad_engine.objectives import info_nce
from zepad_engine.pictures import save_perturbation
from zepad_engine.plan import Choice
from zepad_engine.progress import Progress
from zepad_engine.resources import asset
from zepad_engine.training.features import scored_features

QUICK = {"steps": 5, "batch": 8, "latents": 4, "divisor": 64}


def patch(colours=0.25, *, first=1, side=2, size=4):
    made = torch.zeros(4, size, size)
    made[:3] = colours
    made[3, first : first + side, first : first + side] = 1
    return made


@pytest.mark.parametrize(
    ("size", "share", "first", "side"),
    [
        (64, 0.03, 39, 11),
        (32, 0.03, 20, 5),
        (224, 0.03, 137, 38),
        (16, 0.03, 11, 2),
        (64, 0.5, 5, 45),
        (8, 0.001, 7, 0),
    ],
)
def test_the_square_lies_where_the_release_puts_it_at_every_size(size, share, first, side):
    mask = square_mask(size, share)
    assert mask.shape == (1, size, size)
    assert float(mask.sum()) == side**2
    assert float(mask[0, first : first + side, first : first + side].sum()) == side**2


def test_a_patch_replaces_what_lies_under_it_and_nothing_else():
    images = tiny_images(3, size=4)
    moved = perturb(images, patch(torch.rand(3, 4, 4)))
    expected = images.clone()
    expected[:, :, 1:3, 1:3] = patch()[:3, 1:3, 1:3] * 0 + moved[:, :, 1:3, 1:3]
    assert torch.equal(moved, expected)
    flat = perturb(images, patch(0.25))
    assert torch.equal(flat[:, :, 1:3, 1:3], torch.full((3, 3, 2, 2), 0.25))
    assert not torch.equal(flat, images)


def test_projection_keeps_the_mask_and_clips_the_colours():
    wild = patch(torch.full((3, 4, 4), 1.7))
    wild[0] = -0.3
    kept = project(wild, 0.01)
    assert torch.equal(kept[3], wild[3])
    assert kept[:3].amax(dim=(1, 2)).tolist() == [0, 1, 1]


def test_a_patch_has_no_size_but_there_and_gone():
    made = patch()
    assert torch.equal(scaled(made, 0.3), made)
    assert torch.equal(perturb(tiny_images(2, size=4), scaled(made, 0)), tiny_images(2, size=4))
    assert torch.equal(scaled(torch.full((3, 2, 2), 0.04), 0.5), torch.full((3, 2, 2), 0.02))
    assert (reach(made, 0.04), reach(torch.zeros(3, 2, 2), 0.04)) == (1.0, 0.04)
    assert (patch_side(made), patch_side(torch.zeros(4, 4, 4)), patch_side(torch.zeros(3, 4, 4))) == (2, 0, 0)


def test_saturation_counts_the_values_at_their_bound():
    added = torch.tensor([-0.04, 0.04, 0.02, 0.0, 0.0397, -0.0390]).view(3, 1, 2)
    assert saturation(added, 0.04) == pytest.approx(3 / 6)
    made = patch(0.5)
    made[0, 1, 1], made[1, 1, 1], made[2, 0, 0] = 0.0, 1.0, 1.0
    # Two of the twelve values under the mask; the one outside is not seen.
    assert saturation(made, 0.04) == pytest.approx(2 / 12)
    assert saturation(torch.zeros(4, 4, 4), 0.04) == 0


def test_a_step_up_the_gradient_stays_near_its_images_and_in_range():
    images = torch.tensor([0.5, 0.5, 0.99, 0.02]).view(1, 1, 1, 4)
    moved = torch.tensor([0.5, 0.53, 1.0, 0.0]).view(1, 1, 1, 4)
    gradient = torch.tensor([-3.0, 1.0, 0.1, -2.0]).view(1, 1, 1, 4)
    stepped = ascend(images, moved, gradient, 0.02, 0.04)
    assert stepped.flatten().tolist() == pytest.approx([0.48, 0.54, 1.0, 0.0])


def test_the_loss_sees_the_images_under_the_patch():
    encoder, images = EXACT.for_attack(tiny_encoder(1)), tiny_images(8)
    attack = AdvEncoderPat(adversarial=2.0, quality=3.0, frequency=0.0)
    drawn = torch.randn(3, 16, 16, generator=torch.Generator().manual_seed(0))
    crafted = attack.shaped(drawn, 10 / 255)
    # The map's zero is the middle of the range.
    assert torch.equal(crafted[:3], (drawn + 0.5).clamp(0, 1))
    pasted = images.clone()
    pasted[:, :, 11:13, 11:13] = crafted[:3, 11:13, 11:13]
    moved = attack.moved(images, crafted)
    assert torch.equal(moved, pasted)
    with torch.no_grad():
        loss, nce = attack.loss(encoder, images, encoder(images), moved)
        by_hand = float(info_nce(encoder(images), encoder(pasted), 0.1))
    assert nce == pytest.approx(by_hand)
    assert float(loss) == pytest.approx(-2 * by_hand + 3 * float((pasted - images).square().mean()), rel=1e-5)


def test_the_share_decides_the_side():
    made = AdvEncoderPat(**QUICK, share=0.2)(
        FAST.for_attack(tiny_encoder(1)), tiny_bank(24), 10 / 255, seed=0, progress=Progress.silent()
    )
    assert patch_side(made) == 7


def test_on_the_bundled_victim_it_moves_features_further_than_a_patch_of_noise():
    victim = FAST.for_attack(load_own(asset("encoders", "supcon-cifar10-r18w16.safetensors")))
    earth = load_sample("earth").pictures[:128]
    known, fresh = ImageBank(earth[:64], FAST), ImageBank(earth[64:], FAST)
    attack = AdvEncoderPat(steps=40, batch=32, latents=16, divisor=16, rate=5e-3)
    crafted = attack(victim, known, 10 / 255, seed=0, progress=Progress.silent())
    clean, images = clean_features(victim, fresh), fresh[:]

    def moved(perturbation):
        with torch.no_grad():
            return float(info_nce(clean, victim(perturb(images, perturbation)), 0.1))

    mask = square_mask(32, attack.share)
    signs = [SignNoise()(victim, known, 0.5, seed=seed, progress=Progress.silent()) + 0.5 for seed in range(3)]
    noise = [moved(torch.cat([colours, mask])) for colours in signs]
    assert moved(crafted) > max(noise)


def test_features_are_scored_under_a_patch():
    encoder, made = tiny_encoder(1), patch(0.9, first=4, side=6, size=16)
    images = ImageBank(tiny_images(12), EXACT)
    found = scored_features(encoder, images, {"clean": None, "patch": made})
    pasted = tiny_images(12)
    pasted[:, :, 4:10, 4:10] = 0.9
    with torch.no_grad():
        assert torch.allclose(found["patch"], encoder.eval()(pasted), atol=1e-5)
    assert not torch.allclose(found["patch"], found["clean"], atol=1e-3)


def test_the_picture_of_a_patch_shows_its_colours_on_grey(tmp_path):
    made = patch(torch.tensor([1.0, 0.0, 0.2]).view(3, 1, 1), size=4)
    save_perturbation(made, 10 / 255, tmp_path / "patch.png")
    pixels = np.asarray(Image.open(tmp_path / "patch.png"))
    side = len(pixels)
    assert pixels[side // 2, side // 2].tolist() == [255, 0, 51]
    assert pixels[0, 0].tolist() == [128, 128, 128]


def test_the_job_stores_a_patch_and_says_what_it_is(tmp_path):
    choice = Choice(key="advencoder_pat", values=QUICK)
    plan = msgspec.structs.replace(write_inputs(tmp_path), attacks=(choice,))
    order = Order(job=Job(key="craft", kind="craft", args={"attack": choice.key}), plan=plan, folder=str(tmp_path))
    context = Context(order, io.BytesIO())
    save_encoder(tiny_encoder(1), context.folder.encoder("victim"))
    finding = craft(context)["attack"]
    made = load_file(context.folder.attack(choice.key))["perturbation"]
    assert made.shape == (4, 16, 16)
    assert (finding["norm"], finding["patch_side"]) == ("patch", 2)
    assert 0.5 * 255 < finding["linf_255"] <= 255
    assert finding["saturated"] == saturation(made, 0)
    assert (tmp_path / finding["preview"]).is_file()
