"""What the box office sees and does at its pages for orders and money."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.orders import (
    BegunCheckout,
    Till,
    apply_code,
    ask_due_payments,
    begin_checkout,
    choose_concessions,
    choose_parties,
    create_code,
    create_concession,
    record_answer,
    request_event_cancellation,
    send_due_refunds,
    till_of,
)
from seatbook.domain.reference import format_reference
from seatbook.payments import Answer
from seatbook.payments.sandbox import Sandbox
from seatbook.queries.reservations import load_reservation
from seatbook.web.formats import money
from tests.factories import Hall, make_event, make_holder, make_holders, make_slots, noons, seat_row
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    make_till,
    moody,
    payments_of,
    refund_ids_of,
    refunds_of,
)
from tests.query_count import statements
from tests.snapshot import nothing_changes, rows_of
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")

ROW = re.compile(r"<tr data-row>.*?</tr>", re.S)


@pytest.fixture
def till(app: Flask) -> Till:
    """That of the application: its sandbox is the one that staff's questions reach."""
    return till_of(app.extensions["seatbook"])


def bought_online(
    till: Till, *, name: str = "ann", places: tuple[int, ...] = (0, 1)
) -> tuple[Hall, BegunCheckout]:
    hall = make_online_event()
    begun = go_to_checkout(hall, holder=make_holder(name), till=till, places=places)
    sandbox_of(till).decide(str(payments_of(hall)[0].provider_ref), becomes="paid")
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", begun.total_minor, "EUR"))
    return hall, begun


def sandbox_of(till: Till) -> Sandbox:
    assert isinstance(till.online, Sandbox)
    return till.online


def bought_at_counter(*, name: str = "dan", places: int = 2) -> tuple[Hall, str]:
    """A reservation that is to be paid at the window; its reference."""
    hall, buyer = make_event(seats=4, payment="counter"), make_holder(name)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:places], holder=buyer)
    bought = confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=buyer)
    return hall, format_reference(hall.event_id, bought.code)


def path_of(begun: BegunCheckout | str) -> str:
    reference = begun if isinstance(begun, str) else format_reference(begun.event_id, begun.code)
    return f"/staff/orders/{reference}"


def found_by(staff: Visitor, query: str) -> set[str]:
    """References in the list that a search shows."""
    page = staff.open(f"/staff/orders?{query}").text
    return {reference for row in ROW.findall(page) for reference in re.findall(r">(\d+-\w{6})</a>", row)}


# Finding


def test_an_order_is_found_by_its_reference_at_once(staff: Visitor, till: Till) -> None:
    _, begun = bought_online(till)
    reference = format_reference(begun.event_id, begun.code)

    answer = staff.open(f"/staff/orders?q={reference.lower()}")

    assert (answer.status_code, answer.location) == (303, path_of(begun))


def test_orders_are_found_by_name_address_event_seat_and_state(staff: Visitor, till: Till) -> None:
    hall, online = bought_online(till, name="Annabel")
    counter_hall, counter = bought_at_counter(name="Anton")
    _, other = bought_at_counter(name="Zoe")
    reference = format_reference(hall.event_id, online.code)

    assert found_by(staff, "") == {reference, counter, other}
    assert found_by(staff, "q=an") == {reference, counter}
    assert found_by(staff, "q=ANNABEL%40exa") == {reference}
    assert found_by(staff, f"event={hall.event_id}") == {reference}
    assert found_by(staff, f"event={counter_hall.event_id}&q=a2") == {counter}
    assert found_by(staff, f"event={counter_hall.event_id}&q=A3") == set()
    assert found_by(staff, "event=the+quiet+hour&q=A1") == {reference, counter, other}
    assert found_by(staff, "event=nothing+like+it") == set()
    assert found_by(staff, "status=confirmed&q=zo") == {other}
    assert found_by(staff, "status=cancelled") == set()
    # What means something to LIKE is what it is.
    assert found_by(staff, "q=%25") == set()
    assert found_by(staff, "q=A_ton") == set()


def test_a_basket_is_no_order_and_a_checkout_is_one_until_it_ended_too(staff: Visitor, till: Till) -> None:
    hall = make_online_event()
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[3]], holder=make_holder("bob"))
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    reference = format_reference(hall.event_id, begun.code)

    assert found_by(staff, "") == found_by(staff, "status=pending") == {reference}
    let_deadline_pass(begun, grace_too=True)
    assert found_by(staff, "status=pending") == set()
    assert found_by(staff, "status=expired") == {reference}


