"""``python -m tests.bench.director PLAN FOLDER``: an audit directed as the window's engine does it, without torch."""

from __future__ import annotations

import sys
from pathlib import Path

from zepad_engine.audit import run_audit
from zepad_engine.plan import plan_from_json


def main(plan: str, folder: str) -> None:
    """Run the plan; nobody listens, nobody cancels."""
    run_audit(plan_from_json(Path(plan).read_bytes()), Path(folder), lambda _event: None, lambda: False)


if __name__ == "__main__":
    main(*sys.argv[1:])
