"""Every page there is, in every state that looks different, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flask import current_app
from playwright.sync_api import expect
from sqlalchemy import func, select

from seatbook.domain import accounts, orders, webhooks
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    block_seats,
    cancel_reservation,
    confirm_reservation,
    hold_quantity,
    hold_seats,
)
from seatbook.domain.orders import (
    cancel_order,
    create_code,
    request_event_cancellation,
    send_due_refunds,
    take_at_counter,
)
from seatbook.domain.webhooks import Outside
from seatbook.extensions import db
from seatbook.models import Payment
from seatbook.queries.event_page import MOST_SEATS_AT_ONCE
from tests.browser.events import make_alike, make_festival, make_room, make_sides
from tests.browser.person import REFERENCE, Person
from tests.factories import (
    Hall,
    change_event,
    let_hold_end,
    make_event,
    make_holder,
    make_section,
    noons,
    open_reservations,
)
from tests.paying import let_deadline_pass, let_processing_end, make_online_event, make_till
from tests.visitor import PASSWORD

EVENTS_BEFORE = 12_345


def tour(person: Person) -> Iterator[str]:
    """Walk through all pages with a new account; the name of each while it is shown."""
    # References are as long as in a box office with a past, whichever tests came before.
    db.session.execute(select(func.setval(func.pg_get_serial_sequence("event", "id"), EVENTS_BEFORE)))
    db.session.commit()
    hall = make_event(seats=40)
    _fill(hall)
    yield from _pages_of_a_stranger(person, hall)
    yield from _pages_of_a_buyer(person, hall)
    yield from _events(person)
    yield from _paying(person)
    yield from _everything(person)
    yield from _pages_of_staff(person)


def _pages_of_a_stranger(person: Person, hall: Hall) -> Iterator[str]:
    for path in ("/", "/?kind=film", "/sign-in", "/forgot-password", "/reset-password/spent", "/api/docs/"):
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
    yield from _tokens(person)

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
    # The first that is free, on whose day a phone opens.
    slot = person.page.locator(f"#seat-{room.seat_ids[2]}")
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


def _paying(person: Person) -> Iterator[str]:
    hall = make_online_event(seats=20, late_offer_seconds=600)
    orders.create_concession(hall.event_id, name="Child", percent_off=50)
    person.open(f"/events/{hall.event_id}/checkout")
    yield "a checkout of nothing"
    person.open_event(hall)
    person.hold("A1", "A2")
    yield "a basket that has to be paid"
    person.open(f"/events/{hall.event_id}/checkout")
    person.page.get_by_label("Discount code").fill("nothing")
    person.press("Use it")
    expect(person.alert).to_be_visible()
    yield "a checkout, with a code that is refused"
    person.press("Pay €90.00")
    person.page.get_by_text("Other ways in which payments go").click()
    yield "the trial payment service"
    person.press("Let it fail")
    person.reads("That did not work; nothing was charged")
    yield "a reservation whose payment failed"
    person.open_event(hall)
    yield "an event with an unpaid checkout"
    person.open("/reservations/")
    yield "/reservations/, with an unpaid one"
    person.press(re.compile("^Go on to pay"), exact=False)
    person.page.get_by_text("Other ways in which payments go").click()
    person.page.get_by_label("The service works on it for").select_option("60 minutes")
    person.press("Do that")
    person.reads("Your payment is being worked on")
    yield "a reservation whose payment is being worked on"
    payment = db.session.execute(select(Payment).where(Payment.status == "processing")).scalars().one()
    begun = orders.BegunCheckout(
        hall.event_id, payment.reservation_id, "", "pending", payment.amount_minor, payment_id=payment.id
    )
    db.session.rollback()
    let_deadline_pass(begun, grace_too=True)
    let_processing_end(begun)
    change_event(hall, payment="none")
    _buy(hall, hall.seat_ids[:2])
    change_event(hall, payment="online")
    person.page.get_by_role("link", name="Look again").click()
    person.reads("Somebody else was faster. Do you like these places?")
    yield "equal places that are offered"
    person.press("Take these places")
    person.reads("You took these places instead; they are yours.")
    person.page.get_by_text("What happened to the payment").click()
    yield "a reservation with its payment's history"
    person.page.get_by_text("Cancel this reservation").click()
    expect(person.page.get_by_text("You get back")).to_be_visible()
    yield "places of a purchase, about to be cancelled"


def _everything(person: Person) -> Iterator[str]:
    """One basket of one event: a seat, standing places, a time and shirts."""
    hall = make_festival().hall
    person.open_event(hall)
    person.hold("A1")
    for area in ("Floor", "Tour shirt"):
        person.page.get_by_role("region", name=area, exact=True).get_by_role("button", name="Take").click()
        expect(person.basket).to_contain_text(area)
    person.page.get_by_role("region", name="Backstage").locator("button.slot:visible").first.click()
    expect(person.basket).to_contain_text("€116.00")
    yield "a basket of everything"
    person.open(f"/events/{hall.event_id}/checkout")
    person.page.get_by_label("For whom: Row A, seat 1").select_option("Child (−50 %)")
    expect(person.page.get_by_role("button", name="Pay €93.50")).to_be_visible()
    person.page.get_by_label("Discount code").fill("lantern")
    person.press("Use it")
    expect(person.page.get_by_role("button", name="Pay €84.35")).to_be_visible()
    yield "a checkout of everything, for a child and with a code"
    person.led_on(lambda: person.press("Pay €84.35"))
    person.press("Pay €84.35")
    person.reads("Show the 4 tickets")
    yield "a purchase of everything"
    person.page.get_by_role("link", name="Show the 4 tickets").click()
    expect(person.page.get_by_role("heading", name="Your 4 tickets")).to_be_visible()
    yield "tickets"


def _tokens(person: Person) -> Iterator[str]:
    person.open("/account/tokens")
    yield "/account/tokens"
    person.press("Make the token")
    person.reads("Please give the token a name")
    yield "/account/tokens, without a name"
    person.page.get_by_label("What is it for?").fill("Till at the door")
    person.press("Make the token")
    person.reads("Copy it now")
    yield "/account/tokens, with a new one"
    person.open("/api/docs/#create_staff_event")
    expect(person.page.locator("#create_staff_event form")).to_be_visible()
    yield "/api/docs/ with a route unfolded"


def _pages_of_staff(person: Person) -> Iterator[str]:
    accounts.set_role("dora", role="box_office")
    person.open("/staff/live")
    person.page.get_by_text("The same as a table").click()
    yield "/staff/live"
    hall = make_event(seats=4, payment="counter")
    bought, _ = _buy(hall, hall.seat_ids[:3])
    take_at_counter(hall.event_id, reservation_id=bought, actor_user_id=None)
    cancel_order(hall.event_id, reservation_id=bought, holder=None, seat_ids=hall.seat_ids[:1])
    send_due_refunds(till=make_till())
    for path in ("/staff/", "/staff/orders", "/staff/orders?q=nobody+at+all", "/staff/payments"):
        person.open(path)
        person.page.keyboard.press("Escape")
        person.page.keyboard.press("?")
        yield path
    person.page.get_by_role("main").get_by_role("link", name=REFERENCE).first.click()
    person.page.get_by_role("button", name="Cancel the whole order …").click()
    expect(person.page.get_by_text("goes back to the buyer")).to_be_visible()
    yield "an order, about to be cancelled"
    yield from _letters(person)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[3:4], holder=make_holder())
    event = f"/staff/events/{hall.event_id}"
    create_code(hall.event_id, code="TEN", percent_off=10)
    for path in (
        "/staff/events",
        event,
        f"{event}/seats",
        f"{event}/codes",
        f"{event}/cancel",
        f"{event}/sell",
    ):
        person.open(path)
        yield path
    person.open_event(hall)
    person.hold("A1")
    person.open(f"{event}/sell")
    expect(person.page.get_by_role("button", name="Taken in cash")).to_be_visible()
    yield f"{event}/sell, with a basket"
    request_event_cancellation(hall.event_id)
    person.open(f"{event}/cancel")
    yield f"{event}/cancel, under way"
    yield from _webhooks(person)


def _letters(person: Person) -> Iterator[str]:
    """Those of the purchases before, and one of these orders."""
    person.open("/staff/mail?q=nobody@")
    yield "/staff/mail, with nothing found"
    person.open("/staff/mail")
    yield "/staff/mail"
    person.page.get_by_role("main").get_by_role("link", name="Confirmation").first.click()
    person.page.get_by_text("As plain text").click()
    yield "a letter"
    person.page.get_by_role("main").get_by_role("link", name=REFERENCE).click()
    expect(person.page.get_by_role("heading", name="History")).to_be_visible()
    yield "an order that was paid online"


def _webhooks(person: Person) -> Iterator[str]:
    endpoint_id = _subscribe()
    person.open("/staff/webhooks")
    person.page.get_by_text("Single messages").click()
    yield "/staff/webhooks"
    person.open(f"/staff/webhooks/{endpoint_id}")
    person.page.get_by_text("Change what it is told of").click()
    yield "an endpoint, about to be told of other things"
    person.open(f"/staff/webhooks/{endpoint_id}/delete")
    yield "an endpoint, about to be deleted"
    person.page.get_by_role("link", name="webhook.test").first.click()
    expect(person.page.get_by_role("heading", name="What it says")).to_be_visible()
    yield "a delivery"


def _subscribe() -> int:
    """An endpoint that fails, with messages that wait for it; its id."""
    owner = accounts.create_account("wanda", email="wanda@example.org", password=PASSWORD, role="admin")
    made = webhooks.create_endpoint(
        f"https://till.example.org/{'a-long-address/' * 6}",
        name="Our till",
        types=["seat.*", "reservation.*", "payment.paid"],
        actor_user_id=owner.id,
        config=current_app.extensions["seatbook"],
    )
    for _ in range(3):
        webhooks.send_test(made.id)
    refused = Outside(resolve=lambda _host, _port: ["10.0.0.1"])
    webhooks.bring_messages(sender=refused, secret_key=current_app.extensions["seatbook"].secret_key)
    return made.id


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
