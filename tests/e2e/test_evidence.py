"""An audit leaves in every form, is bundled, verified, run again at a colleague's, and laid beside itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from zepad_engine.command_line import main
from zepad_engine.export_formats import FORMATS
from zepad_engine.plan import plan_from_json


@pytest.mark.slow
def test_an_audit_is_evidence(tiny_run, tmp_path, capsys):
    plan = plan_from_json((tiny_run / "plan.json").read_bytes())
    forms = ",".join(form.key for form in FORMATS)
    assert main(["report", str(tiny_run), "--format", forms, "--out", str(tmp_path / "mail")]) == 0
    assert len(list((tmp_path / "mail").iterdir())) == len(FORMATS)

    bundle = tmp_path / "audit.zepad"
    assert main(["bundle", str(tiny_run), "-o", str(bundle)]) == 0
    assert bundle.read_bytes() == (tmp_path / "mail" / "report.zepad").read_bytes()
    assert str(Path(plan.encoder).parent).encode() not in bundle.read_bytes()
    assert main(["verify", str(bundle)]) == 0
    capsys.readouterr()

    # A colleague has the same pictures, somewhere else.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    places = {plan.local_set, plan.surrogate_set, *plan.tasks}
    sets = [f"{Path(shutil.copy(place, elsewhere)).name}={elsewhere / Path(place).name}" for place in places]
    again, told = tmp_path / "again", tmp_path / "verdicts.json"
    argv = ["replay", str(bundle), "--quiet", "--out", str(again), "--json", str(told), "--set", *sets]
    assert main(argv) == 0, capsys.readouterr()
    said = capsys.readouterr().out
    assert "The report is the same to the last digit." in said
    found = json.loads(told.read_bytes())
    assert {number["verdict"] for number in found["numbers"]} == {"equal"}
    assert {file["verdict"] for file in found["files"]} == {"equal"}
    assert (len(found["numbers"]) > 500, found["unlike"]) == (True, 0)

    # One stage by itself, on what the audit had made before it.
    assert main(["replay", str(bundle), "--quiet", "--only", "craft", "--set", *sets]) == 0
    said = capsys.readouterr().out
    assert "stage craft only" in said
    assert f"attacks       {3 * len(plan.attacks)} equal" in said
    assert f"files         {len(plan.attacks)} equal" in said
