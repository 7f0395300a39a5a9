"""`python -m seatbook.embedded COMMAND`: what the Makefile calls; `run` also by run.py."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from pathlib import Path

from seatbook.config import VAR_DIR
from seatbook.embedded.refusal import CannotRun


def main(arguments: list[str]) -> int:
    """Exit code 0 when stopped as asked, 1 after a sentence that says why not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m seatbook.embedded")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run seatbook with everything it needs, until Ctrl-C")
    run.add_argument("--port", default="8000")
    run.add_argument("--var", type=Path, default=VAR_DIR, help="where data and logs are kept")
    commands.add_parser("frontend", help="install the front-end packages into static/vendor/")
    prepare = commands.add_parser("prepare", help="migrate, and make demonstration data when empty")
    prepare.add_argument("var_dir", type=Path)
    try:
        _do(parser.parse_args(arguments))
    except CannotRun as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _do(arguments: argparse.Namespace) -> None:
    # Imported where needed: each command is quick to start, and needs only what it uses.
    if arguments.command == "run":
        port = _port(arguments.port)
        from seatbook.embedded.leftovers import carry_mark

        var_dir = arguments.var.resolve()
        carry_mark(var_dir)
        from seatbook.embedded.supervisor import run

        _listen_to_ctrl_c()
        run(var_dir, port=port)
    elif arguments.command == "frontend":
        from seatbook.embedded.frontend import install

        install()
    else:
        from seatbook.embedded.prepare import prepare

        _listen_to_ctrl_c()
        prepare(arguments.var_dir)


def _listen_to_ctrl_c() -> None:
    """From here on Ctrl-C is a KeyboardInterrupt; while modules were loading it was none (run.py, supervisor.py)."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise CannotRun(
            f"“{text}” is not a port, which is a whole number from 1 to 65535: make run PORT=8001"
        )
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
