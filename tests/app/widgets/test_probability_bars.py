from PySide6.QtGui import QFontMetrics

from zepad_app.theme import Theme
from zepad_app.widgets.probability_bars import ProbabilityBars
from zepad_engine.questions import ClassScore


def test_bars_share_one_scale_from_0_to_1(qtbot):
    bars = ProbabilityBars(Theme("light"), "victim", rows=2)
    qtbot.addWidget(bars)
    bars.resize(200, bars.sizeHint().height())
    bars.show_scores([ClassScore(name=n, probability=p) for n, p in (("cat", 0.75), ("dog", 0.2), ("owl", 0.05))])
    assert [bars.bar(row).width() for row in range(2)] == [150, 40]
    assert bars.accessibleDescription() == "cat 75.0 %, dog 20.0 %"
    image = bars.grab().toImage()
    y = round(bars.bar(0).center().y())
    blue = Theme("light").tokens.victim.lower()
    assert image.pixelColor(148, y).name() == blue
    assert image.pixelColor(153, y).name() != blue


def test_a_name_takes_what_its_number_leaves(qtbot):
    bars = ProbabilityBars(Theme("light"), "victim", rows=2)
    qtbot.addWidget(bars)
    bars.show_scores([ClassScore(name="animals", probability=p) for p in (0.995, 0.005)])
    caption = QFontMetrics(Theme("light").font("caption"))
    bars.resize(caption.horizontalAdvance("animals") + caption.horizontalAdvance("0.5") + 8, 60)
    assert bars.words(1) == ("animals", "0.5")
    cut, share = bars.words(0)
    assert (cut.endswith("…"), share) == (True, "99.5")
