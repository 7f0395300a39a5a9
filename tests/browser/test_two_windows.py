"""Two people look at one event: what one of them does, the other sees without doing anything."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats
from tests.browser.person import Person
from tests.factories import Hall, changes, make_holder, seat_row


def test_a_held_seat_shows_up_in_the_other_window_and_a_second_click_gives_it_back(
    anna: Person, ben: Person, hall: Hall
) -> None:
    anna.open_event(hall)
    ben.open_event(hall)

    anna.seat("A5").click()

    anna.sees("A5", "mine")
    expect(anna.basket).to_contain_text("Row A, seat 5")
    expect(anna.basket).to_contain_text("€45.00")
    anna.reads(re.compile(r"^(5:00|4:\d\d)$"))
    ben.sees("A5", "held")
    expect(ben.seat("A5")).to_have_accessible_name("Row A, seat 5 · Stalls · €45.00 · held by somebody")
    ben.figures(available=39, held=1, reserved=0)
    expect(ben.page.get_by_role("region", name="Lately")).to_contain_text("A5 held")
    expect(ben.basket).to_contain_text("Press a seat to hold it.")

    anna.seat("A5").click()

    anna.sees("A5", "available")
    expect(anna.basket).to_contain_text("Press a seat to hold it.")
    ben.sees("A5", "available")
    ben.figures(available=40, held=0, reserved=0)
    expect(ben.page.get_by_role("region", name="Lately")).to_contain_text("A5 given back")


def test_a_seat_of_somebody_else_does_nothing_when_it_is_pressed(
    anna: Person, ben: Person, hall: Hall
) -> None:
    anna.open_event(hall)
    anna.hold("A5")
    ben.open_event(hall)
    ben.sees("A5", "held")
    expect(ben.seat("A5")).to_have_attribute("aria-disabled", "true")

    ben.seat("A5").click(force=True)
    # Clicks are dealt with one after the other: when this one is through, the one before is, too.
    ben.hold("A6")

    ben.sees("A5", "held")
    assert [line[0] for line in changes(hall)] == [hall.seat_ids[4], hall.seat_ids[5]]


def test_what_a_person_hears_from_others_leaves_everything_else_as_it_was(
    anna: Person, ben: Person, hall: Hall
) -> None:
    ben.open_event(hall)
    ben.hold("B1")
    ben.seat("B2").focus()
    anna.open_event(hall)
    expect(anna.seat("B1")).to_have_attribute("data-status", "held")

    anna.hold("A1", "A2")

    ben.sees("A1", "held")
    ben.sees("A2", "held")
    ben.sees("B1", "mine")
    expect(ben.basket).to_contain_text("Row B, seat 1")
    expect(ben.basket).not_to_contain_text("Row A")
    expect(ben.seat("B2")).to_be_focused()


def test_whoever_is_late_reads_who_was_faster_and_sees_the_seat_as_it_is(
    anna: Person, ben: Person, hall: Hall
) -> None:
    ben.stop_hearing()
    ben.open_event(hall)
    anna.open_event(hall)
    anna.hold("A5")
    ben.sees("A5", "available")

    assert ben.answered(lambda: ben.seat("A5").click()) == 409

    expect(ben.alert).to_have_text("A5 was just taken. A4 and A6 beside it are free.")
    expect(ben.alert).to_be_in_viewport()
    ben.sees("A5", "held")
    ben.figures(available=39, held=1, reserved=0)
    expect(ben.basket).to_contain_text("Press a seat to hold it.")
    assert changes(hall) == [(hall.seat_ids[4], "available", "held", "hold")]
    anna.sees("A5", "mine")

    ben.hold("A6")
    expect(ben.alert).to_have_count(0)
    expect(ben.basket).to_contain_text("Row A, seat 6")


def test_the_free_neighbours_in_the_sentence_are_those_that_are_free(ben: Person, hall: Hall) -> None:
    ben.stop_hearing()
    ben.open_event(hall)
    somebody = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[3:6], holder=somebody)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=somebody)

    ben.seat("A5").click()

    # A4, A5 and A6 are bought; nothing is nearer than the seat behind, and then the next one of the row.
    expect(ben.alert).to_have_text("A5 was just taken. B5 and A3 beside it are free.")
    ben.sees("A5", "reserved")
    ben.sees("A4", "available")


def test_a_seat_that_goes_off_sale_goes_off_sale_in_an_open_page(ben: Person, hall: Hall) -> None:
    ben.open_event(hall)

    block_seats(hall.event_id, seat_ids=hall.seat_ids[:1], reason="a broken chair", actor_user_id=None)

    ben.sees("A1", "blocked")
    expect(ben.seat("A1")).to_have_accessible_name(re.compile("not for sale$"))
    expect(ben.seat("A1")).to_have_attribute("aria-disabled", "true")
    ben.figures(available=39, held=0, reserved=0)
    assert "broken" not in ben.page.content()


@pytest.mark.parametrize("pace", ["quick", "slow"])
def test_a_double_click_holds(anna: Person, hall: Hall, pace: str) -> None:
    anna.open_event(hall)

    # The first click of somebody who was never here before.
    double_click(anna, "A5", pace=pace)
    # Clicks are dealt with one after the other: when this one is through, both halves of the first are.
    anna.hold("A6")
    double_click(anna, "A7", pace=pace)
    anna.hold("A8")

    for label in ("A5", "A6", "A7", "A8"):
        anna.sees(label, "mine")
    assert [line[2:] for line in changes(hall)] == [("held", "hold")] * 4
    expect(anna.alert).to_have_count(0)


def double_click(person: Person, label: str, *, pace: str) -> None:
    """Both halves at once; or the second one when the answer to the first is on the page."""
    if pace == "quick":
        person.seat(label).dblclick()
        return
    person.seat(label).click()
    person.sees(label, "mine")
    person.page.mouse.down(click_count=2)
    person.page.mouse.up(click_count=2)


def test_two_windows_of_one_person_agree(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    anna.hold("A5")
    twin = anna.another_window()
    twin.open_event(hall)
    twin.sees("A5", "mine")

    twin.hold("A6")
    anna.sees("A6", "mine")
    expect(anna.basket).to_contain_text("€90.00")

    anna.seat("A5").click()
    anna.sees("A5", "available")
    twin.sees("A5", "available")
    expect(twin.basket).not_to_contain_text("Row A, seat 5")

    twin.press("Give all back")
    twin.reads("Your places are back on sale. Nothing was charged.")
    anna.sees("A6", "available")
    expect(anna.basket).to_contain_text("Press a seat to hold it.")
    assert seat_row(hall, hall.seat_ids[5]).status == "available"


def test_a_basket_that_was_changed_in_another_window_is_not_bought_unseen(
    anna: Person, hall: Hall, account: str
) -> None:
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(hall)
    anna.hold("A5")
    twin = anna.another_window()
    twin.stop_hearing()
    twin.open_event(hall)
    twin.sees("A5", "mine")
    anna.hold("A6")

    twin.press("Reserve")

    expect(twin.alert).to_be_visible()
    expect(twin.basket).to_contain_text("€90.00")
    assert seat_row(hall, hall.seat_ids[4]).status == "held"
