"""schemathesis finds nothing in a short run, the same each time; `make fuzz` is the long one."""

from __future__ import annotations

from pathlib import Path

from tests.api.fuzzing import furnish, run_schemathesis
from tests.conftest import LiveServer

SECONDS = 25


def test_schemathesis_finds_nothing(live_server: LiveServer, tmp_path: Path) -> None:
    with live_server.app.app_context():
        furnished = furnish()

    # One at a time: CPython 3.11's parser, which Hypothesis asks, is not for two threads at once.
    verdict = run_schemathesis(
        live_server.url,
        furnished=furnished,
        folder=tmp_path,
        options=(
            *("--seed", "1", "--max-examples", "3"),
            *("--max-time", str(SECONDS), "--workers", "1"),
        ),
    )

    assert verdict.returncode == 0, verdict.stdout[-6_000:] + verdict.stderr[-2_000:]
