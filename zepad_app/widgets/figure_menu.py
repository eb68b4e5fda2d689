"""What can be done with any plot or table: copy it, save it, ask how it was measured."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from zepad_app.widgets.explaining import add_question
from zepad_engine.evidence import Rate
from zepad_engine.storage import write_bytes

Figures: TypeAlias = Sequence[Sequence[object]]


class Figured(Protocol):
    """A widget that can be taken away; it is a QWidget, its accessible name becomes the file's name."""

    def figure_size(self) -> QSize:
        """The size of the figure as it leaves the window, in logical pixels."""

    def paint_figure(self, painter: QPainter) -> None:
        """Draw the whole figure, in that size, as vectors."""

    def figures(self) -> Figures:
        """The figures drawn, a header row first."""

    def summary(self) -> str:
        """The figure in a sentence or two."""


def figures_as_csv(figures: Figures) -> str:
    """The rows as comma-separated text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(figures)
    return text.getvalue()


def picture_of(figure: Figured, ground: str) -> QPixmap:
    """The figure at twice its size on screen, on the surface it stands on."""
    assert isinstance(figure, QWidget)
    pixmap = QPixmap(figure.figure_size() * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(QColor(ground))
    painter = QPainter(pixmap)
    figure.paint_figure(painter)
    painter.end()
    return pixmap


def drawing_of(figure: Figured, ground: str) -> bytes:
    """The figure as SVG: lines stay lines and text stays text."""
    assert isinstance(figure, QWidget)
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.SvgTiny12)
    generator.setOutputDevice(buffer)
    whole = QRect(QPoint(0, 0), figure.figure_size())
    generator.setSize(whole.size())
    # Axes are played back from a QPicture, which is scaled where the resolutions differ.
    generator.setResolution(figure.logicalDpiX())
    generator.setViewBox(whole)
    generator.setTitle(figure.accessibleName())
    generator.setDescription(figure.summary())
    painter = QPainter(generator)
    painter.fillRect(whole, QColor(ground))
    figure.paint_figure(painter)
    painter.end()
    return bytes(content.data())


def figure_menu(figure: Figured, ground: Callable[[], str], what: str = "", rate: Rate | None = None) -> QMenu:
    """The menu of a figure; ``ground`` gives the colour behind it, ``what`` and ``rate`` what is asked about."""
    assert isinstance(figure, QWidget)
    menu = QMenu(figure)
    menu.addAction("Copy picture", lambda: copy_picture(figure, ground()))
    menu.addAction("Copy figures", lambda: copy_figures(figure))
    menu.addSeparator()
    menu.addAction("Save as PNG…", lambda: save(figure, "png", lambda: _png(picture_of(figure, ground()))))
    menu.addAction("Save as SVG…", lambda: save(figure, "svg", lambda: drawing_of(figure, ground())))
    menu.addAction("Save figures as CSV…", lambda: save(figure, "csv", lambda: _csv(figure)))
    add_question(menu, figure, what or figure.accessibleName(), rate)
    return menu


def copy_picture(figure: Figured, ground: str) -> None:
    """Put the picture on the clipboard."""
    QGuiApplication.clipboard().setImage(picture_of(figure, ground).toImage())


def copy_figures(figure: Figured) -> None:
    """Put the figures on the clipboard as tab-separated text, as sheets take it.

    As text only: a QMimeData made in Python and still on the clipboard when the program ends crashes the exit.
    """
    rows = ("\t".join("" if value is None else str(value) for value in row) for row in figure.figures())
    QGuiApplication.clipboard().setText("\n".join(rows))


def save(figure: QWidget, ending: str, content: Callable[[], bytes]) -> None:
    """Ask for a place and write what ``content`` gives there."""
    kind = f"{ending.upper()} (*.{ending})"
    path, _ = QFileDialog.getSaveFileName(figure, "Save", file_name(figure.accessibleName(), ending), kind)
    if path:
        write_bytes(Path(path), content())


def file_name(title: str, ending: str) -> str:
    """A title as the name of a file."""
    words = "".join(letter if letter.isalnum() else " " for letter in title.lower())
    return f"{'-'.join(words.split())}.{ending}"


def _csv(figure: Figured) -> bytes:
    return figures_as_csv(figure.figures()).encode()


def _png(picture: QPixmap) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(content.data())
