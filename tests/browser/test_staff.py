"""Staff at their own pages."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from seatbook.domain import accounts
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.orders import choose_concessions, create_concession, take_at_counter
from seatbook.live.reports import EVERY_SECONDS
from tests.browser.conftest import Come
from tests.browser.geometry import boxes
from tests.browser.person import PHONE, Person
from tests.factories import Hall, make_event, make_holder, statuses
from tests.visitor import PASSWORD


def settled(figure: Locator) -> int:
    """A figure that stays as it is: every process has written its report since the last test emptied Redis."""
    while True:
        before = figure.inner_text()
        figure.page.wait_for_timeout(EVERY_SECONDS * 2_000)
        if figure.inner_text() == before:
            return int(before.replace(",", ""))


def test_an_order_is_found_and_cancelled_by_keys_alone(anna: Person, hall: Hall) -> None:
    """At a window one hand is at the keys and the other on the telephone."""
    accounts.create_account("otto", email="otto@example.org", password=PASSWORD, role="box_office")
    ann = make_holder("annabel")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=ann)
    bought = confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    take_at_counter(hall.event_id, reservation_id=bought.reservation_id, actor_user_id=None)
    anna.open("/sign-in")
    anna.sign_in("otto")
    anna.open("/staff/live")
    page, press = anna.page, anna.page.keyboard.press
    expect(page.get_by_role("button", name="Keys")).to_be_visible()

    press("?")
    expect(page.get_by_text("next and previous line")).to_be_visible()
    press("g")
    press("o")
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    page.keyboard.type("annab")
    press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    press("Escape")
    press("j")
    press("Enter")
    expect(page.get_by_role("heading", name=bought.code)).to_be_visible()
    page.get_by_role("checkbox", name="Row A, seat 2").focus()
    press("Space")
    expect(page.get_by_text("€45.00 goes back to the buyer.")).to_be_visible()
    page.get_by_role("button", name="Cancel 1 place").focus()
    press("Enter")

    expect(page.get_by_text("1 place is cancelled and on sale again. €45.00 goes back.")).to_be_visible()
    assert statuses(hall)[:3] == ["reserved", "available", "reserved"]


def test_the_figures_of_open_pages_are_seen_while_they_change(anna: Person, ben: Person, hall: Hall) -> None:
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
    expect(streams).not_to_have_text("0")
    before = settled(changes)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=make_holder())
    ben.sees("A3", "held")

    expect(changes).to_have_text(f"{before + 3:,}")
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
