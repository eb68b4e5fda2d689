"""Dates, sizes and states of runs in words. No widgets."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QDateTime, QLocale

from zepad_app.history import RecentRun, RunState

STATES: Final[dict[RunState, str]] = {
    "finished": "Finished",
    "running": "Running",
    "can be resumed": "Can be resumed",
    "missing": "Missing",
}
STATE_ICONS: Final[dict[RunState, str]] = {
    "finished": "done",
    "running": "current",
    "can be resumed": "resume",
    "missing": "warning",
}


def date_words(seconds: float) -> str:
    """Today and yesterday with the time, other days as the locale writes them."""
    moment = QDateTime.fromSecsSinceEpoch(int(seconds))
    days = moment.daysTo(QDateTime.currentDateTime())
    if days == 0:
        return f"Today {moment.toString('HH:mm')}"
    if days == 1:
        return f"Yesterday {moment.toString('HH:mm')}"
    return QLocale().toString(moment.date(), QLocale.FormatType.ShortFormat)


def size_words(size: int | None) -> str:
    """``41.2 MB``; nothing while it is not known."""
    return "" if size is None else QLocale.c().formattedDataSize(size, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def verdict_words(run: RecentRun) -> str:
    """What a row says of a run."""
    if run.state == "running":
        return "Running now; its verdict comes at the end."
    if run.state == "can be resumed":
        return "Not finished; goes on where it stopped."
    if run.state == "missing":
        return f"Its folder is gone. It said: {run.verdict}" if run.verdict else "Its folder is gone."
    return run.verdict
