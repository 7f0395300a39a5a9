"""What the box office sees of letters, and what it must not see."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.mail import Attachment, CarrierAway, Letter, Undeliverable, deliver_mail
from seatbook.domain.reference import format_reference
from seatbook.extensions import db
from seatbook.web.letters import write_letter
from tests.factories import make_event, make_holder
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")


class Postman:
    """Keeps what it is given, or raises its fault."""

    def __init__(self, fault: Undeliverable | None = None) -> None:
        self.fault = fault
        self.carried: list[Letter] = []

    def carry(self, letter: Letter, *, message_number: int) -> None:
        if self.fault:
            raise self.fault
        self.carried.append(letter)


def deliver(fault: Undeliverable | None = None) -> list[Letter]:
    postman = Postman(fault)
    deliver_mail(carrier=postman, write=write_letter)
    return postman.carried


def bought(name: str, **fields: Any) -> str:
    """Somebody buys a seat; the reference."""
    hall, holder = make_event(seats=1, **fields), make_holder(name)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=holder).reservation_id
    result = confirm_reservation(hall.event_id, reservation_id=held, holder=holder)
    return format_reference(hall.event_id, result.code)


def rows(page: str) -> list[str]:
    return re.findall(r"<tr data-row>.*?</tr>", page, re.DOTALL)


def letter_path(page: str) -> str:
    found = re.search(r'href="(/staff/mail/\d+)"', page)
    assert found
    return found[1]


def test_an_empty_outbox_says_so(staff: Visitor) -> None:
    assert "No letters yet" in staff.open("/staff/mail").text


def test_letters_are_listed_newest_first_and_found_by_recipient_reference_and_state(staff: Visitor) -> None:
    of_ann = bought("ann")
    deliver()
    of_ben = bought("ben")

    page = staff.open("/staff/mail").text
    assert [reference in row for reference, row in zip((of_ben, of_ann), rows(page), strict=True)] == [
        True
    ] * 2
    for search, found in {
        "q=ann@": [of_ann],
        "q=AN": [of_ann],
        f"q={of_ben.lower()}": [of_ben],
        "q=%25": [],
        "q=nn": [],
        "state=sent": [of_ann],
        "state=waiting": [of_ben],
        "state=failed": [],
        "state=nonsense": [of_ben, of_ann],
        "q=ann&state=waiting": [],
    }.items():
        listed = rows(staff.open(f"/staff/mail?{search}").text)
        assert [any(reference in row for row in listed) for reference in found] == [True] * len(found), search
        assert len(listed) == len(found), search
    part = staff.open("/staff/mail?q=ann", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="found"')


def test_the_next_page_goes_on_where_the_first_ended(staff: Visitor) -> None:
    db.session.execute(
        text(
            "INSERT INTO mail (recipient, subject, body_text)"
            " SELECT 'n' || n || '@example.org', 'Hello', '' FROM generate_series(1, 51) n"
        )
    )
    db.session.commit()
    first = staff.open("/staff/mail").text
    assert len(rows(first)) == 50
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    assert "n1@example.org" in staff.open(older[1].replace("&amp;", "&")).text


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_letter_can_be_read_before_and_after_it_went_with_its_files(staff: Visitor, is_sent: bool) -> None:
    reference = bought("ann")
    went = deliver() if is_sent else []
    path = letter_path(staff.open("/staff/mail").text)
    page = staff.open(path)
    assert "Your places for" in page.text
    assert ("So it would go out now." in page.text) is not is_sent
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    frame = staff.open(f"{path}/letter.html")
    assert "Your places are reserved" in frame.text
    if is_sent:
        assert frame.text == went[0].body_html
    pdf = staff.open(f"{path}/files/tickets-{reference}.pdf")
    assert (pdf.mimetype, pdf.data[:5]) == ("application/pdf", b"%PDF-")
    assert pdf.headers["Content-Disposition"].startswith("attachment")
    assert staff.open(f"{path}/files/{reference}.ics").mimetype == "text/calendar"
    assert staff.open(f"{path}/files/passwd").status_code == 404
    assert staff.open("/staff/mail/999999").status_code == 404


def test_the_frame_may_do_nothing_but_show_the_letter(staff: Visitor) -> None:
    bought("ann")
    path = letter_path(staff.open("/staff/mail").text)
    frame = staff.open(f"{path}/letter.html")
    style = re.search(r"<style>(.*?)</style>", frame.text, re.DOTALL)
    assert style
    digest = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = frame.headers["Content-Security-Policy"].split("; ")
    assert set(policy) == {
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox",
    }
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert re.search(r"<iframe[^>]* sandbox[ >]", staff.open(path).text)
    # And no other page may be framed, or frame anything.
    other = staff.open("/staff/mail")
    assert "frame-src" not in other.headers["Content-Security-Policy"]
    assert other.headers["X-Frame-Options"] == "DENY"


def test_the_link_for_a_new_password_is_read_by_nobody_here(app: Flask, staff: Visitor) -> None:
    stranger = Visitor(app)
    stranger.register("admiral")
    stranger.send("/forgot-password", email="admiral@example.org")
    page = staff.open("/staff/mail").text
    assert "admiral@example.org" in page
    path = letter_path(page)
    one = staff.open(path).text
    assert "Only its recipient reads it" in one
    for shown in (page, one):
        assert "/reset-password/" not in shown
    assert staff.open(f"{path}/letter.html").status_code == 404


def test_a_letter_that_was_given_up_can_be_tried_again(staff: Visitor) -> None:
    bought("ann")
    deliver(Undeliverable("550 no such mailbox", forever=True))
    page = staff.open("/staff/mail?state=failed").text
    assert "550 no such mailbox" in page
    path = letter_path(page)
    assert "550 no such mailbox" in staff.open(path).text
    assert deliver() == []
    answer = staff.send(f"{path}/try-again", page=path)
    assert answer.headers["Location"] == path
    (letter,) = deliver()
    assert letter.recipient == "ann@example.org"
    assert all(isinstance(file, Attachment) for file in letter.attachments)
    assert "Try again" not in staff.open(path).text
    assert staff.open(f"{path}/try-again").headers["Location"] == path


def test_a_mail_server_that_is_away_leaves_a_letter_waiting(staff: Visitor) -> None:
    bought("ann")
    deliver(CarrierAway("mail.example.org:587: timed out"))
    page = staff.open("/staff/mail?state=waiting").text
    assert "timed out" in page


def test_a_letter_that_cannot_be_worded_holds_up_no_other(staff: Visitor) -> None:
    bought("ann")
    db.session.execute(text("UPDATE mail SET data = data - 'title'"))
    db.session.commit()
    bought("ben")
    assert [letter.recipient for letter in deliver()] == ["ben@example.org"]
    assert "could not be worded" in staff.open("/staff/mail?q=ann").text
