from __future__ import annotations

import re
from gettext import NullTranslations

import pytest

from seatbook.errors import (
    AlreadyYours,
    InvalidInput,
    LeavesSingle,
    NoneTogether,
    NotEnoughLeft,
    NotFound,
    SeatbookError,
    SeatsTaken,
    TooManySeats,
    WrongState,
)


class Shouted(NullTranslations):
    """A language that differs from English in every letter, and keeps the fields."""

    def gettext(self, message: str) -> str:
        return re.sub(
            r"%\(\w+\)s|.", lambda found: found[0] if len(found[0]) > 1 else found[0].upper(), message
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.mark.parametrize(
    ("error", "english"),
    [
        (
            SeatsTaken(seat_ids=[1], labels=["A1"]),
            "A1 was just taken by somebody else. Please pick another one.",
        ),
        (
            SeatsTaken(seat_ids=[1, 2], labels=["A1", "A2"]),
            "A1, A2 were just taken by somebody else. Please pick others.",
        ),
        (
            AlreadyYours(seat_ids=[1, 2], labels=["A1", "A2"]),
            "A1, A2 are yours already: they are in your reservations.",
        ),
        (NotEnoughLeft(area="Floor", wanted=4, left=2), "Floor: you asked for 4, and 2 are left."),
        (NotEnoughLeft(area="Floor", wanted=4, left=1), "Floor: you asked for 4, and 1 is left."),
        (NotEnoughLeft(area="Floor", wanted=4, left=0), "Floor: nothing is left."),
        (NoneTogether(wanted=4, left=1), "You asked for 4 seats, and 1 that fits is free."),
        (NoneTogether(wanted=4, left=0), "No free seat fits what you asked for."),
        (TooManySeats(max_seats=1), "You can have at most 1 place of this event."),
        (TooManySeats(max_seats=8), "You can have at most 8 places of this event."),
        (NotFound(what="event"), "There is no such event."),
        (NotFound(what="venue as “Barn”"), "There is no such venue as “Barn”."),
        (WrongState(state="confirmed"), "That is not possible, because it is reserved."),
        (WrongState(state="sealed"), "That is not possible, because it is sealed."),
        (
            LeavesSingle(
                seat_ids=[3],
                labels=["A3"],
                chosen=[2, 4],
                choices=[[1, 2], [4, 5]],
                choice_labels=[["A1", "A2"], ["A4", "A5"]],
                instead_of=[[2, 4], [2, 4]],
            ),
            "A3 would be left alone, and nobody likes to sit there. Please take A1, A2 or A4, A5 instead.",
        ),
    ],
)
def test_a_refusal_reads_well_for_one_and_for_several(error: SeatbookError, english: str) -> None:
    assert str(error) == english


@pytest.mark.parametrize(
    ("error", "shouted"),
    [
        (
            SeatsTaken(seat_ids=[1], labels=["a1"]),
            "a1 WAS JUST TAKEN BY SOMEBODY ELSE. PLEASE PICK ANOTHER ONE.",
        ),
        (NotFound(what="event"), "THERE IS NO SUCH EVENT."),
        (NotFound(what="venue as “Barn”"), "THERE IS NO SUCH venue as “Barn”."),
        # The words that are filled in are translated too.
        (WrongState(state="confirmed"), "THAT IS NOT POSSIBLE, BECAUSE IT IS RESERVED."),
        (
            LeavesSingle(
                seat_ids=[3],
                labels=["a3"],
                chosen=[4],
                choices=[[1], [5]],
                choice_labels=[["a1"], ["a5"]],
                instead_of=[[4], [4]],
            ),
            "a3 WOULD BE LEFT ALONE, AND NOBODY LIKES TO SIT THERE. PLEASE TAKE a1 OR a5 INSTEAD.",
        ),
        (InvalidInput(field="x", reason="At most %(most)s fit.", most=20), "AT MOST 20 FIT."),
        (NotEnoughLeft(area="Floor", wanted=2, left=0), "Floor: NOTHING IS LEFT."),
    ],
)
def test_a_refusal_is_looked_up_before_its_fields_are_filled_in(error: SeatbookError, shouted: str) -> None:
    assert error.sentence(Shouted()) == shouted


def test_what_somebody_typed_is_no_template() -> None:
    typed = "“100% %(secret)s” is not a price."
    assert str(InvalidInput(field="price", reason=typed)) == typed
    assert (
        str(InvalidInput(field="price", reason="“%(text)s” is no price.", text="5 %s"))
        == "“5 %s” is no price."
    )


def test_the_data_of_a_refusal_keeps_the_english_reason() -> None:
    error = InvalidInput(field="x", reason="At most %(most)s fit.", most=20)
    assert error.data == {"field": "x", "reason": "At most 20 fit.", "most": 20}


def test_a_number_is_written_as_its_reader_writes_it() -> None:
    error = InvalidInput(field="x", reason="At most %(most)s fit.", most=86_400)
    assert str(error) == "At most 86,400 fit."
    assert error.sentence(number="{:_}".format) == "At most 86_400 fit."
    assert (
        NotEnoughLeft(area="Floor", wanted=4_000, left=1_000)
        .sentence(number=str)
        .endswith("and 1000 are left.")
    )
