"""What can be had instead of what was refused, as buttons: "Take B5 and B6 instead"."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from seatbook.errors import LeavesSingle, SeatbookError, SeatsTaken
from seatbook.queries.seats import FreeSeat
from seatbook.web.listing import listing
from seatbook.web.texts import gettext as _


@dataclass(frozen=True, slots=True)
class BetterChoice:
    """One button. `seat_ids` are the seats that it names, `hold` and `release` the ids that its form sends."""

    words: str
    seat_ids: tuple[int, ...]
    hold: tuple[int, ...]
    release: tuple[int, ...]


def better_choices(
    error: SeatbookError, *, asked: Collection[int], mine: Collection[int], near: Sequence[FreeSeat] = ()
) -> list[BetterChoice]:
    """The best first; none for most refusals.

    `asked` are the seats of the click, `mine` what the viewer holds, `near` the free seats nearest to one that
    was lost. What was asked for besides, and is not in the way, is taken along.
    """
    if isinstance(error, LeavesSingle):
        chosen = set(error.data["chosen"])
        choices = zip(
            error.data["choices"], error.data["choice_labels"], error.data["instead_of"], strict=True
        )
        return [
            _choice(seat_ids, labels, wanted=chosen - set(instead_of), give=set(instead_of), mine=set(mine))
            for seat_ids, labels, instead_of in choices
        ]
    if isinstance(error, SeatsTaken):
        lost = error.data["seat_ids"]
        others = set(asked) - set(lost)
        near = [seat for seat in near if seat.id not in others]
        offers = [near[first : first + len(lost)] for first in range(0, len(near), len(lost))]
        return [
            _choice(
                [seat.id for seat in offer],
                [seat.label for seat in offer],
                wanted=others,
                give=set(),
                mine=set(mine),
            )
            for offer in offers
            if len(offer) == len(lost)
        ]
    return []


def _choice(
    seat_ids: Sequence[int], labels: Sequence[str], *, wanted: set[int], give: set[int], mine: set[int]
) -> BetterChoice:
    return BetterChoice(
        words=_("Take %(seats)s instead", seats=listing(labels)),
        seat_ids=tuple(seat_ids),
        hold=tuple(sorted((wanted | set(seat_ids)) - mine)),
        release=tuple(sorted((give & mine) - set(seat_ids))),
    )
