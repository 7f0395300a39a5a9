from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, update

from seatbook.domain.inventory import hold_seats
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Category, Event, Show, Venue
from seatbook.queries.catalogue import SHOWS_PER_PAGE, Catalogue, EventSummary, Filters, load_show, whats_on
from seatbook.queries.figures import Figures
from tests.factories import Hall, change_event, let_hold_end, make_event, make_holder
from tests.query_count import statements

pytestmark = pytest.mark.usefixtures("app_context")


def catalogue(page: int = 1, **filters: object) -> Catalogue:
    db.session.rollback()
    return whats_on(Filters(**filters), page=page)  # type: ignore[arg-type]


def events_of(found: Catalogue) -> list[EventSummary]:
    return [event for show in found.shows for event in show.events]


def ids_of(found: Catalogue) -> list[int]:
    return [event.id for event in events_of(found)]


def same_show(hall: Hall, *others: Hall) -> int:
    """Make the others' events dates of the first one's show; its id."""
    show_id: int = db.session.execute(db.select(Event.show_id).where(Event.id == hall.event_id)).scalar_one()
    for other in others:
        change_event(other, show_id=show_id)
    return show_id


def test_a_coming_event_is_listed_with_its_figures_and_prices() -> None:
    hall = make_event(seats=5, price_minor=4500)
    db.session.add(Category(event_id=hall.event_id, name="Box", price_minor=9000))
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=make_holder())

    (event,) = events_of(catalogue())
    assert event.figures == Figures(available=3, held=2)
    assert (event.lowest_minor, event.highest_minor) == (4500, 9000)
    assert event.sale == "on_sale"


def test_a_hold_that_has_ended_is_counted_as_available() -> None:
    hall = make_event(seats=1)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    assert [event.sale for event in events_of(catalogue())] == ["sold_out"]
    let_hold_end(hall, held.reservation_id)
    (event,) = events_of(catalogue())
    assert (event.sale, event.figures) == ("on_sale", Figures(available=1))


def test_what_is_over_or_a_draft_or_unlisted_is_not_on() -> None:
    over = make_event(seats=1)
    change_event(
        over,
        starts_at=func.clock_timestamp() - timedelta(hours=3),
        ends_at=func.clock_timestamp() - timedelta(seconds=1),
    )
    make_event(seats=1, status="draft")
    make_event(seats=1, listed=False)
    shown = make_event(seats=1)
    assert ids_of(catalogue()) == [shown.event_id]


def test_sale_states_are_told() -> None:
    later = make_event(seats=1)
    change_event(later, on_sale_from=func.clock_timestamp() + timedelta(hours=1))
    ended = make_event(seats=1)
    change_event(ended, on_sale_until=func.clock_timestamp() - timedelta(seconds=1))
    cancelled = make_event(seats=1, status="cancelled")
    states = {event.id: event.sale for event in events_of(catalogue())}
    assert states == {later.event_id: "not_yet", ended.event_id: "ended", cancelled.event_id: "cancelled"}


def test_filters_by_kind_venue_and_both() -> None:
    concert, film = make_event(), make_event()
    venue_id: int = db.session.execute(
        db.select(Event.venue_id).where(Event.id == film.event_id)
    ).scalar_one()
    show_id = same_show(film)
    db.session.execute(update(Show).where(Show.id == show_id).values(kind="film"))
    db.session.commit()

    assert ids_of(catalogue(kind="film")) == [film.event_id]
    assert ids_of(catalogue(kind="concert")) == [concert.event_id]
    assert ids_of(catalogue(venue_id=venue_id)) == [film.event_id]
    assert ids_of(catalogue(venue_id=venue_id, kind="concert")) == []
    assert catalogue(kind="theatre").kinds == ("concert", "film")


def test_a_day_is_the_venues_day() -> None:
    """23:30 UTC is the next day in Berlin."""
    starts_at = (datetime.now(UTC) + timedelta(days=10)).replace(hour=23, minute=30, second=0, microsecond=0)
    hall = make_event(starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    assert ids_of(catalogue(on=starts_at.date())) == []
    assert ids_of(catalogue(on=starts_at.date() + timedelta(days=1))) == [hall.event_id]


def test_an_event_of_many_days_is_on_each_of_them_and_a_late_evening_only_on_its_own() -> None:
    starts_at = (datetime.now(UTC) + timedelta(days=10)).replace(hour=18, minute=0)
    fortnight = make_event(starts_at=starts_at, ends_at=starts_at + timedelta(days=14))
    evening = make_event(starts_at=starts_at, ends_at=starts_at + timedelta(hours=9))
    assert ids_of(catalogue(on=starts_at.date())) == [fortnight.event_id, evening.event_id]
    assert ids_of(catalogue(on=starts_at.date() + timedelta(days=1))) == [fortnight.event_id]
    assert ids_of(catalogue(on=date(1999, 1, 1))) == []


def test_a_show_lists_its_next_dates_and_counts_the_rest() -> None:
    halls = [make_event(starts_at=day(n), ends_at=day(n, hours=2)) for n in (3, 1, 6, 2, 5, 4)]
    show_id = same_show(*halls)
    (show,) = catalogue().shows
    assert show.id == show_id
    assert [event.starts_at for event in show.events] == [day(1), day(2), day(3), day(4)]
    assert (show.event_count, show.more) == (6, 2)
    assert len(load_show(show_id).events) == 6


DAY_ZERO = datetime.now(UTC).replace(microsecond=0)


def day(number: int, *, hours: int = 0) -> datetime:
    return DAY_ZERO + timedelta(days=number, hours=hours)


def test_shows_come_in_pages_soonest_first_and_beyond_the_last_is_the_last() -> None:
    number = SHOWS_PER_PAGE + 3
    halls = [make_event(starts_at=day(n + 1), ends_at=day(n + 1, hours=2)) for n in range(number)]
    first, second, beyond = catalogue(1), catalogue(2), catalogue(77)
    assert ids_of(first) + ids_of(second) == [hall.event_id for hall in halls]
    assert (first.page_count, first.show_count, beyond.page) == (2, number, 2)


def test_an_empty_catalogue_is_one_empty_page() -> None:
    found = catalogue(5)
    assert (found.shows, found.page, found.page_count, found.venues) == ((), 1, 1, ())


def test_the_number_of_queries_does_not_depend_on_how_much_is_on() -> None:
    make_event(seats=40)
    with statements() as few:
        catalogue()
    for _ in range(8):
        make_event(seats=200)
    with statements() as many:
        catalogue()
    assert len(few) == len(many) == 6


def test_a_show_that_nobody_may_see_is_not_there() -> None:
    for hidden in (make_event(status="draft"), make_event(listed=False)):
        with pytest.raises(NotFound):
            load_show(same_show(hidden))
    with pytest.raises(NotFound):
        load_show(2**62)


def test_the_choice_of_venues_is_those_with_something_on() -> None:
    hall = make_event()
    db.session.add(Venue(name="Nothing Here"))
    db.session.commit()
    venue_id = db.session.execute(db.select(Event.venue_id).where(Event.id == hall.event_id)).scalar_one()
    assert [venue for venue, _ in catalogue().venues] == [venue_id]
