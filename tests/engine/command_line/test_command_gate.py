"""``audit`` as a gate: exit code, words, file; the audit itself is played by a stand-in."""

from __future__ import annotations

import argparse
from xml.etree import ElementTree

import pytest

from tests.support.report_builder import report_with
from zepad_engine.command_line.audit import add_flags
from zepad_engine.command_line.gate_flags import BROKEN, bounds_of, pass_gate
from zepad_engine.errors import BadInput


def flags(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_flags(parser)
    return parser.parse_args(["--demo", *argv])


def test_bounds_that_are_kept_end_with_0_and_one_that_is_broken_with_5(capsys, tmp_path):
    report = report_with(lights=())
    asked = bounds_of(flags("--fail-under", "ra=0.1", "--fail-over", "asr=0.9"))
    assert pass_gate(report, asked, tmp_path / "ok.xml", quiet=False) == 0
    assert capsys.readouterr().out.count("kept: ") == 2
    asked = bounds_of(flags("--fail-under", "ra=0.99", "ba=0.1", "--junit", "x.xml"))
    assert pass_gate(report, asked, tmp_path / "broken.xml", quiet=False) == BROKEN == 5
    assert "BROKEN: ra of zepad not under 0.99." in capsys.readouterr().out
    assert ElementTree.parse(tmp_path / "broken.xml").getroot().get("failures") == "1"


def test_without_bounds_nothing_is_said(capsys):
    assert pass_gate(report_with(), bounds_of(flags()), None, quiet=False) == 0
    assert capsys.readouterr().out == ""


def test_a_file_without_a_bound_is_refused_before_any_work():
    with pytest.raises(BadInput, match="no bound to write"):
        bounds_of(flags("--junit", "x.xml"))
