"""A buyer's own reservations: the list, one with its places and its money, paying for it, and cancelling it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from seatbook.domain import orders
from seatbook.errors import (
    HoldExpired,
    OfferEnded,
    PaymentUnavailable,
    SaleClosed,
    SeatbookError,
    TooLateToCancel,
    WrongState,
)
from seatbook.queries.payment_history import PaymentView, payments_of
from seatbook.queries.reservations import (
    ReservationView,
    ReservedPlace,
    cancellations_of,
    places_of_reservation,
    reservations_of,
)
from seatbook.web.basket_lines import place_lines
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.forms import id_of, ids_of, minor_of
from seatbook.web.listing import listing
from seatbook.web.own_reservation import own_reservation, signed_in_holder
from seatbook.web.paying import return_address, till, within_this_site
from seatbook.web.payment_words import PaymentWords
from seatbook.web.texts import gettext as _

blueprint = Blueprint("reservations", __name__, url_prefix="/reservations")


@blueprint.get("/")
@login_required
def mine() -> str:
    reservations = reservations_of(signed_in_holder().holder_id)
    unpaid = [r for r in reservations if r.status == "pending"]
    return render_template(
        "reservations.html",
        unpaid=sorted((r for r in unpaid if not r.is_offer), key=lambda r: r.seconds_to_pay or 0),
        offered=sorted((r for r in unpaid if r.is_offer), key=lambda r: r.seconds_to_pay or 0),
        coming=sorted((r for r in reservations if _is_coming(r)), key=lambda r: r.from_when),
        earlier=[r for r in reservations if r not in unpaid and not _is_coming(r)],
    )


@blueprint.get("/<reference>")
@login_required
def reservation(reference: str) -> BaseResponse:
    """`look`: the buyer comes from the payment service, or wants to know: it is asked first."""
    found = own_reservation(reference)
    if "look" in request.args:
        return redirect(_address_after_asking(found), 303)
    if reference != found.reference:
        return redirect(_address(found), 303)
    return make_response(_page(found))


@blueprint.get("/<reference>/payment")
@login_required
def payment(reference: str) -> BaseResponse:
    """How it stands, for the page that shows `state`: 204 when nothing changed, else the part that did."""
    found = own_reservation(reference)
    if "HX-Request" not in request.headers:
        return redirect(_address(found), 303)
    words = _words(found)
    if words.is_to_be_asked and words.under_way is not None:
        orders.ask_payment(found.event_id, payment_id=words.under_way.id, till=till())
        found = own_reservation(reference)
        words = _words(found)
    if words.state == request.args.get("state"):
        return make_response("", 204)
    if not words.state:
        return make_response("", 200, {"HX-Redirect": _address_of_result(found, words)})
    return make_response(render_template("_paying.html", reservation=found, money=words))


@blueprint.post("/<reference>/pay")
@login_required
def pay(reference: str) -> BaseResponse:
    """On to the payment service: the attempt that is open, or another one after it failed."""
    found = own_reservation(reference)
    try:
        begun = orders.begin_checkout(
            found.event_id,
            reservation_id=found.id,
            holder=signed_in_holder(),
            till=till(),
            return_url=return_address(found.reference),
        )
    except (HoldExpired, PaymentUnavailable, SaleClosed) as error:
        return _refuse(reference, error)
    if begun.status == "pending" and begun.pay_url:
        return redirect(within_this_site(begun.pay_url), 303)
    return redirect(_address(found), 303)


@blueprint.post("/<reference>/give-up")
@login_required
def give_up(reference: str) -> BaseResponse:
    """Rather not: the places are free as soon as the payment service takes no more money."""
    found = own_reservation(reference)
    try:
        status = orders.give_up_checkout(
            found.event_id, reservation_id=found.id, holder=signed_in_holder(), till=till()
        )
    except WrongState as error:
        return _refuse(reference, error)
    if status == "released":
        flash(_("Your places are back on sale. Nothing was charged."))
    return redirect(_address_of_result(found, _words(found)), 303)


@blueprint.post("/<reference>/offer")
@login_required
def offer(reference: str) -> BaseResponse:
    """Equal places after a late payment: `take`, or `decline` and have the money back."""
    found = own_reservation(reference)
    offered = _words(found).offer
    payment_id = offered.id if offered else id_of(request.form.get("payment", ""))
    decide = orders.decline_offer if "decline" in request.form else orders.accept_offer
    try:
        decide(found.event_id, payment_id=payment_id, holder=signed_in_holder())
    except (OfferEnded, WrongState) as error:
        return _refuse(reference, error)
    return redirect(_address(found), 303)


@blueprint.get("/<reference>/cancel")
@login_required
def about_to_cancel(reference: str) -> BaseResponse:
    """What cancelling would mean: `seat=ID` for each place that goes; none: all of them."""
    found = own_reservation(reference)
    if not found.can_cancel_some or found.event_is_cancelled:
        return redirect(_address(found), 303)
    chosen = ids_of(request.args.getlist("seat"))
    return make_response(_cancel_page(found, chosen, is_choice="choose" in request.args))


@blueprint.post("/<reference>/cancel")
@login_required
def cancel(reference: str) -> BaseResponse:
    """`seat=ID` for each place that goes, `refund` what the page said comes back for them."""
    found = own_reservation(reference)
    chosen = ids_of(request.form.getlist("seat"))
    shown = minor_of(request.form.get("refund", ""))
    if (
        found.can_cancel_some
        and "choose" in request.form
        and (not chosen or shown != _refund_minor(found, _words(found), set(chosen)))
    ):
        # Nothing ticked; ticks that were changed without a script; or what was ticked is cancelled already: first it
        # is said what comes back.
        if not set(chosen) <= {place.seat_id for place in found.places}:
            sentence = _("Some of these places are cancelled already. This is what you still have.")
            return make_response(_cancel_page(found, chosen, is_choice=True, sentence=sentence), 409)
        return make_response(_cancel_page(found, chosen, is_choice=True), 422 if not chosen else 200)
    try:
        cancelled = orders.cancel_order(
            found.event_id, reservation_id=found.id, holder=signed_in_holder(), seat_ids=chosen or None
        )
    except (TooLateToCancel, WrongState) as error:
        return _refuse(reference, error)
    after = own_reservation(found.reference)
    if after.status == "cancelled":
        flash(_("%(reference)s is cancelled. Its places are on sale again.", reference=found.reference))
    elif cancelled.seat_ids:
        flash(_("These places are cancelled and on sale again. The others stay yours."))
    return redirect(_address(found), 303)


@blueprint.get("/<reference>/<any('pay', 'give-up', 'offer'):_act>")
def back_to_reservation(reference: str, _act: str) -> BaseResponse:
    """The address of a form, loaded again."""
    return redirect(url_for(".reservation", reference=reference), 303)


def _address_after_asking(found: ReservationView) -> str:
    """Where the buyer finds what became of it, after the payment service was asked."""
    words = _words(found)
    if words.under_way is not None and found.status != "confirmed":
        orders.ask_payment(found.event_id, payment_id=words.under_way.id, till=till())
        words = _words(found)
    return _address_of_result(found, words)


def _address_of_result(found: ReservationView, words: PaymentWords) -> str:
    """The reservation; after a late payment the one that was bought or offered in its stead."""
    newest = words.newest
    if newest is not None and newest.bought and newest.settlement in ("confirmed", "offered"):
        return url_for(".reservation", reference=newest.bought)
    return _address(found)


def _address(found: ReservationView) -> str:
    return url_for(".reservation", reference=found.reference)


def _refuse(reference: str, error: SeatbookError) -> BaseResponse:
    """The page as it is now, and why not."""
    return make_response(_page(own_reservation(reference), sentence=sentence_of(error)), status_of(error))


def _page(found: ReservationView, *, sentence: str = "") -> str:
    words = _words(found)
    lost = _lost_places(found, words.offer) if words.offer else []
    return render_template(
        "reservation.html",
        reservation=found,
        lines=place_lines(found.places, time_zone=found.time_zone),
        lost_lines=place_lines(lost, time_zone=found.time_zone),
        money=words,
        sentence=sentence,
    )


def _lost_places(found: ReservationView, paid: PaymentView) -> list[ReservedPlace]:
    """The chairs that the buyer had picked and that are not in the offer. It has the very same time slots, and of
    places that are alike nobody misses one."""
    picked = places_of_reservation(found.event_id, reservation_id=paid.reservation_id)
    offered = {place.seat_id for place in found.places}
    return [place for place in picked if place.area_kind == "seated" and place.seat_id not in offered]


def _words(found: ReservationView) -> PaymentWords:
    payments = payments_of(found.event_id, reservation_id=found.id)
    is_cancelled = any(refund.reason == "cancelled" for payment in payments for refund in payment.refunds)
    return PaymentWords(found, payments, cancelled=_names_of_cancelled(found) if is_cancelled else ())


def _names_of_cancelled(found: ReservationView) -> list[tuple[datetime, str]]:
    """What was cancelled when; nothing where all of it went at once, so that no name is needed."""
    times = cancellations_of(found.event_id, reservation_id=found.id)
    if found.status == "cancelled" and len(times) == 1:
        return []
    return [
        (at, listing([line.name_and_count for line in place_lines(places, time_zone=found.time_zone)]))
        for at, places in times
    ]


def _cancel_page(found: ReservationView, chosen: list[int], *, is_choice: bool, sentence: str = "") -> str:
    """With these places ticked; all that still can be while nobody made a choice. For htmx the part with the amount."""
    ids = {place.seat_id for place in found.places}
    ticked = found.cancellable_ids & set(chosen) if is_choice else found.cancellable_ids
    is_part = "HX-Request" in request.headers
    words = _words(found)
    return render_template(
        "_cancel_amount.html" if is_part else "cancel.html",
        reservation=found,
        lines=[(place, place_lines([place], time_zone=found.time_zone)[0]) for place in found.places],
        ticked=ticked,
        is_all=ticked == ids,
        refund_minor=_refund_minor(found, words, ticked),
        paid_by=words.paid_by,
        sentence=sentence,
    )


def _refund_minor(found: ReservationView, words: PaymentWords, seat_ids: Collection[int]) -> int:
    """What comes back for these places, where a payment bought them; in minor units."""
    if words.paid_by is None:
        return 0
    return sum(place.price_minor for place in found.places if place.seat_id in seat_ids)


def _is_coming(reservation: ReservationView) -> bool:
    return reservation.status == "confirmed" and not reservation.is_past


@blueprint.app_template_global()
def status_words(reservation: ReservationView) -> str:
    """A reservation's state in words, as the buyer would say it."""
    is_bought = reservation.status in ("confirmed", "cancelled")
    if reservation.event_is_cancelled and is_bought and not reservation.cancelled_earlier_by:
        return _("Called off")
    if reservation.status == "confirmed" and reservation.is_past:
        return _("Over")
    if reservation.status == "pending" and reservation.event_is_cancelled:
        return _("Called off")
    if reservation.status == "pending" and reservation.is_offer:
        return _("Offered to you")
    if reservation.status in ("expired", "released") and reservation.late_money:
        return {
            "refunded": _("Paid too late"),
            "called_off": _("Called off"),
            "review": _("Payment being checked"),
        }.get(reservation.late_money, _("Replaced"))
    return {
        "confirmed": _("Reserved"),
        "pending": _("Waiting for payment"),
        "held": _("In your basket"),
        "cancelled": _("Cancelled"),
        "expired": _("Ended unpaid"),
        "released": _("Given back"),
    }[reservation.status]