def test_a_search_that_finds_nobody_says_what_to_do(staff: Visitor) -> None:
    page = staff.open("/staff/orders?q=B12").text
    assert "A seat is found together with its event" in page
    assert "No order fits" in staff.open("/staff/orders?q=B12&event=1").text
    assert "No orders yet" in staff.open("/staff/orders").text


def test_orders_are_leafed_through_without_a_gap(staff: Visitor) -> None:
    hall = make_event(seats=120, payment="none")
    references = set()
    for number, holder in enumerate(make_holders(120)):
        held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[number]], holder=holder)
        bought = confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=holder)
        references.add(format_reference(hall.event_id, bought.code))

    seen: list[str] = []
    path: str | None = "/staff/orders"
    while path:
        with statements() as sent:
            page = staff.open(path).text
        assert len(sent) <= 5, sent
        seen += re.findall(r'class="reference"[^>]* href="/staff/orders/([^"]+)"', page)
        older = re.search(r'<a rel="next" href="([^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else None

    assert len(seen) == 120
    assert set(seen) == references


# One order


def test_an_order_shows_its_places_its_money_and_what_happened(staff: Visitor, till: Till) -> None:
    hall = make_online_event()
    ann = make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann)
    create_code(hall.event_id, code="HALF", percent_off=50)
    apply_code(hall.event_id, code="half", holder=ann)
    begun = begin_checkout(hall.event_id, reservation_id=held.reservation_id, holder=ann, till=till)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 4500, "EUR"))

    page = staff.open(path_of(begun)).text

    for said in (
        "ann@example.org",
        "HALF",
        "Row A, seat 1",
        "€22.50",
        "€45.00",
        "Trial provider",
        "The money came",
    ):
        assert said in page, said
    assert "A1 and A2 held" in page
    assert "A1 and A2 bought" in page


def test_another_party_is_no_other_hold(staff: Visitor) -> None:
    hall, ann = make_event(seats=1), make_holder("ann")
    (slot,) = make_slots(hall, starts=noons(1), party=(2, 6), price_per="person")
    held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0], slot], holder=ann)
    for people in (4, 3):
        choose_parties(hall.event_id, choices={slot: people}, holder=ann)
    bought = confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    page = staff.open(f"/staff/orders/{format_reference(hall.event_id, bought.code)}").text
    (what,) = re.findall(r"([^<>]+) held\b", page)
    assert "A1" in what
    assert len(re.split(", | and ", what)) == 2


def test_an_order_of_many_places_needs_no_more_statements(staff: Visitor, till: Till) -> None:
    def cost(places: int) -> int:
        hall = make_online_event(seats=places, max_seats=100)
        begun = go_to_checkout(hall, holder=make_holder(f"ann{places}"), till=till, places=range(places))
        record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", begun.total_minor, "EUR"))
        with statements() as sent:
            assert staff.open(path_of(begun)).status_code == 200
        return len(sent)

    assert cost(1) == cost(60) <= 12


def test_an_order_that_is_not_there_is_not_found(staff: Visitor) -> None:
    assert staff.open("/staff/orders/1-AAAAAA").status_code == 404
    assert staff.open("/staff/orders/nonsense").status_code == 404


# Cancelling


def test_what_goes_back_is_shown_before_and_goes_back_after(staff: Visitor, till: Till) -> None:
    hall, begun = bought_online(till)
    path = path_of(begun)

    asked = staff.open(f"{path}/cancel?seat={hall.seat_ids[0]}", headers={"HX-Request": "true"}).text
    assert "€45.00 goes back to the buyer" in asked
    assert "<main" not in asked
    assert "€90.00 goes back to the buyer" in staff.open(f"{path}/cancel?whole=1").text

    answer = staff.send(f"{path}/cancel", page=path, seat=str(hall.seat_ids[0]), refund_minor="4500")

    assert answer.location == path
    assert "1 place is cancelled and on sale again. €45.00 goes back." in staff.open(path).text
    assert refunds_of(hall) == [(4500, "cancelled", "due")]
    assert seat_row(hall, hall.seat_ids[0]).status == "available"
    assert seat_row(hall, hall.seat_ids[1]).status == "reserved"
    refund, change = rows_of("refund")[-1], rows_of("seat_change")[-1]
    otto = next(user["id"] for user in rows_of("user_account") if user["username"] == "otto")
    assert (refund["actor_user_id"], change["actor_user_id"], change["reason"]) == (otto, otto, "cancel")


