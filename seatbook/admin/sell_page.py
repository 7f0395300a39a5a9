"""Selling at the window: one's own basket, picked on the map like everybody's, sold to whoever stands there."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from seatbook.admin import event_words, order_words
from seatbook.admin.access import open_to, staff_pages
from seatbook.domain import orders
from seatbook.domain.reference import format_reference
from seatbook.errors import SeatbookError
from seatbook.queries.checkout import load_checkout
from seatbook.queries.staff_events import load_staff_event
from seatbook.web.basket_lines import place_lines
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.formats import amount
from seatbook.web.holder import ensure_holder
from seatbook.web.texts import gettext as _

blueprint = staff_pages("staff_sell", __name__)


@blueprint.route("/events/<int:event_id>/sell", methods=["GET", "POST"])
@open_to("box_office", "admin")
def sell(event_id: int) -> BaseResponse:
    """What is in one's basket of this event, and two buttons: cash, and card."""
    if request.method == "GET":
        return _page(event_id)
    how = request.form.get("how", "")
    try:
        sold = orders.sell_at_window(
            event_id,
            reservation_id=request.form.get("reservation_id", 0, type=int),
            seller=ensure_holder(),
            how=how,
            seen_minor=request.form.get("total_minor", -1, type=int),
            seat_ids=request.form.getlist("seat", type=int),
        )
    except SeatbookError as error:
        return _page(event_id, sentence=sentence_of(error), status=status_of(error))
    event = load_staff_event(event_id)
    if sold.is_paid:
        flash(
            _(
                "Sold. %(amount)s taken (%(how)s).",
                amount=amount(sold.total_minor, event.currency),
                how=order_words.how(how),
            )
        )
    else:
        flash(_("Done. There was nothing to pay."))
    reference = format_reference(event_id, sold.code)
    return redirect(url_for("staff_orders.order", reference=reference), 303)


def _page(event_id: int, *, sentence: str = "", status: int = 200) -> BaseResponse:
    event = load_staff_event(event_id)
    checkout = (
        load_checkout(event_id, holder_id=ensure_holder().holder_id) if event.status != "draft" else None
    )
    lines = place_lines(checkout.basket.lines, time_zone=event.time_zone) if checkout else []
    page = render_template(
        "staff/sell.html",
        event=event,
        checkout=checkout,
        basket=checkout.basket if checkout else None,
        lines=lines,
        sentence=sentence,
        words=event_words,
        user=current_user,
    )
    return make_response(page, status)
