"""Paying, as somebody does it at a browser: with reductions, after a failure, too late, and from a closed tab."""

from __future__ import annotations

import re

import pytest
from flask import current_app
from playwright.sync_api import expect
from sqlalchemy import func, select, update

from seatbook.domain import orders
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.extensions import db
from seatbook.models import Payment, SandboxSession
from tests.browser.conftest import Come
from tests.browser.person import PHONE, Person
from tests.factories import Hall, change_event, make_holder, statuses
from tests.paying import let_deadline_pass, make_online_event, refunds_of


def come_to_pay(person: Person, name: str, hall: Hall, *labels: str) -> None:
    """Sign in, choose, and go to the checkout."""
    person.open("/sign-in")
    person.sign_in(name)
    person.open_event(hall)
    person.hold(*labels)
    person.led_on(person.page.get_by_role("link", name="Checkout").filter(visible=True).first.click)
    expect(person.page.get_by_role("heading", name="Checkout")).to_be_visible()


def pay(person: Person) -> None:
    """On the trial service's page."""
    expect(person.page.get_by_text("no real money moves here")).to_be_visible()
    person.press(re.compile("^Pay "))


def let_the_service_end() -> None:
    """It has worked on every payment for long enough."""
    db.session.execute(update(SandboxSession).values(settles_at=func.clock_timestamp()))
    db.session.commit()


def let_the_time_pass(hall: Hall) -> None:
    """All that the buyer had, and the time in which the payment service is asked."""
    payment = db.session.execute(select(Payment).where(Payment.event_id == hall.event_id)).scalars().one()
    begun = orders.BegunCheckout(
        hall.event_id, payment.reservation_id, "", "pending", payment.amount_minor, payment_id=payment.id
    )
    db.session.rollback()
    let_deadline_pass(begun, grace_too=True)


def test_a_child_and_a_code_on_a_phone(come: Come, box_office: None, account: str) -> None:
    hall = make_online_event(seats=20)
    orders.create_concession(hall.event_id, name="Child", percent_off=50)
    orders.create_code(hall.event_id, code="LANTERN", percent_off=10)
    anna = come(**PHONE)
    come_to_pay(anna, account, hall, "A5", "A6")
    for_whom = anna.page.get_by_label("For whom: Row A, seat 6")
    # There and back and there again: each time it counts.
    for chosen, price in (("Child (−50 %)", "€67.50"), ("Full price", "€90.00"), ("Child (−50 %)", "€67.50")):
        for_whom.select_option(chosen)
        expect(anna.page.get_by_role("button", name=f"Pay {price}")).to_be_visible()
    anna.page.get_by_label("Discount code").fill("nothing")
    anna.press("Use it")
    expect(anna.alert).to_contain_text("This code is not good for this event.")
    # Typed and not used: what it makes of the price is shown before anything is paid.
    anna.page.get_by_label("Discount code").fill("lantern")
    anna.press("Pay €67.50")
    anna.reads("With what you have chosen, the price is another one. Nothing was charged")
    anna.press("Pay €60.75")
    pay(anna)
    anna.reads("Reserved")
    anna.reads("€60.75")
    assert statuses(hall)[4:6] == ["reserved", "reserved"]


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_code_is_taken_by_the_enter_key_and_nothing_chosen_is_lost(
    come: Come, box_office: None, account: str, with_scripts: bool
) -> None:
    hall = make_online_event(seats=20)
    orders.create_concession(hall.event_id, name="Child", percent_off=50)
    orders.create_code(hall.event_id, code="LANTERN", percent_off=10)
    anna = come(java_script_enabled=with_scripts)
    come_to_pay(anna, account, hall, "A5", "A6")
    anna.page.get_by_label("For whom: Row A, seat 6").select_option("Child (−50 %)")
    anna.page.get_by_label("Discount code").fill("lantern")
    anna.page.get_by_label("Discount code").press("Enter")
    expect(anna.page.get_by_role("button", name="Pay €60.75")).to_be_visible()
    if with_scripts:
        # Who listens hears it, and who types stays where they are.
        expect(anna.page.locator("#said")).to_contain_text("The total is €60.75 now.")
        expect(anna.page.get_by_role("button", name="Take it off")).to_be_focused()
    anna.page.get_by_label("For whom: Row A, seat 5").select_option("Child (−50 %)")
    anna.press("Take it off")
    if with_scripts:
        expect(anna.page.get_by_label("Discount code")).to_be_focused()
    anna.press("Pay €45.00")
    pay(anna)
    anna.reads("Reserved")


def test_acts_at_the_same_moment_wait_for_each_other(anna: Person, box_office: None, account: str) -> None:
    hall = make_online_event(seats=20)
    orders.create_concession(hall.event_id, name="Child", percent_off=50)
    orders.create_code(hall.event_id, code="LANTERN", percent_off=10)
    come_to_pay(anna, account, hall, "A5", "A6")
    anna.page.get_by_label("Discount code").fill("lantern")
    # In one turn of the browser, so that none of them has its answer before the next begins.
    anna.page.evaluate(
        """() => {
            const [first, second] = document.querySelectorAll(".checkout-lines select");
            const choose = (select) => {
                select.selectedIndex = 1;
                select.dispatchEvent(new Event("change", { bubbles: true }));
            };
            choose(first);
            document.querySelector("button[name=use]").click();
            choose(second);
        }"""
    )
    expect(anna.page.get_by_role("button", name="Pay €40.50")).to_be_visible()
    anna.reads("Code LANTERN")
    anna.press("Pay €40.50")
    pay(anna)
    anna.reads("Reserved")


