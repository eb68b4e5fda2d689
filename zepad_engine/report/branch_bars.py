"""What each branch says of one example: a bar per branch for how sure it is, its answer and its share of the say."""

from __future__ import annotations

from markupsafe import Markup

from zepad_engine.findings import Example
from zepad_engine.report.charts import drawing, stroke, words
from zepad_engine.report.wording import branch

_WIDTH, _ROW = 320, 16
_LEFT, _LONG = 60, 100
_NAME_SIGNS, _ANSWER_SIGNS = 10, 14


def branch_bars(example: Example) -> Markup:
    """The chart; nothing where the report does not know what the branches said."""
    if not example.branches:
        return Markup("")
    parts = []
    for number, said in enumerate(example.branches):
        look, middle = branch(said.branch), _ROW * number + 8
        end = _LEFT + _LONG * min(max(said.confidence, 0.0), 1.0)
        bar = Markup('<path class="mark solid {}" d="M{} {}h{:.1f}v8h-{:.1f}z"/>')
        parts += [
            words(0, middle + 4, _short(look.name.partition(",")[0], _NAME_SIGNS), anchor="start"),
            stroke([(_LEFT, middle + 4), (_LEFT + _LONG, middle + 4)], "grid"),
            bar.format(look.role, _LEFT, middle - 4, end - _LEFT, end - _LEFT),
            words(_LEFT + _LONG + 6, middle + 4, _answer(said.perturbed, said.weight_share), "name ink", "start"),
        ]
    return drawing(_WIDTH, _ROW * len(example.branches) + 2, _alternative(example), parts)


def _answer(answer: str, share: float) -> str:
    return f"{_short(answer, _ANSWER_SIGNS)}, say {share:.2f}"


def _alternative(example: Example) -> str:
    said = "; ".join(
        f"{branch(each.branch).name} says {each.perturbed} with confidence {each.confidence:.2f} and"
        f" {each.weight_share:.2f} of the say"
        for each in example.branches
    )
    return f"On the perturbed image: {said}."


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