def test_cancelling_twice_by_a_double_click_tells_the_same_and_does_it_once(
    staff: Visitor, till: Till
) -> None:
    hall, begun = bought_online(till)
    path = path_of(begun)
    fields = dict(re.findall(r'name="(csrf_token|once)" value="([^"]+)"', staff.open(path).text))
    form = {**fields, "seat": str(hall.seat_ids[0]), "refund_minor": "4500"}

    answers = [staff.client.post(f"{path}/cancel", data=form).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert refunds_of(hall) == [(4500, "cancelled", "due")]


def test_staff_cancel_after_every_deadline(staff: Visitor, till: Till) -> None:
    hall = make_event(
        seats=1, payment="none", cancel_seconds_before_start=int(timedelta(days=30).total_seconds())
    )
    ann = make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    bought = confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    path = path_of(format_reference(hall.event_id, bought.code))

    staff.send(f"{path}/cancel", page=path, whole="1", refund_minor="0")

    assert seat_row(hall, hall.seat_ids[0]).status == "available"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"whole": "1", "refund_minor": "4500"}, "The amount has changed"),
        ({"whole": "1"}, "The amount has changed"),
        ({"refund_minor": "0"}, "Tick the places that shall be cancelled"),
    ],
)
def test_nothing_is_cancelled_that_was_not_seen(
    staff: Visitor, till: Till, fields: dict[str, Any], says: str
) -> None:
    _, begun = bought_online(till)
    path = path_of(begun)

    with nothing_changes():
        answer = staff.send(f"{path}/cancel", page=path, **fields)

    assert answer.status_code == 409
    assert says in answer.text


# The window


def test_no_money_is_taken_for_an_event_that_was_called_off(staff: Visitor, till: Till) -> None:
    hall = make_online_event()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    assert "Taken in cash" in staff.open(path_of(begun)).text

    request_event_cancellation(hall.event_id)

    page = staff.open(path_of(begun)).text
    assert "Taken in cash" not in page
    assert "The event does not take place, so no money is taken for this." in page


@pytest.mark.parametrize("how", ["cash", "card"])
def test_money_for_a_reservation_is_taken_at_the_window_once(staff: Visitor, how: str) -> None:
    hall, reference = bought_at_counter()
    path = path_of(reference)
    assert "€90.00 to be paid" in staff.open(path).text

    for _ in range(2):
        staff.send(f"{path}/take", page="/staff/orders", amount_minor="9000", how=how)

    (payment,) = payments_of(hall)
    assert (payment.provider, payment.amount_minor, payment.settlement) == ("counter", 9000, "confirmed")
    (step,) = [step for step in rows_of("payment_step") if step["payment_id"] == payment.id]
    assert (step["step"], step["note"], step["actor_user_id"] is not None) == ("paid", how, True)
    page = staff.open(path).text
    assert "to be paid" not in page


def test_what_somebody_pays_online_is_bought_at_the_window_and_not_twice(staff: Visitor, till: Till) -> None:
    hall = make_online_event()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    path = path_of(begun)

    answer = staff.send(f"{path}/take", page=path, amount_minor="4500", how="cash")

    assert answer.status_code == 303
    online, counter = payments_of(hall)
    assert (online.status, counter.status, counter.settlement) == ("expired", "paid", "confirmed")
    assert seat_row(hall, hall.seat_ids[0]).status == "reserved"
    assert sandbox_of(till).look(online.provider_ref).status == "expired"
    # Money that comes all the same goes back.
    record_answer(hall.event_id, online.id, answer=Answer("paid", 4500, "EUR"))
    assert refunds_of(hall) == [(4500, "bought_already", "due")]


def test_no_money_is_taken_for_what_was_paid_online_a_moment_ago(staff: Visitor, till: Till) -> None:
    hall = make_online_event()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    path = path_of(begun)
    token_page = "/staff/orders"
    sandbox_of(till).decide(payments_of(hall)[0].provider_ref, becomes="paid")

    staff.send(f"{path}/take", page=token_page, amount_minor="4500", how="cash")

    assert "Take no money: it was paid online a moment ago." in staff.open(path).text
    assert [payment.provider for payment in payments_of(hall)] == ["sandbox"]


