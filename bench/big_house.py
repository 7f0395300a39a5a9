"""A big house: what its pages weigh and take, what a change in it costs, and how fast its best seats are found.

The server's time is measured in this process, without a network and a second
worker: a page that is drawn and compressed, from the request to its last byte.
"""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy import event as sqlalchemy_event

from bench.house import House
from bench.report import print_table
from seatbook.domain.demonstration.arena import PRICES, arena
from seatbook.domain.demonstration.arena_crowd import fill_arena
from seatbook.domain.events import NewShow, NewVenue, SaleTerms, create_event
from seatbook.domain.holders import holder_of_browser
from seatbook.domain.inventory import Wish, hold_best, hold_seats, release_hold, release_seats
from seatbook.domain.money import price_minor
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout, PlanRow, PlanSeat, PlanSection
from seatbook.extensions import db
from seatbook.models import Seat, Section
from seatbook.queries.changes import Cursor
from seatbook.queries.moment import read_moment

TIMES = 20
GROUPS = (1, 4, 8)
CHANGES = 20
# A change comes at the latest with the follower's own clock; what belongs to it comes at once.
PATIENCE_SECONDS, QUIET_SECONDS = 3.0, 0.3
TERRACES, TERRACE_ROWS, TERRACE_ROW = 10, 40, 50
CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Page:
    """An address and how it is asked for."""

    name: str
    path: str
    is_part: bool = False


def measure(house: House) -> None:
    """Print the figures of an arena that is half sold, of one that is empty, and of a hall of large sections."""
    with house.app.app_context():
        empty, half = _event(arena(), PRICES), _event(arena(), PRICES)
        large = _event(_stadium(), {"Terrace": "30.00"})
        sold = fill_arena(half)
        # What a server of its own would have known long before somebody opens a page.
        db.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"}).exec_driver_sql("ANALYZE")
        db.session.remove()
        seats = arena().seat_count
        pages = [
            Page(f"first view of the arena of {seats:,}", f"/events/{half}"),
            *_section_pages(half, least=500),
            *_section_pages(large, least=2_000),
        ]
        engine = db.engine
    client = house.app.test_client()
    for page in pages:
        print_table(page.name, _page(client, page, engine=engine))
    with house.app.app_context():
        print_table(
            f"best seats of {seats:,}, all free · {sold:,} places sold: held within",
            [(f"{size} together", f"{_best_ms(empty, size)} · {_best_ms(half, size)} ms") for size in GROUPS],
        )
    print_table("a change in the arena, at an open page", [("bytes", _change_bytes(house, half))])


def _event(layout: PlanLayout, prices: dict[str, str]) -> int:
    now = read_moment().now
    db.session.remove()
    return create_event(
        show=NewShow("Big house", "concert"),
        venue=NewVenue("Big house"),
        layout=layout,
        starts_at=now + timedelta(days=9),
        ends_at=now + timedelta(days=9, hours=3),
        currency=CURRENCY,
        prices={name: price_minor(amount, currency=CURRENCY) for name, amount in prices.items()},
        status="published",
        terms=SaleTerms(),
    ).event_id


def _stadium() -> PlanLayout:
    """Terraces side by side, of 2,000 seats each."""
    sections = []
    for nth in range(TERRACES):
        rows = tuple(
            PlanRow(
                str(row + 1),
                float(row),
                tuple(
                    PlanSeat(str(n), f"{row + 1}-{n}", nth * (TERRACE_ROW + 3.0) + n, float(row), "Terrace")
                    for n in range(1, TERRACE_ROW + 1)
                ),
            )
            for row in range(TERRACE_ROWS)
        )
        sections.append(PlanSection(f"Terrace {nth + 1}", 0, "centre", nth, rows))
    return PlanLayout((PlanCategory("Terrace"),), (PlanArea("seated", "Terraces", tuple(sections)),))


