"""A study: which audits it is made of, that it goes on where it was, and that its tables hold the reports' figures."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.support.sample_report import sample_report
from zepad_engine.audit import resolved
from zepad_engine.command_line import main
from zepad_engine.describe import describe
from zepad_engine.errors import BadInput, BadPlan
from zepad_engine.evidence import Rate
from zepad_engine.findings import report_to_json
from zepad_engine.jobs.graph import audit_jobs
from zepad_engine.plan import AuditPlan, plan_to_json
from zepad_engine.plan_checks import troubles
from zepad_engine.study import running
from zepad_engine.study.plans import DEFENCES, TASKS, VICTIMS, Wish, paper_plans
from zepad_engine.study.running import put_tables, run_study
from zepad_engine.study.tables import ablation_table, main_table, study_tables, weight_table

CATALOGUE = describe()


def test_every_victim_seed_and_mode_is_one_sound_plan():
    plans = dict(paper_plans(Wish(), CATALOGUE))
    assert len(plans) == len(VICTIMS) * 3 * 2
    assert len(set(map(plan_to_json, plans.values()))) == len(plans)
    for name, plan in plans.items():
        assert troubles(plan) == ()
        assert audit_jobs(plan, CATALOGUE)
        assert name == f"{name.split('-')[0]}-{plan.mode}-{plan.seed}"
        assert resolved(plan) == plan
        assert [choice.key for choice in plan.defences] == list(DEFENCES)
        assert plan.adaptive.attacks
    (alone,) = (
        plan
        for _, plan in paper_plans(
            Wish(seeds=(4,), victims=("barlow",), modes=("official",), adaptive=False), CATALOGUE
        )
    )
    assert (alone.seed, alone.adaptive.attacks, alone.switches.gr_swapped) == (4, (), True)


def test_sets_are_looked_for_in_the_folder_given(tmp_path):
    with pytest.raises(BadInput, match="There is no image set cifar10 in"):
        list(paper_plans(Wish(data=tmp_path), CATALOGUE))
    for name in TASKS:
        (tmp_path / f"{name}.zip").write_bytes(b"")
    (tmp_path / "tiny-imagenet-32").mkdir()
    _, plan = next(paper_plans(Wish(data=tmp_path), CATALOGUE))
    assert plan.tasks == tuple(str(tmp_path / f"{name}.zip") for name in TASKS)
    assert plan.local_set == plan.tasks[0]
    assert plan.surrogate_set == str(tmp_path / "tiny-imagenet-32")


def cells_at(report, defence, value):
    """The report with one defence's RA under AdvEncoder-PER set, in cells and averages."""

    def changed(items):
        rate = Rate(value=value, n=100, low=0, high=1)
        return tuple(
            msgspec.structs.replace(item, ra=rate)
            if (item.defence, item.attack) == (defence, "advencoder_per")
            else item
            for item in items
        )

    return msgspec.structs.replace(report, cells=changed(report.cells), averages=changed(report.averages))


def test_a_figure_is_the_mean_over_seeds_with_its_range():
    reports = {f"supcon-corrected-{seed}": cells_at(sample_report(), "zepad", 0.7 + seed / 10) for seed in range(3)}
    (row,) = (line for line in main_table(reports) if line.startswith("| supcon, signs"))
    columns = [part.strip() for part in row.strip("|").split("|")]
    assert columns[1].startswith("87.7 (87.7–87.7) / 61.5 (61.5–61.5) / ")
    # The sample has no Gen-AF, and so no column of it.
    assert len(columns) == 6
    assert columns[4].split(" / ")[1] == "80.0 (70.0–90.0)"
    (one,) = (
        line for line in main_table({"supcon-corrected-0": reports["supcon-corrected-0"]}) if "supcon, signs" in line
    )
    assert " / 70.0 [0.0–100.0] / " in one
    (last,) = (line for line in ablation_table(reports) if line.startswith("| yes | yes | yes |"))
    assert "| 80.0 (70.0–90.0) |" in last
    assert last.endswith("| 91.66 / 74.71 / 21.99 |")


