"""The checkout: the basket once more, who pays less, a code, the total, and the step to the payment."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from seatbook.domain import once, orders
from seatbook.domain.holders import HolderRef
from seatbook.domain.reference import format_reference, parse_reference
from seatbook.errors import (
    N_,
    BasketChanged,
    CodeRefused,
    HoldExpired,
    InvalidInput,
    LeavesSingle,
    NotFound,
    PartyDoesNotFit,
    PaymentUnavailable,
    SaleClosed,
    SeatbookError,
)
from seatbook.queries.checkout import CheckoutPage, load_checkout
from seatbook.web import limits
from seatbook.web.basket_lines import place_lines
from seatbook.web.checkout_refusals import Refusal, keep, take
from seatbook.web.chosen_view import address_of_event
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.events import PARTY, refuse
from seatbook.web.formats import clock, day_and_time, money
from seatbook.web.forms import id_of, ids_of, minor_of
from seatbook.web.holder import current_holder
from seatbook.web.listing import listing
from seatbook.web.paying import return_address, till, within_this_site
from seatbook.web.texts import gettext as _

blueprint = Blueprint("checkout", __name__, url_prefix="/events/<int:event_id>/checkout")

# What the page of the checkout says itself.
SAID_HERE = (BasketChanged, HoldExpired, InvalidInput, NotFound, PartyDoesNotFit, SaleClosed)
CONCESSION = "concession-"
# Of a party: `people-SEAT-CONCESSION`.
PEOPLE = "people-"
CHOSEN_ANOTHER_PRICE = N_(
    "With what you have chosen, the price is another one. Nothing was charged: please look again."
)
UNREADABLE = N_("We could not read that. Please load the page again.")
NOTHING_REFUSED = Refusal()


@blueprint.get("")
def checkout(event_id: int) -> BaseResponse:
    holder = _signed_in()
    if holder is None:
        return _sign_in_first(event_id)
    _renew_prices(event_id, holder)
    return _page(load_checkout(event_id, holder_id=holder.holder_id), refused=take(event_id))


@blueprint.post("/prices")
@limits.wrong_code_of_address
def prices(event_id: int) -> BaseResponse:
    """Work out the prices of what was chosen (see `_choose`) and typed: the page, or for htmx its part.

    `use`: an empty field for the code is a fault; `remove`: the code that the basket has comes off.
    """
    holder = _signed_in()
    if holder is None:
        return _sign_in_first(event_id)
    is_about_code = "use" in request.form or "remove" in request.form
    try:
        _choose(event_id, holder)
        if "remove" in request.form:
            orders.remove_code(event_id, holder=holder)
        elif typed := _typed_code() if is_about_code else _new_code():
            orders.apply_code(event_id, code=typed, holder=holder)
        elif is_about_code:
            return _refuse_code(event_id, holder, _("Please type a code."))
    except CodeRefused as error:
        return _refuse_code(event_id, holder, sentence_of(error))
    except SAID_HERE as error:
        return _refuse(event_id, holder, error)
    if _is_htmx():
        return _page(load_checkout(event_id, holder_id=holder.holder_id), at_code=is_about_code)
    return redirect(url_for(".checkout", event_id=event_id), 303)


@blueprint.post("/pay")
@limits.wrong_code_of_address
def pay(event_id: int) -> BaseResponse:
    """Keep the places and go to the provider's page; straight to the reservation when there is nothing to pay.

    What was chosen comes along, as without a script nothing else sends it, and a code that was typed and not used
    yet. When that makes another price than the one that was seen, it is shown first.
    """
    holder = _signed_in()
    if holder is None:
        return _sign_in_first(event_id)
    seen = ids_of(request.form.get("seat_ids", "").split(","))
    reservation_id = id_of(request.form.get("reservation_id", ""))
    reference = _reference(event_id)
    total = _seen_total()
    try:
        chosen = _choose_if_held(event_id, holder)
        if chosen is not None and set(chosen.prices) == set(seen) and chosen.total_minor != total:
            keep(Refusal(_(CHOSEN_ANOTHER_PRICE)), event_id=event_id)
            return redirect(url_for(".checkout", event_id=event_id), 303)
        begun = orders.begin_checkout(
            event_id,
            reservation_id=reservation_id,
            holder=holder,
            till=till(),
            seat_ids=seen,
            total_minor=total,
            return_url=return_address(reference),
        )
    except LeavesSingle as error:
        return refuse(event_id, error, seat_ids=seen)
    except PaymentUnavailable as error:
        # The places are kept: the reservation's page says until when, and how to go on.
        flash(sentence_of(error))
        return redirect(url_for("reservations.reservation", reference=reference), 303)
    except CodeRefused as error:
        return _refuse_code(event_id, holder, sentence_of(error))
    except SAID_HERE as error:
        return _refuse(event_id, holder, error)
    if begun.pay_url and begun.status == "pending":
        return redirect(within_this_site(begun.pay_url), 303)
    return redirect(url_for("reservations.reservation", reference=reference), 303)


@blueprint.get("/<any(prices, pay):_act>")
def back_to_checkout(event_id: int, _act: str) -> BaseResponse:
    """The address of a form, loaded again."""
    return redirect(url_for(".checkout", event_id=event_id), 303)


def _typed_code() -> str:
    return request.form.get("code", "").strip()[:100]


def _new_code() -> str:
    """What was typed, unless its refusal stands beside it: whoever has read that may go on without a code."""
    typed = _typed_code()
    return "" if typed == request.form.get("refused_code") else typed


def _choose(event_id: int, holder: HolderRef) -> orders.Repriced | None:
    """What the form says of its places, in one act: `concession-SEAT=ID` for whom they are (nothing: the full price),
    `party-SEAT=N` how many come to that slot, `people-SEAT-CONCESSION=N` how many of them pay by that concession
    (nothing: nobody). None: it says nothing."""
    choices = {
        id_of(name.removeprefix(CONCESSION)): id_of(value) if value else None
        for name, value in request.form.items()
        if name.startswith(CONCESSION)
    }
    parties = {
        id_of(name.removeprefix(PARTY)): id_of(value)
        for name, value in request.form.items()
        if name.startswith(PARTY)
    }
    people: dict[int, dict[int, int]] = {}
    for name, value in request.form.items():
        if name.startswith(PEOPLE):
            seat_id, _dash, concession_id = name.removeprefix(PEOPLE).partition("-")
            count = minor_of(value or "0")
            if count is None:
                raise orders.no_number_of_people(id_of(seat_id))
            people.setdefault(id_of(seat_id), {})[id_of(concession_id)] = count
    if not (choices or parties or people):
        return None
    return orders.choose_for_whom(
        event_id, concessions=choices, parties=parties, people=people, holder=holder
    )


def _typed_party(seat_id: int) -> str:
    """What was chosen for the party of one slot, as a query string: it stays in its fields until it is right."""
    fields = {
        name: value[:5]
        for name, value in request.form.items()
        if name == f"{PARTY}{seat_id}" or name.startswith(f"{PEOPLE}{seat_id}-")
    }
    return urlencode(fields)


def _choose_if_held(event_id: int, holder: HolderRef) -> orders.Repriced | None:
    """The same for what is to be paid. Where nothing is held any more, the payment knows what became of it: it may
    be under way, or over. Like the payment itself it is safe to repeat."""
    try:
        with once.aside():
            chosen = _choose(event_id, holder)
            if typed := _new_code():
                chosen = orders.apply_code(event_id, code=typed, holder=holder)
            return chosen
    except HoldExpired:
        return None
    except NotFound as error:
        if error.data.get("what") == "concession":
            raise
        return None


def _reference(event_id: int) -> str:
    """What the page called the reservation. Raises InvalidInput for what it never sends."""
    parsed = parse_reference(request.form.get("reference", ""))
    if parsed is None or parsed[0] != event_id:
        raise InvalidInput(field="reference", reason=UNREADABLE)
    return format_reference(*parsed)


def _seen_total() -> int:
    """What the page asked for, in minor units: nobody pays without having seen it. Raises InvalidInput."""
    total = minor_of(request.form.get("total", ""))
    if total is None:
        raise InvalidInput(field="total", reason=UNREADABLE)
    return total


def _signed_in() -> HolderRef | None:
    return current_holder() if current_user.is_authenticated else None


def _sign_in_first(event_id: int) -> BaseResponse:
    flash(_("Please sign in to reserve. The places that you have picked stay yours meanwhile."))
    address = url_for("accounts.sign_in", next=url_for(".checkout", event_id=event_id))
    if _is_htmx():
        return make_response("", 401, {"HX-Redirect": address})
    return redirect(address, 303)


def _renew_prices(event_id: int, holder: HolderRef) -> None:
    """Places may have come and gone since a code was given: what is shown is what will be asked for."""
    try:
        orders.choose_concessions(event_id, choices={}, holder=holder)
    except (HoldExpired, NotFound):
        # The page tells what is so.
        return


def _refuse_code(event_id: int, holder: HolderRef, fault: str) -> BaseResponse:
    """Why the code is not good, beside its field. What else was chosen counts."""
    g.code_was_refused = True
    refused = Refusal(code_fault=fault, typed=_typed_code())
    return _answer_refusal(load_checkout(event_id, holder_id=holder.holder_id), refused, status=422)


def _refuse(event_id: int, holder: HolderRef, error: SeatbookError) -> BaseResponse:
    page = load_checkout(event_id, holder_id=holder.holder_id)
    sentence = _sentence(error, time_zone=page.event.time_zone)
    seat_id = error.data.get("seat_id") if isinstance(error, InvalidInput) else None
    if seat_id in {line.seat_id for line in page.basket.lines}:
        refused = Refusal(party_fault=sentence, seat_id=str(seat_id), party_typed=_typed_party(seat_id))
    else:
        refused = Refusal(sentence)
    return _answer_refusal(page, refused, status=status_of(error))


def _answer_refusal(page: CheckoutPage, refused: Refusal, *, status: int) -> BaseResponse:
    """Why not, on the page as it is now: for htmx with the status of the refusal, else by the way to the page."""
    if _is_htmx():
        return _page(page, refused=refused, status=status)
    keep(refused, event_id=page.event.id)
    return redirect(url_for(".checkout", event_id=page.event.id), 303)


def _page(
    page: CheckoutPage, *, refused: Refusal = NOTHING_REFUSED, status: int = 200, at_code: bool = False
) -> Response:
    """The page, or for htmx the part of it that changes, with the new total for those who listen. `at_code`: the focus
    stays where the code was typed, or taken off."""
    zone = page.event.time_zone
    # Where each place may have a concession of its own, each has a line of its own.
    lines = [
        line
        for one in ([[each] for each in page.basket.lines] if page.concessions else [page.basket.lines])
        for line in place_lines(one, time_zone=zone)
    ]
    body = render_template(
        "checkout_parts.html" if _is_htmx() else "checkout.html",
        is_part=_is_htmx(),
        at_code=at_code,
        heard=_("The total is %(amount)s now.", amount=money(page.basket.total_minor, page.event.currency))
        if _is_htmx() and refused == NOTHING_REFUSED
        else "",
        page=page,
        basket=page.basket,
        lines=lines,
        places={line.seat_id: line for line in page.basket.lines},
        paying=[
            (one, [line.name_and_count for line in place_lines(one.lines, time_zone=zone)])
            for one in page.basket.paying
        ],
        back=address_of_event(page.event.id),
        cancelling=_cancelling(page),
        listing=listing,
        # That it does not take place is what all of the page says then.
        sentence=refused.sentence if page.event.sale != "cancelled" else "",
        code_fault=refused.code_fault,
        party_fault=refused.party_fault,
        party_fault_at=refused.seat_id,
        party_typed=dict(parse_qsl(refused.party_typed, keep_blank_values=True)),
        typed=refused.typed,
    )
    return make_response(body, status)


def _cancelling(page: CheckoutPage) -> list[str]:
    """Until when what can be cancelled, in sentences, as it is before anything is paid."""
    groups, zone = page.cancelling, page.event.time_zone
    if not groups:
        return [
            _(
                "This purchase cannot be cancelled by yourself. "
                "If the event does not take place, you get your money back."
            )
        ]
    if len(groups) == 1:
        when = day_and_time(groups[0].until, zone)
        if not groups[0].is_over:
            return [_("You can cancel until %(when)s and get your money back.", when=when)]
        return [
            _(
                "This purchase cannot be cancelled any more: that was possible until %(when)s. "
                "If the event does not take place, you get your money back.",
                when=when,
            )
        ]
    sentences = []
    for group in groups:
        names = listing([line.name_and_count for line in place_lines(group.lines, time_zone=zone)])
        if group.is_over:
            sentences.append(_("Cannot be cancelled any more: %(names)s.", names=names))
        else:
            when = day_and_time(group.until, zone)
            sentences.append(
                _("Can be cancelled until %(when)s, for all its money: %(names)s.", when=when, names=names)
            )
    return sentences


def _sentence(error: SeatbookError, *, time_zone: str) -> str:
    if isinstance(error, HoldExpired) and error.data.get("expired_at"):
        at = datetime.fromisoformat(error.data["expired_at"])
        return _("Your hold ended at %(time)s. Nothing was charged.", time=clock(at, time_zone))
    what = error.data.get("what") if isinstance(error, NotFound) else ""
    if isinstance(error, BasketChanged) or what == "seat":
        return _(
            "The places or their prices changed in another window. Nothing was charged: please look again."
        )
    if what == "reservation":
        return _("These places are not in your basket any more. Nothing was charged.")
    return sentence_of(error)


def _is_htmx() -> bool:
    return "HX-Request" in request.headers
