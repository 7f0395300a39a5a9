"""`flask seed`: something to try out, on an empty database, and never over what is somebody's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from seatbook import create_app
from seatbook.config import PROJECT_DIR, Config
from seatbook.domain import accounts
from seatbook.domain.catalogue import NewShow, NewVenue, create_venue
from seatbook.domain.demonstration import DEMO_ACCOUNTS, DEMO_PASSWORD, database_contents
from seatbook.domain.demonstration.arena import arena
from seatbook.domain.demonstration.build import step_count, times_of
from seatbook.domain.demonstration.halls import guided_tour
from seatbook.domain.demonstration.programme import LANTERN, programme
from seatbook.domain.events import create_event
from seatbook.domain.holders import HolderRef, holder_of_user
from seatbook.domain.inventory import Wish, hold_best
from seatbook.domain.orders import apply_code, cancel_order, send_due_refunds, till_of
from seatbook.extensions import db
from seatbook.models import Area, Event, Payment, Reservation, Seat, Show, User, Venue
from seatbook.queries.audit import audit_books
from seatbook.queries.reductions import concessions_of
from tests.conftest import SECRET_KEY
from tests.factories import make_holder
from tests.paying import sandbox_balance

PASSWORD = "velvet tram piano"


@pytest.fixture
def own_app(fresh_database: str, redis_url: str) -> Iterator[Flask]:
    """An application on a database of its own, whose schema may be taken down."""
    app = create_app(
        Config(database_url=fresh_database, redis_url=redis_url, secret_key=SECRET_KEY, pool_size=5)
    )
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def seed(app: Flask, *options: str, typed: str | None = None) -> Result:
    db.session.rollback()
    return app.test_cli_runner().invoke(args=["seed", *options], input=typed)


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def places(kind: str) -> list[int]:
    """How many places each area of that kind has."""
    db.session.rollback()
    return list(
        db.session.scalars(
            select(func.count(Seat.id))
            .join(Area, (Area.event_id == Seat.event_id) & (Area.id == Seat.area_id))
            .where(Area.kind == kind)
            .group_by(Area.event_id, Area.id)
            .order_by(func.count(Seat.id))
        )
    )


def rooms() -> list[Area]:
    db.session.rollback()
    return list(db.session.scalars(select(Area).where(Area.kind == "slots")))


def test_seed_makes_what_the_programme_promises_and_looks_alive(own_app: Flask) -> None:
    result = seed(own_app)

    assert result.exit_code == 0, result.stderr
    assert f"password {DEMO_PASSWORD}" in result.stdout
    by_kind = {
        kind: number
        for kind, number in db.session.execute(select(Show.kind, func.count()).group_by(Show.kind))
    }
    assert by_kind == {"film": 4, "theatre": 2, "concert": 2, "escape_room": 3, "merchandise": 1, "other": 1}
    assert places("seated") == [40] * 16 + [48] + [300] * 7 + [arena().seat_count]
    assert places("standing") == [25, 25, 800, 2_000]
    assert len(places("stock")) == 4
    # Two months: seven slots a day, and one of the rooms is closed on Mondays.
    assert [number // 50 for number in places("slots")] == [7, 8, 8]
    parties = {(area.min_party, area.max_party, area.price_per) for area in rooms()}
    assert parties == {(2, 6, "slot"), (2, 5, "person"), (3, 6, "slot")}
    for account in DEMO_ACCOUNTS:
        assert accounts.sign_in(account.username, password=DEMO_PASSWORD).role == account.role

    statuses = {
        name: number
        for name, number in db.session.execute(select(Seat.status, func.count()).group_by(Seat.status))
    }
    assert statuses["reserved"] > 5_000
    assert statuses["held"] > 10
    assert statuses["blocked"] == 2
    free = (
        select(func.count(Seat.id).filter(Seat.status == "available"))
        .where(Seat.event_id == Event.id)
        .scalar_subquery()
    )
    assert len(db.session.scalars(select(Event.id).where(free.between(1, 3))).all()) == 1
    not_yet = select(Event.id).where(Event.on_sale_from > func.clock_timestamp())
    assert len(db.session.scalars(not_yet).all()) == 2
    assert set(db.session.scalars(select(Reservation.status))) == {"held", "confirmed", "cancelled"}
    again = seed(own_app)
    assert again.exit_code == 1
    assert "There is data in the database" in again.stderr
    money_is_where_the_places_are()


def money_is_where_the_places_are() -> None:
    """What costs something is paid online, all that was bought of it was, and it can be cancelled like any other."""
    db.session.rollback()
    ways = {
        way: number
        for way, number in db.session.execute(select(Event.payment, func.count()).group_by(Event.payment))
    }
    assert ways == {"online": count(Event) - 2, "none": 2}
    assert audit_books().findings == ()
    assert {row.provider_ref is not None for row in db.session.execute(select(Payment.provider_ref))} == {
        True
    }
    value = db.session.scalar(
        select(func.sum(Reservation.total_minor)).where(Reservation.status == "confirmed")
    )
    till = till_of(Config(database_url="", redis_url="", secret_key=SECRET_KEY))
    send_due_refunds(till=till)
    assert sandbox_balance() == value
    alice = holder_named("alice")
    bought = db.session.scalars(
        select(Reservation).where(Reservation.holder_id == alice.holder_id, Reservation.status == "confirmed")
    ).first()
    assert bought is not None
    event_id, bought_id = bought.event_id, bought.id
    db.session.rollback()
    assert cancel_order(event_id, reservation_id=bought_id, holder=alice).refund_minor > 0
    assert send_due_refunds(till=till).done == 1

    gig = db.session.scalars(select(Event).join(Show).where(Show.title == "Velvet Tramlines")).one()
    assert (gig.fee_per_place_minor, gig.fee_per_order_minor) == (150, 200)
    film, ben = (
        db.session.scalars(select(Event.id).join(Show).where(Show.kind == "film")).first(),
        make_holder(),
    )
    assert film is not None
    hold_best(film, wish=Wish(2), holder=ben)
    full = apply_code(film, code="LANTERN10", holder=ben)
    assert full.total_minor < full.full_minor
    assert {line.name for line in concessions_of(film)} == {"Child", "Student"}


def holder_named(username: str) -> HolderRef:
    user_id = db.session.scalars(select(User.id).where(User.username == username)).one()
    db.session.rollback()
    return holder_of_user(user_id)


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("day", [datetime(2026, 11, 20, tzinfo=UTC), datetime(2027, 3, 27, tzinfo=UTC)])
def test_nothing_of_the_demonstration_has_begun_at_any_hour(day: datetime, hour: int) -> None:
    # The second day is the one before the clocks are put forward.
    now = day.replace(hour=hour, minute=59)
    dates = [(production, date) for production in programme() for date in production.dates]

    for production, date in dates:
        times = times_of(production, date, now=now)
        if production.show.kind != "merchandise":
            assert times.starts_at > now
        assert (times.on_sale_from > now) == (date.opens_in_days is not None)
    assert step_count() == len(dates) + 1


def test_seed_refuses_a_database_with_data_and_changes_nothing(own_app: Flask) -> None:
    create_venue("Lyric Hall")

    result = seed(own_app)

    assert result.exit_code == 1
    assert "There is data in the database" in result.stderr
    assert "flask seed --reset" in result.stderr
    assert (count(Venue), count(Event)) == (1, 0)


def test_reset_asks_first_and_makes_it_anew(own_app: Flask) -> None:
    before = create_venue(LANTERN.name).venue_id

    declined = seed(own_app, "--reset", typed="n\n")
    assert declined.exit_code == 1
    assert "Delete all data in the database" in declined.output
    assert db.session.scalars(select(Venue.id)).all() == [before]

    agreed = seed(own_app, "--reset", typed="y\n")
    assert agreed.exit_code == 0, agreed.output
    assert count(Event) == sum(len(production.dates) for production in programme())
    assert count(Venue) == 5


def test_reset_leaves_alone_what_is_somebodys_own(own_app: Flask) -> None:
    create_venue("Lyric Hall")

    result = seed(own_app, "--reset", "--yes")
    assert result.exit_code == 1
    assert "“Lyric Hall”" in result.stderr
    assert "flask seed --reset --delete-my-data" in result.stderr
    assert count(Venue) == 1

    assert seed(own_app, "--reset", "--delete-my-data", typed="n\n").exit_code == 1
    assert count(Venue) == 1
    assert seed(own_app, "--reset", "--delete-my-data", "--yes").exit_code == 0
    assert set(db.session.scalars(select(Venue.name))) == {p.venue.name for p in programme()}


def test_customers_and_stress_events_do_not_stop_a_reset_and_staff_do(own_app: Flask) -> None:
    accounts.create_account("carol", email="carol@example.org", password=PASSWORD)
    make_unlisted_event()
    assert database_contents().own == ()

    accounts.create_account("dora", email="dora@example.org", password=PASSWORD, role="box_office")
    refused = seed(own_app, "--reset", "--yes")
    assert refused.exit_code == 1
    assert "“dora”" in refused.stderr
    assert count(Venue) == 1


def test_a_reset_that_cannot_get_the_tables_says_so_and_leaves_the_guards_on(own_app: Flask) -> None:
    make_unlisted_event()
    url = make_url(own_app.config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
    with (
        closing(psycopg2.connect(url.render_as_string(hide_password=False))) as other,
        other.cursor() as cursor,
    ):
        cursor.execute("SELECT count(*) FROM reservation_seat")
        result = seed(own_app, "--reset", "--yes")

    assert result.exit_code == 1
    assert "somebody is using it at this moment" in result.stderr
    assert count(Event) == 1
    triggers = db.session.execute(text("SELECT count(*) FROM pg_trigger WHERE tgname = 'guard_seat'"))
    assert triggers.scalar_one() == 1


def make_unlisted_event() -> None:
    now = datetime.now(UTC)
    create_event(
        show=NewShow("Crowd", "other"),
        venue=NewVenue("Crowd"),
        layout=guided_tour(),
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=1, hours=1),
        currency="EUR",
        prices={"Tour": 0},
        listed=False,
    )


@pytest.mark.parametrize("options", [["--yes"], ["--delete-my-data"]])
def test_options_of_reset_without_reset_are_wrong_usage(own_app: Flask, options: list[str]) -> None:
    assert seed(own_app, *options).exit_code == 2


def test_every_show_has_its_poster() -> None:
    posters = {path.stem for path in (PROJECT_DIR / "static" / "posters").glob("*.svg")}

    assert {production.show.poster for production in programme()} <= posters
