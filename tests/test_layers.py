"""The house as docs/architecture.md draws it: arrows of import, and the one home of each thing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.layers import (
    LOCK_HOMES,
    SOURCE_DIR,
    host_clocks,
    misplaced_locks,
    misplaced_seat_changes,
    room_of,
    sources,
    writing_queries,
    wrong_arrows,
)

Rule = Callable[[str, str], list[str]]


@pytest.mark.parametrize(
    "rule", [wrong_arrows, misplaced_seat_changes, misplaced_locks, writing_queries, host_clocks]
)
def test_the_house_is_built_as_it_is_drawn(rule: Rule) -> None:
    assert [fault for path, source in sources() for fault in rule(path, source)] == []


def test_all_of_the_house_is_looked_at() -> None:
    rooms = {room_of(path) for path, _ in sources()}
    assert rooms >= {"web", "cli", "jobs", "queries", "domain", "models", "extensions", "create_app"}
    for home in LOCK_HOMES:
        assert (SOURCE_DIR / home).is_file(), f"{home} locks nothing any more: take it off the list"


# The rules can fail: each of these is refused


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("domain/plans.py", "from seatbook.web.holder import current_holder"),
        ("domain/plans.py", "from seatbook import web"),
        ("domain/plans.py", "import seatbook.queries.moment"),
        ("domain/plans.py", "from ..web import holder"),
        ("domain/inventory/hold.py", "from ...cli import sweep"),
        ("domain/plans.py", "def late():\n    from seatbook.cli import sweep"),
        ("domain/plans.py", "from importlib import import_module\nimport_module('seatbook.web')"),
        ("domain/plans.py", "from flask import request"),
        ("domain/plans.py", "from flask import session, current_app"),
        ("domain/plans.py", "import flask"),
        ("domain/plans.py", "from flask_login import current_user"),
        ("queries/seats.py", "from flask import g"),
        ("queries/seats.py", "from seatbook.web import errors"),
        ("models/account.py", "from seatbook.domain.names import checked_name"),
        ("models/account.py", "from flask_login import current_user"),
        ("extensions.py", "from seatbook.models import Seat"),
        ("errors.py", "import flask"),
        ("web/events.py", "from seatbook.cli.sweep import sweep"),
        ("cli/sweep.py", "from seatbook.web.errors import status_of"),
        ("jobs/tasks.py", "from seatbook.web import errors"),
        ("web/events.py", "from seatbook import create_app"),
        ("web/events.py", "from sqlalchemy import select"),
        ("cli/event.py", "import sqlalchemy as sa\nfrom sqlalchemy import text"),
        ("web/events.py", "from sqlalchemy.dialects.postgresql import insert"),
        ("web/events.py", "from seatbook.embedded import prepare"),
        ("utils/strings.py", "x = 1"),
    ],
)
def test_a_wrong_arrow_is_found(path: str, source: str) -> None:
    assert wrong_arrows(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("web/events.py", "from seatbook.domain.inventory import hold_seats"),
        ("web/events.py", "from seatbook.extensions import limiter\nfrom seatbook.errors import NotFound"),
        ("web/errors.py", "from sqlalchemy.exc import OperationalError"),
        ("queries/viewer.py", "from seatbook.domain.reference import format_reference"),
        ("domain/mail.py", "from seatbook.config import Config\nfrom seatbook.models import Mail"),
        ("domain/inventory/hold.py", "from seatbook.domain.inventory.rows import clock\nfrom . import rows"),
        ("models/account.py", "from flask_login import UserMixin"),
        ("jobs/worker.py", "from seatbook import create_app"),
    ],
)
def test_a_right_arrow_passes(path: str, source: str) -> None:
    assert wrong_arrows(path, source) == []


@pytest.mark.parametrize(
    "source",
    [
        "seat.status = 'reserved'",
        "rows[0].status = 'available'",
        "seat.held_until = None",
        "a = seat.status = 'held'",
        "one.label, other.status = 1, 2",
        "for seat.status in ('held', 'reserved'): pass",
        "seat.blocked_reason: str = 'no'",
        "setattr(seat, 'status', 'held')",
        "session.execute(update(Seat).values(status='held'))",
        "session.execute(update(Seat).where(Seat.id == 1).values({'status': 'held'}))",
        "session.execute(sa.update(models.Seat).values(status='held'))",
        "session.execute(Seat.__table__.update().values(status='held'))",
        "session.query(Seat).filter(Seat.id == 1).update({'status': 'held'})",
        "session.bulk_update_mappings(Seat, [])",
        "from seatbook.models import Seat as Chair\nsession.execute(update(Chair).values(status='held'))",
        "session.execute(delete(Seat))",
        "session.execute(text('UPDATE seat SET status = 1'))",
        "session.execute(text('''\n  with x as (\n    update only \"seat\" set status = 1)'''))",
        "session.execute(text(f'UPDATE seat SET status = {status}'))",
        "SQL = 'DELETE FROM public.seat'",
        "SQL = 'MERGE INTO seat USING x ON true'",
    ],
)
def test_a_change_of_a_seat_outside_its_home_is_found(source: str) -> None:
    assert misplaced_seat_changes("domain/events.py", source)
    assert misplaced_seat_changes("cli/seed.py", source)
    assert misplaced_seat_changes("domain/inventory/hold.py", source) == []


@pytest.mark.parametrize(
    "source",
    [
        '"""Does what UPDATE seat would do."""',
        "status = seat.status",
        "counts[seat.status] = 1",
        "session.execute(update(Event).values(status='published'))",
        "session.execute(insert(Seat), places)",
        "SQL = 'UPDATE seat_change SET note = 1'",
        "SQL = 'SELECT seat.status FROM seat'",
        "class Stream:\n    def __init__(self):\n        self.status = 'open'",
        "counts.update(seat)",
    ],
)
def test_what_changes_no_seat_passes(source: str) -> None:
    assert misplaced_seat_changes("domain/events.py", source) == []


@pytest.mark.parametrize(
    "source",
    [
        "session.execute(select(Seat).with_for_update())",
        "session.get(Reservation, 1, with_for_update=True)",
        "session.execute(text('SELECT 1 FROM event FOR UPDATE'))",
        "session.execute(text('select 1 from seat for no key update skip locked'))",
        "session.execute(text(f'SELECT 1 FROM {table} FOR KEY SHARE'))",
        "session.execute(text('LOCK TABLE seat'))",
    ],
)
def test_a_lock_outside_its_home_is_found(source: str) -> None:
    assert misplaced_locks("domain/events.py", source)
    assert misplaced_locks("queries/seats.py", source)
    assert misplaced_locks("domain/inventory/rows.py", source) == []


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import insert",
        "from seatbook.domain.transaction import run_transaction",
        "session.commit()",
        "session.execute(text('INSERT INTO mail (subject) VALUES (1)'))",
        "SQL = '''\n    DELETE FROM mail\n'''",
    ],
)
def test_a_read_that_writes_is_found(source: str) -> None:
    assert writing_queries("queries/seats.py", source)
    assert writing_queries("domain/events.py", source) == []


@pytest.mark.parametrize(
    "source", ["datetime.now(UTC)", "datetime.datetime.utcnow()", "date.today()", "time.time()"]
)
def test_a_rule_by_the_hosts_clock_is_found(source: str) -> None:
    assert host_clocks("domain/inventory/hold.py", source)
    assert host_clocks("queries/seats.py", source)
    assert host_clocks("domain/expiry.py", "started = time.monotonic()") == []
