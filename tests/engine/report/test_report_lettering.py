"""Names in letters the paper's type lacks: spelled, said so, and never a box."""

from __future__ import annotations

import msgspec
import pypdfium2
import pytest

from tests.support.report_builder import report_with
from tests.support.tainting import lean
from zepad_engine.report.pdf import render_pdf
from zepad_engine.report.pdf.lettering import NOTE, lacks, letters, spelled

LEAN = lean(report_with())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Straße, Łódź, αβγ, Жук, 10 ≤ 20 ± 3 →", "Straße, Łódź, αβγ, Жук, 10 ≤ 20 ± 3 →"),
        ("交通标志", "[U+4EA4 901A 6807 5FD7]"),
        ("cat 猫 and 😀", "cat [U+732B] and [U+1F600]"),
        ("إشارة", "[U+0625 0634 0627 0631 0629]"),
        # Full width forms and decomposed accents are letters the type has.
        ("ＣＩＦＡＲ", "CIFAR"),
        ("e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}", "été"),
        ("thin\N{THIN SPACE}space", "thin space"),
        ("一二三四五六七八九十", "[U+4E00 4E8C 4E09 56DB 4E94 516D 4E03 516B…]"),
    ],
)
def test_what_has_no_shape_is_spelled_and_the_rest_stays(name, shown):
    assert spelled(name) == shown
    assert set(spelled(name)) <= letters()


def test_a_chart_has_room_for_two():
    assert spelled("交通标志", 2) == "[U+4EA4 901A…]"


def test_it_is_noticed_where_something_is_spelled():
    assert lacks("猫")
    assert not lacks("Straße ＣＩＦＡＲ\n")


def shown(report, folder) -> str:
    with pypdfium2.PdfDocument(render_pdf(report, folder)) as document:
        return " ".join(page.get_textpage().get_text_range() for page in document)


def test_the_paper_says_that_letters_were_spelled_and_shows_no_box(tmp_path):
    subject = msgspec.structs.replace(LEAN.subject, name="编码器 🐱")
    words = " ".join(shown(msgspec.structs.replace(LEAN, subject=subject), tmp_path).split())
    assert "[U+7F16 7801 5668] [U+1F431]" in words
    assert NOTE[:60] in words
    assert "�" not in words
    assert NOTE[:60] not in " ".join(shown(LEAN, tmp_path).split())
