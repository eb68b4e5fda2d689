"""Sixty texts of strangers through every text field of every form: nothing but text may come of them."""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.support.outline import Outline
from tests.support.paper import structure
from tests.support.payloads import FORMULAS, PAYLOADS
from tests.support.report_builder import draw_pictures, report_with
from tests.support.tainting import everywhere, lean
from zepad_engine.report import render_html
from zepad_engine.report.csv_table import render_csv
from zepad_engine.report.measured import COLUMNS
from zepad_engine.report.model_card import escaped, render_model_card
from zepad_engine.report.pdf import render_pdf

LEAN = lean(report_with())
HIDDEN = set("\u202e\x00\x1b\ufeff")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    draw_pictures(LEAN, place)
    return place


def test_there_are_sixty_of_them():
    assert len(set(PAYLOADS)) == 60


@pytest.mark.slow
def test_the_page_keeps_its_elements_attributes_and_addresses(folder):
    # A hyphen parts a defence's key from the name its plan gave it, and so may bring another line.
    usual = {mark: Outline(render_html(everywhere(LEAN, f"{mark}x"), folder)) for mark in ("", "-")}
    for payload in PAYLOADS:
        ordinary = usual["-" if payload.startswith("-") else ""]
        hostile = Outline(render_html(everywhere(LEAN, payload), folder))
        assert hostile.shape == ordinary.shape, payload
        assert hostile.addresses == ordinary.addresses, payload
        assert not HIDDEN & set(hostile.text), payload


@pytest.mark.slow
@pytest.mark.parametrize("before", [False, True])
def test_the_table_keeps_its_rows_and_columns_and_has_no_formula(before):
    ordinary = render_csv(everywhere(LEAN, "x", before=before)).decode("utf-8-sig")
    rows = len(list(csv.reader(io.StringIO(ordinary, newline=""))))
    for payload in PAYLOADS:
        table = render_csv(everywhere(LEAN, payload, before=before)).decode("utf-8-sig")
        read = list(csv.reader(io.StringIO(table, newline="")))
        assert [len(row) for row in read] == [len(COLUMNS)] * rows, payload
        texts = [cell for row in read for cell in row if not re.fullmatch(r"-?[\d.]+(e-?\d+)?", cell)]
        assert [cell for cell in texts if re.match(r"[=+\-@|%\t\r\n]", cell)] == [], payload
        assert not HIDDEN & set(table), payload


def test_numbers_of_the_table_stay_numbers():
    table = csv.DictReader(io.StringIO(render_csv(report_with()).decode("utf-8-sig"), newline=""))
    differences = [row["value"] for row in table if row["quantity"] == "difference"]
    assert any(float(value) < 0 for value in differences)
    assert differences == [repr(pair.difference) for pair in report_with().pairs]


@pytest.mark.slow
def test_the_section_keeps_its_lines_and_neither_links_nor_embeds():
    ordinary = render_model_card(everywhere(LEAN, "x")).splitlines()
    for payload in PAYLOADS:
        section = render_model_card(everywhere(LEAN, payload))
        lines = section.splitlines()
        assert [_kind(line) for line in lines] == [_kind(line) for line in ordinary], payload
        bare = re.sub(r"\\.", "", section)
        assert re.search(r"[<>!\[\]~$@]|://|www\.|mailto:", bare.replace("|---|", "")) is None, payload
        assert [line.count("|") for line in re.sub(r"\\.", "", section).splitlines()] == [
            line.count("|") for line in re.sub(r"\\.", "", "\n".join(ordinary)).splitlines()
        ], payload


def _kind(line: str) -> str:
    return re.match(r"(#{1,6} |- |\||\*\*|)", line)[0]


@pytest.mark.parametrize("payload", ["- x", "1. x", "+ x", "=====", "---", "# x", "> x", ": x"])
def test_a_line_begins_no_list_or_heading(payload):
    assert re.match(r"\d*\\", escaped(payload))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(3))
def test_the_paper_has_no_action_link_or_picture_of_anyone_else(folder, part):
    ordinary = _names(render_pdf(everywhere(LEAN, "x"), folder))
    hostile = render_pdf(everywhere(LEAN, " ".join(PAYLOADS[part::3])), folder)
    forbidden = rb"/(URI|JavaScript|JS|Launch|EmbeddedFile|AA|OpenAction|SubmitForm|GoToR|Annots)\b"
    assert re.search(forbidden, structure(hostile)) is None
    assert _names(hostile) == ordinary
    assert ordinary["/Image"] == len(LEAN.attacks) + len(LEAN.examples) + len(LEAN.attributions)


def _names(paper: bytes) -> dict[str, int]:
    known = ("/Image", "/Annot", "/Action", "/Outlines")
    return {name: len(re.findall(name.encode() + rb"\b", structure(paper))) for name in known}


def test_a_formula_is_told_from_a_number_by_its_first_sign():
    assert all(payload.lstrip(" \ufeff")[0] in '=+-@\t\r\n|%＝"' for payload in FORMULAS)
