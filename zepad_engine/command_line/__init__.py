"""The command line: one verb per file; a verb is imported when it is called, torch by the verbs that need it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from zepad_engine import __version__
from zepad_engine.command_line.guarding import guarded

VERBS: Final[dict[str, str]] = {
    "audit": "audit an encoder and write report.json and report.html",
    "inspect": "open an encoder or perturbation file and say what it is, what was assumed, and whether it is sound",
    "pretrain": "train a small encoder on your own pictures (pretrain --help for its flags)",
    "study": "repeat the paper's main table and ablation: many audits, one command, resumed where it was",
    "report": "write the report of a finished run again",
    "diff": "lay two finished audits side by side: what changed, and which differences are more than chance",
    "bundle": "pack a finished run into one file (.zepad) that can be checked and repeated elsewhere",
    "verify": "check that every byte of a bundle is as it was written, and say who signed it",
    "replay": "run an audit again from its bundle and say of every number whether it came out the same",
    "catalogue": "print attacks, defences, tasks and bundled encoders as JSON",
    "doctor": "check Python, packages, Qt's system libraries, devices, memory, disk and folders",
}

_ABOUT = "Audit an image encoder against downstream-agnostic adversarial examples. Without a verb the window opens."
_EXIT_CODES = """exit codes:
  0    done
  1    could not be done; one sentence on stderr says why and what to do (diff: the audits differ)
  2    the command itself was not understood (diff: or an audit could not be read)
  3    inspect: the file is refused
  4    inspect: could not judge, for example because the file holds several encoders
  5    audit with bounds: one is broken; replay: a number is different
  130  stopped at your wish; what was stored can be resumed"""


def main(argv: Sequence[str]) -> int:
    """Run one command and give back its exit code."""
    return guarded(lambda: _run(list(argv)))


def _run(argv: list[str]) -> int:
    called = argv[0] if argv and argv[0] in VERBS else ""
    verb = import_module(f"{__name__}.{called}") if called else None
    try:
        if verb is not None and hasattr(verb, "run_rest"):
            return int(verb.run_rest(argv[1:]))
        flags = _parser(called, verb.add_flags if verb else None).parse_args(argv)
        return int(verb.run(flags)) if verb else 2
    except SystemExit as ended:
        # argparse ends the process by itself for --help and for what it does not understand.
        return ended.code if isinstance(ended.code, int) else 2


def _parser(called: str, add_flags: Callable[[argparse.ArgumentParser], None] | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python main.py",
        description=_ABOUT,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ZePAD {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, words in VERBS.items():
        flags = verbs.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        if name == called and add_flags is not None:
            add_flags(flags)
    return parser
