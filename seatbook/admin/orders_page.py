"""Orders: finding them, one with everything on it, and what staff do for its buyer."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from seatbook.admin import order_words
from seatbook.admin.access import open_to, staff_pages
from seatbook.domain import orders
from seatbook.domain.inventory import move_purchase
from seatbook.domain.reference import format_reference, parse_reference
from seatbook.errors import InvalidInput, NotFound, SeatbookError
from seatbook.queries.reservations import load_reservation
from seatbook.queries.seat_names import ids_of_labels
from seatbook.queries.staff_order import OrderView, load_order
from seatbook.queries.staff_orders import ORDER_STATES, find_orders
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.formats import money
from seatbook.web.texts import gettext as _
from seatbook.web.texts import ngettext
from seatbook.web.tickets.pdf import tickets_pdf_answer

blueprint: Blueprint = staff_pages("staff_orders", __name__)

# Longer words are no name, no address and no reference.
LONGEST_WORDS = 200


@blueprint.get("/orders")
@open_to("box_office", "admin")
def search() -> BaseResponse:
    """A reference leads to its order at once; anything else to a list."""
    words, event = (request.args.get(name, "").strip()[:LONGEST_WORDS] for name in ("q", "event"))
    status = request.args.get("status", "")
    status = status if status in ORDER_STATES else ""
    before = request.args.get("before", type=int)
    found = find_orders(words=words, event=event, status=status, before=before)
    if words and not (event or status) and (reference := parse_reference(words)) and len(found.lines) == 1:
        return redirect(url_for(".order", reference=format_reference(*reference)), 303)
    page = render_template(
        "staff/_orders_found.html" if "HX-Request" in request.headers else "staff/orders.html",
        found=found,
        q=words,
        event=event,
        status=status,
        before=before,
        states=ORDER_STATES,
        words=order_words,
    )
    return make_response(page)


@blueprint.get("/orders/<reference>")
@open_to("box_office", "admin")
def order(reference: str) -> BaseResponse:
    found = _load(reference)
    if reference != found.reference:
        return redirect(url_for(".order", reference=found.reference), 303)
    return _page(found)


@blueprint.get("/orders/<reference>/tickets.pdf")
@open_to("box_office", "admin")
def tickets(reference: str) -> BaseResponse:
    """An order's tickets, to be printed and handed over."""
    found = _load(reference)
    return tickets_pdf_answer(load_reservation(found.event_id, code=found.code, holder_id=found.holder_id))


@blueprint.route("/orders/<reference>/cancel", methods=["GET", "POST"])
@open_to("box_office", "admin")
def cancel(reference: str) -> BaseResponse:
    """First what will be cancelled and what goes back; then it is done, if that is still so."""
    found = _load(reference)
    chosen = _chosen()
    if request.method == "GET":
        return _page(found, chosen=chosen)
    if chosen == []:
        return _page(found, chosen=chosen, status=409)

    def act() -> str:
        done = orders.cancel_order(
            found.event_id,
            reservation_id=found.id,
            holder=None,
            actor_user_id=current_user.id,
            seat_ids=chosen,
            seen_refund_minor=request.form.get("refund_minor", -1, type=int),
        )
        said = ngettext(
            "%(num)s place is cancelled and on sale again.",
            "%(num)s places are cancelled and on sale again.",
            len(done.seat_ids),
        )
        if done.refund_minor:
            said += " " + _("%(amount)s goes back.", amount=money(done.refund_minor, found.currency))
        return said

    return _done(found, act)


