"""schemathesis against a running seatbook: what it is given to play with, and how it is asked.

It makes requests of everything that the description allows and forbids, follows its links, and holds each
answer against it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

from flask import current_app

from seatbook.config import PROJECT_DIR
from seatbook.domain import webhooks
from seatbook.domain.accounts import create_account, set_role
from seatbook.domain.holders import HolderRef, holder_of_user
from seatbook.domain.orders import cancel_order, record_answer
from seatbook.domain.reference import format_reference
from seatbook.domain.tickets import tickets_of
from seatbook.domain.tokens import make_token
from seatbook.payments import Answer
from tests.factories import Hall, change_event, database_clock, make_area, make_event, make_slots
from tests.paying import go_to_checkout, make_online_event, make_till, refund_ids_of
from tests.visitor import PASSWORD

# Words of an address, by their names in the description, which belong together.
Address = dict[str, int | str]

# Why an operation is left out: it would end the token that all the others are asked with; it answers for minutes.
LEFT_OUT = ("revoke_token", "follow_event")


@dataclass(frozen=True, slots=True)
class Furnished:
    """`token` reaches everything. `known` are addresses of what is there, which nobody finds by chance."""

    token: str
    known: list[Address]


def furnish() -> Furnished:
    """Events of every kind on sale, with more places than anybody holds; orders in every state; a webhook."""
    hall = make_event(seats=300, max_seats=1_000)
    make_area(hall, kind="standing", places=500)
    make_area(hall, kind="stock", places=500)
    now = database_clock()
    make_slots(hall, starts=[now + timedelta(hours=2 * n) for n in range(1, 20)])
    online = make_online_event(seats=300)
    change_event(online, max_seats=1_000)
    account = create_account("fuzz", email="fuzz@example.org", password=PASSWORD)
    set_role("fuzz", role="admin")
    token = make_token(account.id, name="Fuzz", scopes=["read", "book", "staff"]).secret or ""
    holder = holder_of_user(account.id)
    known: list[Address] = [
        {"event_id": one.event_id, "seat_id": one.seat_ids[number], "area_id": one.area_id}
        for one in (hall, online)
        for number in range(0, 300, 30)
    ]
    # Each has an event of its own, as one that is called off ends all that was bought of it.
    for answer in (("paid", 9000), ("paid", 8000), ("paid", 10_000), ("open", 0), ("expired", 0)):
        known += [_order(holder, answer) for _ in range(4)]
    known += [_webhook(account.id) for _ in range(4)]
    return Furnished(token, known)


def _order(holder: HolderRef, answer: tuple[str, int]) -> Address:
    """Two places: paid (90.00), paid wrongly, being paid, or never paid; one of those that are bought is cancelled."""
    hall = make_online_event(seats=10)
    begun = go_to_checkout(hall, holder=holder, till=make_till(), places=(0, 1))
    assert begun.payment_id is not None
    status, amount_minor = answer
    address: Address = {
        "event_id": hall.event_id,
        "reference": format_reference(hall.event_id, begun.code),
        "payment_id": begun.payment_id,
    }
    if status != "open":
        state = record_answer(hall.event_id, begun.payment_id, answer=Answer(status, amount_minor, "EUR"))
        if state.settlement == "confirmed":
            address |= _cancel_one(hall, begun.reservation_id)
    return address


def _cancel_one(hall: Hall, reservation_id: int) -> Address:
    cancel_order(hall.event_id, reservation_id=reservation_id, holder=None, seat_ids=hall.seat_ids[:1])
    (kept,) = tickets_of(
        hall.event_id, reservation_id=reservation_id, config=current_app.extensions["seatbook"]
    )
    return {"refund_id": refund_ids_of(hall)[0], "ticket": kept.ticket}


def _webhook(user_id: int) -> Address:
    made = webhooks.create_endpoint(
        "https://till.example.org/",
        name="Till",
        types=["seat.*"],
        actor_user_id=user_id,
        config=current_app.extensions["seatbook"],
    )
    return {"endpoint_id": made.id, "delivery_id": webhooks.send_test(made.id)}


def run_schemathesis(
    url: str, *, furnished: Furnished, folder: Path, options: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    """Its verdict on `url`, as it writes it. Exit code 0: nothing found."""
    # The first answer of a server that has just started may take longer than it waits for one.
    urlopen(f"{url}/api/openapi.json", timeout=60).close()  # noqa: S310
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file",
        str(Path(__file__).with_name("schemathesis.toml")),
        "run",
        f"{url}/api/openapi.json",
        "--request-timeout",
        "30",
        "--checks",
        "all",
        "--no-color",
        "--generation-database",
        "none",
        *(part for name in LEFT_OUT for part in ("--exclude-operation-id", name)),
        *options,
    ]
    environ = os.environ | {
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "PYTHONPATH": str(PROJECT_DIR),
        "SEATBOOK_TOKEN": furnished.token,
        "SEATBOOK_KNOWN": json.dumps(furnished.known),
        "SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks",
    }
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
