"""Questions about one picture, asked of the job itself on a finished run."""

from __future__ import annotations

import io

import pytest
import torch

from zepad_engine.errors import AuditError, BadInput
from zepad_engine.jobs.attributing import attribute, overlay
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.judging import judge
from zepad_engine.plan import set_name

pytestmark = pytest.mark.slow


@pytest.fixture
def ask(finished):
    def question(**changes):
        args = {
            "request": "j",
            "image": "test:0",
            "task": finished.plan.tasks[0],
            "attack": "",
            "epsilon_255": "0.0",
            "attribution": "none",
            "turn": "1",
            **changes,
        }
        order = Order(job=Job(key="judge", kind="judge", args=args), plan=finished.plan, folder=str(finished.folder))
        return judge(Context(order, io.BytesIO()))["judged"]

    return question


BAD_QUESTIONS = {
    "over budget": ({"attack": "l4a_base", "epsilon_255": "10.5"}, "The perturbation was crafted for at most 10/255."),
    "negative": ({"attack": "l4a_base", "epsilon_255": "-1.0"}, "The perturbation was crafted for at most 10/255."),
    "no number": ({"attack": "l4a_base", "epsilon_255": "nan"}, "The perturbation was crafted for at most 10/255."),
    "attribution": ({"attribution": "magic"}, "There is no attribution called magic."),
    "task": ({"task": "sample:gone"}, "This audit has no task called sample:gone."),
    "attack": ({"attack": "magic", "epsilon_255": "1.0"}, "This audit has no perturbation called magic."),
    "picture": ({"image": "gone.png"}, "gone.png"),
}


@pytest.mark.parametrize("case", BAD_QUESTIONS)
def test_a_question_that_cannot_be_answered_gets_a_sentence(ask, case):
    changes, sentence = BAD_QUESTIONS[case]
    with pytest.raises(BadInput) as caught:
        ask(**changes)
    assert sentence in caught.value.sentence


def test_a_test_image_without_a_number_gets_a_sentence(ask):
    with pytest.raises(AuditError):
        ask(image="test:first")


def test_a_task_may_be_named_short(ask, finished):
    by_key, by_name = (ask(task=name) for name in (finished.plan.tasks[1], set_name(finished.plan.tasks[1])))
    assert by_key["fused"] == by_name["fused"]


def test_the_answers_agree_with_the_stored_ones(ask, finished):
    """What Inspect says of the test images is what the report counted."""
    task = finished.plan.tasks[0]
    zepad = next(
        c for c in finished.report.cells if (c.defence, c.task, c.attack) == ("zepad", set_name(task), "l4a_base")
    )
    right = 0
    for index in range(zepad.ra.n):
        said = ask(image=f"test:{index}", attack="l4a_base", epsilon_255="10.0")
        right += said["fused"][0]["name"] in said["notes"][0]
    assert right == round(zepad.ra.value * zepad.ra.n)


def test_an_attribution_points_at_what_the_model_looks_at():
    class Corner(torch.nn.Module):
        """Answers by the upper left corner alone."""

        def __init__(self) -> None:
            super().__init__()
            self.look = torch.nn.Conv2d(3, 2, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.look(images[:, :, :4, :4]).square().mean(dim=(2, 3))

    torch.manual_seed(0)
    image = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0)) * 0.2 + 0.2
    for method in ("saliency", "integrated_gradients"):
        heat = attribute(method, Corner(), image, 1)
        grey = 0.35 * image.mean(dim=0)
        glow = (heat - grey).sum(dim=0)
        assert float(glow[:4, :4].mean()) > 4 * float(glow[4:, 4:].mean())


def test_no_strength_is_drawn_as_the_dark_picture():
    image = torch.full((3, 8, 8), 0.6)
    dark = overlay(torch.zeros(8, 8), image)
    assert float(dark.max()) < 0.25
    assert float(dark.min()) >= 0
