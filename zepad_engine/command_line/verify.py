"""``verify``: is every byte of a bundle as it was written, and who signed it? Ends with 0 only if so."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from zepad_engine.bundle.checking import Checked, check
from zepad_engine.bundle.signing import fingerprint
from zepad_engine.command_line.guarding import DONE
from zepad_engine.errors import BadInput


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a .zepad file")
    parser.add_argument("--key", metavar="PUBLIC", help="demand that this public key (64 hex digits) signed it")


def run(flags: argparse.Namespace) -> int:
    """Check and tell; the exit code."""
    checked = check(flags.bundle)
    _require_key(checked, flags.key)
    sys.stdout.writelines(f"{line}\n" for line in _lines(checked))
    return DONE


def _require_key(checked: Checked, key: str | None) -> None:
    if key is None:
        return
    signature = checked.signature
    if signature is None or signature.public_key != key.strip().lower():
        who = "Nobody signed it." if signature is None else f"It was signed by {fingerprint(signature.public_key)}."
        raise BadInput("This bundle was not signed with that key.", who, code="bundle.signer")


def _lines(checked: Checked) -> Iterator[str]:
    manifest = checked.manifest
    yield f"Every byte is as written: {checked.size:,} bytes, {len(manifest.files):,} files and their list."
    yield f"Audit:  {manifest.run}, {manifest.created_utc}, {' '.join(manifest.tool.values())}"
    yield f"About:  {manifest.encoder}, SHA-256 {manifest.encoder_sha256}"
    yield f"Seal:   {checked.seal}"
    if checked.signature is None:
        yield "Signed: by nobody. Whoever changes a bundle can write a new list too; compare the seal with its maker's."
        return
    signature = checked.signature
    named = f", who calls himself {signature.signer!r}" if signature.signer else ""
    yield f"Signed: by the key {signature.public_key}"
    yield f"        fingerprint {fingerprint(signature.public_key)}{named}. Ask its owner whether it is his."
