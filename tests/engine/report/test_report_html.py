"""The page as a whole: what it must hold, and what must never get into it."""

from __future__ import annotations

import re

import msgspec
import pytest

from tests.support.outline import Outline
from tests.support.report_builder import draw_pictures, report_with
from zepad_engine.card import Probe
from zepad_engine.evidence import Rate
from zepad_engine.plan import AuditPlan
from zepad_engine.report import render_html


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    draw_pictures(report_with(), place)
    return place


@pytest.fixture(scope="module")
def page(folder):
    return render_html(report_with(), folder)


def test_the_page_is_one_file_without_script(page):
    outline = Outline(page)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in page
    assert not any(
        shape[0] in {"script", "link", "iframe", "object", "embed", "form", "base"} for shape in outline.shape
    )
    assert not any(name.startswith("on") for shape in outline.shape for name in shape[1:])
    assert len(page.encode()) < 8_000_000


def shown_examples():
    """Those of the first attack: the page has no room for all."""
    return [example for example in report_with().examples if example.attack == "advencoder_per"]


def test_every_address_is_a_picture_within_or_a_section(page):
    outline = Outline(page)
    pictures = [where for where in outline.addresses if where.startswith("data:image/png;base64,")]
    sections = [where for where in outline.addresses if where.startswith("#")]
    assert len(pictures) + len(sections) == len(outline.addresses)
    assert len(pictures) == len(report_with().attacks) + 2 * len(shown_examples())
    assert {where[1:] for where in sections} <= outline.ids


def test_verdict_and_limits_come_before_any_number_of_a_table(page):
    report = report_with()
    assert page.index(report.summary.verdict) < page.index(report.summary.limits) < page.index("<table")


@pytest.mark.parametrize(
    "section",
    ["not-shown", "subject", "threat", "data", "tasks", "detection", "branches", "attacks", "tuning", "examples"],
)
def test_every_section_is_there(page, section):
    assert f'<section id="{section}">' in page


def test_the_headline_shows_what_the_defence_is_worth(page):
    start = page.index('id="headline"')
    headline = page[start : page.index('id="not-shown"')]
    for name in ("Undefended", "Random weights", "Three clean encoders", "ZePAD"):
        assert f'<th scope="row">{name}</th>' in headline
    averages = [a for a in report_with().averages if a.unseen and a.defence == "zepad" and a.ra is not None]
    for average in averages:
        assert f"{100 * average.ra.value:.1f} % <small>" in headline
    assert "Emoji groups" not in headline[: headline.index("<table")], "the set tuned on is no unseen task"


def test_every_percentage_has_its_interval_and_number(page):
    body = page[page.index("<body>") :]
    report = report_with()
    for prose in (report.summary.verdict, report.summary.detail):
        body = body.replace(prose, "")
    rates = re.findall(r'<span class="rate">(.*?)</span>', body, re.DOTALL)
    assert len(rates) > 200
    assert all(re.search(r"n (= )?[\d,]+", rate) and re.search(r"\d–\d", rate) for rate in rates)
    bare = re.sub(r'<span class="rate">.*?</span>', "", body, flags=re.DOTALL)
    bare = re.sub(r"<[^>]*>", " ", bare).replace("95 % interval", "")
    assert re.findall(r"[\d.]+\s*%", bare) == []


def test_a_budget_is_named_on_both_scales(page):
    assert "10/255 = 0.0392" in page


@pytest.mark.parametrize("word", ["secure", "safe", "certified", "guaranteed"])
def test_words_that_promise_are_not_used(page, word):
    assert re.search(rf"\b{word}\b", Outline(page).text, re.IGNORECASE) is None