def _section_pages(event_id: int, *, least: int) -> Iterator[Page]:
    """A section of about so many seats: as a page of its own, and as the part that htmx fetches."""
    size = func.count()
    section_id, seats = db.session.execute(
        select(Section.id, size)
        .join(Seat, (Seat.event_id == Section.event_id) & (Seat.section_id == Section.id))
        .where(Section.event_id == event_id)
        .group_by(Section.id)
        .having(size >= least)
        .order_by(size, Section.id)
        .limit(1)
    ).one()
    db.session.remove()
    path = f"/events/{event_id}/sections/{section_id}"
    yield Page(f"page with a section of {seats:,}", path)
    yield Page(f"a section of {seats:,} alone", path, is_part=True)


def _page(client: FlaskClient, page: Page, *, engine: Engine) -> list[tuple[str, str]]:
    def get(coding: str) -> Any:
        headers = {"Accept-Encoding": coding} | ({"HX-Request": "true"} if page.is_part else {})
        return client.get(page.path, headers=headers)

    with _statements(engine) as sent:
        plain = get("identity")
    if plain.status_code != 200:
        return [("answered", plain.status)]
    sizes = [len(response.data) for response in (plain, get("gzip"), get("br"))]
    raw, gzip, brotli = (f"{size / 1000:,.1f}" for size in sizes)
    return [
        ("kB raw · gzip · brotli", f"{raw} · {gzip} · {brotli}"),
        ("server, drawn", _median_ms(lambda: get("identity"))),
        ("server, with brotli", _median_ms(lambda: get("br"))),
        ("statements", str(len(sent))),
    ]


def _best_ms(event_id: int, size: int) -> str:
    times = []
    for _ in range(TIMES):
        holder = holder_of_browser(token_hex(8))
        began = time.perf_counter()
        hold_best(event_id, wish=Wish(size), holder=holder)
        times.append(time.perf_counter() - began)
        release_hold(event_id, holder=holder)
    return f"{statistics.median(times) * 1000:.0f}"


def _median_ms(act: Callable[[], object]) -> str:
    """How long it takes, and how much of that this process works: the rest is the database, and waiting."""
    times, work = [], []
    for _ in range(TIMES):
        began, worked = time.perf_counter(), time.process_time()
        act()
        times.append(time.perf_counter() - began)
        work.append(time.process_time() - worked)
    return f"{statistics.median(times) * 1000:.0f} ms, {statistics.median(work) * 1000:.0f} of this process"


@contextmanager
def _statements(engine: Engine) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)


def _change_bytes(house: House, event_id: int) -> str:
    """What a stranger's page receives for one seat that is held, or given back, with nothing else going on."""
    with house.web() as web, house.app.app_context():
        since = Cursor.at_moment(read_moment())
        seat_ids = db.session.scalars(
            select(Seat.id)
            .where(Seat.event_id == event_id, Seat.status == "available", Seat.section_id.is_not(None))
            .order_by(Seat.id)
            .limit(CHANGES // 2)
        ).all()
        db.session.remove()
        stream = socket.create_connection(("127.0.0.1", web.port))
        path = f"/events/{event_id}/stream?since={since}"
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n".encode())
        _read_until_quiet(stream)
        holder = holder_of_browser(token_hex(8))
        sizes = []
        for seat_id in seat_ids:
            hold_seats(event_id, seat_ids=[seat_id], holder=holder)
            sizes.append(_read_until_quiet(stream))
            release_seats(event_id, seat_ids=[seat_id], holder=holder)
            sizes.append(_read_until_quiet(stream))
        stream.close()
    return (
        f"{statistics.median(sizes):,.0f}, at most {max(sizes):,}; none for {sizes.count(0)} of {len(sizes)}"
    )


def _read_until_quiet(stream: socket.socket) -> int:
    """How many bytes came, until nothing more did for a while."""
    size = 0
    stream.settimeout(PATIENCE_SECONDS)
    while True:
        try:
            part = stream.recv(65_536)
        except TimeoutError:
            return size
        if not part:
            raise SystemExit("The stream ended.")
        size += len(part)
        stream.settimeout(QUIET_SECONDS)
