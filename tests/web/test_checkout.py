"""From the basket to the payment, and what becomes of it, as a buyer's browser meets it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from seatbook.domain import orders
from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.mail import Told
from seatbook.domain.reference import format_reference
from seatbook.domain.tickets import tickets_of
from seatbook.extensions import db
from seatbook.models import Area, Holder, Mail, Payment, Reservation, Seat
from seatbook.payments import Answer
from seatbook.web.letters import write_letter
from seatbook.web.paying import till
from tests.factories import (
    BERLIN,
    Hall,
    change_event,
    database_clock,
    let_hold_end,
    make_area,
    make_category,
    make_event,
    make_holder,
    make_slots,
    open_reservations,
    places_of_area,
    statuses,
)
from tests.paying import let_deadline_pass, make_online_event, refunds_of
from tests.query_count import statements
from tests.snapshot import nothing_changes, rows_of
from tests.visitor import Visitor
from tests.web.basket import pay_fields

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def alice(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.register("alice")
    return visitor


def checkout_of(hall: Hall) -> str:
    return f"/events/{hall.event_id}/checkout"


def pick(visitor: Visitor, hall: Hall, *places: int) -> None:
    for place in places:
        assert visitor.pick(hall.event_id, hall.seat_ids[place]).status_code == 303


def press_pay(visitor: Visitor, hall: Hall, **other: str) -> str:
    """Press "Pay" on the checkout; where that leads."""
    fields = pay_fields(visitor.open(checkout_of(hall)).text) | other
    answer = visitor.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **fields)
    assert answer.status_code == 303, answer.text
    assert answer.location is not None
    return answer.location


def decide(visitor: Visitor, page: str, **how: str) -> str:
    """Press a button on the trial payment service's page; where that leads in the end."""
    fields: dict[str, Any] = {"becomes": "paid", **how}
    answer = visitor.send(page, **fields)
    assert answer.status_code == 303
    assert answer.location is not None
    if "/sandbox/" in answer.location:
        return answer.location
    back = visitor.open(answer.location)
    assert back.status_code == 303
    assert back.location is not None
    return back.location


def unpaid(visitor: Visitor, hall: Hall) -> str:
    """The address of the reservation that waits for its money."""
    text = visitor.open("/reservations/").text
    found = re.search(rf'href="(/reservations/{hall.event_id}-[A-Z0-9]+)"', text)
    assert found, text
    return found[1]


# --- the basket and the page ---


def test_a_basket_that_costs_something_leads_to_the_checkout(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    pick(alice, hall, 0)
    text = alice.open(f"/events/{hall.event_id}").text
    assert f'href="{checkout_of(hall)}"' in text
    assert ">Reserve</button>" not in text


def test_a_free_basket_of_a_paid_event_is_reserved_as_before(alice: Visitor) -> None:
    hall = make_online_event(seats=1, price_minor=0)
    pick(alice, hall, 0)
    text = alice.open(f"/events/{hall.event_id}").text
    assert checkout_of(hall) not in text
    assert ">Reserve</button>" in text


def test_a_form_of_a_page_from_before_leads_to_the_checkout(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    fields = pay_fields(alice.open(checkout_of(hall)).text)
    answer = alice.send(
        f"/events/{hall.event_id}/reserve",
        page=checkout_of(hall),
        reservation_id=fields["reservation_id"],
        seat_ids=fields["seat_ids"],
    )
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))


def test_a_stranger_signs_in_first_and_keeps_the_basket(app: Flask) -> None:
    hall = make_online_event(seats=1)
    stranger = Visitor(app)
    stranger.open(f"/events/{hall.event_id}")
    pick(stranger, hall, 0)
    answer = stranger.open(checkout_of(hall))
    assert (answer.status_code, answer.location) == (303, f"/sign-in?next={checkout_of(hall)}")
    stranger.register("bea", next=checkout_of(hall))
    assert "Row A, seat 1" in stranger.open(checkout_of(hall)).text


def test_the_checkout_shows_places_total_terms_and_time(alice: Visitor) -> None:
    hall = make_online_event(seats=3, price_minor=4500, cancel_seconds_before_start=86_400)
    pick(alice, hall, 0, 1)
    text = alice.open(checkout_of(hall)).text
    assert "Row A, seat 1" in text
    assert "Row A, seat 2" in text
    assert "Pay €90.00" in text
    assert "You can cancel until" in text
    assert re.search(r'data-countdown="\d+\.\d+"', text)


def test_an_empty_checkout_says_so_and_leads_on(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    text = alice.open(checkout_of(hall)).text
    assert "You hold no places of this event." in text
    assert "Pick places" in text


def test_a_hold_that_ended_meanwhile_is_said_and_nothing_is_charged(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    fields = pay_fields(alice.open(checkout_of(hall)).text)
    let_hold_end(hall, open_reservations(hall)[0])
    assert "Nothing was charged." in alice.open(checkout_of(hall)).text
    with nothing_changes():
        answer = alice.send(f"{checkout_of(hall)}/pay", page=f"/events/{hall.event_id}", **fields)
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))
    told = alice.open(checkout_of(hall))
    assert told.status_code == 200
    assert told.text.count("Your hold ended at") == 1
    assert '<div id="refused" class="message-refusal" role="alert"><p>Your hold ended at' in told.text


def test_a_basket_that_another_window_changed_is_not_paid(alice: Visitor) -> None:
    hall = make_online_event(seats=3)
    pick(alice, hall, 0)
    fields = pay_fields(alice.open(checkout_of(hall)).text)
    pick(alice, hall, 1)
    with nothing_changes():
        answer = alice.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **fields)
    # A page of its own, so that going back from it sends nothing again.
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))
    text = alice.open(checkout_of(hall)).text
    assert "changed in another window" in text
    assert "Pay €90.00" in text
    assert "changed in another window" not in alice.open(checkout_of(hall)).text


def test_nobody_pays_a_price_that_they_did_not_see(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    pick(alice, hall, 0)
    with_child: dict[str, Any] = {f"concession-{hall.seat_ids[0]}": str(child)}
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **with_child)
    fields = pay_fields(alice.open(checkout_of(hall)).text)
    # In another window the place is for a grown-up again.
    without: dict[str, Any] = dict.fromkeys(with_child, "")
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **without)
    with nothing_changes():
        answer = alice.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **fields)
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))
    assert "Pay €45.00" in alice.open(checkout_of(hall)).text


# --- what is chosen, without a script ---


def whole_form(text: str, **chosen: str) -> dict[str, Any]:
    """What "Pay" sends of a page: its own fields, and those that stand elsewhere and belong to its form."""
    fields = pay_fields(text)
    for name, inner in re.findall(r'<select name="([^"]+)" form="pay"[^>]*>(.*?)</select>', text, re.DOTALL):
        selected = re.search(r'value="([^"]*)" selected', inner)
        fields[name] = selected[1] if selected else ""
    fields |= dict(
        re.findall(r'<input [^>]*name="(code|refused_code|people-[\d-]+)" form="pay" value="([^"]*)"', text)
    )
    assert set(chosen) <= set(fields)
    return fields | chosen


