"""Reports in which every free text carries something of a stranger's."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import msgspec

from zepad_engine.findings import AuditReport


def lean(report: AuditReport) -> AuditReport:
    """The report with one of everything: all its texts, a fraction of its numbers."""
    shortened = {
        name: getattr(report, name)[:1]
        for name in report.__struct_fields__
        if isinstance(getattr(report, name), tuple) and name not in ("cells", "averages")
    }
    attack = report.attacks[0].key
    return msgspec.structs.replace(
        report,
        **shortened,
        cells=tuple(cell for cell in report.cells if cell.attack in ("none", attack))[:4],
        averages=tuple(average for average in report.averages if average.attack in ("none", attack))[:6],
    )


def everywhere(report: AuditReport, text: str, *, before: bool = False) -> AuditReport:
    """The report with ``text`` after (or before) every free text, save the names of its pictures."""
    changed = tainted(report, AuditReport, text, before=before)
    attacks = zip(changed.attacks, report.attacks, strict=True)
    examples = zip(changed.examples, report.examples, strict=True)
    maps = zip(changed.attributions, report.attributions, strict=True)
    return msgspec.structs.replace(
        changed,
        attacks=tuple(msgspec.structs.replace(new, preview=old.preview) for new, old in attacks),
        examples=tuple(msgspec.structs.replace(new, file=old.file) for new, old in examples),
        attributions=tuple(msgspec.structs.replace(new, file=old.file) for new, old in maps),
    )


def tainted(value: Any, hint: Any, text: str, *, before: bool = False) -> Any:
    """``value`` with ``text`` after (or before) each string its types leave free."""
    if hint is str:
        return f"{text}{value}" if before else f"{value}{text}"
    if isinstance(value, msgspec.Struct):
        hints = get_type_hints(type(value))
        return msgspec.structs.replace(
            value,
            **{
                name: tainted(getattr(value, name), hints[name], text, before=before)
                for name in value.__struct_fields__
            },
        )
    if isinstance(value, tuple):
        return tuple(tainted(item, get_args(hint)[0], text, before=before) for item in value)
    if isinstance(value, dict):
        return {key: tainted(item, get_args(hint)[1], text, before=before) for key, item in value.items()}
    return value
