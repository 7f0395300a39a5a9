"""Says that seatbook is ready, once it is: where, for whom, and what to do next."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

READY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class DemonstrationAccount:
    """Somebody to sign in as."""

    username: str
    password: str
    role: str


def wait_until_served(port: int, *, give_up: Callable[[], bool]) -> bool:
    """Ask the start page until it answers, for at most 60 s or until `give_up()`; tell whether it did."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and not give_up():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            if connection.getresponse().status < 500:
                return True
            # It runs and can't serve, and says why in its log each time it is asked.
            time.sleep(2)
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    return False


def welcome_text(address: str, accounts: Sequence[DemonstrationAccount]) -> str:
    """The block that is printed when the page answers."""
    lines = ["", f"seatbook is ready: {address}", ""]
    if accounts:
        width = max(len(account.username) for account in accounts)
        lines += ["Demonstration accounts, by user name and password:"]
        lines += [
            f"  {account.username:<{width}}  {account.password}  ({account.role})" for account in accounts
        ]
        lines += [""]
    lines += [
        "What to do next:",
        "  1. Open the address in two windows side by side, pick an event, click a seat, watch the other window.",
        "  2. In another terminal: .venv/bin/flask --help",
        "  3. Ctrl-C here stops everything. The data stays, in var/, for the next `make run`.",
        "",
    ]
    return "\n".join(lines)
