"""The seats of an event as a list: the same page with the same seats, section by section and row by row."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from sqlalchemy import update

from seatbook.domain.inventory import hold_seats
from seatbook.extensions import db
from seatbook.models import Seat
from seatbook.queries.event_page import MOST_SEATS_AT_ONCE
from tests.factories import Hall, make_area, make_event, make_holder, make_section, statuses
from tests.query_count import statements
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")

SEAT = re.compile(r'<button id=seat-(\d+)[^>]* data-status=(\w+)[^>]* aria-label="([^"]*)">')


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


class Outline(HTMLParser):
    """What a page consists of, as somebody hears it who goes from heading to heading: (level, text)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._level = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if re.fullmatch(r"h[1-6]", tag):
            self._level = int(tag[1])
            self.found.append((self._level, ""))

    def handle_endtag(self, tag: str) -> None:
        if re.fullmatch(r"h[1-6]", tag):
            self._level = 0

    def handle_data(self, data: str) -> None:
        if self._level:
            level, text = self.found[-1]
            self.found[-1] = (level, text + data)


def make_big() -> tuple[Hall, int]:
    """A hall too big for one page, with 40 of its seats on a balcony; the balcony's id."""
    hall = make_event(seats=MOST_SEATS_AT_ONCE + 41)
    return hall, make_section(hall, "Balcony", *hall.seat_ids[-40:])


def listed(visitor: Visitor, hall: Hall, more: str = "") -> str:
    answer = visitor.open(f"/events/{hall.event_id}/list{more}")
    assert answer.status_code == 200
    return answer.text


def test_the_list_has_the_seats_of_the_map_with_the_same_names(visitor: Visitor) -> None:
    hall = make_event(seats=40)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=make_holder())
    visitor.pick(hall.event_id, hall.seat_ids[5])

    on_map = SEAT.findall(visitor.open(f"/events/{hall.event_id}").text)

    assert len(on_map) == 40
    assert SEAT.findall(listed(visitor, hall)) == on_map


def test_headings_lead_from_section_to_row(visitor: Visitor) -> None:
    hall = make_event(seats=60)
    make_section(hall, "Balcony", *hall.seat_ids[40:])

    outline = Outline(listed(visitor, hall)).found

    assert [one for one in outline if one[0] > 1 and one[1].startswith(("Stalls", "Balcony", "Row"))] == [
        (2, "Stalls €45.00 · 40 left"),
        (3, "Row A"),
        (3, "Row B"),
        (2, "Balcony €45.00 · 20 left"),
        (3, "Row C"),
    ]


def test_what_is_special_about_a_seat_is_said(visitor: Visitor) -> None:
    hall = make_event(seats=3)
    features = ["wheelchair", "restricted_view"]
    db.session.execute(update(Seat).where(Seat.id == hall.seat_ids[1]).values(features=features))
    db.session.commit()

    names = {int(id_): name for id_, _, name in SEAT.findall(listed(visitor, hall))}

    assert names[hall.seat_ids[0]] == "Row A, seat 1 · Stalls · €45.00 · available"
    assert names[hall.seat_ids[1]] == (
        "Row A, seat 2 · Stalls · €45.00 · wheelchair place · restricted view · available"
    )


def test_map_and_list_lead_to_each_other(visitor: Visitor) -> None:
    hall = make_event(seats=3)
    address = f"/events/{hall.event_id}"

    assert f'<a href="{address}/list">As a list</a>' in visitor.open(address).text
    on_list = listed(visitor, hall)
    assert f'<a href="{address}">As a map</a>' in on_list
    assert f'<a href="{address}/list" aria-current="true">As a list</a>' in on_list


def test_places_without_numbers_have_no_list_of_their_own(visitor: Visitor) -> None:
    hall = make_event()
    make_area(hall, kind="standing", places=3)

    assert "As a list" not in visitor.open(f"/events/{hall.event_id}").text


