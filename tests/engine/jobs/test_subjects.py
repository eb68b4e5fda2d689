"""What is said of a job while it runs: two of a stage that run side by side can be told apart."""

from __future__ import annotations

import pytest

from zepad_engine.describe import describe
from zepad_engine.jobs.graph import audit_jobs
from zepad_engine.jobs.subjects import subjects, told_of
from zepad_engine.plan import IMPORTED, AuditPlan, Choice
from zepad_engine.presets import with_preset

CATALOGUE = describe()


def said(plan: AuditPlan) -> dict[str, str]:
    return subjects(audit_jobs(plan, CATALOGUE), CATALOGUE)


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("tune_tuned_victim", "victim"),
        ("tune_tuned_auxiliary", "auxiliary"),
        ("craft_l4a_base", "PAP L4A-base"),
        ("answer_fashion_benign", "Fashion-MNIST"),
        ("adapt_signs_zepad_pgd", "ZePAD: PGD on the system"),
        ("trust_signs_undefended", "Undefended"),
        ("benign", ""),
    ],
)
def test_a_job_is_told_by_what_it_works_on(job, words):
    assert said(with_preset(AuditPlan(), "standard", CATALOGUE))[job] == words


def test_rivals_purifiers_folders_and_files_have_names_too():
    plan = AuditPlan(
        tasks=("a/birds.zip",),
        attacks=(Choice(key=IMPORTED, name="found", values={"file": "found.npy"}),),
        defences=(Choice(key="trades"), Choice(key="purifier")),
    )
    found = said(plan)
    assert found["tune_trades_victim"] == "TRADES"
    assert found["purify"] == "purifier"
    assert found[f"craft_{IMPORTED}-found"].endswith("(found)")
    assert {words for job, words in found.items() if job.startswith("answer_")} == {"birds"}


@pytest.mark.parametrize(
    ("subject", "note", "told"),
    [
        ("victim", "epoch 4 of 6", "victim, epoch 4 of 6"),
        ("", "epoch 4 of 6", "epoch 4 of 6"),
        ("victim", "", ""),
        ("benign", "benign: head", "benign: head"),
    ],
)
def test_a_note_begins_with_its_subject_once(subject, note, told):
    assert told_of(subject, note) == told
