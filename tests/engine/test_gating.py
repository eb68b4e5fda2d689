"""Bounds on the figures of an audit: which end of the interval counts, and what fails without a figure."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest

from tests.support.report_builder import report_with
from tests.support.sample_rates import rate
from zepad_engine.errors import BadInput
from zepad_engine.evidence import Light
from zepad_engine.findings import Average
from zepad_engine.gating import Bound, bound_from, judge, junit


def measured(**values: tuple[float, int]):
    """A report in which ZePAD has these means over unseen tasks, under one attack each."""
    base = {"defence": "zepad", "unseen": True, "tasks": ("signs",)}
    averages = [Average(attack="none", ba=rate(*values.get("ba", (0.9, 500))), **base)]
    for name in ("one", "two"):
        if name in values:
            value, n = values[name]
            averages.append(Average(attack=name, ra=rate(value, n), asr=rate(1 - value, n), **base))
    cells = tuple(cell for cell in report_with().cells if cell.defence == "zepad")[:1]
    cells = tuple(msgspec.structs.replace(cells[0], attack=name) for name in ("none", "one", "two"))
    return report_with(averages=tuple(averages), cells=cells, lights=(), worst=(), adaptive=())


def verdicts(report, *bounds: Bound) -> list[bool]:
    return [each.kept for each in judge(report, bounds)]


def test_the_lower_end_of_the_interval_must_reach_the_bound():
    # 300 of 500: 60 %, interval 55.6 to 64.2.
    report = measured(one=(0.6, 500))
    assert verdicts(report, Bound("ra", "zepad", "under", 0.55), Bound("ra", "zepad", "under", 0.57)) == [True, False]


def test_the_upper_end_of_the_interval_must_not_pass_the_bound():
    report = measured(one=(0.6, 500))
    assert verdicts(report, Bound("asr", "zepad", "over", 0.45), Bound("asr", "zepad", "over", 0.43)) == [True, False]


def test_the_same_rate_of_fewer_images_fails():
    bound = Bound("ra", "zepad", "under", 0.55)
    assert verdicts(measured(one=(0.6, 500)), bound) == [True]
    assert verdicts(measured(one=(0.6, 50)), bound) == [False]


def test_the_attack_that_is_against_the_encoder_counts():
    report = measured(one=(0.9, 500), two=(0.5, 500))
    (judged,) = judge(report, [Bound("ra", "zepad", "under", 0.6)])
    assert not judged.kept
    assert "50.0 % (45.6–54.4, n = 500) under two" in judged.why
    assert "lower end" in judged.why


@pytest.mark.parametrize("measure", ["ra", "worst", "evaded", "asr"])
def test_what_was_not_measured_fails(measure):
    (judged,) = judge(measured(), [Bound(measure, "zepad", "over", 1.0)])
    assert (judged.kept, judged.why) == (False, "It was not measured in this audit.")


def test_a_red_light_fails_whatever_the_figure():
    red = Light(key="k", name="Gradients exist", colour="red", statement="None.", value=1.0, defence="zepad")
    report = msgspec.structs.replace(measured(one=(0.99, 500)), lights=(red,))
    (judged,) = judge(report, [Bound("ra", "zepad", "under", 0.1)])
    assert not judged.kept
    assert "Gradients exist is red" in judged.why


def test_every_measure_is_read_off_a_whole_report():
    report = report_with(lights=())
    for text, side in (
        ("ba=0.5", "under"),
        ("worst=0", "under"),
        ("evaded=1", "over"),
        ("auroc=0", "under"),
        ("fpr=1", "over"),
    ):
        (judged,) = judge(report, [bound_from(text, side)])
        assert judged.kept, text
        assert "n = " in judged.why


@pytest.mark.parametrize(
    "text", ["ra", "ra=", "ra=50", "ra=-1", "accuracy=0.5", "ra=0.5;rm", "ra@=0.5", "=0.5", "ra=nan"]
)
def test_what_is_no_bound_is_refused(text):
    with pytest.raises(BadInput, match="is no bound"):
        bound_from(text, "under")


def test_a_bound_can_name_another_system():
    assert bound_from("ra@tuned_victim-mine=.25", "under") == Bound("ra", "tuned_victim-mine", "under", 0.25)


def test_a_build_server_can_read_it():
    report = measured(one=(0.6, 500))
    report = msgspec.structs.replace(report, subject=msgspec.structs.replace(report.subject, name='a"<b>&\x00\ufffe'))
    written = junit(report, judge(report, [Bound("ra", "zepad", "under", 0.5), Bound("ra", "zepad", "under", 0.6)]))
    suite = ElementTree.fromstring(written)
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    kept, broken = suite.findall("testcase")
    assert kept.find("failure") is None
    assert "0.5565 is compared with 0.6" in broken.find("failure").get("message").replace(",", "")
    assert suite.get("name").endswith('a"<b>&\ufffd\ufffd')
    assert suite.get("hostname") is None
