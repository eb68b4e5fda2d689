import pytest

from zepad_app.inspection.question_queue import REST_MS, QuestionQueue
from zepad_engine.questions import ExplainImage, FindNeighbours, JudgeImage, SiftImages, Subject


def subject(size=0.0):
    return Subject(folder="run", image="test:1", task="signs", attack="l4a_base", epsilon_255=size)


class Desk:
    """Keeps what was sent; has chunks of the filmstrip to give."""

    def __init__(self):
        self.sent, self.chunks = [], 0
        self.refusing = False
        self.queue = QuestionQueue(self.send, self.next_sift)

    def send(self, question):
        self.sent.append(question)
        if self.refusing:
            self.queue.settle(question.request)

    def next_sift(self):
        if not self.chunks:
            return None
        self.chunks -= 1
        return SiftImages(request=f"sift-{self.chunks}", folder="run", images=("a",), task="signs")

    def settle(self):
        self.queue.settle(self.sent[-1].request)

    @property
    def kinds(self):
        return [type(question) for question in self.sent]


@pytest.fixture
def desk(qapp):
    return Desk()


def test_a_question_is_sent_at_once_and_of_a_moving_slider_s_only_the_last_one_follows(desk):
    for size in (1, 2, 3, 4):
        desk.queue.judge(subject(size))
    assert [question.subject.epsilon_255 for question in desk.sent] == [1]
    desk.settle()
    assert [question.subject.epsilon_255 for question in desk.sent] == [1, 4]
    desk.settle()
    assert len(desk.sent) == 2
    assert desk.queue.flying is None


def test_the_most_urgent_question_goes_first(desk, qtbot):
    desk.chunks = 1
    desk.queue.judge(subject())
    desk.queue.find_neighbours(subject(), "victim", 8)
    desk.queue.explain(subject(), ("saliency", "occlusion"))
    for count in range(2, 6):
        desk.settle()
        qtbot.waitUntil(lambda count=count: len(desk.sent) == count, timeout=5000)
    assert desk.kinds == [JudgeImage, ExplainImage, ExplainImage, FindNeighbours, SiftImages]
    assert [question.method for question in desk.sent[1:3]] == ["saliency", "occlusion"]


def test_what_takes_long_waits_until_the_slider_rests(desk, qtbot):
    desk.queue.judge(subject(1))
    desk.queue.explain(subject(1), ("saliency",))
    desk.settle()
    assert desk.kinds == [JudgeImage]
    qtbot.wait(REST_MS // 2)
    desk.queue.judge(subject(2))
    desk.settle()
    qtbot.wait(REST_MS // 2 + 20)
    assert desk.kinds == [JudgeImage, JudgeImage]


def test_a_newer_subject_puts_the_older_one_s_explanations_aside(desk, qtbot):
    desk.queue.judge(subject(1))
    desk.queue.explain(subject(1), ("saliency", "occlusion"))
    desk.queue.find_neighbours(subject(1), "victim", 8)
    desk.queue.judge(subject(2))
    desk.settle()
    desk.settle()
    qtbot.wait(REST_MS + 60)
    assert desk.kinds == [JudgeImage, JudgeImage]
    desk.queue.explain(subject(2), ("layercam",))
    assert (desk.sent[2].method, desk.sent[2].subject.epsilon_255) == ("layercam", 2)


def test_a_stranger_s_answer_settles_nothing(desk):
    desk.queue.judge(subject())
    desk.queue.settle("other")
    assert desk.queue.owns(desk.sent[0].request)
    assert not desk.queue.owns("other")


def test_a_question_refused_before_send_returns_leaves_nothing_in_flight(desk):
    desk.refusing = True
    desk.queue.judge(subject(1))
    assert desk.queue.flying is None
    desk.refusing = False
    desk.queue.judge(subject(2))
    assert desk.queue.flying is desk.sent[1]


def test_held_it_sends_nothing_and_later_the_newest(desk):
    desk.queue.hold(True)
    desk.queue.judge(subject(1))
    desk.queue.judge(subject(2))
    assert desk.sent == []
    desk.queue.hold(False)
    assert [question.subject.epsilon_255 for question in desk.sent] == [2]


def test_forgetting_drops_the_wishes_and_the_late_answer(desk, qtbot):
    desk.queue.judge(subject())
    desk.queue.explain(subject(), ("saliency",))
    desk.queue.forget()
    assert not desk.queue.owns(desk.sent[0].request)
    qtbot.wait(REST_MS + 40)
    assert desk.kinds == [JudgeImage]
