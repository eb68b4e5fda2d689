"""Questions to the engine, the most urgent first, one in flight: judge, then explain, then neighbours, then sift."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from zepad_engine.questions import ExplainImage, FindNeighbours, JudgeImage, Method, Question, SiftImages, Subject

# After the last judgement was asked for: the slider rests, so that what takes longer may begin.
REST_MS: Final = 120
# And the hand has left it: a chunk of the filmstrip, which nothing can interrupt, may be sent.
CALM_MS: Final = 600


def new_id() -> str:
    """An id for a question."""
    return uuid.uuid4().hex[:12]


class QuestionQueue(QObject):
    """``send`` takes one question at a time; ``next_sift`` is asked for a chunk when nothing else waits.

    A newer subject puts everything asked about the older one aside; answers are the caller's to compare with
    the subject at hand. While ``held`` nothing is sent.
    """

    flying_changed = Signal()

    def __init__(
        self,
        send: Callable[[Question], object],
        next_sift: Callable[[], SiftImages | None] = lambda: None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._send = send
        self._next_sift = next_sift
        self._judge: JudgeImage | None = None
        self._explain: deque[ExplainImage] = deque()
        self._neighbours: FindNeighbours | None = None
        self._held = False
        self.flying: Question | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        for timer in (self._rest, self._calm):
            timer.timeout.connect(self.go_on)

    def judge(self, subject: Subject) -> None:
        """Want an answer to this, and to nothing asked about another subject."""
        self._judge = JudgeImage(request=new_id(), subject=subject)
        self._explain.clear()
        self._neighbours = None
        self._rest.start()
        self._calm.start()
        self.go_on()

    def explain(self, subject: Subject, methods: tuple[Method, ...]) -> None:
        """Want the maps of these methods, in this order, in place of those that wait."""
        self._explain = deque(ExplainImage(request=new_id(), subject=subject, method=method) for method in methods)
        self.go_on()

    def find_neighbours(self, subject: Subject, branch: str, count: int) -> None:
        """Want the place of the subject in a branch's features, in place of a question that waits."""
        self._neighbours = FindNeighbours(request=new_id(), subject=subject, branch=branch, count=count)
        self.go_on()

    def stay_calm(self) -> None:
        """Leave the filmstrip for a moment."""
        self._calm.start()

    def owns(self, request: str) -> bool:
        """Whether an answer is for the question in flight."""
        return self.flying is not None and request == self.flying.request

    def settle(self, request: str) -> None:
        """An answer has come: send what is most urgent now."""
        if self.owns(request):
            self._fly(None)
            self.go_on()

    def hold(self, held: bool) -> None:
        """Send nothing for now, or go on."""
        if held != self._held:
            self._held = held
            self.go_on()

    def drop_flying(self) -> None:
        """Nobody will answer what is in flight: the engine is gone."""
        self._fly(None)

    def forget(self) -> None:
        """Want nothing any more; a late answer is nobody's."""
        self._judge = self._neighbours = None
        self._explain.clear()
        self._fly(None)

    def go_on(self) -> None:
        """Send the most urgent question, if none is in flight."""
        if self._held or self.flying is not None:
            return
        question = self._take()
        if question is not None:
            # An engine that refuses answers before ``send`` returns: by then the question must be known as ours.
            self._fly(question)
            self._send(question)

    def _take(self) -> Question | None:
        if self._judge is not None:
            question, self._judge = self._judge, None
            return question
        if self._rest.isActive():
            return None
        if self._explain:
            return self._explain.popleft()
        if self._neighbours is not None:
            asked, self._neighbours = self._neighbours, None
            return asked
        return None if self._calm.isActive() else self._next_sift()

    def _fly(self, question: Question | None) -> None:
        if self.flying is not question:
            self.flying = question
            self.flying_changed.emit()