@pytest.mark.parametrize("total", ["", "-5", "much", "4500.0", "9" * 25])
def test_nobody_pays_without_a_price_that_they_saw(alice: Visitor, total: str) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    fields = pay_fields(alice.open(checkout_of(hall)).text) | {"total": total}
    with nothing_changes():
        answer = alice.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **fields)
    assert answer.status_code == 422
    assert "We could not read that." in answer.text


def pay_at_once(visitor: Visitor, hall: Hall, *, shown: int, **chosen: str) -> str:
    """Choose and press "Pay" twice: nothing is charged before the page shows the other price; the page that does."""
    fields = whole_form(visitor.open(checkout_of(hall)).text, **chosen)
    for _ in range(2):
        answer = visitor.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **fields)
        assert (answer.status_code, answer.location) == (303, checkout_of(hall))
    assert db.session.scalar(db.select(func.count()).select_from(Payment)) == 0
    text = visitor.open(checkout_of(hall)).text
    assert "With what you have chosen, the price is another one. Nothing was charged" in text
    assert f"Pay €{shown / 100:.2f}" in text
    answer = visitor.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **whole_form(text))
    assert answer.location is not None
    assert answer.location.startswith("/sandbox/")
    assert db.session.scalar(db.select(Payment.amount_minor)) == shown
    return text


def test_who_chooses_and_pays_at_once_is_shown_the_new_price_first(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    pick(alice, hall, 0, 1)
    pay_at_once(alice, hall, shown=6750, **{f"concession-{hall.seat_ids[0]}": str(child)})


def test_whoever_types_a_code_and_pays_at_once_is_shown_what_it_makes_of_the_price(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    orders.create_code(hall.event_id, code="LANTERN", percent_off=10)
    pick(alice, hall, 0, 1)
    chosen = {f"concession-{hall.seat_ids[0]}": str(child)}
    assert "Code LANTERN" in pay_at_once(alice, hall, shown=6075, code="lantern", **chosen)


@pytest.mark.parametrize("kind", ["concession", "code"])
def test_whoever_pays_at_the_counter_chooses_before_reserving_where_somebody_may_pay_less(
    alice: Visitor, kind: str
) -> None:
    hall = make_event(seats=3, payment="counter")
    pick(alice, hall, 0)
    text = alice.open(f"/events/{hall.event_id}").text
    assert checkout_of(hall) not in text
    assert "You pay at the box office." in text
    chosen = {"code": "lantern"}
    if kind == "concession":
        child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
        chosen = {f"concession-{hall.seat_ids[0]}": str(child)}
    else:
        orders.create_code(hall.event_id, code="LANTERN", percent_off=50)

    text = alice.open(f"/events/{hall.event_id}").text
    assert text.count(f'href="{checkout_of(hall)}">Go on</a>') == 2
    assert "<h1>Reserve</h1>" in alice.open(checkout_of(hall)).text
    assert 'id="reserve"' not in text
    assert "You pay at the box office." in text
    fields = whole_form(alice.open(checkout_of(hall)).text, **chosen)
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **fields)
    text = alice.open(checkout_of(hall)).text
    assert "€22.50" in text
    assert "You pay at the box office." in text
    alice.open(press_pay(alice, hall))
    assert db.session.scalars(db.select(Reservation.total_minor)).all() == [2250]
    assert statuses(hall) == ["reserved", "available", "available"]


def test_a_concession_that_nobody_can_choose_any_more_is_no_reason_for_a_checkout(alice: Visitor) -> None:
    hall = make_event(seats=1, payment="counter")
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    orders.stop_concession(hall.event_id, concession_id=child)
    pick(alice, hall, 0)
    assert 'id="reserve"' in alice.open(f"/events/{hall.event_id}").text


def test_nothing_is_paid_with_a_typed_code_that_is_not_good(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    fields = whole_form(alice.open(checkout_of(hall)).text, code="<NOPE>")
    answer = alice.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **fields)
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))
    assert db.session.scalar(db.select(func.count()).select_from(Payment)) == 0
    text = alice.open(checkout_of(hall)).text
    assert 'aria-describedby="code-fault"' in text
    assert 'value="&lt;NOPE&gt;"' in text
    # Whoever has read that goes on without it. Another one is a new wish.
    told: dict[str, Any] = {name: unescape(value) for name, value in whole_form(text).items()}
    again = alice.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **(told | {"code": "<NO>"}))
    assert again.location == checkout_of(hall)
    answer = alice.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **told)
    assert answer.location is not None
    assert answer.location.startswith("/sandbox/")


def test_a_code_that_changes_no_price_holds_nobody_up(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    elsewhere = make_category(hall, "Balcony", price_minor=9000)
    orders.create_code(hall.event_id, code="BALCONY", percent_off=10, category_ids=[elsewhere.category_id])
    pick(alice, hall, 0)
    fields = whole_form(alice.open(checkout_of(hall)).text, code="balcony")
    answer = alice.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **fields)
    assert answer.location is not None
    assert answer.location.startswith("/sandbox/")


@pytest.mark.parametrize("button", ["use", None])
def test_a_code_loses_nothing_that_was_chosen_beside_it(alice: Visitor, button: str | None) -> None:
    """As without a script, where a button sends the whole form. Enter in the field presses the first one."""
    hall = make_online_event(seats=2)
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    orders.create_code(hall.event_id, code="LANTERN", percent_off=10)
    pick(alice, hall, 0, 1)
    typed = {f"concession-{hall.seat_ids[0]}": str(child), "code": "lantern"}
    fields = whole_form(alice.open(checkout_of(hall)).text, **typed) | ({button: "1"} if button else {})
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **fields)
    text = alice.open(checkout_of(hall)).text
    assert "Pay €60.75" in text
    fields = whole_form(text, **{f"concession-{hall.seat_ids[1]}": str(child)}) | {"remove": "1"}
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **fields)
    assert "Pay €45.00" in alice.open(checkout_of(hall)).text