def test_what_the_provider_still_works_on_is_not_sold_at_the_window(staff: Visitor, till: Till) -> None:
    hall = make_online_event()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    path = path_of(begun)
    sandbox_of(till).decide(payments_of(hall)[0].provider_ref, becomes="paid", after_seconds=600)

    answer = staff.send(f"{path}/take", page=path, amount_minor="4500", how="cash")

    assert answer.status_code == 409
    assert "being paid" in answer.text
    assert seat_row(hall, hall.seat_ids[0]).status == "held"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"amount_minor": "1", "how": "cash"}, 409),
        ({"how": "cash"}, 409),
        ({"amount_minor": "9000", "how": "gold"}, 422),
    ],
)
def test_money_is_taken_as_it_was_seen_and_in_no_other_way(
    staff: Visitor, fields: dict[str, Any], status: int
) -> None:
    _, reference = bought_at_counter()
    path = path_of(reference)

    with nothing_changes():
        answer = staff.send(f"{path}/take", page=path, **fields)

    assert answer.status_code == status


# What needs a person


def test_a_stuck_payment_is_asked_about_and_on_record(staff: Visitor, app: Flask, till: Till) -> None:
    hall, faulty = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    let_deadline_pass(begun, grace_too=True)
    moody(faulty).faults.add("look")
    ask_due_payments(till=faulty)

    page = staff.open("/staff/payments").text
    assert "does not know whether €45.00 will come" in page
    assert 'class="badge">1<' in page
    path = f"{path_of(begun)}/payments/{begun.payment_id}/ask"
    answer = staff.send(path, page="/staff/payments", back="payments")

    assert answer.location == "/staff/payments"
    page = staff.open("/staff/payments").text
    assert "The provider says: ended unpaid. Nothing was charged." in page
    assert "Nothing waits for you" in page
    (act,) = rows_of("staff_act")
    assert act["act"] == "asked_provider"
    assert 'The provider was asked <b class="actor">otto</b>' in staff.open(path_of(begun)).text


def test_a_refund_that_was_refused_is_tried_again_or_paid_out(staff: Visitor) -> None:
    hall, reference = bought_at_counter()
    path = path_of(reference)
    staff.send(f"{path}/take", page=path, amount_minor="9000", how="cash")
    staff.send(f"{path}/cancel", page=path, whole="1", refund_minor="9000")
    send_due_refunds(till=make_till())
    (refund_id,) = refund_ids_of(hall)
    assert "is to be paid out there" in staff.open("/staff/payments").text

    staff.send(f"{path}/refunds/{refund_id}/again", page="/staff/payments")
    assert refunds_of(hall) == [(9000, "cancelled", "due")]
    staff.send(f"{path}/refunds/{refund_id}/paid-out", page="/staff/payments", back="payments")

    assert refunds_of(hall) == [(9000, "cancelled", "done")]
    assert "Nothing waits for you" in staff.open("/staff/payments").text
    steps = [(step["step"], step["actor_user_id"] is not None) for step in rows_of("payment_step")]
    assert ("refunded", True) in steps
    assert [act["act"] for act in rows_of("staff_act")] == ["refund_again"]


@pytest.mark.parametrize(
    ("came", "decision", "says", "seat", "back"),
    [
        (4000, "accept", "Decided: the places are sold.", "reserved", []),
        (4600, "refund_difference", "Decided: the places are sold.", "reserved", [100]),
        (4600, "refund_all", "Decided: the money goes back.", "available", [4600]),
    ],
)
def test_staff_decide_about_money_that_was_not_what_was_asked_for(
    staff: Visitor, till: Till, came: int, decision: str, says: str, seat: str, back: list[int]
) -> None:
    hall = make_online_event()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", came, "EUR"))
    path = f"{path_of(begun)}/payments/{begun.payment_id}/decide"
    assert f"€{came / 100:.2f} came, and €45.00 was asked for" in staff.open("/staff/payments").text
    assert "Taken in cash" not in staff.open(path_of(begun)).text

    answer = staff.send(path, page="/staff/payments", decision=decision, note="by telephone", back="payments")

    assert answer.location == "/staff/payments"
    assert says in staff.open("/staff/payments").text
    assert seat_row(hall, hall.seat_ids[0]).status == seat
    assert [amount for amount, _, _ in refunds_of(hall)] == back
    page = staff.open(path_of(begun)).text
    assert "by telephone" in page
    assert '<b class="actor">otto</b>' in page


def test_what_cannot_be_decided_is_refused(staff: Visitor, till: Till) -> None:
    _, begun = bought_online(till)
    path = f"{path_of(begun)}/payments/{begun.payment_id}/decide"

    with nothing_changes():
        assert staff.send(path, page=path_of(begun), decision="accept").status_code == 409


def test_an_order_shows_its_letters_and_its_fees(staff: Visitor, till: Till) -> None:
    hall = make_online_event(fee_per_place_minor=150)
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", begun.total_minor, "EUR"))

    page = staff.open(path_of(begun)).text

    assert "€46.50" in page
    assert "incl. fee €1.50" in page
    assert "goes out soon" in page
    link = re.search(r'<a href="(/staff/mail/\d+)">Confirmation</a>', page)
    assert link
    assert format_reference(begun.event_id, begun.code) in staff.open(link[1]).text


