"""Page one: the verdict, the figures it rests on, who attacks, how much was tested, and what is not shown."""

from __future__ import annotations

from collections.abc import Iterator

from reportlab.platypus import Flowable, HRFlowable, KeepInFrame, PageBreak, Spacer

from zepad_engine.evidence import Rate
from zepad_engine.findings import report_to_json
from zepad_engine.report.attacked import remains
from zepad_engine.report.dumbbells import dumbbell_chart
from zepad_engine.report.lights import COLOURS
from zepad_engine.report.numbers import budget, counted, moment
from zepad_engine.report.pdf.blocks import Cell, boxed, bullets, grid, side_by_side, table, text
from zepad_engine.report.pdf.lettering import NOTE, lacks
from zepad_engine.report.pdf.paper import HEIGHT, WIDTH, colours
from zepad_engine.report.plain_text import plain
from zepad_engine.report.view import Line, View

_LEFT = WIDTH * 0.56
_RIGHT = WIDTH - _LEFT


def summary(view: View) -> list[Flowable]:
    """The page; what is too long is set smaller, so that it stays one page."""
    return [_Bookmark(), KeepInFrame(WIDTH, HEIGHT - 1, list(_content(view)), mode="shrink"), PageBreak()]


def _content(view: View) -> Iterator[Flowable]:
    report = view.report
    plan = report.plan
    verdict, reason = view.verdict
    yield text(
        f"ZePAD audit of {report.subject.name}  ·  {moment(report.created_utc)}  ·  {plan.preset} preset,"
        f" {plan.mode} mode, seed {plan.seed}",
        "caption",
    )
    yield Spacer(0, 4)
    if reason:
        yield boxed([text(verdict, "verdict"), text(reason)])
    else:
        yield text(verdict, "verdict")
    yield HRFlowable(width="100%", thickness=0.6, color=colours()["line"], spaceBefore=8 if reason else 2, spaceAfter=8)
    yield from _figures(view)
    yield grid([[[*_chart(view), *_tested(view)], list(_attacker(view))]], [_LEFT, _RIGHT])
    yield text("What this audit does not show", "small heading")
    yield from bullets(
        report.not_shown or ("The engine listed nothing; stronger attackers may still do better.",), "tight"
    )
    yield Spacer(0, 2)
    yield text(report.summary.limits, "tight")


class _Bookmark(Flowable):
    """Nothing to see: the outline's entry for page one."""

    bookmark = (0, "Summary")

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        return None


def _figures(view: View) -> Iterator[Flowable]:
    unseen = bool(view.unseen_tasks)
    lines = view.headline(unseen=unseen)
    attack = _hardest(lines)
    if attack is None:
        yield text("No average was measured in this audit.", "tight")
        return
    left = {line.defence: line.accuracy for line in remains(view.report)}
    name = view.attack_name(view.attacks[attack])
    head = ["Right answers", "Clean images", f"Under {name}"]
    rows: list[list[Cell]] = [[view.defence_name(line.defence), line.clean, line.robust[attack]] for line in lines]
    if left:
        head.append("System itself attacked, worst per image")
        for line, row in zip(lines, rows, strict=True):
            row.append(left.get(line.defence))
    strong = [number for number, line in enumerate(lines) if line.defence == "zepad"]
    kind = "tasks the defender did not tune on" if unseen else "tasks, all of them tuned on"
    caption = f"Mean over {len(view.averaged_tasks(unseen=unseen))} {kind}; below each rate its 95 % interval and n."
    yield from table(head, rows, caption=caption, strong=strong)


def _chart(view: View) -> Iterator[Flowable]:
    attack = _hardest(view.headline(unseen=bool(view.unseen_tasks)))
    if attack is None:
        return
    key = view.attacks[attack]
    drawn = dumbbell_chart(plain(view.attack_name(key)), view.dumbbells(key))
    words = (
        f"Under {view.attack_name(key)}, task by task: circle undefended, diamond three clean encoders, square ZePAD;"
        " dashes: undefended, clean images."
    )
    yield from side_by_side([(drawn, text(words, "caption"))], 1, total=_LEFT - 12)


def _hardest(lines: tuple[Line, ...]) -> int | None:
    """The place of the attack that costs the undefended encoder most."""
    undefended = next((line for line in lines if line.defence == "undefended"), lines[0] if lines else None)
    left = [(rate.value, place) for place, rate in enumerate(undefended.robust if undefended else ()) if rate]
    return min(left)[1] if left else None


def _attacker(view: View) -> Iterator[Flowable]:
    yield text("Who attacks", "small heading")
    yield from bullets(view.report.threat_model, "tight")
    yield from bullets([f"Budget: {budget(view.report.plan.epsilon_255)} of the pixel range, L∞."], "tight")
    warnings = (*view.report.warnings, *((NOTE,) if lacks(report_to_json(view.report).decode()) else ()))
    if warnings:
        yield text("To know first", "small heading")
        yield from bullets(warnings, "tight")


def _tested(view: View) -> Iterator[Flowable]:
    report = view.report
    yield text("How much was tested", "small heading")
    yield from bullets(_amounts(view), "tight")
    if report.lights:
        yield text("Can the attacks' figures be trusted?", "small heading")
        yield text(_lights(view), "tight")


def _amounts(view: View) -> Iterator[str]:
    report = view.report
    clean = {cell.task: cell.ba for cell in report.cells if cell.ba is not None}
    each = "; ".join(f"{view.task_name(task)} n = {rate.n:,}" for task, rate in clean.items())
    yield f"Test images: {each}." if each else "No test image was answered."
    made, compared = counted(len(report.attacks), "perturbation"), counted(len(view.defences), "defence")
    yield f"{made} made on encoders, {compared} compared."
    if report.adaptive:
        runs = {(found.attack, found.defence) for found in report.adaptive}
        images = _span([found.accuracy for found in report.adaptive])
        yield f"{counted(len(runs), 'attack')} on the systems themselves, on {images} images per task."


def _span(rates: list[Rate]) -> str:
    low, high = min(rate.n for rate in rates), max(rate.n for rate in rates)
    return f"n = {low:,}" if low == high else f"n = {low:,} to {high:,}"


def _lights(view: View) -> str:
    lights = view.report.lights
    counts = ((colour, sum(light.colour == colour for light in lights)) for colour in COLOURS)
    said = ", ".join(f"{count} {colour}" for colour, count in counts if count)
    bad = [light for light in lights if light.colour != "green"]
    named = "; ".join(dict.fromkeys(f"{view.defence_name(light.defence)}: {light.name}" for light in bad))
    return f"{counted(len(lights), 'check')}: {said}." + (f" Not green: {named}." if named else "")
