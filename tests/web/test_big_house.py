"""A house of more seats than a page draws at once: an overview of its sections, then one section after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from seatbook.domain.demonstration.arena import arena
from seatbook.domain.inventory import hold_seats
from seatbook.domain.plans import PlanLayout
from seatbook.extensions import db
from seatbook.queries.event import load_event
from seatbook.queries.event_page import MOST_SEATS_AT_ONCE
from tests.factories import Hall, make_event, make_holder
from tests.planned import hall, planned_event, section
from tests.query_count import statements
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")

SEAT = re.compile(r"<button id=seat-(\d+)[^>]* data-status=(\w+)")
PART = re.compile(r'<a id="part-(\d+)"[^>]*><span><b>([^<]+)</b>')
LEFT = re.compile(r'<small id="part-(\d+)-left" data-thirds="\d">([^<]+)</small>')


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def rows(letters: str, seats: int) -> str:
    return "|".join(" ".join(f"{letter}{n}" for n in range(1, seats + 1)) for letter in letters)


def house(*, seats_a_row: int = 110) -> PlanLayout:
    """Two sections of ten rows each."""
    return hall(
        section(rows("ABCDEFGHIJ", seats_a_row), name="West"),
        section(rows("ABCDEFGHIJ", seats_a_row), name="East", left=seats_a_row + 4.0),
    )


@pytest.fixture
def big() -> Iterator[Hall]:
    made = planned_event(house())
    assert len(made.seat_ids) > MOST_SEATS_AT_ONCE
    yield made


def sections(event: Hall) -> dict[str, int]:
    db.session.rollback()
    return {one.name: one.id for one in load_event(event.event_id).sections}


def left(text: str, event: Hall) -> dict[str, str]:
    """What is said to be left, by the names of the sections that it is said of."""
    said = dict(LEFT.findall(text))
    return {
        name: said[str(section_id)] for name, section_id in sections(event).items() if str(section_id) in said
    }


def test_the_overview_tells_of_every_section_and_draws_no_seat(visitor: Visitor, big: Hall) -> None:
    hold_seats(big.event_id, seat_ids=big.seat_ids[:3], holder=make_holder())
    text = visitor.open(f"/events/{big.event_id}").text
    assert SEAT.findall(text) == []
    assert left(text, big) == {"West": "1,097 left", "East": "1,100 left"}
    for section_id in sections(big).values():
        assert f'href="/events/{big.event_id}/sections/{section_id}#section-{section_id}"' in text


def test_a_section_has_its_own_seats_and_no_others(visitor: Visitor, big: Hall) -> None:
    answer = visitor.open(f"/events/{big.event_id}/sections/{sections(big)['East']}")
    assert answer.status_code == 200
    assert {int(seat_id) for seat_id, _ in SEAT.findall(answer.text)} == set(big.seat_ids[1100:])
    assert left(answer.text, big) == {"West": "1,100 left", "East": "1,100 left"}


def test_a_script_is_given_the_seats_alone(visitor: Visitor, big: Hall) -> None:
    address = f"/events/{big.event_id}/sections/{sections(big)['West']}"
    text = visitor.open(address, headers={"HX-Request": "true"}).text
    assert {int(seat_id) for seat_id, _ in SEAT.findall(text)} == set(big.seat_ids[:1100])
    assert "<html" not in text
    assert 'id="basket"' not in text
    assert re.search(r'data-drawn="[\d.]+"', text)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "script"])
def test_a_section_that_is_not_of_this_event_is_not_there(
    visitor: Visitor, big: Hall, headers: dict[str, str]
) -> None:
    other = planned_event(hall("A1 A2"))
    for section_id in (sections(other)["Main"], 2**62):
        answer = visitor.open(f"/events/{big.event_id}/sections/{section_id}", headers=headers)
        assert answer.status_code == 404


def test_a_section_of_a_hall_that_is_drawn_whole_is_a_place_on_its_page(visitor: Visitor) -> None:
    small = planned_event(hall("A1 A2"))
    section_id = sections(small)["Main"]
    answer = visitor.open(f"/events/{small.event_id}/sections/{section_id}")
    assert answer.status_code == 303
    assert answer.location == f"/events/{small.event_id}#section-{section_id}"


def test_a_click_tells_what_its_section_has_left(visitor: Visitor, big: Hall) -> None:
    page = f"/events/{big.event_id}/sections/{sections(big)['East']}"
    answer = visitor.send(f"/events/{big.event_id}/seats", page=page, htmx=True, hold=str(big.seat_ids[1100]))
    assert left(answer.text, big) == {"East": "1,099 left"}
    assert SEAT.findall(answer.text) == [(str(big.seat_ids[1100]), "mine")]


def test_a_click_in_a_small_hall_tells_nothing_of_sections(visitor: Visitor) -> None:
    small = make_event(seats=2)
    answer = visitor.send(
        f"/events/{small.event_id}/seats",
        page=f"/events/{small.event_id}",
        htmx=True,
        hold=str(small.seat_ids[0]),
    )
    assert LEFT.findall(answer.text) == []


def test_the_poll_tells_what_sections_have_left(visitor: Visitor, big: Hall) -> None:
    page = visitor.open(f"/events/{big.event_id}").text
    cursor = re.search(r'name="since" value="([^"]+)"', page)
    assert cursor
    hold_seats(big.event_id, seat_ids=[big.seat_ids[0], big.seat_ids[1100]], holder=make_holder())
    answer = visitor.open(f"/events/{big.event_id}/changes?since={cursor[1]}", headers={"HX-Request": "true"})
    assert left(answer.text, big) == {"West": "1,099 left", "East": "1,099 left"}


def test_without_scripts_a_form_leads_back_to_its_section(visitor: Visitor, big: Hall) -> None:
    page = f"/events/{big.event_id}/sections/{sections(big)['East']}"
    seat = big.seat_ids[1100]
    answer = visitor.send(f"/events/{big.event_id}/seats", page=page, hold=str(seat))
    assert answer.status_code == 303
    assert answer.location == f"{page}#seat-{seat}"
    assert (str(seat), "mine") in SEAT.findall(visitor.open(page).text)


def test_a_refusal_without_scripts_shows_the_section(visitor: Visitor, big: Hall) -> None:
    page = f"/events/{big.event_id}/sections/{sections(big)['East']}"
    hold_seats(big.event_id, seat_ids=[big.seat_ids[1100]], holder=make_holder())
    answer = visitor.send(f"/events/{big.event_id}/seats", page=page, hold=str(big.seat_ids[1100]))
    assert answer.status_code == 409
    assert (str(big.seat_ids[1100]), "held") in SEAT.findall(answer.text)


def test_the_best_seats_lead_to_their_section(visitor: Visitor, big: Hall) -> None:
    address = f"/events/{big.event_id}"
    with_script = visitor.send(f"{address}/best", page=address, htmx=True, quantity="2")
    (first, _), *_ = SEAT.findall(with_script.text)
    of_seat = {seat: name for name, seats in _by_section(big).items() for seat in seats}
    section_id = sections(big)[of_seat[int(first)]]
    assert (
        with_script.headers["HX-Trigger"]
        == f'{{"seatbook:show": {{"section": {section_id}, "seat": {first}}}}}'
    )

    without = Visitor(visitor.client.application)
    answer = without.send(f"{address}/best", page=address, quantity="2")
    assert answer.status_code == 303
    assert re.fullmatch(rf"{address}/sections/\d+#seat-\d+", answer.location)


def test_the_number_of_queries_does_not_depend_on_the_size(visitor: Visitor, big: Hall) -> None:
    bigger = planned_event(house(seats_a_row=220))
    counts: dict[tuple[bool, bool], set[int]] = {}
    for event in (big, bigger):
        west = sections(event)["West"]
        for path, headers in (
            ("", {}),
            (f"/sections/{west}", {}),
            (f"/sections/{west}", {"HX-Request": "true"}),
        ):
            visitor.open(f"/events/{event.event_id}{path}", headers=headers)
            with statements() as sent:
                assert visitor.open(f"/events/{event.event_id}{path}", headers=headers).status_code == 200
            counts.setdefault((bool(path), bool(headers)), set()).add(len(sent))
    # Who looks, the event, its figures, its sections' figures, the latest acts, wheelchair places; then the seats.
    assert counts == {(False, False): {6}, (True, False): {7}, (True, True): {3}}


def test_an_arena_of_curves_has_its_floor_and_its_stage_on_the_picture(visitor: Visitor) -> None:
    event = planned_event(arena(0.4))
    assert len(event.seat_ids) > MOST_SEATS_AT_ONCE
    text = visitor.open(f"/events/{event.event_id}").text
    floor = next(area.id for area in load_event(event.event_id).areas if area.kind == "standing")
    assert f'<a id="part-a{floor}"' in text
    assert f'href="#area-{floor}"' in text
    assert f'id="area-{floor}"' in text
    assert re.search(r'<g class="drawn-stage"><rect [^>]+/><text [^>]+>Stage</text></g>', text)
    assert len(left(text, event)) > 40


def _by_section(event: Hall) -> dict[str, tuple[int, ...]]:
    return {"West": event.seat_ids[:1100], "East": event.seat_ids[1100:]}
