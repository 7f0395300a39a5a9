"""Staff at their own pages."""

from __future__ import annotations

import json

from playwright.sync_api import expect
from redis import Redis

from seatbook.domain import accounts
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.orders import choose_concessions, create_concession, take_at_counter
from seatbook.live.reports import KEY
from tests.browser.conftest import Come
from tests.browser.geometry import boxes
from tests.browser.person import PHONE, Person
from tests.conftest import LiveServer
from tests.factories import Hall, make_event, make_holder, statuses
from tests.visitor import PASSWORD


def written(live_server: LiveServer, figure: str) -> dict[str, int]:
    """What each web process has written down of itself since the last test emptied Redis, by its name."""
    with Redis.from_url(live_server.redis_url) as redis:
        texts = {key: redis.get(key) for key in redis.scan_iter(f"{KEY}*")}
    return {str(key, "utf-8"): json.loads(text)[figure] for key, text in texts.items() if text}


def test_an_order_is_found_and_cancelled_by_keys_alone(anna: Person, hall: Hall) -> None:
    """At a window one hand is at the keys and the other on the telephone."""
    accounts.create_account("otto", email="otto@example.org", password=PASSWORD, role="box_office")
    ann = make_holder("annabel")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=ann)
    bought = confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    take_at_counter(hall.event_id, reservation_id=bought.reservation_id, actor_user_id=None)
    bert = make_holder("bert")
    other = hold_seats(hall.event_id, seat_ids=hall.seat_ids[10:11], holder=bert)
    confirm_reservation(hall.event_id, reservation_id=other.reservation_id, holder=bert)
    anna.open("/sign-in")
    anna.sign_in("otto")
    anna.open("/staff/live")
    page, press = anna.page, anna.page.keyboard.press
    expect(page.get_by_role("button", name="Keys")).to_be_visible()

    press("?")
    expect(page.get_by_text("next and previous line")).to_be_visible()
    press("g")
    anna.led_on(lambda: press("o"))
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("annab")
    expect(page.get_by_role("row")).to_have_count(3)
    press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    press("Escape")
    press("j")
    line = page.get_by_role("link", name=bought.code)
    expect(line).to_be_focused()
    # The same search once more, as when its field and its button ask one after the other: one stays where one is.
    line.evaluate(
        "line => { line.dataset.old = ''; document.querySelector('[role=search]').requestSubmit() }"
    )
    expect(page.locator("[data-old]")).to_have_count(0)
    expect(line).to_be_focused()
    anna.led_on(lambda: press("Enter"))
    expect(page.get_by_role("heading", name=bought.code)).to_be_visible()
    page.get_by_role("checkbox", name="Row A, seat 2").focus()
    press("Space")
    expect(page.get_by_text("€45.00 goes back to the buyer.")).to_be_visible()
    page.get_by_role("button", name="Cancel 1 place").focus()
    press("Enter")

    expect(page.get_by_text("1 place is cancelled and on sale again. €45.00 goes back.")).to_be_visible()
    assert statuses(hall)[:3] == ["reserved", "available", "reserved"]


def test_the_figures_of_open_pages_are_seen_while_they_change(
    anna: Person, ben: Person, hall: Hall, live_server: LiveServer
) -> None:
    accounts.create_account("otto", email="otto@example.org", password=PASSWORD, role="box_office")
    anna.open("/sign-in")
    anna.sign_in("otto")
    anna.page.get_by_role("link", name="Staff").click()
    anna.page.get_by_role("link", name="Live", exact=True).click()
    expect(anna.page.get_by_role("heading", name="Live pages")).to_be_visible()
    streams = anna.page.locator('[data-figure="streams"]')
    changes = anna.page.locator('[data-figure="changes"]')
    anna.page.get_by_text("The same as a table").click()

    ben.open_event(hall)
    ben.hears()
    anna.soon(lambda: any(written(live_server, "streams").values()), True)
    before = written(live_server, "changes")
    expect(streams).not_to_have_text("0")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=make_holder())
    ben.sees("A3", "held")

    def were_told_three() -> bool:
        now = written(live_server, "changes")
        return any(count - before.get(name, 0) >= 3 for name, count in now.items())

    def is_all_that_was_told() -> bool:
        return int((changes.text_content() or "").replace(",", "")) == sum(
            written(live_server, "changes").values()
        )

    anna.soon(were_told_three, True)
    anna.soon(is_all_that_was_told, True)
    expect(anna.page.locator('[data-figure="p99"]')).not_to_have_text("–")
    # What one opened stays open through it.
    expect(anna.page.get_by_role("columnheader", name="Share")).to_be_visible()


def test_on_a_phone_an_order_shows_what_its_places_cost(come: Come, box_office: None) -> None:
    accounts.create_account("otto", email="otto@example.org", password=PASSWORD, role="box_office")
    hall, ann = make_event(seats=3, fee_per_place_minor=150, fee_per_order_minor=25), make_holder("annabel")
    child = create_concession(hall.event_id, name="Child under fourteen", percent_off=50)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    choose_concessions(hall.event_id, choices={hall.seat_ids[0]: child}, holder=ann)
    bought = confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    otto = come(**PHONE)
    otto.open("/sign-in")
    otto.sign_in("otto")
    otto.open("/language?to=de&next=/")
    otto.open(f"/staff/orders/{hall.event_id}-{bought.code}")

    prices = boxes(otto.page.locator("#places .price"))
    edge = PHONE["viewport"]["width"]

    assert len(prices) == 5
    assert [box.name for box in prices if box.right > edge] == []
    expect(otto.page.get_by_role("row")).to_have_count(6)
    expect(otto.page.locator("#places .full").first).to_be_visible()
    menu = boxes(otto.page.locator(".top nav > :visible"))
    assert len({round(box.top) for box in menu}) == 1, "signing out is not in a line of its own"
