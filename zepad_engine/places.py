"""Where ZePAD keeps settings, cache and runs.

appdirs decides; ``ZEPAD_HOME`` moves everything (tests, portable use), ``ZEPAD_RUNS`` and ``ZEPAD_CACHE`` one folder.
"""

from __future__ import annotations

import os
from pathlib import Path

import appdirs

_NAME = "zepad"


def _base(kind: str) -> Path:
    if own := os.environ.get(f"ZEPAD_{kind.upper()}") if kind in ("runs", "cache") else "":
        return Path(own)
    if home := os.environ.get("ZEPAD_HOME"):
        return Path(home) / kind
    places = {
        "settings": appdirs.user_config_dir(_NAME, False),
        "cache": appdirs.user_cache_dir(_NAME, False),
        "runs": str(Path(appdirs.user_data_dir(_NAME, False)) / "runs"),
        "logs": appdirs.user_log_dir(_NAME, False),
    }
    return Path(places[kind])


def settings_folder() -> Path:
    """The folder of the settings file."""
    return _base("settings")


def cache_folder() -> Path:
    """The folder of what can be made again."""
    return _base("cache")


def runs_folder() -> Path:
    """The folder in which each audit has a folder of its own."""
    return _base("runs")


def logs_folder() -> Path:
    """The folder of log files."""
    return _base("logs")