def test_an_empty_code_is_a_fault_only_for_who_wants_to_use_it(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    act = f"{checkout_of(hall)}/prices"
    assert alice.send(act, page=checkout_of(hall), htmx=True, code=" ").status_code == 200
    part = alice.send(act, page=checkout_of(hall), htmx=True, code=" ", use="1")
    assert part.status_code == 422
    assert 'aria-describedby="code-fault"' in part.text
    assert "Please type a code." in part.text


@pytest.mark.parametrize(("price_per", "cost"), [("person", None), ("slot", 4500)])
def test_a_party_that_is_chosen_with_pay_counts(alice: Visitor, price_per: str, cost: int | None) -> None:
    hall = make_online_event()
    starts = [database_clock() + timedelta(days=2)]
    (slot,) = make_slots(hall, starts=starts, name="Tour", party=(2, 6), price_per=price_per)
    assert alice.pick(hall.event_id, slot).status_code == 303
    fields = whole_form(alice.open(checkout_of(hall)).text, **{f"party-{slot}": "5"})
    answers = [alice.send(f"{checkout_of(hall)}/pay", page=checkout_of(hall), **fields) for _ in range(2)]
    assert answers[0].location == answers[1].location
    # Where the price is the same for any number, it was seen, and it is paid.
    assert db.session.scalar(db.select(Payment.amount_minor)) == cost
    if cost is None:
        assert answers[0].location == checkout_of(hall)
        text = alice.open(checkout_of(hall)).text
        assert '<option value="5" selected>5 people' in text
        assert "Pay €225.00" in text
    else:
        assert "came to us twice" not in alice.open("/reservations/").text
        assert "5 people" in alice.open(unpaid(alice, hall)).text


@pytest.mark.parametrize("act", ["prices", "pay"])
def test_a_concession_that_was_stopped_meanwhile_is_called_by_its_name(alice: Visitor, act: str) -> None:
    hall = make_online_event(seats=1)
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    pick(alice, hall, 0)
    chosen = {f"concession-{hall.seat_ids[0]}": str(child)}
    fields = whole_form(alice.open(checkout_of(hall)).text, **chosen)
    orders.stop_concession(hall.event_id, concession_id=child)
    with nothing_changes():
        answer = alice.send(f"{checkout_of(hall)}/{act}", page=checkout_of(hall), **fields)
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))
    text = alice.open(checkout_of(hall)).text
    assert "“Child” is not offered any more." in text
    assert "not in your basket" not in text
    assert "Pay €45.00" in text


# --- reductions ---


def test_a_concession_is_chosen_for_each_place(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    pick(alice, hall, 0, 1)
    choice: dict[str, Any] = {
        f"concession-{hall.seat_ids[1]}": str(child),
        f"concession-{hall.seat_ids[0]}": "",
    }
    answer = alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **choice)
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))
    text = alice.open(checkout_of(hall)).text
    assert "Child (−50 %)" in text
    assert "Pay €67.50" in text
    assert "€90.00" in text


def test_a_concession_that_was_stopped_stays_where_it_is_and_is_offered_to_nobody(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    pick(alice, hall, 0, 1)
    choice: dict[str, Any] = {f"concession-{hall.seat_ids[0]}": str(child)}
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **choice)
    orders.stop_concession(hall.event_id, concession_id=child)
    text = alice.open(checkout_of(hall)).text
    assert text.count("Child (−50 %)") == 1
    assert "Pay €67.50" in text
    # The form sends all places, and what one has is no new wish.
    whole: dict[str, Any] = {**choice, f"concession-{hall.seat_ids[1]}": ""}
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **whole)
    assert "Pay €67.50" in alice.open(checkout_of(hall)).text
    assert press_pay(alice, hall)


def test_the_same_by_htmx_answers_the_part_that_changed(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    pick(alice, hall, 0)
    choice: dict[str, Any] = {f"concession-{hall.seat_ids[0]}": str(child)}
    answer = alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), htmx=True, **choice)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Pay €22.50" in answer.text


def test_a_code_makes_it_cheaper_and_comes_off_again(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    orders.create_code(hall.event_id, code="LANTERN", percent_off=10)
    pick(alice, hall, 0)
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), code=" lantern ")
    assert "Pay €40.50" in alice.open(checkout_of(hall)).text
    # A place that is added afterwards is cheaper too, and the page says so before it is paid.
    pick(alice, hall, 1)
    assert "Pay €81.00" in alice.open(checkout_of(hall)).text
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), remove="1")
    assert "Pay €90.00" in alice.open(checkout_of(hall)).text


def test_a_wrong_code_is_said_beside_the_field(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    answer = alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), code="<NOPE>")
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))
    # Another event's checkout knows nothing of it.
    other = make_online_event(seats=1)
    pick(alice, other, 0)
    assert "NOPE" not in alice.open(checkout_of(other)).text
    text = alice.open(checkout_of(hall)).text
    assert 'aria-describedby="code-fault"' in text
    assert 'value="&lt;NOPE&gt;"' in text
    assert "Pay €45.00" in text
    assert "NOPE" not in alice.open(checkout_of(hall)).text
    part = alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), htmx=True, code="<NOPE>")
    assert part.status_code == 422
    assert 'aria-describedby="code-fault"' in part.text


def test_what_costs_nothing_any_more_is_reserved_at_once(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    orders.create_code(hall.event_id, code="GUEST", percent_off=100)
    pick(alice, hall, 0)
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), code="GUEST")
    address = press_pay(alice, hall)
    assert address.startswith("/reservations/")
    assert statuses(hall) == ["reserved"]


# --- more time ---


def test_more_time_is_given_while_the_event_allows_it(alice: Visitor) -> None:
    hall = make_online_event(seats=1, hold_ttl_seconds=60)
    pick(alice, hall, 0)
    assert "Still there?" in alice.open(checkout_of(hall)).text
    answer = alice.send(f"/events/{hall.event_id}/extend", page=checkout_of(hall), to="checkout")
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))


def test_more_time_is_not_offered_where_there_is_none(alice: Visitor) -> None:
    hall = make_online_event(seats=1, hold_ttl_seconds=60, hold_cap_seconds=60)
    pick(alice, hall, 0)
    assert "Still there?" not in alice.open(checkout_of(hall)).text
    assert "Still there?" not in alice.open(f"/events/{hall.event_id}").text


# --- paying ---


