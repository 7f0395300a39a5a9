"""What the event page says: sentences about the sale, the basket and what happened, for one viewer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from zoneinfo import ZoneInfo

from seatbook.queries.activity import ActivityLine
from seatbook.queries.event import BY_QUANTITY, AreaView, SectionView
from seatbook.queries.event_page import EventPage
from seatbook.queries.figures import Figures
from seatbook.queries.hall import Hall, lay_out
from seatbook.queries.seats import SeatView
from seatbook.web.basket_lines import PlaceLine, place_lines
from seatbook.web.formats import clock, day_and_time, number, price_range, slot_day
from seatbook.web.listing import listing
from seatbook.web.map_words import MapWords, PartWords
from seatbook.web.seat_list_words import (
    ListedSection,
    listed_sections,
)
from seatbook.web.seat_words import SeatWords
from seatbook.web.texts import gettext as _
from seatbook.web.texts import ngettext

# What the form for a group offers at most.
MOST_AT_ONCE = 20

# A day at the venue, and its slots.
Day = tuple[date, list[SeatView]]


class EventWords:
    """Words and arrangement for one drawing of the page or of its parts."""

    def __init__(self, page: EventPage, *, better: Collection[int] = ()) -> None:
        self.page = page
        self.seats = SeatWords(page, better=better)
        self.map = MapWords(page)
        self.time_zone = page.event.time_zone

    # --- places ---

    def hall(self, area: AreaView) -> Hall:
        return lay_out(
            [seat for seat in self.page.seats if seat.area_id == area.id], sections=self.sections(area)
        )

    def sections(self, area: AreaView) -> list[SectionView]:
        return [section for section in self.page.sections if section.area_id == area.id]

    def listed_sections(self, area: AreaView) -> list[ListedSection]:
        return listed_sections(self.page, area)

    def linked_sections(self, area: AreaView) -> list[tuple[SectionView, PartWords]]:
        """The sections of a big hall that have seats, in the order of the hall."""
        figures = self.page.figures_by_section
        return [(s, self.map.section(s)) for s in self.sections(area) if s.id in figures]

    def slots_by_day(self, area: AreaView) -> list[Day]:
        """Slots that have not begun, by the day at the venue. One's own stay in sight until they are over."""
        zone = ZoneInfo(self.time_zone)
        now = self.page.event.moment.now
        slots = [
            seat
            for seat in self.page.seats
            if seat.area_id == area.id
            and seat.starts_at is not None
            and seat.ends_at is not None
            and (seat.ends_at if seat.own else seat.starts_at) > now
        ]
        slots.sort(key=lambda seat: (seat.starts_at, seat.id))
        return [
            (day, list(of_day))
            for day, of_day in groupby(slots, key=lambda s: s.starts_at.astimezone(zone).date())  # type: ignore[union-attr]
        ]

    def stretches(self, area: AreaView) -> list[tuple[bool, list[Day]]]:
        """The same in stretches: (True, days) where nothing is to be had on several days one after the other."""
        stretches: list[tuple[bool, list[Day]]] = []
        for is_full, of_stretch in groupby(self.slots_by_day(area), key=_is_full):
            days = list(of_stretch)
            is_long = is_full and len(days) > 1
            if stretches and not is_long and not stretches[-1][0]:
                stretches[-1][1].extend(days)
            else:
                stretches.append((is_long, days))
        return stretches

    def full_days(self, days: list[Day]) -> str:
        """ "Fri, Nov 20 – Tue, Nov 24: nothing free"."""
        return _("%(first)s – %(last)s: nothing free", first=slot_day(days[0][0]), last=slot_day(days[-1][0]))

    def figures(self, area: AreaView) -> Figures:
        return self.page.figures_of(area)

    def prices_of(self, area: AreaView) -> str:
        categories = self.page.categories_of(area)
        prices = [category.price_minor for category in categories] or [0]
        return price_range(min(prices), max(prices), self.page.event.currency)

    @property
    def room(self) -> int:
        """How many more places of this event the viewer may have."""
        return self.page.event.max_seats - self.page.viewer.places

    @property
    def has_seats(self) -> bool:
        """Whether there are numbered seats at all, sold or not."""
        return any(self.figures(area).total for area in self._seated)

    @property
    def seats_left(self) -> int:
        """How many numbered seats are free now."""
        return sum(self.figures(area).available for area in self._seated)

    @property
    def most_together(self) -> int:
        """How many seats the viewer can ask for at once now: no more than they may have, and than are free."""
        return max(0, min(self.room, self.seats_left, MOST_AT_ONCE))

    @property
    def most_in_a_form(self) -> int:
        """The same when all that is taken comes back, as it may while the page is open."""
        for_sale = sum(self.figures(area).for_sale for area in self._seated)
        return min(self.page.event.max_seats, for_sale, MOST_AT_ONCE)

    @property
    def _seated(self) -> list[AreaView]:
        return [area for area in self.page.areas if area.kind == "seated"]

    @property
    def price_levels(self) -> list[int]:
        """Every price of the numbered seats but the highest, cheapest first: what "up to" can mean."""
        prices = {category.price_minor for area in self._seated for category in self.page.categories_of(area)}
        return sorted(prices)[:-1]

    def found_sentence(self, seat_ids: Collection[int]) -> str:
        """Which seats were found for a group: "B12, B13 and B14 are yours for now." """
        labels = [line.label for line in self.page.basket.lines if line.seat_id in seat_ids and line.label]
        return ngettext(
            "%(seats)s is yours for now.", "%(seats)s are yours for now.", len(labels), seats=listing(labels)
        )

    def heard(self) -> str:
        """What came of a click on these seats, for whoever hears it: the seat itself shows it."""
        sentences = []
        if mine := [self.seats.place(seat) for seat in self.page.seats if seat.status == "mine"]:
            sentences.append(
                ngettext("%(seats)s is yours.", "%(seats)s are yours.", len(mine), seats=listing(mine))
            )
        if back := [self.seats.place(seat) for seat in self.page.seats if seat.status == "available"]:
            sentences.append(
                ngettext(
                    "%(seats)s is given back.", "%(seats)s are given back.", len(back), seats=listing(back)
                )
            )
        return " ".join(sentences)

    def left_alone(self, labels: Sequence[str]) -> str:
        """Why a choice that strands seats is refused; what to take instead stands beside it."""
        return ngettext(
            "%(seats)s would be left alone, and nobody likes to sit there.",
            "%(seats)s would each be left alone, and nobody likes to sit there.",
            len(labels),
            seats=listing(labels),
        )

    # --- sale ---

    def sale_sentence(self, state: str | None = None) -> str:
        """What stands in the way of buying; empty when nothing does."""
        event = self.page.event
        state = state or self.page.sale
        if state == "not_yet":
            return _("The sale opens on %(when)s.", when=day_and_time(event.on_sale_from, self.time_zone))
        if state == "ended":
            return _("The sale has ended. Please ask at the door.")
        if state == "cancelled":
            return _("This event is cancelled.")
        if state == "sold_out":
            if self.page.figures.held:
                return _(
                    "Everything is taken. Some places are only held and may come back: stay on this page."
                )
            return _("Sold out.")
        return ""

    def left(self, figures: Figures) -> str:
        return places_left(figures)

    # --- basket ---

    @cached_property
    def basket_lines(self) -> list[PlaceLine]:
        return place_lines(self.page.basket.lines, time_zone=self.time_zone)

    def section_of(self, line: PlaceLine) -> int | None:
        """Where on the map the line's seat is; None for what has no place there."""
        return self._sections_of_seats.get(line.seat_ids[0])

    @cached_property
    def _sections_of_seats(self) -> dict[int, int | None]:
        return {line.seat_id: line.section_id for line in self.page.basket.lines}

    def count(self, number_of_places: int) -> str:
        if {area.kind for area in self.page.areas} == {"stock"}:
            return ngettext("%(num)s item", "%(num)s items", number_of_places)
        return ngettext("%(num)s place", "%(num)s places", number_of_places)

    @property
    def empty_sentence(self) -> str:
        """What to do while the basket is empty, by what the event offers."""
        kinds = {area.kind for area in self.page.areas}
        if kinds <= {"standing", "stock"}:
            return _("Choose how many you want. They are then yours for a while, and nobody else's.")
        if kinds == {"slots"}:
            return _("Press a time to hold it. Press it again to give it back.")
        return _("Press a seat to hold it. Press it again to give it back.")

    @cached_property
    def take_back_sentence(self) -> str:
        """ "B12 is free again: take it back?" """
        lines = place_lines(self.page.basket.free_again, time_zone=self.time_zone)
        names = [line.name if line.count == 1 else f"{line.count} × {line.name}" for line in lines]
        return ngettext(
            "%(names)s is free again: take it back?",
            "%(names)s are free again: take them back?",
            len(self.page.basket.free_again),
            names=listing(names),
        )

    def ended_sentence(self, at: datetime) -> str:
        """When a hold ended, and that it cost nothing."""
        return _("Your hold ended at %(time)s. Nothing was charged.", time=clock(at, self.time_zone))

    def basket_said(self) -> str:
        """The basket in one sentence, for whoever hears it."""
        basket = self.page.basket
        if basket.state == "open" and basket.until is not None:
            return ngettext(
                "%(num)s place is yours until %(time)s.",
                "%(num)s places are yours until %(time)s.",
                len(basket.lines),
                time=clock(basket.until, self.time_zone),
            )
        if basket.state == "ended" and basket.until is not None:
            return self.ended_sentence(basket.until)
        return _("You hold no places.")

    # --- activity ---

    def happened(self, line: ActivityLine) -> str:
        """ "B5 and B6 held". Nobody's name is in it."""
        sentences = {
            "hold": _("%(what)s held"),
            "release": _("%(what)s given back"),
            "expire": _("%(what)s free again: the hold ended"),
            "reserve": _("%(what)s reserved"),
            "cancel": _("%(what)s free again: a reservation was cancelled"),
            "block": _("%(what)s taken off sale"),
            "unblock": _("%(what)s put on sale"),
        }
        return sentences[line.reason] % {"what": self._what(line)}

    def _what(self, line: ActivityLine) -> str:
        if line.area_kind in BY_QUANTITY:
            return _("%(count)s × %(area)s", count=line.count, area=line.area)
        starts_at = line.starts_at
        names = [day_and_time(starts_at, self.time_zone)] if starts_at else list(line.labels)
        more = line.count - len(names)
        if more > 0:
            return _("%(names)s and %(count)s more", names=", ".join(names), count=more)
        return ", ".join(names)


def _is_full(day: Day) -> bool:
    """Nothing to press on that day, and nothing of the viewer's own."""
    return not any(slot.status == "available" or slot.own for slot in day[1])


def places_left(figures: Figures) -> str:
    """Availability in words."""
    if figures.available == 0:
        return _("Sold out")
    if figures.available <= 10:
        return ngettext("Last %(num)s place", "Last %(num)s places", figures.available)
    return _("%(count)s of %(total)s left", count=number(figures.available), total=number(figures.for_sale))
