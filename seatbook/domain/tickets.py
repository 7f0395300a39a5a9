"""Tickets: one for each bought place, with a code that nobody else can make.

A ticket is no row of its own: a bought place has one, and when the place is
cancelled or moved its ticket is void. Its holder may ask for a new code, because
the old one leaked: its version rises, and what was printed before is void.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from seatbook.config import Config
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.rows import checked_id, lock_seats, own_reservation
from seatbook.domain.party_concessions import PeopleWhoPayLess, party_concessions
from seatbook.domain.reference import format_reference
from seatbook.domain.ticket_code import read_code, write_code
from seatbook.domain.ticket_keys import is_signed_by, note_key, signing_key
from seatbook.domain.transaction import run_transaction
from seatbook.errors import NotFound, WrongState
from seatbook.models import (
    Area,
    Concession,
    Event,
    Payment,
    Reservation,
    ReservationSeat,
    Seat,
    Section,
    Show,
    TicketKey,
    TicketReissue,
    Venue,
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket of a reservation: its number in the event, the place, and the code to show."""

    ticket: int
    seat_id: int
    version: int
    code: str


@dataclass(frozen=True, slots=True)
class CheckedTicket:
    """What a code is worth now. `verdict` is valid, void or unknown; `reason` says why it is not valid:

    void: "reissued", "cancelled", "moved", "event_cancelled". unknown: "unreadable" (no code of ours),
    "unknown_key", "revoked_key", "bad_signature", "no_such_ticket". `concession` is who pays less for it, to be
    asked for at the door; `party_size` how many it lets in, where a room asks, and `party_concessions` who of them
    pays less. `to_pay_minor` is what the whole
    reservation still costs at the box office. Times are aware, UTC.
    """

    verdict: str
    reason: str = ""
    event_id: int | None = None
    ticket: int | None = None
    seat_id: int | None = None
    reference: str = ""
    title: str = ""
    venue: str = ""
    time_zone: str = "UTC"
    # As NamedPlace has them.
    label: str | None = None
    row_label: str | None = None
    number: str | None = None
    area: str = ""
    section: str | None = None
    from_when: datetime | None = None
    concession: str | None = None
    party_size: int | None = None
    party_concessions: tuple[PeopleWhoPayLess, ...] = ()
    to_pay_minor: int = 0
    currency: str = ""


def tickets_of(event_id: int, *, reservation_id: int, config: Config) -> tuple[Ticket, ...]:
    """The tickets of a bought reservation, in the order of their numbers; none of one that is not bought.

    Whose it is, the caller has asked.
    """

    def act(session: Session) -> tuple[Ticket, ...]:
        rows = session.execute(
            select(ReservationSeat.id, ReservationSeat.seat_id, Reservation.code, _version())
            .join(Reservation, _of_line())
            .where(
                ReservationSeat.event_id == event_id,
                ReservationSeat.reservation_id == reservation_id,
                ReservationSeat.ended_at.is_(None),
                Reservation.status == "confirmed",
            )
            .order_by(ReservationSeat.id)
        ).all()
        if not rows:
            return ()
        key = signing_key(config)
        note_key(session, key)
        return tuple(
            Ticket(
                row.id,
                row.seat_id,
                row.version,
                write_code(
                    key,
                    event_id=event_id,
                    code=row.code,
                    place=row.seat_id,
                    ticket=row.id,
                    version=row.version,
                ),
            )
            for row in rows
        )

    return run_transaction(act)


def reissue_ticket(
    event_id: int,
    *,
    reservation_id: int,
    ticket: int,
    seen_version: int,
    holder: HolderRef | None,
    actor_user_id: int | None = None,
) -> int:
    """Give a ticket a new code and make all older ones void; its version now.

    `seen_version` is the one that whoever asks has seen: a second press of the button, and a form that is
    sent again, change nothing more. `holder` None: staff. Raises WrongState (not bought), NotFound.
    """

    def act(session: Session) -> int:
        lock_seats(session, event_id, Seat.reservation_id == checked_id(reservation_id))
        reservation = own_reservation(session, event_id, reservation_id, holder)
        if reservation.status != "confirmed":
            raise WrongState(state=reservation.status)
        version = session.scalar(
            select(_version()).where(
                ReservationSeat.event_id == event_id,
                ReservationSeat.reservation_id == reservation_id,
                ReservationSeat.id == checked_id(ticket),
                ReservationSeat.ended_at.is_(None),
            )
        )
        if version is None:
            raise NotFound(what="ticket")
        if version != seen_version:
            return int(version)
        session.execute(
            insert(TicketReissue)
            .values(
                event_id=event_id,
                reservation_seat_id=ticket,
                version=version + 1,
                actor_user_id=holder.user_id if holder else actor_user_id,
            )
            # Of two that ask at once, the second waits for the reservation's lock and has seen an old version.
            .on_conflict_do_nothing()
        )
        return int(version) + 1

    return run_transaction(act)


