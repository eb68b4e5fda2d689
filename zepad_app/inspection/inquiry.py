"""What is asked of the engine about the picture at hand, and where each answer goes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from zepad_app.audit_model import AuditModel
from zepad_app.inspection.attack_bar import AttackBar
from zepad_app.inspection.gallery import Gallery
from zepad_app.inspection.question_queue import QuestionQueue
from zepad_app.inspection.sifter import Sifter
from zepad_app.inspection.workbench import Workbench
from zepad_engine.messages import Failed
from zepad_engine.questions import (
    PGD,
    Explained,
    ExplainImage,
    FindNeighbours,
    Judged,
    JudgeImage,
    Neighboured,
    Sifted,
    Subject,
)

_SETTLE_MS: Final = 600


class Inquiry(QObject):
    """Asks as the controls move: answers at once, then what the pane in front needs, then the rest of the strip.

    ``judged`` gives the newest answer about the current picture, ``refused`` why there is none.
    """

    judged = Signal(object)
    refused = Signal(object)

    def __init__(
        self, model: AuditModel, gallery: Gallery, attack: AttackBar, bench: Workbench, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._gallery = gallery
        self._attack = attack
        self._bench = bench
        self._folder: Path | None = None
        self.subject: Subject | None = None
        self.sifter = Sifter(gallery.strip.film, gallery.strip.in_sight)
        self.queue = QuestionQueue(model.ask, self.sifter.question, self)
        # The strip follows the attack when the slider has come to rest, not at each of its places.
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self.sift)
        self._connect()
        self._on_engine()

    def ask_of(self, folder: Path | None) -> None:
        """Ask another finished run from now on, or none."""
        self._folder = folder
        self.forget()

    def forget(self) -> None:
        """Want nothing any more."""
        self.subject = None
        self.queue.forget()

    def ask(self) -> None:
        """The picture, the task or the attack may have changed."""
        subject = self._subject_now()
        if subject is None or subject == self.subject:
            return
        self.subject = subject
        self._bench.why.expect(subject)
        self._bench.place.expect(subject)
        self.queue.judge(subject)
        self._ask_more()
        self._settle.start()

    def ask_again(self) -> None:
        """Ask the same once more: the first answer was lost."""
        self.subject = None
        self.ask()

    def sift(self) -> None:
        """Judge the strip by the task at hand and, if all are attacked, with the perturbation."""
        attack = self._attack.attack if self._gallery.attacked.isChecked() and self._attack.attack != PGD else ""
        epsilon = self._attack.epsilon_255 if attack else 0.0
        self._gallery.strip.attacked = bool(attack)
        self.sifter.judge_by(str(self._folder or ""), self._gallery.task_key, attack, epsilon)
        self.queue.go_on()

    def _connect(self) -> None:
        model, gallery, bench = self._model, self._gallery, self._bench
        for signal, slot in (
            (gallery.strip.chosen, self.ask),
            (gallery.strip.filled, self._on_filled),
            (gallery.strip.rested, self._on_rested),
            (gallery.sifting_changed, self.sift),
            (self._attack.changed, self.ask),
            (bench.tabs.currentChanged, self._ask_more),
            (bench.why.missing_changed, self._ask_more),
            (bench.place.asked_anew, self._ask_more),
            (bench.place.neighbour_chosen, self._on_neighbour),
            (model.judged, self._on_judged),
            (model.explained, self._on_explained),
            (model.neighboured, self._on_neighboured),
            (model.sifted, self._on_sifted),
            (model.failed, self._on_failed),
            (model.changed, self._on_engine),
        ):
            signal.connect(slot)

    def _subject_now(self) -> Subject | None:
        image = self._gallery.strip.image
        if self._folder is None or not image:
            return None
        return Subject(
            folder=str(self._folder),
            image=image,
            task=self._gallery.task_key,
            attack=self._attack.attack,
            epsilon_255=self._attack.epsilon_255,
            step=self._attack.step_shown,
        )

    def _ask_more(self) -> None:
        """What the pane in front needs beyond the answers."""
        subject, bench = self.subject, self._bench
        if subject is None:
            return
        if bench.asks_why and (methods := bench.why.missing(subject)):
            self.queue.explain(subject, methods)
        if bench.asks_where and bench.place.lacks(subject):
            self.queue.find_neighbours(subject, *bench.place.question)

    def _on_filled(self) -> None:
        self.sifter.start_over()
        # The first picture is judged before the strip is.
        self.queue.stay_calm()

    def _on_rested(self) -> None:
        if self._folder is not None:
            self.sifter.revive(self._folder)
            self.queue.go_on()

    def _on_judged(self, judged: Judged) -> None:
        if not self.queue.owns(judged.request):
            return
        # A newer place of the slider may wait already; until its answer comes, this is the newest there is.
        if self.subject is not None and judged.subject.image == self.subject.image:
            self.judged.emit(judged)
        self.queue.settle(judged.request)

    def _on_explained(self, explained: Explained) -> None:
        if self._folder is not None and self.queue.owns(explained.request):
            self._bench.why.show_explained(explained, self._folder)
            self.queue.settle(explained.request)

    def _on_neighboured(self, found: Neighboured) -> None:
        if self._folder is not None and self.queue.owns(found.request):
            self._bench.place.show_neighboured(found, self._folder)
            self.queue.settle(found.request)

    def _on_sifted(self, sifted: Sifted) -> None:
        self.sifter.take(sifted)
        self.queue.settle(sifted.request)

    def _on_failed(self, failed: Failed) -> None:
        asked = self.queue.flying
        if asked is None or not self.queue.owns(failed.request):
            return
        match asked:
            case JudgeImage():
                if self.subject is not None and asked.subject.image == self.subject.image:
                    self.refused.emit(failed)
            case ExplainImage():
                if asked.subject == self.subject:
                    self._bench.why.show_failure(asked.method, failed.sentence)
            case FindNeighbours():
                if asked.subject == self.subject:
                    self._bench.place.say(failed.sentence)
            case _:
                self.sifter.fail(failed)
        self.queue.settle(failed.request)

    def _on_neighbour(self, index: int, perturbed: bool) -> None:
        if not perturbed:
            self._attack.on.setChecked(False)
        self._gallery.show_test_image(index)

    def _on_engine(self) -> None:
        state = self._model.state
        if state.engine == "stopped" and self.queue.flying is not None:
            self.queue.drop_flying()
            self.sifter.start_over()
        self.queue.hold(state.busy or state.engine != "ready")
