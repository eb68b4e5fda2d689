"""Pictures of the real window in the middle of a story, light and dark."""

from __future__ import annotations

import os
from pathlib import Path

from zepad_app.app import App


def shoot(app: App, qtbot, name: str) -> None:
    """Keep the window as it is now in ``artefacts/shots/story``; it is light afterwards."""
    folder = Path(os.environ.get("ZEPAD_SHOTS", "artefacts/shots")) / "story"
    folder.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        app.theme.choose(scheme)
        qtbot.wait(150)
        assert app.window.grab().save(str(folder / f"{name}-{scheme}.png"))
    app.theme.choose("light")
