"""Every way in which seatbook says no: a code for programs, data, and a plain sentence for people.

Nothing here knows HTTP or HTML. The edges (`web`, `cli`, later `api`) turn a
code into a status or an exit code. A sentence is an English template with
%(name)s fields; `sentence(translations)` looks it up before it fills them in,
and `str(error)` is the English one. `N_` and `NN_` mark what has to be translated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from gettext import NullTranslations
from typing import Any, ClassVar

ENGLISH = NullTranslations()
WriteNumber = Callable[[int], str]


def N_(text: str) -> str:
    """Mark a text for the translators. It stays as it is; whoever shows it looks it up."""
    return text


def NN_(one: str, many: str) -> tuple[str, str]:
    """Mark a text with a number in it: how it reads for one, and for several."""
    return one, many


class SeatbookError(Exception):
    """A refusal with its reason. `code` is stable, `data` holds plain JSON-ready values.

    A `message` of two forms is chosen by `data[counted]`: a number, or a list of so many.
    """

    code: ClassVar[str] = "error"
    message: str | tuple[str, str] = N_("That did not work.")
    counted: ClassVar[str] = ""

    def __init__(self, **data: Any) -> None:
        super().__init__(self.code)
        self.data = data

    def __str__(self) -> str:
        return self.sentence()

    def sentence(self, language: NullTranslations = ENGLISH, number: WriteNumber = "{:,}".format) -> str:
        """What people read, in the language of these translations, with numbers as `number` writes them."""
        if isinstance(self.message, str):
            text = language.gettext(self.message)
        else:
            counted = self.data[self.counted]
            text = language.ngettext(*self.message, counted if isinstance(counted, int) else len(counted))
        return text % _written(self.fields(language), number)

    def fields(self, language: NullTranslations) -> Mapping[str, Any]:
        """What is filled into the template. For those in whose data are words that need translating too."""
        return self.data


def _written(fields: Mapping[str, Any], number: WriteNumber) -> dict[str, Any]:
    return {name: number(value) if isinstance(value, int) else value for name, value in fields.items()}


class ConfigurationError(SeatbookError):
    """The environment is not usable; `faults` is a list of sentences, one for each setting."""

    code = "configuration"
    message = "seatbook cannot start:\n%(listing)s"

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults=faults, listing="\n".join(f"  - {fault}" for fault in faults))


class NotFound(SeatbookError):
    """There is no such thing, or it is somebody else's, which must look the same. `what` names it."""

    code = "not_found"
    message = "There is no such %(what)s."
    # Those that a page tells of have a sentence each: other languages need to know what it is about.
    sentences: ClassVar[dict[str, str]] = {
        "area": N_("There is no such area."),
        "category": N_("There is no such category."),
        "code": N_("There is no such code."),
        "concession": N_("There is no such concession."),
        "delivery": N_("There is no such delivery."),
        "endpoint": N_("There is no such endpoint."),
        "event": N_("There is no such event."),
        "letter": N_("There is no such letter."),
        "payment": N_("There is no such payment."),
        "section": N_("There is no such section."),
        "plan": N_("There is no such plan."),
        "refund": N_("There is no such refund."),
        "reservation": N_("There is no such reservation."),
        "seat": N_("There is no such seat."),
        "show": N_("There is no such show."),
        "ticket": N_("There is no such ticket."),
        "token": N_("There is no such token."),
        "user": N_("There is no such user."),
        "venue": N_("There is no such venue."),
        "week": N_("There is no such week."),
    }

    def __init__(self, *, what: str) -> None:
        super().__init__(what=what)
        self.message = self.sentences.get(what, self.message)


class InvalidInput(SeatbookError):
    """A value is outside what is allowed. `field` names it, `reason` says what is wrong and what to do.

    With further values `reason` is a template for them, marked with N_; without any it is taken
    as it is, so a finished sentence may hold a "%" that somebody typed.
    """

    code = "invalid"

    def __init__(self, *, field: str, reason: str, **values: Any) -> None:
        self.template = reason
        self.values = values
        super().__init__(field=field, reason=self.sentence(), **values)

    def sentence(self, language: NullTranslations = ENGLISH, number: WriteNumber = "{:,}".format) -> str:
        text = language.gettext(self.template)
        return text % _written(self.values, number) if self.values else text


class SeatsTaken(SeatbookError):
    """Some of the seats asked for are somebody else's: `seats` are their labels, `data.seat_ids` their ids."""

    code = "seats_taken"
    message: str | tuple[str, str] = NN_(
        "%(listing)s was just taken by somebody else. Please pick another one.",
        "%(listing)s were just taken by somebody else. Please pick others.",
    )
    counted = "labels"

    def __init__(self, *, seat_ids: list[int], labels: list[str]) -> None:
        super().__init__(seat_ids=seat_ids, labels=labels, listing=", ".join(labels))


