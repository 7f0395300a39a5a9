"""The page on which programs are tried: from signing in to a reservation, with nothing but the page."""

from __future__ import annotations

import json
import re

from playwright.sync_api import expect

from seatbook.domain.inventory import hold_seats
from tests.browser.conftest import Come
from tests.browser.person import Person
from tests.factories import Hall, make_holder
from tests.visitor import PASSWORD


def send(person: Person, operation: str, body: object = None, **values: str) -> dict[str, object]:
    """Fill in an operation's form and send it; the answer that the page shows."""
    page = person.page
    if "/api/docs/" not in page.url:
        person.open("/api/docs/")
    page.evaluate("name => { location.hash = ''; location.hash = name }", operation)
    form = page.locator(f"#{operation} form")
    expect(form).to_be_visible()
    for name, value in values.items():
        form.locator(f"[name={name}]").fill(value)
    if body is not None:
        form.locator("textarea").fill(json.dumps(body))
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("status")).to_contain_text("200")
    # The status comes first, and the answer when all of it is there.
    shown = form.locator("[data-answer]")
    expect(shown).to_have_text(re.compile(r"\S"))
    answer: dict[str, object] = json.loads(shown.inner_text())
    return answer


def test_somebody_buys_with_nothing_but_the_page(come: Come, hall: Hall) -> None:
    anna = come()
    anna.open("/register")
    anna.register("anna")

    signed_in = send(anna, "login", {"username": "anna", "password": PASSWORD})
    assert anna.page.locator("#token").input_value() == signed_in["token"]
    held = send(anna, "hold_best_available", {"quantity": 2}, event_id=str(hall.event_id))
    seats = held["seats"]
    assert isinstance(seats, list)
    bought = send(anna, "reserve", {"seat_ids": [seat["id"] for seat in seats]}, event_id=str(hall.event_id))
    assert bought["status"] == "confirmed"
    command = anna.page.locator("#reserve [data-command]").inner_text()
    # Nobody reads a token off somebody else's screen.
    assert str(signed_in["token"]) not in command
    assert '-H "Authorization: Bearer $TOKEN"' in command


def test_a_stream_is_shown_as_it_comes_until_it_is_stopped(come: Come, hall: Hall) -> None:
    anna = come()
    anna.open("/api/docs/#follow_event")
    form = anna.page.locator("#follow_event form")
    stop = form.get_by_role("button", name="Stop")
    expect(stop).to_be_hidden()
    form.locator("[name=event_id]").fill(str(hall.event_id))
    form.get_by_role("button", name="Send").click()
    shown = form.locator("[data-answer]")
    expect(shown).to_contain_text("event: beat")

    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())

    expect(shown).to_contain_text('"seat_number":"A1","status":"locked"')
    stop.click()
    expect(stop).to_be_hidden()
    expect(form.get_by_role("button", name="Send")).to_be_enabled()
