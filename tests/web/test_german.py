"""seatbook in German: a visit from the programme to the ticket, and back out of every corner."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import seatbook
from seatbook.domain.inventory import hold_seats
from seatbook.extensions import db
from seatbook.models import Mail
from tests.factories import Hall, change_event, let_hold_end, make_area, make_event, make_holder, make_slots
from tests.visitor import Visitor
from tests.web.basket import basket_of

pytestmark = pytest.mark.usefixtures("app_context")

# Half past seven in the evening in Berlin.
EVENING = datetime(2099, 12, 24, 18, 30, tzinfo=UTC)


@pytest.fixture
def gast(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open("/language?to=de&next=/")
    return visitor


def evening(**fields: object) -> Hall:
    return make_event(
        seats=40,
        price_minor=3800,
        starts_at=EVENING,
        ends_at=EVENING + timedelta(hours=2),
        on_sale_until=EVENING,
        **fields,
    )


def text_of(html: str) -> str:
    """What a reader sees, with single spaces, however the markup is laid out."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " "))


def test_the_programme(gast: Visitor) -> None:
    hall = evening()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=make_holder())
    page = gast.open("/")
    assert page.headers["Content-Language"] == "de"
    text = text_of(page.text)
    assert "Programm" in text
    assert "Do., 24. Dez., 19:30 Uhr" in text
    assert "37 von 40 frei" in text
    assert "38,00 €" in text
    assert "Konzert" in text


def test_an_event_and_its_seats(gast: Visitor) -> None:
    hall = evening()
    page = gast.open(f"/events/{hall.event_id}").text
    text = text_of(page)
    assert "Donnerstag, 24. Dezember 2099, 19:30 Uhr" in text
    assert "Ortszeit Berlin" in text
    assert 'aria-label="Reihe A, Platz 1 · Stalls · 38,00\xa0€ · frei"' in page
    for word in ("Ihr Warenkorb", "vorgemerkt", "vergeben", "nicht im Verkauf", "Bühne", "Zuletzt"):
        assert word in text


def test_from_a_seat_to_the_ticket(gast: Visitor) -> None:
    hall = evening(payment="counter")
    gast.register("gerda")
    answer = gast.send(
        f"/events/{hall.event_id}/seats",
        page=f"/events/{hall.event_id}",
        htmx=True,
        hold=str(hall.seat_ids[0]),
    )
    assert "Freigeben: Reihe A, Platz 1" in answer.text
    assert re.search(r"1 Platz ist bis \d\d:\d\d Uhr für Sie vorgemerkt\.", answer.text)
    gast.pick(hall.event_id, hall.seat_ids[1])
    bought = gast.send(
        f"/events/{hall.event_id}/reserve",
        page=f"/events/{hall.event_id}",
        **basket_of(gast.open(f"/events/{hall.event_id}").text),
    )
    assert bought.location is not None
    ticket = text_of(gast.open(bought.location).text)
    assert "Reserviert" in ticket
    assert "2 Plätze" in ticket
    assert "Summe 76,00 €" in ticket
    assert "Bitte zahlen Sie an der Kasse." in ticket
    assert "Diese Reservierung stornieren" in ticket
    gast.send(f"{bought.location}/cancel", page=bought.location)
    assert "storniert. Die Plätze sind wieder im Verkauf." in text_of(gast.open(bought.location).text)


def test_a_lost_race_and_a_hold_that_ended(gast: Visitor) -> None:
    hall = evening()
    gast.pick(hall.event_id, hall.seat_ids[5])
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=make_holder())
    lost = gast.pick(hall.event_id, hall.seat_ids[0])
    assert lost.status_code == 409
    assert "A1 ist gerade weggegangen. A2 und B1 daneben sind frei." in text_of(lost.text)
    basket = basket_of(gast.open(f"/events/{hall.event_id}").text)
    let_hold_end(hall, int(basket["reservation_id"]))
    ended = text_of(gast.open(f"/events/{hall.event_id}").text)
    assert re.search(r"Ihre Vormerkung ist um \d\d:\d\d Uhr abgelaufen\. Es wurde nichts berechnet\.", ended)
    assert "A6 ist wieder frei" in ended or "Platz 6 ist wieder frei" in ended


