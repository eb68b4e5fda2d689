"""Which task of one audit is which of the other, and whether both asked about the same images. Torch-free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zepad_engine.comparison import Images, TaskImages
from zepad_engine.findings import AuditReport
from zepad_engine.metrics import Flags
from zepad_engine.per_image import PerImage

# Below this share of the smaller audit's images, both are compared over all of their own.
_NEARLY_ALL: Final = 0.8

Rows: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Match:
    """A task of both audits.

    Attributes:
        names: what each calls it; told: what is said of its images.
        answers: what each kept of its images, if it did.
        rows: where the same images stand in each; None if they are not compared image by image.
    """

    names: tuple[str, str]
    told: TaskImages
    answers: tuple[PerImage | None, PerImage | None]
    rows: Rows | None

    def right(self, defence: str, attacks: Sequence[str]) -> tuple[Flags, Flags] | None:
        """Which of the common images each audit's defence answers rightly under every one of the attacks."""
        return self._both([(found.wrong, [(defence, attack) for attack in attacks], False) for found in self._kept()])

    def flagged(self, defences: tuple[str, str], attack: str) -> tuple[Flags, Flags] | None:
        """Which of the common images each audit's detector flags, that of its own defence."""
        kept = zip(self._kept(), defences, strict=False)
        return self._both([(found.flagged, [(defence, attack)], True) for found, defence in kept])

    def _kept(self) -> list[PerImage]:
        return [each for each in self.answers if each is not None]

    def _both(
        self, wanted: list[tuple[dict[tuple[str, str], Flags], list[tuple[str, str]], bool]]
    ) -> tuple[Flags, Flags] | None:
        """Per audit: flags by condition, the conditions, and whether yes is what is stored (or none of it)."""
        if self.rows is None or any(key not in flags for flags, keys, _ in wanted for key in keys):
            return None
        met = [np.any([flags[key] for key in keys], axis=0) == stored for flags, keys, stored in wanted]
        return met[0][self.rows[0]], met[1][self.rows[1]]


def same_tasks(first: AuditReport, second: AuditReport) -> dict[str, str]:
    """The second audit's name of each task both have: by key, or by the digest of its pictures, labels and splits."""
    keys = {finding.key: finding.sha256 for finding in second.data if finding.role == "task"}
    by_digest = {digest: key for key, digest in keys.items()}
    found = {}
    for finding in first.data:
        other = finding.key if finding.key in keys else by_digest.get(finding.sha256)
        if finding.role == "task" and other is not None:
            found[finding.key] = other
    return found


def match_images(names: tuple[str, str], answers: tuple[PerImage | None, PerImage | None]) -> Match:
    """Pair the images of a task of both audits, each with its k-th copy in the other."""
    first, second = answers
    if first is None or second is None:
        return Match(names, _told(names[0], "unknown", answers, 0), answers, None)
    rows = common_rows(first.images, second.images)
    common = len(rows[0])
    if common == len(first.images) == len(second.images):
        kind: Images = "same"
    else:
        kind = "shared" if nearly_all(rows, first.images, second.images) else "other"
    return Match(names, _told(names[0], kind, answers, common), answers, None if kind == "other" else rows)


def common_rows(first: Sequence[bytes], second: Sequence[bytes]) -> Rows:
    """Where the images of both stand in each, in the order of the first."""
    places = {image: row for row, image in enumerate(_counted(second))}
    pairs = [(row, places[image]) for row, image in enumerate(_counted(first)) if image in places]
    rows = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)
    return rows[:, 0], rows[:, 1]


def nearly_all(rows: Rows, first: Sequence[bytes], second: Sequence[bytes]) -> bool:
    """Whether the common images are enough of the smaller set to stand for it."""
    smaller = min(len(first), len(second))
    return smaller > 0 and len(rows[0]) >= _NEARLY_ALL * smaller


def _counted(images: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Images told apart from copies of themselves."""
    seen: Counter[bytes] = Counter()
    found = []
    for image in images:
        found.append((image, seen[image]))
        seen[image] += 1
    return found


def _told(task: str, kind: Images, answers: tuple[PerImage | None, ...], common: int) -> TaskImages:
    n_first, n_second = (len(each.images) if each else 0 for each in answers)
    return TaskImages(task=task, images=kind, n_first=n_first, n_second=n_second, common=common)
