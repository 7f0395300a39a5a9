"""A buyer's own reservations: the list, one with its places, and cancelling it."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_login import current_user, login_required
from werkzeug.wrappers import Response as BaseResponse

from seatbook.domain import orders
from seatbook.domain.holders import HolderRef
from seatbook.domain.reference import parse_reference
from seatbook.errors import NotFound, TooLateToCancel, WrongState
from seatbook.queries.reservations import ReservationView, load_reservation, reservations_of
from seatbook.web.basket_lines import place_lines
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.holder import current_holder
from seatbook.web.texts import gettext as _

blueprint = Blueprint("reservations", __name__, url_prefix="/reservations")


@blueprint.get("/")
@login_required
def mine() -> str:
    reservations = reservations_of(_holder().holder_id)
    return render_template(
        "reservations.html",
        coming=sorted((r for r in reservations if _is_coming(r)), key=lambda r: r.from_when),
        earlier=[r for r in reservations if not _is_coming(r)],
    )


@blueprint.get("/<reference>")
@login_required
def reservation(reference: str) -> BaseResponse:
    found = _load(reference)
    if reference != found.reference:
        return redirect(url_for(".reservation", reference=found.reference), 303)
    return make_response(_page(found))


@blueprint.post("/<reference>/cancel")
@login_required
def cancel(reference: str) -> BaseResponse:
    found = _load(reference)
    try:
        orders.cancel_order(found.event_id, reservation_id=found.id, holder=_holder())
    except (TooLateToCancel, WrongState) as error:
        return make_response(_page(found, sentence=sentence_of(error)), status_of(error))
    flash(_("%(reference)s is cancelled. Its places are on sale again.", reference=found.reference))
    return redirect(url_for(".reservation", reference=found.reference), 303)


@blueprint.get("/<reference>/cancel")
def back_to_reservation(reference: str) -> BaseResponse:
    """The address of the form, loaded again."""
    return redirect(url_for(".reservation", reference=reference), 303)


def _page(found: ReservationView, *, sentence: str = "") -> str:
    return render_template(
        "reservation.html",
        reservation=found,
        lines=place_lines(found.places, time_zone=found.time_zone),
        sentence=sentence,
    )


def _is_coming(reservation: ReservationView) -> bool:
    return reservation.status in ("confirmed", "pending") and not reservation.is_past


def _load(reference: str) -> ReservationView:
    parsed = parse_reference(reference)
    if parsed is None:
        raise NotFound(what="reservation")
    event_id, code = parsed
    return load_reservation(event_id, code=code, holder_id=_holder().holder_id)


def _holder() -> HolderRef:
    holder = current_holder()
    if holder is None or not current_user.is_authenticated:
        raise NotFound(what="reservation")
    return holder


@blueprint.app_template_global()
def status_words(reservation: ReservationView) -> str:
    """A reservation's state in words, as the buyer would say it."""
    if reservation.event_is_cancelled and reservation.status == "confirmed":
        return _("The event is cancelled")
    if reservation.status == "confirmed" and reservation.is_past:
        return _("Over")
    return {
        "confirmed": _("Reserved"),
        "pending": _("Waiting for payment"),
        "held": _("In your basket"),
        "cancelled": _("Cancelled"),
        "expired": _("Ended unpaid"),
        "released": _("Given back"),
    }[reservation.status]
