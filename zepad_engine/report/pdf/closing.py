"""The end of a report: trust lights, catalogues, how to repeat it, and what it does not show."""

from __future__ import annotations

from collections.abc import Iterator

from reportlab.platypus import Flowable

from zepad_engine.plan import plan_to_json
from zepad_engine.report import mapping
from zepad_engine.report.html import public_environment, shareable
from zepad_engine.report.lights import light_groups
from zepad_engine.report.numbers import duration
from zepad_engine.report.pdf.blocks import bullets, facts, heading, table, text
from zepad_engine.report.pdf.svg_chart import Lamp
from zepad_engine.report.view import View


def trust(view: View) -> Iterator[Flowable]:
    """The checks on the attacks, red ones first."""
    yield heading("Trust lights")
    if not view.report.lights:
        yield text("No checks were run on the attacks of this audit.")
        return
    yield text(
        "Checks on the attacks that had each system in hand. Red: the figures of that system are not to be trusted,"
        " and there is no verdict. Amber: read them with that in mind. Green: nothing found, which is no proof that a"
        " stronger attack would do no more."
    )
    for group in light_groups(view.report.lights):
        where = f", on {view.task_name(group.task)}" if group.task else ""
        yield from table(
            ("", "Light", "Check", "What was found"),
            [(Lamp(light.colour), light.colour, light.name, light.statement) for light in group.lights],
            widths=(18, 40, 140, 295),
            torn=True,
            caption=f"{view.defence_name(group.defence)}{where}",
        )


def catalogues(view: View) -> Iterator[Flowable]:
    """Where the audit touches the catalogues people file risks under."""
    yield heading("In the catalogues")
    yield text(
        "What applies is read off this audit; what does not is named too. None of these catalogues approves a system."
    )
    for name, entries in mapping.by_catalogue(view.report):
        yield from table(
            ("Entry", "Name", "Fit", "Why"),
            [(entry.id or "term", entry.name, mapping.IN_WORDS[entry.fit], entry.why) for entry in entries],
            widths=(76, 158, 72, 187),
            torn=True,
            caption=name,
        )


def reproduce(view: View) -> Iterator[Flowable]:
    """Everything needed to run it again."""
    report = view.report
    yield heading("Reproduce")
    yield text(
        "Save the plan below as plan.json, name your own files in it where it names only their last part,"
        " and run: python main.py audit --plan plan.json --out DIR. In exact arithmetic the same"
        " machine, versions, threads and seed give the same bytes but for the"
        " times; elsewhere figures are comparable, not equal."
    )
    how = report.execution
    pairs: list[tuple[str, object]] = [
        ("Tool", ", ".join(f"{key} {value}" for key, value in report.tool.items())),
        ("Run", report.run),
        ("Schema", report.schema_version),
        ("Seed", report.plan.seed),
    ]
    if how is not None:
        pairs += [
            ("Device", how.device),
            (
                "Arithmetic",
                f"{how.arithmetic}; crafting {how.crafting}; training {how.training}; scoring {how.scoring}",
            ),
            ("Processes", f"{how.workers} of {how.threads} threads; {how.batch:,} images per pass"),
            *(("Notice", notice) for notice in how.notices),
        ]
    pairs += [(key, value) for key, value in public_environment(report).items()]
    if "wall" in report.timings:
        pairs.append(("Time by the clock", duration(report.timings["wall"])))
    yield from facts(pairs)
    yield text("Plan", "small heading")
    yield text(" ".join(plan_to_json(shareable(report.plan)).decode("utf-8").split()), "caption")


def gaps(view: View) -> Iterator[Flowable]:
    """What nobody may conclude from it."""
    yield heading("What this audit does not show")
    yield from bullets(view.report.not_shown or ("The engine listed nothing; stronger attackers may still do better.",))
    yield text(view.report.summary.limits)
