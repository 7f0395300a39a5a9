"""What is said to whoever lost a seat by a moment: which one, and what is free beside it."""

from __future__ import annotations

from collections.abc import Sequence

from seatbook.errors import SeatsTaken
from seatbook.queries.event_page import EventPage
from seatbook.queries.seats import BESIDE, FreeSeat
from seatbook.web.listing import listing
from seatbook.web.seat_words import SeatWords
from seatbook.web.texts import gettext as _
from seatbook.web.texts import ngettext


def sentence_of_lost_race(error: SeatsTaken, page: EventPage, *, near: Sequence[FreeSeat]) -> str:
    """ "A5 was just taken. B5 and B6 beside it are free." `near` are those two."""
    seat_ids: list[int] = error.data["seat_ids"]
    lost = [seat for seat in page.seats if seat.id in set(seat_ids)]
    words = SeatWords(page)
    names = [words.place(seat) if seat.starts_at else seat.label or words.place(seat) for seat in lost]
    names = names or list(error.data["labels"])
    taken = ngettext(
        "%(names)s was just taken.", "%(names)s were just taken.", len(names), names=listing(names)
    )
    return f"{taken} {_what_is_free(near)}"


def _what_is_free(near: Sequence[FreeSeat]) -> str:
    if not near:
        return _("Please pick another one.")
    names = listing([seat.label for seat in near])
    if near[-1].distance <= BESIDE:
        return ngettext(
            "%(names)s beside it is free.", "%(names)s beside it are free.", len(near), names=names
        )
    return ngettext(
        "The nearest free one is %(names)s.", "The nearest free ones are %(names)s.", len(near), names=names
    )
