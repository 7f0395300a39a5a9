"""The seats of an area in the order in which one reads them: section, row, seat."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from seatbook.queries.event import AreaView, SectionView
from seatbook.queries.event_page import EventPage
from seatbook.queries.seats import SeatView
from seatbook.web.formats import number, price_range
from seatbook.web.texts import gettext as _


@dataclass(frozen=True, slots=True)
class ListedRow:
    """`name` is empty where seats have no row."""

    name: str
    seats: tuple[SeatView, ...]


@dataclass(frozen=True, slots=True)
class ListedSection:
    """`anchor` tells sections apart on the page. `prices` and `left` are in words."""

    anchor: str
    name: str
    prices: str
    left: str
    rows: tuple[ListedRow, ...]


def listed_sections(page: EventPage, area: AreaView) -> list[ListedSection]:
    """Those of the area's sections of which the page has seats, in the order of the hall; seats without one last."""
    by_section: dict[int | None, list[SeatView]] = {}
    for seat in page.seats:
        if seat.area_id == area.id:
            by_section.setdefault(seat.section_id, []).append(seat)
    known: list[SectionView] = [section for section in page.sections if section.id in by_section]
    listed = [_listed(page, section.name, str(section.id), by_section[section.id]) for section in known]
    rest = [seat for id_, seats in by_section.items() if id_ not in {s.id for s in known} for seat in seats]
    return listed + ([_listed(page, area.name, f"of-area-{area.id}", rest)] if rest else [])


def left_in_words(count: int) -> str:
    """What a part of the hall has left, on the map and in the list."""
    return _("%(num)s left", num=number(count)) if count else _("none left")


def _listed(page: EventPage, name: str, anchor: str, seats: list[SeatView]) -> ListedSection:
    prices = {category.id: category.price_minor for category in page.categories}
    of_seats = [prices[seat.category_id] for seat in seats]
    return ListedSection(
        anchor,
        name,
        price_range(min(of_seats), max(of_seats), page.event.currency),
        left_in_words(sum(seat.status == "available" for seat in seats)),
        tuple(
            ListedRow(_("Row %(row)s", row=row) if row else "", tuple(of_row))
            for row, of_row in groupby(seats, key=lambda seat: seat.row_label)
        ),
    )
