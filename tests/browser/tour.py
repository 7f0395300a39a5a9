"""Every page there is, in every state that looks different, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from seatbook.domain import accounts
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    block_seats,
    cancel_reservation,
    confirm_reservation,
    hold_quantity,
    hold_seats,
)
from seatbook.queries.event_page import MOST_SEATS_AT_ONCE
from tests.browser.events import make_alike, make_room, make_sides, noons
from tests.browser.person import REFERENCE, Person
from tests.factories import Hall, let_hold_end, make_event, make_holder, make_section, open_reservations


def tour(person: Person) -> Iterator[str]:
    """Walk through all pages with a new account; the name of each while it is shown."""
    hall = make_event(seats=40)
    _fill(hall)
    yield from _pages_of_a_stranger(person, hall)
    yield from _pages_of_a_buyer(person, hall)
    yield from _events(person)
    yield from _pages_of_staff(person)


def _pages_of_a_stranger(person: Person, hall: Hall) -> Iterator[str]:
    for path in ("/", "/?kind=film", "/sign-in", "/forgot-password", "/reset-password/spent"):
        person.open(path)
        yield path
    person.complaints.expected.add(404)
    person.open("/nowhere")
    yield "a page that is not there"
    person.open("/sign-in")
    person.sign_in("nobody")
    expect(person.alert).to_be_visible()
    yield "/sign-in, refused"
    person.open("/register")
    person.press("Make my account")
    expect(person.page.get_by_text("Please choose a username.")).to_be_visible()
    yield "/register, with faults"
    person.open_event(hall)
    yield "an event, as a stranger sees it"
    person.open("/")
    person.page.get_by_role("heading", name=re.compile("^The Quiet Hour")).get_by_role("link").click()
    expect(person.page.get_by_role("heading", name="Dates")).to_be_visible()
    yield "a show"


def _pages_of_a_buyer(person: Person, hall: Hall) -> Iterator[str]:
    person.open("/register")
    person.register("dora")
    person.reads("Welcome, dora.")
    yield "the first page, after registering"
    for path in ("/reservations/", "/account"):
        person.open(path)
        yield path

    person.stop_hearing()
    person.open_event(hall)
    person.hold("A1", "A2")
    person.press("Reserve")
    expect(person.page.get_by_text(REFERENCE)).to_be_visible()
    yield "a reservation"
    person.page.get_by_text("Cancel this reservation").click()
    yield "a reservation, about to be cancelled"
    person.open_event(hall)
    person.hold("B1", "B2")
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[8]], holder=make_holder())
    person.seat("A9").click()
    expect(person.alert).to_be_visible()
    yield "an event with all faces, a basket, and a lost race"
    person.page.get_by_text(re.compile("^2 places · €")).filter(visible=True).or_(
        person.page.get_by_role("heading", name="Your basket")
    ).first.click()
    yield "the same with the basket open"
    person.open("/reservations/")
    yield "/reservations/, with one"
    person.page.get_by_role("listitem").get_by_role("link").first.click()
    person.page.get_by_text("Cancel this reservation").click()
    person.press(re.compile("^Yes, cancel"), exact=False)
    person.reads("is cancelled.")
    yield "a reservation, cancelled"
    person.open("/reservations/")
    yield "/reservations/, with a cancelled one"


def _events(person: Person) -> Iterator[str]:
    now = datetime.now(UTC)
    person.open_event(make_sides())
    yield "a hall of several parts"
    floor = make_alike("standing", Floor=30)
    person.open_event(floor)
    person.press("Take")
    person.reads("29 of 30 left")
    yield "standing places"
    drop = make_alike("stock", Medium=2, Large=3)
    hold_quantity(drop.event_id, area_id=drop.area_id, quantity=2, holder=make_holder())
    person.open_event(drop)
    yield "a drop"
    room = make_room(noons(5))
    for seat_id, buys in ((room.seat_ids[0], True), (room.seat_ids[1], False)):
        holder = make_holder()
        held = hold_seats(room.event_id, seat_ids=[seat_id], holder=holder)
        if buys:
            confirm_reservation(room.event_id, reservation_id=held.reservation_id, holder=holder)
    person.open_event(room)
    slot = person.page.get_by_role("region", name="The Vault").get_by_role("button").nth(2)
    slot.click()
    expect(slot).to_have_attribute("data-status", "mine")
    yield "a room"
    person.open_event(make_event(seats=3, on_sale_from=now + timedelta(days=2)))
    yield "an event that is not on sale yet"
    person.open_event(make_event(seats=3, on_sale_until=now - timedelta(days=1)))
    yield "an event whose sale has ended"
    person.open_event(make_event(seats=3, status="cancelled"))
    yield "an event that is cancelled"
    sold_out = make_event(seats=2)
    _buy(sold_out, sold_out.seat_ids)
    person.open_event(sold_out)
    yield "an event that is sold out"
    short = make_event(seats=20)
    person.open_event(short)
    person.hold("A1")
    _end_holds(short)
    person.open_event(short)
    expect(person.basket).to_contain_text("Nothing was charged.")
    yield "a basket whose time is over"
    listed = make_sides()
    hold_seats(listed.event_id, seat_ids=listed.seat_ids[:3], holder=make_holder())
    person.open(f"/events/{listed.event_id}/list")
    person.hold("C5")
    yield "a list of seats"
    person.open(f"/events/{listed.event_id}/list?free=1")
    yield "a list of free seats"
    big = make_event(seats=MOST_SEATS_AT_ONCE + 1)
    make_section(big, "Balcony", *big.seat_ids[-40:])
    person.open(f"/events/{big.event_id}/list")
    yield "a list of sections"
    person.page.get_by_role("link", name="Balcony").click()
    expect(person.page.get_by_role("link", name="All parts of the hall")).to_be_visible()
    yield "a list of the seats of one section"
    person.open_event(make_event(seats=40, leave_no_single=True))
    person.seat("A2").click()
    expect(person.page.get_by_role("button", name="Take A1 instead")).to_be_visible()
    yield "a refusal with better choices"
    person.open("/")
    yield "/, with everything"


def _pages_of_staff(person: Person) -> Iterator[str]:
    accounts.set_role("dora", role="box_office")
    person.open("/staff/live")
    person.page.get_by_text("The same as a table").click()
    yield "/staff/live"


def _fill(hall: Hall) -> None:
    """Seats in every state that somebody else can bring about."""
    _buy(hall, hall.seat_ids[10:12])
    cancelled = _buy(hall, hall.seat_ids[12:13])
    cancel_reservation(hall.event_id, reservation_id=cancelled[0], holder=cancelled[1])
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[5:8], holder=make_holder())
    block_seats(hall.event_id, seat_ids=hall.seat_ids[18:20], reason="a camera", actor_user_id=None)


def _buy(hall: Hall, seat_ids: tuple[int, ...]) -> tuple[int, HolderRef]:
    holder = make_holder()
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=holder)
    return held.reservation_id, holder


def _end_holds(hall: Hall) -> None:
    for reservation_id in open_reservations(hall):
        let_hold_end(hall, reservation_id)
