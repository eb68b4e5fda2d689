"""What a bundle says of itself: every file with its digest, and what somebody needs to know to repeat the audit."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from zepad_engine.bundle.refusal import refused

FORMAT: Final = "zepad-bundle"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature.json"
PLAN, REPORT, PAGE = "plan.json", "report.json", "report.html"

_FOLDERS: Final = "jobs|encoders|attacks|heads|logits|adaptive|per_image|previews"
_PART: Final = r"[A-Za-z0-9_-](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?"
_NAME: Final = re.compile(
    rf"plan\.json|report\.json|report\.html|(?:{_FOLDERS})/(?:{_PART}/){{0,3}}{_PART}\.(?:json|safetensors|png)"
)
# Names that are devices and not files where Windows runs.
_DEVICES: Final = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")


class Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the bundle."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``manifest.json``.

    Attributes:
        run: name of the run's folder; created_utc: when its report was written.
        encoder, encoder_sha256: what was audited.
        seed, arithmetic, threads: what decides the numbers beside the plan.
        environment: versions and machine, as in the report.
        files: all others, in the order they lie in the bundle.
    """

    format: str
    version: int
    tool: dict[str, str]
    run: str
    created_utc: str
    encoder: str
    encoder_sha256: str
    seed: int
    arithmetic: str
    threads: int
    environment: dict[str, str]
    files: tuple[Listed, ...]


def manifest_to_json(manifest: Manifest) -> bytes:
    """Write a manifest, indented, keys in declared order."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def manifest_from_json(text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        BadInput: it is none, is of another version, or names a file that has no place in a bundle.
    """
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as trouble:
        raise refused("its list of files cannot be read") from trouble
    if (manifest.format, manifest.version) != (FORMAT, VERSION):
        raise refused(f"it is of version {manifest.version}, and this program reads version {VERSION}")
    for listed in manifest.files:
        require_name(listed.name)
    folded = [listed.name.lower() for listed in manifest.files]
    if len(set(folded)) != len(folded):
        raise refused("two of its files have one name")
    if not {PLAN, REPORT} <= {listed.name for listed in manifest.files}:
        raise refused("the plan or the report is missing")
    return manifest


def require_name(name: str) -> None:
    """Refuse a name that no file of a bundle has: with it something could be written where it does not belong.

    Raises:
        BadInput: as the name says.
    """
    if not _NAME.fullmatch(name) or any(_DEVICES.fullmatch(part) for part in name.split("/")):
        raise refused("it holds a file that has no place in a bundle")
