"""How a number was measured, in lines anybody can check and repeat. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zepad_app.results.wording import rate_hint
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What was measured, the number itself, (name, value) lines, and the command that measures it again."""

    what: str
    number: str
    lines: tuple[tuple[str, str], ...]
    command: str

    def as_text(self) -> str:
        """The whole recipe as plain text."""
        told = [self.what, *([self.number] if self.number else [])]
        return "\n".join([*told, *(f"{name}: {value}" for name, value in self.lines), self.command])


def recipe_of(report: AuditReport, folder: Path, what: str, rate: Rate | None) -> Recipe:
    """The recipe of a number of a report whose run lies in ``folder``."""
    plan = report.plan
    return Recipe(
        what=what,
        number=rate_hint(rate) + "." if rate is not None else "",
        lines=(
            ("Plan", f"{plan.preset} preset, {plan.mode} mode, budget {plan.epsilon_255:g}/255, seed {plan.seed}"),
            ("Encoder", f"{report.subject.name}, sha256 {report.subject.sha256[:12]}…"),
            ("Images", _images(report)),
            ("Computed on", _device(report)),
            ("Versions", _versions(report)),
            ("When", f"{report.created_utc[:16].replace('T', ' ')} UTC"),
        ),
        command=f'python main.py audit --plan "{folder / "plan.json"}" --out runs/again',
    )


def _images(report: AuditReport) -> str:
    most = report.plan.heads.test_images
    return f"at most {most:,} test images per task, never used for training or thresholds"


def _device(report: AuditReport) -> str:
    found = report.execution
    if found is None:
        return report.environment.get("device", "not told by this older report")
    plural = "worker" if found.workers == 1 else "workers"
    return f"{found.device}, {found.workers} {plural}, {found.arithmetic} arithmetic, scored in {found.scoring}"


def _versions(report: AuditReport) -> str:
    known = {report.tool.get("name", "ZePAD"): report.tool.get("version", "")}
    known |= {name: report.environment[name] for name in ("torch", "numpy", "python") if name in report.environment}
    return ", ".join(f"{name} {version}" for name, version in known.items())
