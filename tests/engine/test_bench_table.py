"""The benchmark's own arithmetic, and its honesty: the plain loops compute what the engine computes."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.bench import row_crafting, row_growth, row_soak, row_tuning, subjects
from tests.bench.contest import Contest, Result, Side
from tests.bench.release_style.loops import plain_pgd
from tests.bench.row_audit import release_seconds
from tests.bench.table import REQUIRED, check, entries, markdown, merged, ratio_of, write_json
from tests.support.tiny import tiny_encoder, tiny_images, tiny_labelled, tiny_pictures
from zepad_engine.execution.execution import EXACT
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.training.head import Head
from zepad_engine.training.pgd import Pgd

STORED = Path(__file__).parents[1] / "bench" / "results.json"


def side(name):
    return Side(name=name, make="nowhere:nothing", settings={})


def contest(**more):
    return Contest(row="a row", unit="images/s", ours=(side("fast"), side("exact")), peers=(side("peer"),), **more)


def result(seconds, items=10.0):
    return Result(items=[items] * len(seconds), seconds=seconds, anonymous_mib=100.0, quality={"CE": 1.0})


RESULTS = [result([1.0, 4.0, 2.0]), result([4.0, 4.0, 4.0]), result([6.0, 4.0, 8.0])]


def test_the_ratio_is_the_median_of_the_rounds_ratios():
    fast, exact = entries(contest(), RESULTS)
    # 6/1, 4/4, 8/2: the median is 4, where the ratio of the medians would be 3.
    assert fast["ratio"] == 4.0
    assert (fast["ours"], fast["peer"], fast["rounds"]) == (5.0, 1.667, 3)
    # 6/4, 4/4, 8/4.
    assert exact["ratio"] == 1.5
    assert ratio_of([1.0, 10.0, 1.0], [2.0, 5.0, 1.0], lower_is_better=False) == 1.0


def test_a_latency_is_better_when_it_is_smaller():
    (fast, _) = entries(contest(time_of=1000.0), RESULTS)
    assert (fast["ours"], fast["peer"]) == (200.0, 600.0)
    assert fast["ratio"] == 4.0


def test_entries_hold_what_the_results_must_and_a_wrong_ratio_is_refused(tmp_path):
    found = [{**entry, "group": "pgd"} for entry in entries(contest(), RESULTS)]
    write_json(found, tmp_path / "results.json")
    stored = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [set(REQUIRED) - set(entry) for entry in stored] == [set(), set()]
    assert "| a row: fast | peer | 5 | 1.67 | images/s | 4.00 | 3 | 100 / 100 | CE 1 / CE 1 |" in markdown(stored)
    with pytest.raises(ValueError, match="4.000"):
        check({**stored[0], "ratio": 4.2})
    with pytest.raises(ValueError, match="lacks unit"):
        check({name: stored[0][name] for name in REQUIRED if name != "unit"})


@pytest.mark.skipif(not STORED.exists(), reason="the benchmark has not been run here")
def test_the_stored_results_are_sound():
    found = json.loads(STORED.read_text(encoding="utf-8"))
    assert found
    for entry in found:
        check(entry)


def test_measured_groups_replace_their_older_selves_only():
    old = [{"group": "pgd", "row": "old"}, {"group": "heads", "row": "kept"}]
    new = [{"group": "pgd", "row": "new"}]
    assert [entry["row"] for entry in merged(old, new, ("pgd", "heads"))] == ["new", "kept"]


def test_growth_is_the_slope_of_logarithms():
    assert row_growth.slope([1, 2, 4, 8], [3, 6, 12, 24]) == pytest.approx(1.0)
    assert row_growth.slope([1, 4, 16], [5, 10, 20]) == pytest.approx(0.5)


def test_growth_while_inspecting_leaves_out_the_minutes_that_fill_caches():
    sizes = [(100.0, 900.0), (120.0, 1000.0), (121.0, 1000.0), (122.0, 1000.0)]
    told = [
        {"minutes": 5.0 * place, "window": window, "engine": engine, "done": {"pictures": 95 * place}}
        for place, (window, engine) in enumerate(sizes)
    ]
    found = {row["row"]: row for row in row_soak.rows_of(told)}
    assert found["Memory of the window after half an hour of inspecting"]["ours"] == 122.0
    assert found["Growth of the window while inspecting"]["ours"] == 0.2
    assert found["Growth of its engine while inspecting"]["ours"] == 0.0
    assert (
        "285 pictures; 100, 120, 121, 122 MB" in found["Memory of the window after half an hour of inspecting"]["note"]
    )


def test_the_releases_seconds_are_told_for_all_branches_and_for_a_quiet_machine():
    told = {
        "seconds": {"tune": 100.0, "heads": 90.0},
        "quiet_seconds": {"tune": None, "heads": 60.0},
        "branches": ["victim", "benign"],
        "complete": True,
    }
    seconds, note = release_seconds(told)
    assert seconds == pytest.approx(100.0 + 3 * 60.0)
    assert "disturbed by others: tune" in note
    assert "2 of 6" in note


def test_plain_pgd_is_our_pgd():
    torch.manual_seed(0)
    model, data = nn.Sequential(tiny_encoder(1), Head(64, 3)).eval(), tiny_labelled(12)
    images, labels = tiny_images(12), data.labels
    pgd = Pgd(epsilon=8 / 255, step=2 / 255, steps=10)
    ours = pgd(EXACT.for_attack(model), images, labels, torch.Generator().manual_seed(0))
    plain = plain_pgd(model, images, labels, 8 / 255, 2 / 255, 10, torch.Generator().manual_seed(0))
    assert subjects.tell(model, ours, labels)["CE"] > subjects.tell(model, images, labels)["CE"] + 0.02
    torch.testing.assert_close(ours, plain, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "settings",
    [
        {
            "key": "advencoder_per",
            "values": {"latents": 4, "divisor": 32, "rate": 1e-3, "batch": 8, "steps": 4},
        },
        {"key": "l4a_base", "values": {"steps": 5, "batch": 8, "stage": 0, "step_size": 2e-3}},
        {"key": "ssp", "values": {"steps": 5, "batch": 8, "stage": 2, "step_size": 2e-3}},
    ],
    ids=lambda settings: settings["key"],
)
def test_plain_crafting_is_our_crafting(settings):
    encoder, pictures = tiny_encoder(1), tiny_pictures(20)[0]
    bank = ImageBank(pictures, EXACT)
    before, stepping, ours = row_crafting.engine_craft(settings, EXACT.for_attack(encoder), bank, 3)
    plain = row_crafting.plain_craft(settings, encoder, tiny_images(20), 3)
    assert before > 0
    assert stepping > 0
    assert float(ours.abs().max()) > 1e-4
    torch.testing.assert_close(ours, plain, atol=1e-5, rtol=0)


def test_the_plain_tuning_step_is_our_tuning_step():
    encoder = tiny_encoder(1)
    torch.manual_seed(0)
    pictures, labels = tiny_pictures(24)
    start = row_tuning.Start(encoder, Head(64, 3), subjects.Drawn(pictures, labels, 3), batch=8)
    before = copy.deepcopy(encoder.state_dict())
    found = []
    for steps in (row_tuning.OurSteps(start, EXACT), row_tuning.PlainSteps(start)):
        torch.manual_seed(start.seed)
        found.append(steps())
    ours, plain = found
    assert ours == pytest.approx(plain, rel=1e-5)
    assert ours[0] > 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())
