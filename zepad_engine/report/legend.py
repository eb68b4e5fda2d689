"""The key of a chart: a short sample of a line with its marker, as it is drawn in the chart."""

from __future__ import annotations

from markupsafe import Markup

from zepad_engine.report.charts import marker, stroke
from zepad_engine.report.wording import Meaning


def key_mark(meaning: Meaning, *, line: bool = False) -> Markup:
    """A sample 34 pixels wide; with ``line`` in the meaning's dash, else as a whisker."""
    sample = stroke([(1, 7), (33, 7)], meaning.role, meaning.dash if line else "", "line" if line else "whisker")
    return Markup('<svg class="key" viewBox="0 0 34 14" width="34" height="14" aria-hidden="true">{}</svg>').format(
        sample + marker(17, 7, meaning.marker, meaning.role)
    )
