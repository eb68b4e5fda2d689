"""Pictures of the real window in the middle of a story, light and dark."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

from tests.support.gap_meter import GapMeter
from tests.support.settling import settle, wait_settled
from zepad_app.app import App


def shoot(app: App, qtbot, name: str) -> None:
    """Keep the window as it is now in ``artefacts/shots/story``; it is light afterwards."""
    folder = Path(os.environ.get("ZEPAD_SHOTS", "artefacts/shots")) / "story"
    folder.mkdir(parents=True, exist_ok=True)
    # Pages fill in turns, which the meter is to see.
    wait_settled(qtbot, app.window)
    meter = app.window.findChild(GapMeter)
    with meter.forgiving() if meter is not None else nullcontext():
        for scheme in ("light", "dark"):
            app.theme.choose(scheme)
            settle(app.window)
            qtbot.wait(150)
            assert app.window.grab().save(str(folder / f"{name}-{scheme}.png"))
        app.theme.choose("light")
        settle(app.window)
        qtbot.waitUntil(lambda: app.theme.settled)
        qtbot.wait(20)
