from __future__ import annotations

import msgspec
import pytest

from zepad_engine.errors import BadInput, BadPlan
from zepad_engine.plan import AuditPlan, plan_from_json, set_name
from zepad_engine.run_folder import RunFolder


def test_a_new_folder_is_made_and_holds_the_plan(tmp_path):
    run = RunFolder(tmp_path / "runs" / "first")
    run.claim(AuditPlan(seed=4))
    assert plan_from_json(run.plan.read_bytes()) == AuditPlan(seed=4)


def test_the_same_plan_is_welcome_again_and_nothing_is_written(tmp_path):
    run = RunFolder(tmp_path)
    run.claim(AuditPlan(seed=4))
    run.outcome("open_victim").parent.mkdir()
    run.outcome("open_victim").write_bytes(b"{}")
    before = run.plan.stat().st_mtime_ns
    run.claim(AuditPlan(seed=4))
    assert run.plan.stat().st_mtime_ns == before
    assert run.outcome("open_victim").read_bytes() == b"{}"


def test_another_plan_is_refused_and_the_folder_is_left_as_it_is(tmp_path):
    run = RunFolder(tmp_path / "taken")
    run.claim(AuditPlan(seed=4))
    with pytest.raises(BadPlan, match="The folder taken holds an audit with another plan.") as caught:
        run.claim(msgspec.structs.replace(AuditPlan(seed=4), epsilon_255=8.0))
    assert caught.value.code == "plan.folder"
    assert plan_from_json(run.plan.read_bytes()).epsilon_255 == 10.0


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="notes.txt is a file, not a folder."):
        RunFolder(tmp_path / "notes.txt").claim(AuditPlan())
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_plan_of_another_version_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "plan.json").write_text('{"from_the_future": 1}')
    with pytest.raises(BadPlan, match="This is not an audit plan of version 1"):
        RunFolder(tmp_path).claim(AuditPlan())


def test_claiming_again_sweeps_half_written_files_and_nothing_else(tmp_path):
    run = RunFolder(tmp_path)
    run.claim(AuditPlan())
    kept = [run.encoder("victim"), run.head("sample:emoji", "benign"), tmp_path / "my.part", tmp_path / ".hidden"]
    lost = [run.root / "encoders" / ".victim.safetensors.77.part", run.root / "jobs" / ".data.json.8.part"]
    for path in kept + lost:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    run.claim(AuditPlan())
    assert [path.exists() for path in kept] == [True] * len(kept)
    assert [path.exists() for path in lost] == [False, False]


def test_every_file_has_a_place_of_its_own_below_the_root(tmp_path):
    run = RunFolder(tmp_path)
    places = [
        run.plan,
        run.report,
        run.page,
        run.encoder("victim"),
        run.attack("l4a_base"),
        run.head("sample:emoji", "victim"),
        run.logits("sample:emoji", "victim"),
        run.outcome("craft_l4a_base"),
        run.preview("emoji_0"),
    ]
    assert len(set(places)) == len(places)
    assert all(place.is_relative_to(tmp_path) for place in places)


def test_names_of_sets_are_short_safe_and_their_own():
    assert set_name("sample:emoji") == "emoji"
    first, second = set_name("pictures/birds and bees.zip"), set_name("others/birds and bees.zip")
    assert first != second
    assert first.startswith("birds-and-bees-")
    assert all(character.isalnum() or character in "-_" for character in first)
    assert len(set_name("x" * 500)) < 60
    assert set_name("pictures/鳥") != set_name("pictures/魚")
