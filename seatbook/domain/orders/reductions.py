"""What makes an event cheaper, as staff set it up: discount codes, and concessions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from seatbook.domain.inventory.reprice import lock_code
from seatbook.domain.staff_record import note_staff_act
from seatbook.domain.transaction import run_transaction, violated_constraint
from seatbook.errors import N_, InvalidInput, NotFound
from seatbook.models import Concession, DiscountCode, DiscountCodeCategory

# Of a code, and of a concession's name: what fits into a line of a phone, twice.
MOST_CHARACTERS = 80
MOST_USES = 1_000_000


def create_code(
    event_id: int,
    *,
    code: str,
    percent_off: int | None = None,
    amount_off_minor: int | None = None,
    max_uses: int | None = None,
    max_uses_per_holder: int | None = None,
    category_ids: Collection[int] = (),
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    actor_user_id: int | None = None,
) -> int:
    """A new code of an event, in capitals; its id. Exactly one of `percent_off` (1 to 100) and
    `amount_off_minor` (of the whole basket). With `category_ids` it is for their places only, and an amount is of
    what those cost together. Raises InvalidInput, NotFound."""
    spelled = code.strip().upper()
    if not spelled:
        raise InvalidInput(field="code", reason=N_("Please type a code."))
    _check_length(spelled, field="code")
    if max(max_uses or 1, max_uses_per_holder or 1) > MOST_USES:
        raise InvalidInput(
            field="max_uses", reason=N_("A code can be limited to at most %(most)s uses."), most=MOST_USES
        )
    if (percent_off is None) == (amount_off_minor is None):
        raise InvalidInput(field="reduction", reason=N_("A code takes off a percentage, or an amount."))
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        raise InvalidInput(field="valid_until", reason=N_("A code ends after it begins."))
    values = {
        "event_id": event_id,
        "code": spelled,
        "percent_off": percent_off,
        "amount_off_minor": amount_off_minor,
        "max_uses": max_uses,
        "max_uses_per_holder": max_uses_per_holder,
        "valid_from": valid_from,
        "valid_until": valid_until,
    }

    def act(session: Session) -> int:
        code_id: int = session.execute(
            insert(DiscountCode).values(values).returning(DiscountCode.id)
        ).scalar_one()
        if category_ids:
            rows = [
                {"event_id": event_id, "discount_code_id": code_id, "category_id": category_id}
                for category_id in sorted(set(category_ids))
            ]
            session.execute(insert(DiscountCodeCategory), rows)
        note_staff_act(session, event_id, "created_code", actor=actor_user_id, subject=spelled)
        return code_id

    return _made(act)


def stop_code(event_id: int, *, code: str, actor_user_id: int | None = None) -> bool:
    """Nobody can use a code from now on; baskets and purchases that have it keep it. True when this act did it.

    Raises NotFound.
    """
    return _switch_code(event_id, code=code, on=False, actor_user_id=actor_user_id)


def start_code(event_id: int, *, code: str, actor_user_id: int | None = None) -> bool:
    """A code that was stopped is good again, within its limits and its time. True when this act did it.

    Raises NotFound.
    """
    return _switch_code(event_id, code=code, on=True, actor_user_id=actor_user_id)


def _switch_code(event_id: int, *, code: str, on: bool, actor_user_id: int | None) -> bool:
    spelled = code.strip().upper()

    def act(session: Session) -> bool:
        found = lock_code(session, event_id, spelled, holder_id=0)
        if found is None:
            raise NotFound(what="code")
        if found.is_active == on:
            return False
        session.execute(
            update(DiscountCode)
            .where(DiscountCode.event_id == event_id, DiscountCode.id == found.id)
            .values(is_active=on)
        )
        done = "started_code" if on else "stopped_code"
        note_staff_act(session, event_id, done, actor=actor_user_id, subject=spelled)
        return True

    return run_transaction(act)


def create_concession(event_id: int, *, name: str, percent_off: int, actor_user_id: int | None = None) -> int:
    """Who pays less at this event, and how much less (1 to 100 %); its id. Names differ by more than their capitals.

    Raises InvalidInput, NotFound.
    """
    spelled = " ".join(name.split())
    if not spelled:
        raise InvalidInput(field="name", reason=N_("Please say who pays less."))
    if not 1 <= percent_off <= 100:
        raise InvalidInput(field="percent_off", reason=N_("A concession takes off from 1 to 100 percent."))
    _check_length(spelled, field="name")

    def act(session: Session) -> int:
        same = select(Concession.id).where(
            Concession.event_id == event_id, func.lower(Concession.name) == func.lower(spelled)
        )
        if session.execute(same).first() is not None:
            raise _there_already("name")
        concession_id: int = session.execute(
            insert(Concession)
            .values(event_id=event_id, name=spelled, percent_off=percent_off)
            .returning(Concession.id)
        ).scalar_one()
        note_staff_act(session, event_id, "created_concession", actor=actor_user_id, subject=spelled)
        return concession_id

    return _made(act)


def stop_concession(event_id: int, *, concession_id: int, actor_user_id: int | None = None) -> bool:
    """Nobody can choose a concession from now on; places that are held or bought with it keep it. True when this
    act did it. Raises NotFound."""
    return _switch_concession(event_id, concession_id=concession_id, on=False, actor_user_id=actor_user_id)


def start_concession(event_id: int, *, concession_id: int, actor_user_id: int | None = None) -> bool:
    """A concession that was stopped can be chosen again. True when this act did it. Raises NotFound."""
    return _switch_concession(event_id, concession_id=concession_id, on=True, actor_user_id=actor_user_id)


def _switch_concession(event_id: int, *, concession_id: int, on: bool, actor_user_id: int | None) -> bool:
    def act(session: Session) -> bool:
        this_one = (Concession.event_id == event_id, Concession.id == concession_id)
        # Whoever does the same waits here for the first one.
        switched = session.execute(
            update(Concession)
            .where(*this_one, Concession.is_active.is_(not on))
            .values(is_active=on)
            .returning(Concession.name)
        ).one_or_none()
        if switched is None:
            if session.execute(select(Concession.id).where(*this_one)).one_or_none() is None:
                raise NotFound(what="concession")
            return False
        done = "started_concession" if on else "stopped_concession"
        note_staff_act(session, event_id, done, actor=actor_user_id, subject=switched.name)
        return True

    return run_transaction(act)


def _check_length(text: str, *, field: str) -> None:
    if len(text) > MOST_CHARACTERS or not text.isprintable():
        raise InvalidInput(
            field=field,
            reason=N_("Please use at most %(most)s characters, and no control characters."),
            most=MOST_CHARACTERS,
        )


def _made(act: Callable[[Session], int]) -> int:
    """The schema knows the limits; what it refuses is told in words."""
    try:
        return run_transaction(act)
    except IntegrityError as error:
        constraint = violated_constraint(error) or ""
        if constraint.startswith("fk_"):
            raise NotFound(what="category" if "category" in constraint else "event") from error
        if constraint.startswith("uq_"):
            raise _there_already("name" if "concession" in constraint else "code") from error
        raise InvalidInput(
            field="reduction",
            reason=N_(
                "A reduction is a percentage from 1 to 100, or an amount above 0. Limits are above 0, too."
            ),
        ) from error


def _there_already(field: str) -> InvalidInput:
    return InvalidInput(field=field, reason=N_("This event has that already."))
