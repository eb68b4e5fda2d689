"""A whole tiny audit with two imported perturbations: one from elsewhere, one that an earlier run crafted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.support.tiny import SIDE
from zepad_engine.attacks.perturbation_file import describe_perturbation
from zepad_engine.audit import run_audit
from zepad_engine.bundle.packing import pack
from zepad_engine.command_line import main
from zepad_engine.errors import AuditError
from zepad_engine.findings import report_from_json
from zepad_engine.plan import BenignTraining, Choice, HeadTraining, Tuning, imported_choice, plan_from_json
from zepad_engine.run_folder import RunFolder

BUDGET = 10 / 255
UAP = (torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(7)) * 2 - 1) * 1.5 * BUDGET


@pytest.fixture(scope="module")
def imported(finished, auditors, tmp_path_factory):
    place = tmp_path_factory.mktemp("zz_someone") / "UAP from elsewhere.npy"
    np.save(place, UAP.numpy())
    # Everything but the attacks as small as it goes.
    attacks: tuple[Choice, ...] = (Choice(key="sign_noise"),)
    # A copy: other tests read the finished run while this file's are moved away.
    own = shutil.copy(RunFolder(finished.folder).attack("sign_noise"), place.parent)
    for file in (place, own):
        attacks = (*attacks, imported_choice(str(file), attacks))
    plan = msgspec.structs.replace(
        finished.plan,
        attacks=attacks,
        tasks=finished.plan.tasks[1:],
        tuning=Tuning(images=64, epochs=1, batch=32, steps=1, validation_images=16),
        benign=BenignTraining(images=64, epochs=1, batch=32),
        heads=HeadTraining(epochs=1, batch=32, train_images=64, test_images=40),
    )
    folder = tmp_path_factory.mktemp("imported")
    run_audit(plan, folder, lambda _event: None, lambda: False, pool=auditors)
    return folder


def report_of(folder):
    return report_from_json((folder / "report.json").read_bytes())


def used(folder, identity):
    return load_file(RunFolder(folder).attack(identity))["perturbation"]


@pytest.mark.slow
def test_the_perturbation_used_is_the_file_within_the_budget(imported, finished):
    assert torch.equal(used(imported, "imported-uap-from-elsewhere"), UAP[0].clamp(-BUDGET, BUDGET))
    assert torch.equal(used(imported, "imported-sign_noise"), used(finished.folder, "sign_noise"))


@pytest.mark.slow
def test_the_report_says_where_it_came_from_and_what_was_done_to_it(imported, finished):
    control, uap, own = report_of(imported).attacks
    assert (uap.key, uap.name) == ("imported-uap-from-elsewhere", "Imported perturbation (uap-from-elsewhere)")
    assert (uap.origin, uap.steps, uap.recipe) == ("elsewhere", 0, "Imported(file='UAP from elsewhere.npy')")
    assert uap.source == "UAP from elsewhere.npy"
    assert len(uap.source_sha256) == 64
    clipped = 100 * float((UAP.abs() > BUDGET).float().mean())
    largest = 255 * float(UAP.abs().max())
    assert uap.remarks == (
        f"Its largest value is {largest:.2f}/255, above the budget of 10/255:"
        f" {clipped:.1f} % of its values were clipped to it.",
    )
    assert uap.linf_255 == pytest.approx(10)
    assert (uap.file, uap.preview) == (f"attacks/{uap.key}.safetensors", f"attacks/{uap.key}.png")
    assert (imported / uap.preview).is_file()
    facts = describe_perturbation(RunFolder(finished.folder).attack("sign_noise"))
    assert (own.source, own.source_sha256, own.remarks) == ("sign_noise.safetensors", facts.sha256, ())
    assert own.sha256 == facts.pixels_sha256 == control.sha256
    assert (control.source, control.remarks) == ("", ())


@pytest.mark.slow
def test_the_same_values_score_the_same_and_are_named_as_one_attack(imported):
    report = report_of(imported)
    rates = {(cell.defence, cell.attack): (cell.ra, cell.asr) for cell in report.cells if cell.attack != "none"}
    defences = {defence for defence, _ in rates}
    assert len(rates) == 3 * len(defences)
    for defence in defences:
        assert rates[defence, "imported-sign_noise"] == rates[defence, "sign_noise"]
    twice = "The same perturbation, value for value, and so one attack: Sign noise (control),"
    assert f"{twice} Imported perturbation (sign_noise)." in report.warnings
    assert {found.attack for found in report.detection} == {attack.key for attack in report.attacks}


@pytest.mark.slow
def test_the_report_names_files_and_no_places(imported):
    text, page = ((imported / name).read_text() for name in ("report.json", "report.html"))
    assert "zz_someone" in (imported / "plan.json").read_text()
    assert "zz_someone" not in text
    assert "zz_someone" not in page
    told = json.loads(text)["plan"]["attacks"]
    assert [choice["values"] for choice in told[1:]] == [
        {"file": "UAP from elsewhere.npy"},
        {"file": "sign_noise.safetensors"},
    ]
    for words in ("imported, made elsewhere", "were clipped to it.", "UAP from elsewhere.npy"):
        assert words in page


@pytest.mark.slow
def test_a_file_that_is_none_stops_the_audit_with_its_reason(finished, auditors, tmp_path):
    np.save(tmp_path / "bad.npy", np.zeros((3, SIDE, SIDE), np.float32))
    plan = msgspec.structs.replace(finished.plan, attacks=(imported_choice(str(tmp_path / "bad.npy")),))
    with pytest.raises(AuditError, match="bad.npy holds nothing but zeros") as caught:
        run_audit(plan, tmp_path / "run", lambda _event: None, lambda: False, pool=auditors)
    assert caught.value.code == "perturbation.zero"
    assert not (tmp_path / "run" / "report.json").exists()


@pytest.mark.slow
def test_the_audit_is_repeated_from_its_bundle_where_the_files_are_gone(imported, tmp_path, capsys):
    plan = plan_from_json((imported / "plan.json").read_bytes())
    bundle = pack(imported, tmp_path / "mine.zepad")
    sets = [f"{Path(place).name}={place}" for place in {plan.local_set, plan.surrogate_set, *plan.tasks}]
    files = [Path(str(choice.values["file"])) for choice in plan.attacks[1:]]
    away = [file.rename(file.with_name(f"{file.name}.away")) for file in files]
    try:
        told = tmp_path / "verdicts.json"
        assert main(["replay", str(bundle), "--quiet", "--json", str(told), "--set", *sets]) == 0, capsys.readouterr()
    finally:
        for gone, file in zip(away, files, strict=True):
            gone.rename(file)
    found = json.loads(told.read_bytes())
    assert {number["verdict"] for number in found["numbers"]} == {"equal"}
    assert {file["verdict"] for file in found["files"]} == {"equal"}
    assert "attacks/imported-uap-from-elsewhere.safetensors" in {file["name"] for file in found["files"]}
    assert found["unlike"] == 0
    assert "The report is the same to the last digit." in capsys.readouterr().out
