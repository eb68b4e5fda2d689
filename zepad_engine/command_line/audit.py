"""``audit``: run a whole audit and write its report."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from zepad_engine.command_line.gate_flags import add_gate_flags, bounds_of, pass_gate
from zepad_engine.command_line.guarding import STOPPED, say
from zepad_engine.command_line.out_folder import new_run_folder, require_usable
from zepad_engine.command_line.planning import plan_from_flags
from zepad_engine.command_line.saying import add_saying_flags
from zepad_engine.command_line.stopping import Stopping
from zepad_engine.command_line.terminal import TerminalProgress
from zepad_engine.errors import Cancelled, EngineTrouble
from zepad_engine.findings import AuditReport, report_from_json
from zepad_engine.gating import Bound
from zepad_engine.messages import Event, encode
from zepad_engine.plan import Arithmetic, AuditPlan, Mode
from zepad_engine.presets import PRESETS

BENIGN_SOURCES = ("scratch", "auxiliary", "victim")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb; a flag that is not given leaves the plan as it is."""
    subject = parser.add_argument_group("what to audit (one of these)")
    subject.add_argument("encoder", nargs="?", help="encoder file, or sample:<name>")
    subject.add_argument("--demo", action="store_true", help="the bundled sample encoder on the bundled images")
    subject.add_argument("--plan", type=Path, metavar="FILE", help="a stored plan; other flags change it")
    _add_plan_flags(parser.add_argument_group("the plan"))
    add_saying_flags(parser)
    where = parser.add_argument_group("where and how")
    where.add_argument("--out", type=Path, metavar="DIR", help="run folder; the same plan in it is resumed")
    _add_execution_flags(where)
    add_gate_flags(parser)
    where.add_argument("--quiet", action="store_true", help="no progress")
    where.add_argument("--json-progress", action="store_true", help="events as JSON lines on stdout, and nothing else")
    parser.set_defaults(complain=parser.error)


def _add_execution_flags(how: argparse._ArgumentGroup) -> None:
    how.add_argument("--device", help="auto (default: a GPU if there is one), cpu, cuda or cuda:N")
    exact = "exact: float32 throughout, the reference, 2 to 3 times slower; fast (default): bfloat16 where it pays"
    how.add_argument("--arithmetic", choices=get_args(Arithmetic), help=exact)
    how.add_argument("--workers", type=int, metavar="N", help="worker processes; 0 (default) = one per core or GPU")
    how.add_argument("--threads", type=int, metavar="N", help="torch threads of each worker (default 1)")
    how.add_argument("--batch", type=int, metavar="N", help="images per pass outside training; 0 (default) = automatic")


def _add_plan_flags(plan: argparse._ArgumentGroup) -> None:
    plan.add_argument("--preset", choices=PRESETS, help="quick, standard (default) or paper (wants a GPU)")
    plan.add_argument("--eps", type=float, metavar="N", help="L-inf budget of every attack in n/255 (default 10)")
    plan.add_argument("--seed", type=int, metavar="N", help="decides every random draw (default 0)")
    plan.add_argument("--mode", choices=get_args(Mode), help="official repeats the faults of the paper's release")
    images = "sample:<name>, folder or zip with one folder per class"
    plan.add_argument("--tasks", nargs="+", metavar="SET", help=f"downstream tasks: {images}")
    plan.add_argument("--local", metavar="SET", help="the defender's labelled images")
    plan.add_argument("--surrogate", metavar="SET", help="the attacker's images, labels unused")
    plan.add_argument("--auxiliary", metavar="FILE", help="a second encoder, trained in another way")
    plan.add_argument("--attacks", nargs="+", metavar="KEY", help="see the verb catalogue")
    plan.add_argument(
        "--perturbation",
        nargs="+",
        metavar="FILE",
        help="perturbations made elsewhere: .npy .npz .png .safetensors .pt",
    )
    plan.add_argument(
        "--adaptive", nargs="+", metavar="KEY", help="attacks on the defended systems, or none; see the verb catalogue"
    )
    plan.add_argument("--adaptive-images", type=int, metavar="N", help="test images they are tried on, per task")
    plan.add_argument("--adaptive-on", nargs="+", metavar="DEFENCE", help="the defences they are aimed at")
    plan.add_argument(
        "--curve",
        type=float,
        nargs="*",
        metavar="N",
        help="craft the universal attacks anew at these budgets, n/255 (without any: 2 4 8 16 32 64; 0: none)",
    )
    plan.add_argument("--curve-of", nargs="+", metavar="KEY", help="which attacks (default advencoder_per sign_noise)")
    plan.add_argument("--defences", nargs="+", metavar="KEY", help="see the verb catalogue")
    plan.add_argument("--benign", choices=BENIGN_SOURCES, help="where the benign encoder starts from (default scratch)")


def run(flags: argparse.Namespace) -> int:
    """Run the audit; the exit code."""
    if (flags.encoder is not None) + flags.demo + (flags.plan is not None) != 1:
        flags.complain("name one of: an encoder file, --demo, --plan FILE (see --help)")
    bounds = bounds_of(flags)
    from zepad_engine.audit import resolved
    from zepad_engine.describe import describe

    plan = resolved(plan_from_flags(flags, describe()))
    folder = (flags.out or new_run_folder(plan)).expanduser().resolve()
    require_usable(folder, plan)
    return _run(plan, folder, flags, bounds)


def _run(plan: AuditPlan, folder: Path, flags: argparse.Namespace, bounds: tuple[Bound, ...]) -> int:
    progress = TerminalProgress(sys.stderr)
    emit = _write_event if flags.json_progress else _ignore if flags.quiet else progress
    try:
        path = _until_stopped(plan, folder, emit)
    except (Cancelled, KeyboardInterrupt):
        progress.end()
        say("Stopped; what was finished is stored.", f"Resume: {_resume_command(folder)}")
        return STOPPED
    finally:
        progress.end()
    report = report_from_json(path.read_bytes())
    if not flags.json_progress:
        sys.stdout.write(_closing(report, path))
    return pass_gate(report, bounds, flags.junit, quiet=flags.json_progress)


def _until_stopped(plan: AuditPlan, folder: Path, emit: Callable[[Event], None]) -> Path:
    from zepad_engine.audit import run_audit

    with Stopping() as stopping:
        try:
            return run_audit(plan, folder, emit, lambda: stopping.asked)
        except EngineTrouble as trouble:
            # A terminal sends Ctrl+C to the workers too; their deaths may be noticed before the wish is.
            if stopping.asked:
                raise Cancelled from trouble
            raise


def _resume_command(folder: Path) -> str:
    return shlex.join(["python", "main.py", "audit", "--plan", str(folder / "plan.json"), "--out", str(folder)])


def _closing(report: AuditReport, path: Path) -> str:
    summary = report.summary
    places = f"Report:  {path.with_suffix('.html')}\nNumbers: {path}\n"
    return f"{summary.verdict}\n{summary.detail}\n{summary.limits}\n{places}"


def _write_event(event: Event) -> None:
    sys.stdout.write(encode(event).decode("utf-8"))
    sys.stdout.flush()


def _ignore(_event: Event) -> None:
    pass