@pytest.mark.parametrize("more", ["", "?free=1"])
def test_a_form_without_javascript_leads_back_to_the_list(visitor: Visitor, more: str) -> None:
    hall = make_event(seats=3)
    address = f"/events/{hall.event_id}"
    page = f"{address}/list{more}"

    held = visitor.send(f"{address}/seats", page=page, hold=str(hall.seat_ids[0]))
    assert held.headers["Location"] == f"{page}#seat-{hall.seat_ids[0]}"
    released = visitor.send(f"{address}/release", page=page)
    assert released.headers["Location"] == page
    signing_in = visitor.send(f"{address}/reserve", page=page)
    assert signing_in.headers["Location"].startswith(f"/sign-in?next={address}/list")

    visitor.open(address)
    held = visitor.send(f"{address}/seats", page=address, hold=str(hall.seat_ids[0]))
    assert held.headers["Location"] == f"{address}#seat-{hall.seat_ids[0]}"


def test_a_list_that_was_chosen_for_one_event_is_not_chosen_for_others(visitor: Visitor) -> None:
    hall, other = make_event(seats=3), make_event(seats=3)
    listed(visitor, hall)
    address = f"/events/{other.event_id}"

    held = visitor.send(f"{address}/seats", page="/sign-in", hold=str(other.seat_ids[0]))

    assert held.headers["Location"] == f"{address}#seat-{other.seat_ids[0]}"


def test_a_refusal_without_javascript_is_told_on_the_list(visitor: Visitor) -> None:
    hall = make_event(seats=20)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[4:5], holder=make_holder())
    address = f"/events/{hall.event_id}"

    refused = visitor.send(f"{address}/seats", page=f"{address}/list", hold=str(hall.seat_ids[4]))

    assert refused.status_code == 409
    assert "A5 was just taken." in refused.text
    assert 'class="seat-list"' in refused.text
    assert statuses(hall).count("held") == 1


def test_only_free_seats_is_a_choice_of_the_address(visitor: Visitor) -> None:
    hall = make_event(seats=3)

    assert "only-free" not in listed(visitor, hall)
    assert 'class="places only-free"' in listed(visitor, hall, "?free=1")


def test_the_list_costs_the_same_number_of_queries_at_any_size(visitor: Visitor) -> None:
    counts = []
    for seats in (40, 1_500):
        hall = make_event(seats=seats)
        visitor.pick(hall.event_id, hall.seat_ids[0])
        with statements() as sent:
            listed(visitor, hall)
        counts.append(len(sent))

    assert counts == [7, 7]


def test_a_big_hall_is_a_list_of_sections_each_with_a_list_of_its_own(visitor: Visitor) -> None:
    hall, balcony_id = make_big()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[-1:], holder=make_holder())

    with statements() as of_all:
        sections = listed(visitor, hall)
    with statements() as of_one:
        balcony = listed(visitor, hall, f"/{balcony_id}")

    assert SEAT.findall(sections) == []
    assert re.search(
        rf'/list/{balcony_id}"><span><b[^>]*>Balcony</b> <small [^>]*>39 left</small> <span[^>]*>€45.00<',
        sections,
    )
    assert [int(id_) for id_, _, _ in SEAT.findall(balcony)] == list(hall.seat_ids[-40:])
    assert "All parts of the hall" in balcony
    assert max(len(of_all), len(of_one)) <= 7


def test_from_a_section_a_form_leads_back_to_it(visitor: Visitor) -> None:
    hall, balcony_id = make_big()
    address = f"/events/{hall.event_id}"

    held = visitor.send(f"{address}/seats", page=f"{address}/list/{balcony_id}", hold=str(hall.seat_ids[-1]))

    assert held.headers["Location"] == f"{address}/list/{balcony_id}#seat-{hall.seat_ids[-1]}"


def test_a_section_that_is_not_there(visitor: Visitor) -> None:
    hall, other = make_event(seats=3), make_event(seats=3)
    elsewhere = make_section(other, "Balcony", other.seat_ids[0])

    assert visitor.open(f"/events/{hall.event_id}/list/{elsewhere}").status_code == 404
    assert visitor.open(f"/events/{hall.event_id}/list/9999999").status_code == 404
