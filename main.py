"""Start ZePAD: the window without arguments, the command line with any."""

import sys


def main() -> int:
    """Run and give back the exit code."""
    if len(sys.argv) > 1:
        from zepad_engine.command_line import main as run_command

        return run_command(sys.argv[1:])
    try:
        from zepad_app import run

        return run(sys.argv)
    except ImportError as missing:
        sys.stderr.write(f"The window cannot open: {missing}.\n`python main.py doctor` names what is missing.\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