class AlreadyYours(SeatbookError):
    """The holder bought these seats a moment ago, perhaps in another window."""

    code = "already_yours"
    message: str | tuple[str, str] = NN_(
        "%(listing)s is yours already: it is in your reservations.",
        "%(listing)s are yours already: they are in your reservations.",
    )
    counted = "labels"

    def __init__(self, *, seat_ids: list[int], labels: list[str]) -> None:
        super().__init__(seat_ids=seat_ids, labels=labels, listing=", ".join(labels))


class NotEnoughLeft(SeatbookError):
    """Fewer places of an area are free than were asked for. `left` may be 0: sold out."""

    code = "not_enough_left"
    message: str | tuple[str, str] = NN_(
        "%(area)s: you asked for %(wanted)s, and %(left)s is left.",
        "%(area)s: you asked for %(wanted)s, and %(left)s are left.",
    )
    counted = "left"
    sold_out = N_("%(area)s: nothing is left.")

    def __init__(self, *, area: str, wanted: int, left: int) -> None:
        super().__init__(area=area, wanted=wanted, left=left)
        if left == 0:
            self.message = self.sold_out


class NoneTogether(SeatbookError):
    """Fewer seats that fit a wish are free than were asked for; `left` may be 0."""

    code = "none_together"
    message: str | tuple[str, str] = NN_(
        "You asked for %(wanted)s seats, and %(left)s that fits is free.",
        "You asked for %(wanted)s seats, and %(left)s that fit are free.",
    )
    counted = "left"
    none_fits = N_("No free seat fits what you asked for.")

    def __init__(self, *, wanted: int, left: int, **data: Any) -> None:
        super().__init__(wanted=wanted, left=left, **data)
        if left == 0:
            self.message = self.none_fits


class LeavesSingle(SeatbookError):
    """The choice would leave a seat alone that a better one would not. `chosen` are all seats that the buyer
    would have; `choices` are lists of seat ids, the nearest first, each to be had instead of those seats of
    `chosen` that stand in the same place of `instead_of`; `choice_labels` names them."""

    code = "leaves_single"
    message: str | tuple[str, str] = NN_(
        "%(listing)s would be left alone, and nobody likes to sit there. Please take %(better)s instead.",
        "%(listing)s would each be left alone, and nobody likes to sit there. Please take %(better)s instead.",
    )
    counted = "labels"
    either = N_("%(first)s or %(last)s")

    def __init__(
        self,
        *,
        seat_ids: list[int],
        labels: list[str],
        chosen: list[int],
        choices: list[list[int]],
        choice_labels: list[list[str]],
        instead_of: list[list[int]],
    ) -> None:
        super().__init__(
            seat_ids=seat_ids,
            labels=labels,
            chosen=chosen,
            choices=choices,
            choice_labels=choice_labels,
            instead_of=instead_of,
            listing=", ".join(labels),
        )

    def fields(self, language: NullTranslations) -> Mapping[str, Any]:
        first, *others = [", ".join(names) for names in self.data["choice_labels"]]
        for other in others:
            first = language.gettext(self.either) % {"first": first, "last": other}
        return {**self.data, "better": first}


class TooManySeats(SeatbookError):
    """The holder would have more than the event's `max_seats`."""

    code = "too_many_seats"
    message: str | tuple[str, str] = NN_(
        "You can have at most %(max_seats)s place of this event.",
        "You can have at most %(max_seats)s places of this event.",
    )
    counted = "max_seats"


class PartyDoesNotFit(SeatbookError):
    """A room takes fewer people, or more: from `least` to `most`."""

    code = "party_does_not_fit"
    message = N_("%(room)s is for %(least)s to %(most)s people. Please say again how many come.")
    of_one_size = N_("%(room)s is for %(most)s people. Please say again how many come.")

    def __init__(self, *, room: str, least: int, most: int) -> None:
        super().__init__(room=room, least=least, most=most)
        if least == most:
            self.message = self.of_one_size


class SaleClosed(SeatbookError):
    """The event is not on sale now: `state` is not_yet, ended or cancelled."""

    code = "sale_closed"
    message = N_("This event is not on sale now.")


class SlotBegun(SeatbookError):
    """A time slot that has begun is not sold any more."""

    code = "slot_begun"
    message = N_("This time has begun already. Please pick a later one.")


class HoldExpired(SeatbookError):
    """The hold ended before it was confirmed; nothing was charged."""

    code = "hold_expired"
    message = N_("Your hold has ended. Nothing was charged. Please pick your places again.")


class BasketChanged(SeatbookError):
    """The hold contains other seats than the ones the person saw when they confirmed."""

    code = "basket_changed"
    message = N_("Your basket changed in another window. Please check it and reserve again.")


class PaymentNeeded(SeatbookError):
    """The event is paid online, and these places cost something: they are bought by paying."""

    code = "payment_needed"
    message = N_("These places have to be paid before they are yours. Please go on to the payment.")


class PaymentUnavailable(SeatbookError):
    """The payment provider gave no answer. The places are kept, and trying again is safe."""

    code = "payment_unavailable"
    message = N_(
        "The payment service does not answer right now. Nothing was charged, and your places are kept: "
        "please try again in a moment."
    )