def test_prices_are_those_that_the_buyer_read_and_the_fee_for_the_order_is_a_line(
    staff: Visitor, till: Till
) -> None:
    hall = make_online_event(fee_per_place_minor=150, fee_per_order_minor=25)
    ann = make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann)
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    choose_concessions(hall.event_id, choices={hall.seat_ids[0]: child}, holder=ann)
    begun = begin_checkout(hall.event_id, reservation_id=held.reservation_id, holder=ann, till=till)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", begun.total_minor, "EUR"))
    line = load_reservation(hall.event_id, code=begun.code, holder_id=None).places[0]

    page = staff.open(path_of(begun)).text
    cells = [amounts(row) for row in re.findall(r"<tr.*?</tr>", page, re.S)]

    assert line.price_minor - line.order_fee_minor == 2400
    assert cells[1:5] == [["€46.50", "€24.00", "€1.50"], ["€46.50", "€1.50"], ["€0.25"], ["€70.75"]]
    assert "Fee for the order" in page
    one = staff.open(f"{path_of(begun)}/cancel?seat={hall.seat_ids[0]}").text
    share = money(line.order_fee_minor, "EUR")
    assert f"<b>{money(line.price_minor, 'EUR')} goes back to the buyer.</b>" in one
    assert f"That includes {share} of the fee for the order." in one

    path = path_of(begun)
    staff.send(f"{path}/cancel", page=f"{path}/cancel?whole=1", whole="1", refund_minor="7075")
    over = staff.open(path).text
    assert "€70.75" in over
    assert amounts(over[over.index("<tfoot>") : over.index("</tfoot>")]) == ["€0.25"]


def amounts(part: str) -> list[str]:
    return re.findall(r"€[\d.]+", part)


def test_a_refund_or_payment_of_another_order_is_not_found(staff: Visitor, till: Till) -> None:
    _, begun = bought_online(till)
    _, reference = bought_at_counter()
    path = path_of(reference)

    with nothing_changes():
        for act in (f"payments/{begun.payment_id}/ask", "refunds/1/again", "refunds/1/paid-out"):
            assert staff.send(f"{path}/{act}", page="/staff/orders").status_code == 404


def test_a_checkout_is_given_up_for_its_buyer(staff: Visitor, till: Till) -> None:
    hall = make_online_event()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    path = path_of(begun)

    staff.send(f"{path}/give-up", page=path)

    assert seat_row(hall, hall.seat_ids[0]).status == "available"
    assert "Given up. The places are on sale again" in staff.open(path).text
    assert [act["act"] for act in rows_of("staff_act")] == ["gave_up"]


def test_the_first_page_shows_what_waits_and_what_comes(staff: Visitor) -> None:
    hall, _ = bought_at_counter()
    page = staff.open("/staff/").text
    assert "Every payment has a result" in page
    assert f'href="/staff/orders?event={hall.event_id}"' in page or f"/staff/events/{hall.event_id}" in page


def test_german_staff_read_german(staff: Visitor, till: Till) -> None:
    _, begun = bought_online(till)
    staff.open("/language?to=de&next=/")

    assert "Bestellungen" in staff.open("/staff/orders").text
    assert "Das Geld ist da" in staff.open(path_of(begun)).text


def test_a_purchase_is_moved_to_other_places(staff: Visitor, till: Till) -> None:
    hall, begun = bought_online(till)
    path = path_of(begun)
    (old, *_) = [place for place in hall.seat_ids if seat_row(hall, place).status == "reserved"]
    free = [place for place in hall.seat_ids if seat_row(hall, place).status == "available"]
    name = seat_row(hall, free[-1]).label
    field: dict[str, Any] = {f"to-{old}": f" {name.lower()} "}
    assert staff.send(f"{path}/move", page=path, **field).status_code == 303
    assert seat_row(hall, old).status == "available"
    assert seat_row(hall, free[-1]).status == "reserved"
    page = staff.open(path).text
    assert "1 place is moved. A letter with the new ticket goes out." in page
    assert "Other places" in page
    for wrong, told in (("Z99", "There is no place called “Z99” here."), ("", "Please type to which place.")):
        with nothing_changes():
            field = {f"to-{free[-1]}": wrong}
            answer = staff.send(f"{path}/move", page=path, **field)
        assert answer.status_code == 422
        assert told in answer.text
