"""What the box office sees of events, and does with their places."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from seatbook.domain import orders
from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats
from seatbook.domain.orders import continue_event_cancellations, record_answer, send_due_refunds, till_of
from seatbook.payments import Answer
from tests.factories import (
    Hall,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    make_holders,
    seat_row,
    statuses,
)
from tests.paying import go_to_checkout, make_online_event, refund_ids_of, refunds_of
from tests.query_count import statements
from tests.snapshot import nothing_changes, rows_of
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")

ROW = re.compile(r"<tr data-row>.*?</tr>", re.S)
TAG = re.compile(r"<[^>]+>")


def rows_in(page: str) -> list[str]:
    """The lines of a table as they are read."""
    return [" ".join(TAG.sub(" ", row).split()) for row in ROW.findall(page)]


def buy(hall: Hall, *places: int, name: str | None = None) -> int:
    """The reservation's id."""
    buyer = make_holder(name)
    held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[p] for p in places], holder=buyer)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=buyer)
    return held.reservation_id


def test_events_are_listed_with_what_is_sold(staff: Visitor) -> None:
    hall = make_event(seats=10, payment="counter")
    buy(hall, 0, 1)
    buy(hall, 2)
    block_seats(hall.event_id, seat_ids=hall.seat_ids[9:], reason="Camera", actor_user_id=None)
    over = make_event(
        seats=1,
        starts_at=datetime.now(UTC) - timedelta(days=2),
        ends_at=datetime.now(UTC) - timedelta(days=1),
    )

    (row,) = rows_in(staff.open("/staff/events").text)

    assert re.search(r"3 33% 0 6 1 2 €135\.00$", row), row
    assert f"/staff/events/{over.event_id}" in staff.open("/staff/events?past=1").text
    assert rows_in(staff.open(f"/staff/events?q={hall.event_id}").text) == [row]
    assert "No event fits" in staff.open("/staff/events?q=nothing+like+it").text


def test_events_are_leafed_through_without_a_gap(staff: Visitor) -> None:
    events = {make_event().event_id for _ in range(60)}
    seen: list[int] = []
    path: str | None = "/staff/events"
    while path:
        with statements() as sent:
            page = staff.open(path).text
        assert len(sent) <= 6, sent
        seen += map(int, re.findall(r'<th scope="row" class="text"><a href="/staff/events/(\d+)"', page))
        more = re.search(r'<a rel="next" href="([^"]+)"', page)
        path = more[1].replace("&amp;", "&") if more else None

    assert (len(seen), set(seen)) == (60, events)


def test_one_event_shows_its_sales_and_its_money(staff: Visitor, app: Flask) -> None:
    hall, till = make_online_event(fee_per_place_minor=100), till_of(app.extensions["seatbook"])
    make_area(hall, kind="standing", places=5)
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till, places=(0, 1))
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 9200, "EUR"))
    orders.cancel_order(
        hall.event_id, reservation_id=begun.reservation_id, holder=None, seat_ids=hall.seat_ids[:1]
    )

    page = staff.open(f"/staff/events/{hall.event_id}").text
    text = " ".join(TAG.sub(" ", page).split())

    assert "Seats Stalls €45.00 1 0 3 0 €46.00 incl. fee €1.00" in text
    assert "Standing Stalls €45.00 0 0 5 0 €0.00" in text
    assert "came by Trial provider €92.00" in text
    assert "on its way back €46.00" in text
    assert "stays €46.00" in text
    assert "to be paid at the window" not in text


def test_money_of_another_currency_is_in_no_sum(staff: Visitor, app: Flask) -> None:
    hall, till = make_online_event(), till_of(app.extensions["seatbook"])
    for name, place, answer in (
        ("ann", 0, Answer("paid", 4500, "EUR")),
        ("ben", 1, Answer("paid", 5200, "CHF")),
    ):
        begun = go_to_checkout(hall, holder=make_holder(name), till=till, places=(place,))
        record_answer(hall.event_id, begun.payment_id or 0, answer=answer)
    page = f"/staff/events/{hall.event_id}"
    text = " ".join(TAG.sub(" ", staff.open(page).text).split())
    assert "came by Trial provider €45.00" in text
    assert "waits for a decision" not in text
    assert "stays €45.00 came in another currency CHF 52.00" in text

    orders.decide_review(
        hall.event_id, payment_id=begun.payment_id or 0, decision="refund_all", actor_user_id=None, note=""
    )
    # The provider's books are in the event's currency: the money is given back by hand.
    (refund_id,) = refund_ids_of(hall)
    orders.note_paid_out(hall.event_id, refund_id=refund_id, actor_user_id=None)
    text = " ".join(TAG.sub(" ", staff.open(page).text).split())
    assert "went back €0.00 stays €45.00 came in another currency CHF 52.00 of it went back CHF 52.00" in text


def test_what_is_still_to_be_paid_at_the_window_is_told(staff: Visitor) -> None:
    hall = make_event(seats=4, payment="counter")
    paid = buy(hall, 0)
    buy(hall, 1, 2)
    orders.take_at_counter(hall.event_id, reservation_id=paid, actor_user_id=None)

    text = " ".join(TAG.sub(" ", staff.open(f"/staff/events/{hall.event_id}").text).split())

    assert "came by Box office €45.00" in text
    assert "bought, to be paid at the window €90.00" in text


