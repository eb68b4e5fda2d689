"""report.html: one file, no script, nothing loaded, drawn from report.json and the pictures of the run."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from zepad_engine.findings import AuditReport
from zepad_engine.plan import AuditPlan, plan_to_json
from zepad_engine.report import attacked, card_words, lights, mapping, measures, numbers, sweeps, transfer, wording
from zepad_engine.report.branch_bars import branch_bars
from zepad_engine.report.curves import accuracy_chart, loss_chart, roc_chart
from zepad_engine.report.dumbbells import DRAWN, dumbbell_chart
from zepad_engine.report.legend import key_mark
from zepad_engine.report.pictures import Album
from zepad_engine.report.plain_text import plain, set_name
from zepad_engine.report.view import View
from zepad_engine.resources import asset

_PRIVATE = frozenset({"host", "hostname", "node", "user", "username", "home", "cwd", "executable"})
# What the page writes by the functions of `numbers`.
_NUMBERS = (
    *("rate", "rate_in_words", "area", "probability", "budget"),
    *("duration", "count", "moment", "split_counts"),
)


def render_html(report: AuditReport, folder: Path) -> str:
    """The whole page; pictures are read from the run ``folder``, a missing one leaves a line in its place."""
    template = _pages().get_template("template.html.j2")
    view = View(report)
    return template.render(
        report=report,
        view=view,
        unseen=bool(view.unseen_tasks),
        style=Markup(asset("report", "report.css").read_text(encoding="utf-8")),
        picture=Album(folder).data_uri,
        plan_text=plan_to_json(shareable(report.plan)).decode("utf-8"),
        environment=public_environment(report),
        # "wall" is no stage: stages run beside one another, so their work adds up to more than the clock shows.
        work={stage: seconds for stage, seconds in report.timings.items() if stage != "wall"},
        defence=view.defence,
        transfer=transfer.matrices(report),
        sweep_chart=lambda group: sweeps.sweep_chart(group, view.defence),
        dumbbell=lambda attack: dumbbell_chart(plain(view.attack_name(attack)), view.dumbbells(attack)),
    )


@cache
def _pages() -> jinja2.Environment:
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(asset("report")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals.update(
        branch=wording.branch,
        short_branch=wording.short_branch,
        wording=wording,
        drawn=DRAWN,
        key_mark=key_mark,
        roc_chart=roc_chart,
        branch_bars=branch_bars,
        loss_chart=loss_chart,
        accuracy_chart=accuracy_chart,
        set_name=set_name,
        wilson=numbers.wilson,
        points=numbers.points,
        light_groups=lights.light_groups,
        light_mark=lights.light_mark,
        aimed_tables=attacked.aimed_tables,
        remains=attacked.remains,
        runs_of=attacked.runs_of,
        shades=transfer.SHADES,
        sweep_groups=sweeps.sweep_groups,
        measures=measures,
        by_catalogue=mapping.by_catalogue,
        fits=mapping.IN_WORDS,
        disjointness=wording.disjointness,
    )
    for name in _NUMBERS:
        pages.filters[name] = getattr(numbers, name)
    for name in ("architecture", "size", "training"):
        pages.filters[name] = getattr(card_words, name)
    return pages


def _finalize(value: Any) -> Any:  # noqa: ANN401 - whatever a template expression yields
    """Every expression of the template passes here before it is escaped."""
    return value if isinstance(value, Markup) else plain(value)


def public_environment(report: AuditReport) -> dict[str, str]:
    """Versions and machine, without who and where."""
    return {key: value for key, value in report.environment.items() if key.lower() not in _PRIVATE}


def shareable(plan: AuditPlan) -> AuditPlan:
    """The plan with files named, not located."""
    named = {name: set_name(getattr(plan, name)) for name in ("encoder", "auxiliary", "local_set", "surrogate_set")}
    return msgspec.structs.replace(plan, **named, tasks=tuple(map(set_name, plan.tasks)))