def test_it_fails_and_works_at_the_second_try_by_itself(anna: Person, box_office: None, account: str) -> None:
    hall = make_online_event(seats=20)
    come_to_pay(anna, account, hall, "A5")
    anna.press("Pay €45.00")
    anna.press("Let it fail")
    anna.reads("That did not work; nothing was charged")
    anna.press("Try again: pay €45.00")
    anna.page.get_by_text("Other ways in which payments go").click()
    anna.page.get_by_label("The service works on it for").select_option("60 minutes")
    anna.press("Do that")
    anna.reads("Your payment is being worked on")
    let_the_service_end()
    # Nobody presses anything.
    anna.reads("Reserved")
    assert statuses(hall)[4] == "reserved"


def test_paid_too_late_and_the_same_seats_were_free(anna: Person, box_office: None, account: str) -> None:
    hall = make_online_event(seats=20)
    come_to_pay(anna, account, hall, "A5")
    anna.press("Pay €45.00")
    expect(anna.page.get_by_text("no real money moves here")).to_be_visible()
    let_the_time_pass(hall)
    pay(anna)
    anna.reads(re.compile("The same places were still free: they are yours."))
    assert statuses(hall)[4] == "reserved"


def test_paid_too_late_and_the_money_comes_back(anna: Person, box_office: None, account: str) -> None:
    hall = make_online_event(seats=20)
    come_to_pay(anna, account, hall, "A5")
    anna.press("Pay €45.00")
    expect(anna.page.get_by_text("no real money moves here")).to_be_visible()
    let_the_time_pass(hall)
    change_event(hall, payment="none")
    somebody = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[4:5], holder=somebody)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=somebody)
    pay(anna)
    anna.reads(re.compile("somebody else has the places. €45.00 goes back to you"))
    orders.send_due_refunds(till=till_of_live())
    anna.page.reload()
    anna.reads(re.compile("€45.00 went back to you on"))
    assert refunds_of(hall) == [(4500, "late_places_gone", "done")]


def test_a_closed_tab_is_paid_by_the_message(anna: Person, box_office: None, account: str) -> None:
    hall = make_online_event(seats=20)
    come_to_pay(anna, account, hall, "A5")
    anna.press("Pay €45.00")
    expect(anna.page.get_by_text("no real money moves here")).to_be_visible()
    other = anna.another_window()
    other.open("/reservations/")
    other.page.get_by_role("link", name=re.compile("The Quiet Hour")).click()
    other.reads("We wait for your payment")
    anna.page.get_by_text("Other ways in which payments go").click()
    anna.page.get_by_label("I do not go back").check()
    anna.press("Do that")
    anna.reads("This is paid. The box office is told.")
    anna.page.close()
    assert orders.deliver_sandbox_notices(till=till_of_live()) == 1
    other.reads("Reserved")
    assert statuses(hall)[4] == "reserved"


def test_without_javascript(come: Come, box_office: None, account: str) -> None:
    hall = make_online_event(seats=20)
    orders.create_concession(hall.event_id, name="Child", percent_off=50)
    anna = come(java_script_enabled=False)
    come_to_pay(anna, account, hall, "A5")
    for_whom = anna.page.get_by_label("For whom: Row A, seat 5")
    for_whom.select_option("Child (−50 %)")
    anna.press("Work out the prices")
    expect(anna.page.get_by_role("button", name="Pay €22.50")).to_be_visible()
    # Whoever does not work them out first is shown the new price before it is paid.
    for_whom.select_option("Full price")
    anna.press("Pay €22.50")
    expect(anna.page.get_by_text("With what you have chosen, the price is another one.")).to_be_visible()
    expect(anna.page.get_by_role("button", name="Pay €45.00")).to_be_visible()
    for_whom.select_option("Child (−50 %)")
    anna.press("Pay €45.00")
    anna.press("Pay €22.50")
    anna.page.get_by_text("Other ways in which payments go").click()
    anna.page.get_by_label("The service works on it for").select_option("60 minutes")
    anna.press("Do that")
    anna.reads("Your payment is being worked on")
    let_the_service_end()
    anna.page.get_by_role("link", name="Look again").click()
    anna.reads("Reserved")


def test_still_there_is_asked_and_gives_more_time(anna: Person, box_office: None, account: str) -> None:
    hall = make_online_event(seats=20, hold_ttl_seconds=300, hold_cap_seconds=900)
    anna.keep_clock()
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(hall)
    anna.hold("A5")
    anna.hears()
    more = anna.page.get_by_role("button", name="Keep my places longer").filter(visible=True)
    expect(more).to_have_count(0)
    anna.let_time_pass(anna.seconds_left - 15)
    expect(more).to_have_count(1)
    change_event(hall, hold_ttl_seconds=600)
    more.click()
    anna.reads(re.compile(r"^(10:00|9:\d\d)$"))
    expect(more).to_have_count(0)


def till_of_live() -> orders.Till:
    """The payment service as the live server has it."""
    return orders.till_of(current_app.extensions["seatbook"])
