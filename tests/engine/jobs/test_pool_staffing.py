"""How many workers, and where each of them works."""

from __future__ import annotations

import os

import pytest

from zepad_engine.capacity import GIB, usable_cores
from zepad_engine.jobs.staffing import Machine, posts_of, this_machine, with_gpus
from zepad_engine.plan import AuditPlan

ROOMY = 512 * GIB


def count(machine, *, window=False, **changes):
    posts = posts_of(AuditPlan(**changes), machine, window=window)
    assert set(posts) == {""}
    return len(posts)


@pytest.mark.parametrize(("cores", "headless", "under_a_window"), [(1, 1, 1), (2, 2, 2), (3, 3, 2), (16, 16, 15)])
def test_a_worker_for_each_core_and_a_core_for_the_window(cores, headless, under_a_window):
    machine = Machine(cores=cores, memory=ROOMY)
    assert count(machine) == headless
    assert count(machine, window=True) == under_a_window


def test_no_more_than_the_memory_feeds_nor_than_an_audit_has_jobs():
    assert count(Machine(cores=16, memory=5 * GIB + 1)) == 5
    assert count(Machine(cores=16, memory=GIB // 2)) == 1
    assert count(Machine(cores=128, memory=ROOMY)) == 32
    assert count(Machine(cores=16)) == 16


def test_workers_of_several_threads_are_fewer():
    assert count(Machine(cores=16, memory=ROOMY), threads=4) == 4
    assert count(Machine(cores=2, memory=ROOMY), threads=8) == 1


def test_the_plan_has_the_last_word():
    machine = Machine(cores=2, memory=GIB, gpus=("0", "1"))
    assert posts_of(AuditPlan(workers=3), machine, window=True) == ("0", "1", "0")
    assert count(machine, workers=5, device="cpu", window=True) == 5


@pytest.mark.parametrize(
    ("device", "gpus", "posts"),
    [
        ("auto", ("0", "1", "2"), ("0", "1", "2")),
        ("cuda", ("4", "7"), ("4", "7")),
        # The only GPU needs no name, and a plan that names one must find it under that number.
        ("auto", ("0",), ("",)),
        ("cuda:1", ("0", "1"), ("",)),
        ("cpu", ("0", "1", "2"), ("",) * 8),
        ("auto", (), ("",) * 8),
    ],
)
def test_a_worker_for_each_gpu(device, gpus, posts):
    machine = Machine(cores=8, memory=ROOMY, gpus=gpus)
    assert posts_of(AuditPlan(device=device), machine, window=False) == posts


@pytest.mark.parametrize(
    ("visible", "told", "gpus"),
    [
        (None, {"kind": "cuda", "devices": 2}, ("0", "1")),
        ("3, 5", {"kind": "cuda", "devices": 2}, ("3", "5")),
        ("GPU-aa,GPU-bb", {"kind": "cuda", "devices": 1}, ("GPU-aa",)),
        ("", {"kind": "cpu", "devices": 0}, ()),
        (None, {"kind": "cpu", "devices": 0}, ()),
    ],
)
def test_gpus_keep_the_names_their_user_gave(monkeypatch, visible, told, gpus):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert with_gpus(Machine(cores=2), told).gpus == gpus


def test_this_machine_is_seen():
    machine = this_machine()
    assert 1 <= machine.cores <= (os.cpu_count() or 1)
    assert machine.gpus == ()


def test_cores_are_those_of_the_container(tmp_path):
    whole = usable_cores(tmp_path)
    assert 1 <= whole <= (os.cpu_count() or 1)
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    for said, cores in (("max 100000", whole), ("100000 100000", 1), ("50000 100000", 1), ("9900000 100000", whole)):
        (group / "cpu.max").write_text(f"{said}\n")
        assert usable_cores(tmp_path) == cores
