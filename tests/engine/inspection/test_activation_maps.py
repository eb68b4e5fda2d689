"""Grad-CAM against captum and by hand, LayerCAM by hand."""

from __future__ import annotations

import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn

from tests.support.known_nets import SIDE, conv_branch, picture
from tests.support.tiny import tiny_encoder
from zepad_engine.inspection.activation_maps import gradcam, layercam


class Afterwards(nn.Module):
    """What comes after the second convolution, its activation given."""

    def __init__(self, branch):
        super().__init__()
        self.branch = branch

    def forward(self, activation):
        return self.branch[1](self.branch[0].backbone.pool(activation))


def last_activation(branch):
    return branch[0].stages(picture(), 1)


def wide(cells):
    return nn.functional.interpolate(cells[None, None], size=(SIDE, SIDE), mode="bilinear")[0, 0]


@pytest.mark.parametrize("target", range(3))
def test_gradcam_is_captum_s(target):
    branch = conv_branch()
    last = nn.Identity()
    staged = nn.Sequential(last, Afterwards(branch))
    activation = last_activation(branch).requires_grad_(True)
    theirs = LayerGradCam(staged, last).attribute(activation, target=target, relu_attributions=True)
    torch.testing.assert_close(gradcam(branch, picture(), target), wide(theirs[0, 0].detach()), atol=1e-6, rtol=1e-5)


def test_both_by_hand():
    """Of a mean and a linear head the slope is the same at every place: the weight over the number of places."""
    branch = conv_branch()
    activation = last_activation(branch)[0]
    slope = branch[1].weight[2][:, None, None] / (8 * 8)
    torch.testing.assert_close(gradcam(branch, picture(), 2), wide((slope * activation).sum(dim=0).relu()))
    torch.testing.assert_close(layercam(branch, picture(), 2), wide((slope.relu() * activation).sum(dim=0)))
    assert not torch.allclose(gradcam(branch, picture(), 2), layercam(branch, picture(), 2))


def test_a_stage_too_coarse_to_say_where_is_passed_over():
    """The tiny ResNet ends in 2 by 2 cells at 16 pixels; the stage before has 4 by 4."""
    encoder = tiny_encoder().requires_grad_(False)
    branch = nn.Sequential(encoder, nn.Linear(64, 2).requires_grad_(False))
    stages = encoder.backbone.stage_count
    sides = [encoder.stages(picture(), index).shape[-1] for index in range(stages)]
    assert sides == [16, 16, 8, 4, 2]
    activation = encoder.stages(picture(), 3).requires_grad_(True)
    pooled = encoder.backbone.pool(encoder.backbone.stage(activation.clone(), 4))
    (slope,) = torch.autograd.grad(branch[1](pooled)[0, 1], activation)
    expected = wide((slope[0].relu() * activation[0]).sum(dim=0).relu().detach())
    torch.testing.assert_close(layercam(branch, picture(), 1), expected, atol=1e-6, rtol=1e-4)
    # Here slopes differ from place to place, so that it matters that Grad-CAM takes their mean.
    weights = slope[0].mean(dim=(1, 2), keepdim=True)
    expected = wide((weights * activation[0]).sum(dim=0).relu().detach())
    torch.testing.assert_close(gradcam(branch, picture(), 1), expected, atol=1e-6, rtol=1e-4)
    assert float(expected.max()) > 0


def test_a_later_stage_that_writes_where_it_reads_changes_nothing():
    """At 6 pixels the second stage is too coarse; it works on the first one's activation in place."""
    branch, small = conv_branch(), picture(side=6)
    activation = branch[0].stages(small, 0).requires_grad_(True)
    pooled = branch[0].backbone.pool(torch.relu(branch[0].backbone.second(activation.relu())))
    (slope,) = torch.autograd.grad(branch[1](pooled)[0, 0], activation)
    expected = (slope[0].relu() * activation[0]).sum(dim=0).relu().detach()
    expected = nn.functional.interpolate(expected[None, None], size=(6, 6), mode="bilinear")[0, 0]
    torch.testing.assert_close(layercam(branch, small, 0), expected, atol=1e-6, rtol=1e-4)
