"""Waiting for what Playwright has no `expect` for: where things stand, and what is drawn on them.

From outside of the page: where no scripts run, its own `wait_for_function` looks
once and never again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error, Page

# Longer than anybody would wait at a page: a machine with much to do may stand still for seconds. It costs nothing
# where all is well, as every wait ends with what is waited for. For what is looked at, pressed and gone to alike.
PATIENCE_MS = 30_000
LOOK_AGAIN_MS = 50


def soon(page: Page, look: Callable[[], Any], wanted: Any) -> None:
    """Look again and again until one look finds what is wanted. A page that goes away under a look is no answer."""
    give_up_at = time.monotonic() + PATIENCE_MS / 1000
    while (found := _found(look)) != wanted and time.monotonic() < give_up_at:
        page.wait_for_timeout(LOOK_AGAIN_MS)
    assert found == wanted


def _found(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Error as error:
        return error
