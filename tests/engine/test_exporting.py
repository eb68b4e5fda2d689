from __future__ import annotations

import errno
import os

import msgspec
import pytest

from tests.support.report_builder import draw_pictures
from tests.support.sample_report import sample_report
from zepad_engine.errors import BadInput, NoSpace
from zepad_engine.export_formats import FORMATS
from zepad_engine.exporting import export
from zepad_engine.findings import SCHEMA_VERSION, report_from_json, report_to_json
from zepad_engine.plan import plan_to_json
from zepad_engine.report_file import load_report


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    draw_pictures(sample_report(), folder)
    (folder / "report.json").write_bytes(report_to_json(sample_report()))
    (folder / "plan.json").write_bytes(plan_to_json(sample_report().plan))
    return folder


def test_json_is_the_report_byte_for_byte(run, tmp_path):
    written = export(run, "json", tmp_path / "out" / "mine.json")
    assert written.read_bytes() == (run / "report.json").read_bytes()
    assert report_from_json(written.read_bytes()) == sample_report()


def test_html_is_one_page_with_its_pictures_inside(run, tmp_path):
    page = export(run, "html", tmp_path / "mine.html").read_text(encoding="utf-8")
    assert sample_report().summary.verdict in page
    assert "data:image/png;base64," in page
    assert 'src="attacks/' not in page
    assert str(tmp_path) not in page


def test_every_form_the_menu_offers_is_written(run, tmp_path):
    beginnings = {
        "html": b"<!doctype html>",
        "pdf": b"%PDF-",
        "csv": b"\xef\xbb\xbftable,",
        "md": b"## ",
        "json": b"{",
        "bundle": b"PK",
    }
    assert list(beginnings) == [form.key for form in FORMATS]
    for form in FORMATS:
        written = export(run, form.key, tmp_path / f"report{form.ending}")
        assert written.read_bytes().startswith(beginnings[form.key])


def test_a_folder_without_a_report(tmp_path):
    with pytest.raises(BadInput, match=f"The folder {tmp_path.name} holds no finished audit."):
        export(tmp_path, "json", tmp_path / "out.json")
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff\xfe", b'{"schema_version": "1.0"}', b"[1, 2"])
def test_a_damaged_report(run, tmp_path, text):
    (run / "report.json").write_bytes(text)
    with pytest.raises(BadInput, match="The report in run cannot be read by this version."):
        load_report(run)


@pytest.mark.parametrize(("version", "read"), [("1.2", True), ("1.9", True), ("2.0", False)])
def test_reports_of_the_same_first_number_are_read(run, version, read):
    older = msgspec.structs.replace(sample_report(), schema_version=version)
    (run / "report.json").write_bytes(report_to_json(older))
    if read:
        assert load_report(run) == older
    else:
        with pytest.raises(BadInput, match=f"has schema 2.0; this version reads {SCHEMA_VERSION}"):
            load_report(run)


def test_a_format_nobody_knows(run, tmp_path):
    with pytest.raises(BadInput, match="There is no report format called doc."):
        export(run, "doc", tmp_path / "out.doc")
    assert not (tmp_path / "out.doc").exists()


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_full_disk_keeps_the_older_export(run, tmp_path, monkeypatch, form):
    destination = tmp_path / "out"
    destination.write_bytes(b"older")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpace, match="Could not write out"):
        export(run, form, destination)
    assert destination.read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "run"]