def test_what_the_domain_refuses(gast: Visitor) -> None:
    hall = evening(max_seats=2)
    area_id = make_area(hall, kind="standing", places=3, name="Parkett")
    refused = gast.send(
        f"/events/{hall.event_id}/areas/{area_id}", page=f"/events/{hall.event_id}", quantity="3"
    )
    assert "höchstens 2 Plätze" in text_of(refused.text)
    change_event(hall, max_seats=8)
    refused = gast.send(
        f"/events/{hall.event_id}/areas/{area_id}", page=f"/events/{hall.event_id}", quantity="4"
    )
    assert "Parkett: Sie möchten 4, es sind aber nur noch 3 übrig." in text_of(refused.text)
    refused = gast.send("/register", username="gerda", email="gerda", password="kurz")
    text = text_of(refused.text)
    assert "Das ist keine E-Mail-Adresse." in text
    assert "Bitte wählen Sie mindestens 10 Zeichen." in text
    refused = gast.send(
        "/register", username="x" * 50, email="gerda@example.org", password="samt tram klavier"
    )
    assert "Ein Benutzername hat 3 bis 40 Zeichen." in text_of(refused.text)
    assert "Diese Veranstaltung gibt es nicht." in text_of(gast.open("/events/999999").text)
    assert "Hier ist nichts" in text_of(gast.open("/nirgends").text)


def test_time_slots(gast: Visitor) -> None:
    hall = evening()
    (slot,) = make_slots(hall, starts=[EVENING])
    page = gast.open(f"/events/{hall.event_id}").text
    (name,) = re.findall(r'aria-label="(Do\., 24\. Dez\., 19:30 Uhr · [^"]+)"', page)
    assert set(name.split(" · ")[1:]) == {"38,00\xa0€", "Stalls", "frei"}
    gast.pick(hall.event_id, slot)
    assert "Do., 24. Dez., 19:30 bis 20:30 Uhr" in text_of(gast.open(f"/events/{hall.event_id}").text)


def test_an_open_page_is_loaded_again_after_a_switch_elsewhere(app: Flask, gast: Visitor) -> None:
    hall = evening()
    page = gast.open(f"/events/{hall.event_id}").text
    field = {name: value for name, value in re.findall(r'name="(since|visitor)" value="([^"]+)"', page)}
    changes = f"/events/{hall.event_id}/changes?since={field['since']}&visitor={field['visitor']}"
    assert gast.open(changes).status_code == 204
    gast.open("/language?to=en&next=/")
    assert gast.open(changes).headers["HX-Refresh"] == "true"


# --- letters ---


def letters() -> list[Mail]:
    db.session.rollback()
    return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def test_a_letter_is_in_the_language_of_its_recipient_whoever_asked(app: Flask, gast: Visitor) -> None:
    gast.register("gerda")
    somebody = Visitor(app)
    somebody.send("/forgot-password", email="gerda@example.org")
    (letter,) = letters()
    assert letter.subject == "Ein neues Passwort für seatbook"
    assert letter.body_text
    assert letter.body_text.startswith("Guten Tag gerda,\n")
    assert "60 Minuten" in letter.body_text
    # Whoever asked goes on reading English.
    assert "Look at your mail" in somebody.send("/forgot-password", email="nobody@example.org").text


def test_letters_follow_the_language_of_the_last_sign_in(app: Flask, gast: Visitor) -> None:
    gast.register("gerda")
    elsewhere = Visitor(app)
    elsewhere.sign_in("gerda")
    gast.send("/forgot-password", email="gerda@example.org")
    assert letters()[-1].subject == "A new password for seatbook"


def test_an_account_whose_language_nobody_knows_gets_that_of_the_page(gast: Visitor) -> None:
    from seatbook.domain.accounts import create_account

    create_account("otto", email="otto@example.org", password="samt tram klavier")
    gast.send("/forgot-password", email="otto@example.org")
    assert letters()[-1].subject == "Ein neues Passwort für seatbook"


def test_a_day_with_its_hour_says_the_hour_once() -> None:
    """What `when` stands for brings its "Uhr" along: as in „bis Do., 24. Dez., 19:30 Uhr stornieren“."""
    catalogue = Path(seatbook.__file__).parent / "translations/de/LC_MESSAGES/messages.po"
    assert "%(when)s Uhr" not in catalogue.read_text("utf-8")
