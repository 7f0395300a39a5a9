"""No script runs: everything is a plain form and a page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from seatbook.domain.inventory import hold_seats
from tests.browser.conftest import Come
from tests.browser.events import make_alike
from tests.browser.geometry import boxes
from tests.browser.person import REFERENCE, Person
from tests.factories import Hall, changes, let_hold_end, make_event, make_holder, open_reservations, seat_row


@pytest.fixture
def anna(come: Come) -> Person:
    return come(java_script_enabled=False)


def test_register_pick_release_reserve_and_cancel(anna: Person, hall: Hall) -> None:
    anna.open("/register")
    anna.register("dora")
    anna.reads("Welcome, dora.")
    anna.open_event(hall)

    anna.hold("A5", "A6")
    anna.seat("A6").click()
    anna.sees("A6", "available")
    expect(anna.basket).to_contain_text("Row A, seat 5")
    expect(anna.basket).not_to_contain_text("seat 6")
    anna.hold("A7")
    anna.press("Give back: Row A, seat 7")
    anna.sees("A7", "available")

    anna.press("Reserve")
    reference = anna.page.get_by_text(REFERENCE).inner_text()
    anna.reads("Row A, seat 5")
    anna.page.get_by_text("Cancel this reservation").click()
    anna.press(f"Yes, cancel {reference}")
    anna.reads(f"{reference} is cancelled.")
    assert seat_row(hall, hall.seat_ids[4]).status == "available"


def test_the_page_comes_back_at_the_seat_that_was_pressed(anna: Person, box_office: None) -> None:
    hall = make_event(seats=520)
    anna.open_event(hall)
    expect(anna.seat("Z9")).not_to_be_in_viewport()

    anna.hold("Z9")

    expect(anna.seat("Z9")).to_be_in_viewport()


def test_a_lost_race_is_told_on_a_whole_page(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    anna.hold("B1")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[4:5], holder=make_holder())

    assert anna.answered(lambda: anna.seat("A5").click()) == 409

    expect(anna.alert).to_have_text("A5 was just taken. A4 and A6 beside it are free.")
    expect(anna.alert).to_be_in_viewport()
    anna.sees("A5", "held")
    anna.sees("B1", "mine")
    anna.figures(available=38, held=2, reserved=0)
    anna.hold("A6")
    anna.press("Give all back")
    anna.reads("Your places are back on sale. Nothing was charged.")
    expect(anna.basket).to_contain_text("Press a seat to hold it.")


def test_a_second_click_before_the_answer_to_the_first_holds(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    at = boxes(anna.seat("A5"))[0]
    cookies: list[Any] = list(anna.context.cookies())
    sent: list[str | None] = []

    def click() -> None:
        anna.page.mouse.click(at.left + at.width / 2, at.top + at.height / 2)

    def lose_the_first_answer(route: Route) -> None:
        sent.append(route.request.post_data)
        if len(sent) > 1:
            route.continue_()
            return
        assert route.fetch(max_redirects=0).status == 303
        # A second click makes the browser throw this answer away, and its cookie.
        anna.context.clear_cookies()
        anna.context.add_cookies(cookies)
        click()

    anna.page.route("**/seats", lose_the_first_answer)
    click()

    anna.sees("A5", "mine")
    expect(anna.alert).to_have_count(0)
    assert sent[0] == sent[1]
    assert [line[2:] for line in changes(hall)] == [("held", "hold")]


def test_a_hold_that_ended_is_told_and_taken_back(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    anna.hold("A5")
    let_hold_end(hall, open_reservations(hall)[0])
    anna.page.reload()

    expect(anna.basket).to_contain_text("Nothing was charged.")
    anna.sees("A5", "available")
    anna.press("Take it back")
    anna.has("A5")
    assert [line[2:] for line in changes(hall)][-1] == ("held", "hold")
    assert len(changes(hall)) > 1


def test_standing_places(anna: Person, box_office: None) -> None:
    hall = make_alike("standing", Floor=30)
    anna.open_event(hall)
    anna.page.get_by_label("How many of Floor?").select_option("3")

    anna.press("Take")

    expect(anna.basket).to_contain_text("Floor × 3")
    anna.figures(available=27, held=3, reserved=0)


def test_a_reservation_after_signing_in_on_the_way(anna: Person, hall: Hall, account: str) -> None:
    anna.open_event(hall)
    anna.hold("A5")
    anna.press("Reserve")
    anna.reads("Please sign in to reserve.")
    anna.sign_in(account)
    anna.press("Reserve")

    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()