def test_what_is_finished_is_kept_and_another_plan_is_refused(tmp_path, monkeypatch):
    ran = []

    def audit(plan, folder, emit, cancelled, *, name):
        ran.append(name)
        (folder / "report.json").write_bytes(report_to_json(sample_report()))

    monkeypatch.setattr(running, "run_audit", audit)
    plans = [(f"supcon-corrected-{seed}", AuditPlan(seed=seed)) for seed in range(2)]
    run_study(plans[:1], tmp_path, lambda _: print, lambda: False)
    reports = run_study(plans, tmp_path, lambda _: print, lambda: False)
    assert ran == ["supcon-corrected-0", "supcon-corrected-1"]
    assert (tmp_path / "tables.md").read_text() == study_tables(reports)
    with pytest.raises(BadPlan, match="holds an audit with another plan"):
        run_study([("supcon-corrected-0", AuditPlan(seed=7))], tmp_path, lambda _: print, lambda: False)


def test_fewer_attacks_and_defences_are_a_smaller_plan():
    wish = Wish(victims=("supcon",), seeds=(0,), modes=("corrected",), attacks=("sign_noise",), defences=("zepad",))
    ((_, plan),) = paper_plans(replace(wish, workers=1), CATALOGUE)
    assert ([choice.key for choice in plan.attacks], [choice.key for choice in plan.defences]) == (
        ["sign_noise"],
        ["zepad"],
    )
    assert plan.workers == 1


def test_other_weights_of_the_regulariser_are_audits_beside_the_presets_own():
    wish = Wish(victims=("supcon",), seeds=(0,), modes=("corrected",), preset="quick", weights=(0.0, 4.0))
    plans = dict(paper_plans(wish, CATALOGUE))
    assert {name: plan.tuning.weight for name, plan in plans.items()} == {
        "supcon-corrected-0": 1.0,
        "supcon-corrected-0-lambda0": 0.0,
        "supcon-corrected-0-lambda4": 4.0,
    }
    assert {plan.tuning.images for plan in plans.values()} == {1000}


def test_the_table_of_lambda_sets_them_beside_each_other_and_no_other_table_counts_them():
    def weighed(weight, value):
        report = cells_at(sample_report(), "zepad", value)
        tuning = msgspec.structs.replace(report.plan.tuning, weight=weight)
        return msgspec.structs.replace(report, plan=msgspec.structs.replace(report.plan, tuning=tuning))

    reports = {
        "supcon-corrected-0": weighed(1.0, 0.8),
        "supcon-corrected-0-lambda4": weighed(4.0, 0.6),
        "simclr-corrected-0": weighed(1.0, 0.2),
    }
    rows = weight_table(reports, "corrected")[2:]
    assert [(row.split(" | ")[0], row.split(" | ")[3].split(" / ")[1], row.split(" | ")[4]) for row in rows] == [
        ("| 1", "80.0 [0.0–100.0]", "1 |"),
        ("| 4", "60.0 [0.0–100.0]", "1 |"),
    ]
    assert weight_table(reports, "official") == []
    text = study_tables(reports)
    assert "### Weight of the regulariser, corrected" in text
    assert "| 50.0 (20.0–80.0) |" in text.split("### Rival defences")[0]


def test_tables_can_be_drawn_of_what_is_finished_without_running_anything(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(running, "run_audit", None)
    page = tmp_path / "RESULTS.md"
    page.write_text("<!-- study: begin -->\n<!-- study: end -->\n")
    command = ["study", "--out", str(tmp_path), "--tables", "--results", str(page)]
    assert main(command) == 1
    assert "No audit of a study is finished in" in capsys.readouterr().err
    for name, value in (("supcon-corrected-1", 0.8), ("supcon-corrected-0", 0.7)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_bytes(report_to_json(cells_at(sample_report(), "zepad", value)))
    (tmp_path / "simclr-corrected-0").mkdir()
    assert main(command) == 0
    assert (tmp_path / "tables.md").read_text() in page.read_text()
    assert "75.0 (70.0–80.0)" in page.read_text()
    assert "simclr" not in page.read_text()


def test_tables_go_between_the_marks_and_nothing_else_moves(tmp_path):
    page, reports = tmp_path / "RESULTS.md", {"supcon-corrected-0": sample_report()}
    page.write_text("before\n<!-- study: begin -->\nold\n<!-- study: end -->\nafter\n")
    for _ in range(2):
        put_tables(reports, page)
    text = page.read_text()
    assert text.startswith("before\n<!-- study: begin -->\n")
    assert text.endswith("<!-- study: end -->\nafter\n")
    assert "old" not in text
    assert text.count("### Main table, corrected") == 1
    page.write_text("no marks")
    with pytest.raises(BadInput, match=r"RESULTS.md has no place for the tables."):
        put_tables(reports, page)
