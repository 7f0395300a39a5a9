"""The browser of the tests: an installed Chromium, else Debian's package, else Playwright's own.

`python -m tests.chromium` makes sure that there is one; `make test` calls it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def installed_chromium() -> str | None:
    """Path of the machine's Chromium for Playwright's `executable_path`; None: Playwright has its own."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def ensure() -> int:
    """Install a browser when there is none. Exit code 1, after a sentence, when that is impossible."""
    if installed_chromium() or _playwrights_own().exists():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get") and _install_debians():
        return 0
    print("There is no Chromium here: Playwright brings one.", flush=True)
    if (
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode
        == 0
    ):
        return 0
    print(
        "The tests need a browser, and none could be installed. Install Chromium, then try again.",
        file=sys.stderr,
    )
    return 1


def _install_debians() -> bool:
    print("There is no Chromium here: installing Debian's.", flush=True)
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    steps = (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"])
    for step in steps:
        if subprocess.run([*step, "-qq"], env=environ, check=False).returncode != 0:
            return False
    return installed_chromium() is not None


def _playwrights_own() -> Path:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


if __name__ == "__main__":
    sys.exit(ensure())
