"""The other verbs, and what all of them share."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import zepad_engine.pretraining.command
from tests.support.report_builder import draw_pictures, report_with
from zepad_engine.command_line import VERBS, main
from zepad_engine.findings import report_from_json, report_to_json

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run_folder(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "report.json").write_bytes(report_to_json(report_with()))
    draw_pictures(report_with(), folder)
    return folder


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb, capsys):
    assert main([verb, "--help"]) == 0
    assert "usage:" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["fly"], ["inspect"], ["report"], ["doctor", "--fast"]])
def test_what_is_not_understood_is_a_usage_error(argv, capsys):
    assert main(argv) == 2
    assert "error:" in capsys.readouterr().err


def test_the_command_line_starts_without_torch():
    code = (
        "import sys; from zepad_engine.command_line import main; main(['report', 'nowhere']);"
        "sys.exit(any(name in sys.modules for name in ('torch', 'PySide6')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_main_hands_arguments_to_the_command_line(tmp_path):
    command = [sys.executable, "main.py", "report", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "holds no finished audit" in ended.stderr


def test_a_missing_package_is_a_sentence(monkeypatch, capsys):
    def broken(_argv):
        raise ModuleNotFoundError("No module named 'captum'", name="captum")

    monkeypatch.setattr(zepad_engine.pretraining.command, "run_pretrain_from_arguments", broken)
    assert main(["pretrain"]) == 1
    assert "The package captum is missing." in capsys.readouterr().err


def test_report_is_written_again(run_folder, tmp_path, capsys):
    assert main(["report", str(run_folder), "--format", "html,json", "--out", str(tmp_path / "out")]) == 0
    page, numbers = (tmp_path / "out" / name for name in ("report.html", "report.json"))
    assert report_with().summary.verdict in page.read_text(encoding="utf-8")
    assert "data:image/png" in page.read_text(encoding="utf-8")
    assert report_from_json(numbers.read_bytes()) == report_with()
    assert capsys.readouterr().out == f"{page}\n{numbers}\n"


def test_the_schema_of_a_report_is_printed(capsys):
    assert main(["report", "--schema"]) == 0
    cell = json.loads(capsys.readouterr().out)["$defs"]["Cell"]
    assert cell["required"] == ["defence", "attack", "task", "epsilon_255"]
    assert cell["additionalProperties"] is False


def test_report_lands_in_the_run_by_default(run_folder):
    assert main(["report", str(run_folder)]) == 0
    assert (run_folder / "report.html").is_file()


@pytest.mark.parametrize("content", [b"{}", b"no json", b'{"schema_version": "9.0"}'])
def test_a_report_that_cannot_be_read_is_one_sentence(run_folder, capsys, content):
    (run_folder / "report.json").write_bytes(content)
    assert main(["report", str(run_folder)]) == 1
    assert "cannot be read by this version" in capsys.readouterr().err
    assert not (run_folder / "report.html").exists()


def test_a_run_that_is_not_there_or_not_finished_is_one_sentence(tmp_path, capsys):
    assert main(["report", str(tmp_path / "gone")]) == 1
    assert "There is no run folder" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 1
    assert "holds no finished audit" in capsys.readouterr().err


def test_a_report_format_that_is_not_known(run_folder, capsys):
    assert main(["report", str(run_folder), "--format", "doc"]) == 1
    assert capsys.readouterr().err == "There is no report format doc.\nKnown: html, pdf, csv, md, json, bundle.\n"


def test_a_report_that_cannot_be_written_leaves_the_old_one(run_folder, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert main(["report", str(run_folder), "--out", str(tmp_path / "file" / "below")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_the_catalogue_names_everything_a_plan_may_name(capsys):
    assert main(["catalogue"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) >= {"attacks", "defences", "tasks"}
    assert {"advencoder_per", "l4a_base", "sign_noise"} <= {attack["key"] for attack in told["attacks"]}
    assert {"undefended", "clean_ensemble", "zepad"} <= {defence["key"] for defence in told["defences"]}
    for attack in told["attacks"]:
        assert {"key", "name", "citation", "fields"} <= set(attack)
        assert attack["citation"]


def test_pretrain_gets_the_rest_of_the_line(monkeypatch):
    heard = []

    def pretrain(argv):
        heard.append(list(argv))
        return 130

    monkeypatch.setattr(zepad_engine.pretraining.command, "run_pretrain_from_arguments", pretrain)
    assert main(["pretrain", "--images", "x", "--epochs", "2"]) == 130
    assert heard == [["--images", "x", "--epochs", "2"]]
