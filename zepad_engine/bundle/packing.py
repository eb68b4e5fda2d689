"""A finished run becomes one file: its plan without places, all it made, and the manifest in front."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec

from zepad_engine.bundle import manifest as words
from zepad_engine.bundle.manifest import Listed, Manifest, manifest_to_json
from zepad_engine.bundle.signing import sign
from zepad_engine.bundle.zip_bytes import (
    LARGEST,
    LONGEST_NAME,
    MOST_FILES,
    End,
    Member,
    central_header,
    end_record,
    local_header,
)
from zepad_engine.errors import BadInput
from zepad_engine.findings import AuditReport
from zepad_engine.plan import (
    NAMED_PREFIX,
    SAMPLE_PREFIX,
    AuditPlan,
    plan_from_json,
    plan_to_json,
    set_name,
    without_folders,
)
from zepad_engine.report.html import public_environment, render_html
from zepad_engine.report.plain_text import plain
from zepad_engine.report_file import load_report
from zepad_engine.run_folder import RunFolder
from zepad_engine.storage import replace_with

_CHUNK: Final = 1 << 20


class _Content(NamedTuple):
    """A file to be packed: its name in the bundle, and its bytes or where they lie."""

    name: str
    source: bytes | Path


def pack(folder: Path, destination: Path, *, key: Path | None = None, signer: str = "") -> Path:
    """Write the finished run in ``folder`` as a bundle; the same run gives the same bytes. Signed where there is a key.

    Raises:
        BadInput: the run is not finished, or too large. NoSpace: the disk refused the write.
    """
    report = load_report(folder)
    plan = plan_from_json(RunFolder(folder).plan.read_bytes())
    contents = [*_made_here(report, plan, folder), *_made_before(folder)]
    contents.sort(key=lambda content: content.name)
    measured = [_measured(content) for content in contents]
    listed = tuple(Listed(name=member.name, size=member.size, sha256=sha256) for member, sha256 in measured)
    manifest = manifest_to_json(_manifest(report, listed))
    first = _measured(_Content(words.MANIFEST, manifest))
    files = [(_Content(words.MANIFEST, manifest), first[0]), *zip(contents, (m for m, _ in measured), strict=True)]
    if key is not None:
        signature = _Content(words.SIGNATURE, msgspec.json.encode(sign(manifest, key, signer)) + b"\n")
        files.append((signature, _measured(signature)[0]))
    _require_room(files)
    replace_with(destination, lambda sibling: _write(sibling, files))
    return destination


def portable_plan(plan: AuditPlan) -> AuditPlan:
    """The plan with files named and not located; image sets keep the name under which the run has stored them."""

    def named(key: str) -> str:
        return key if key.startswith(SAMPLE_PREFIX) else f"{NAMED_PREFIX}{set_name(key)}:{without_folders(key)}"

    def bare(key: str) -> str:
        return key if key.startswith(SAMPLE_PREFIX) else without_folders(key)

    attacks = tuple(
        msgspec.structs.replace(
            choice,
            values={
                name: without_folders(value) if name == "file" and isinstance(value, str) else value
                for name, value in choice.values.items()
            },
        )
        for choice in plan.attacks
    )
    return msgspec.structs.replace(
        plan,
        encoder=bare(plan.encoder),
        auxiliary=bare(plan.auxiliary),
        local_set=named(plan.local_set),
        surrogate_set=named(plan.surrogate_set),
        tasks=tuple(map(named, plan.tasks)),
        attacks=attacks,
    )


def _made_here(report: AuditReport, plan: AuditPlan, folder: Path) -> Iterator[_Content]:
    yield _Content(words.PLAN, plan_to_json(portable_plan(plan)))
    yield _Content(words.PAGE, render_html(report, folder).encode())


def _made_before(folder: Path) -> Iterator[_Content]:
    """What the run stored; anything else in the folder is left alone."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name in (words.PLAN, words.PAGE) or path.is_symlink() or not path.is_file():
            continue
        try:
            words.require_name(name)
        except BadInput:
            continue
        yield _Content(name, path)


def _manifest(report: AuditReport, files: tuple[Listed, ...]) -> Manifest:
    return Manifest(
        format=words.FORMAT,
        version=words.VERSION,
        tool=report.tool,
        run=plain(report.run),
        created_utc=report.created_utc,
        encoder=plain(report.subject.name),
        encoder_sha256=report.subject.sha256,
        seed=report.plan.seed,
        arithmetic=report.plan.arithmetic,
        threads=report.plan.threads,
        environment=public_environment(report),
        files=files,
    )


def _measured(content: _Content) -> tuple[Member, str]:
    digest, crc, size = hashlib.sha256(), 0, 0
    for chunk in _chunks(content.source):
        digest.update(chunk)
        crc = zlib.crc32(chunk, crc)
        size += len(chunk)
    return Member(content.name, size, crc, 0), digest.hexdigest()


def _chunks(source: bytes | Path) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _require_room(files: list[tuple[_Content, Member]]) -> None:
    whole = sum(member.size + 2 * (LONGEST_NAME + 64) for _, member in files)
    if whole > LARGEST or len(files) > MOST_FILES or any(len(member.name) > LONGEST_NAME for _, member in files):
        raise BadInput(
            "This run is too large for a bundle, which holds at most 4 GB in 4,000 files.",
            "Give the run folder itself, or audit fewer tasks at a time.",
        )


def _write(path: Path, files: Iterable[tuple[_Content, Member]]) -> None:
    placed, offset = [], 0
    with path.open("wb") as stream:
        for content, member in files:
            placed.append(member._replace(offset=offset))
            stream.write(local_header(placed[-1]))
            _copy(content, member, stream)
            offset = placed[-1].end
        listed = b"".join(map(central_header, placed))
        stream.write(listed + end_record(End(len(placed), len(listed), offset)))


def _copy(content: _Content, member: Member, stream: BinaryIO) -> None:
    crc = 0
    for chunk in _chunks(content.source):
        crc = zlib.crc32(chunk, crc)
        stream.write(chunk)
    if crc != member.crc:
        raise BadInput(f"The run changed while it was packed ({content.name}).", "Try again when the audit has ended.")