@blueprint.route("/orders/<reference>/move", methods=["GET", "POST"])
@open_to("box_office", "admin")
def move(reference: str) -> BaseResponse:
    """`to-SEAT=B12`: that place of the order becomes B12; an empty one stays."""
    found = _load(reference)
    if request.method == "GET":
        return _back(found)
    wanted = {
        place.seat_id: text
        for place in found.open_places
        if (text := request.form.get(f"to-{place.seat_id}", "").strip()[:LONGEST_WORDS])
    }
    there = ids_of_labels(found.event_id, wanted.values())
    moves = {}
    for seat_id, text in wanted.items():
        called_so = there.get(text.lower(), [])
        if len(called_so) != 1:
            sentence = (
                _("There are several places called “%(label)s” here.", label=text)
                if called_so
                else _("There is no place called “%(label)s” here.", label=text)
            )
            return _page(found, sentence=sentence, status=422)
        moves[seat_id] = called_so[0]
    if not moves:
        return _page(found, sentence=_("Please type to which place."), status=422)

    def act() -> str:
        done = move_purchase(
            found.event_id, reservation_id=found.id, moves=moves, actor_user_id=current_user.id
        )
        return ngettext(
            "%(num)s place is moved. A letter with the new ticket goes out.",
            "%(num)s places are moved. A letter with the new tickets goes out.",
            len(done.seat_ids),
        )

    return _done(found, act)


@blueprint.route("/orders/<reference>/take", methods=["GET", "POST"])
@open_to("box_office", "admin")
def take(reference: str) -> BaseResponse:
    """Money over the window."""
    found = _load(reference)
    if request.method == "GET":
        return _back(found)
    how = request.form.get("how", "")

    def act() -> str:
        orders.take_at_counter(
            found.event_id,
            reservation_id=found.id,
            actor_user_id=current_user.id,
            how=how,
            till=_till(),
            seen_minor=request.form.get("amount_minor", -1, type=int),
        )
        now = _load(reference)
        if now.settling is not None and now.settling.provider != "counter":
            return _("Take no money: it was paid online a moment ago.")
        return _(
            "%(amount)s taken (%(how)s). %(reference)s is paid.",
            amount=money(found.value_minor, found.currency),
            how=order_words.how(how),
            reference=found.reference,
        )

    return _done(found, act)


@blueprint.route("/orders/<reference>/give-up", methods=["GET", "POST"])
@open_to("box_office", "admin")
def give_up(reference: str) -> BaseResponse:
    """End a checkout for its buyer."""
    found = _load(reference)
    if request.method == "GET":
        return _back(found)

    def act() -> str:
        status = orders.give_up_checkout(
            found.event_id,
            reservation_id=found.id,
            holder=None,
            actor_user_id=current_user.id,
            till=_till(),
        )
        if status == "confirmed":
            return _("It was paid a moment before, and is bought.")
        if status == "pending":
            return _("The provider gives no answer. It is asked again, and the places are free after that.")
        return _("Given up. The places are on sale again, and nothing was charged.")

    return _done(found, act)


@blueprint.route("/orders/<reference>/payments/<int:payment_id>/ask", methods=["GET", "POST"])
@open_to("box_office", "admin")
def ask(reference: str, payment_id: int) -> BaseResponse:
    """Ask the provider how a payment stands."""
    found = _load(reference)
    if request.method == "GET":
        return _back(found)
    _require(payment_id in {payment.id for payment in found.payments}, "payment")

    def act() -> str:
        state = orders.ask_payment(
            found.event_id, payment_id=payment_id, till=_till(), actor_user_id=current_user.id
        )
        return {
            "paid": _("The provider says: paid."),
            "failed": _("The provider says: failed. Nothing was charged."),
            "expired": _("The provider says: ended unpaid. Nothing was charged."),
            "processing": _("The provider still works on it, or gives no answer."),
            "open": _("The provider says: not paid yet, or gives no answer."),
        }[state.status]

    return _done(found, act)


@blueprint.route("/orders/<reference>/payments/<int:payment_id>/decide", methods=["GET", "POST"])
@open_to("box_office", "admin")
def decide(reference: str, payment_id: int) -> BaseResponse:
    """Money that was not what was asked for."""
    found = _load(reference)
    if request.method == "GET":
        return _back(found)
    _require(payment_id in {payment.id for payment in found.payments}, "payment")

    def act() -> str:
        state = orders.decide_review(
            found.event_id,
            payment_id=payment_id,
            decision=request.form.get("decision", ""),
            actor_user_id=current_user.id,
            note=request.form.get("note", "").strip()[:LONGEST_WORDS],
        )
        if state.settlement == "confirmed":
            return _("Decided: the places are sold.")
        return _("Decided: the money goes back.")

    return _done(found, act)