def test_pages_of_an_event_cost_the_same_at_any_size(staff: Visitor) -> None:
    def cost(seats: int) -> list[int]:
        hall = make_event(seats=seats, payment="counter")
        for holder, seat_id in zip(make_holders(seats), hall.seat_ids, strict=True):
            hold_seats(hall.event_id, seat_ids=[seat_id], holder=holder)
        counts = []
        for path in ("", "/seats", "/cancel"):
            with statements() as sent:
                assert staff.open(f"/staff/events/{hall.event_id}{path}").status_code == 200
            counts.append(len(sent))
        return counts

    small, large = cost(2), cost(120)
    assert small == large
    assert max(small) <= 12, small


def test_every_place_shows_its_state_who_has_it_and_until_when(staff: Visitor) -> None:
    hall = make_event(seats=5)
    buy(hall, 0, name="ann")
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=make_holder("ben"))
    lapsed = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[2]], holder=make_holder("cleo"))
    let_hold_end(hall, lapsed.reservation_id)
    block_seats(hall.event_id, seat_ids=[hall.seat_ids[3]], reason="Camera", actor_user_id=None)

    path = f"/staff/events/{hall.event_id}/seats"
    bought, held, ended, blocked, free = rows_in(staff.open(path).text)

    assert re.search(rf"bought {hall.event_id}-\w{{6}} ann$", bought), bought
    assert re.search(r"held ben \d+:\d\d\s[AP]M$", held), held
    assert ended.endswith("free")
    assert blocked.endswith("blocked Camera")
    assert free.endswith("free")
    assert len(rows_in(staff.open(f"{path}?status=available").text)) == 2
    assert len(rows_in(staff.open(f"{path}?status=held").text)) == 1
    assert len(rows_in(staff.open(f"{path}?q=a4").text)) == 1
    assert "No place fits" in staff.open(f"{path}?q=%25").text


def test_places_are_blocked_with_a_reason_and_put_on_sale_again(staff: Visitor) -> None:
    hall = make_event(seats=3)
    path = f"/staff/events/{hall.event_id}"
    ticked = [str(seat_id) for seat_id in hall.seat_ids[:2]]

    answer = staff.send(
        f"{path}/block", page=f"{path}/seats", seat=ticked, reason="Camera", block="1", status="available"
    )

    assert answer.location == f"{path}/seats?status=available"
    assert "2 places are off sale." in staff.open(f"{path}/seats").text
    assert statuses(hall) == ["blocked", "blocked", "available"]
    otto = next(user["id"] for user in rows_of("user_account") if user["username"] == "otto")
    assert {change["actor_user_id"] for change in rows_of("seat_change")} == {otto}
    staff.send(f"{path}/block", page=f"{path}/seats", seat=ticked[0], unblock="1")
    assert statuses(hall) == ["available", "blocked", "available"]


def test_what_cannot_be_blocked_stays_and_the_ticks_too(staff: Visitor) -> None:
    hall = make_event(seats=3)
    path = f"/staff/events/{hall.event_id}"
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=make_holder())
    both = [str(seat_id) for seat_id in hall.seat_ids[:2]]

    with nothing_changes():
        taken = staff.send(f"{path}/block", page=f"{path}/seats", seat=both, reason="Camera", block="1")
        silent = staff.send(f"{path}/block", page=f"{path}/seats", seat=both[0], block="1")
        nothing = staff.send(f"{path}/block", page=f"{path}/seats", reason="Camera", block="1")

    assert (taken.status_code, silent.status_code, nothing.status_code) == (409, 422, 409)
    assert "A2 was just taken" in taken.text
    assert f'value="{both[0]}" checked' in taken.text
    assert "Please say why" in silent.text
    assert "Please tick some places first." in nothing.text


def test_an_event_is_called_off_when_its_number_was_typed(staff: Visitor, app: Flask) -> None:
    hall, till = make_online_event(), till_of(app.extensions["seatbook"])
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    till.online.decide(str(rows_of("payment")[0]["provider_ref"]), becomes="paid")  # type: ignore[attr-defined]
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
    path = f"/staff/events/{hall.event_id}/cancel"
    page = staff.open(path).text
    assert "1 order is cancelled." in page
    assert "€45.00 goes back." in page

    with nothing_changes():
        answer = staff.send(path, number=str(hall.event_id + 1))
    assert answer.status_code == 409
    assert f"Please type the number of the event, {hall.event_id}," in answer.text

    assert staff.send(path, number=f" {hall.event_id} ").location == path
    page = staff.open(path).text
    assert "0 of 1 orders are cancelled" in page
    assert 'hx-trigger="every 2s"' in page
    assert seat_row(hall, hall.seat_ids[0]).status == "reserved"
    continue_event_cancellations()
    send_due_refunds(till=till)
    part = staff.open(path, headers={"HX-Request": "true"}).text
    assert "<main" not in part
    assert "1 of 1 orders are cancelled" in part
    assert "1 of 1 refunds went out, €45.00 in all." in part
    assert "hx-trigger" not in part
    assert refunds_of(hall) == [(4500, "event_cancelled", "done")]
    assert "called the event off" in staff.open(f"/staff/events/{hall.event_id}").text


def test_an_event_that_is_not_there_is_not_found(staff: Visitor) -> None:
    for path in ("", "/seats", "/cancel"):
        assert staff.open(f"/staff/events/999999{path}").status_code == 404
