"""The environment of the embedded servers: almost none, as PGPORT, PGDATA and their like would change them."""

from __future__ import annotations

import os


def server_environ() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