def check_ticket(text: str, *, config: Config) -> CheckedTicket:
    """What a code that somebody shows is worth at this moment. Changes nothing."""
    code = read_code(text)
    if code is None:
        return CheckedTicket("unknown", "unreadable")

    def act(session: Session) -> CheckedTicket:
        if fault := _fault_of_key(session, code.key_id, code.signed, code.signature, config=config):
            return CheckedTicket("unknown", fault)
        row = session.execute(
            _details().where(
                ReservationSeat.event_id == code.event_id,
                ReservationSeat.id == code.ticket,
                ReservationSeat.seat_id == code.place,
                Reservation.code == code.code,
            )
        ).one_or_none()
        if row is None:
            return CheckedTicket("unknown", "no_such_ticket")
        reason = _why_void(row, version=code.version)
        return CheckedTicket(
            "void" if reason else "valid",
            reason,
            event_id=code.event_id,
            ticket=code.ticket,
            seat_id=code.place,
            reference=format_reference(code.event_id, code.code),
            title=row.title,
            venue=row.venue,
            time_zone=row.time_zone,
            label=row.label,
            row_label=row.row_label,
            number=row.number,
            area=row.area,
            section=row.section,
            from_when=row.slot_at or row.starts_at,
            concession=row.concession,
            party_size=row.party_size,
            party_concessions=row.party_concessions,
            to_pay_minor=0 if reason or row.is_paid or row.payment != "counter" else row.total_minor,
            currency=row.currency,
        )

    return run_transaction(act)


def _fault_of_key(session: Session, key_id: str, signed: str, signature: bytes, *, config: Config) -> str:
    present = signing_key(config)
    known = session.execute(
        select(TicketKey.public_key, TicketKey.revoked_at).where(TicketKey.key_id == key_id)
    ).one_or_none()
    if known is None and key_id != present.id:
        return "unknown_key"
    public = known.public_key if known is not None else present.public
    if not is_signed_by(bytes(public), signature=signature, text=signed):
        return "bad_signature"
    return "revoked_key" if known is not None and known.revoked_at is not None else ""


def _details() -> Any:
    is_paid = exists().where(
        Payment.event_id == Reservation.event_id,
        Payment.settled_reservation_id == Reservation.id,
        Payment.settlement == "confirmed",
    )
    return (
        select(
            ReservationSeat.outcome,
            ReservationSeat.party_size,
            party_concessions(),
            Concession.name.label("concession"),
            _version(),
            Reservation.status,
            Reservation.total_minor,
            Seat.label,
            Seat.row_label,
            Seat.number,
            Area.name.label("area"),
            Section.name.label("section"),
            Seat.starts_at.label("slot_at"),
            Event.status.label("event_status"),
            Event.starts_at,
            Event.payment,
            Event.currency,
            Show.title,
            Venue.name.label("venue"),
            Venue.time_zone,
            is_paid.label("is_paid"),
        )
        .select_from(ReservationSeat)
        .join(Reservation, _of_line())
        .join(Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id))
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .outerjoin(
            Concession,
            and_(
                Concession.event_id == ReservationSeat.event_id,
                Concession.id == ReservationSeat.concession_id,
            ),
        )
        .outerjoin(Section, and_(Section.event_id == Seat.event_id, Section.id == Seat.section_id))
        .join(Event, Event.id == Reservation.event_id)
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
    )


def _why_void(row: Any, *, version: int) -> str:
    if row.event_status == "cancelled":
        return "event_cancelled"
    if row.outcome is not None:
        return "moved" if row.outcome == "moved" else "cancelled"
    if row.status != "confirmed":
        return "cancelled"
    return "reissued" if row.version != version else ""


def _version() -> ColumnElement[int]:
    return (
        select(func.coalesce(func.max(TicketReissue.version), 1))
        .where(
            TicketReissue.event_id == ReservationSeat.event_id,
            TicketReissue.reservation_seat_id == ReservationSeat.id,
        )
        .correlate(ReservationSeat)
        .scalar_subquery()
        .label("version")
    )


def _of_line() -> ColumnElement[bool]:
    return and_(
        Reservation.event_id == ReservationSeat.event_id, Reservation.id == ReservationSeat.reservation_id
    )
