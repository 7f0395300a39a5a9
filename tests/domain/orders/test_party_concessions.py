"""Who of a party pays less: counted in people, at a price for each of them, and carried along wherever a line goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from seatbook.config import Config
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    adopt_holds,
    confirm_reservation,
    exchange_seats,
    hold_seats,
    move_purchase,
)
from seatbook.domain.orders import (
    accept_offer,
    apply_code,
    begin_checkout,
    choose_concessions,
    choose_for_whom,
    choose_parties,
    create_code,
    create_concession,
    record_answer,
    sell_at_window,
    stop_concession,
)
from seatbook.domain.orders.reduce import Repriced
from seatbook.domain.tickets import check_ticket, tickets_of
from seatbook.errors import HoldExpired, InvalidInput, NotFound, PartyDoesNotFit
from seatbook.extensions import db
from seatbook.models import Area
from seatbook.payments import Answer
from tests.factories import Hall, database_clock, let_hold_end, make_event, make_holder, make_slots
from tests.invariants import assert_books_are_right
from tests.paying import let_deadline_pass, make_online_event, make_till, payment_row
from tests.race import race
from tests.snapshot import nothing_changes, refused, rows_of

pytestmark = pytest.mark.usefixtures("app_context")


@dataclass(frozen=True)
class Tour:
    """A tour for 2 to 6 at 9.99 each, on two days; children pay half, students a third less."""

    hall: Hall
    slots: tuple[int, ...]
    child: int
    student: int

    def choose(self, holder: HolderRef, size: int | None = None, **people: int) -> Repriced:
        """So many come on the first day, so many of them are `child` and `student`."""
        said = {getattr(self, kind): count for kind, count in people.items()}
        return choose_parties(
            self.hall.event_id,
            choices={} if size is None else {self.slots[0]: size},
            people={self.slots[0]: said} if people else None,
            holder=holder,
        )

    def hold(self, holder: HolderRef) -> int:
        return hold_seats(self.hall.event_id, seat_ids=self.slots[:1], holder=holder).reservation_id


def make_tour(hall: Hall | None = None) -> Tour:
    hall = hall or make_event(seats=2, price_minor=999)
    starts = [database_clock() + timedelta(days=days) for days in (1, 2)]
    return Tour(
        hall,
        make_slots(hall, starts=starts, name="Tour", party=(2, 6), price_per="person"),
        create_concession(hall.event_id, name="Child", percent_off=50),
        create_concession(hall.event_id, name="Student", percent_off=33),
    )


def said(hall: Hall, seat_id: int) -> list[tuple[int | None, int, dict[int, int], str | None]]:
    """(party, price, people by concession, outcome) of every line that the place ever had."""
    fewer = rows_of("party_concession", order_by="concession_id", event_id=hall.event_id)
    return [
        (
            line["party_size"],
            line["price_minor"],
            {
                row["concession_id"]: row["people"]
                for row in fewer
                if row["reservation_seat_id"] == line["id"]
            },
            line["outcome"],
        )
        for line in rows_of("reservation_seat", event_id=hall.event_id)
        if line["seat_id"] == seat_id
    ]


def test_each_of_a_party_pays_their_own_price_and_it_is_one_act() -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    repriced = tour.choose(ann, 4, child=2, student=1)
    # 9.99, twice 5.00 (a half is rounded upwards, for each of them), 6.69.
    assert (repriced.full_minor, repriced.total_minor) == (3996, 999 + 1000 + 669)
    assert said(tour.hall, tour.slots[0]) == [
        (2, 1998, {}, "moved"),
        (4, 2668, {tour.child: 2, tour.student: 1}, None),
    ]
    assert_books_are_right()


def test_saying_the_same_again_writes_nothing_and_saying_other_people_keeps_the_line() -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    tour.choose(ann, 4, child=2)
    with nothing_changes():
        assert tour.choose(ann, 4, child=2, student=0).total_minor == 2998
    assert tour.choose(ann, student=3).total_minor == 999 + 3 * 669
    assert tour.choose(ann, student=0).total_minor == 3996
    assert said(tour.hall, tour.slots[0]) == [(2, 1998, {}, "moved"), (4, 3996, {}, None)]


def test_another_party_keeps_who_pays_less() -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    tour.choose(ann, 3, child=2)
    assert tour.choose(ann, 5).total_minor == 3 * 999 + 1000
    assert tour.choose(ann, 2).total_minor == 1000
    assert [line[2] for line in said(tour.hall, tour.slots[0])] == [{}, *[{tour.child: 2}] * 3]


def test_a_party_of_fewer_than_pay_less_is_refused_and_nothing_is_half_done() -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    tour.choose(ann, 4, child=2, student=1)
    with refused(InvalidInput) as refusal:
        tour.choose(ann, 2)
    assert str(refusal.value) == (
        "More people pay less (3) than come (2). Please say again how many come, and how many of them pay less."
    )
    assert (refusal.value.data["field"], refusal.value.data["seat_id"]) == ("people", tour.slots[0])
    for size, people in ((4, 5), (3, 10**30)):
        with refused(InvalidInput):
            tour.choose(ann, size, child=people)
    with refused(InvalidInput):
        tour.choose(ann, child=-1, student=2)
    with refused(PartyDoesNotFit):
        tour.choose(ann, 7, child=1)
    # One place of two is refused: the other stays as it is as well.
    hold_seats(tour.hall.event_id, seat_ids=[*tour.hall.seat_ids, tour.slots[1]], holder=ann)
    with refused(InvalidInput):
        choose_for_whom(
            tour.hall.event_id,
            concessions={tour.hall.seat_ids[0]: tour.child},
            parties={tour.slots[0]: 5, tour.slots[1]: 2},
            people={tour.slots[1]: {tour.child: 3}},
            holder=ann,
        )
    # Both said together is no question of which comes first.
    assert tour.choose(ann, 2, child=2).prices[tour.slots[0]] == 1000


def test_nobody_pays_less_by_what_is_not_offered_or_makes_no_difference() -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    (chair, _), hall = tour.hall.seat_ids, tour.hall
    (whole,) = make_slots(hall, starts=[database_clock() + timedelta(days=3)], name="Room", party=(2, 6))
    hold_seats(hall.event_id, seat_ids=[chair, whole], holder=ann)
    elsewhere = create_concession(make_event().event_id, name="Child", percent_off=50)
    for seat_id, concession_id, error in (
        (chair, tour.child, InvalidInput),
        (whole, tour.child, InvalidInput),
        (tour.slots[0], elsewhere, NotFound),
        (tour.slots[0], 10**30, NotFound),
        (tour.slots[1], tour.child, NotFound),
    ):
        with refused(error):
            choose_parties(hall.event_id, choices={}, people={seat_id: {concession_id: 1}}, holder=ann)


def test_a_concession_that_was_stopped_stays_with_those_who_have_it() -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    tour.choose(ann, 4, child=2)
    stop_concession(tour.hall.event_id, concession_id=tour.child)
    tour.choose(ann, 6, child=2)
    with refused(InvalidInput):
        tour.choose(ann, 6, child=3)
    tour.choose(ann, child=1, student=1)
    with refused(InvalidInput):
        tour.choose(ann, child=2)


def test_a_hold_that_ended_has_no_people_any_more() -> None:
    tour, ann = make_tour(), make_holder("ann")
    let_hold_end(tour.hall, tour.hold(ann))
    with refused(HoldExpired):
        tour.choose(ann, child=1)


def test_codes_and_fees_are_as_for_any_party() -> None:
    hall = make_event(seats=2, price_minor=1000, fee_per_place_minor=100, fee_per_order_minor=50)
    tour, ann = make_tour(hall), make_holder("ann")
    create_code(hall.event_id, code="TEN", percent_off=10)
    tour.hold(ann)
    apply_code(hall.event_id, code="TEN", holder=ann)
    repriced = tour.choose(ann, 3, child=2)
    # Once 10.00, twice 5.00, a tenth less; a fee for each of the three, and one for the order.
    assert (repriced.total_minor, repriced.fees_minor) == (1800 + 350, 350)
    assert_books_are_right()


def test_who_comes_and_pays_for_all_at_once_or_nothing_at_all() -> None:
    tour, ann = make_tour(), make_holder("ann")
    create_concession(tour.hall.event_id, name="Under 6", percent_off=100)
    tour.hold(ann)
    free = max(row["id"] for row in rows_of("concession"))
    choices = {tour.slots[0]: {free: 2}}
    assert choose_parties(tour.hall.event_id, choices={}, people=choices, holder=ann).total_minor == 0


def test_a_room_that_is_sold_as_a_whole_from_now_on_leaves_what_was_agreed() -> None:
    tour, ann = make_tour(), make_holder("ann")
    reservation = tour.hold(ann)
    tour.choose(ann, 4, child=2)
    db.session.execute(update(Area).where(Area.price_per == "person").values(price_per="slot"))
    db.session.commit()
    bought = confirm_reservation(tour.hall.event_id, reservation_id=reservation, holder=ann)
    assert bought.total_minor == 2998
    assert_books_are_right()


def test_another_party_of_a_room_that_is_sold_as_a_whole_by_now_pays_what_it_costs() -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    tour.choose(ann, 4, child=2)
    db.session.execute(update(Area).where(Area.price_per == "person").values(price_per="slot"))
    db.session.commit()
    assert tour.choose(ann, 3).total_minor == 3996
    assert said(tour.hall, tour.slots[0])[-1] == (3, 3996, {}, None)
    assert_books_are_right()


@pytest.mark.parametrize("has_basket", [False, True])
def test_signing_in_keeps_who_pays_less(has_basket: bool) -> None:
    tour, browser, ann = make_tour(), make_holder(), make_holder("ann")
    tour.hold(browser)
    tour.choose(browser, 4, child=2)
    if has_basket:
        hold_seats(tour.hall.event_id, seat_ids=tour.hall.seat_ids, holder=ann)
    adopt_holds(from_holder_id=browser.holder_id, to=ann)
    assert said(tour.hall, tour.slots[0])[-1] == (4, 2998, {tour.child: 2}, None)
    assert tour.choose(ann, 3).prices[tour.slots[0]] == 1999
    assert_books_are_right()


def test_other_places_taken_beside_it_leave_it_as_it_is() -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    tour.choose(ann, 4, child=2)
    first, second = tour.hall.seat_ids
    hold_seats(tour.hall.event_id, seat_ids=[first], holder=ann)
    exchange_seats(tour.hall.event_id, take=[second], give_back=[first], holder=ann)
    assert said(tour.hall, tour.slots[0])[-1] == (4, 2998, {tour.child: 2}, None)


def test_what_is_bought_has_its_people_keeps_them_and_a_ticket_names_them(app: Flask) -> None:
    config: Config = app.extensions["seatbook"]
    tour, ann = make_tour(), make_holder("ann")
    reservation = tour.hold(ann)
    tour.choose(ann, 4, child=2, student=1)
    confirm_reservation(tour.hall.event_id, reservation_id=reservation, holder=ann)
    with nothing_changes(), pytest.raises((NotFound, HoldExpired)):
        tour.choose(ann, child=3)
    (ticket,) = tickets_of(tour.hall.event_id, reservation_id=reservation, config=config)
    checked = check_ticket(ticket.code, config=config)
    assert checked.party_size == 4
    assert [(one.name, one.people) for one in checked.party_concessions] == [("Child", 2), ("Student", 1)]


def test_another_day_for_what_was_bought_is_for_the_same_people() -> None:
    tour, ann = make_tour(), make_holder("ann")
    reservation = tour.hold(ann)
    tour.choose(ann, 4, child=2)
    confirm_reservation(tour.hall.event_id, reservation_id=reservation, holder=ann)
    move_purchase(
        tour.hall.event_id,
        reservation_id=reservation,
        moves={tour.slots[0]: tour.slots[1]},
        actor_user_id=None,
    )
    assert said(tour.hall, tour.slots[0])[-1] == (4, 2998, {tour.child: 2}, "moved")
    assert said(tour.hall, tour.slots[1]) == [(4, 2998, {tour.child: 2}, None)]
    assert_books_are_right()


def test_a_walk_in_gets_what_the_seller_chose() -> None:
    tour, seller = make_tour(), make_holder("seller")
    reservation = tour.hold(seller)
    total = tour.choose(seller, 4, child=2).total_minor
    sold = sell_at_window(
        tour.hall.event_id, reservation_id=reservation, seller=seller, how="cash", seen_minor=total
    )
    assert sold.total_minor == 2998
    assert said(tour.hall, tour.slots[0])[-1] == (4, 2998, {tour.child: 2}, None)
    assert_books_are_right()


@pytest.mark.parametrize("somebody_had_it", [False, True])
def test_money_that_comes_too_late_buys_it_for_the_same_people(somebody_had_it: bool) -> None:
    """At once while it is free; where somebody had it meanwhile, by the same offer as for any place."""
    tour = make_tour(make_online_event(seats=2, price_minor=999, late_offer_seconds=600))
    ann, ben, till, event_id = make_holder("ann"), make_holder("ben"), make_till(), tour.hall.event_id
    reservation = tour.hold(ann)
    if somebody_had_it:
        hold_seats(event_id, seat_ids=tour.hall.seat_ids[:1], holder=ann)
    tour.choose(ann, 4, child=2)
    order = begin_checkout(event_id, reservation_id=reservation, holder=ann, till=till)
    let_deadline_pass(order, grace_too=True)
    assert order.payment_id
    if somebody_had_it:
        hold_seats(event_id, seat_ids=tour.hall.seat_ids[:1], holder=ben)
    record_answer(event_id, order.payment_id, answer=Answer("paid", order.total_minor, "EUR"))
    if somebody_had_it:
        assert payment_row(order).settlement == "offered"
        accept_offer(event_id, payment_id=order.payment_id, holder=ann)
    assert said(tour.hall, tour.slots[0])[-1] == (4, 2998, {tour.child: 2}, None)
    assert_books_are_right()


def test_a_concession_for_the_place_is_told_by_people_and_the_line_says_nothing_else() -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    tour.choose(ann, 3)
    choose_concessions(tour.hall.event_id, choices={tour.slots[0]: tour.child}, holder=ann)
    assert said(tour.hall, tour.slots[0])[-1] == (3, 1500, {tour.child: 3}, None)
    assert {line["concession_id"] for line in rows_of("reservation_seat")} == {None}


def test_two_windows_that_say_it_at_once_are_one_after_the_other(app: Flask) -> None:
    tour, ann = make_tour(), make_holder("ann")
    tour.hold(ann)
    tour.choose(ann, 4)
    answers = race(
        app,
        *[lambda kind=kind: tour.choose(ann, 4, **{kind: 3}) for kind in ("child", "student") * 3],
    )
    assert all(isinstance(answer, Repriced) for answer in answers), answers
    party, price, fewer, _ = said(tour.hall, tour.slots[0])[-1]
    assert (party, price, fewer) in [
        (4, 999 + 1500, {tour.child: 3}),
        (4, 999 + 3 * 669, {tour.student: 3}),
    ]
    assert_books_are_right()


def test_who_comes_is_not_said_of_a_basket_that_is_being_paid_meanwhile(app: Flask) -> None:
    """Whichever is first: what is paid is what the line says, and never a price without its people."""
    tour = make_tour(make_online_event(seats=1, price_minor=999))
    ann, till = make_holder("ann"), make_till()
    reservation = tour.hold(ann)
    tour.choose(ann, 4)
    chosen, begun = race(
        app,
        lambda: tour.choose(ann, child=2),
        lambda: begin_checkout(tour.hall.event_id, reservation_id=reservation, holder=ann, till=till),
    )
    assert not isinstance(begun, Exception), begun
    _, price, fewer, _ = said(tour.hall, tour.slots[0])[-1]
    was_first = isinstance(chosen, Repriced)
    assert (price, fewer) == ((2998, {tour.child: 2}) if was_first else (3996, {}))
    assert was_first or isinstance(chosen, NotFound | HoldExpired)
