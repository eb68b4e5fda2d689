import pytest
from PySide6.QtGui import QFontMetrics

from tests.support.sample_report import sample_report
from zepad_app.theme import Theme
from zepad_app.widgets.verdict_banner import VerdictBanner
from zepad_engine.findings import Summary


@pytest.fixture
def banner(qtbot, qapp):
    theme = Theme("light")
    theme.apply(qapp)
    made = VerdictBanner(theme)
    qtbot.addWidget(made)
    made.resize(1200, 200)
    made.show()
    return made


def test_the_verdict_is_the_largest_thing_where_two_lines_hold_it(banner):
    banner.show_summary(sample_report().summary, ())
    assert banner.verdict.text() == sample_report().summary.verdict
    assert QFontMetrics(banner.verdict.font()).height() > QFontMetrics(banner.detail.font()).height()
    assert banner.verdict.font().pixelSize() == 28
    assert banner.warnings.isHidden()


def test_a_long_verdict_takes_the_next_size_and_a_wide_window_gives_it_back(banner):
    banner.show_summary(sample_report().summary, ())
    banner.resize(700, 200)
    assert banner.verdict.font().pixelSize() == 18
    banner.resize(1200, 200)
    assert banner.verdict.font().pixelSize() == 28


def test_warnings_open_on_demand(banner):
    banner.show_summary(Summary(verdict="v", detail="d", limits=""), ("First.", "Second.", "Third."))
    assert banner.warnings.text.text() == "First."
    assert banner.warnings.more.text() == "2 more"
    banner.warnings.more.click()
    assert banner.warnings.text.text() == "First.\nSecond.\nThird."
