from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, update

from seatbook.domain.inventory import hold_seats
from seatbook.extensions import db
from seatbook.models import Event, Show
from seatbook.models.catalogue import SHOW_KINDS
from tests.factories import Hall, change_event, make_event, make_holder
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def show_of(hall: Hall) -> int:
    show_id: int = db.session.execute(db.select(Event.show_id).where(Event.id == hall.event_id)).scalar_one()
    return show_id


def change_show(hall: Hall, **fields: object) -> int:
    show_id = show_of(hall)
    db.session.execute(update(Show).where(Show.id == show_id).values(fields))
    db.session.commit()
    return show_id


def listed(text: str, hall: Hall) -> bool:
    return f'href="/events/{hall.event_id}"' in text


def test_the_front_page_shows_what_is_on_and_how_many_are_left(visitor: Visitor) -> None:
    hall = make_event(seats=40, price_minor=4500)
    change_show(hall, title="The <Quiet> Hour", tagline="Hush & tell")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=make_holder())
    text = visitor.open("/").text
    assert listed(text, hall)
    assert "The &lt;Quiet&gt; Hour" in text
    assert "37 of 40 left" in text
    assert "€45.00" in text
    assert "/static/posters/kind-concert.svg" in text


def test_nothing_on_is_said_kindly(visitor: Visitor) -> None:
    assert "Nothing is on yet" in visitor.open("/").text


def test_filters_are_kept_and_an_empty_answer_has_a_way_out(visitor: Visitor) -> None:
    hall = make_event()
    text = visitor.open("/?kind=concert&date=2099-01-01").text
    assert not listed(text, hall)
    assert '<option value="concert" selected>' in text
    assert 'value="2099-01-01"' in text
    assert "Nothing fits" in text
    assert 'href="/">Show everything' in text


@pytest.mark.parametrize(
    "query",
    [
        "kind=nonsense",
        "venue=abc",
        "venue=" + "9" * 30,
        "venue=-1",
        "date=tomorrow",
        "date=2026-02-30",
        "page=abc",
        "page=-1",
        "page=0",
        "page=" + "9" * 30,
        "kind=&venue=&date=&page=",
    ],
)
def test_a_filter_that_means_nothing_filters_nothing(visitor: Visitor, query: str) -> None:
    hall = make_event()
    answer = visitor.open(f"/?{query}")
    assert answer.status_code == 200
    assert listed(answer.text, hall)


def test_pages_keep_the_filters(visitor: Visitor) -> None:
    for _ in range(13):
        make_event()
    text = visitor.open("/?kind=concert").text
    assert "Page 1 of 2" in text
    assert 'href="/?page=2&amp;kind=concert"' in text
    assert "Page 2 of 2" in visitor.open("/?page=2&kind=concert").text


def test_sale_states_are_said_in_words(visitor: Visitor) -> None:
    later = make_event(seats=1)
    change_event(later, on_sale_from=func.clock_timestamp() + timedelta(days=1))
    ended = make_event(seats=1)
    change_event(ended, on_sale_until=func.clock_timestamp() - timedelta(seconds=1))
    make_event(seats=1, status="cancelled")
    full = make_event(seats=1)
    hold_seats(full.event_id, seat_ids=full.seat_ids, holder=make_holder())
    text = visitor.open("/").text
    for words in ("On sale from", "The sale has ended", "Cancelled", "Sold out"):
        assert words in text


def test_an_unlisted_event_has_a_page_and_is_not_advertised(visitor: Visitor) -> None:
    hall = make_event(seats=1, listed=False)
    assert not listed(visitor.open("/").text, hall)
    assert visitor.open(f"/events/{hall.event_id}").status_code == 200


def test_a_show_has_a_page_with_all_its_dates(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    show_id = change_show(hall, description="A long\nstory")
    text = visitor.open(f"/shows/{show_id}").text
    assert listed(text, hall)
    assert "A long\nstory" in text


def test_a_show_without_dates_says_so(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    show_id = show_of(hall)
    change_event(
        hall,
        starts_at=func.clock_timestamp() - timedelta(hours=3),
        ends_at=func.clock_timestamp() - timedelta(hours=1),
    )
    assert "There is no date to come." in visitor.open(f"/shows/{show_id}").text


@pytest.mark.parametrize("path", ["/shows/0", "/shows/999999", "/shows/abc", "/shows/99999999999999999999"])
def test_a_show_that_is_not_there(visitor: Visitor, path: str) -> None:
    assert visitor.open(path).status_code == 404


@pytest.mark.parametrize("poster", ["../../secret", "no-such-drawing", "Ünïcode", ""])
def test_a_poster_that_is_not_there_is_the_plain_one(visitor: Visitor, poster: str) -> None:
    hall = make_event(seats=1)
    change_show(hall, poster=poster)
    assert "/static/posters/kind-concert.svg" in visitor.open("/").text


def test_every_kind_has_a_plain_poster(visitor: Visitor) -> None:
    for kind in SHOW_KINDS:
        assert visitor.open(f"/static/posters/kind-{kind}.svg").status_code == 200
