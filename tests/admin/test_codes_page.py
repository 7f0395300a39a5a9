"""Codes and concessions of an event."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seatbook.domain.inventory import hold_seats
from seatbook.domain.orders import apply_code, create_code, create_concession
from seatbook.errors import CodeRefused
from tests.factories import Hall, make_event, make_holder
from tests.query_count import statements
from tests.snapshot import nothing_changes, refused, rows_of
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def hall() -> Hall:
    return make_event(seats=4)


def path_of(hall: Hall) -> str:
    return f"/staff/events/{hall.event_id}/codes"


def test_a_code_is_made_used_stopped_and_started_again(staff: Visitor, hall: Hall) -> None:
    path = path_of(hall)

    staff.send(path, code="lantern10", off="10 %", max_uses="5", max_uses_per_holder="1")

    holder = make_holder("ann")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=holder)
    assert apply_code(hall.event_id, code="LANTERN10", holder=holder).total_minor == 4050
    page = staff.open(path).text
    assert "The code is made" in page
    assert "1 of 5" in page
    staff.send(f"{path}/stop", page=path, code="LANTERN10")
    assert "stopped" in staff.open(path).text
    another = make_holder("ben")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=another)
    with refused(CodeRefused):
        apply_code(hall.event_id, code="LANTERN10", holder=another)
    staff.send(f"{path}/start", page=path, code="LANTERN10")
    assert apply_code(hall.event_id, code="LANTERN10", holder=another).total_minor == 4050
    page = staff.open(path).text
    assert "The code is good again." in page
    assert "stopped" not in page
    assert [(act["act"], act["subject"]) for act in rows_of("staff_act")] == [
        ("created_code", "LANTERN10"),
        ("stopped_code", "LANTERN10"),
        ("started_code", "LANTERN10"),
    ]


@pytest.mark.parametrize(("language", "typed"), [("en", "5.50"), ("de", "5,50"), ("de", "5.50")])
def test_an_amount_is_read_as_its_reader_writes_it(
    staff: Visitor, hall: Hall, language: str, typed: str
) -> None:
    staff.open(f"/language?to={language}&next=/")
    staff.send(path_of(hall), code="FIVE", off=typed)

    assert [code["amount_off_minor"] for code in rows_of("discount_code")] == [550]


def test_the_page_speaks_german_with_dates_and_amounts(staff: Visitor, hall: Hall) -> None:
    start = datetime(2098, 12, 24, 9, tzinfo=UTC)
    create_code(
        hall.event_id, code="XMAS", percent_off=5, valid_from=start, valid_until=start + timedelta(days=8)
    )
    staff.open("/language?to=de&next=/")

    text = staff.open(path_of(hall)).text

    assert re.search(r"ab Mittwoch, 24\. Dezember 2098, \d\d:00 Uhr bis Donnerstag, 1\. Januar 2099", text)
    assert "Uhr Uhr" not in text
    assert "oder 5,00" in text


def test_a_concession_is_made(staff: Visitor, hall: Hall) -> None:
    path = path_of(hall)
    staff.send(f"/staff/events/{hall.event_id}/concessions", page=path, name=" A  child ", percent="50")

    assert "A child · 50%" in staff.open(path).text


def test_a_concession_is_stopped_and_started_again(staff: Visitor, hall: Hall) -> None:
    path = path_of(hall)
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    stop = f"/staff/events/{hall.event_id}/concessions/stop"
    assert staff.send(stop, page=path, concession_id=str(child)).status_code == 303
    page = staff.open(path).text
    assert "Child · 50% · stopped" in page
    assert "The concession is stopped." in page
    start = f"/staff/events/{hall.event_id}/concessions/start"
    assert staff.send(start, page=path, concession_id=str(child)).status_code == 303
    page = staff.open(path).text
    assert "Child · 50% · stopped" not in page
    assert "The concession is offered again." in page
    assert [(act["act"], act["subject"]) for act in rows_of("staff_act")] == [
        ("stopped_concession", "Child"),
        ("started_concession", "Child"),
    ]
    record = staff.open(f"/staff/events/{hall.event_id}").text
    assert "stopped the concession Child" in record
    assert "started the concession Child again" in record
    for act in (stop, start):
        assert staff.send(act, page=path, concession_id="999999").status_code == 404


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"code": "A", "off": "0%"}, "percentage from 1 to 100"),
        ({"code": "A", "off": "many%"}, "Please type a whole number"),
        ({"code": "A", "off": "10%", "max_uses": "few"}, "Please type a whole number"),
        ({"code": " ", "off": "10%"}, "Please type a code."),
        ({"code": "TAKEN", "off": "10%"}, "This event has that already."),
    ],
)
def test_what_is_no_code_is_told_and_what_was_typed_stays(
    staff: Visitor, hall: Hall, fields: dict[str, Any], says: str
) -> None:
    create_code(hall.event_id, code="TAKEN", percent_off=1)

    with nothing_changes():
        answer = staff.send(path_of(hall), **fields)

    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{fields["off"]}"' in answer.text


def test_the_page_costs_the_same_for_any_number_of_codes(staff: Visitor, hall: Hall) -> None:
    def cost() -> int:
        with statements() as sent:
            staff.open(path_of(hall))
        return len(sent)

    create_code(hall.event_id, code="ONE", percent_off=1)
    first = cost()
    for number in range(20):
        create_code(hall.event_id, code=f"CODE{number}", percent_off=1)
    assert cost() == first <= 9
