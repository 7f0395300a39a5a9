"""Selling at the window."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from seatbook.domain.holders import HolderRef
from seatbook.domain.orders import choose_concessions, create_concession
from tests.factories import (
    Hall,
    change_event,
    database_clock,
    let_hold_end,
    make_event,
    make_slots,
    seat_row,
    statuses,
)
from tests.paying import make_online_event, payments_of
from tests.query_count import statements
from tests.snapshot import nothing_changes, rows_of
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")


def pick(staff: Visitor, hall: Hall, *places: int) -> None:
    for place in places:
        staff.pick(hall.event_id, hall.seat_ids[place])


def basket_fields(staff: Visitor, hall: Hall) -> dict[str, Any]:
    """What the page's form would send."""
    page = staff.open(path_of(hall)).text
    fields: dict[str, Any] = dict(
        re.findall(r'<input type="hidden" name="(reservation_id|total_minor)" value="(\d+)">', page)
    )
    return {**fields, "seat": re.findall(r'name="seat" value="(\d+)"', page)}


def path_of(hall: Hall) -> str:
    return f"/staff/events/{hall.event_id}/sell"


@pytest.mark.parametrize("payment", ["online", "counter"])
@pytest.mark.parametrize("how", ["cash", "card"])
def test_what_was_picked_is_sold_and_paid_at_once(staff: Visitor, payment: str, how: str) -> None:
    hall = make_event(seats=4, payment=payment)
    pick(staff, hall, 0, 1)
    assert "€90.00" in staff.open(path_of(hall)).text

    answer = staff.send(path_of(hall), how=how, **basket_fields(staff, hall))

    assert re.fullmatch(rf"/staff/orders/{hall.event_id}-\w{{6}}", answer.location or "")
    (paid,) = payments_of(hall)
    assert (paid.provider, paid.amount_minor, paid.settlement) == ("counter", 9000, "confirmed")
    assert statuses(hall) == ["reserved", "reserved", "available", "available"]
    page = staff.open(answer.location or "").text
    assert f"Sold. €90.00 taken ({how})." in page
    assert "sold at the window" in page
    otto = next(user["id"] for user in rows_of("user_account") if user["username"] == "otto")
    assert {step["actor_user_id"] for step in rows_of("payment_step")} == {otto}


def test_the_tickets_of_a_sale_are_printed(staff: Visitor) -> None:
    hall = make_online_event()
    pick(staff, hall, 0)
    order = staff.send(path_of(hall), how="cash", **basket_fields(staff, hall)).location or ""

    assert f'href="{order}/tickets.pdf"' in staff.open(order).text
    printed = staff.open(f"{order}/tickets.pdf")
    assert (printed.mimetype, printed.data[:5]) == ("application/pdf", b"%PDF-")


def test_the_window_sells_when_the_online_sale_has_ended_until_the_event_does(
    app: Flask, staff: Visitor
) -> None:
    hall, now = make_online_event(seats=2), database_clock()
    change_event(
        hall,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
        on_sale_from=now - timedelta(days=1),
        on_sale_until=now - timedelta(hours=1),
    )
    visitor = Visitor(app)
    assert "The sale has ended. Please ask at the door." in visitor.open(f"/events/{hall.event_id}").text
    assert visitor.pick(hall.event_id, hall.seat_ids[0]).status_code == 409
    assert "You can sell at the window until" in staff.open(f"/events/{hall.event_id}").text
    assert staff.pick(hall.event_id, hall.seat_ids[0]).status_code == 303
    sold = staff.send(path_of(hall), how="cash", **basket_fields(staff, hall))
    assert sold.status_code == 303
    assert statuses(hall)[0] == "reserved"
    change_event(hall, ends_at=now)
    assert "The sale has ended. Please ask at the door." in staff.open(f"/events/{hall.event_id}").text
    assert staff.pick(hall.event_id, hall.seat_ids[1]).status_code == 409


