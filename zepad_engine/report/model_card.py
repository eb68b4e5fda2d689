"""report.md: a section for the page of the encoder (its model card), to be pasted below what is already there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from zepad_engine.findings import AuditReport
from zepad_engine.report.attacked import remains
from zepad_engine.report.mapping import CATALOGUES, catalogue_entries
from zepad_engine.report.numbers import area_in_text, budget, in_text, moment
from zepad_engine.report.plain_text import plain
from zepad_engine.report.view import View

# What formats, embeds or leads away wherever it stands, and what does so at the beginning of a line only.
_SIGNS: Final = re.compile(r"([\\`*_\[\]<>#!|&~$^{}])")
_ADDRESS: Final = re.compile(r"(?i)(?<=www)\.|:(?=//)|(?<=mailto):|(?<=xmpp):")
_FIRST: Final = re.compile(r"^(\d*)([.)+=:-])(?=[\s+=:-]|$)")
# Attacks side by side in one table; a page of this kind is narrow.
_COLUMNS: Final = 4


def render_model_card(report: AuditReport) -> str:
    """The section, headings from the second level down; text of files can neither link, format nor embed."""
    view = View(report)
    parts = (_verdict(report, view), _threat(report), _accuracy(view), _systems(report, view))
    lines = [line for part in (*parts, _detection(report, view), _gaps(report), _catalogues(report)) for line in part]
    return "\n".join([*lines, *_source(report)]) + "\n"


def escaped(text: object) -> str:
    """Text that Markdown shows as it stands, on one line; an at sign would become an address to write to."""
    shown = _SIGNS.sub(r"\\\1", " ".join(plain(text).split())).replace("@", "(at)")
    return _FIRST.sub(r"\1\\\2", _ADDRESS.sub(lambda found: f"\\{found[0]}", shown))


def _verdict(report: AuditReport, view: View) -> Iterator[str]:
    verdict, reason = view.verdict
    yield f"## Adversarial audit of {escaped(report.subject.name)}"
    yield ""
    yield f"**{escaped(verdict)}**"
    for said in (reason, report.summary.detail, report.summary.limits):
        if said:
            yield ""
            yield escaped(said)
    yield ""
    yield from _items(report.warnings)


def _threat(report: AuditReport) -> Iterator[str]:
    yield "### Threat model"
    yield ""
    yield from _items(report.threat_model)
    yield f"Budget of every attack: {escaped(budget(report.plan.epsilon_255))} of the pixel range, L∞ norm."
    yield ""


def _accuracy(view: View) -> Iterator[str]:
    unseen = bool(view.unseen_tasks)
    lines = view.headline(unseen=unseen)
    if not lines:
        return
    kind = "tasks the defender did not tune on" if unseen else "all tasks, each of them tuned on"
    tasks = view.task_names(view.averaged_tasks(unseen=unseen))
    yield "### Accuracy, clean and under attack"
    yield ""
    yield f"Mean over {kind}: {escaped(tasks)}. In brackets the 95 % interval and the number of test images."
    yield ""
    for part in view.attack_parts(_COLUMNS):
        yield from _table(
            ("Defence", "Clean", *(view.attack_name(attack) for _, attack in part)),
            (
                (view.defence_name(line.defence), in_text(line.clean), *(in_text(line.robust[at]) for at, _ in part))
                for line in lines
            ),
        )


def _systems(report: AuditReport, view: View) -> Iterator[str]:
    left = remains(report)
    if not left:
        return
    yield "### If each image meets the attack that is worst for it"
    yield ""
    yield f"Attacks on encoders and on the systems themselves together, on {escaped(view.task_names(left[0].tasks))}."
    yield ""
    yield from _table(
        ("Defence", "Clean", "Right under every attack", "Wrong and not flagged under at least one"),
        (
            (view.defence_name(line.defence), in_text(line.clean), in_text(line.accuracy), in_text(line.evaded))
            for line in left
        ),
    )


def _detection(report: AuditReport, view: View) -> Iterator[str]:
    if not report.detection:
        return
    yield "### Detection"
    yield ""
    yield "Thresholds come from calibration images, rates from test images. An area of 0.5 is chance."
    yield ""
    yield from _table(
        ("Task, attack", "AUROC", "False alarms", "Caught"),
        (
            (
                f"{view.task_name(found.task)}, {view.attack_name(found.attack)}",
                area_in_text(found.auroc),
                in_text(found.achieved_fpr),
                in_text(found.tpr),
            )
            for found in report.detection
        ),
    )


def _gaps(report: AuditReport) -> Iterator[str]:
    yield "### What this audit does not show"
    yield ""
    yield from _items(report.not_shown)


def _catalogues(report: AuditReport) -> Iterator[str]:
    yield "### In the catalogues"
    yield ""
    for name in CATALOGUES:
        mine = [entry for entry in catalogue_entries(report) if entry.catalogue == name and entry.fit != "not"]
        named = (
            f"{entry.id} {entry.name}".strip() + (" (loosely)" if entry.fit == "loosely" else "") for entry in mine
        )
        yield f"- {escaped(name)}: {escaped('; '.join(named))}"
    yield ""


def _source(report: AuditReport) -> Iterator[str]:
    tool = " ".join(report.tool.values())
    yield (
        f"Measured by {escaped(tool)} on {escaped(moment(report.created_utc))}, {escaped(report.plan.preset)} preset,"
        f" seed {report.plan.seed}; SHA-256 of the encoder `{_code(report.subject.sha256)}`."
        f" Every number stands in report.json, schema {escaped(report.schema_version)}."
    )


def _items(sentences: Iterable[str]) -> Iterator[str]:
    yielded = False
    for sentence in sentences:
        yielded = True
        yield f"- {escaped(sentence)}"
    if yielded:
        yield ""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A pipe table; every cell is escaped here and nowhere before."""
    names = [escaped(name) for name in head]
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(escaped(cell) for cell in row)} |"
    yield ""


def _code(text: str) -> str:
    return re.sub(r"[^0-9a-zA-Z]", "", text) or "not recorded"
