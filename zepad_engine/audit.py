"""One audit from plan to report: the whole story, no maths. Directs worker processes and never loads torch itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from zepad_engine.assembly import assemble
from zepad_engine.catalogue import Catalogue
from zepad_engine.errors import BadPlan
from zepad_engine.findings import Cell, report_to_json
from zepad_engine.jobs.freezing import CAN_FREEZE
from zepad_engine.jobs.graph import STAGES, audit_jobs
from zepad_engine.jobs.job import Advanced, Done, Job, Line, Outcome, Pictured, Plotted
from zepad_engine.jobs.pool import WorkerPool
from zepad_engine.jobs.staffing import posts_of, this_machine, with_gpus
from zepad_engine.jobs.subjects import subjects, told_of
from zepad_engine.messages import Continued, Event, Found, Measured, Paused, Previewed, Progressed, StageInfo, Started
from zepad_engine.plan import AuditPlan, OfficialSwitches
from zepad_engine.plan_checks import require_sound
from zepad_engine.report.html import render_html
from zepad_engine.run_folder import RunFolder
from zepad_engine.storage import write_bytes
from zepad_engine.working_time import WorkingTime

Emit: TypeAlias = Callable[[Event], None]

_PERIOD = 0.1
_REPORT_SHARE = 0.01


def run_audit(
    plan: AuditPlan,
    folder: Path,
    emit: Emit,
    cancelled: Callable[[], bool],
    *,
    held: Callable[[], bool] = lambda: False,
    pool: WorkerPool | None = None,
    catalogue: Catalogue | None = None,
    name: str = "",
) -> Path:
    """Run a plan, or go on with it, in ``folder``; gives back the path of ``report.json``.

    ``pool``, staffed for this plan, and ``catalogue`` are made here where the caller has none; a pool made here has a
    worker for each core or GPU. Nothing moves while it is ``held``. Events carry ``name``, or the folder's own.

    Raises:
        BadPlan: the plan contradicts itself, or the folder holds another one.
        Cancelled: the user stopped; finished jobs are kept.
        AuditError: bad input, a full disk, or a worker that died; finished jobs are kept.
    """
    plan = resolved(plan)
    require_sound(plan)
    run = RunFolder(folder)
    workers = pool or WorkerPool()
    try:
        if pool is None:
            catalogue = _staff(workers, plan)
        catalogue = catalogue or engine_catalogue(workers)
        jobs = audit_jobs(plan, catalogue)
        run.claim(plan)
        story = _Story(run, jobs, emit, name or folder.name, subjects(jobs, catalogue))
        outcomes = story.carry_out(workers, plan, cancelled, held)
    finally:
        if pool is None:
            workers.kill()
    return _write_report(plan, run, {job.key: outcomes[job.key] for job in jobs}, story, workers.size)


def engine_description(pool: WorkerPool) -> dict[str, Any]:
    """What the engine is and can do, asked of a worker: the director loads no torch."""
    return pool.run([Job(key="describe", kind="describe")])["describe"].outcome


def engine_catalogue(pool: WorkerPool) -> Catalogue:
    """What a plan may name."""
    return msgspec.convert(engine_description(pool)["catalogue"], Catalogue)


def _staff(pool: WorkerPool, plan: AuditPlan) -> Catalogue:
    """Give a pool without a window the workers for a plan."""
    machine = this_machine()
    told = engine_description(pool)
    pool.employ(posts_of(plan, with_gpus(machine, told), window=False))
    return msgspec.convert(told["catalogue"], Catalogue)


def resolved(plan: AuditPlan) -> AuditPlan:
    """The plan with what its mode implies: ``official`` turns every switch on unless some were set by hand."""
    if plan.mode == "official" and plan.switches == OfficialSwitches():
        return msgspec.structs.replace(plan, switches=OfficialSwitches.all_on())
    if plan.mode == "corrected" and plan.switches != OfficialSwitches():
        raise BadPlan("The plan sets official switches in corrected mode.", "Choose the official mode, or unset them.")
    return plan


def _write_report(plan: AuditPlan, run: RunFolder, outcomes: dict[str, Outcome], story: _Story, workers: int) -> Path:
    report = assemble(plan, run, outcomes, story.stage_seconds(outcomes), workers)
    # The page first: report.json is what says that the audit is complete.
    write_bytes(run.page, render_html(report, run.root).encode())
    write_bytes(run.report, report_to_json(report))
    return run.report


class _Story:
    """Turns the lines of workers into events of the audit."""

    def __init__(self, run: RunFolder, jobs: tuple[Job, ...], emit: Emit, name: str, about: dict[str, str]) -> None:
        self._run = run
        self._jobs = jobs
        self._emit = emit
        self._name = name
        self._about = about
        self._stages = {key: title for key, title in STAGES.items() if any(job.stage == key for job in jobs)}
        self._done = {job.key: 0.0 for job in jobs}
        self._clock = WorkingTime()
        self._started = self._clock.seconds()
        self._begun: dict[str, float] = {}
        self._told = 0.0
        self._resumed = 0.0
        self._announce()

    def _announce(self) -> None:
        total = sum(job.cost for job in self._jobs)
        stages = tuple(
            StageInfo(key=key, name=name, share=sum(job.cost for job in self._jobs if job.stage == key) / total)
            for key, name in self._stages.items()
        )
        self._emit(Started(run=self._name, folder=str(self._run.root), stages=stages))

    def carry_out(
        self, workers: WorkerPool, plan: AuditPlan, cancelled: Callable[[], bool], held: Callable[[], bool]
    ) -> dict[str, Outcome]:
        """Do the jobs that are left; gives back the outcomes of all, those of an earlier sitting too."""
        done = self.already_done()
        return done | workers.run(
            [job for job in self._jobs if job.key not in done],
            plan=plan,
            folder=self._run.root,
            on_line=self.tell,
            cancelled=cancelled,
            held=held,
            on_held=self.hold,
        )

    def already_done(self) -> dict[str, Outcome]:
        """The outcomes an earlier sitting stored; their cells are told again."""
        found = {}
        for job in self._jobs:
            path = self._run.outcome(job.key)
            if path.exists():
                found[job.key] = msgspec.json.decode(path.read_bytes(), type=Outcome)
                self._done[job.key] = 1.0
                self._tell_cells(found[job.key])
        self._resumed = self._whole()
        for stage in self._stages:
            self._tell_stage(stage, "kept from before" if self._stage_done(stage) == 1.0 else "")
        return found

    def tell(self, job: Job, line: Line) -> None:
        """One line of a worker."""
        self._begun.setdefault(job.stage, self._clock.seconds())
        if isinstance(line, Advanced):
            self._done[job.key] = line.done
            # The first word of a job, or of its second try, is never dropped.
            note = told_of(self._about.get(job.key, ""), line.note)
            self._tell_stage(job.stage, note, throttled=line.done > 0)
        elif isinstance(line, Plotted):
            points = {name: tuple((step, value) for step, value in new) for name, new in line.points.items()}
            self._emit(Measured(run=self._name, points=points))
        elif isinstance(line, Pictured):
            self._emit(Previewed(run=self._name, key=line.name, caption=line.caption, path=line.path))
        elif isinstance(line, Done):
            self._done[job.key] = 1.0
            self._tell_stage(job.stage, "")
            self._tell_cells(Outcome(seconds=line.seconds, outcome=line.outcome))

    def hold(self, held: bool) -> None:
        """The audit is held, or goes on; what it has taken so far does not grow meanwhile."""
        if held:
            self._clock.pause()
            self._emit(Paused(run=self._name, frozen=CAN_FREEZE))
        else:
            self._clock.go_on()
            self._emit(Continued(run=self._name))

    def stage_seconds(self, outcomes: dict[str, Outcome]) -> dict[str, float]:
        """Seconds of work per stage, summed over its jobs, and of the whole as the clock went."""
        work = {
            stage: round(sum(outcomes[job.key].seconds for job in self._jobs if job.stage == stage), 3)
            for stage in self._stages
        }
        return {**work, "wall": round(self._clock.seconds() - self._started, 3)}

    def _tell_cells(self, outcome: Outcome) -> None:
        cells = outcome.outcome.get("cells")
        if cells:
            self._emit(Found(run=self._name, cells=tuple(msgspec.convert(cells, list[Cell]))))

    def _tell_stage(self, stage: str, note: str, *, throttled: bool = False) -> None:
        now = self._clock.seconds()
        if throttled and now - self._told < _PERIOD:
            return
        self._told = now
        elapsed, whole = now - self._started, self._whole()
        begun = self._begun.get(stage, now)
        self._emit(
            Progressed(
                run=self._name,
                stage=stage,
                done=self._stage_done(stage),
                whole=whole,
                elapsed=elapsed,
                remaining=self._remaining(elapsed, whole),
                seconds=now - begun,
                note=note,
            )
        )

    def _remaining(self, elapsed: float, whole: float) -> float | None:
        gained = whole - self._resumed
        return elapsed * (1 - whole) / gained if gained > 0.02 else None

    def _stage_done(self, stage: str) -> float:
        jobs = [job for job in self._jobs if job.stage == stage]
        cost = sum(job.cost for job in jobs)
        return min(1.0, sum(job.cost * self._done[job.key] for job in jobs) / cost)

    def _whole(self) -> float:
        cost = sum(job.cost for job in self._jobs)
        return (1 - _REPORT_SHARE) * sum(job.cost * self._done[job.key] for job in self._jobs) / cost
