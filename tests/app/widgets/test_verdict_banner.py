"""The verdict: one sentence with the report's own figures, the largest thing on the page; everything else folds."""

from __future__ import annotations

import re

import msgspec
import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QWidget

from tests.support.sample_lights import with_red_light
from tests.support.sample_report import sample_report
from zepad_app.results.headline import headline_attack, headline_of
from zepad_app.theme import Theme
from zepad_app.widgets.verdict_banner import VerdictBanner


@pytest.fixture
def banner(qtbot, qapp):
    theme = Theme("light")
    theme.apply(qapp)
    made = VerdictBanner(theme, QWidget())
    qtbot.addWidget(made)
    theme.dress(made)
    made.resize(1200, 200)
    made.show_report(sample_report())
    made.show()
    return made


def mean(report, defence, attack="advencoder_per"):
    wanted = (defence, attack, True)
    return next(each for each in report.averages if (each.defence, each.attack, each.unseen) == wanted)


def spoken(words):
    """Without what only keeps lines from ending in the wrong place."""
    return words.replace("\N{NO-BREAK SPACE}", " ")


def test_the_sentence_is_the_one_the_report_says(banner):
    report = sample_report()
    assert spoken(banner.verdict.text()) == headline_of(report).sentence == report.summary.verdict
    assert headline_attack(report) == "advencoder_per"


def test_the_figures_stand_beside_it_with_interval_and_n(banner):
    report = sample_report()
    naked, zepad = mean(report, "undefended"), mean(report, "zepad")
    lost = 100 * (naked.ba.value - naked.ra.value)
    assert [tile.number.text() for tile in banner.tiles[:2]] == [
        f"\N{MINUS SIGN}{lost:.1f}",
        f"{100 * zepad.ra.value:.1f} %",
    ]
    words = [spoken(label.text()) for tile in banner.tiles for label in tile.findChildren(QLabel)]
    assert f"[{100 * zepad.ra.low:.1f}, {100 * zepad.ra.high:.1f}]" in words
    assert any(f"{zepad.ra.n:,}" in word for word in words)
    assert len(banner.tiles) == 3


def test_without_attacks_on_systems_there_is_no_figure_of_them():
    assert len(headline_of(msgspec.structs.replace(sample_report(), worst=())).figures) == 2


def test_a_report_without_the_undefended_row_speaks_for_itself():
    report = sample_report()
    averages = tuple(each for each in report.averages if each.defence != "undefended")
    bare = msgspec.structs.replace(report, averages=averages)
    assert headline_of(bare).sentence == report.summary.verdict
    assert headline_of(bare).figures == ()


def test_controls_and_attacks_beyond_the_public_encoder_do_not_make_the_headline():
    report = sample_report()
    kinds = {"advencoder_per": "benign", "l4a_base": "victim", "sign_noise": "victim"}
    attacks = tuple(msgspec.structs.replace(each, origin=kinds[each.key]) for each in report.attacks)
    assert headline_attack(msgspec.structs.replace(report, attacks=attacks)) == "l4a_base"


def test_the_verdict_is_the_largest_thing_where_two_lines_hold_it(banner):
    assert QFontMetrics(banner.verdict.font()).height() > QFontMetrics(banner.detail.font()).height()
    assert banner.verdict.font().pixelSize() == 28
    banner.resize(800, 200)
    assert banner.verdict.font().pixelSize() == 18
    banner.resize(1200, 200)
    assert banner.verdict.font().pixelSize() == 28


def test_in_the_narrowest_window_the_verdict_takes_two_lines_too(banner):
    banner.resize(620, 260)
    assert banner.verdict.font().pixelSize() == 14
    verdict = banner.verdict
    assert verdict.heightForWidth(verdict.width()) < 2.5 * QFontMetrics(verdict.font()).lineSpacing()


def test_no_line_ends_inside_an_interval(banner):
    assert re.findall(r"\[[^\]]* [^\]]*\]| %", banner.verdict.text() + banner.tiles[0].basis.text()) == []
    assert "[" in banner.verdict.text()


def test_details_and_warnings_open_on_demand(banner):
    report = sample_report()
    assert (banner.detail.isHidden(), banner.warnings.isHidden()) == (True, True)
    assert banner.warn.text() == "1 warning"
    banner.more.click()
    assert report.summary.detail in banner.detail.text()
    assert report.summary.limits in banner.detail.text()
    banner.warn.click()
    assert (banner.detail.isHidden(), banner.warnings.isHidden()) == (False, False)
    assert report.warnings[0] in banner.warnings.text()
    banner.warn.click()
    assert banner.warnings.isHidden()
    banner.show_report(msgspec.structs.replace(report, warnings=()))
    assert banner.warn.isHidden()


def test_a_withheld_verdict_shows_no_figure(banner):
    banner.show_report(with_red_light(sample_report()))
    assert banner.verdict.text() == "No verdict"
    assert banner.tiles == []


def test_a_narrow_page_keeps_every_number_whole(banner, qtbot):
    zepad = banner.tiles[1]
    assert not zepad.beside.isHidden()
    for width in (860, 620):
        banner.resize(width, 260)
        numbers = [tile.number for tile in banner.tiles]
        qtbot.waitUntil(lambda found=numbers: all(each.width() >= each.sizeHint().width() for each in found))
    assert zepad.beside.isHidden()
    assert zepad.basis.text().startswith(zepad.figure.beside)
