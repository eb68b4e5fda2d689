import pytest

from zepad_app.theme import Theme
from zepad_app.widgets.detection_gauge import DetectionGauge, round_ticks


@pytest.fixture
def gauge(qtbot):
    made = DetectionGauge(Theme("light"))
    qtbot.addWidget(made)
    made.resize(500, made.sizeHint().height())
    return made


def test_places_keep_the_order_and_the_proportions_of_scores(gauge):
    gauge.show_score(1.5, 0.5, (-1.0, 0.0, 0.4), flagged=True)
    left, line, mark = (gauge.x_of(v) for v in (-1.0, 0.5, 1.5))
    assert 0 < left < line < mark < gauge.width()
    assert (mark - line) / (line - left) == pytest.approx((1.5 - 0.5) / (0.5 + 1.0))


def test_the_marker_is_painted_where_the_score_lies_in_the_colour_of_the_verdict(gauge, qtbot):
    tokens = Theme("light").tokens
    for score, flagged, colour in ((1.5, True, tokens.adversarial), (-0.8, False, tokens.fused)):
        gauge.show_score(score, 0.5, (-1.0, 0.0, 0.4), flagged=flagged)
        image = gauge.grab().toImage()
        y = gauge.height() // 2
        near = {
            image.pixelColor(round(gauge.x_of(score)) + dx, y + dy).name().lower()
            for dx in range(-2, 3)
            for dy in range(-8, 9)
        }
        assert colour.lower() in near


def test_a_score_far_outside_the_cloud_stays_on_the_scale(gauge):
    gauge.show_score(40.0, 0.5, (-1.0, 0.0), flagged=True)
    assert gauge.x_of(40.0) < gauge.width()
    assert gauge.x_of(-1.0) > 0


def test_one_value_alone_is_no_division_by_zero(gauge):
    gauge.show_score(0.0, 0.0, (), flagged=False)
    assert 0 < gauge.x_of(0.0) < gauge.width()
    assert not gauge.grab().isNull()


def test_it_can_be_heard(gauge):
    gauge.show_score(1.34, 0.62, (0.0,) * 200, flagged=True)
    assert gauge.accessibleDescription() == "Score 1.34, above the threshold 0.62; 200 clean images behind it."


def test_ticks_are_round_and_inside():
    assert round_ticks(-0.55, 1.0) == (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    assert all(-0.55 <= tick <= 1.1 for tick in round_ticks(-0.55, 1.1))
    assert round_ticks(0.0, 4.0)[:3] == (0.0, 0.5, 1.0)
