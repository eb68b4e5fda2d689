"""A patch that an audit stored: read back as a patch, and told from other arrays of four planes."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from zepad_engine.attacks.imported import fitted
from zepad_engine.attacks.perturbation_file import describe_perturbation, read_perturbation
from zepad_engine.errors import BadInput
from zepad_engine.jobs import crafting

SIDE = 16


def patch(side=SIDE):
    """Colours from 0 to 1 on 4 x 4 pixels; nothing elsewhere."""
    pixels = torch.zeros(4, side, side)
    pixels[:3, 2:6, 2:6] = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(2))
    pixels[3, 2:6, 2:6] = 1
    return pixels


def test_a_patch_that_was_exported_is_a_patch_again(tmp_path):
    file = tmp_path / "patch.safetensors"
    save_file({"perturbation": patch()}, file)
    found = read_perturbation(file)
    assert torch.equal(found.pixels, patch())
    assert found.remarks == ("A patch over 6.2 % of the picture: it is laid over it, not added.",)
    assert torch.equal(fitted(found, SIDE, 1 / 255)[0], patch())
    facts = describe_perturbation(file)
    assert (facts.height, facts.width, facts.shape) == (SIDE, SIDE, (4, SIDE, SIDE))
    assert facts.high_255 == pytest.approx(255 * float(patch()[:3].max()))
    colours = patch()[:3, 2:6, 2:6]
    assert crafting._largest_change(patch()) == pytest.approx(float(torch.maximum(colours, 1 - colours).max()))
    larger, remarks = fitted(found, 2 * SIDE, 1 / 255)
    assert torch.equal(larger, patch().repeat_interleave(2, dim=1).repeat_interleave(2, dim=2))
    assert remarks[-1] == "Resized from 16x16 to 32x32 pixels: its effect may be lost."


def test_four_planes_that_are_no_patch_are_refused(tmp_path):
    file = tmp_path / "four.safetensors"
    for planes, message in (
        (patch() * 2, "they are no patch"),
        (patch() - 0.1, "they are no patch"),
        (patch() * torch.tensor([1.0, 1, 1, 0.5]).view(4, 1, 1), "they are no patch"),
        (patch() * torch.tensor([1.0, 1, 1, 0]).view(4, 1, 1), "lies nowhere"),
    ):
        save_file({"perturbation": planes}, file)
        with pytest.raises(BadInput, match=message):
            read_perturbation(file)
    # Only what ZePAD names so is taken for one.
    save_file({"v": patch()}, file)
    with pytest.raises(BadInput, match=r"holds float32 \(4, 16, 16\); a perturbation is"):
        read_perturbation(file)
