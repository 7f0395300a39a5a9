"""What a seat is called, for screen readers and for the label that hovers over it.

"Row B, seat 12 · Stalls · €45.00 · available". Made for 1,500 seats at once:
what many seats share is put together once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from seatbook.queries.event import CategoryView
from seatbook.queries.event_page import EventPage
from seatbook.queries.seats import SeatView
from seatbook.web.formats import day_and_time, money
from seatbook.web.texts import gettext as _

HOLD, RELEASE = "hold", "release"


class Face(NamedTuple):
    """A seat as `_seat.html` needs it. `act` is what pressing it does: hold, release, or nothing (None)."""

    id: int
    act: str | None
    colour: int
    status: str
    is_bought: bool
    is_lost: bool
    is_better: bool
    is_for_wheelchair: bool
    name: str
    number: str | None
    slot: SeatView | None
    # What its price is called, where there are several.
    slot_kind: str


class SeatWords:
    """Names of the seats of one event, in the language of the request.

    `better` are seats to be marked, because they can be had instead of those that were refused.
    """

    def __init__(self, page: EventPage, *, better: Collection[int] = ()) -> None:
        self.better = better
        self.is_open = page.event.sale == "on_sale"
        self.time_zone = page.event.time_zone
        self._page = page
        self._categories: dict[int, CategoryView] = {c.id: c for c in page.categories}
        self._colours = {category.id: category.colour for category in page.categories}
        self._category_names = {c.id: c.name for c in page.categories} if len(page.categories) > 1 else {}
        self._for_each_person = {area.id for area in page.areas if area.price_per == "person"}
        # The one section of an area says nothing; its category does.
        per_area = Counter(section.area_id for section in page.sections)
        self._sections = {s.id: s.name for s in page.sections if per_area[s.area_id] > 1}
        self._row_and_number = _("Row %(row)s, seat %(number)s")
        self._status = {
            "available": _("available") if self.is_open else _("free, not on sale now"),
            "mine": _("yours, press to give back"),
            "held": _("held by somebody"),
            "reserved": _("reserved"),
            "blocked": _("not for sale"),
        }
        self._give_back = _("press to give back")
        self._of_own = {"reserved": _("reserved by you"), "held": _("yours, waiting for your payment")}
        self._features = {
            "wheelchair": _("wheelchair place"),
            "companion": _("companion seat"),
            "restricted_view": _("restricted view"),
        }
        self._middles: dict[tuple[int, int | None, int, str], str] = {}

    def faces(self, seats: Iterable[SeatView], lost: Collection[int] = ()) -> Iterator[Face]:
        """What `_seat.html` draws, for many seats at once."""
        for seat in seats:
            status = seat.status
            if status == "available" and self.is_open:
                act = HOLD
            elif status == "mine":
                act = RELEASE
            else:
                act = None
            yield Face(
                seat.id,
                act,
                self._colours[seat.category_id],
                status,
                seat.own and status in self._of_own,
                seat.id in lost,
                seat.id in self.better,
                "wheelchair" in (seat.features or ()),
                self.name(seat),
                seat.number,
                seat if seat.starts_at else None,
                self._category_names.get(seat.category_id, "") if seat.starts_at else "",
            )

    def name(self, seat: SeatView) -> str:
        status = (seat.own and self._of_own.get(seat.status)) or self._status[seat.status]
        if seat.starts_at is not None:
            return self._slot_name(seat, status)
        # Most seats have nothing special about them.
        features = ",".join(seat.features) if seat.features else ""
        key = (seat.area_id, seat.section_id, seat.category_id, features)
        middle = self._middles.get(key)
        if middle is None:
            special = "".join(f"{self._features[name]} · " for name in seat.features or ())
            middle = self._middles[key] = f" · {self._where(seat)} · {self.price(seat)} · {special}"
        return f"{self.place(seat)}{middle}{status}"

    def _slot_name(self, seat: SeatView, status: str) -> str:
        """What is written on the slot stands here in one piece, so that it can be chosen by saying it."""
        place, where, price = self.place(seat), self._where(seat), self.price(seat)
        if seat.status == "available":
            return f"{place} · {price} · {where} · {status}"
        name = f"{place} · {self.short_status(seat)} · {where} · {price}"
        return f"{name} · {self._give_back}" if seat.status == "mine" else name

    def place(self, seat: SeatView) -> str:
        """ "Row B, seat 12", or a slot's day and time."""
        if seat.starts_at is not None:
            return day_and_time(seat.starts_at, self.time_zone)
        if seat.row_label and seat.number:
            return self._row_and_number % {"row": seat.row_label, "number": seat.number}
        return seat.label or seat.number or ""

    def short_status(self, seat: SeatView) -> str:
        """A slot's price while it can be had, else its state."""
        if seat.status == "available":
            return self.price(seat)
        if seat.own and seat.status in self._of_own:
            return self._of_own[seat.status] if seat.status == "reserved" else _("yours, unpaid")
        short = {"mine": _("yours"), "held": _("held")}
        return short.get(seat.status) or self._status[seat.status]

    def colour(self, seat: SeatView) -> int:
        return self._colours[seat.category_id]

    def price(self, seat: SeatView) -> str:
        return self.category_price(
            self._categories[seat.category_id], is_each=seat.area_id in self._for_each_person
        )

    def category_price(self, category: CategoryView, *, is_each: bool) -> str:
        """ "€16.50", or "€16.50 each" where every person pays that. The price list and the places say it alike."""
        price = money(category.price_minor, self._page.event.currency)
        return _("%(price)s each", price=price) if is_each and category.price_minor else price

    def _where(self, seat: SeatView) -> str:
        return self._sections.get(seat.section_id or 0) or self._categories[seat.category_id].name
