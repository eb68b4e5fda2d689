import pytest

from zepad_app.inspection.judge_queue import JudgeQueue, Question


def question(size):
    return Question(image="test:1", task="emoji", attack="l4a_base", epsilon_255=size, attribution="none")


class Desk:
    """Keeps what was sent."""

    def __init__(self):
        self.sent = []
        self.refusing = None
        self.queue = JudgeQueue(self.send)

    def send(self, asked):
        self.sent.append(asked.epsilon_255)
        request = f"r{len(self.sent)}"
        if self.refusing:
            self.queue.settle(request)
        return request


@pytest.fixture
def desk(qapp):
    return Desk()


def test_a_moving_slider_sends_its_last_place_only(desk, qtbot):
    for size in range(11):
        desk.queue.ask(question(size))
        qtbot.wait(5)
    assert desk.sent == []
    qtbot.waitUntil(lambda: bool(desk.sent), timeout=1000)
    qtbot.wait(200)
    assert desk.sent == [10]


def test_one_is_in_flight_and_the_newest_wins(desk, qtbot):
    desk.queue.ask(question(1))
    qtbot.waitUntil(lambda: desk.sent == [1], timeout=1000)
    for size in (2, 3, 4):
        desk.queue.ask(question(size))
    qtbot.wait(250)
    assert desk.sent == [1]
    desk.queue.settle("r1")
    assert desk.sent == [1, 4]
    desk.queue.settle("r2")
    assert desk.sent == [1, 4]
    assert desk.queue.flying == ""


def test_a_stranger_s_answer_settles_nothing(desk, qtbot):
    desk.queue.ask(question(1))
    qtbot.waitUntil(lambda: desk.sent == [1], timeout=1000)
    desk.queue.settle("other")
    assert desk.queue.owns("r1")
    assert not desk.queue.owns("other")


def test_busy_is_told_once_each_way(desk, qtbot):
    told = []
    desk.queue.busy_changed.connect(told.append)
    desk.queue.ask(question(1))
    qtbot.waitUntil(lambda: desk.sent == [1], timeout=1000)
    desk.queue.settle("r1")
    assert told == [True, False]


def test_a_question_refused_at_once_leaves_nothing_in_flight(desk, qtbot):
    desk.refusing = True
    desk.queue.ask(question(1))
    qtbot.waitUntil(lambda: desk.sent == [1], timeout=1000)
    assert desk.queue.flying == ""
    desk.refusing = False
    desk.queue.ask(question(2))
    qtbot.waitUntil(lambda: desk.sent == [1, 2], timeout=1000)
    assert desk.queue.flying == "r2"


def test_forgetting_drops_the_wish_and_the_late_answer(desk, qtbot):
    desk.queue.ask(question(1))
    desk.queue.forget()
    qtbot.wait(200)
    assert desk.sent == []
