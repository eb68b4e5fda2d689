"""How things were made: perturbations, defences, their training; and examples of what came out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reportlab.platypus import Flowable, KeepTogether, Spacer

from zepad_engine.findings import AttackFinding, Example
from zepad_engine.report import wording
from zepad_engine.report.branch_bars import branch_bars
from zepad_engine.report.curves import accuracy_chart, loss_chart
from zepad_engine.report.numbers import budget, duration, in_text, wilson
from zepad_engine.report.pdf.blocks import facts, grid, heading, picture, side_by_side, table, text, with_note
from zepad_engine.report.pdf.paper import WIDTH
from zepad_engine.report.pdf.svg_chart import SvgChart
from zepad_engine.report.pictures import Album
from zepad_engine.report.view import View
from zepad_engine.trained import TuningFinding

_PICTURE = 72.0
_EXAMPLES = 2
# Points: with this width three rows of examples fit a page.
_STRIP = 208.0
_CHART = 400


def attacks(view: View, album: Album) -> Iterator[Flowable]:
    """Every perturbation with its whole recipe."""
    yield heading("Attacks")
    if not view.report.attacks:
        yield text("No attack was crafted in this audit.")
    for attack in view.report.attacks:
        encoded = album.png(attack.preview)
        shown: Flowable = picture(encoded, _PICTURE) if encoded else text("No picture was stored.", "caption")
        told = [text(attack.name, "small heading", 120), *facts(_recipe(attack), total=WIDTH - _PICTURE - 20, names=72)]
        yield grid([[shown, told]], [_PICTURE + 20, WIDTH - _PICTURE - 20])
        yield from (text(remark, "warning") for remark in attack.remarks)


def _recipe(attack: AttackFinding) -> Iterator[tuple[str, object]]:
    elsewhere = attack.origin == "elsewhere"
    yield "Source", attack.citation
    yield "Crafted on", "not known: imported, made elsewhere" if elsewhere else wording.branch(attack.origin).name
    if attack.source:
        yield "Imported from", f"{attack.source}, SHA-256 {attack.source_sha256}"
    yield "Recipe", attack.recipe
    yield (
        "Measured",
        f"largest change of any pixel {budget(attack.linf_255)}; {attack.saturated:.2f} of the pixels at the limit",
    )
    if not elsewhere:
        yield "Work", f"{attack.steps:,} steps, {duration(attack.seconds)}, seed {attack.seed}"
    yield "File", f"{attack.file}, SHA-256 {attack.sha256}"


def defences(view: View) -> Iterator[Flowable]:
    """Every system compared."""
    if not view.report.defences:
        return
    yield heading("Defences")
    yield text("Every system compared, where it comes from, and what it listens to.")
    yield from table(
        ("Defence", "Source", "Branches", "Recipe"),
        [
            (
                view.defence_name(found.key),
                found.citation,
                "; ".join(wording.branch(key).name for key in found.branches),
                found.recipe,
            )
            for found in view.report.defences
        ],
        widths=(100, 100, 110, 183),
        torn=True,
    )


def tuning(view: View) -> Iterator[Flowable]:
    """How the defender's encoders were trained, and what that cost."""
    yield heading("Training of the defence, and its cost")
    if not view.report.tuning:
        yield text("Nothing was trained for the defence in this audit.")
    for found in view.report.tuning:
        said = f"{len(found.rows)} epochs in {duration(found.seconds)}; kept epoch {found.selected_epoch}."
        charts = [
            (loss_chart(found, _CHART), text("Losses", "caption")),
            (accuracy_chart(found, _CHART), text(_kept(found), "caption")),
        ]
        head = heading(wording.branch(found.branch).name, 1)
        yield KeepTogether([head, text(found.recipe, "small"), text(said, "small"), *side_by_side(charts, 2)])
    shown = [f"{stage} {duration(seconds)}" for stage, seconds in view.report.timings.items() if stage != "wall"]
    if shown:
        yield text(f"Time of work by stage, summed over processes: {', '.join(shown)}.", "small")


def _kept(found: TuningFinding) -> str:
    for each in found.purifying:
        if each.epoch == found.selected_epoch:
            return (
                f"Distance of distorted validation features, as a share of their length, epoch kept:"
                f" {each.feature_distance:.3f}{_untouched(found)}; n = {found.validation_n:,}"
            )
    row = next((row for row in found.epochs if row.epoch == found.selected_epoch), None)
    if row is None or not found.validation_n:
        return "Accuracy on the validation split"
    clean = in_text(wilson(row.clean_accuracy, found.validation_n))
    under = "not measured" if row.pgd_accuracy is None else in_text(wilson(row.pgd_accuracy, found.validation_n))
    return f"Validation split, epoch kept: clean {clean}, under PGD {under}"


def _untouched(found: TuningFinding) -> str:
    return "" if found.untouched is None else f", without the purifier {found.untouched:.3f}"


def examples(view: View, album: Album) -> Iterator[Flowable]:
    """Strips of clean, perturbed, difference, with what the systems said."""
    yield heading("Examples")
    found = view.examples
    if not found:
        yield text("No example was stored.")
        return
    yield text(
        f"Under {view.attack_name(found[0].attack)}. Each strip: clean, perturbed, difference amplified. Below it, of"
        " the perturbed image: how sure each branch is (bar, 0 to 1), its answer, and its share of the say. Examples of"
        " the other attacks stand in report.json."
    )
    if view.attribution_words:
        yield text(view.attribution_words)
    width = WIDTH / _EXAMPLES
    for start in range(0, len(found), _EXAMPLES):
        row: list[Any] = [_example(view, each, album, _STRIP) for each in found[start : start + _EXAMPLES]]
        yield grid([row + [""] * (_EXAMPLES - len(row))], [width] * _EXAMPLES)


def _example(view: View, each: Example, album: Album, width: float) -> list[Flowable]:
    encoded = album.png(each.file)
    shown: Flowable = picture(encoded, width) if encoded else text("This picture was not stored.", "caption")
    said = (
        f"{view.task_name(each.task)}, test image {each.index}, difference × {each.gain:g}. Label {each.label}."
        f" Undefended: {each.undefended_clean}, then {each.undefended_perturbed}."
        f" ZePAD: {each.zepad_perturbed}, {'FLAGGED' if each.flagged else 'not flagged'}. Chosen: {each.chosen}."
    )
    bars = branch_bars(each)
    parts = [shown, *([Spacer(0, 4), SvgChart(bars, width)] if bars else []), *_maps(view, each, album, width)]
    return [*parts, Spacer(0, 2), text(said, "caption")]


def _maps(view: View, each: Example, album: Album, width: float) -> list[Flowable]:
    found = view.attribution(each)
    if found is None:
        return []
    encoded = album.png(found.file)
    if not encoded:
        return [text("The maps were not stored.", "caption")]
    below = [
        with_note(wording.short_branch(branch), f"0 to {top:.3f}")
        for branch, top in zip(found.branches, found.tops, strict=True)
    ]
    return [Spacer(0, 4), picture(encoded, width), grid([list(below)], [width / len(below)] * len(below), below=2)]
