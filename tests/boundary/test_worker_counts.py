"""The numbers depend neither on how many workers there are nor on the order they take the jobs in."""

from __future__ import annotations

import pytest

from tests.support.finished import without_times
from tests.support.worker_pipes import closed_pipes
from zepad_engine.audit import run_audit
from zepad_engine.jobs.pool import WorkerPool

pytestmark = pytest.mark.slow


def test_one_worker_finds_what_two_have_found(finished, tmp_path):
    assert finished.plan.workers == 2
    assert finished.report.execution.workers == 2
    folder = tmp_path / "alone"
    with closed_pipes():
        pool = WorkerPool(1)
        try:
            run_audit(finished.plan, folder, lambda _event: None, lambda: False, pool=pool)
        finally:
            pool.kill()
    alone, together = without_times(folder), without_times(finished.folder)
    assert alone["execution"].pop("workers") == 1
    assert together["execution"].pop("workers") == 2
    assert alone == together
    compared = 0
    for part in ("attacks", "encoders", "heads", "logits"):
        for path in sorted((finished.folder / part).rglob("*.safetensors")):
            assert path.read_bytes() == (folder / path.relative_to(finished.folder)).read_bytes(), path.name
            compared += 1
    assert compared >= 20
