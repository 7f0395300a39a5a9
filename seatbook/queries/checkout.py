"""A basket at the checkout: its places, who may pay less for them, and the code that it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from seatbook.domain.reference import format_reference
from seatbook.extensions import db
from seatbook.models import Concession, DiscountCode, DiscountUse, Reservation
from seatbook.queries.basket import Basket, BasketLine, load_basket
from seatbook.queries.event import EventView, cancel_deadline, load_event
from seatbook.queries.viewer import Viewer, load_viewer


@dataclass(frozen=True, slots=True)
class ConcessionView:
    """Who pays less at this event, and how much less (0 to 100 %). One that is not active is for places, and people
    of a party, that have it."""

    id: int
    name: str
    percent_off: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class Cancellable:
    """Places that may be cancelled until the same moment; `is_over`: that moment (the latest of theirs) has passed."""

    until: datetime
    is_over: bool
    lines: tuple[BasketLine, ...]


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """What somebody sees before paying. Amounts in minor units of the event's currency.

    `reference` is what the reservation will be called; `code` the discount code that it has. Both are
    None while nothing is held. Prices are as they were written last: `orders.choose_concessions` renews them.
    """

    event: EventView
    viewer: Viewer
    basket: Basket
    concessions: tuple[ConcessionView, ...]
    reference: str | None
    code: str | None

    @property
    def cancelling(self) -> tuple[Cancellable, ...]:
        """Until when which places may be cancelled: a slot before its start, any other before the event's. First
        come, together, those of which that is over; () where nothing ever may be."""
        groups: dict[datetime | None, list[BasketLine]] = {}
        over: list[datetime] = []
        for line in self.basket.lines:
            until = cancel_deadline(
                line.starts_at or self.event.starts_at,
                seconds_before_start=self.event.cancel_seconds_before_start,
            )
            if until is None:
                return ()
            is_over = until < self.event.moment.now
            over += [until] if is_over else []
            groups.setdefault(None if is_over else until, []).append(line)
        past = [Cancellable(max(over), True, tuple(groups.pop(None)))] if over else []
        open_ = [Cancellable(until, False, tuple(lines)) for until, lines in groups.items() if until]
        return (*past, *sorted(open_, key=lambda group: group.until))

    def concessions_for(self, line: BasketLine) -> list[ConcessionView]:
        """What can be chosen for this place, or for people of its party."""
        return [one for one in self.concessions if one.is_active or one.id in line.concession_ids]

    def people_by(self, concession: ConcessionView, line: BasketLine) -> int:
        """How many of the party of this slot pay by that concession."""
        return sum(one.people for one in line.party_concessions if one.concession_id == concession.id)

    @property
    def before_minor(self) -> int:
        """The total without any reduction, with the fees."""
        return sum(line.before_minor for line in self.basket.lines) + self.basket.order_fee_minor

    @property
    def saved_minor(self) -> int:
        return self.before_minor - self.basket.total_minor


def load_checkout(event_id: int, *, holder_id: int | None) -> CheckoutPage:
    """The holder's basket of this event, ready to be paid; nobody's is empty. Raises NotFound (no such event)."""
    event = load_event(event_id, with_drawing=False)
    viewer = load_viewer(event_id, holder_id=holder_id, at=event.moment.now)
    basket = load_basket(event_id, viewer=viewer, moment=event.moment, cap_seconds=event.hold_cap_seconds)
    takes_concession = any(line.takes_concession for line in basket.lines)
    concessions = db.session.execute(
        select(Concession.id, Concession.name, Concession.percent_off, Concession.is_active)
        .where(
            Concession.event_id == event_id,
            or_(
                Concession.is_active,
                Concession.id.in_({id_ for line in basket.lines for id_ in line.concession_ids}),
            ),
        )
        .order_by(Concession.position, Concession.id)
    ).all()
    reference = code = None
    if basket.state == "open":
        row = db.session.execute(
            select(Reservation.code, DiscountCode.code)
            .outerjoin(
                DiscountUse,
                and_(
                    DiscountUse.event_id == Reservation.event_id,
                    DiscountUse.reservation_id == Reservation.id,
                ),
            )
            .outerjoin(
                DiscountCode,
                and_(
                    DiscountCode.event_id == DiscountUse.event_id,
                    DiscountCode.id == DiscountUse.discount_code_id,
                ),
            )
            .where(Reservation.event_id == event_id, Reservation.id == basket.reservation_id)
        ).one()
        reference, code = format_reference(event_id, row[0]), row[1]
    return CheckoutPage(
        event=event,
        viewer=viewer,
        basket=basket,
        concessions=tuple(ConcessionView(*one) for one in concessions if takes_concession),
        reference=reference,
        code=code,
    )