def test_no_place_of_the_machine_gets_in(folder):
    home = "/home/zz_secret_user"
    card = report_with().subject.card
    report = report_with(
        plan=AuditPlan(
            encoder=f"{home}/my encoders/enc.safetensors",
            local_set=r"C:\Users\zz_secret_user\images",
            tasks=(f"{home}/sets/birds.zip", "sample:signs"),
        ),
        warnings=(f"The set {home}/sets/birds.zip is small.", r"Read from \\zz_server\share\birds."),
        environment={
            "python": "3.11",
            "hostname": "zz_host",
            "user": "zz_secret_user",
            "cache": f"{home}/.cache/zepad",
        },
    )
    report = msgspec.structs.replace(
        report,
        subject=msgspec.structs.replace(
            report.subject, card=msgspec.structs.replace(card, assumptions=(f"found beside {home}/x.json",))
        ),
    )
    page = render_html(report, folder)
    assert "zz_" not in page
    for name in ("enc.safetensors", "birds.zip", "x.json"):
        assert name in page


def test_missing_pictures_leave_a_line(tmp_path):
    page = render_html(report_with(), tmp_path)
    assert "<img" not in page
    assert page.count('class="absent"') == len(report_with().attacks) + 2 * len(shown_examples())


def test_few_images_are_marked(folder):
    few = Rate(value=0.5, n=40, low=0.35, high=0.65)
    cells = tuple(msgspec.structs.replace(cell, ba=few) for cell in report_with().cells)
    page = render_html(report_with(cells=cells), folder)
    assert page.count('class="few"') == len(cells) // 4
    assert 'class="few"' not in render_html(report_with(), folder)


def test_an_audit_without_unseen_tasks_says_so(folder):
    averages = tuple(average for average in report_with().averages if not average.unseen)
    assert "say nothing about unseen tasks" in render_html(report_with(averages=averages), folder)


def test_a_probe_is_shown_with_its_interval(folder):
    probe = Probe(data="CIFAR-10", classes=10, train_images=5000, test_images=1000, accuracy=0.5, random_accuracy=0.3)
    report = report_with(auxiliary=msgspec.structs.replace(report_with().auxiliary, probe=probe))
    page = render_html(report, folder)
    assert "50.0 % (95 % interval 46.9–53.1, n = 1,000)" in page


def test_an_audit_cut_to_the_bone_still_renders(tmp_path):
    report = report_with(
        cells=(), averages=(), branches=(), detection=(), attacks=(), tuning=(), examples=(), data=(), timings={}
    )
    page = render_html(report, tmp_path)
    for sentence in ("No detector was evaluated", "No fused defence", "No attack was crafted", "Nothing was trained"):
        assert sentence in page


def test_losses_that_are_no_numbers_do_not_break_the_page(tmp_path):
    tuning = report_with().tuning[0]
    rows = tuple(msgspec.structs.replace(row, total=float("nan"), cross_entropy=float("inf")) for row in tuning.epochs)
    broken = msgspec.structs.replace(tuning, epochs=rows)
    page = render_html(report_with(tuning=(broken,)), tmp_path)
    assert "nan" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).lower()


def test_the_same_report_gives_the_same_page(folder, page):
    assert render_html(report_with(), folder) == page


def test_an_attack_says_which_encoder_it_was_crafted_on(folder):
    attacks = tuple(msgspec.structs.replace(attack, origin="benign") for attack in report_with().attacks)
    page = render_html(report_with(attacks=attacks), folder)
    assert page.count("<dt>Crafted on</dt><dd>BMP, benign branch</dd>") == len(attacks)


def test_how_it_was_computed_stands_in_a_table_with_its_notices(page):
    start = page.index('<section id="execution">')
    words = Outline(page[start : page.index('<section id="reproduce">')]).text
    for row in (
        "AMD EPYC 9R14, bfloat16",
        "bfloat16, batch norms folded, channels last",
        "float32, batch norms folded, channels last",
        "128 where nothing is trained",
        "2 workers of 1 thread",
    ):
        assert row in words
    assert "Fast arithmetic." in words
    (notice,) = report_with().execution.notices
    assert notice in words
    assert '<a href="#execution">' in page


def test_a_report_that_does_not_know_how_it_was_computed_says_nothing_of_it(folder):
    page = render_html(report_with(execution=None), folder)
    assert "How it was computed" not in page
    assert 'id="execution"' not in page
