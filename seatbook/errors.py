"""Every way in which seatbook says no: a code for programs, data, and a plain sentence for people.

Nothing here knows HTTP or HTML. The edges (`web`, `cli`, later `api`) turn a
code into a status, an exit code and a translated sentence. A message is an
English template with %(name)s fields, filled from `data`, so that it can be
looked up in a translation catalogue first.
"""

from __future__ import annotations

from typing import Any, ClassVar


class SeatbookError(Exception):
    """A refusal with its reason. `code` is stable, `data` holds plain JSON-ready values."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "That did not work."

    def __init__(self, **data: Any) -> None:
        super().__init__(self.code)
        self.data = data

    def __str__(self) -> str:
        return self.message % self.data


class ConfigurationError(SeatbookError):
    """The environment is not usable; `faults` is a list of sentences, one for each setting."""

    code = "configuration"
    message = "seatbook cannot start:\n%(listing)s"

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults=faults, listing="\n".join(f"  - {fault}" for fault in faults))


class NotFound(SeatbookError):
    """There is no such thing, or it is somebody else's, which must look the same."""

    code = "not_found"
    message = "There is no such %(what)s."


class InvalidInput(SeatbookError):
    """A value is outside what is allowed. `field` names it, `reason` says what is wrong and what to do."""

    code = "invalid"
    message = "%(reason)s"


class SeatsTaken(SeatbookError):
    """Some of the seats asked for belong to somebody else. `labels` and `seat_ids` name them."""

    code = "seats_taken"
    message = "%(listing)s was just taken by somebody else. Please pick another one."

    def __init__(self, *, seat_ids: list[int], labels: list[str]) -> None:
        super().__init__(seat_ids=seat_ids, labels=labels, listing=", ".join(labels))


class AlreadyYours(SeatbookError):
    """The holder bought these seats a moment ago, perhaps in another window."""

    code = "already_yours"
    message = "%(listing)s is yours already: it is in your reservations."

    def __init__(self, *, seat_ids: list[int], labels: list[str]) -> None:
        super().__init__(seat_ids=seat_ids, labels=labels, listing=", ".join(labels))


class NotEnoughLeft(SeatbookError):
    """Fewer places of an area are free than were asked for. `left` may be 0: sold out."""

    code = "not_enough_left"
    message = "%(area)s: you asked for %(wanted)s, and %(left)s are left."


class NoneTogether(SeatbookError):
    """Fewer seats that fit a wish are free than were asked for; `left` may be 0."""

    code = "none_together"
    message = "You asked for %(wanted)s seats, and %(left)s that fit are free."


class LeavesSingle(SeatbookError):
    """The choice would leave a seat alone that a better one would not. `choices` are lists of seat ids, the
    nearest first, each as good as asked for; `choice_labels` names them."""

    code = "leaves_single"
    message = (
        "%(listing)s would be left alone, and nobody likes to sit there. Please take %(better)s instead."
    )

    def __init__(
        self,
        *,
        seat_ids: list[int],
        labels: list[str],
        choices: list[list[int]],
        choice_labels: list[list[str]],
    ) -> None:
        super().__init__(
            seat_ids=seat_ids,
            labels=labels,
            choices=choices,
            choice_labels=choice_labels,
            listing=", ".join(labels),
            better=" or ".join(", ".join(names) for names in choice_labels),
        )


class TooManySeats(SeatbookError):
    """The holder would have more than the event's `max_seats`."""

    code = "too_many_seats"
    message = "You can have at most %(max_seats)s places of this event."


class SaleClosed(SeatbookError):
    """The event is not on sale now: `state` is not_yet, ended or cancelled."""

    code = "sale_closed"
    message = "This event is not on sale now."


class HoldExpired(SeatbookError):
    """The hold ended before it was confirmed; nothing was charged."""

    code = "hold_expired"
    message = "Your hold has ended. Nothing was charged. Please pick your places again."


class BasketChanged(SeatbookError):
    """The hold contains other seats than the ones the person saw when they confirmed."""

    code = "basket_changed"
    message = "Your basket changed in another window. Please check it and reserve again."


class TooLateToCancel(SeatbookError):
    """The event's deadline for cancelling by the buyer has passed."""

    code = "too_late_to_cancel"
    message = "It is too late to cancel this reservation."


class WrongState(SeatbookError):
    """The act does not fit the present state, for example cancelling what was never confirmed."""

    code = "wrong_state"
    message = "That is not possible for something that is %(state)s."


class Busy(SeatbookError):
    """Too many people want the same places at this very moment; trying again soon is right."""

    code = "busy"
    message = "Many people want these places right now. Please try again in a moment."


class SignInRefused(SeatbookError):
    """Unknown name and wrong password give this same answer."""

    code = "sign_in_refused"
    message = "That name and password do not match. Please try again."


class NameTaken(SeatbookError):
    """Somebody else has that username or mail address. `field` is username or email."""

    code = "name_taken"
    message = "%(value)s is taken already. Is it yours? Then sign in."


class ResetLinkSpent(SeatbookError):
    """A link for a new password was used, is too old, or the password was changed since it was sent."""

    code = "reset_link_spent"
    message = "This link has been used or is too old. Please ask for a new one."
