"""The pictures of the filmstrip: what was said of each, in the order and of the kind the user wants to see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from zepad_app.widgets.hint import plain_hint
from zepad_engine.questions import SiftRow
from zepad_engine.shown_names import shown_name

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE: Final = int(Qt.ItemDataRole.UserRole)
IMAGE_ROLE: Final = ROW_ROLE + 1
FLAG_ROLE: Final = ROW_ROLE + 2

FILTERS: Final = (
    ("all", "All pictures"),
    ("flagged", "Flagged"),
    ("quiet", "Not flagged"),
    ("split", "Branches disagree"),
    ("changed", "ZePAD differs from undefended"),
    ("refused", "Refused"),
)
SORTS: Final = (
    ("added", "As added"),
    ("score", "Highest score first"),
    ("quietest", "Lowest score first"),
    ("disagreement", "Most disagreement first"),
    ("name", "By name"),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How the filmstrip stands."""

    total: int = 0
    judged: int = 0
    flagged: int = 0
    refused: int = 0

    @property
    def waiting(self) -> int:
        """Pictures nobody has looked at yet."""
        return self.total - self.judged - self.refused


def name_of(image: str) -> str:
    """What a picture is called: its file's name, or its number among the test images."""
    if image.startswith("test:"):
        return f"Test image {image.removeprefix('test:')}"
    return shown_name(Path(image).name)


class FilmModel(QAbstractListModel):
    """Pictures by key (a path, or ``test:<index>``); only those the filter lets through are rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images: list[str] = []
        self._known: set[str] = set()
        self._rows: dict[str, SiftRow] = {}
        self._shown: list[str] = []
        self._place: dict[str, int] = {}
        self._filter = "all"
        self._sort = "added"
        self._threshold: float | None = None

    @property
    def images(self) -> Sequence[str]:
        """All pictures, in the order they were added."""
        return self._images

    @property
    def shown(self) -> Sequence[str]:
        """The pictures the filter lets through, in the order of the strip."""
        return self._shown

    @property
    def filter(self) -> str:
        """The key of the filter in force."""
        return self._filter

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """How many pictures the strip shows."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """Name, words for those who hear the strip, or what the delegate draws."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        image = self._shown[index.row()]
        row = self._rows.get(image)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return name_of(image)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_hint(f"{image}\n{self._words(row)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{name_of(image)}. {self._words(row)}"
            case _:
                return {ROW_ROLE: row, IMAGE_ROLE: image, FLAG_ROLE: self.flagged(row)}.get(role)

    def show_images(self, images: Iterable[str]) -> None:
        """Replace all pictures; a key given twice counts once."""
        self.beginResetModel()
        self._images = list(dict.fromkeys(images))
        self._known = set(self._images)
        self._rows = {}
        self._arrange()
        self.endResetModel()

    def add_images(self, images: Iterable[str]) -> None:
        """Add pictures at the end."""
        self._images.extend(image for image in dict.fromkeys(images) if image not in self._known)
        self._known.update(self._images)
        self._rearrange()

    def forget_rows(self) -> None:
        """Nothing is known of the pictures any more: they are asked about in another way."""
        self._rows = {}
        self._rearrange()

    def put(self, rows: Iterable[SiftRow]) -> None:
        """Know more of some pictures; those that left meanwhile are passed over."""
        new = {row.image: row for row in rows if row.image in self._known}
        self._rows.update(new)
        if self._filter == "all" and self._sort in ("added", "name"):
            places = [self._place[image] for image in new if image in self._place]
            for place in places:
                self.dataChanged.emit(self.index(place), self.index(place))
        elif new:
            self._rearrange()

    def forget(self, images: Iterable[str]) -> None:
        """Look at some pictures anew."""
        for image in images:
            self._rows.pop(image, None)

    def row_of(self, image: str) -> SiftRow | None:
        """What is known of a picture."""
        return self._rows.get(image)

    def place_of(self, image: str) -> int:
        """The row of a picture in the strip, or -1."""
        return self._place.get(image, -1)

    def waiting(self, image: str) -> bool:
        """Whether a picture has not been looked at yet."""
        return image not in self._rows

    def choose_filter(self, key: str) -> None:
        """Show one kind of picture only."""
        self._filter = key
        self._rearrange()

    def choose_sort(self, key: str) -> None:
        """Order the strip."""
        self._sort = key
        self._rearrange()

    def use_threshold(self, threshold: float | None) -> None:
        """Flag above the user's own threshold, or as the engine did."""
        self._threshold = threshold
        self._rearrange()

    def flagged(self, row: SiftRow | None) -> bool:
        """Whether a picture counts as flagged."""
        if row is None or row.refused:
            return False
        return row.flagged if self._threshold is None else row.score > self._threshold

    def counts(self) -> Counts:
        """Count everything."""
        refused = sum(bool(row.refused) for row in self._rows.values())
        flagged = sum(self.flagged(row) for row in self._rows.values())
        return Counts(len(self._images), len(self._rows) - refused, flagged, refused)

    def _words(self, row: SiftRow | None) -> str:
        if row is None:
            return "Not looked at yet."
        if row.refused:
            return f"Refused: {row.refused} {row.advice}".strip()
        flag = "Flagged" if self.flagged(row) else "Not flagged"
        said = f"ZePAD says {row.answer} ({100 * row.probability:.0f} %), undefended {row.undefended}."
        return f"{said} {flag}, score {row.score:.2f}.".replace("-", "−")

    def _lets_through(self, image: str) -> bool:
        row = self._rows.get(image)
        if row is None or row.refused:
            return self._filter == "refused" and row is not None
        tests: dict[str, Callable[[], bool]] = {
            "flagged": lambda: self.flagged(row),
            "quiet": lambda: not self.flagged(row),
            "split": lambda: row.disagreement > 0,
            "changed": lambda: row.answer != row.undefended,
        }
        return self._filter in tests and tests[self._filter]()

    def _key(self, image: str) -> tuple[int, float]:
        """What is not known, or refused, goes to the end."""
        row = self._rows.get(image)
        if row is None or row.refused:
            return (2 if row is not None else 1, 0.0)
        return (0, {"score": -row.score, "quietest": row.score, "disagreement": -row.disagreement}[self._sort])

    def _arrange(self) -> None:
        shown = self._images if self._filter == "all" else [im for im in self._images if self._lets_through(im)]
        if self._sort == "name":
            shown = sorted(shown, key=lambda image: name_of(image).lower())
        elif self._sort != "added":
            shown = sorted(shown, key=self._key)
        self._shown = list(shown)
        self._place = {image: place for place, image in enumerate(self._shown)}

    def _rearrange(self) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        images = [self._shown[index.row()] for index in before]
        self._arrange()
        after = [self.index(self._place[im]) if im in self._place else QModelIndex() for im in images]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()
