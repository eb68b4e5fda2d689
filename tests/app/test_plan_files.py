"""Plan files: a round trip, and one sentence for whatever is no plan of ours."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.support.fake_engine import sample_catalogue
from zepad_app.plan_files import read_plan, suggested_name, write_plan
from zepad_engine.errors import AuditError
from zepad_engine.plan import AuditPlan, Choice, plan_to_json

CATALOGUE = sample_catalogue()
PLAN = AuditPlan(attacks=(Choice(key="l4a_base", values={"steps": 7}),), defences=(Choice(key="zepad"),), seed=5)


def test_a_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    path = write_plan(PLAN, tmp_path / "mine")
    assert path.name == "mine.json"
    assert read_plan(path, CATALOGUE) == PLAN
    assert suggested_name(PLAN) == "supcon-cifar10-r18w16-standard-plan.json"


HOSTILE = {
    "no json": b"\x80\x04\x95not json",
    "not utf-8": b'{"encoder": "\xff\xfe"}',
    "another kind": b'{"verdict": "fine"}',
    "an older version": plan_to_json(PLAN).replace(b'"schema_version": 1', b'"schema_version": 0'),
    "a strange field": plan_to_json(PLAN).replace(b'"seed"', b'"<script>"'),
    "a wrong type": plan_to_json(PLAN).replace(b'"seed": 5', b'"seed": "5; rm -rf"'),
    "nested": b"[" * 100_000,
    "huge": b" " * 1_000_001,
    "empty": b"",
    "nothing in it": b"{}",
    "an unknown attack": plan_to_json(PLAN).replace(b"l4a_base", b"telepathy"),
    "an unknown field": plan_to_json(PLAN).replace(b'"steps"', b'"stairs"'),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_is_no_plan_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "plan\n.json"
    path.write_bytes(content)
    with pytest.raises(AuditError) as refused:
        read_plan(path, CATALOGUE)
    sentence = refused.value.sentence
    assert sentence.startswith("plan\N{REPLACEMENT CHARACTER}.json ")
    assert sentence.endswith(".")
    assert refused.value.advice
    assert not any(word in sentence for word in ("msgspec", "Object", "script", "rm -rf", "$."))
    assert len(sentence) < 160


def test_a_plan_without_an_encoder_is_told_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(b'{"seed": 5}')
    with pytest.raises(AuditError) as refused:
        read_plan(tmp_path / "mine.json", CATALOGUE)
    assert refused.value.sentence == "mine.json names no encoder."
    assert refused.value.advice.startswith('Add "encoder": ')


def test_a_missing_file_and_a_full_disk_are_said(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="cannot be read"):
        read_plan(tmp_path / "gone.json", CATALOGUE)
    with pytest.raises(AuditError, match="cannot be read"):
        read_plan(tmp_path, CATALOGUE)
    assert read_plan(write_plan(msgspec.structs.replace(PLAN, seed=6), tmp_path / "a.json"), CATALOGUE).seed == 6
