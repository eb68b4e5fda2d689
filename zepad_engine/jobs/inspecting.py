"""The preflight of a dropped encoder: told once it is open, and again once its features are checked."""

from __future__ import annotations

from typing import Any

import msgspec

from zepad_engine.card import Overrides
from zepad_engine.checkup.checking import check
from zepad_engine.encoders.reading import Opened, open_checkpoint
from zepad_engine.execution.execution import Execution
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.job import Told
from zepad_engine.jobs.opening import encoder_path
from zepad_engine.preflight import FileFinding, Preflight


def inspect(context: Context) -> dict[str, Any]:
    """Open an encoder file, tell what it is, then check its features."""
    says = msgspec.json.decode(context.args.get("says", "{}"), type=Overrides)
    opened = open_checkpoint(encoder_path(context.args["path"]), says)
    preflight = preflight_of(opened)
    context.send(Told(key=context.job.key, part={"preflight": msgspec.to_builtins(preflight)}))
    checked = check(preflight, opened.encoder, Execution.of(), context.progress)
    return {"preflight": msgspec.to_builtins(checked)}


def preflight_of(opened: Opened) -> Preflight:
    """What is known before anything is computed."""
    verdict, card = opened.verdict, opened.encoder.card
    file = FileFinding(
        name=opened.file,
        size=verdict.size,
        container=verdict.container,
        checksummed=verdict.checksummed,
        keys_used=opened.keys_used,
        keys_ignored=card.keys_ignored,
        left_out=verdict.foreign,
    )
    return Preflight(card=card, file=file)
