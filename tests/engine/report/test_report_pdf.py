"""The report on paper: what it holds, that it repeats, and that nothing of the machine gets in."""

from __future__ import annotations

import re

import msgspec
import pypdfium2
import pytest

from tests.support.paper import inflated, structure
from tests.support.report_builder import draw_pictures, report_with
from tests.support.tainting import lean
from zepad_engine.evidence import Light
from zepad_engine.plan import AuditPlan
from zepad_engine.report.csv_table import render_csv
from zepad_engine.report.model_card import render_model_card
from zepad_engine.report.pdf import blocks, paper, render_pdf, svg_chart

LEAN = lean(report_with())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    draw_pictures(LEAN, place)
    return place


@pytest.fixture
def readable(monkeypatch):
    """Text in a font every reader has stands in the streams letter by letter."""
    for room in (paper, blocks, svg_chart):
        monkeypatch.setattr(room, "REGULAR", "Helvetica")
    monkeypatch.setattr(paper, "STRONG", "Helvetica-Bold")
    paper.styles.cache_clear()
    yield
    paper.styles.cache_clear()


def shown(written: bytes) -> str:
    """The words on paper, blanks and line ends apart."""
    texts = re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", inflated(written))
    return " ".join(_letters(text) for text in texts)


def _letters(text: bytes) -> str:
    plain = re.sub(rb"\\(\d{3})", lambda found: bytes([int(found[1], 8)]), text)
    return re.sub(rb"\\(.)", rb"\1", plain).decode("cp1252", "replace")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_same_report_gives_the_same_bytes(folder):
    assert render_pdf(LEAN, folder) == render_pdf(LEAN, folder)


def test_an_outline_entry_leads_to_its_heading(folder):
    with pypdfium2.PdfDocument(render_pdf(LEAN, folder)) as document:
        entries = list(document.get_toc())
        assert len(entries) > 15
        for entry in entries[1:]:
            place = entry.get_dest()
            top = place.get_view()[1][1]
            words = document[place.get_index()].get_textpage().get_text_bounded(top=top, bottom=top - 36)
            assert squeezed(entry.get_title())[:20] in squeezed(words)


def test_the_bundled_type_is_embedded_and_no_other_needed(folder):
    written = render_pdf(LEAN, folder)
    fonts = set(re.findall(rb"/BaseFont /([\w+-]+)", written))
    assert fonts == {font for font in fonts if re.fullmatch(rb"[A-Z]{6}\+Inter-(Regular|SemiBold)", font)}
    assert len(re.findall(rb"/FontFile2", written)) == len(fonts) == 2


def test_page_one_says_verdict_threat_model_and_n(folder, readable):
    report = msgspec.structs.replace(LEAN, data=report_with().data)
    first = squeezed(shown(render_pdf(report, folder)).partition("page 2 of")[0])
    for said in (report.summary.verdict, report.summary.limits, *report.threat_model, *report.not_shown):
        assert squeezed(said) in first
    assert re.search(r"n=\d", first)
    assert "79.9%" not in first


def test_every_section_has_a_bookmark(folder):
    titles = re.findall(rb"/Title \((.*?)\)", render_pdf(LEAN, folder))
    for name in (
        b"Summary",
        b"Subject",
        b"Threat model",
        b"Detection",
        b"Trust lights",
        b"In the catalogues",
        b"Reproduce",
    ):
        assert name in titles


def test_pages_are_numbered_to_the_last(folder, readable):
    written = render_pdf(LEAN, folder)
    pages = len(re.findall(rb"/Type /Page\b", written))
    said = shown(written)
    assert f"page {pages} of" in said
    assert f"page {pages + 1} of" not in said
    assert said.split()[0] == f"{pages}", "the drawing every page refers to"


def test_charts_are_lines_not_pictures(folder):
    without = msgspec.structs.replace(LEAN, attacks=(), examples=())
    assert structure(render_pdf(without, folder)).count(b"/Subtype /Image") == 0
    assert len(render_pdf(without, folder)) > 20_000


def test_no_rate_stands_without_n_and_interval(folder, readable):
    said = shown(render_pdf(LEAN, folder))
    for prose in (LEAN.summary.verdict, LEAN.summary.detail):
        said = said.replace(prose, "")
    rates = re.findall(r"\d+\.\d %(.{0,40})", said)
    assert len(rates) > 15
    tables = [
        after for after in rates if re.match(r"\s+\d+\.\d–\d+\.\d, n[\s\xa0][\d,]+|\s\(\d+\.\d–\d+\.\d, n = ", after)
    ]
    prose = [after for after in rates if after not in tables]
    # What is left stands in sentences of the report itself, which carry their own intervals.
    assert all(after.lstrip().startswith(("[", "points", ".")) for after in prose), prose


@pytest.mark.parametrize("word", ["secure", "safe", "certified", "guaranteed"])
def test_words_that_promise_are_not_used(folder, readable, word):
    assert re.search(rf"\b{word}\b", shown(render_pdf(LEAN, folder)), re.IGNORECASE) is None
    assert re.search(rf"\b{word}\b", render_model_card(report_with()), re.IGNORECASE) is None


def test_no_place_of_the_machine_gets_into_any_form(folder, readable):
    home = "/home/zz_secret_user"
    report = msgspec.structs.replace(
        LEAN,
        plan=AuditPlan(
            encoder=f"{home}/my encoders/enc.safetensors",
            local_set=r"C:\Users\zz_secret_user\images",
            tasks=(f"{home}/sets/birds.zip", "sample:signs"),
        ),
        warnings=(f"The set {home}/sets/birds.zip is small.", r"Read from \\zz_server\share\birds."),
        not_shown=(f"Not in {home}/x.",),
        environment={"python": "3.11", "hostname": "zz_host", "user": "zz_secret_user", "cache": f"{home}/.cache"},
    )
    written = render_pdf(report, folder)
    assert b"birds.zip" in inflated(written)
    assert b"zz_" not in inflated(written)
    assert b"zz_" not in render_csv(report)
    assert "zz_" not in render_model_card(report)


def test_a_red_light_withholds_the_verdict_on_page_one(folder, readable):
    red = Light(key="k", name="Gradients exist", colour="red", statement="None.", value=1.0, defence="zepad")
    summary = msgspec.structs.replace(LEAN.summary, verdict="No verdict: 1 check failed.")
    first = shown(render_pdf(msgspec.structs.replace(LEAN, lights=(red,), summary=summary), folder)).partition(
        "page 2 of"
    )[0]
    assert "No verdict" in first
    assert "1 check failed." in first
    assert "1 check: 1 red. Not green: ZePAD: Gradients exist." in first


def test_very_long_names_still_make_a_paper(folder):
    long = "a name that does not end " * 400
    card = msgspec.structs.replace(LEAN.subject.card, name=long, remarks=(long,))
    attack = msgspec.structs.replace(LEAN.attacks[0], recipe=long, name=long)
    report = msgspec.structs.replace(
        LEAN, subject=msgspec.structs.replace(LEAN.subject, name=long, card=card), attacks=(attack,), warnings=(long,)
    )
    assert render_pdf(report, folder).startswith(b"%PDF")


def test_an_audit_cut_to_the_bone_is_still_printed(tmp_path):
    bare = {name: () for name in LEAN.__struct_fields__ if isinstance(getattr(LEAN, name), tuple)}
    written = render_pdf(msgspec.structs.replace(LEAN, **bare, timings={}, execution=None), tmp_path)
    assert len(re.findall(rb"/Type /Page\b", written)) >= 2
