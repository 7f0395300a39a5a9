"""Rows for tests, written as plainly as the tables: no rule of the product is asked on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, update

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import hold_seats
from seatbook.extensions import Base, db
from seatbook.models import (
    Area,
    Category,
    Event,
    Holder,
    Reservation,
    ReservationSeat,
    Seat,
    SeatChange,
    Section,
    Show,
    User,
    Venue,
)

# Whose clock it is at the venue.
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Hall:
    """An event on sale with one seated area; `seat_ids` in the order of the seats."""

    event_id: int
    area_id: int
    category_id: int
    seat_ids: tuple[int, ...]


def make_event(*, seats: int = 0, price_minor: int = 4500, **fields: Any) -> Hall:
    """A published event that is on sale now, with `seats` numbered seats in rows of 20."""
    now = datetime.now(UTC)
    number = token_hex(4)
    venue_id = _add(Venue, name=f"Lyric Hall {number}", time_zone=BERLIN.key)
    show_id = _add(Show, kind="concert", title=f"The Quiet Hour {number}")
    event_id = _add(
        Event,
        show_id=show_id,
        venue_id=venue_id,
        **{
            "status": "published",
            "starts_at": now + timedelta(days=7),
            "ends_at": now + timedelta(days=7, hours=2),
            "on_sale_from": now - timedelta(days=30),
            "on_sale_until": now + timedelta(days=7),
            "currency": "EUR",
            **fields,
        },
    )
    category_id = _add(Category, event_id=event_id, name="Stalls", price_minor=price_minor)
    area_id = _add(Area, event_id=event_id, kind="seated", name="Seats")
    section_id = _add(Section, event_id=event_id, area_id=area_id, name="Stalls")
    rows = [
        {
            "event_id": event_id,
            "area_id": area_id,
            "section_id": section_id,
            "category_id": category_id,
            "row_label": chr(65 + i // 20) if i < 520 else f"R{i // 20}-",
            "number": str(i % 20 + 1),
            "label": f"{chr(65 + i // 20) if i < 520 else f'R{i // 20}-'}{i % 20 + 1}",
            "x": float(i % 20),
            "y": float(i // 20),
        }
        for i in range(seats)
    ]
    return Hall(event_id, area_id, category_id, _add_seats(rows))


def make_category(hall: Hall, name: str, *, price_minor: int) -> Hall:
    """The same event for `make_area` and `make_slots`, whose places then have another price."""
    category_id = _add(Category, event_id=hall.event_id, name=name, price_minor=price_minor)
    db.session.commit()
    return replace(hall, category_id=category_id)


def make_area(hall: Hall, *, kind: str, places: int, name: str | None = None) -> int:
    """A standing or stock area of N alike places; its id."""
    area_id = _add(Area, event_id=hall.event_id, kind=kind, name=name or kind.capitalize())
    places_of_area = [
        {"event_id": hall.event_id, "area_id": area_id, "category_id": hall.category_id}
        for _ in range(places)
    ]
    db.session.execute(insert(Seat), places_of_area)
    db.session.commit()
    return area_id


def make_section(hall: Hall, name: str, *seat_ids: int) -> int:
    """Put these seats into a section of their own, behind the first one; its id."""
    section_id = _add(Section, event_id=hall.event_id, area_id=hall.area_id, name=name, band=1)
    db.session.execute(update(Seat).where(Seat.id.in_(seat_ids)).values(section_id=section_id))
    db.session.commit()
    return section_id


def noons(days: int) -> list[datetime]:
    """Noon at the venue, from a Monday on which is at least the day after tomorrow: a week of a room."""
    soon = datetime.now(BERLIN).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=2)
    first = soon + timedelta(days=-soon.weekday() % 7)
    return [first + timedelta(days=n) for n in range(days)]


def make_slots(
    hall: Hall,
    *,
    starts: Sequence[datetime],
    name: str = "Escape room",
    party: tuple[int, int] | None = None,
    price_per: str = "slot",
) -> tuple[int, ...]:
    """One place for every start, each an hour long, in an area of their own; their ids in the same order.

    `party`: the room takes so many people at least, and at most.
    """
    least, most = party or (None, None)
    area_id = _add(
        Area,
        event_id=hall.event_id,
        kind="slots",
        name=name,
        min_party=least,
        max_party=most,
        price_per=price_per,
    )
    slots = [
        {
            "event_id": hall.event_id,
            "area_id": area_id,
            "category_id": hall.category_id,
            "label": f"{start:%d %b %Y %H:%M}",
            "starts_at": start,
            "ends_at": start + timedelta(hours=1),
        }
        for start in starts
    ]
    return _add_seats(slots)


def places_of_area(hall: Hall, area_id: int) -> tuple[int, ...]:
    """Ids of the area's places."""
    db.session.rollback()
    query = select(Seat.id).where(Seat.event_id == hall.event_id, Seat.area_id == area_id)
    return tuple(db.session.scalars(query.order_by(Seat.id)))


def make_holder(name: str | None = None) -> HolderRef:
    """An anonymous holder, or a user's when a name is given."""
    user_id = None
    if name is not None:
        user_id = _add(
            User, username=name, email=f"{name}@example.org", password_hash="no password fits this"
        )
    holder_id = _add(Holder, user_id=user_id, browser_key=None if user_id else token_hex(8))
    db.session.commit()
    return HolderRef(holder_id, user_id)


def make_holders(count: int) -> list[HolderRef]:
    """That many anonymous holders."""
    rows = [{"browser_key": token_hex(8)} for _ in range(count)]
    ids = db.session.scalars(insert(Holder).returning(Holder.id), rows).all()
    db.session.commit()
    return [HolderRef(holder_id) for holder_id in ids]