class NoticeRefused(SeatbookError):
    """A message about a payment that its provider did not sign, or too long ago. Nothing was believed."""

    code = "notice_refused"
    message = N_("The message is not signed by the payment service, or not within the last five minutes.")


class OfferEnded(SeatbookError):
    """Equal places were offered after a late payment, and the time to take them is over."""

    code = "offer_ended"
    message = N_("This offer has ended. Your money goes back to you.")


class CodeRefused(SeatbookError):
    """A discount code makes nothing cheaper here: `why` is unknown, not_yet, over, used_up or used_by_you."""

    code = "code_refused"
    message = N_("This code is not good for this event. Please check how it is written.")
    sentences: ClassVar[dict[str, str]] = {
        "not_yet": N_("This code is not good yet."),
        "over": N_("This code is not good any more."),
        "used_up": N_("This code has been used as often as it may be."),
        "used_by_you": N_("You have used this code as often as one buyer may."),
    }

    def __init__(self, *, why: str) -> None:
        super().__init__(why=why)
        self.message = self.sentences.get(why, self.message)


class AmountChanged(SeatbookError):
    """What an act would cost or give back is not what the person saw before it. Nothing was done."""

    code = "amount_changed"
    message = N_("The amount has changed meanwhile, and nothing was done. Please look at it again.")


class OtherPrice(SeatbookError):
    """A purchase is moved to places of the same price only: what was paid stays as it is."""

    code = "other_price"
    message: str | tuple[str, str] = NN_(
        "%(listing)s has another price, or is sold in another way. Please choose a place of the same price.",
        "%(listing)s have another price, or are sold in another way. Please choose places of the same price.",
    )
    counted = "labels"

    def __init__(self, *, labels: list[str]) -> None:
        super().__init__(labels=labels, listing=", ".join(labels))


class TooLateToCancel(SeatbookError):
    """The event's deadline for cancelling by the buyer has passed."""

    code = "too_late_to_cancel"
    message = N_("It is too late to cancel this reservation.")


class WrongState(SeatbookError):
    """The act does not fit the present state, for example cancelling what was never confirmed."""

    code = "wrong_state"
    message = N_("That is not possible, because it is %(state)s.")
    states: ClassVar[dict[str, str]] = {
        "held": N_("held"),
        "pending": N_("waiting for payment"),
        "confirmed": N_("reserved"),
        "cancelled": N_("cancelled"),
        "expired": N_("expired"),
        "released": N_("given back"),
        "blocked": N_("not for sale"),
        "draft": N_("a draft"),
        "published": N_("published"),
        "done": N_("done"),
        "due": N_("due"),
        "open": N_("not paid yet"),
        "processing": N_("being paid"),
        "paid": N_("paid"),
        "failed": N_("not paid, as it failed"),
        "off": N_("switched off"),
    }

    def fields(self, language: NullTranslations) -> Mapping[str, Any]:
        state = str(self.data["state"])
        return {**self.data, "state": language.gettext(self.states.get(state, state))}


class KeyReused(SeatbookError):
    """A key that stood for one request came with another one. Nothing was done."""

    code = "key_reused"
    message = N_("This key was used for something else before. Please send a new request with a new key.")


class KeyInFlight(SeatbookError):
    """The first request with this key is still being worked on."""

    code = "key_in_flight"
    message = N_("The same request is being worked on right now. Please ask again in a moment.")


class Busy(SeatbookError):
    """Too many people want the same places at this very moment; trying again soon is right."""

    code = "busy"
    message = N_("Many people want these places right now. Please try again in a moment.")


class SignInRefused(SeatbookError):
    """Unknown name and wrong password give this same answer."""

    code = "sign_in_refused"
    message = N_("That name and password do not match. Please try again.")


class CredentialsNeeded(SeatbookError):
    """The request says nothing of who sends it, and what it asks for is somebody's."""

    code = "credentials_needed"
    message = N_("Please say who you are: send a token, or sign in.")


class CredentialsRefused(SeatbookError):
    """The token was never made, was revoked, is too old, or its owner has a new password since."""

    code = "credentials_refused"
    message = N_("This token is not good, or not any more. Please make a new one.")


class ScopeMissing(SeatbookError):
    """The token, or its owner's role, does not reach so far. `scope` is what is needed."""

    code = "scope_missing"
    message = N_("This token is not allowed to do that: it lacks the scope “%(scope)s”.")


class NothingHeld(SeatbookError):
    """The seats that were to be bought are nobody's: they have to be held first."""

    code = "nothing_held"
    message = N_("You hold none of these places. Please pick them first.")


class NameTaken(SeatbookError):
    """Somebody else has that username or mail address. `field` is username or email."""

    code = "name_taken"
    message = N_("%(value)s is taken already. Is it yours? Then sign in.")


class ResetLinkSpent(SeatbookError):
    """A link for a new password was used, is too old, or the password was changed since it was sent."""

    code = "reset_link_spent"
    message = N_("This link has been used or is too old. Please ask for a new one.")
