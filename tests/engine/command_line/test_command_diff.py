"""``diff``: exit codes a script can rely on, and a table a person can read."""

from __future__ import annotations

import json
import tempfile

import msgspec
import pytest

from tests.support.audit_pair import flags, picture_digests, small_report, store_audit
from tests.support.sample_report import sample_report
from zepad_engine.bundle.packing import pack
from zepad_engine.command_line import main
from zepad_engine.comparison import comparison_from_json
from zepad_engine.per_image import PerImage

replace = msgspec.structs.replace


@pytest.fixture
def runs(tmp_path):
    report = sample_report()
    store_audit(tmp_path / "a", report)
    store_audit(tmp_path / "same", replace(report, run="same", timings={"wall": 1.0}))
    cells = tuple(
        replace(cell, ra=replace(cell.ra, value=0.1, low=0.08, high=0.12))
        if cell.defence == "zepad" and cell.attack == "advencoder_per"
        else cell
        for cell in report.cells
    )
    store_audit(
        tmp_path / "other", replace(report, run="other", plan=replace(report.plan, epsilon_255=8.0), cells=cells)
    )
    return tmp_path


def test_zero_where_nothing_but_times_differs(runs, capsys):
    assert main(["diff", str(runs / "a"), str(runs / "same")]) == 0
    said = capsys.readouterr().out
    assert "Nothing differs between the two audits but times." in said
    assert "Places of report.json" not in said


def test_one_and_a_table_where_something_differs(runs, capsys):
    assert main(["diff", str(runs / "a"), str(runs / "other")]) == 1
    said = capsys.readouterr().out
    (budget,) = (line for line in said.splitlines() if "Budget per pixel" in line)
    assert budget.split() == ["Threat", "Budget", "per", "pixel", "10/255", "->", "8/255"]
    rows = [line for line in said.splitlines() if "10.0 % [8.0, 12.0]" in line and "accuracy" in line]
    assert len(rows) == 4
    assert all("−" in row and "<0.001" in row for row in rows)
    assert "plan.epsilon_255" in said


def test_all_shows_every_rate(runs, capsys):
    main(["diff", "--all", str(runs / "a"), str(runs / "other")])
    said = capsys.readouterr().out
    found = len(sample_report().cells) + len(sample_report().adaptive)
    assert sum(" accuracy " in line for line in said.splitlines()) >= found


def test_json_is_the_whole_comparison(runs, capsys):
    assert main(["diff", "--json", str(runs / "a"), str(runs / "other")]) == 1
    said = capsys.readouterr().out
    assert comparison_from_json(said).plan[0].field == "Budget per pixel"
    assert json.loads(said)["equal"] is False


def test_two_where_an_audit_cannot_be_read_or_the_command_is_wrong(runs, capsys):
    assert main(["diff", str(runs / "a"), str(runs / "nowhere")]) == 2
    assert "nowhere holds no finished audit" in capsys.readouterr().err
    assert main(["diff", str(runs / "a")]) == 2


def test_a_bundle_is_compared_like_the_folder_it_was_made_of(runs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = {"signs": PerImage(images=picture_digests(8), wrong={("zepad", "none"): flags(8, 1)})}
    folder = store_audit(runs / "kept", small_report(kept), kept)
    bundle = pack(folder, tmp_path / "kept.zepad")
    assert main(["diff", "--json", str(folder), str(bundle)]) == 0
    found = comparison_from_json(capsys.readouterr().out)
    assert [told.images for told in found.images] == ["same"]
    assert list(tmp_path.glob("zepad-diff-*")) == []
    bundle.write_bytes(bundle.read_bytes()[:-1])
    assert main(["diff", str(folder), str(bundle)]) == 2
    assert list(tmp_path.glob("zepad-diff-*")) == []
