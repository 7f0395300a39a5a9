"""What `make run` starts: everything on this machine, until Ctrl-C. `--port 8001` serves another port."""

from __future__ import annotations

import signal
import sys

# While the next lines load, nothing is running that would have to be stopped:
# Ctrl-C then just ends, without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from seatbook.embedded.__main__ import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
