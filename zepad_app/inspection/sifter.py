"""Which pictures of the filmstrip are judged next: those in sight first, in chunks that take about a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from zepad_app.inspection.film_model import FilmModel
from zepad_app.inspection.question_queue import new_id
from zepad_engine.messages import Failed
from zepad_engine.questions import SIFT_AT_ONCE, Sifted, SiftImages, SiftRow

# A chunk cannot be interrupted, and a slider may be taken up meanwhile: it should take about so long, between halving
# and doubling. Below the least size the way to the engine and back would cost more than the pictures.
_WANTED_SECONDS: Final = (0.15, 0.35)
_LEAST_CHUNK: Final = 12


class Sifter:
    """Makes questions for the pictures nobody has looked at; ``in_sight`` names those the strip shows now."""

    def __init__(self, film: FilmModel, in_sight: Callable[[], Sequence[str]]) -> None:
        self._film = film
        self._in_sight = in_sight
        self._folder = self._task = self._attack = ""
        self._epsilon_255 = 0.0
        self._next = 0
        self._asked: SiftImages | None = None
        self._asked_at = 0.0
        self.chunk = _LEAST_CHUNK

    def judge_by(self, folder: str, task: str, attack: str = "", epsilon_255: float = 0.0) -> bool:
        """Judge by these from now on; whether what was known is void for it."""
        before = (self._folder, self._task, self._attack, self._epsilon_255)
        self._folder, self._task, self._attack, self._epsilon_255 = now = (folder, task, attack, epsilon_255)
        if now == before:
            return False
        self.start_over()
        self._film.forget_rows()
        return True

    def start_over(self) -> None:
        """Look for waiting pictures from the first on; what is in flight is void."""
        self._next, self._asked = 0, None

    def revive(self, folder: Path) -> None:
        """Ask again for pictures in sight whose thumbnails made room for others'."""
        rows = {image: self._film.row_of(image) for image in self._in_sight()}
        lost = [image for image, row in rows.items() if row and row.thumbnail and not (folder / row.thumbnail).exists()]
        if lost:
            self._film.forget(lost)
            self._next = 0

    def question(self) -> SiftImages | None:
        """The next chunk, or None if nothing waits."""
        images = self._waiting()
        if not images or not self._folder:
            return None
        self._asked_at = time.monotonic()
        self._asked = SiftImages(
            request=new_id(),
            folder=self._folder,
            images=images,
            task=self._task,
            attack=self._attack,
            epsilon_255=self._epsilon_255,
        )
        return self._asked

    def take(self, sifted: Sifted) -> bool:
        """Put an answer into the film; whether it was the one waited for."""
        asked = self._asked
        if asked is None or sifted.request != asked.request:
            return False
        self._asked = None
        self._adapt(time.monotonic() - self._asked_at)
        answered = {row.image for row in sifted.rows}
        forgotten = (image for image in asked.images if image not in answered)
        self._film.put((*sifted.rows, *(_refusal(image, "The engine said nothing of it.", "") for image in forgotten)))
        return True

    def fail(self, failed: Failed) -> bool:
        """A whole chunk failed: say so at each picture, else it would be asked about for ever."""
        asked = self._asked
        if asked is None or failed.request != asked.request:
            return False
        self._asked = None
        self._film.put(_refusal(image, failed.sentence, failed.advice) for image in asked.images)
        return True

    def _adapt(self, seconds: float) -> None:
        short, long = _WANTED_SECONDS
        if seconds < short:
            self.chunk = min(2 * self.chunk, SIFT_AT_ONCE)
        elif seconds > long:
            self.chunk = max(self.chunk // 2, _LEAST_CHUNK)

    def _waiting(self) -> tuple[str, ...]:
        found = [image for image in self._in_sight() if self._film.waiting(image)][: self.chunk]
        images = self._film.images
        while self._next < len(images) and not self._film.waiting(images[self._next]):
            self._next += 1
        place = self._next
        while place < len(images) and len(found) < self.chunk:
            if self._film.waiting(images[place]) and images[place] not in found:
                found.append(images[place])
            place += 1
        return tuple(found)


def _refusal(image: str, sentence: str, advice: str) -> SiftRow:
    return SiftRow(image=image, refused=sentence, advice=advice)
