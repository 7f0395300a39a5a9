"""What docs/api.md, /api/docs/ and examples/ promise: from nothing to a reservation, as it is written there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from seatbook.api.docs_page import BEGIN, PAY, SELL, VERIFY
from seatbook.config import PROJECT_DIR
from seatbook.domain import orders
from seatbook.domain.demonstration.accounts import make_accounts
from seatbook.domain.webhooks.signature import secret_of, signed_headers
from seatbook.extensions import db
from seatbook.models import Show
from tests.conftest import LiveServer
from tests.factories import make_event
from tests.paying import make_online_event

ENVIRON = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def test_the_document_and_the_page_show_the_same_commands() -> None:
    document = (PROJECT_DIR / "docs" / "api.md").read_text("utf-8")
    assert BEGIN.read_text("utf-8") in document
    assert SELL.read_text("utf-8") in document
    assert PAY.read_text("utf-8") in document
    assert VERIFY.read_text("utf-8") in (PROJECT_DIR / "docs" / "webhooks.md").read_text("utf-8")


def test_the_commands_do_what_they_say(live_server: LiveServer, tmp_path: Path) -> None:
    with live_server.app.app_context():
        make_event(seats=10)
        db.session.execute(update(Show).values(kind="film"))
        db.session.commit()

    said = run_script(BEGIN, live_server, tmp_path)

    assert said.returncode == 0, said.stderr
    assert "held for 5 minutes" in said.stdout
    assert "reserved: " in said.stdout
    assert '"confirmed"' in said.stdout
    assert "is cancelled. Its places are on sale again." in said.stdout


def test_a_hall_is_sold_from_a_shell(live_server: LiveServer, tmp_path: Path) -> None:
    with live_server.app.app_context():
        make_accounts()

    said = run_script(SELL, live_server, tmp_path)

    assert said.returncode == 0, said.stdout + said.stderr
    for line in ('"EARLY10"', '"67.50"', '"60.75"'):
        assert line in said.stdout.splitlines()
    assert "held for 5 minutes" in said.stdout
    assert '[2,"120.75",[{"provider":"counter","amount":"120.75"}]]' in said.stdout
    assert "2 places are on sale again. 60.75 EUR goes back." in said.stdout
    assert "The money was paid out." in said.stdout
    assert "The event is called off." in said.stdout


def test_a_trial_payment_is_made_from_a_shell(live_server: LiveServer, tmp_path: Path) -> None:
    with live_server.app.app_context():
        make_accounts()
        make_event(seats=4)
        make_online_event(seats=4)

    stopped = threading.Event()
    postman = threading.Thread(target=bring_trial_notices, args=(live_server.app, stopped))
    postman.start()
    try:
        said = run_script(PAY, live_server, tmp_path)
    finally:
        stopped.set()
        postman.join()

    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.split()[0] == "pending"
    assert said.stdout.split()[2:4] == ["confirmed", "paid"]
    assert said.stdout.count("A1\tStalls\t") + said.stdout.count("A2\tStalls\t") == 2


def bring_trial_notices(app: Flask, stopped: threading.Event) -> None:
    """What the worker does every few seconds."""
    while not stopped.wait(0.2):
        with app.app_context():
            orders.deliver_sandbox_notices(till=orders.till_of(app.extensions["seatbook"]))


def test_a_webhook_is_verified_as_the_page_says() -> None:
    found: dict[str, Any] = {}
    exec(VERIFY.read_text("utf-8"), found)  # noqa: S102
    secret, body = secret_of(b"salt", secret_key="a key"), b'{"type":"webhook.test"}'
    now = int(time.time())
    headers = signed_headers("test-1", at=now, body=body, secrets=[secret])

    assert found["is_ours"](headers, body, secret)
    assert not found["is_ours"](headers, body + b" ", secret)
    assert not found["is_ours"](headers | {"webhook-timestamp": str(now - 301)}, body, secret)


def run_script(script: Path, server: LiveServer, folder: Path) -> subprocess.CompletedProcess[str]:
    if not shutil.which("curl") or not shutil.which("jq"):
        pytest.skip("needs curl and jq, which are not on this machine")
    return subprocess.run(
        [
            shutil.which("bash") or "bash",
            *("-eu", "-o", "pipefail", "-c"),
            script.read_text("utf-8").replace("http://127.0.0.1:8000", server.url),
        ],
        cwd=folder,
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_client_does_the_same(live_server: LiveServer) -> None:
    with live_server.app.app_context():
        make_event(seats=10)

    said = subprocess.run(
        [sys.executable, str(PROJECT_DIR / "examples" / "client.py"), live_server.url],
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert said.returncode == 0, said.stderr
    assert "held for 5 minutes" in said.stdout
    assert "is cancelled. Its places are on sale again." in said.stdout
