"""``report``: write a finished run's report again, in the formats asked for."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from zepad_engine.command_line.guarding import DONE
from zepad_engine.errors import BadInput
from zepad_engine.export_formats import FORMATS
from zepad_engine.exporting import export
from zepad_engine.findings import describe_schema

_KEYS = tuple(form.key for form in FORMATS)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("folder", type=Path, nargs="?", metavar="RUN", help="run folder of an audit")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of report.json and stop")
    parser.add_argument("--format", default="html", help=f"one or several of {','.join(_KEYS)} (default html)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write; default is the run folder")
    parser.set_defaults(complain=parser.error)


def run(flags: argparse.Namespace) -> int:
    """Write the files; the exit code."""
    if flags.schema:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(describe_schema()), indent=2).decode() + "\n")
        return DONE
    if flags.folder is None:
        flags.complain("name the run folder of an audit")
    formats = [word.strip() for word in flags.format.split(",")]
    for word in formats:
        if word not in _KEYS:
            raise BadInput(f"There is no report format {word}.", f"Known: {', '.join(_KEYS)}.")
    if not flags.folder.is_dir():
        raise BadInput(f"There is no run folder {flags.folder}.", "Check the path.")
    target = flags.out or flags.folder
    for form in FORMATS:
        if form.key in formats:
            sys.stdout.write(f"{_write(flags.folder, form.key, target / f'report{form.ending}')}\n")
    return DONE


def _write(folder: Path, form: str, path: Path) -> Path:
    try:
        return export(folder, form, path)
    except OSError as trouble:
        raise BadInput(f"{path} cannot be written.", "Name another folder after --out.") from trouble