def test_each_sale_is_a_buyer_of_its_own(staff: Visitor) -> None:
    hall = make_online_event(seats=6, max_seats=2)
    for places in ((0, 1), (2, 3), (4, 5)):
        pick(staff, hall, *places)
        assert staff.send(path_of(hall), how="cash", **basket_fields(staff, hall)).status_code == 303

    holders = {row["holder_id"] for row in rows_of("reservation")}
    assert (statuses(hall), len(holders)) == (["reserved"] * 6, 3)
    assert hall.event_id and "/reservations/" in staff.open("/").text
    assert str(hall.event_id) + "-" not in staff.open("/reservations/").text


def test_a_double_click_sells_once(staff: Visitor) -> None:
    hall = make_online_event()
    pick(staff, hall, 0)
    fields = basket_fields(staff, hall)
    keys = dict(re.findall(r'name="(csrf_token|once)" value="([^"]+)"', staff.open(path_of(hall)).text))

    answers = [staff.client.post(path_of(hall), data={**keys, **fields, "how": "cash"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert len(payments_of(hall)) == 1


def test_a_concession_counts_at_the_window_too(staff: Visitor) -> None:
    hall = make_online_event()
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    pick(staff, hall, 0)
    seen = basket_fields(staff, hall)
    choose_concessions(
        hall.event_id,
        choices={hall.seat_ids[0]: child},
        holder=HolderRef(rows_of("reservation")[0]["holder_id"]),
    )

    with nothing_changes():
        answer = staff.send(path_of(hall), how="cash", **seen)
    assert answer.status_code == 409
    assert "The amount has changed" in answer.text
    assert "Child" in answer.text
    staff.send(path_of(hall), how="cash", **basket_fields(staff, hall))
    assert payments_of(hall)[0].amount_minor == 2250


def test_a_family_is_sold_what_the_seller_chose_for_each_of_them(staff: Visitor) -> None:
    hall = make_online_event()
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    (slot,) = make_slots(
        hall, starts=[database_clock() + timedelta(days=1)], party=(2, 6), price_per="person"
    )
    staff.pick(hall.event_id, slot)
    checkout = f"/events/{hall.event_id}/checkout"
    chosen: dict[str, Any] = {f"party-{slot}": "4", f"people-{slot}-{child}": "2"}
    staff.send(f"{checkout}/prices", page=checkout, **chosen)
    assert "4 people · 2 × Child" in staff.open(path_of(hall)).text

    sold = staff.send(path_of(hall), how="cash", **basket_fields(staff, hall))

    assert payments_of(hall)[0].amount_minor == 13500
    assert "<small>2 × Child</small>" in staff.open(sold.location or "").text


def test_what_is_not_held_any_more_is_not_sold(staff: Visitor) -> None:
    hall = make_online_event()
    pick(staff, hall, 0)
    fields = basket_fields(staff, hall)
    let_hold_end(hall, int(fields["reservation_id"]))

    answer = staff.send(path_of(hall), page="/staff/orders", how="cash", **fields)

    assert answer.status_code == 410
    assert payments_of(hall) == []
    assert "Pick the places first" in staff.open(path_of(hall)).text


def test_the_basket_of_somebody_else_is_not_sold(staff: Visitor, app: Any) -> None:
    hall = make_online_event()
    other = Visitor(app)
    other.pick(hall.event_id, hall.seat_ids[0])
    reservation = rows_of("reservation")[0]["id"]

    with nothing_changes():
        answer = staff.send(
            path_of(hall),
            page="/staff/orders",
            how="cash",
            reservation_id=str(reservation),
            total_minor="4500",
            seat=[str(hall.seat_ids[0])],
        )

    assert answer.status_code == 404
    assert seat_row(hall, hall.seat_ids[0]).status == "held"


def test_what_costs_nothing_is_handed_out(staff: Visitor) -> None:
    hall = make_event(seats=2, price_minor=0)
    pick(staff, hall, 0)

    answer = staff.send(path_of(hall), how="cash", **basket_fields(staff, hall))

    assert "There was nothing to pay." in staff.open(answer.location or "").text
    assert payments_of(hall) == []


def test_the_page_costs_the_same_for_any_basket(staff: Visitor) -> None:
    def cost(places: int) -> int:
        hall = make_online_event(seats=20, max_seats=20)
        pick(staff, hall, *range(places))
        with statements() as sent:
            staff.open(path_of(hall))
        return len(sent)

    assert cost(1) == cost(8) <= 14
