"""Tickets: nobody else can make one, and what is void is void."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.config import Config
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.orders import cancel_event_orders, cancel_order, take_at_counter
from seatbook.domain.ticket_code import read_code, write_code
from seatbook.domain.ticket_keys import key_id, known_keys, revoke_key, signing_key
from seatbook.domain.tickets import CheckedTicket, Ticket, check_ticket, reissue_ticket, tickets_of
from seatbook.errors import NotFound, WrongState
from seatbook.extensions import db
from tests.factories import Hall, database_clock, make_event, make_holder, make_slots
from tests.race import race, won
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")

ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@pytest.fixture
def config(app: Flask) -> Config:
    config: Config = app.extensions["seatbook"]
    return config


def buy(hall: Hall, holder: HolderRef, *places: int) -> int:
    seat_ids = [hall.seat_ids[place] for place in places]
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id
    confirm_reservation(hall.event_id, reservation_id=held, holder=holder)
    return held


def bought(config: Config, *, places: int = 1, **fields: Any) -> tuple[Hall, HolderRef, int, list[Ticket]]:
    hall, ann = make_event(seats=3, **fields), make_holder("ann")
    reservation = buy(hall, ann, *range(places))
    return hall, ann, reservation, list(tickets_of(hall.event_id, reservation_id=reservation, config=config))


def verdict(code: str, config: Config) -> tuple[str, str]:
    checked = check_ticket(code, config=config)
    return checked.verdict, checked.reason


def test_every_bought_place_has_a_ticket_of_its_own_that_is_valid(config: Config) -> None:
    hall, _, reservation, tickets = bought(config, places=2)
    assert [ticket.seat_id for ticket in tickets] == list(hall.seat_ids[:2])
    assert len({ticket.code for ticket in tickets}) == 2
    checked = check_ticket(tickets[1].code, config=config)
    assert (checked.verdict, checked.reason, checked.label, checked.section) == (
        "valid",
        "",
        "A2",
        "Stalls",
    )
    assert (checked.event_id, checked.seat_id, checked.to_pay_minor) == (hall.event_id, hall.seat_ids[1], 0)
    # Whenever they are asked for, they are the same: what was printed yesterday is good.
    assert list(tickets_of(hall.event_id, reservation_id=reservation, config=config)) == tickets


def test_a_code_fits_into_a_small_qr_code(config: Config) -> None:
    *_, (ticket,) = bought(config)
    assert set(ticket.code) <= ALPHANUMERIC
    assert len(ticket.code) < 170


def test_a_basket_has_no_tickets(config: Config) -> None:
    hall, ann = make_event(seats=1), make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    assert tickets_of(hall.event_id, reservation_id=held, config=config) == ()


def test_a_code_of_which_any_one_character_was_changed_is_unknown(config: Config) -> None:
    *_, (ticket,) = bought(config)
    for place, was in enumerate(ticket.code):
        for other in {"A", "Q", "2", "7", ":"} - {was}:
            changed = ticket.code[:place] + other + ticket.code[place + 1 :]
            assert verdict(changed, config)[0] == "unknown", changed
    # The last character alone has bits that no signature needs; each of its spellings but one is refused.
    good = [
        last
        for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        if verdict(ticket.code[:-1] + last, config)[0] == "valid"
    ]
    assert good == [ticket.code[-1]]


@pytest.mark.parametrize(
    "code", ["", "SB1", "7-K2M9QX", "https://example.org", "SB1:" + "A" * 500, "SB1:ÄÖÜ"]
)
def test_what_is_no_code_of_ours_is_unreadable(code: str, config: Config) -> None:
    assert check_ticket(code, config=config) == CheckedTicket("unknown", "unreadable")


def test_a_ticket_of_another_key_is_unknown_and_our_name_on_it_does_not_help(config: Config) -> None:
    hall, _, _, (ticket,) = bought(config)
    read = read_code(ticket.code)
    assert read
    other = signing_key(replace(config, ticket_key="somebody else's key, of 32 characters"))
    fields = {"event_id": hall.event_id, "code": read.code, "place": read.place, "ticket": read.ticket}
    assert verdict(write_code(other, **fields, version=1), config) == ("unknown", "unknown_key")  # type: ignore[arg-type]
    posing = replace(other, id=signing_key(config).id)
    assert verdict(write_code(posing, **fields, version=1), config) == ("unknown", "bad_signature")  # type: ignore[arg-type]


def test_a_code_that_we_signed_for_something_that_is_not_there_is_unknown(config: Config) -> None:
    hall, _, _, (ticket,) = bought(config)
    read = read_code(ticket.code)
    assert read
    key = signing_key(config)
    right = {
        "event_id": hall.event_id,
        "code": read.code,
        "place": read.place,
        "ticket": read.ticket,
        "version": 1,
    }
    assert verdict(write_code(key, **right), config)[0] == "valid"  # type: ignore[arg-type]
    wrong = {
        "event_id": hall.event_id + 1,
        "code": "AAAAAA",
        "place": hall.seat_ids[1],
        "ticket": read.ticket + 1,
    }
    for field, value in wrong.items():
        code = write_code(key, **right | {field: value})  # type: ignore[arg-type]
        assert verdict(code, config) == ("unknown", "no_such_ticket"), field
    assert verdict(write_code(key, **right | {"version": 2}), config) == ("void", "reissued")  # type: ignore[arg-type]


# New codes


def test_a_new_code_makes_the_old_one_void_and_the_same_wish_again_changes_nothing(config: Config) -> None:
    hall, ann, reservation, (old, other) = bought(config, places=2)
    ask = partial(
        reissue_ticket,
        hall.event_id,
        reservation_id=reservation,
        ticket=old.ticket,
        seen_version=1,
        holder=ann,
    )
    assert [ask(), ask(), ask()] == [2, 2, 2]
    new, same = tickets_of(hall.event_id, reservation_id=reservation, config=config)
    assert (new.version, same) == (2, other)
    assert verdict(old.code, config) == ("void", "reissued")
    assert verdict(new.code, config) == verdict(other.code, config) == ("valid", "")


def test_a_button_that_is_pressed_in_many_windows_at_once_makes_one_new_code(
    app: Flask, config: Config
) -> None:
    hall, ann, reservation, (old,) = bought(config)

    def ask() -> int:
        return reissue_ticket(
            hall.event_id, reservation_id=reservation, ticket=old.ticket, seen_version=1, holder=ann
        )

    assert won(race(app, *[ask] * 8)) == [2] * 8


def test_nobody_gives_new_codes_to_tickets_of_others(config: Config) -> None:
    hall, ann, reservation, (ticket,) = bought(config)
    ben = make_holder("ben")
    of_ben = buy(hall, ben, 1)
    ask = partial(reissue_ticket, hall.event_id, seen_version=1)
    with refused(NotFound):
        ask(reservation_id=reservation, ticket=ticket.ticket, holder=ben)
    with refused(NotFound):
        ask(reservation_id=of_ben, ticket=ticket.ticket, holder=ben)
    cancel_order(hall.event_id, reservation_id=reservation, holder=ann)
    with refused(WrongState):
        ask(reservation_id=reservation, ticket=ticket.ticket, holder=ann)


# What is void


def test_the_ticket_of_a_cancelled_place_is_void_and_those_of_the_others_are_not(config: Config) -> None:
    hall, ann, reservation, (gone, kept) = bought(config, places=2)
    cancel_order(hall.event_id, reservation_id=reservation, holder=ann, seat_ids=[gone.seat_id])
    assert verdict(gone.code, config) == ("void", "cancelled")
    assert verdict(kept.code, config) == ("valid", "")
    # The next buyer of the place has another ticket, and the old one stays void.
    next_one = buy(hall, make_holder("ben"), 0)
    (theirs,) = tickets_of(hall.event_id, reservation_id=next_one, config=config)
    assert verdict(theirs.code, config) == ("valid", "")
    assert verdict(gone.code, config) == ("void", "cancelled")


def test_no_ticket_of_a_cancelled_event_is_good_even_before_everybody_is_cancelled(config: Config) -> None:
    hall, _, _, (ticket,) = bought(config)
    db.session.execute(text("UPDATE event SET status = 'cancelled'"))
    db.session.commit()
    assert verdict(ticket.code, config) == ("void", "event_cancelled")
    cancel_event_orders(hall.event_id)
    assert verdict(ticket.code, config) == ("void", "event_cancelled")


def test_a_ticket_says_what_the_box_office_still_gets(config: Config) -> None:
    hall, _, reservation, (ticket, _) = bought(config, places=2, payment="counter")
    checked = check_ticket(ticket.code, config=config)
    assert (checked.verdict, checked.to_pay_minor, checked.currency) == ("valid", 9000, "EUR")
    take_at_counter(hall.event_id, reservation_id=reservation, actor_user_id=None)
    assert check_ticket(ticket.code, config=config).to_pay_minor == 0


def test_a_slots_ticket_is_for_the_time_of_the_slot(config: Config) -> None:
    hall, ann = make_event(), make_holder("ann")
    starts_at = database_clock() + timedelta(days=1)
    (slot,) = make_slots(hall, starts=[starts_at])
    held = hold_seats(hall.event_id, seat_ids=[slot], holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    (ticket,) = tickets_of(hall.event_id, reservation_id=held, config=config)
    assert check_ticket(ticket.code, config=config).from_when == starts_at


# Keys


def test_tickets_of_an_old_key_stay_good_when_the_setting_changes_until_it_is_revoked(config: Config) -> None:
    hall, _, reservation, (old,) = bought(config)
    changed = replace(config, ticket_key="a new key of at least 32 characters")
    assert verdict(old.code, changed) == ("valid", "")
    (new,) = tickets_of(hall.event_id, reservation_id=reservation, config=changed)
    assert new.code != old.code
    assert verdict(new.code, changed) == verdict(old.code, changed) == ("valid", "")

    first, second = known_keys(changed)
    assert (first.id, second.id) == (signing_key(changed).id, signing_key(config).id)
    assert key_id(bytes(second.public)) == second.id
    for _ in range(2):
        revoke_key(second.id)
    assert verdict(old.code, changed) == ("unknown", "revoked_key")
    assert verdict(new.code, changed) == ("valid", "")
    with refused(NotFound):
        revoke_key("AAAAAAAA")


def test_without_a_key_of_its_own_tickets_are_signed_by_one_made_of_the_secret_key(config: Config) -> None:
    assert config.ticket_key is None
    same = replace(config, ticket_key=config.secret_key)
    assert signing_key(config).public == signing_key(same).public
    assert signing_key(replace(config, secret_key="x" * 32)).public != signing_key(config).public
