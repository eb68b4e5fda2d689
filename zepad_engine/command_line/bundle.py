"""``bundle``: pack a finished run into one file that can be checked, opened and repeated elsewhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from zepad_engine.bundle.packing import pack
from zepad_engine.bundle.signing import fingerprint, make_key
from zepad_engine.command_line.guarding import DONE
from zepad_engine.errors import BadInput

ENDING = ".zepad"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("folder", type=Path, nargs="?", metavar="RUN", help="run folder of a finished audit")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help=f"default: RUN{ENDING} beside the run folder")
    parser.add_argument("--sign", type=Path, metavar="KEY", help="sign with the private key in this file")
    parser.add_argument("--signer", default="", metavar="NAME", help="what the signer calls himself; nothing proves it")
    parser.add_argument("--make-key", type=Path, metavar="FILE", help="make a private key and stop")
    parser.set_defaults(complain=parser.error)


def run(flags: argparse.Namespace) -> int:
    """Pack; the exit code."""
    if flags.make_key is not None:
        public = make_key(flags.make_key)
        sys.stdout.write(f"Private key: {flags.make_key}\nPublic key:  {public}\nFingerprint: {fingerprint(public)}\n")
        return DONE
    if flags.folder is None:
        flags.complain("name the run folder of an audit, or --make-key FILE")
    if not flags.folder.is_dir():
        raise BadInput(f"There is no run folder {flags.folder}.", "Check the path.")
    folder = flags.folder.resolve()
    target = flags.out or folder.with_name(f"{folder.name}{ENDING}")
    try:
        written = pack(folder, target, key=flags.sign, signer=flags.signer)
    except OSError as trouble:
        raise BadInput(f"{target} cannot be written.", "Name another file after --out.") from trouble
    sys.stdout.write(f"{written}\n")
    return DONE
