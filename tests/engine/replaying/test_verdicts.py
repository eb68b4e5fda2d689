"""A verdict for every number and file of an audit run again."""

from __future__ import annotations

import math
from collections import Counter

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save

from tests.support.report_builder import report_with
from tests.support.sample_rates import rate
from zepad_engine.plan import AuditPlan, set_name
from zepad_engine.replaying.tensors import file_verdicts
from zepad_engine.replaying.verdicts import verdicts
from zepad_engine.report.measured import measured_rows


def counted(before, now, tables=None) -> Counter[str]:
    return Counter(each.verdict for each in verdicts(before, now, tables))


def test_the_same_report_is_equal_in_every_number():
    report = report_with()
    rows = len(list(measured_rows(report)))
    assert counted(report, report) == {"equal": rows}
    assert rows > 800


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.6, "equal"), (0.63, "within"), (0.57, "within"), (0.66, "different")]
)
def test_a_rate_is_judged_by_its_own_interval(value, verdict):
    # 300 of 500: interval 55.6 to 64.2.
    cell = msgspec.structs.replace(report_with().cells[0], ba=rate(0.6, 500))
    before, now = (report_with(cells=(msgspec.structs.replace(cell, ba=rate(v, 500)),)) for v in (0.6, value))
    (found,) = verdicts(before, now, {"cells"})
    assert (found.verdict, found.before, found.now) == (verdict, 0.6, value)
    assert found.place == "cells / ba / undefended / none / emoji / epsilon_255 0"


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.0, "equal"), (1.04, "within"), (1.06, "different"), (math.nan, "different")]
)
def test_a_number_without_an_interval_has_five_per_cent(factor, verdict):
    attack = report_with().attacks[0]
    now = msgspec.structs.replace(attack, linf_255=attack.linf_255 * factor)
    found = {
        v.place.split(" / ")[1]: v.verdict
        for v in verdicts(report_with(attacks=(attack,)), report_with(attacks=(now,)), {"attacks"})
    }
    assert found == {"linf_255": verdict, "saturated": "equal", "steps": "equal"}


def test_what_did_not_come_out_again_is_missing():
    report = report_with()
    assert counted(report, report_with(sweeps=()), {"sweeps"}) == {"missing": sum(len(s.points) for s in report.sweeps)}


def test_the_same_set_from_another_place_is_the_same_set():
    here, there = "/home/zz_a/signs.zip", "/srv/signs.zip"
    plans = [AuditPlan(local_set="sample:emoji", tasks=(place,)) for place in (here, there)]
    cell = report_with().cells[0]
    reports = [
        report_with(plan=plan, cells=(msgspec.structs.replace(cell, task=set_name(plan.tasks[0])),)) for plan in plans
    ]
    assert counted(*reports, {"cells"}) == {"equal": 1}


def test_files_are_judged_by_their_bytes_then_by_their_values(tmp_path):
    values = np.array([1.0, -2.0, 0.5], dtype=np.float32)
    made = {
        "same": (save({"a": values}), save({"a": values})),
        "close": (save({"a": values}), save({"a": values * np.float32(1.01)})),
        "far": (save({"a": values}), save({"a": values + 1})),
        "shape": (save({"a": values}), save({"a": values[:2]})),
        "names": (save({"a": values}), save({"b": values})),
        "spoilt": (save({"a": values}), b"no tensors"),
        "gone": (save({"a": values}), None),
    }
    for name, (before, now) in made.items():
        for side, content in (("before", before), ("now", now)):
            (tmp_path / side).mkdir(exist_ok=True)
            if content is not None:
                (tmp_path / side / f"{name}.safetensors").write_bytes(content)
    found = {
        each.name.removesuffix(".safetensors"): each for each in file_verdicts(tmp_path / "before", tmp_path / "now")
    }
    assert {name: each.verdict for name, each in found.items()} == {
        "same": "equal",
        "close": "within",
        "far": "different",
        "shape": "different",
        "names": "different",
        "spoilt": "different",
        "gone": "missing",
    }
    assert found["close"].apart == pytest.approx(0.01, rel=1e-3)
    assert found["far"].apart == pytest.approx(0.5)
