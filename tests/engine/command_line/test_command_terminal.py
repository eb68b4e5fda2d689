"""Progress on a terminal and off it."""

from __future__ import annotations

import io

import msgspec
import pytest

from zepad_engine.command_line.terminal import TerminalProgress, clock
from zepad_engine.findings import Cell
from zepad_engine.messages import Found, Progressed, StageInfo, Started


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal, self._encoding = terminal, encoding

    def isatty(self) -> bool:
        return self._terminal

    @property
    def encoding(self) -> str:
        return self._encoding


STARTED = Started(run="r", folder="f", stages=(StageInfo(key="craft", name="Craft attacks", share=1.0),))


def progressed(whole: float, stage: str = "craft", remaining: float | None = None) -> Progressed:
    return Progressed(run="r", stage=stage, done=whole, whole=whole, elapsed=1.0, remaining=remaining)


def test_a_terminal_shows_bar_stage_and_time_left():
    screen = Screen(terminal=True)
    shown = TerminalProgress(screen)
    shown(STARTED)
    shown(progressed(0.5, remaining=3723))
    shown.end()
    line = screen.getvalue()
    assert line.startswith("\r" + "█" * 12 + "░" * 12 + "  50 %  Craft attacks, 1:02:03 left")
    assert line.endswith("\n")


def test_a_terminal_that_knows_no_blocks_gets_plain_signs():
    screen = Screen(terminal=True, encoding="cp1252")
    TerminalProgress(screen)(progressed(0.25))
    assert "######------------------" in screen.getvalue()
    screen.getvalue().encode("cp1252")


def test_off_a_terminal_there_are_lines_when_a_stage_turns_or_a_quarter_minute_passed(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("zepad_engine.command_line.terminal.time.monotonic", lambda: now[0])
    screen = Screen(terminal=False)
    shown = TerminalProgress(screen)
    shown(STARTED)
    for whole in (0.1, 0.2, 0.3):
        shown(progressed(whole))
    shown(progressed(0.4, stage="tune"))
    now[0] += 20
    shown(progressed(0.5, stage="tune"))
    shown(progressed(1.0))
    shown(Found(run="r", cells=(Cell(defence="zepad", attack="none", task="t", epsilon_255=0.0),)))
    both = "Craft attacks + tune"
    lines = [
        " 10 %  Craft attacks",
        f" 40 %  {both}",
        f" 50 %  {both}",
        "100 %  Craft attacks: done",
        "stored 1 results",
    ]
    assert screen.getvalue().splitlines() == lines
    assert "\r" not in screen.getvalue()


def test_a_terminal_is_drawn_ten_times_a_second_at_most(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("zepad_engine.command_line.terminal.time.monotonic", lambda: now[0])
    screen = Screen(terminal=True)
    shown = TerminalProgress(screen)
    for step in range(100):
        shown(progressed(step / 100, stage="tune" if step % 2 else "craft"))
        now[0] += 0.01
    assert 8 <= screen.getvalue().count("\r") <= 11


def test_nothing_is_drawn_after_nothing():
    screen = Screen(terminal=True)
    TerminalProgress(screen).end()
    assert screen.getvalue() == ""


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3600, "1:00:00"), (-3, "0:00")])
def test_clocks_read_as_clocks(seconds, text):
    assert clock(seconds) == text


def test_a_long_note_is_cut_rather_than_let_the_line_wrap(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen(terminal=True)
    note = "ZePAD: Universal on the fused answer, step 300 of 400"
    TerminalProgress(screen)(msgspec.structs.replace(progressed(0.25, remaining=64), note=note))
    line = screen.getvalue().strip("\r").removesuffix("\x1b[K")
    assert len(line) <= 79
    assert "ZePAD: Univ" in line
    assert line.endswith(" left")
