"""Changes as markup for the stream: by the same partials as the page itself."""

from __future__ import annotations

from flask import current_app, render_template
from flask_babel import force_locale

from seatbook.live.drawing import Drawing, Sitting
from seatbook.live.viewers import names_of
from seatbook.queries.event import BY_QUANTITY
from seatbook.queries.seats import SeatView
from seatbook.queries.stream import acts_of
from seatbook.web.event_words import EventWords


def draw(sitting: Sitting) -> Drawing:
    """Each seat once for everybody, and once for its owner when the owner listens. Needs an app context."""
    parts = sitting.parts
    page = parts.page
    with force_locale(sitting.language):
        words = EventWords(page)
        live_seat = current_app.jinja_env.get_template("_live_seats.html").module.live_seat  # type: ignore[attr-defined]
        neutral = [live_seat(seat, words.seats) for seat in page.seats]
        rest = render_template(
            "_live_rest.html",
            page=page,
            words=words,
            areas=[area for area in page.areas if area.kind in BY_QUANTITY and area.id in parts.area_ids],
            acts=None if sitting.news is None else acts_of(page.activity, sitting.news),
        )
        own: dict[str, list[str]] = {}
        for nth, seat in enumerate(page.seats):
            owner = parts.owners.get(seat.id)
            names = [name for name in names_of(owner) if name in sitting.viewers] if owner else []
            if names:
                drawn = live_seat(as_its_owner_sees(seat), words.seats)
                for name in names:
                    own.setdefault(name, list(neutral))[nth] = drawn
    return Drawing(
        neutral="\n".join([*neutral, rest]),
        own={viewer: "\n".join([*seats, rest]) for viewer, seats in own.items()},
    )


def as_its_owner_sees(seat: SeatView) -> SeatView:
    """A seat that is held or reserved, for whoever holds or bought it."""
    return seat._replace(status="mine" if seat.status == "held" else seat.status, own=True)
