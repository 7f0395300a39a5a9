"""A phone, 390 × 844, and one thumb."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from seatbook.domain.inventory import hold_seats
from tests.browser.conftest import Come
from tests.browser.events import make_alike, make_room, make_sides
from tests.browser.geometry import boxes, sideways, too_small
from tests.browser.person import PHONE, REFERENCE, Person
from tests.factories import make_event, make_holder, noons


@pytest.fixture
def anna(come: Come) -> Person:
    return come(**PHONE)


def part(person: Person, name: str) -> Locator:
    """The name of a part of the hall, on the map."""
    return person.page.get_by_role("link", name=re.compile(f"^{name} "))


def test_a_part_of_the_hall_a_seat_the_basket_and_reserve(
    anna: Person, box_office: None, account: str
) -> None:
    hall = make_sides()
    anna.open_event(hall)
    assert sideways(anna.page) == 0
    tools = anna.page.get_by_role("button", name=re.compile("^(Zoom|Whole hall)"))
    assert too_small(tools) == []

    part(anna, "Stalls right").tap()

    stalls = anna.page.get_by_role("group", name="Stalls right")
    seats = stalls.get_by_role("button")
    seat = stalls.get_by_role("button", name=re.compile("^Row B, seat 21 · "))
    # It was in sight before, from afar: the address changes when the map has moved.
    expect(anna.page).to_have_url(re.compile(r"#section-\d+$"))
    expect(seat).to_be_in_viewport()
    # Neighbours are a thumb apart, and what is hit is the seat and not the gap.
    assert too_small(seats) == []
    assert sideways(anna.page) == 0

    seat.tap()
    expect(seat).to_have_attribute("data-status", "mine")
    expect(seat).to_be_in_viewport()
    sheet = anna.basket
    bar = sheet.get_by_text(re.compile("^1 place · €"))
    reserve = anna.page.get_by_role("button", name="Reserve", exact=True).filter(visible=True)
    expect(bar).to_be_in_viewport()
    expect(reserve).to_be_in_viewport()
    expect(reserve).to_have_count(1)
    expect(sheet.get_by_text("Row B, seat 21")).to_be_hidden()
    assert too_small(reserve) == []

    bar.tap()
    expect(sheet.get_by_text("Row B, seat 21")).to_be_in_viewport()
    expect(sheet.get_by_text("Total")).to_be_in_viewport()
    expect(reserve).to_be_in_viewport()
    assert too_small(sheet.get_by_role("button").filter(visible=True)) == []
    assert sideways(anna.page) == 0

    reserve.tap()
    anna.reads("Please sign in to reserve.")
    assert sideways(anna.page) == 0
    anna.sign_in(account)
    anna.press("Reserve")
    expect(anna.page.get_by_text(REFERENCE)).to_be_in_viewport()
    assert sideways(anna.page) == 0


def test_from_afar_a_part_of_the_hall_is_what_is_hit_and_never_a_seat(anna: Person, box_office: None) -> None:
    hall = make_sides()
    anna.open_event(hall)
    seat = anna.page.get_by_role("button", name=re.compile("^Row B, seat 21 · Stalls right"))
    box = boxes(seat)[0]

    anna.page.touchscreen.tap((box.left + box.right) / 2, (box.top + box.bottom) / 2)

    expect(anna.page).to_have_url(re.compile(r"#section-\d+$"))
    expect(seat).to_be_in_viewport()
    expect(seat).to_have_attribute("data-status", "available")
    assert boxes(seat)[0].width > 2 * box.width
    # And back.
    anna.page.get_by_role("button", name="Whole hall").tap()
    expect(anna.page).not_to_have_url(re.compile(r"#section-\d+$"))
    assert boxes(seat)[0].width == pytest.approx(box.width, abs=0.5)


def test_opening_the_basket_leaves_the_page_where_it_is(come: Come, box_office: None) -> None:
    # Lower than other phones: what comes after the map is further down than one can see.
    anna = come(**{**PHONE, "viewport": {"width": 390, "height": 480}})
    anna.open_event(make_sides())
    anna.page.get_by_text("Nothing picked yet").tap()

    expect(anna.basket.get_by_text("Press a seat to hold it.")).to_be_in_viewport()
    assert anna.page.evaluate("scrollY") == 0


def test_a_sentence_that_has_left_is_in_nobodys_way(anna: Person, box_office: None) -> None:
    anna.open_event(make_event(seats=40))
    # It leaves when this test says so.
    stay = (
        "document.styleSheets[0].insertRule('#said p { animation-play-state: running, paused !important }')"
    )
    anna.page.evaluate(stay)
    anna.page.locator("button[name=hold]").first.tap()
    anna.page.get_by_text("1 place · ").tap()
    anna.page.get_by_role("button", name="Give all back").tap()
    said = anna.page.get_by_text("Your places are back on sale.")
    expect(said).to_be_visible()
    box = boxes(said)[0]
    what = "([x, y]) => document.elementFromPoint(x, y).closest('#message') === null"
    middle = [(box.left + box.right) / 2, (box.top + box.bottom) / 2]
    assert not anna.page.evaluate(what, middle)

    said.evaluate("said => said.getAnimations().forEach(fading => fading.finish())")

    expect(said).to_be_hidden()
    assert anna.page.evaluate(what, middle)


def test_the_map_begins_in_the_first_third_of_the_screen(anna: Person, box_office: None) -> None:
    anna.open_event(make_sides())
    assert boxes(anna.page.locator(".map-head"))[0].top <= 280


def test_a_phone_on_its_side_has_a_map_that_can_be_read(come: Come, box_office: None) -> None:
    anna = come(**{**PHONE, "viewport": {"width": 844, "height": 390}})
    anna.open_event(make_sides())
    assert boxes(anna.page.locator(".map-box"))[0].height >= 200


def test_from_afar_each_part_says_how_much_is_left(anna: Person, box_office: None) -> None:
    hall = make_sides()
    anna.open_event(hall)
    anna.page.wait_for_load_state()
    stalls = part(anna, "Stalls left")
    expect(stalls).to_be_in_viewport()
    expect(stalls).to_contain_text("42 left")

    # By somebody else: the page hears of it.
    rows = anna.page.get_by_role("group", name="Stalls left", exact=True)
    names = rows.get_by_role("button").evaluate_all("seats => seats.map(seat => seat.id)")
    seats = [int(name.removeprefix("seat-")) for name in names]
    for start in (0, 8):
        hold_seats(hall.event_id, seat_ids=seats[start : start + 8], holder=make_holder())

    expect(stalls).to_contain_text("26 left")
    expect(stalls.locator("[data-thirds]")).to_have_attribute("data-thirds", "2")
    anna.page.reload()
    expect(stalls).to_contain_text("26 left")
    expect(stalls.locator("[data-thirds]")).to_have_attribute("data-thirds", "2")
    for start in range(16, 42, 8):
        hold_seats(hall.event_id, seat_ids=seats[start : start + 8], holder=make_holder())
    expect(stalls).to_contain_text("none left")
    expect(stalls.locator("[data-thirds]")).to_have_attribute("data-thirds", "0")


def test_a_small_hall_is_for_fingers_at_once(anna: Person, box_office: None) -> None:
    hall = make_event(seats=40)
    anna.open_event(hall)
    assert sideways(anna.page) == 0
    assert too_small(anna.page.get_by_role("button", name=re.compile("^Row "))) == []

    anna.seat("B4").tap()

    anna.sees("B4", "mine")
    assert sideways(anna.page) == 0


def test_standing_places_and_slots(anna: Person, box_office: None) -> None:
    anna.open_event(make_alike("standing", Floor=30))
    take = anna.page.get_by_role("button", name="Take")
    assert too_small(anna.page.get_by_role("main").get_by_role("combobox")) == []
    assert too_small(take) == []
    take.tap()
    expect(anna.basket.get_by_text(re.compile("^1 place · €"))).to_be_in_viewport()
    assert sideways(anna.page) == 0

    anna.open_event(make_room(noons(5)))
    slots = anna.page.get_by_role("region", name="The Vault").get_by_role("button")
    assert too_small(slots) == []
    slots.first.tap()
    expect(slots.first).to_have_attribute("data-status", "mine")
    assert sideways(anna.page) == 0


def test_the_sentence_of_a_refusal_does_not_hide_what_can_be_done(
    anna: Person, come: Come, box_office: None
) -> None:
    hall = make_event(seats=40)
    anna.stop_hearing()
    anna.open_event(hall)
    anna.seat("A1").tap()
    anna.sees("A1", "mine")
    ben = come()
    ben.open_event(hall)
    ben.hold("A3")

    anna.seat("A3").tap()

    expect(anna.alert).to_have_text("A3 was just taken. A2 and A4 beside it are free.")
    expect(anna.alert).to_be_in_viewport(ratio=1)
    reserve = anna.page.get_by_role("button", name="Reserve", exact=True).filter(visible=True)
    said, button = boxes(anna.alert)[0], boxes(reserve)[0]
    assert not said.covers(button)
