"""Events: what is sold, what it brought, every place; taking places off sale, and calling an event off."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from seatbook.admin import event_words
from seatbook.admin.access import open_to, staff_pages
from seatbook.domain import orders
from seatbook.domain.inventory import block_seats, unblock_seats
from seatbook.errors import SeatbookError
from seatbook.queries.cancellations import cancellation_progress
from seatbook.queries.staff_events import (
    SEAT_STATES,
    find_staff_events,
    find_staff_seats,
    load_event_money,
    load_staff_event,
    load_staff_event_page,
)
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.texts import gettext as _
from seatbook.web.texts import ngettext

blueprint = staff_pages("staff_events", __name__)

LONGEST_WORDS = 200


@blueprint.get("/events")
@open_to("box_office", "admin")
def events() -> str:
    words = request.args.get("q", "").strip()[:LONGEST_WORDS]
    past = request.args.get("past") == "1"
    after = request.args.get("after", "")
    return render_template(
        "staff/events.html",
        found=find_staff_events(words=words, past=past, after=after),
        q=words,
        past=past,
        after=after,
        words=event_words,
    )


@blueprint.get("/events/<int:event_id>")
@open_to("box_office", "admin")
def event(event_id: int) -> str:
    return render_template(
        "staff/event.html",
        page=load_staff_event_page(event_id),
        progress=cancellation_progress(event_id),
        words=event_words,
    )


# Places


@blueprint.get("/events/<int:event_id>/seats")
@open_to("box_office", "admin")
def seats(event_id: int) -> BaseResponse:
    return _seats_page(event_id)


@blueprint.route("/events/<int:event_id>/block", methods=["GET", "POST"])
@open_to("box_office", "admin")
def block(event_id: int) -> BaseResponse:
    """Take the ticked places off sale, or put them on sale again: which one, the button says."""
    if request.method == "GET":
        return redirect(url_for(".seats", event_id=event_id), 303)
    load_staff_event(event_id)
    seat_ids = request.form.getlist("seat", type=int)
    if not seat_ids:
        return _seats_page(event_id, sentence=_("Please tick some places first."), status=409)
    try:
        if "unblock" in request.form:
            done = unblock_seats(event_id, seat_ids=seat_ids, actor_user_id=current_user.id)
            said = ngettext(
                "%(num)s place is on sale again.", "%(num)s places are on sale again.", len(done.seat_ids)
            )
        else:
            reason = request.form.get("reason", "").strip()[:LONGEST_WORDS]
            done = block_seats(event_id, seat_ids=seat_ids, reason=reason, actor_user_id=current_user.id)
            said = ngettext("%(num)s place is off sale.", "%(num)s places are off sale.", len(done.seat_ids))
    except SeatbookError as error:
        return _seats_page(event_id, sentence=sentence_of(error), status=status_of(error))
    flash(said)
    filters: dict[str, Any] = _filters()
    return redirect(url_for(".seats", event_id=event_id, **filters), 303)


def _seats_page(event_id: int, *, sentence: str = "", status: int = 200) -> BaseResponse:
    values = request.values
    found = find_staff_seats(
        event_id,
        area_id=values.get("area", type=int),
        status=values.get("status", "") if values.get("status") in SEAT_STATES else "",
        words=values.get("q", "").strip()[:LONGEST_WORDS],
        after=values.get("after", 0, type=int),
    )
    page = render_template(
        "staff/seats.html",
        event=load_staff_event(event_id),
        found=found,
        filters=_filters(),
        ticked=set(values.getlist("seat", type=int)),
        states=SEAT_STATES,
        sentence=sentence,
        words=event_words,
    )
    return make_response(page, status)


def _filters() -> dict[str, str]:
    """What the list was narrowed to, as it stands in the address."""
    return {name: value for name in ("q", "area", "status", "after") if (value := request.values.get(name))}


# Calling it off


@blueprint.route("/events/<int:event_id>/cancel", methods=["GET", "POST"])
@open_to("box_office", "admin")
def cancel(event_id: int) -> BaseResponse:
    """What it will do; then, when the event's number was typed, how far it is."""
    sentence, status = "", 200
    if request.method == "POST":
        if request.form.get("number", "").strip() == str(event_id):
            orders.request_event_cancellation(event_id, actor_user_id=current_user.id)
            return redirect(url_for(".cancel", event_id=event_id), 303)
        sentence = _("Please type the number of the event, %(number)s, to call it off.", number=str(event_id))
        status = 409
    is_part = "HX-Request" in request.headers
    event, progress = load_staff_event(event_id), cancellation_progress(event_id)
    page = render_template(
        "staff/_event_cancel_progress.html" if is_part else "staff/event_cancel.html",
        is_part=is_part,
        event=event,
        progress=progress,
        money=None if progress else load_event_money(event),
        sentence=sentence,
        words=event_words,
    )
    return make_response(page, status)
