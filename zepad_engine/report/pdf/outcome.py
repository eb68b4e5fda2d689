"""What the attacks left: averages, tasks, the systems attacked themselves, transfer, paired tests, sweeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportlab.platypus import Flowable

from zepad_engine.evidence import AdaptiveFinding, WorstCase
from zepad_engine.report import attacked, measures, sweeps, transfer, wording
from zepad_engine.report.attacked import Aimed, AimedTable
from zepad_engine.report.dumbbells import dumbbell_chart
from zepad_engine.report.measures import PairTable
from zepad_engine.report.numbers import budget, in_text, probability
from zepad_engine.report.pdf.blocks import Cell, bullets, heading, rate, side_by_side, table, text, with_note
from zepad_engine.report.plain_text import plain
from zepad_engine.report.view import Line, View

_ATTACKS = 4
# Pixels: two charts side by side, their text still to be read.
_CHART = 400


def averages(view: View) -> Iterator[Flowable]:
    """Means over tasks."""
    unseen = bool(view.unseen_tasks)
    yield heading("Clean performance and attacks, averages")
    over = view.task_names(view.averaged_tasks(unseen=unseen))
    kind = "that the defender did not tune on" if unseen else "all of which the defender also tuned on"
    yield text(
        f"Mean over tasks {kind}: {over}. Random weights and the untuned ensemble decide what the defence is worth."
    )
    yield from _accuracy(
        view, view.headline(unseen=unseen), "BA: right answers on clean test images. RA: under attack."
    )
    yield from _success(view, view.headline(unseen=unseen))
    yield from worst(view)
    charts = [
        (
            dumbbell_chart(plain(view.attack_name(attack)), view.dumbbells(attack)),
            text(f"{view.attack_name(attack)}, at most {budget(view.report.plan.epsilon_255)}", "caption"),
        )
        for attack in view.attacks
    ]
    if charts:
        yield heading("From undefended to ZePAD, task by task", 1)
        yield text(
            "Circle: undefended. Diamond: three clean encoders. Square: ZePAD. Dashed line: undefended, clean images."
        )
        yield from side_by_side(charts, 2)


def worst(view: View) -> Iterator[Flowable]:
    """What is left if each image meets its worst attack."""
    left = attacked.remains(view.report)
    if left:
        yield heading("If each image meets the attack that is worst for it", 1)
        yield from table(
            ("Defence", "BA on these images", "Right under every attack", "Wrong and not flagged under at least one"),
            [(view.defence_name(line.defence), line.clean, line.accuracy, line.evaded) for line in left],
            strong=_zepad([line.defence for line in left]),
            caption=f"All attacks together, those on encoders too, on {view.task_names(left[0].tasks)}.",
        )


def task_by_task(view: View) -> Iterator[Flowable]:
    """Every defence on every task."""
    yield heading("Task by task")
    known = [view.defence(key) for key in view.defences]
    yield from bullets((f"{look.name}: {look.about}" for look in known if look.about), "small")
    for task in view.tasks:
        tuned = " (the defender tuned on this set)" if view.unseen_tasks and task not in view.unseen_tasks else ""
        yield heading(f"{view.task_name(task)}{tuned}", 1)
        lines = view.task_lines(task)
        yield from _accuracy(view, lines, "Accuracy on the test split.")
        yield from _success(view, lines)


def _accuracy(view: View, lines: tuple[Line, ...], caption: str) -> Iterator[Flowable]:
    has_worst = any(line.worst for line in lines)
    for number, part in enumerate(view.attack_parts(_ATTACKS)):
        first = number == 0
        head = ["Defence", *(["BA"] if first else []), *(["Worst per image"] if first and has_worst else [])]
        rows: list[list[Cell]] = []
        for line in lines:
            own: list[Cell] = [line.clean, *([line.worst] if has_worst else [])] if first else []
            rows.append([view.defence_name(line.defence), *own, *(line.robust[place] for place, _ in part)])
        head += [f"RA, {view.attack_name(attack)}" for _, attack in part]
        said = caption if first else "The same, other attacks."
        yield from table(head, rows, caption=said, strong=_zepad([line.defence for line in lines]))


def _success(view: View, lines: tuple[Line, ...]) -> Iterator[Flowable]:
    for number, part in enumerate(view.attack_parts(_ATTACKS)):
        if part:
            words = "ASR: any changed answer, over all images, so it is not BA minus RA. Lower is better."
            yield from table(
                ["Defence", *(f"ASR, {view.attack_name(attack)}" for _, attack in part)],
                [[view.defence_name(line.defence), *(line.changed[place] for place, _ in part)] for line in lines],
                caption="The same, other attacks." if number else words,
                strong=_zepad([line.defence for line in lines]),
            )


def systems(view: View) -> Iterator[Flowable]:
    """Attacks that had the defended systems in hand."""
    report = view.report
    yield heading("Adaptive evaluation: attacks on the defended systems")
    if not report.adaptive:
        yield text("No attack had a defended system in hand in this audit. Such an attack may take the gain back.")
        return
    yield text(
        "The attacker has the defended system itself: its weights and fusion (white-box), its answers only (black-box),"
        " or another model of the task (transfer). Each rate is top-1 accuracy under the attack, at most"
        f" {budget(report.adaptive[0].epsilon_255)}; a wrong answer that is flagged is no success where the attack must"
        " stay unseen."
    )
    for each in attacked.aimed_tables(report):
        yield from _aimed(view, each)
    yield text("Recipes", "small heading")
    for runs in attacked.runs_of(report):
        first = runs[0]
        largest = budget(max(found.linf_255 for found in runs))
        saved = budget(max(found.quantised_255 for found in runs))
        yield text(
            f"{first.name} ({first.citation}): {first.recipe}. Largest change of any pixel {largest}, saved with 8 bits"
            f" {saved}. Seed {first.seed}, {sum(found.seconds for found in runs):.1f} s of work.",
            "small",
        )


def _aimed(view: View, each: AimedTable) -> Iterator[Flowable]:
    rows: list[list[Cell]] = [["Clean images", *each.clean]]
    rows += [[with_note(aimed.first.name, _effort(aimed)), *map(_remaining, aimed.cells)] for aimed in each.attacks]
    if any(each.worst):
        rows.append(["Worst per image", *map(_remaining, each.worst)])
    yield from table(
        ["Attack", *(view.defence_name(key) for key in each.defences)],
        rows,
        strong=[len(rows) - 1] if any(each.worst) else [],
        caption=f"{view.task_name(each.task)}. Steps are those of all restarts together, at most.",
    )


def _effort(aimed: Aimed) -> str:
    steps = f"{aimed.steps:,} steps, " if aimed.steps else ""
    seen = "; must not be flagged" if aimed.first.evades else ""
    return f"{aimed.first.knowledge}; {steps}{aimed.restarts} restart{'' if aimed.restarts == 1 else 's'}{seen}"


def _remaining(found: AdaptiveFinding | WorstCase | None) -> Cell:
    if found is None or found.evaded is None:
        return found.accuracy if found else None
    return rate(found.accuracy, f"wrong, not flagged {in_text(found.evaded)}")


def transfer_matrix(view: View) -> Iterator[Flowable]:
    """What attacks made on one encoder leave of each defence."""
    found = transfer.matrices(view.report)
    if not found:
        return
    yield heading("Transfer matrix")
    yield text("In each cell the accuracy under the strongest attack of that origin.", "lead")
    for matrix in found:
        yield from table(
            ["Defence", *(wording.ORIGINS.get(origin, origin) for origin in matrix.origins)],
            [
                [view.defence_name(key), *(meeting.accuracy if meeting else None for meeting in meetings)]
                for key, meetings in matrix.rows
            ],
            strong=_zepad([key for key, _ in matrix.rows]),
            caption=f"{view.task_name(matrix.task)}; columns: what the attack was made on.",
        )


def paired_tests(view: View) -> Iterator[Flowable]:
    """Two defences on the same images."""
    found = measures.pair_tables(view.report)
    if not found:
        return
    yield heading("Paired tests")
    yield text(
        "Two defences on the same images, McNemar's exact test. A p below 0.05 counts as a difference; it is not"
        " corrected for the number of comparisons, so where nothing differs about 1 in 20 still falls below it."
    )
    for each in found:
        yield from _pairs(view, each)


def _pairs(view: View, each: PairTable) -> Iterator[Flowable]:
    rows: list[list[Cell]] = []
    for a, b, pairs in each.rows:
        row: list[Cell] = [f"{view.defence_name(a)} minus {view.defence_name(b)}"]
        for pair in pairs:
            said = "–"
            if pair is not None:
                said = f"{100 * pair.difference:+.1f} points"
                inner = f"{100 * pair.low:+.1f} to {100 * pair.high:+.1f}, n {pair.n:,}, p {probability(pair.p)}"
            row.append(said if pair is None else with_note(said, inner))
        rows.append(row)
    yield from table(
        ["Compared", *map(view.task_name, each.tasks)], rows, caption=f"{view.attack_name(each.attack)}, accuracy."
    )


def sweep_charts(view: View) -> Iterator[Flowable]:
    """Curves of a rate as one setting changes."""
    groups = sweeps.sweep_groups(view.report.sweeps)
    if not groups:
        return
    yield heading("Curves")
    yield text("One setting changes, the rest stays as it is. Whiskers are 95 % intervals.")
    charts = []
    for group in groups:
        low, high = group.counts
        under = f", {view.attack_name(group.attack)}{group.said_of(view.attacks)}" if group.attack else ""
        n = f"n = {low:,}" if low == high else f"n = {low:,} to {high:,}"
        words = f"{' and '.join(group.rates).capitalize()} on {view.task_name(group.task)}{under}; {n} for each point."
        charts.append((sweeps.sweep_chart(group, view.defence, _CHART), text(words, "caption")))
    yield from side_by_side(charts, 2)


def _zepad(keys: Sequence[str]) -> list[int]:
    return [number for number, key in enumerate(keys) if key == "zepad"]
