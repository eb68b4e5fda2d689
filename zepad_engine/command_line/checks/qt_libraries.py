"""System libraries that Qt's window plugin needs on Linux, and the apt packages that hold them; Qt is not loaded."""

from __future__ import annotations

import ctypes
import importlib.util
import platform
import re
import shutil
import subprocess
from pathlib import Path

from zepad_engine.command_line.checks.check import Check

# Library to package on Debian 12; where Ubuntu 24.04 renamed it for 64-bit time, see _RENAMED.
PACKAGES: dict[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libz.so.1": "zlib1g",
}
_RENAMED = {"libglib2.0-0": "libglib2.0-0t64"}
_NAME = "Qt system libraries"


def check_qt_libraries() -> Check:
    """Whether the window can open on this machine; only Linux leaves this to the system."""
    if platform.system() != "Linux":
        return Check(name=_NAME, level="good", found="part of the system")
    plugin = _window_plugin()
    if plugin is None:
        return Check(name=_NAME, level="bad", found="PySide6 is missing", advice="Install the packages first.")
    return judge_missing(missing_libraries(plugin), _system_name())


def missing_packages() -> tuple[str, ...]:
    """The apt packages this machine lacks for the window."""
    plugin = _window_plugin()
    return packages_of(missing_libraries(plugin), _system_name()) if plugin else ()


def judge_missing(missing: tuple[str, ...], system: str) -> Check:
    """The check for a list of missing libraries; ``system`` decides how packages are called."""
    if not missing:
        return Check(name=_NAME, level="good", found="all there")
    packages = packages_of(missing, system)
    unknown = [name for name in missing if name not in PACKAGES]
    advice = f"Run: sudo apt-get install {' '.join(packages)}" if packages else ""
    if unknown:
        advice = f"{advice} Find the packages of {', '.join(unknown)} yourself.".strip()
    return Check(name=_NAME, level="bad", found=f"missing {', '.join(missing)}", advice=advice)


def packages_of(missing: tuple[str, ...], system: str) -> tuple[str, ...]:
    """The apt packages of some libraries on ``system`` ("debian 12", "ubuntu 24.04")."""
    renamed = _RENAMED if _renames(system) else {}
    packages = {PACKAGES[name] for name in missing if name in PACKAGES}
    return tuple(sorted(renamed.get(package, package) for package in packages))


def missing_libraries(plugin: Path) -> tuple[str, ...]:
    """Names of the shared libraries the loader cannot find for a plugin, sorted."""
    if shutil.which("ldd") is None:
        return _missing_by_loading(plugin)
    listed = subprocess.run(["ldd", str(plugin)], capture_output=True, text=True, timeout=30, check=False)
    return parse_ldd(listed.stdout)


def parse_ldd(listing: str) -> tuple[str, ...]:
    """The libraries ldd did not find."""
    return tuple(sorted(set(re.findall(r"^\s*(\S+) => not found$", listing, re.MULTILINE))))


def _missing_by_loading(plugin: Path) -> tuple[str, ...]:
    """Without ldd the loader names one missing library at a time."""
    try:
        ctypes.CDLL(str(plugin))
    except OSError as trouble:
        found = re.match(r"(\S+): cannot open shared object file", str(trouble))
        return (found[1],) if found else (plugin.name,)
    return ()


def _window_plugin() -> Path | None:
    found = importlib.util.find_spec("PySide6")
    if found is None or not found.submodule_search_locations:
        return None
    plugin = Path(found.submodule_search_locations[0]) / "Qt/plugins/platforms/libqxcb.so"
    return plugin if plugin.is_file() else None


def _system_name() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{release.get('ID', '')} {release.get('VERSION_ID', '')}"


def _renames(system: str) -> bool:
    name, _, version = system.partition(" ")
    major = int(version.split(".")[0]) if version.split(".")[0].isdigit() else 0
    return (name == "ubuntu" and major >= 24) or (name == "debian" and major >= 13)
