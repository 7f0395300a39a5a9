"""A buyer's tickets: the page at the door, the PDF, the calendar entry; and that they are nobody else's."""

from __future__ import annotations

import re
from base64 import b32decode, b64decode
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from PIL import Image, ImageDraw
from pypdf import PdfReader
from sqlalchemy import select, text

from seatbook.domain.holders import holder_of_user
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.mail import Attachment, Told
from seatbook.domain.orders import cancel_order, choose_concessions, choose_parties, create_concession
from seatbook.domain.reference import format_reference
from seatbook.domain.ticket_code import read_code
from seatbook.domain.tickets import check_ticket
from seatbook.extensions import db
from seatbook.models import Mail, Reservation, Seat, User
from seatbook.web.letters import files_of, write_letter
from tests.factories import Hall, change_event, database_clock, make_area, make_event, make_slots
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def ann(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.register("annika")
    return visitor


def buy(hall: Hall, *seat_ids: int, name: str = "annika") -> str:
    """The reference of a purchase."""
    user_id = db.session.query(User.id).where(User.username == name).scalar()
    holder = holder_of_user(user_id)
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id
    confirm_reservation(hall.event_id, reservation_id=held, holder=holder)
    return reference_of(hall, held)


def reference_of(hall: Hall, reservation_id: int) -> str:
    of_it = select(Reservation.code).where(
        Reservation.event_id == hall.event_id, Reservation.id == reservation_id
    )
    return format_reference(hall.event_id, db.session.execute(of_it).scalar_one())


def cancel(hall: Hall, reference: str, *seat_ids: int) -> None:
    user_id = db.session.query(User.id).where(User.username == "annika").scalar()
    reservation_id = db.session.execute(
        text("SELECT id FROM reservation WHERE event_id = :event AND code = :code"),
        {"event": hall.event_id, "code": reference.partition("-")[2]},
    ).scalar_one()
    cancel_order(
        hall.event_id,
        reservation_id=reservation_id,
        holder=holder_of_user(user_id),
        seat_ids=seat_ids or None,
    )


def decoded(svg: str) -> str:
    """What a scanner reads of a code as the page draws it."""
    size = int(re.findall(r'viewBox="0 0 (\d+) ', svg)[0])
    scale = 6
    picture = Image.new("L", (size * scale, size * scale), 255)
    draw = ImageDraw.Draw(picture)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", svg):
        corner = (int(x) * scale, int(y) * scale)
        draw.rectangle((*corner, (int(x) + int(length)) * scale - 1, (int(y) + 1) * scale - 1), fill=0)
    (found,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.barcode_formats_from_str("QRCode"))
    return found.text


def codes_on(page: str) -> list[str]:
    return [decoded(svg) for svg in re.findall(r'<svg class="qr".*?</svg>', page, re.DOTALL)]


def letters(kind: str) -> list[Told]:
    db.session.rollback()
    rows = db.session.query(Mail).where(Mail.kind == kind).order_by(Mail.id)
    return [
        Told(
            str(row.kind),
            row.recipient,
            row.language,
            row.event_id or 0,
            row.reservation_id or 0,
            row.data or {},
        )
        for row in rows
    ]


def test_the_page_shows_a_code_for_each_place_that_a_scanner_reads(app: Flask, ann: Visitor) -> None:
    hall = make_event(seats=3)
    reference = buy(hall, *hall.seat_ids[:2])
    page = ann.open(f"/reservations/{reference}/tickets").text
    codes = codes_on(page)
    config = app.extensions["seatbook"]
    assert [check_ticket(code, config=config).label for code in codes] == ["A1", "A2"]
    assert {check_ticket(code, config=config).verdict for code in codes} == {"valid"}
    for words in ("Your 2 tickets", "Row A, seat 1", "Row A, seat 2", "Ticket 2 of 2", "The Quiet Hour"):
        assert words in unescape(page)
    assert f"/reservations/{reference}/tickets" in ann.open(f"/reservations/{reference}").text


def test_tickets_are_nobody_elses(app: Flask, ann: Visitor) -> None:
    hall = make_event(seats=1)
    reference = buy(hall, *hall.seat_ids)
    paths = [f"/reservations/{reference}/{file}" for file in ("tickets", "tickets.pdf", "event.ics")]
    ben = Visitor(app)
    ben.register("benno")
    stranger = Visitor(app)
    for path in paths:
        assert ann.client.get(path).status_code == 200
        assert ben.client.get(path).status_code == 404
        assert "/sign-in" in stranger.client.get(path).headers["Location"]
    ticket = read_code(codes_on(ann.open(paths[0]).text)[0])
    assert ticket
    stolen = ben.send(f"{paths[0]}/{ticket.ticket}/reissue", page="/account", version="1")
    assert stolen.status_code == 404
    assert read_code(codes_on(ann.open(paths[0]).text)[0]) == ticket


@pytest.mark.parametrize("state", ["cancelled", "cancelled event", "held"])
def test_what_is_not_bought_has_no_tickets(ann: Visitor, state: str) -> None:
    hall = make_event(seats=1)
    if state == "held":
        held = hold_seats(
            hall.event_id,
            seat_ids=hall.seat_ids,
            holder=holder_of_user(db.session.query(User.id).scalar()),
        ).reservation_id
        reference = reference_of(hall, held)
    else:
        reference = buy(hall, *hall.seat_ids)
    if state == "cancelled":
        cancel(hall, reference)
    elif state == "cancelled event":
        change_event(hall, status="cancelled")
    page = ann.client.get(f"/reservations/{reference}/tickets")
    assert (page.status_code, page.headers["Location"]) == (303, f"/reservations/{reference}")
    assert ann.client.get(f"/reservations/{reference}/tickets.pdf").status_code == 404
    assert "tickets.pdf" not in ann.open(f"/reservations/{reference}").text


def test_a_new_code_replaces_the_old_one_on_the_page(app: Flask, ann: Visitor) -> None:
    hall = make_event(seats=1)
    reference = buy(hall, *hall.seat_ids)
    path = f"/reservations/{reference}/tickets"
    (old,) = codes_on(ann.open(path).text)
    ticket = read_code(old)
    assert ticket
    ann.send(f"{path}/{ticket.ticket}/reissue", page=path, version="1")
    page = ann.open(path).text
    assert "This ticket has a new code" in page
    (new,) = codes_on(page)
    config = app.extensions["seatbook"]
    assert check_ticket(old, config=config).reason == "reissued"
    assert check_ticket(new, config=config).verdict == "valid"
    assert ann.client.get(f"{path}/{ticket.ticket}/reissue").headers["Location"] == path


@pytest.mark.parametrize("version", ["", "x", "-1", "1" * 40, "²"])
def test_a_form_with_a_version_that_is_none_is_refused(ann: Visitor, version: str) -> None:
    hall = make_event(seats=1)
    reference = buy(hall, *hall.seat_ids)
    answer = ann.send(f"/reservations/{reference}/tickets/1/reissue", page="/account", version=version)
    assert answer.status_code == 400


def test_a_ticket_says_what_is_still_to_pay(ann: Visitor) -> None:
    hall = make_event(seats=1, payment="counter")
    reference = buy(hall, *hall.seat_ids)
    assert (
        "Please pay €45.00 for the whole order at the box office."
        in ann.open(f"/reservations/{reference}/tickets").text
    )
    assert "Please pay €45.00 for the whole order at the box office." in " ".join(
        pdf_text(ann, reference).split()
    )


# The PDF


def pdf_pages(visitor: Visitor, reference: str) -> list[str]:
    answer = visitor.client.get(f"/reservations/{reference}/tickets.pdf")
    assert answer.content_type == "application/pdf"
    return [page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages]


def pdf_text(visitor: Visitor, reference: str) -> str:
    return "\n".join(pdf_pages(visitor, reference))


def test_the_pdf_has_a_page_for_each_place_with_what_the_door_needs(ann: Visitor) -> None:
    hall = make_event(seats=2)
    reference = buy(hall, *hall.seat_ids)
    answer = ann.client.get(f"/reservations/{reference}/tickets.pdf")
    pages = PdfReader(BytesIO(answer.data)).pages
    assert len(pages) == 2
    for number, page in enumerate(pages, start=1):
        printed = " ".join(page.extract_text().split())
        for words in (
            f"Row A, seat {number}",
            f"Ticket {number} of 2",
            reference,
            "The Quiet Hour",
            "Lyric Hall",
        ):
            assert words in printed
    assert len(answer.data) < 120_000


def test_the_pdf_writes_the_letters_of_all_of_europe(ann: Visitor) -> None:
    hall = make_event(seats=1)
    title = "Łódź Čaj İğne Őrült · Ελλάδα · Київ · Þórr · Straße €"
    db.session.execute(text("UPDATE show SET title = :title"), {"title": title})
    db.session.commit()
    printed = " ".join(pdf_text(ann, buy(hall, *hall.seat_ids)).split())
    for word in title.split(" · "):
        assert word in printed


def test_the_pdf_has_a_letter_for_all_that_a_ticket_says(
    ann: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    """English hours have a space in them that Inter has not: 7:30 PM."""
    hall = make_event(seats=1)
    (slot,) = make_slots(hall, starts=[datetime.now(UTC) + timedelta(days=3)])
    printed = pdf_text(ann, buy(hall, *hall.seat_ids, slot))
    assert re.search(r"\d:\d\d\s[AP]M", printed)
    assert "missing" not in caplog.text


def test_a_ticket_says_for_whom_and_what_it_is_good(app: Flask, ann: Visitor) -> None:
    """The door sees who paid less, and how many a tour lets in; a shirt is no door."""
    hall = make_event(seats=2)
    (slot,) = make_slots(hall, starts=[database_clock() + timedelta(days=3)], name="Tour", party=(2, 6))
    shirts = make_area(hall, kind="stock", places=1, name="Tour shirt")
    shirt = db.session.scalar(select(Seat.id).where(Seat.area_id == shirts))
    assert shirt is not None
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    holder = holder_of_user(db.session.query(User.id).where(User.username == "annika").scalar())
    held = hold_seats(hall.event_id, seat_ids=[*hall.seat_ids, slot, shirt], holder=holder).reservation_id
    choose_concessions(hall.event_id, choices={hall.seat_ids[0]: child}, holder=holder)
    choose_parties(hall.event_id, choices={slot: 3}, holder=holder)
    confirm_reservation(hall.event_id, reservation_id=held, holder=holder)
    reference = reference_of(hall, held)

    page = ann.open(f"/reservations/{reference}/tickets").text
    assert page.count("<b>Child</b>") == 1
    leaves = [" ".join(leaf.split()) for leaf in pdf_pages(ann, reference)]
    assert [leaf for leaf in leaves if "Child" in leaf] == [
        leaf for leaf in leaves if "Row A, seat 1" in leaf
    ]
    uses = ("It lets one person in, once", "It lets all of you in together, once", "It is good once")
    assert [[use in leaf for leaf in leaves].count(True) for use in uses] == [2, 1, 1]
    (tour,) = [leaf for leaf in leaves if uses[1] in leaf]
    assert "3 people" in tour

    config = app.extensions["seatbook"]
    checked = [check_ticket(code, config=config) for code in codes_on(page)]
    assert sorted((one.concession or "", one.party_size or 0) for one in checked) == [
        ("", 0),
        ("", 0),
        ("", 3),
        ("Child", 0),
    ]
    told = [app.test_cli_runner().invoke(args=["ticket", "verify", code]).output for code in codes_on(page)]
    assert sum("At a lower price: Child" in text for text in told) == 1
    assert sum("It lets in 3 people." in text for text in told) == 1


def test_a_title_that_no_font_of_ours_can_write_and_an_endless_one_still_make_a_ticket(ann: Visitor) -> None:
    hall = make_event(seats=1)
    reference = buy(hall, *hall.seat_ids)
    for title in ("静かな時間 🎭", "Endless " * 60, "W" * 200):
        db.session.execute(text("UPDATE show SET title = :title"), {"title": title})
        db.session.commit()
        assert reference in pdf_text(ann, reference)
        assert ann.client.get(f"/reservations/{reference}/tickets").status_code == 200


# The calendar


def entries(data: bytes) -> tuple[str, list[Any]]:
    calendar = icalendar.Calendar.from_ical(data)
    return str(calendar["method"]), list(calendar.walk("VEVENT"))


def test_the_entry_is_at_the_venues_time_with_its_zone_and_known_again(ann: Visitor) -> None:
    hall = make_event(
        seats=2,
        starts_at=datetime(2099, 11, 20, 18, 30, tzinfo=UTC),
        ends_at=datetime(2099, 11, 20, 20, 30, tzinfo=UTC),
    )
    reference = buy(hall, *hall.seat_ids)
    answer = ann.client.get(f"/reservations/{reference}/event.ics")
    assert answer.mimetype == "text/calendar"
    method, (entry,) = entries(answer.data)
    assert method == "PUBLISH"
    assert entry.start == datetime(2099, 11, 20, 19, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert entry.end - entry.start == timedelta(hours=2)
    assert str(entry["dtstart"].params["TZID"]) == "Europe/Berlin"
    assert b"BEGIN:VTIMEZONE" in answer.data
    assert str(entry["uid"]).startswith(reference)
    assert "Row A, seat 1" in entry["description"]
    assert reference in entry["description"]
    cancel(hall, reference, hall.seat_ids[0])
    _, (later,) = entries(ann.client.get(f"/reservations/{reference}/event.ics").data)
    assert later["uid"] == entry["uid"]
    assert int(later["sequence"]) > int(entry["sequence"])
    assert "Row A, seat 1" not in later["description"]


def test_each_slot_is_an_entry_at_its_own_hours(ann: Visitor) -> None:
    hall = make_event()
    now = datetime.now(UTC).replace(microsecond=0)
    starts = [now + timedelta(days=1), now + timedelta(days=2)]
    slots = make_slots(hall, starts=starts)
    reference = buy(hall, *slots)
    _, found = entries(ann.client.get(f"/reservations/{reference}/event.ics").data)
    assert [entry.start for entry in found] == starts
    assert len({str(entry["uid"]) for entry in found}) == 2
    page = ann.open(f"/reservations/{reference}/tickets").text
    assert page.count('class="qr"') == 2


def test_an_hour_that_comes_twice_is_the_one_that_was_sold(ann: Visitor) -> None:
    hall = make_event()
    # The clocks at the venue are put back that night, from three to two.
    half_past_two = datetime(2099, 10, 25, 0, 30, tzinfo=UTC)
    starts = [half_past_two, half_past_two + timedelta(hours=1)]
    reference = buy(hall, *make_slots(hall, starts=starts))
    answer = ann.client.get(f"/reservations/{reference}/event.ics")
    _, found = entries(answer.data)
    assert [(entry.start, entry.end - entry.start) for entry in found] == [
        (start, timedelta(hours=1)) for start in starts
    ]


def test_a_seat_and_a_tour_have_each_their_own_time(ann: Visitor) -> None:
    starts_at = datetime(2099, 12, 5, 18, 30, tzinfo=UTC)
    hall = make_event(seats=2, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    tour = datetime(2099, 11, 21, 10, 0, tzinfo=UTC)
    (slot,) = make_slots(hall, starts=[tour], name="Tour")
    reference = buy(hall, hall.seat_ids[0], slot)
    _, found = entries(ann.client.get(f"/reservations/{reference}/event.ics").data)
    assert {(entry.start, entry.end) for entry in found} == {
        (tour, tour + timedelta(hours=1)),
        (starts_at, starts_at + timedelta(hours=2)),
    }
    (told,) = letters("confirmed")
    for text_of in (ann.open(f"/reservations/{reference}").text, write_letter(told).body_text):
        assert text_of.index("November 21, 2099") < text_of.index("December 5, 2099")
        assert "7:30" in text_of
    mine = ann.open("/reservations/").text
    assert mine.index("Nov 21") < mine.index("Dec 5")
    # Without the seat there is nothing to come for on that evening.
    cancel(hall, reference, hall.seat_ids[0])
    assert "December" not in ann.open(f"/reservations/{reference}").text


# With the letters


def test_a_confirmation_brings_the_tickets_and_the_calendar_entry(app: Flask, ann: Visitor) -> None:
    hall = make_event(seats=2)
    buy(hall, *hall.seat_ids)
    (told,) = letters("confirmed")
    letter = write_letter(told)
    pdf, entry = letter.attachments
    assert len(PdfReader(BytesIO(pdf.content)).pages) == 2
    assert entries(entry.content)[0] == "PUBLISH"
    assert "Your tickets are attached" in letter.body_text
    assert [file.file_name for file in files_of(told)] == [pdf.file_name, entry.file_name]


def test_a_confirmation_that_goes_after_the_cancellation_brings_no_tickets(ann: Visitor) -> None:
    hall = make_event(seats=1)
    reference = buy(hall, *hall.seat_ids)
    cancel(hall, reference)
    letter = write_letter(letters("confirmed")[0])
    assert letter.attachments == ()
    assert "attached" not in letter.body_text


def test_a_cancellation_takes_the_entry_out_of_the_calendar(ann: Visitor) -> None:
    hall = make_event(seats=2)
    reference = buy(hall, *hall.seat_ids)
    first = write_letter(letters("confirmed")[0]).attachments[1]
    cancel(hall, reference, hall.seat_ids[0])
    # One chair less is the same evening.
    assert write_letter(letters("cancelled")[0]).attachments == ()
    cancel(hall, reference)
    (last,) = write_letter(letters("cancelled")[1]).attachments
    method, (entry,) = entries(last.content)
    assert (method, str(entry["status"])) == ("CANCEL", "CANCELLED")
    (was,) = entries(first.content)[1]
    assert entry["uid"] == was["uid"]
    assert int(entry["sequence"]) > int(was["sequence"])
    assert isinstance(last, Attachment)
    assert "method=CANCEL" in last.content_type


def test_a_cancelled_slot_is_taken_out_and_the_others_stay(ann: Visitor) -> None:
    hall = make_event()
    now = datetime.now(UTC).replace(microsecond=0)
    slots = make_slots(hall, starts=[now + timedelta(days=1), now + timedelta(days=2)])
    reference = buy(hall, *slots)
    cancel(hall, reference, slots[0])
    (file,) = write_letter(letters("cancelled")[0]).attachments
    method, (entry,) = entries(file.content)
    assert (method, entry.start) == ("CANCEL", now + timedelta(days=1))


# Keys


def test_the_public_keys_are_there_for_everybody_and_check_a_ticket_offline(app: Flask, ann: Visitor) -> None:
    hall = make_event(seats=1)
    reference = buy(hall, *hall.seat_ids)
    (code,) = codes_on(ann.open(f"/reservations/{reference}/tickets").text)
    answer = Visitor(app).client.get("/tickets/keys.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json
    (key,) = answer.json["keys"]
    # As docs/tickets.md says it, without any code of ours.
    signed, _, signature = code.rpartition(":")
    assert signed.split(":")[1] == key["id"]
    Ed25519PublicKey.from_public_bytes(b64decode(key["public_key"])).verify(
        b32decode(signature + "=" * (-len(signature) % 8)), signed.encode()
    )
