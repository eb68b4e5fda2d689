"""How a figure of a comparison came about, in lines anybody can check and repeat. No Qt."""

from __future__ import annotations

from pathlib import Path

from zepad_app.comparison.wording import side_line
from zepad_app.results.recipe import Recipe
from zepad_app.results.wording import rate_hint
from zepad_engine.comparison import Comparison, images_in_words
from zepad_engine.evidence import Rate


def recipe_of_comparison(comparison: Comparison, pair: tuple[Path, Path], what: str, rate: Rate | None) -> Recipe:
    """The recipe of a figure; the audits lie in the two folders."""
    return Recipe(
        what=what,
        number=rate_hint(rate) + "." if rate is not None else "",
        lines=(
            ("First", f"{comparison.first.encoder}: {side_line(comparison.first)}"),
            ("Second", f"{comparison.second.encoder}: {side_line(comparison.second)}"),
            ("Images", " ".join(images_in_words(comparison)) or "no task in common"),
            ("Same images", "McNemar's exact test, interval of Bonett and Price (2012)"),
            ("Other images", "Fisher's exact test, interval of Newcombe (1998)"),
            ("Corrected", f"after Holm (1979), over {comparison.tests:,} tests"),
        ),
        command=f'python main.py diff "{pair[0]}" "{pair[1]}" --all',
    )
