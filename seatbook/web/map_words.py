"""What is written on a drawn hall: names of its parts, what they have left, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from flask import url_for

from seatbook.queries.drawn_hall import (
    DrawnHall,
    DrawnSection,
    Part,
    corner_of,
    draw_hall,
    draw_sections,
    is_drawn,
)
from seatbook.queries.event import AreaView, SectionView
from seatbook.queries.event_page import EventPage
from seatbook.queries.figures import SectionFigures, thirds
from seatbook.queries.seats import SeatView
from seatbook.web.formats import price_range
from seatbook.web.seat_list_words import left_in_words

NO_FIGURES = SectionFigures(0, 0, 0, 0, 0, ())


class PartWords(NamedTuple):
    """A part of the hall. `key` is "12" for a section and "a5" for an area. `colour` is that of its highest price.

    `href` leads to its seats, or to where its places are bought; `is_open`: its seats are shown.
    """

    key: str
    name: str
    left: str
    thirds: int
    prices: str
    colour: int | None
    href: str
    is_open: bool = False


class MapWords:
    """Words and arrangement of one drawing of a map."""

    def __init__(self, page: EventPage) -> None:
        self._page = page

    def is_drawn(self, area: AreaView) -> bool:
        """Whether the area is shown as it was drawn, or section by section; else as a grid of rows."""
        return self._page.is_big or is_drawn(self._page.event, self._seats_of(area))

    def hall(self, area: AreaView) -> DrawnHall:
        return draw_hall(self._page.event, area, seats=self._seats_of(area))

    def sections(self) -> list[DrawnSection]:
        """The seats of the page where they stand in their big hall."""
        page = self._page
        area = next(area for area in page.areas if page.chosen and area.id == page.chosen.area_id)
        return list(draw_sections(page.event, page.seats, corner=corner_of(page.event, area)))

    def parts(self, hall: DrawnHall) -> list[tuple[Part, PartWords]]:
        return [
            (part, self.section(part.section) if part.section else self._area(part.area))
            for part in hall.parts
        ]

    def _area(self, area: AreaView) -> PartWords:
        figures = self._page.figures_of(area)
        categories = self._page.categories_of(area)
        prices = [category.price_minor for category in categories] or [0]
        return PartWords(
            f"a{area.id}",
            area.name,
            left_in_words(figures.available),
            thirds(figures.available, figures.for_sale),
            price_range(min(prices), max(prices), self._page.event.currency),
            categories[0].colour if categories else None,
            f"#area-{area.id}",
        )

    def section(self, section: SectionView) -> PartWords:
        page = self._page
        href = f"#section-{section.id}"
        if page.is_big:
            href = url_for("events.section", event_id=page.event.id, section_id=section.id) + href
        return self._section(section, href=href)

    def _section(self, section: SectionView, *, href: str) -> PartWords:
        page = self._page
        figures = self._figures.get(section.id, NO_FIGURES)
        colours = [c.colour for c in page.categories if c.id in figures.category_ids]
        return PartWords(
            str(section.id),
            section.name,
            left_in_words(figures.available),
            figures.thirds_left,
            price_range(figures.lowest_minor, figures.highest_minor, page.event.currency),
            colours[0] if colours else None,
            href,
            is_open=not page.is_big or section == page.chosen,
        )

    def changed(self) -> list[PartWords]:
        """Sections of a big hall that have other figures now; without an address, which a stream cannot make."""
        return [
            self._section(s, href="") for s in self._page.sections if s.id in self._page.figures_by_section
        ]

    @cached_property
    def _figures(self) -> Mapping[int, SectionFigures]:
        return self._page.figures_by_section or dict(self._counted())

    def _counted(self) -> Iterable[tuple[int, SectionFigures]]:
        """From the seats themselves, where all of them are there."""
        prices = {category.id: category.price_minor for category in self._page.categories}
        of_sections: dict[int, list[SeatView]] = {}
        for seat in self._page.seats:
            if seat.section_id is not None:
                of_sections.setdefault(seat.section_id, []).append(seat)
        for section_id, seats in of_sections.items():
            ids = {seat.category_id for seat in seats}
            yield (
                section_id,
                SectionFigures(
                    section_id,
                    sum(seat.status == "available" for seat in seats),
                    sum(seat.status != "blocked" for seat in seats),
                    min(prices[i] for i in ids),
                    max(prices[i] for i in ids),
                    tuple(ids),
                ),
            )

    def _seats_of(self, area: AreaView) -> list[SeatView]:
        return [seat for seat in self._page.seats if seat.area_id == area.id]
