"""``python -m zepad_engine``: the command line, for machines without a screen."""

from __future__ import annotations

import sys

from zepad_engine.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
