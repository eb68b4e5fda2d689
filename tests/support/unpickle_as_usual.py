"""Run as a script, in a folder to throw away: unpickles payloads as a careless program would, and so runs them.

The positive control of the hostile corpus: shows that its payloads are alive.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import struct
import sys
import tarfile
import zipfile
from pathlib import Path


class Careless(pickle.Unpickler):
    def persistent_load(self, pid: object) -> None:
        return None


def content(path: Path) -> bytes:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            start = next(one.header_offset for one in archive.infolist() if one.filename.endswith("data.pkl"))
        # As a reader that minds neither checksums nor flags.
        lengths = struct.unpack_from("<2H", path.read_bytes(), start + 26)
        return path.read_bytes()[start + 30 + sum(lengths) :]
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            return archive.extractfile("pickle").read()
    return path.read_bytes()


def main() -> None:
    for told in sys.stdin.read().splitlines():
        with contextlib.suppress(Exception):
            Careless(io.BytesIO(content(Path(told)))).load()


if __name__ == "__main__":
    main()
