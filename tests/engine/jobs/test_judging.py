"""Questions about one picture, asked of the job itself on a finished run."""

from __future__ import annotations

import io

import msgspec
import pytest

from zepad_engine.errors import AuditError, BadInput
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.judging import judge
from zepad_engine.plan import set_name
from zepad_engine.questions import Judged, JudgeImage, Subject

pytestmark = pytest.mark.slow


@pytest.fixture
def ask(finished):
    def question(**changes):
        values = {"image": "test:0", "task": finished.plan.tasks[0], **changes}
        subject = Subject(folder=str(finished.folder), **values)
        args = {"question": msgspec.json.encode(JudgeImage(request="j", subject=subject)).decode()}
        order = Order(job=Job(key="judge", kind="judge", args=args), plan=finished.plan, folder=str(finished.folder))
        return msgspec.convert(judge(Context(order, io.BytesIO()))["answer"], Judged)

    return question


BAD_QUESTIONS = {
    "over budget": ({"attack": "l4a_base", "epsilon_255": 10.5}, "The perturbation was crafted for at most 10/255."),
    "negative": ({"attack": "l4a_base", "epsilon_255": -1.0}, "The perturbation was crafted for at most 10/255."),
    "task": ({"task": "sample:gone"}, "This audit has no task called sample:gone."),
    "attack": ({"attack": "magic", "epsilon_255": 1.0}, "This audit has no perturbation called magic."),
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
    assert by_key.fused == by_name.fused


def test_the_answers_agree_with_the_stored_ones(ask, finished):
    """What Inspect says of the test images is what the report counted."""
    task = finished.plan.tasks[0]
    zepad = next(
        c for c in finished.report.cells if (c.defence, c.task, c.attack) == ("zepad", set_name(task), "l4a_base")
    )
    right = 0
    for index in range(zepad.ra.n):
        said = ask(image=f"test:{index}", attack="l4a_base", epsilon_255=10.0)
        right += said.fused[0].name == said.label
    assert right == round(zepad.ra.value * zepad.ra.n)