def test_paying_ends_at_a_reservation(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    pick(alice, hall, 0)
    page = press_pay(alice, hall)
    assert page.startswith("/sandbox/")
    text = alice.open(page).text
    assert "no real money" in text
    assert "€45.00" in text
    address = decide(alice, page)
    text = alice.open(address).text
    assert "Reserved" in text
    assert "€45.00 came." in text
    assert statuses(hall) == ["reserved", "available"]


def test_pressing_twice_is_one_payment(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    fields = pay_fields(alice.open(checkout_of(hall)).text)
    answers = [
        alice.send(f"{checkout_of(hall)}/pay", page=f"/events/{hall.event_id}", **fields) for _ in range(2)
    ]
    assert answers[0].location == answers[1].location
    assert db.session.scalar(db.select(func.count()).select_from(Payment)) == 1


def test_the_page_of_an_unpaid_one_counts_down_and_leads_back_to_the_payment(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    page = press_pay(alice, hall)
    address = unpaid(alice, hall)
    text = alice.open(address).text
    assert "We wait for your payment" in text
    left = re.search(r'data-countdown="(\d+)', text)
    # To the deadline, half an hour, and not to the end of the grace after it.
    assert left and 1700 < int(left[1]) <= 1800
    answer = alice.send(f"{address}/pay", page=address)
    assert (answer.status_code, answer.location) == (303, page)
    text = alice.open("/reservations/").text
    assert "Not paid yet" in text
    assert "30 minutes left" in text


def test_the_event_page_tells_of_an_unpaid_checkout(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    pick(alice, hall, 0)
    press_pay(alice, hall)
    text = alice.open(f"/events/{hall.event_id}").text
    assert "You are paying for Row A, seat 1." in text
    assert unpaid(alice, hall) in text
    assert "yours, waiting for your payment" in text


def test_after_a_failed_attempt_there_is_another_one(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    address = decide(alice, press_pay(alice, hall), becomes="failed")
    text = alice.open(address).text
    assert "That did not work; nothing was charged" in text
    page = alice.send(f"{address}/pay", page=address).location
    assert page is not None
    assert "Reserved" in alice.open(decide(alice, page)).text
    assert statuses(hall) == ["reserved"]


def test_what_is_being_worked_on_turns_into_a_purchase_by_itself(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    address = decide(alice, press_pay(alice, hall), after="3600")
    text = alice.open(address).text
    assert "Your payment is being worked on" in text
    poll = f"{address}/payment?state=processing"
    headers = {"HX-Request": "true"}
    assert alice.open(poll, headers=headers).status_code == 204
    db.session.execute(db.text("UPDATE sandbox_session SET settles_at = clock_timestamp() - interval '1 s'"))
    db.session.commit()
    answer = alice.open(poll, headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, address)
    assert "Reserved" in alice.open(address).text


def test_a_poll_brings_the_part_when_it_looks_different(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    decide(alice, press_pay(alice, hall), becomes="failed")
    address = unpaid(alice, hall)
    answer = alice.open(f"{address}/payment?state=open", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section id="paying"')
    assert "That did not work" in answer.text


def test_giving_up_frees_the_places_at_once(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    page = press_pay(alice, hall)
    address = unpaid(alice, hall)
    assert alice.send(f"{address}/give-up", page=address).location == address
    assert statuses(hall) == ["available"]
    text = alice.open(address).text
    assert "You gave these places back before paying." in text
    assert "Row A, seat 1" in text
    assert "This payment has ended." in alice.open(page).text


def test_somebody_else_sees_nothing_of_it(app: Flask, alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    press_pay(alice, hall)
    address = unpaid(alice, hall)
    bob = Visitor(app)
    bob.register("bob")
    assert bob.open(address).status_code == 404
    assert bob.open(f"{address}/payment").status_code == 404
    with nothing_changes():
        for act in ("pay", "give-up", "offer", "cancel"):
            assert bob.send(f"{address}/{act}", page="/account").status_code == 404


# --- too late ---


def late(visitor: Visitor, hall: Hall, *places: int) -> str:
    """A checkout whose time is over, grace included; the address of the trial service's page."""
    pick(visitor, hall, *places)
    page = press_pay(visitor, hall)
    _let_all_time_pass(hall)
    return page


def _let_all_time_pass(hall: Hall) -> None:
    payment = db.session.execute(db.select(Payment).order_by(Payment.id.desc()).limit(1)).scalar_one()
    begun = orders.BegunCheckout(
        hall.event_id, payment.reservation_id, "", "pending", payment.amount_minor, payment_id=payment.id
    )
    db.session.rollback()
    let_deadline_pass(begun, grace_too=True)


def take(hall: Hall, *places: int) -> None:
    """Somebody else buys these."""
    change_event(hall, payment="none")
    somebody = make_holder()
    held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[n] for n in places], holder=somebody)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=somebody)
    change_event(hall, payment="online")


def test_late_money_buys_the_same_places_while_they_are_free(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    address = decide(alice, late(alice, hall, 0))
    text = alice.open(address).text
    assert "The same places were still free: they are yours." in text
    assert statuses(hall) == ["reserved", "available"]


def test_late_money_comes_back_when_the_places_are_gone(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    page = late(alice, hall, 0)
    take(hall, 0)
    address = decide(alice, page)
    text = alice.open(address).text
    assert "somebody else has the places" in text
    assert "€45.00 goes back to you, the way it was paid." in text
    assert refunds_of(hall) == [(4500, "late_places_gone", "due")]
    orders.send_due_refunds(till=till())
    assert "€45.00 went back to you on" in alice.open(address).text
    assert "Paid too late" in alice.open("/reservations/").text


@pytest.mark.parametrize("answer", ["take", "decline"])
def test_equal_places_are_offered_and_taken_or_not(alice: Visitor, answer: str) -> None:
    hall = make_online_event(seats=4, late_offer_seconds=600)
    page = late(alice, hall, 0)
    take(hall, 0)
    address = decide(alice, page)
    text = alice.open(address).text
    assert "Somebody else was faster. Do you like these places?" in text
    assert "Instead of these, which you had picked" in text
    assert "Row A, seat 1" in text
    assert "Row A, seat 2" in text
    mine = alice.open("/reservations/").text
    assert '<h2 class="mines-unpaid">Offered to you</h2>' in mine
    assert "Not paid yet" not in mine
    # The reservation that one paid for leads there, and says for how long.
    code = db.session.execute(db.text("SELECT code FROM reservation ORDER BY id LIMIT 1")).scalar_one()
    text = alice.open(f"/reservations/{format_reference(hall.event_id, code)}").text
    assert re.search(r"We offer you equal places, and keep them for you until [^<]*\d:\d\d[^<]*\.<", text)
    assert address in text
    assert "Pick places again" not in text
    pressed: dict[str, Any] = {answer: "1"}
    after = alice.send(f"{address}/offer", page=address, **pressed)
    assert after.status_code == 303
    text = alice.open(address).text
    if answer == "take":
        assert "You took these places instead; they are yours." in text
        assert refunds_of(hall) == []
    else:
        assert "you chose your money instead of other places." in text
        assert refunds_of(hall) == [(4500, "offer_declined", "due")]


def test_an_offer_calls_no_place_gone_that_is_free(alice: Visitor) -> None:
    hall = make_online_event(seats=6, late_offer_seconds=600)
    page = late(alice, hall, 0, 1)
    sweep_expired_holds(batch=10, trigger="command")
    take(hall, 0)
    address = decide(alice, page)
    text = alice.open(address).text
    assert "Somebody else was faster. Do you like these places?" in text
    # The second one is free, and stands below what is offered.
    assert statuses(hall)[1] == "available"
    assert "Row A, seat 2" in text
    assert "gone" not in text
    assert "has your places" not in text


def test_an_offer_names_the_hour_that_stays_and_only_the_seat_that_is_gone(alice: Visitor) -> None:
    hall = make_online_event(seats=4, late_offer_seconds=600)
    (slot,) = make_slots(hall, starts=[datetime(2097, 6, 3, 17, tzinfo=BERLIN)], name="Tour of the house")
    assert alice.pick(hall.event_id, slot).status_code == 303
    page = late(alice, hall, 0)
    take(hall, 0)
    # In English a narrow space stands before PM.
    text = " ".join(alice.open(decide(alice, page)).text.split())
    assert "Do you like these places?" in text
    offered, instead = text.split("Instead of these, which you had picked")
    hour = "Mon, Jun 3, 5:00 PM to 6:00 PM"
    assert hour in offered
    assert "Tour of the house" in offered
    assert "Row A, seat 2" in offered
    assert hour not in instead
    assert "Row A, seat 1" in instead


def test_an_offer_of_places_that_are_alike_says_nothing_of_others(alice: Visitor) -> None:
    hall = make_online_event(late_offer_seconds=600)
    floor = places_of_area(hall, make_area(hall, kind="standing", places=3, name="Floor"))
    standing = replace(hall, seat_ids=floor)
    page = late(alice, standing, 0)
    take(standing, 0)
    text = alice.open(decide(alice, page)).text
    assert "Do you like these places?" in text
    assert "Floor" in text
    assert "Instead of these" not in text


def test_an_offer_whose_time_is_over_is_not_taken(alice: Visitor) -> None:
    hall = make_online_event(seats=4, late_offer_seconds=600)
    page = late(alice, hall, 0)
    take(hall, 0)
    address = decide(alice, page)
    end = db.text(
        "UPDATE reservation SET payment_due_at = now() - interval '1 s', expires_at = now() - interval '1 s'"
        " WHERE status = 'pending'"
    )
    db.session.execute(end)
    db.session.execute(db.text("UPDATE seat SET held_until = now() - interval '1 s' WHERE status = 'held'"))
    db.session.commit()
    text = alice.open(address).text
    assert "The time to take these places is over. Your money goes back to you." in text
    assert "Take these places" not in text
    answer = alice.send(f"{address}/offer", page="/account", take="1")
    assert answer.status_code == 410
    assert "This offer has ended. Your money goes back to you." in answer.text
    assert refunds_of(hall) == [(4500, "offer_ended", "due")]


def test_other_money_than_was_due_is_looked_at_by_a_person(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    page = press_pay(alice, hall)
    db.session.execute(db.text("UPDATE sandbox_session SET amount_minor = 4000"))
    db.session.commit()
    address = decide(alice, page)
    text = alice.open(address).text
    assert "Somebody looks at your payment" in text
    assert "€45.00 was due, and something else came." in text
    assert "That did not work" not in text
    payment_id = db.session.scalar(db.select(Payment.id))
    db.session.rollback()
    assert payment_id is not None
    orders.decide_review(hall.event_id, payment_id=payment_id, decision="refund_all", actor_user_id=None)
    text = alice.open(address).text
    assert "What came was not what was due. €40.00 goes back to you" in text


def test_money_of_another_currency_is_called_what_it_is(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    press_pay(alice, hall)
    payment = db.session.query(Payment).one()
    payment_id = payment.id
    db.session.rollback()
    orders.record_answer(hall.event_id, payment_id, answer=Answer("paid", 4700, "USD"))
    orders.decide_review(hall.event_id, payment_id=payment_id, decision="refund_all", actor_user_id=None)
    text = alice.open(unpaid(alice, hall)).text
    assert "$47.00 came." in text
    assert "$47.00 goes back to you" in text
    assert "€47.00" not in text


def test_an_event_that_was_called_off_is_not_paid_any_more(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    press_pay(alice, hall)
    address = unpaid(alice, hall)
    change_event(hall, status="cancelled")
    text = alice.open(address).text
    assert "You need not pay." in text
    assert f'{address}/pay"' not in text
    assert alice.send(f"{address}/pay", page="/account").status_code == 409


def test_the_checkout_of_an_event_that_was_called_off_offers_no_payment(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    fields = pay_fields(alice.open(checkout_of(hall)).text)
    change_event(hall, status="cancelled")
    text = alice.open(checkout_of(hall)).text
    assert "This event does not take place. Nothing was charged." in text
    assert "Pay €" not in text
    assert "data-countdown=" not in text
    with nothing_changes():
        answer = alice.send(f"{checkout_of(hall)}/pay", page="/account", **fields)
    assert (answer.status_code, answer.location) == (303, checkout_of(hall))
    text = alice.open(checkout_of(hall)).text
    assert text.count("This event does not take place.") == 1
    assert "not on sale now" not in text


def test_money_for_an_event_that_was_called_off_meanwhile_is_not_called_late(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    page = press_pay(alice, hall)
    orders.cancel_event_orders(hall.event_id)
    address = unpaid(alice, hall)
    text = alice.open(address).text
    assert 'class="state state-pending">Called off</p>' in text
    address = decide(alice, page)
    text = alice.open(address).text
    assert re.search(r'id="state"[^>]*>Called off</p>', text)
    assert "The event does not take place. €45.00 goes back to you" in text
    assert "Pick places again" not in text
    text = alice.open("/reservations/").text
    assert "Called off" in text
    assert "Paid too late" not in text


def test_a_purchase_of_an_event_that_is_called_off_says_that_and_what_comes_back(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    address = decide(alice, press_pay(alice, hall))
    orders.cancel_event_orders(hall.event_id)
    text = alice.open(address).text
    assert "This event does not take place. Your reservation was cancelled on" in text
    assert "€45.00 goes back to you" in text
    assert "on sale again" not in text
    assert re.search(r'id="state"[^>]*>Called off</p>', text)


@pytest.mark.parametrize("is_by_buyer", [True, False])
def test_what_was_cancelled_before_the_event_was_called_off_says_so(
    alice: Visitor, is_by_buyer: bool
) -> None:
    hall = make_online_event(seats=2)
    pick(alice, hall, 0)
    address = decide(alice, press_pay(alice, hall))
    reservation = db.session.query(Reservation).one()
    reservation_id, holder_id = reservation.id, reservation.holder_id
    user_id = db.session.query(Holder).filter_by(id=holder_id).one().user_id
    db.session.rollback()
    orders.cancel_order(
        hall.event_id,
        reservation_id=reservation_id,
        holder=HolderRef(holder_id, user_id) if is_by_buyer else None,
        actor_user_id=None if is_by_buyer else make_holder("gale").user_id,
    )
    orders.cancel_event_orders(hall.event_id)
    text = alice.open(address).text
    assert "Called off" not in text
    assert re.search(r'id="state"[^>]*>Cancelled</p>|class="state state-cancelled">Cancelled</p>', text)
    who = "You" if is_by_buyer else "The box office"
    assert f"{who} cancelled this reservation on" in text
    assert "€45.00 goes back to you" in text
    assert "Called off" not in alice.open("/reservations/").text


def test_a_payment_that_is_stuck_is_told_as_it_is(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    address = decide(alice, press_pay(alice, hall), after="3600")
    _let_all_time_pass(hall)
    orders.ask_due_payments(till=till())
    text = alice.open(address).text
    assert "There is still no result, so the places are on sale again." in text
    assert "no money came" not in text


def test_the_page_goes_on_asking_after_the_grace_until_there_is_a_result(alice: Visitor) -> None:
    hall = make_online_event(seats=4, late_offer_seconds=600)
    pick(alice, hall, 0)
    address = decide(alice, press_pay(alice, hall), after="3600")
    headers = {"HX-Request": "true"}
    _let_all_time_pass(hall)
    # The open page showed that it was worked on; now the part comes that says that the places are gone.
    part = alice.open(f"{address}/payment?state=processing", headers=headers)
    assert part.status_code == 200
    assert part.text.lstrip().startswith('<section id="paying"')
    assert 'data-state="unheard"' in part.text
    assert "every 15s" in part.text
    text = alice.open(address).text
    assert 'data-state="unheard"' in text
    assert "No result yet" in text
    assert "Pick places again" not in text
    poll = f"{address}/payment?state=unheard"
    assert alice.open(poll, headers=headers).status_code == 204
    take(hall, 0)
    db.session.execute(db.text("UPDATE sandbox_session SET settles_at = clock_timestamp() - interval '1 s'"))
    db.session.commit()
    answer = alice.open(poll, headers=headers)
    assert answer.status_code == 200
    assert (
        "Somebody else was faster. Do you like these places?"
        in alice.open(answer.headers["HX-Redirect"]).text
    )


def test_the_page_of_money_that_never_came_ends_its_waiting(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    pick(alice, hall, 0)
    address = decide(alice, press_pay(alice, hall), after="3600", becomes="failed")
    _let_all_time_pass(hall)
    poll = f"{address}/payment?state=unheard"
    assert alice.open(poll, headers={"HX-Request": "true"}).status_code == 204
    db.session.execute(db.text("UPDATE sandbox_session SET settles_at = clock_timestamp() - interval '1 s'"))
    db.session.commit()
    answer = alice.open(poll, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == address
    text = alice.open(address).text
    assert "no money came. Nothing was charged" in text
    assert "Pick places again" in text


def test_a_time_that_ran_out_says_that_nothing_was_charged(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    late(alice, hall, 0)
    address = f"/reservations/{_last_reference(hall)}"
    # Nobody was asked yet, so nobody knows.
    assert "There is still no result" in alice.open(address).text
    orders.ask_due_payments(till=till())
    text = alice.open(address).text
    assert "no money came. Nothing was charged" in text
    answer = alice.send(f"{address}/pay", page="/account")
    assert answer.status_code == 410


def _last_reference(hall: Hall) -> str:
    code = db.session.scalar(db.select(Reservation.code).order_by(Reservation.id.desc()).limit(1))
    db.session.rollback()
    return f"{hall.event_id}-{code}"


# --- cancelling what was paid ---


def test_one_of_two_places_is_cancelled_and_its_money_goes_back(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    pick(alice, hall, 0, 1)
    address = decide(alice, press_pay(alice, hall))
    one = str(hall.seat_ids[0])
    text = alice.open(f"{address}/cancel").text
    assert "€90.00" in text
    part = alice.open(f"{address}/cancel?choose=1&seat={one}", headers={"HX-Request": "true"}).text
    assert "€45.00" in part
    assert "<html" not in part
    # Ticks that were changed without a script are told first what comes back.
    with nothing_changes():
        asked = alice.send(f"{address}/cancel", page=f"{address}/cancel", seat=one, choose="1", refund="9000")
    assert asked.status_code == 200
    assert "€45.00" in asked.text
    done = alice.send(f"{address}/cancel", page=f"{address}/cancel", seat=one, choose="1", refund="4500")
    assert done.status_code == 303
    assert statuses(hall) == ["available", "reserved"]
    assert refunds_of(hall) == [(4500, "cancelled", "due")]
    text = alice.open(address).text
    assert "€45.00 goes back to you" in text
    # What is left is no part of what was cancelled.
    assert "Cancelled: Row A, seat 1. €45.00 goes back to you." in text
    assert "It was cancelled." not in text
    alice.send(f"{address}/cancel", page=f"{address}/cancel")
    text = alice.open(address).text
    assert "Cancelled: Row A, seat 1. €45.00 goes back to you." in text
    assert "Cancelled: Row A, seat 2. €45.00 goes back to you." in text


def test_a_tab_whose_places_another_one_cancelled_says_so(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    pick(alice, hall, 0, 1)
    address = decide(alice, press_pay(alice, hall))
    form: dict[str, Any] = {"choose": "1", "seat": [str(seat) for seat in hall.seat_ids], "refund": "9000"}
    first = str(hall.seat_ids[0])
    alice.send(f"{address}/cancel", page=f"{address}/cancel", choose="1", seat=first, refund="4500")
    with nothing_changes():
        answer = alice.send(f"{address}/cancel", page=f"{address}/cancel", **form)
    assert answer.status_code == 409
    assert "Some of these places are cancelled already. This is what you still have." in answer.text
    assert "€45.00" in answer.text
    assert statuses(hall) == ["available", "reserved"]


def test_nothing_ticked_cancels_nothing(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    pick(alice, hall, 0, 1)
    address = decide(alice, press_pay(alice, hall))
    with nothing_changes():
        answer = alice.send(f"{address}/cancel", page=f"{address}/cancel", choose="1", refund="9000")
    assert answer.status_code == 422
    assert "Please tick the places" in answer.text


def test_all_of_it_is_cancelled(alice: Visitor) -> None:
    hall = make_online_event(seats=2)
    pick(alice, hall, 0, 1)
    address = decide(alice, press_pay(alice, hall))
    alice.send(f"{address}/cancel", page=f"{address}/cancel")
    text = alice.open(address).text
    assert "Cancelled on" in text
    assert "It was cancelled. €90.00 goes back to you." in text
    assert statuses(hall) == ["available", "available"]


def test_what_cannot_be_cancelled_any_more_is_said_before_it_is_paid(alice: Visitor) -> None:
    hall = make_online_event(seats=2, cancel_seconds_before_start=86_400)
    (slot,) = make_slots(hall, starts=[database_clock() + timedelta(hours=2)], name="Tour")
    pick(alice, hall, 0)
    assert "You can cancel until" in alice.open(checkout_of(hall)).text
    assert alice.pick(hall.event_id, slot).status_code == 303
    both = alice.open(checkout_of(hall)).text
    assert re.search(r"Cannot be cancelled any more: \w{3}, ", both)
    assert re.search(r"Can be cancelled until [^:]*:\d\d[^:]*: Row A, seat 1", both)
    address = decide(alice, press_pay(alice, hall))
    text = alice.open(address).text
    assert "Cancel places of this reservation" in text
    page = alice.open(f"{address}/cancel").text
    assert page.count("too late to cancel") == 1
    assert "for all of it" not in page
    assert "€45.00" in page
    with nothing_changes():
        late = alice.send(
            f"{address}/cancel", page=f"{address}/cancel", choose="1", seat=str(slot), refund="4500"
        )
    assert late.status_code in (200, 409)
    seat = str(hall.seat_ids[0])
    done = alice.send(f"{address}/cancel", page=f"{address}/cancel", choose="1", seat=seat, refund="4500")
    assert done.status_code == 303
    assert refunds_of(hall) == [(4500, "cancelled", "due")]
    left = alice.open(address).text
    assert "Cancelling was possible until" in left
    assert "cancel-link" not in left


def test_a_slot_that_cannot_be_cancelled_any_more_is_no_promise(alice: Visitor) -> None:
    hall = make_online_event(cancel_seconds_before_start=86_400)
    (slot,) = make_slots(hall, starts=[database_clock() + timedelta(hours=2)])
    assert alice.pick(hall.event_id, slot).status_code == 303
    text = alice.open(checkout_of(hall)).text
    assert "cannot be cancelled any more: that was possible until" in text
    assert "You can cancel" not in text


def test_alike_places_are_counted_in_a_sentence_too(alice: Visitor) -> None:
    hall = make_online_event(seats=1, cancel_seconds_before_start=86_400)
    (slot,) = make_slots(hall, starts=[database_clock() + timedelta(hours=2)], name="Tour")
    floor = make_area(hall, kind="standing", places=3, name="Floor")
    pick(alice, hall, 0)
    assert alice.pick(hall.event_id, slot).status_code == 303
    alice.send(f"/events/{hall.event_id}/areas/{floor}", page=f"/events/{hall.event_id}", quantity="2")
    assert "Row A, seat 1 and Floor × 2" in alice.open(checkout_of(hall)).text


def test_what_begins_later_can_be_cancelled_longer(alice: Visitor) -> None:
    hall = make_online_event(seats=1)
    (slot,) = make_slots(hall, starts=[database_clock() + timedelta(hours=2)], name="Tour")
    pick(alice, hall, 0)
    assert alice.pick(hall.event_id, slot).status_code == 303
    address = decide(alice, press_pay(alice, hall))
    for page in (address, f"{address}/cancel"):
        text = alice.open(page).text
        assert re.search(r"Possible until [^<]+ for all of it, and until [^<]+ for what begins later\.", text)


@pytest.mark.parametrize("has_concessions", [True, False])
def test_how_many_come_is_said_at_the_checkout_and_stands_everywhere(
    alice: Visitor, has_concessions: bool
) -> None:
    hall = make_online_event()
    if has_concessions:
        orders.create_concession(hall.event_id, name="Child", percent_off=50)
    starts = [database_clock() + timedelta(days=2)]
    (slot,) = make_slots(hall, starts=starts, name="Tour", party=(2, 6), price_per="person")
    assert alice.pick(hall.event_id, slot).status_code == 303
    assert "1 place · 2 people · €90.00" in alice.open(f"/events/{hall.event_id}").text
    assert '<option value="2" selected>2 people' in alice.open(checkout_of(hall)).text
    act = f"{checkout_of(hall)}/prices"
    choice: dict[str, Any] = {f"party-{slot}": "4"}
    too_many: dict[str, Any] = {f"party-{slot}": "7"}
    assert alice.send(act, page=checkout_of(hall), **choice).status_code == 303
    text = alice.open(checkout_of(hall)).text
    assert '<option value="4" selected>4 people' in text
    assert "Pay €180.00" in text
    with nothing_changes():
        assert alice.send(act, page=checkout_of(hall), **too_many).status_code == 303
    assert "Tour is for 2 to 6 people" in alice.open(checkout_of(hall)).text
    address = decide(alice, press_pay(alice, hall))
    assert "4 people" in alice.open(address).text
    tickets = alice.open(f"{address}/tickets").text
    assert "<p>4 people</p>" in tickets
    assert "lets one person in" not in tickets
    told = db.session.query(Mail).where(Mail.kind == "confirmed").one().data
    assert told is not None
    assert told["places"][0]["party_size"] == 4


def make_family_tour() -> tuple[Hall, int, str, str]:
    """A tour for two to six at 45.00 each: the event, its slot, and the fields for children and for students."""
    hall = make_online_event()
    child, student = (
        orders.create_concession(hall.event_id, name=name, percent_off=percent)
        for name, percent in (("Child", 50), ("Student", 20))
    )
    starts = [database_clock() + timedelta(days=2)]
    (slot,) = make_slots(hall, starts=starts, name="Tour", party=(2, 6), price_per="person")
    return hall, slot, f"people-{slot}-{child}", f"people-{slot}-{student}"


def test_how_many_come_and_who_pays_less_is_one_act_and_stands_everywhere(app: Flask, alice: Visitor) -> None:
    hall, slot, children, students = make_family_tour()
    assert alice.pick(hall.event_id, slot).status_code == 303
    chosen = {f"party-{slot}": "4", children: "2", students: "1"}
    fields = whole_form(alice.open(checkout_of(hall)).text, **chosen)
    answer = alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), htmx=True, **fields)
    assert answer.status_code == 200
    assert "The total is €126.00 now." in answer.text
    # One change of the party: nobody was ever told another price in between.
    assert [line["party_size"] for line in rows_of("reservation_seat")] == [2, 4]
    text = alice.open(checkout_of(hall)).text
    assert whole_form(text) | chosen == whole_form(text)
    assert "2 × Child, 1 × Student" in alice.open(f"/events/{hall.event_id}").text
    address = decide(alice, press_pay(alice, hall))
    for page in (address, f"{address}/tickets", f"{address}/cancel"):
        assert "2 × Child, 1 × Student" in alice.open(page).text, page
    told = db.session.query(Mail).where(Mail.kind == "confirmed").one()
    letter = write_letter(
        Told("confirmed", "alice@example.org", "en", hall.event_id, told.reservation_id or 0, told.data or {})
    )
    for body in (letter.body_text, letter.body_html or ""):
        assert "2 × Child, 1 × Student" in body
    (ticket,) = tickets_of(
        hall.event_id, reservation_id=told.reservation_id or 0, config=app.extensions["seatbook"]
    )
    output = app.test_cli_runner().invoke(args=["ticket", "verify", ticket.code]).output
    assert "It lets in 4 people." in output
    assert "At a lower price: 2 × Child, 1 × Student" in output


@pytest.mark.parametrize("htmx", [True, False])
def test_more_who_pay_less_than_come_are_refused_at_their_fields_which_keep_what_was_typed(
    alice: Visitor, htmx: bool
) -> None:
    hall, slot, children, students = make_family_tour()
    pick(alice, hall, 0)
    assert alice.pick(hall.event_id, slot).status_code == 303
    chosen = {f"party-{slot}": "3", children: "2", students: "2"}
    fields = whole_form(alice.open(checkout_of(hall)).text, **chosen)
    for act in ("prices", "pay"):
        with nothing_changes():
            answer = alice.send(f"{checkout_of(hall)}/{act}", page=checkout_of(hall), htmx=htmx, **fields)
        assert answer.status_code == (422 if htmx else 303)
        text = answer.text if htmx else alice.open(checkout_of(hall)).text
        assert re.search(r'id="party-fault" role="alert">More people pay less \(4\) than come \(3\)', text)
        assert text.count('aria-invalid="true" aria-describedby="party-fault"') == 2
        assert {name: whole_form(text)[name] for name in chosen} == chosen
        # What was not refused stands as it is.
        assert "Pay €135.00" in text
    # It is told once.
    assert "party-fault" not in alice.open(checkout_of(hall)).text


@pytest.mark.parametrize("typed", ["-1", "1.5", "two", "9" * 30])
def test_what_is_no_number_of_people_is_refused(alice: Visitor, typed: str) -> None:
    hall, slot, children, _ = make_family_tour()
    assert alice.pick(hall.event_id, slot).status_code == 303
    fields = whole_form(alice.open(checkout_of(hall)).text, **{children: typed})
    with nothing_changes():
        answer = alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), htmx=True, **fields)
    assert answer.status_code == 422
    assert 'id="party-fault" role="alert">Please say with a whole number, 0 or more,' in answer.text
    # It stays in its field until it is right.
    assert whole_form(answer.text)[children] == typed[:5]


def test_a_smaller_party_on_the_events_page_is_refused_where_more_pay_less(alice: Visitor) -> None:
    hall, slot, children, _ = make_family_tour()
    assert alice.pick(hall.event_id, slot).status_code == 303
    page = checkout_of(hall)
    fields: dict[str, Any] = {f"party-{slot}": "4", children: "3"}
    alice.send(f"{page}/prices", page=page, **fields)
    fewer: dict[str, Any] = {f"party-{slot}": "2"}
    with nothing_changes():
        answer = alice.send(f"/events/{hall.event_id}/parties", page=f"/events/{hall.event_id}", **fewer)
    assert answer.status_code == 422
    assert "More people of your party pay less (3) than would come (2)." in answer.text
    assert "Please change both at the checkout." in answer.text


def test_a_concession_that_was_stopped_meanwhile_is_refused_where_it_was_chosen(alice: Visitor) -> None:
    hall, slot, children, _ = make_family_tour()
    assert alice.pick(hall.event_id, slot).status_code == 303
    page = checkout_of(hall)
    fields: dict[str, Any] = {f"party-{slot}": "2", children: "1"}
    for one in rows_of("concession"):
        orders.stop_concession(hall.event_id, concession_id=one["id"])
    with nothing_changes():
        answer = alice.send(f"{page}/prices", page=page, htmx=True, **fields)
    assert answer.status_code == 422
    assert 'id="party-fault" role="alert">“Child” is not offered any more.' in answer.text


def test_a_concession_that_was_stopped_is_offered_to_those_who_have_it(alice: Visitor) -> None:
    hall, slot, children, students = make_family_tour()
    assert alice.pick(hall.event_id, slot).status_code == 303
    fields: dict[str, Any] = {children: "1"}
    alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **fields)
    for one in rows_of("concession"):
        orders.stop_concession(hall.event_id, concession_id=one["id"])
    text = alice.open(checkout_of(hall)).text
    assert children in text
    assert students not in text


@pytest.mark.parametrize("price_per", ["slot", "person"])
def test_a_shirt_and_a_whole_slot_cost_the_same_for_everybody(alice: Visitor, price_per: str) -> None:
    hall = make_online_event(seats=1)
    child = orders.create_concession(hall.event_id, name="Child", percent_off=50)
    make_area(hall, kind="stock", places=1)
    starts = [database_clock() + timedelta(days=2)]
    (slot,) = make_slots(hall, starts=starts, party=(2, 6), price_per=price_per)
    of_stock = select(Seat.id).join(Area, Area.id == Seat.area_id).where(Area.kind == "stock")
    shirt = db.session.scalars(of_stock.where(Seat.event_id == hall.event_id)).one()
    for place in (shirt, slot, hall.seat_ids[0]):
        assert alice.pick(hall.event_id, place).status_code == 303
    text = alice.open(checkout_of(hall)).text
    takes = {hall.seat_ids[0]} | ({slot} if price_per == "person" else set())
    assert {int(found) for found in re.findall(r'name="(?:concession|people)-(\d+)', text)} == takes
    # Of a party it is asked how many.
    assert f'name="concession-{slot}"' not in text
    for place in (shirt, slot, hall.seat_ids[0]):
        choice: dict[str, Any] = {f"concession-{place}": str(child)}
        answer = alice.send(f"{checkout_of(hall)}/prices", page=checkout_of(hall), **choice)
        assert answer.status_code == 303
        told = "cost the same for everybody" in alice.open(checkout_of(hall)).text
        assert told == (place not in takes)


# --- how much is asked of the database ---


def _count(visitor: Visitor, path: str) -> int:
    with statements() as sent:
        assert visitor.open(path).status_code == 200
    return len(sent)


def test_pages_ask_the_same_of_the_database_at_any_size(alice: Visitor) -> None:
    small, large = make_online_event(seats=8), make_online_event(seats=8)
    tour, slot, children, _ = make_family_tour()
    for hall in (small, large):
        orders.create_concession(hall.event_id, name="Child", percent_off=50)
    pick(alice, small, 0)
    pick(alice, large, *range(8))
    assert _count(alice, checkout_of(small)) == _count(alice, checkout_of(large))
    alice.pick(tour.event_id, slot)
    fewer: dict[str, Any] = {f"party-{slot}": "4", children: "3"}
    alice.send(f"{checkout_of(tour)}/prices", page=checkout_of(tour), **fewer)
    # Who of a party pays less is asked where somebody may: once for the prices, and once for the page.
    assert _count(alice, checkout_of(tour)) == _count(alice, checkout_of(small)) + 2
    one = decide(alice, press_pay(alice, small))
    count_of_one = _count(alice, "/reservations/")
    many = decide(alice, press_pay(alice, large))
    assert _count(alice, one) == _count(alice, many)
    assert _count(alice, "/reservations/") == count_of_one
