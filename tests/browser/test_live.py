"""An open page keeps up with everything that happens, by its stream; and when that cannot be, by asking."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from seatbook.domain.inventory import block_seats, hold_quantity, hold_seats, release_hold
from tests.browser.conftest import Come
from tests.browser.events import make_alike
from tests.browser.person import PHONE, Person
from tests.factories import Hall, make_event, make_holder

# More than a stream sends at once.
MANY = 150


def open_and_be_heard(person: Person, hall: Hall) -> list[str]:
    """Open the event and wait for the stream; from then on the addresses that the page asks for are listed."""
    asked: list[str] = []
    with person.page.expect_response(re.compile(r"/stream\?")) as answer:
        person.open_event(hall)
    assert answer.value.status == 200
    # Before it says something, a page that waits for it for long asks.
    person.hears()
    person.page.on("request", lambda request: asked.append(request.url))
    return asked


def be_hidden(person: Person, *, hidden: bool) -> None:
    """The window goes behind another one, or comes back."""
    person.page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_a_change_comes_without_being_asked_for(anna: Person, ben: Person, hall: Hall) -> None:
    asked = open_and_be_heard(ben, hall)
    anna.open_event(hall)
    anna.hold("A5")

    ben.sees("A5", "held")
    ben.figures(available=39, held=1, reserved=0)
    expect(ben.page.get_by_role("region", name="Lately").get_by_role("listitem")).to_have_count(1)
    anna.seat("A5").click()
    ben.sees("A5", "available")
    assert [url for url in asked if "/changes" in url] == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"status": 503}, id="no room"),
        pytest.param(
            {"status": 200, "content_type": "text/event-stream", "body": "retry: 1000\n\n"}, id="swallowed"
        ),
        pytest.param(
            {"status": 200, "content_type": "text/html", "body": "<p>Welcome to the train"}, id="captured"
        ),
    ],
)
def test_a_page_without_a_stream_asks_instead(
    anna: Person, ben: Person, hall: Hall, answer: dict[str, Any]
) -> None:
    ben.complaints.expected.add(503)
    ben.page.route(re.compile(r"/stream\?"), lambda route: route.fulfill(**answer))
    ben.open_event(hall)
    anna.open_event(hall)
    anna.hold("A5")

    ben.sees("A5", "held")
    expect(ben.page.locator("#offline")).to_be_hidden()
    anna.seat("A5").click()
    ben.sees("A5", "available")
    ben.complaints.found[:] = [line for line in ben.complaints.found if "MIME type" not in line]


def test_a_stream_that_breaks_off_is_opened_again_and_brings_what_was_missed(
    anna: Person, ben: Person, hall: Hall
) -> None:
    """The first answer is cut off after a moment, as by a proxy; the second one goes on from there."""
    cut_off = {"status": 200, "content_type": "text/event-stream", "body": "retry: 1000\n\n"}
    ben.page.route(re.compile(r"/stream\?"), lambda route: route.fulfill(**cut_off), times=1)
    with ben.page.expect_response(lambda answer: "x-accel-buffering" in answer.headers):
        ben.open_event(hall)
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    ben.sees("A1", "held")


def test_a_hidden_window_has_no_stream_and_catches_up_when_it_is_seen_again(ben: Person, hall: Hall) -> None:
    open_and_be_heard(ben, hall)
    be_hidden(ben, hidden=True)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    # Whatever was on its way is here when this is.
    ben.page.evaluate("fetch(location.href)")
    ben.sees("A1", "available")

    with ben.page.expect_response(re.compile(r"/stream\?")):
        be_hidden(ben, hidden=False)
    ben.sees("A1", "held")


def test_after_a_tunnel_a_page_catches_up_by_itself(ben: Person, hall: Hall) -> None:
    open_and_be_heard(ben, hall)
    ben.context.set_offline(True)
    expect(ben.page.locator("#offline")).to_be_visible()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=make_holder())
    ben.sees("A1", "available")

    ben.context.set_offline(False)
    ben.sees("A1", "held")
    ben.sees("A2", "held")
    expect(ben.page.locator("#offline")).to_be_hidden()
    # What a browser writes down about a network that is away is no fault of the page.
    away = re.compile("ERR_INTERNET_DISCONNECTED|Failed to fetch")
    ben.complaints.found[:] = [line for line in ben.complaints.found if not away.search(line)]


def test_two_windows_of_one_person_agree_from_the_first_click_on(anna: Person, hall: Hall) -> None:
    """Both were open before anybody knew who it is."""
    anna.open_event(hall)
    twin = anna.another_window()
    twin.open_event(hall)

    anna.hold("A5")
    twin.sees("A5", "mine")
    expect(twin.basket).to_contain_text("Row A, seat 5")
    twin.hold("A6")
    anna.sees("A6", "mine")
    expect(anna.basket).to_contain_text("Row A, seat 6")
    twin.press("Give all back")
    anna.sees("A5", "available")
    expect(anna.basket).to_contain_text("Press a seat to hold it.")


def test_a_click_that_was_answered_is_not_asked_for_again(anna: Person, hall: Hall) -> None:
    asked = open_and_be_heard(anna, hall)
    for label in ("A1", "A2", "A3"):
        anna.hold(label)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[-1:], holder=make_holder())
    anna.sees("B20", "held")
    expect(anna.basket).to_contain_text("Row A, seat 3")
    assert [url for url in asked if "/changes" in url] == []


def test_signing_in_elsewhere_loads_the_other_window_again(anna: Person, hall: Hall, account: str) -> None:
    anna.open_event(hall)
    anna.hold("A5")
    twin = anna.another_window()
    twin.open(f"/sign-in?next=/events/{hall.event_id}")
    twin.sign_in(account)
    twin.sees("A5", "mine")

    expect(anna.page.get_by_role("button", name="Sign out")).to_be_visible()
    anna.sees("A5", "mine")
    twin.led_on(lambda: twin.press("Sign out"))
    twin.open_event(hall)
    expect(anna.page.get_by_role("link", name="Sign in")).to_be_visible()
    anna.sees("A5", "held")


def test_what_others_do_does_not_turn_back_the_countdown(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    anna.hold("A5")
    # So long that the page would be seen to begin again at what it was told.
    anna.soon(lambda: anna.seconds_left <= 297, True)
    before = anna.seconds_left
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[-1:], holder=make_holder())
    anna.sees("B20", "held")
    assert anna.seconds_left <= before


def test_standing_places_count_down_and_their_form_goes_and_comes(
    anna: Person, ben: Person, box_office: None
) -> None:
    hall = make_alike("standing", Floor=4)
    area_id = hall.area_id
    for person in (anna, ben):
        person.open_event(hall)
    hold_quantity(hall.event_id, area_id=area_id, quantity=3, holder=make_holder())
    ben.reads("Last 1 place")
    quantity = ben.page.get_by_label("How many of Floor?")
    expect(quantity.locator("option:not([hidden])")).to_have_text(["1"])

    anna.press("Take")
    ben.reads("All taken. Some are only held and may come back.")
    expect(quantity).to_be_hidden()
    anna.press("Give all back")
    expect(quantity).to_be_visible()


def test_many_changes_at_once_reach_an_open_page(come: Come, box_office: None) -> None:
    hall = make_event(seats=MANY + 10)
    ben = come(**PHONE)
    open_and_be_heard(ben, hall)
    block_seats(hall.event_id, seat_ids=hall.seat_ids[:MANY], reason="choir", actor_user_id=None)
    ben.sees("A1", "blocked")
    ben.figures(available=10)
    # And the stream goes on from there.
    held = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[-1:], holder=held)
    ben.figures(available=9, held=1)
    release_hold(hall.event_id, holder=held)
    ben.figures(available=10, held=0)
