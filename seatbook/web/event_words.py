"""What the event page says: sentences about the sale, the basket and what happened, for one viewer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from flask import url_for

from seatbook.queries.activity import ActivityLine
from seatbook.queries.basket import PaidFor
from seatbook.queries.event import BY_QUANTITY, AreaView, CategoryView, SectionView
from seatbook.queries.event_page import EventPage
from seatbook.queries.figures import Figures
from seatbook.queries.hall import Hall, lay_out
from seatbook.queries.week import Week
from seatbook.web.basket_lines import PlaceLine, people, place_lines
from seatbook.web.formats import clock, day_and_time, money, number, price_range
from seatbook.web.listing import listing
from seatbook.web.map_words import MapWords, PartWords
from seatbook.web.seat_list_words import (
    ListedSection,
    listed_sections,
)
from seatbook.web.seat_words import SeatWords
from seatbook.web.texts import gettext as _
from seatbook.web.texts import ngettext
from seatbook.web.week_words import WeekWords

# What the form for a group offers at most.
MOST_AT_ONCE = 20


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

    def week_of(self, area: AreaView) -> WeekWords:
        """The week of a room that the page shows."""
        if self.page.weeks is None:
            raise LookupError(area.id)
        return WeekWords(self.page, area, self.page.weeks)

    def figures(self, area: AreaView) -> Figures:
        return self.page.figures_of(area)

    def prices_of(self, area: AreaView) -> str:
        categories = self.page.categories_of(area)
        prices = [category.price_minor for category in categories] or [0]
        return price_range(min(prices), max(prices), self.page.event.currency)

    @property
    def price_list(self) -> list[tuple[str, list[CategoryView]]]:
        """Each price as its places say it, with the categories that have it; the dearest first."""
        listed: dict[str, list[CategoryView]] = {}
        for category in self.page.categories:
            ways = {area.price_per for area in self.page.areas if category in self.page.categories_of(area)}
            price = self.seats.category_price(category, is_each=ways == {"person"})
            listed.setdefault(price, []).append(category)
        return list(listed.items())

    @property
    def fee_sentence(self) -> str:
        """What there is to pay beside the places: said with the first price, and never later."""
        event = self.page.event
        if not any(category.price_minor for category in self.page.categories):
            return ""
        place = money(event.fee_per_place_minor, event.currency) if event.fee_per_place_minor else ""
        order = money(event.fee_per_order_minor, event.currency) if event.fee_per_order_minor else ""
        if not place:
            return _("Each order costs a fee of %(order)s more.", order=order) if order else ""
        ways = {area.price_per for area in self.page.areas if self.page.categories_of(area)}
        if ways == {"person"}:
            sentence = _("Prices include a fee of %(place)s for each person.", place=place)
        elif "person" in ways:
            sentence = _(
                "Prices include a fee of %(place)s for each place, or for each person where that is the price.",
                place=place,
            )
        else:
            sentence = _("Prices include a fee of %(place)s for each place.", place=place)
        if order:
            sentence += " " + _("Each order costs %(order)s more.", order=order)
        return sentence

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
        if event.only_at_window and state != "sold_out":
            return _(
                "The sale has ended for everybody else. You can sell at the window until %(when)s.",
                when=day_and_time(event.ends_at, self.time_zone),
            )
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

    def left(self, area: AreaView) -> str:
        return places_left(self.figures(area), kinds={area.kind})

    # --- basket ---

    @cached_property
    def basket_lines(self) -> list[PlaceLine]:
        return place_lines(self.page.basket.lines, time_zone=self.time_zone)

    @property
    def is_to_be_paid(self) -> bool:
        """Whether money is to be paid before the places are bought."""
        return self.page.event.payment == "online" and self.page.basket.total_minor > 0

    @property
    def leads_to_checkout(self) -> bool:
        """Whether there is something to pay or to choose before a reservation."""
        return self.is_to_be_paid or (self.page.event.has_choices and self.page.basket.total_minor > 0)

    @property
    def paying(self) -> list[tuple[PaidFor, str]]:
        """Checkouts of this event that wait for their money, each with the names of its places."""
        return [
            (one, listing([_named(line) for line in place_lines(one.lines, time_zone=self.time_zone)]))
            for one in self.page.basket.paying
        ]

    @property
    def asks_for_parties(self) -> bool:
        return any(line.party for line in self.basket_lines)

    @property
    def party_count(self) -> str:
        """ "4 people", of all the rooms in the basket that ask; "" where none does."""
        count = sum(line.party_size or 0 for line in self.page.basket.lines)
        return people(count) if count else ""

    def section_of(self, line: PlaceLine) -> int | None:
        """Where on the map the line's seat is; None for what has no place there."""
        return self._sections_of_seats.get(line.seat_ids[0])

    def week_with(self, line: PlaceLine) -> str | None:
        """The page of the week in which the line's slot is; None for what is no slot."""
        starts_at = self._starts_of_slots.get(line.seat_ids[0])
        if starts_at is None:
            return None
        week = Week.of(starts_at.astimezone(ZoneInfo(self.time_zone)).date())
        return url_for("events.week", event_id=self.page.event.id, week=str(week))

    @cached_property
    def _starts_of_slots(self) -> dict[int, datetime]:
        return {line.seat_id: line.starts_at for line in self.page.basket.lines if line.starts_at}

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
        names = [_named(line) for line in lines]
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


def _named(line: PlaceLine) -> str:
    return line.name if line.count == 1 else f"{line.count} × {line.name}"


# The last ones are so few, and few of what there was.
MOST_LAST_ONES = 10


def places_left(figures: Figures, *, kinds: Collection[str]) -> str:
    """Availability in words, by the kinds of what is counted."""
    left, of = figures.available, figures.for_sale
    if left == 0:
        return _("Sold out")
    if left <= MOST_LAST_ONES and 2 * left < of:
        return _last(left, kinds=kinds)
    if set(kinds) == {"stock"}:
        return _("%(num)s left", num=number(left))
    return _("%(count)s of %(total)s left", count=number(left), total=number(of))


def _last(left: int, *, kinds: Collection[str]) -> str:
    if set(kinds) == {"stock"}:
        return ngettext("Last %(num)s item", "Last %(num)s items", left)
    if set(kinds) == {"slots"}:
        return ngettext("Last %(num)s free time", "Last %(num)s free times", left)
    return ngettext("Last %(num)s place", "Last %(num)s places", left)
