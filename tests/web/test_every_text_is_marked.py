"""A visit in a language that only puts marks around texts: what comes without marks was never translated.

`tests/test_unmarked.py` reads the sources; this reads the pages, whichever way a text got into them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from flask import Flask
from sqlalchemy import func, select

from seatbook import create_app
from seatbook.domain.inventory import block_seats, hold_quantity, hold_seats
from seatbook.extensions import db
from seatbook.models import Mail
from seatbook.web import languages
from tests.factories import Hall, change_event, let_hold_end, make_area, make_event, make_holder, make_slots
from tests.texts import extracted
from tests.unmarked import spoken_in
from tests.visitor import Visitor
from tests.web.basket import basket_of

pytestmark = pytest.mark.usefixtures("app_context")

# Japanese writes days and months without a Latin letter, so any other Latin word stands out.
LANGUAGE = "ja"
FIELD = re.compile(r"(%\(\w+\)s)")
MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
# What somebody called something, and what is called the same everywhere.
NAMES = re.compile(
    r"[\w.]+@example\.org|(Lyric Hall|The Quiet Hour) [0-9a-f]{8}|Stalls|Seats|Floor|Shirts|Room|gerda"
    r"|\d+-[0-9A-Z]{6}|http://\S+|seatbook|English"
)


def marked(text: str) -> str:
    """ "⟦You asked for ⟧%(wanted)s⟦ seats⟧": marks around what is fixed, so that what is filled in is looked at too."""
    return "".join(part if FIELD.fullmatch(part) else f"⟦{part}⟧" for part in FIELD.split(text) if part)


@pytest.fixture(scope="module")
def marking_app(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("translations")
    catalogue = Catalog(locale=LANGUAGE)
    for message in extracted():
        if message.id:
            text = marked(message.id) if isinstance(message.id, str) else (marked(message.id[1]),)
            catalogue.add(message.id, text, context=message.context)
    path: Path = folder / LANGUAGE / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as po:
        write_po(po, catalogue)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "FOLDER", folder)
        yield create_app(app.extensions["seatbook"])


@pytest.fixture
def visitor(marking_app: Flask) -> Visitor:
    visitor = Visitor(marking_app)
    visitor.open(f"/language?to={LANGUAGE}&next=/")
    return visitor


def unmarked(markup: str) -> list[str]:
    return [text for text in spoken_in(markup) if WORD.search(NAMES.sub("", MARKED.sub("", text)))]


def full_event() -> Hall:
    """Something of everything: every kind of area, and a seat in every state."""
    hall = make_event(seats=40, payment="counter", cancel_seconds_before_start=0)
    make_area(hall, kind="standing", places=3, name="Floor")
    shirts = make_area(hall, kind="stock", places=2, name="Shirts")
    starts_at = db.session.scalar(select(func.clock_timestamp()))
    assert starts_at is not None
    make_slots(hall, starts=[starts_at + timedelta(days=day) for day in (1, 2)], name="Room")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[20:23], holder=make_holder())
    hold_quantity(hall.event_id, area_id=shirts, quantity=2, holder=make_holder())
    block_seats(hall.event_id, seat_ids=hall.seat_ids[30:32], reason="⟦⟧", actor_user_id=None)
    return hall


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?kind=film&date=2031-01-01",
        "/?page=2",
        "/nowhere",
        "/events/999999",
        "/shows/999999",
        "/register",
        "/sign-in",
        "/forgot-password",
        "/reset-password/x",
    ],
)
def test_pages_for_everybody(visitor: Visitor, path: str) -> None:
    full_event()
    page = visitor.open(path)
    assert page.headers["Content-Language"] == LANGUAGE
    assert "⟦" in page.text
    assert unmarked(page.text) == []
    assert unmarked(visitor.open(path, headers={"HX-Request": "true"}).text) == []


def test_the_event_page_before_during_and_after_a_hold(visitor: Visitor) -> None:
    hall = full_event()
    path = f"/events/{hall.event_id}"
    assert unmarked(visitor.open(path).text) == []
    picked = visitor.send(f"{path}/seats", page=path, htmx=True, hold=str(hall.seat_ids[0]))
    assert picked.status_code == 200
    assert unmarked(picked.text) == []
    lost = visitor.send(f"{path}/seats", page=path, htmx=True, hold=str(hall.seat_ids[20]))
    assert lost.status_code == 409
    assert unmarked(lost.text) == []
    assert unmarked(visitor.send(f"{path}/best", page=path, htmx=True, quantity="3").text) == []
    text = visitor.open(path).text
    assert unmarked(text) == []
    let_hold_end(hall, int(basket_of(text)["reservation_id"]))
    assert unmarked(visitor.open(path).text) == []


def test_an_event_that_is_not_on_sale(visitor: Visitor) -> None:
    hall = full_event()
    now = func.clock_timestamp()
    for fields in (
        {"on_sale_from": now + timedelta(days=1)},
        {"on_sale_from": now - timedelta(days=2), "on_sale_until": now - timedelta(days=1)},
        {"status": "cancelled"},
    ):
        change_event(hall, **fields)
        assert unmarked(visitor.open(f"/events/{hall.event_id}").text) == []
        assert unmarked(visitor.open("/").text) == []


def test_a_reservation_from_the_list_to_its_end(visitor: Visitor) -> None:
    hall = full_event()
    path = f"/events/{hall.event_id}"
    visitor.register("gerda")
    visitor.pick(hall.event_id, hall.seat_ids[0])
    held = visitor.open(path).text
    bought = visitor.send(f"{path}/reserve", page=path, **basket_of(held))
    assert bought.location is not None
    for _ in range(2):
        assert unmarked(visitor.open(bought.location).text) == []
        assert unmarked(visitor.open("/reservations/").text) == []
        assert unmarked(visitor.open(path).text) == []
        visitor.send(f"{bought.location}/cancel", page="/account")


def test_forms_that_are_filled_in_wrongly(visitor: Visitor) -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"username": "", "email": "", "password": ""},
        {"username": "a@b", "email": "x", "password": "short"},
        {"username": "x" * 50, "email": "a..b@example.org", "password": "password1234"},
    )
    for fields in wrong:
        page = visitor.send("/register", **fields)
        assert page.status_code == 422
        assert unmarked(page.text) == []
    visitor.register("gerda")
    assert unmarked(visitor.open("/account").text) == []
    assert unmarked(visitor.send("/account", current_password="wrong", password="gerdagerda1").text) == []
    visitor.send("/sign-out", page="/account")
    assert unmarked(visitor.send("/sign-in", name="gerda", password="wrong").text) == []


def test_a_letter(visitor: Visitor) -> None:
    visitor.register("gerda")
    visitor.send("/sign-out", page="/account")
    assert unmarked(visitor.send("/forgot-password", email="gerda@example.org").text) == []
    letter = db.session.scalars(select(Mail)).one()
    for text in (letter.subject, letter.body_text):
        assert text
        assert "⟦" in text
        assert WORD.findall(NAMES.sub("", MARKED.sub("", text))) == []


def test_a_text_without_marks_is_found() -> None:
    assert unmarked('<p>⟦Sold ⟧out</p><b aria-label="Close">⟦x⟧</b><i>€12.00</i>') == ["⟦Sold ⟧out", "Close"]
