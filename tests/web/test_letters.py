"""Letters as people read them: the right words for each thing, in their language, as text and as HTML."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask

from seatbook.domain.letters import KINDS
from seatbook.domain.mail import Letter, Told
from seatbook.web.letters import write_letter

pytestmark = pytest.mark.usefixtures("app_context")

PLACE = {
    "seat_id": 1,
    "area": "Hall",
    "area_kind": "seated",
    "section": "Stalls",
    "category": "Standard",
    "colour": 1,
    "row_label": "B",
    "number": "12",
    "label": "B12",
    "starts_at": None,
    "ends_at": None,
    "price_minor": 4500,
}
SLOT = PLACE | {
    "area": "The Vault",
    "area_kind": "slots",
    "section": None,
    "row_label": None,
    "number": None,
    "label": None,
    "starts_at": "2026-10-25T00:30:00+00:00",
    "ends_at": "2026-10-25T01:30:00+00:00",
}
FACTS = {
    "username": "Ann <b>",
    "code": "K2M9QX",
    "title": "The Quiet Hour",
    "event_name": "",
    "venue": "Lyric Hall",
    "address": "1 Main Street",
    "time_zone": "Europe/Helsinki",
    "starts_at": "2026-11-20T17:30:00+00:00",
    "ends_at": "2026-11-20T19:30:00+00:00",
    "currency": "EUR",
    "payment": "online",
    "total_minor": 9000,
    "places": [PLACE, PLACE | {"seat_id": 2, "number": "13"}],
}
CANCELLED = {
    "refund_minor": 9000,
    "is_over": True,
    "is_by_buyer": True,
    "reason": "cancelled",
    "provider": "sandbox",
}
REFUNDED = {"refund_minor": 9000, "provider": "sandbox", "is_done": True}
RETURNED = {"refund_minor": 9000, "reason": "late_places_gone"}
# Every kind, and every way that it can be meant: the sentence that must be in it.
SAID: list[tuple[str, dict[str, Any], str]] = [
    ("confirmed", {"late": ""}, "Your payment of €90.00 is there"),
    ("confirmed", {"late": "same_places"}, "The same places were still free"),
    ("confirmed", {"late": "accepted"}, "You took the places that we offered you"),
    ("confirmed", {"late": "", "payment": "counter"}, "Please pay €90.00 at the box office"),
    ("confirmed", {"late": "", "payment": "none", "total_minor": 0}, "Thank you. These places are yours."),
    ("moved", {}, "These places are yours now, at the price that you agreed."),
    ("cancelled", CANCELLED, "€90.00 goes back the way you paid"),
    ("cancelled", CANCELLED | {"provider": "counter"}, "The box office pays €90.00 back to you"),
    ("cancelled", CANCELLED | {"is_over": False}, "You keep the others"),
    ("cancelled", CANCELLED | {"is_by_buyer": False}, "The box office cancelled your reservation"),
    (
        "cancelled",
        CANCELLED | {"is_by_buyer": False, "is_over": False},
        "The box office cancelled these places",
    ),
    ("cancelled", CANCELLED | {"reason": "event_cancelled"}, "The event is cancelled, and your"),
    (
        "cancelled",
        CANCELLED | {"refund_minor": 0, "payment": "counter", "provider": None},
        "nothing comes back and nothing is owed",
    ),
    ("refunded", REFUNDED, "€90.00 is on its way back to you"),
    ("refunded", REFUNDED | {"provider": "counter"}, "The box office paid €90.00 back to you"),
    ("refunded", REFUNDED | {"is_done": False}, "The box office pays it out"),
    ("lapsed", {"is_unclear": False}, "Nothing was charged"),
    ("lapsed", {"is_unclear": True}, "we have not heard of a payment"),
    ("lapsed", {"is_unclear": True, "is_called_off": True}, "you need not pay"),
    # The venue's clock, two hours ahead of UTC in winter.
    (
        "offered",
        {"until": "2026-11-20T10:00:00+00:00", "paid_minor": 9000, "payment_id": 1},
        "kept for you until Fri, Nov 20, 12:00 PM",
    ),
    ("returned", RETURNED, "your places were sold meanwhile"),
    (
        "returned",
        RETURNED | {"reason": "event_cancelled"},
        "The event was called off before your payment came",
    ),
    ("returned", RETURNED | {"reason": "bought_already"}, "one too many"),
    ("returned", RETURNED | {"reason": "late_event_over"}, "had begun"),
    ("returned", RETURNED | {"reason": "offer_ended"}, "is over"),
    ("returned", RETURNED | {"reason": "offer_declined"}, "rather have your money back"),
    ("refunded", REFUNDED | {"money_currency": "USD"}, "$90.00 is on its way back to you"),
    (
        "review",
        {"came_minor": 100, "came_currency": "EUR", "due_minor": 9000, "money_currency": "USD"},
        "€1.00 came for this reservation, and $90.00 was due",
    ),
    ("review", {"came_minor": 100, "came_currency": "EUR", "due_minor": 9000}, "€1.00 came for this"),
    ("review", {"came_minor": None, "came_currency": None, "due_minor": 9000}, "Another amount came"),
]


def written(kind: str, *, language: str | None = None, **facts: Any) -> Letter:
    return write_letter(Told(kind, "ann@example.org", language, 7, 1, FACTS | facts))


def spoken(html: str) -> str:
    """What one reads of a page: without its head, tags and breaks."""
    body = html.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split()).replace("\u202f", " ")


def plain(letter: Letter) -> str:
    return " ".join(letter.body_text.split()).replace("\u202f", " ")


@pytest.mark.parametrize(("kind", "facts", "sentence"), SAID)
def test_each_letter_says_what_happened_in_both_of_its_bodies(
    kind: str, facts: dict[str, Any], sentence: str
) -> None:
    letter = written(kind, **facts)
    assert letter.body_html
    for body in (plain(letter), spoken(letter.body_html)):
        assert sentence in body
        assert "7-K2M9QX" in body
        assert "The Quiet Hour" in body
        assert "Hello Ann <b>," in body
    assert letter.subject
    assert "\n" not in letter.subject


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("returned", RETURNED | {"reason": "event_cancelled"}),
        ("lapsed", {"is_unclear": False, "is_called_off": True}),
    ],
)
def test_a_letter_about_an_event_that_was_called_off_sends_nobody_to_pick_again(
    kind: str, facts: dict[str, Any]
) -> None:
    letter = written(kind, **facts)
    assert letter.subject == "The Quiet Hour does not take place (7-K2M9QX)"
    assert "Pick places again" not in plain(letter)
    assert "on sale again" not in plain(letter)


def test_money_of_another_currency_is_named_by_its_own() -> None:
    facts: dict[str, Any] = RETURNED | {"money_currency": "USD"}
    letter = written("returned", **facts)
    assert letter.subject == "Your money comes back: $90.00"
    assert "€" not in plain(letter)


def test_every_kind_is_worded() -> None:
    assert {kind for kind, _, _ in SAID} == set(KINDS)


def test_both_bodies_of_a_letter_hold_the_same_words() -> None:
    """But for the signs between them, and the link, which the HTML has behind a word."""
    letter = written("confirmed", late="")
    assert letter.body_html

    def words(text: str) -> set[str]:
        return set(re.findall(r"[\w€.,/:-]*\w", text))

    headline_and_foot = words("Your places are reserved") | words("nothing is ever sold twice")
    missing = words(spoken(letter.body_html)) - words(plain(letter))
    assert missing == headline_and_foot - words(plain(letter))
    assert len(words(plain(letter))) > 20


def test_a_letter_is_written_in_the_language_of_its_recipient() -> None:
    letter = written("confirmed", language="de_CH", late="")
    assert letter.body_html
    assert '<html lang="de">' in letter.body_html
    assert "Guten Tag Ann <b>," in plain(letter)
    assert "B, Platz 12" in plain(letter)
    # Switzerland writes the currency first.
    assert "EUR\xa090.00" in letter.body_text or "€\xa090.00" in letter.body_text


def test_a_slots_letter_has_the_hours_of_the_slot_on_the_day_when_the_clocks_change() -> None:
    letter = written("confirmed", late="", places=[SLOT])
    # 3:30 comes twice in Helsinki that night; the slot begins the first time and ends the second.
    assert "Sunday, October 25, 2026, 3:30 AM (Helsinki time)" in plain(letter)
    assert "Sun, Oct 25, 3:30 AM to 3:30 AM" in plain(letter)


def test_the_link_leads_to_the_reservation_at_the_public_address(app: Flask) -> None:
    letter = written("confirmed", late="")
    address = app.extensions["seatbook"].public_url + "/reservations/7-K2M9QX"
    assert letter.body_html
    assert address in letter.body_text
    assert f'href="{address}"' in letter.body_html


def test_what_people_typed_stays_text_in_a_letter() -> None:
    letter = written("confirmed", late="", title="<script>alert(1)</script>")
    assert letter.body_html
    assert "<script" not in letter.body_html
    assert "<script>alert(1)</script>" in letter.body_text


def test_the_fee_for_the_order_is_a_line_of_its_own_so_that_the_sum_is_right() -> None:
    place = PLACE | {"price_minor": 4900, "fee_minor": 400, "order_fee_minor": 250}
    letter = written("confirmed", late="", places=[place], total_minor=4900)
    assert "Row B, seat 12, Stalls · Standard: €46.50" in plain(letter)
    assert "Fee for the order: €2.50 Total: €49.00" in plain(letter)


@pytest.mark.parametrize(
    ("reason", "language", "said"),
    [
        ("failing", "en", "for three days nothing that we sent to your endpoint “Our till” was taken in"),
        ("too_many", "en", "too many messages are waiting for your endpoint “Our till”"),
        ("failing", "de", "drei Tage lang"),
    ],
)
def test_the_owner_of_an_endpoint_is_told_that_it_is_off(reason: str, language: str, said: str) -> None:
    facts = {"username": "otto", "endpoint_id": 3, "name": "Our till", "url": "https://till.example/"}
    told = Told("webhook_off", "otto@example.org", language, 0, 0, {**facts, "reason": reason})
    letter = write_letter(told)
    assert "Our till" in letter.subject
    assert said in letter.body_text
    assert "https://till.example/" in letter.body_text
    assert "/staff/webhooks/3" in letter.body_text
