"""The small parts of the page: numbers, plain text, pictures, charts."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ElementTree

import msgspec
import pytest
from PIL import Image, PngImagePlugin

from tests.support.report_builder import report_with
from tests.support.sample_report import sample_report
from zepad_engine.evidence import Rate
from zepad_engine.findings import BranchAnswer
from zepad_engine.report import numbers
from zepad_engine.report.branch_bars import branch_bars
from zepad_engine.report.charts import Frame, round_ticks
from zepad_engine.report.curves import accuracy_chart, loss_chart, roc_chart
from zepad_engine.report.dumbbells import Row, dumbbell_chart
from zepad_engine.report.measured import measured_rows
from zepad_engine.report.pictures import Album
from zepad_engine.report.plain_text import plain, set_name
from zepad_engine.report.wording import BRANCHES, DEFENCES
from zepad_engine.trained import PurifyingRow


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [(0.5, 100, 40.4, 59.6), (0.5, 1000, 46.9, 53.1), (0.95, 100, 88.8, 97.8), (0.0, 200, 0.0, 1.9)],
)
def test_wilson_intervals_are_the_published_ones(share, n, low, high):
    found = numbers.wilson(share, n)
    assert (round(100 * found.low, 1), round(100 * found.high, 1)) == pytest.approx((low, high), abs=0.05)


def test_a_rate_that_does_not_apply_is_a_dash():
    assert "–" in numbers.rate(None)
    assert "%" not in numbers.rate(None)


@pytest.mark.parametrize(("seconds", "words"), [(0.04, "0.0 s"), (59.96, "60.0 s"), (150, "2.5 min"), (7200, "2.0 h")])
def test_durations_read_well(seconds, words):
    assert numbers.duration(seconds) == words


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("10/255 and BA/RA/ASR", "10/255 and BA/RA/ASR"),
        ("images / features / heads", "images / features / heads"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
        ("from /home/zz_a/b c/enc.pt, strictly", "from enc.pt, strictly"),
        ("file:///home/zz_a/x.zip", "x.zip"),
        ("~/pictures/set.zip", "set.zip"),
        (r"C:\Users\zz_a\set.zip", "set.zip"),
        ("/home/zz_a/folder/", "(folder)"),
        ("a\u202eb\x00c", "a\ufffdb\ufffdc"),
        ("two\nlines\tkept", "two\nlines\tkept"),
    ],
)
def test_text_loses_places_and_hidden_signs_only(given, shown):
    assert plain(given) == shown


@pytest.mark.parametrize(
    ("reference", "name"),
    [("sample:emoji", "sample:emoji"), ("/home/zz_a/my set", "my set"), (r"D:\sets\b.zip", "b.zip")],
)
def test_a_set_is_named_without_its_place(reference, name):
    assert set_name(reference) == name


def test_pictures_are_encoded_again_without_what_came_with_them(tmp_path):
    secret = PngImagePlugin.PngInfo()
    secret.add_text("Author", "zz_secret")
    Image.new("RGBA", (8, 8), (200, 10, 10, 255)).save(tmp_path / "a.png", pnginfo=secret)
    uri = Album(tmp_path).data_uri("a.png")
    stored = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    picture = Image.open(io.BytesIO(stored))
    assert b"zz_secret" not in stored
    assert (picture.format, picture.size, picture.convert("RGB").getpixel((3, 3))) == ("PNG", (8, 8), (200, 10, 10))


def test_pictures_outside_the_run_are_never_read(tmp_path):
    inside = tmp_path / "run"
    inside.mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "outside.png")
    (inside / "link.png").symlink_to(tmp_path / "outside.png")
    album = Album(inside)
    assert [album.data_uri(name) for name in ("../outside.png", str(tmp_path / "outside.png"), "link.png", "")] == [
        ""
    ] * 4


def test_what_is_no_picture_is_left_out(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not a picture")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 40)
    (tmp_path / "c.svg").write_text("<svg onload='x'/>")
    Image.new("RGB", (5000, 5000)).save(tmp_path / "huge.png")
    album = Album(tmp_path)
    assert [album.data_uri(name) for name in ("a.png", "b.png", "c.svg", "huge.png")] == [""] * 4


def test_the_page_budget_holds(tmp_path):
    Image.effect_noise((64, 64), 90).save(tmp_path / "a.png")
    size = len(Album(tmp_path).data_uri("a.png"))
    album = Album(tmp_path, page_budget=int(2.5 * size))
    assert [bool(album.data_uri("a.png")) for _ in range(4)] == [True, True, False, False]


def test_charts_are_sound_xml_with_words():
    report = report_with()
    rows = (Row(name="A & <b>", robust={"zepad": Rate(value=0.5, n=10, low=0.2, high=0.8)}, clean=None),)
    charts = [roc_chart(report.detection[0]), loss_chart(report.tuning[0]), accuracy_chart(report.tuning[0])]
    charts.append(dumbbell_chart("L4A", rows))
    for chart in charts:
        assert ElementTree.fromstring(chart).attrib["aria-label"]
    assert "ZePAD 50.0 (20.0 to 80.0, n 10)" in charts[-1]


def test_a_dumbbell_stands_where_its_numbers_say():
    rate = Rate(value=0.5, n=100, low=0.4, high=0.6)
    chart = ElementTree.fromstring(dumbbell_chart("L4A", (Row(name="t", robust={"zepad": rate}, clean=None),)))
    frame = Frame(width=340, height=92, across=(0, 100), up=(0, 1), left=124, top=6)
    whisker = next(part for part in chart if part.attrib.get("class") == "whisker fused")
    ends = [float(point.split(",")[0]) for point in whisker.attrib["points"].split()]
    assert ends == pytest.approx([frame.x(40), frame.x(60)], abs=0.1)


@pytest.mark.parametrize(
    ("span", "ticks"),
    [((0, 100), (0, 20, 40, 60, 80, 100)), ((0, 1), (0, 0.2, 0.4, 0.6, 0.8, 1)), ((1, 8), (2, 4, 6, 8))],
)
def test_ticks_are_round(span, ticks):
    assert round_ticks(span) == pytest.approx(ticks)


def test_ticks_stay_within_a_tiny_span():
    assert all(0.7 <= tick <= 0.7003 for tick in round_ticks((0.7, 0.7003)))


def test_no_two_meanings_look_alike():
    for table in (DEFENCES, BRANCHES):
        looks = [(meaning.role, meaning.dash) for meaning in table.values()]
        assert len(set(looks)) == len(looks)


def test_what_was_not_measured_is_no_line():
    tuning = report_with().tuning[0]
    rows = tuple(msgspec.structs.replace(row, pgd_accuracy=None) for row in tuning.epochs)
    chart = accuracy_chart(msgspec.structs.replace(tuning, epochs=rows))
    assert ">clean</text>" in chart
    assert ">under PGD</text>" in accuracy_chart(tuning)
    assert ">under PGD</text>" not in chart


def test_an_example_shows_a_bar_per_branch_as_long_as_its_confidence():
    said = tuple(
        BranchAnswer(branch=name, clean="cat", perturbed="dog <b>", confidence=m, weight_share=share)
        for name, m, share in (("tuned_victim", 1.0, 0.5), ("tuned_auxiliary", 0.5, 0.3), ("benign", 0.0, 0.2))
    )
    example = msgspec.structs.replace(report_with().examples[0], branches=said)
    chart = ElementTree.fromstring(str(branch_bars(example)))
    bars = [float(re.search(r"h([\d.]+)v", path.get("d"))[1]) for path in chart.iter("path")]
    assert bars == [100.0, 50.0, 0.0]
    assert [text.text for text in chart.iter("text")][1] == "dog <b>, say 0.50"
    assert "BMP, benign branch says dog <b> with confidence 0.00 and 0.20 of the say" in chart.get("aria-label")
    assert branch_bars(msgspec.structs.replace(example, branches=())) == ""


def test_a_purifier_has_its_distances_drawn_beside_what_they_are_without_it():
    rows = tuple(
        PurifyingRow(epoch=n, feature_loss=0.5 / n, pixel_loss=0.1, total=0.5 / n + 0.1, feature_distance=0.6 / n)
        for n in (1, 2, 3)
    )
    tuning = msgspec.structs.replace(
        report_with().tuning[0], branch="purifier", epochs=(), purifying=rows, untouched=0.9, selected_epoch=3
    )
    losses, distances = (ElementTree.fromstring(str(chart(tuning))) for chart in (loss_chart, accuracy_chart))
    told = [[part.text for part in chart.iter() if part.text] for chart in (losses, distances)]
    assert {"total", "features", "pixels"} <= set(told[0])
    assert {"purified", "not purified", "feature distance"} <= set(told[1])
    measured = [row for row in measured_rows(report_with(tuning=(tuning,))) if row.quantity == "feature_distance"]
    assert [(row.setting, row.value) for row in measured] == [("epoch 1", 0.6), ("epoch 2", 0.3), ("epoch 3", 0.6 / 3)]


@pytest.mark.parametrize(
    ("stamp", "told"),
    [
        ("2026-11-27T16:02:31+00:00", "27 November 2026, 16:02 UTC"),
        ("2026-03-01T00:30:00+02:00", "28 February 2026, 22:30 UTC"),
        ("2026-01-01T12:00:00Z", "1 January 2026, 12:00 UTC"),
        ("2026-01-01T12:00:00", "1 January 2026, 12:00 UTC"),
        ("some day", "some day"),
    ],
)
def test_a_moment_is_told_as_one_writes_it(stamp, told):
    assert numbers.moment(stamp) == told


def test_the_largest_class_stands_beside_the_counts_where_it_is_known():
    signs = next(data for data in sample_report().data if data.key == "signs")
    known = "train 2,000, validation 400, calibration 300, test 325; largest class 133 of 325 test images"
    assert numbers.split_counts(signs) == known
    assert numbers.split_counts(msgspec.structs.replace(signs, largest_class=None)) == known.partition(";")[0]
