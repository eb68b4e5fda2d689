from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage

from zepad_app.inspection.pasting import pasted_files


def test_another_program_s_bytes_are_stored_unread(tmp_path, own_home):
    data = QMimeData()
    data.setData("image/png", b"not a picture at all")
    (path,) = pasted_files(data)
    assert path.read_bytes() == b"not a picture at all"
    assert (path.suffix, path.parent) == (".png", own_home / "cache" / "pasted")
    assert pasted_files(data) == (path,)
    assert len(list(path.parent.iterdir())) == 1


def test_only_the_last_forty_are_kept(own_home):
    for number in range(45):
        data = QMimeData()
        data.setData("image/jpeg", f"picture {number}".encode())
        last = pasted_files(data)
    assert len(list((own_home / "cache" / "pasted").iterdir())) == 40
    assert last[0].exists()


def test_files_come_before_pixels_and_the_network_is_left_alone(tmp_path):
    data = QMimeData()
    data.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    data.setUrls([QUrl.fromLocalFile("/data/owl.png"), QUrl("https://example.org/a.png")])
    assert pasted_files(data) == (Path("/data/owl.png"),)


def test_what_is_too_large_is_not_taken():
    data = QMimeData()
    data.setData("image/png", b"x" * (64 * 1024 * 1024 + 1))
    assert pasted_files(data) == ()