def seat_row(hall: Hall, seat_id: int) -> Any:
    """The seat as the table has it now."""
    db.session.rollback()
    return db.session.execute(
        select(Seat.status, Seat.reservation_id, Seat.held_until, Seat.label).where(
            Seat.event_id == hall.event_id, Seat.id == seat_id
        )
    ).one()


def statuses(hall: Hall) -> list[str]:
    """The written status of every seat of the event, by id."""
    db.session.rollback()
    return list(
        db.session.scalars(select(Seat.status).where(Seat.event_id == hall.event_id).order_by(Seat.id))
    )


def changes(hall: Hall) -> list[tuple[int, str, str, str]]:
    """The event's log: (seat id, from, to, reason), in the order of writing."""
    db.session.rollback()
    rows = db.session.execute(
        select(SeatChange.seat_id, SeatChange.from_status, SeatChange.to_status, SeatChange.reason)
        .where(SeatChange.event_id == hall.event_id)
        .order_by(SeatChange.id)
    )
    return [(row.seat_id, row.from_status, row.to_status, row.reason) for row in rows]


def claims(hall: Hall, seat_id: int) -> list[tuple[int, str | None]]:
    """Every line the seat ever had: (reservation id, outcome), oldest first."""
    db.session.rollback()
    rows = db.session.execute(
        select(ReservationSeat.reservation_id, ReservationSeat.outcome)
        .where(ReservationSeat.event_id == hall.event_id, ReservationSeat.seat_id == seat_id)
        .order_by(ReservationSeat.id)
    )
    return [(row.reservation_id, row.outcome) for row in rows]


def reservation_row(hall: Hall, reservation_id: int) -> Any:
    """The reservation as the table has it now."""
    db.session.rollback()
    return db.session.execute(
        select(
            Reservation.status,
            Reservation.holder_id,
            Reservation.expires_at,
            Reservation.total_minor,
            Reservation.ended_at,
        ).where(Reservation.event_id == hall.event_id, Reservation.id == reservation_id)
    ).one()


def open_reservations(hall: Hall) -> list[int]:
    """Ids of the event's holds that are not closed yet, oldest first."""
    db.session.rollback()
    query = select(Reservation.id).where(Reservation.event_id == hall.event_id, Reservation.status == "held")
    return list(db.session.scalars(query.order_by(Reservation.id)))


def database_clock() -> datetime:
    db.session.rollback()
    now: datetime = db.session.execute(select(func.clock_timestamp())).scalar_one()
    return now


def change_event(hall: Hall, **fields: Any) -> None:
    """Set columns of the event; SQL expressions such as the database's clock are welcome."""
    db.session.execute(update(Event).where(Event.id == hall.event_id).values(fields))
    db.session.commit()


def change_price(hall: Hall, price_minor: int) -> None:
    db.session.execute(
        update(Category).where(Category.event_id == hall.event_id).values(price_minor=price_minor)
    )
    db.session.commit()


# Soon, and yet to come for whoever looks at an event from time to time, as its open pages do.
END_IN_SECONDS = 4


def let_hold_end(hall: Hall, reservation_id: int, *, seconds_ago: float = 1.0) -> None:
    """Move the end of a hold, by the database's clock; nothing else happens to it. `-END_IN_SECONDS`: it comes soon."""
    end = func.clock_timestamp() - timedelta(seconds=seconds_ago)
    db.session.execute(
        update(Reservation)
        .where(Reservation.event_id == hall.event_id, Reservation.id == reservation_id)
        .values(expires_at=end)
    )
    db.session.execute(
        update(Seat)
        .where(Seat.event_id == hall.event_id, Seat.reservation_id == reservation_id, Seat.status == "held")
        .values(
            held_until=select(Reservation.expires_at)
            .where(Reservation.event_id == hall.event_id, Reservation.id == reservation_id)
            .scalar_subquery()
        )
    )
    db.session.commit()


def make_lapsed_holds(
    hall: Hall, *, seats_each: int = 1, name: str | None = None, seconds_ago: float = 1
) -> list[int]:
    """The whole hall held by different people whose time is over; ids of their reservations."""
    held = []
    for first in range(0, len(hall.seat_ids), seats_each):
        seat_ids = hall.seat_ids[first : first + seats_each]
        held.append(hold_seats(hall.event_id, seat_ids=seat_ids, holder=make_holder(name)).reservation_id)
        let_hold_end(hall, held[-1], seconds_ago=seconds_ago)
    return held


def _add_seats(rows: Sequence[dict[str, Any]]) -> tuple[int, ...]:
    """Ids, in the order of the rows, which is that of their numbers: asked to sort them itself, SQLAlchemy would
    write each row by a statement of its own."""
    ids = db.session.scalars(insert(Seat).returning(Seat.id), rows).all() if rows else ()
    db.session.commit()
    return tuple(sorted(ids))


def _add(model: type[Base], **fields: Any) -> int:
    # By a statement and not by an object: an object leaves out what is None, and the column's default wins.
    made: int = db.session.execute(insert(model).values(fields).returning(model.id)).scalar_one()  # type: ignore[attr-defined]
    return made


def slot_ids(hall: Hall, *, since: datetime) -> tuple[int, ...]:
    """Ids of the slots that begin then or later, in their order."""
    db.session.rollback()
    query = select(Seat.id).where(Seat.event_id == hall.event_id, Seat.starts_at >= since)
    return tuple(db.session.scalars(query.order_by(Seat.starts_at)))
