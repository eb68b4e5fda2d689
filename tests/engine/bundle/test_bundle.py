"""A run in one file: the same bytes each time, every byte accounted for, and a run folder again at the other end."""

from __future__ import annotations

import random
import zipfile

import msgspec
import pytest

from tests.support.hostile_bundles import contents, hostile_bundles, listed, packed
from tests.support.sample_run import write_sample_run
from zepad_engine.bundle.checking import check
from zepad_engine.bundle.opening import open_bundle
from zepad_engine.bundle.packing import pack, portable_plan
from zepad_engine.errors import BadInput
from zepad_engine.plan import AuditPlan, Choice, plan_from_json, set_name
from zepad_engine.report_file import load_report

HOME = "/home/zz_secret_user"
PLAN = AuditPlan(
    encoder=f"{HOME}/my encoders/enc.pt",
    auxiliary=r"C:\Users\zz_secret_user\aux.pt",
    local_set=f"{HOME}/sets/local",
    tasks=(f"{HOME}/sets/birds.zip", "sample:signs"),
    attacks=(Choice(key="imported", name="uap", values={"file": f"{HOME}/uap.npy"}), Choice(key="sign_noise")),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_sample_run(tmp_path_factory.mktemp("runs") / "audit")


@pytest.fixture(scope="module")
def bundle(run):
    return pack(run, run.parent / "audit.zepad")


def test_the_same_run_gives_the_same_bytes(run, bundle, tmp_path):
    assert pack(run, tmp_path / "again.zepad").read_bytes() == bundle.read_bytes()


def test_any_zip_program_can_read_it(run, bundle):
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "manifest.json"
        assert archive.read("report.json") == (run / "report.json").read_bytes()
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_it_holds_what_the_run_made_and_nothing_else(bundle):
    names = {file.name for file in check(bundle).manifest.files}
    assert {"plan.json", "report.json", "report.html", "encoders/victim.safetensors", "jobs/open_victim.json"} <= names
    assert not any("notes" in name or name.endswith(".part") for name in names)


def test_it_opens_to_a_run_of_its_own_and_packs_to_the_same_bytes(run, bundle, tmp_path):
    first, checked = open_bundle(bundle, tmp_path)
    second, _ = open_bundle(bundle, tmp_path)
    assert (first.name, second.name) == (checked.manifest.run, f"{checked.manifest.run}-2")
    assert load_report(first) == load_report(run)
    assert (first / "encoders/victim.safetensors").read_bytes() == (run / "encoders/victim.safetensors").read_bytes()
    assert pack(first, tmp_path / "again.zepad").read_bytes() == bundle.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"again.zepad", first.name, second.name}


def test_the_page_of_a_stranger_is_drawn_anew(run, bundle, tmp_path):
    files = contents(bundle.read_bytes()) | {"report.html": b"<script>alert(1)</script>"}
    (tmp_path / "b.zepad").write_bytes(packed(listed(files)))
    folder, _ = open_bundle(tmp_path / "b.zepad", tmp_path / "runs")
    assert "<script" not in (folder / "report.html").read_text(encoding="utf-8")


def test_one_flipped_byte_is_found_wherever_it_is(bundle, tmp_path):
    honest = bundle.read_bytes()
    draw = random.Random(0)
    ends = [0, 1, 29, 30, len(honest) - 1, len(honest) - 2, len(honest) - 22]
    places = [*ends, *draw.sample(range(len(honest)), 200 - len(ends))]
    changed = tmp_path / "changed.zepad"
    found = 0
    for place in places:
        changed.write_bytes(honest[:place] + bytes([honest[place] ^ 1 << draw.randrange(8)]) + honest[place + 1 :])
        with pytest.raises(BadInput):
            check(changed)
        found += 1
    assert found == 200


def test_lies_are_refused_and_nothing_is_written(bundle, tmp_path):
    inside = tmp_path / "a" / "runs"
    tried = 0
    for name, content in hostile_bundles(bundle.read_bytes()):
        path = tmp_path / "hostile.zepad"
        path.write_bytes(content)
        with pytest.raises(BadInput) as refusal:
            open_bundle(path, inside)
        assert refusal.value.code == "bundle.bad", name
        assert [entry.name for entry in inside.iterdir()] == [], name
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "hostile.zepad"], name
        tried += 1
    assert tried >= 15


def test_a_run_of_another_version_is_told_apart_from_a_lie(bundle, tmp_path):
    files = contents(bundle.read_bytes()) | {"report.json": b'{"schema_version": "9.0"}'}
    (tmp_path / "b.zepad").write_bytes(packed(listed(files)))
    with pytest.raises(BadInput, match="cannot be read by this version"):
        open_bundle(tmp_path / "b.zepad", tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_nothing_of_the_machine_is_packed(tmp_path):
    run = write_sample_run(tmp_path / "audit", PLAN)
    # What assembly writes into a report is portable already; the plan file is not.
    report = msgspec.structs.replace(load_report(run), plan=portable_plan(PLAN))
    (run / "report.json").write_bytes(msgspec.json.encode(report))
    written = pack(run, tmp_path / "audit.zepad").read_bytes()
    assert b"zz_secret" not in written
    assert b"birds.zip" in written
    assert b"enc.pt" in written


def test_a_portable_plan_keeps_the_names_its_files_have():
    plan = portable_plan(PLAN)
    assert plan.tasks == (f"named:{set_name(PLAN.tasks[0])}:birds.zip", "sample:signs")
    assert [set_name(task) for task in plan.tasks] == [set_name(task) for task in PLAN.tasks]
    assert (plan.encoder, plan.auxiliary, plan.attacks[0].values) == ("enc.pt", "aux.pt", {"file": "uap.npy"})
    assert portable_plan(plan) == plan


def test_an_unfinished_run_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(BadInput, match="holds no finished audit"):
        pack(tmp_path / "run", tmp_path / "x.zepad")
    assert not (tmp_path / "x.zepad").exists()


def test_a_plan_that_is_none_makes_no_run(bundle, tmp_path):
    folder, _ = open_bundle(bundle, tmp_path)
    assert plan_from_json((folder / "plan.json").read_bytes()) == portable_plan(load_report(folder).plan)
