"""Devices, memory, disk, and where ZePAD keeps its files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from zepad_engine.capacity import GIB, free_memory, usable_cores
from zepad_engine.command_line.checks.check import Check

_LEAST_MEMORY = 4 * GIB
_LEAST_DISK = 1 * GIB


def check_devices() -> list[Check]:
    """What torch can compute on."""
    try:
        import torch
    except (ImportError, OSError):
        return [Check(name="Devices", level="bad", found="torch does not load", advice="Install the packages again.")]
    found = [Check(name="Device cpu", level="good", found=f"{usable_cores()} cores")]
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, total = torch.cuda.mem_get_info(index)
        memory = f"{free / GIB:.1f} of {total / GIB:.1f} GiB free"
        found.append(
            Check(name=f"Device cuda:{index}", level="good", found=f"{torch.cuda.get_device_name(index)}, {memory}")
        )
    if torch.backends.mps.is_available():
        found.append(Check(name="Device mps", level="good", found="Apple GPU"))
    return found


def check_memory() -> Check:
    """Free memory; the sample audit wants 4 GiB."""
    free = free_memory()
    if free is None:
        return Check(name="Free memory", level="note", found="not known on this system")
    advice = "" if free >= _LEAST_MEMORY else "The sample audit wants 4 GiB; close other programs or use --workers 1."
    return Check(name="Free memory", level="note" if advice else "good", found=f"{free / GIB:.1f} GiB", advice=advice)


def check_places() -> list[Check]:
    """Each folder of ours: where it is, whether it can be written; and the room on the disk of the runs."""
    try:
        from zepad_engine import places
    except ModuleNotFoundError:
        return [Check(name="Folders", level="bad", found="appdirs is missing", advice="Install the packages first.")]
    folders = {
        "Settings": places.settings_folder(),
        "Cache": places.cache_folder(),
        "Runs": places.runs_folder(),
        "Logs": places.logs_folder(),
    }
    return [*(_folder(name, path) for name, path in folders.items()), _disk(places.runs_folder())]


def _folder(name: str, path: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=_existing(path)):
            return Check(name=name, level="good", found=str(path))
    except OSError:
        advice = "It cannot be written; set ZEPAD_HOME to a folder that can."
        return Check(name=name, level="bad", found=str(path), advice=advice)


def _disk(path: Path) -> Check:
    free = shutil.disk_usage(_existing(path)).free
    advice = "" if free >= _LEAST_DISK else "A run wants up to 1 GiB; free some space or set ZEPAD_HOME."
    return Check(name="Free disk", level="bad" if advice else "good", found=f"{free / GIB:.1f} GiB", advice=advice)


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(place for place in (path, *path.parents) if place.is_dir())