@blueprint.route("/orders/<reference>/refunds/<int:refund_id>/again", methods=["GET", "POST"])
@open_to("box_office", "admin")
def refund_again(reference: str, refund_id: int) -> BaseResponse:
    """Give a refund to the provider once more."""
    found = _load(reference)
    if request.method == "GET":
        return _back(found)
    _require(refund_id in _refund_ids(found), "refund")

    def act() -> str:
        orders.try_refund_again(found.event_id, refund_id=refund_id, actor_user_id=current_user.id)
        return _("The refund is tried again, within a minute.")

    return _done(found, act)


@blueprint.route("/orders/<reference>/refunds/<int:refund_id>/paid-out", methods=["GET", "POST"])
@open_to("box_office", "admin")
def paid_out(reference: str, refund_id: int) -> BaseResponse:
    """The money was given back by hand."""
    found = _load(reference)
    if request.method == "GET":
        return _back(found)
    _require(refund_id in _refund_ids(found), "refund")

    def act() -> str:
        orders.note_paid_out(found.event_id, refund_id=refund_id, actor_user_id=current_user.id)
        return _("Noted: the money was paid out.")

    return _done(found, act)


def refund_of(found: OrderView, seat_ids: list[int] | None) -> int:
    """What goes back, in minor units, when these places are cancelled (None: all of them)."""
    if found.settling is None:
        return 0
    return sum(
        place.price_minor for place in found.open_places if seat_ids is None or place.seat_id in seat_ids
    )


def _chosen() -> list[int] | None:
    """The ticked places; None: the whole order."""
    return None if "whole" in request.values else request.values.getlist("seat", type=int)


def _load(reference: str) -> OrderView:
    parsed = parse_reference(reference)
    if parsed is None:
        raise NotFound(what="reservation")
    event_id, code = parsed
    return load_order(event_id, code=code)


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise NotFound(what=what)


def _refund_ids(found: OrderView) -> set[int]:
    return {refund.id for payment in found.payments for refund in payment.refunds}


def _till() -> orders.Till:
    return orders.till_of(current_app.extensions["seatbook"])


def _page(
    found: OrderView,
    *,
    chosen: list[int] | bool | None = False,
    sentence: str = "",
    status: int = 200,
) -> BaseResponse:
    """The order; with `chosen` (None: the whole) also what cancelling those places does. For htmx that alone."""
    is_cancelling = chosen is not False
    seat_ids = chosen if isinstance(chosen, list) else None
    partial = is_cancelling and "HX-Request" in request.headers
    return make_response(
        render_template(
            "staff/_order_cancel.html" if partial else "staff/order.html",
            order=found,
            words=order_words,
            is_cancelling=is_cancelling,
            chosen=seat_ids,
            going=[p for p in found.open_places if seat_ids is None or p.seat_id in seat_ids]
            if is_cancelling
            else [],
            refund_minor=refund_of(found, seat_ids) if is_cancelling else 0,
            sentence=sentence,
        ),
        status,
    )


def _done(found: OrderView, act: Callable[[], str]) -> BaseResponse:
    """Do it, say what came of it, and go back to where the button was."""
    try:
        said = act()
    except InvalidInput:
        raise
    except SeatbookError as error:
        return _page(_load(found.reference), sentence=sentence_of(error), status=status_of(error))
    flash(said)
    return _back(found)


def _back(found: OrderView) -> BaseResponse:
    if request.form.get("back") == "payments":
        return redirect(url_for("staff_now.payments"), 303)
    return redirect(url_for(".order", reference=found.reference), 303)
