"""What makes an event cheaper: its codes and its concessions."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from seatbook.admin import event_words
from seatbook.admin.access import open_to, staff_pages
from seatbook.domain import orders
from seatbook.domain.money import price_minor
from seatbook.errors import N_, InvalidInput, SeatbookError
from seatbook.queries.reductions import codes_of, concessions_of
from seatbook.queries.staff_events import load_staff_event
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.formats import plain_number
from seatbook.web.forms import id_of
from seatbook.web.texts import gettext as _

blueprint = staff_pages("staff_codes", __name__)


@blueprint.route("/events/<int:event_id>/codes", methods=["GET", "POST"])
@open_to("box_office", "admin")
def codes(event_id: int) -> BaseResponse:
    """Both lists; a POST makes a code."""
    if request.method == "GET":
        return _page(event_id)
    event = load_staff_event(event_id)

    def act() -> str:
        off = request.form.get("off", "").strip()
        is_percent = off.endswith("%")
        orders.create_code(
            event_id,
            code=request.form.get("code", ""),
            percent_off=_whole(off[:-1]) if is_percent else None,
            amount_off_minor=None if is_percent else price_minor(plain_number(off), currency=event.currency),
            max_uses=_whole_or_none("max_uses"),
            max_uses_per_holder=_whole_or_none("max_uses_per_holder"),
            actor_user_id=current_user.id,
        )
        return _("The code is made, and good from now on.")

    return _done(event_id, act)


@blueprint.route("/events/<int:event_id>/codes/stop", methods=["GET", "POST"], defaults={"what": "stop"})
@blueprint.route("/events/<int:event_id>/codes/start", methods=["GET", "POST"], defaults={"what": "start"})
@open_to("box_office", "admin")
def switch_code(event_id: int, what: str) -> BaseResponse:
    """Nobody can use a code any more, and who has it keeps it; or it is good again."""
    if request.method == "GET":
        return redirect(url_for(".codes", event_id=event_id), 303)

    def act() -> str:
        switch = orders.start_code if what == "start" else orders.stop_code
        switch(event_id, code=request.form.get("code", ""), actor_user_id=current_user.id)
        if what == "start":
            return _("The code is good again.")
        return _("The code is stopped. Baskets and orders that have it keep it.")

    return _done(event_id, act)


@blueprint.route("/events/<int:event_id>/concessions", methods=["GET", "POST"])
@open_to("box_office", "admin")
def concessions(event_id: int) -> BaseResponse:
    """Who pays less, and how much less."""
    if request.method == "GET":
        return redirect(url_for(".codes", event_id=event_id), 303)

    def act() -> str:
        orders.create_concession(
            event_id,
            name=request.form.get("name", ""),
            percent_off=_whole(request.form.get("percent", "")),
            actor_user_id=current_user.id,
        )
        return _("The concession is made.")

    return _done(event_id, act)


@blueprint.route(
    "/events/<int:event_id>/concessions/stop", methods=["GET", "POST"], defaults={"what": "stop"}
)
@blueprint.route(
    "/events/<int:event_id>/concessions/start", methods=["GET", "POST"], defaults={"what": "start"}
)
@open_to("box_office", "admin")
def switch_concession(event_id: int, what: str) -> BaseResponse:
    """Nobody can choose it any more, and who has it keeps it; or it is offered again."""
    if request.method == "GET":
        return redirect(url_for(".codes", event_id=event_id), 303)

    def act() -> str:
        switch = orders.start_concession if what == "start" else orders.stop_concession
        switch(
            event_id,
            concession_id=id_of(request.form.get("concession_id", "")),
            actor_user_id=current_user.id,
        )
        if what == "start":
            return _("The concession is offered again.")
        return _("The concession is stopped. Baskets and orders that have it keep it.")

    return _done(event_id, act)


def _done(event_id: int, act: Callable[[], str]) -> BaseResponse:
    try:
        said = act()
    except SeatbookError as error:
        return _page(event_id, sentence=sentence_of(error), status=status_of(error))
    flash(said)
    return redirect(url_for(".codes", event_id=event_id), 303)


def _page(event_id: int, *, sentence: str = "", status: int = 200) -> BaseResponse:
    page = render_template(
        "staff/codes.html",
        event=load_staff_event(event_id),
        codes=codes_of(event_id),
        concessions=concessions_of(event_id),
        typed=request.form,
        sentence=sentence,
        words=event_words,
    )
    return make_response(page, status)


def _whole(text: str) -> int:
    """A number as somebody types it. Raises InvalidInput."""
    spelled = text.strip()
    if not (spelled.isascii() and spelled.isdigit() and len(spelled) < 10):
        raise InvalidInput(field="number", reason=N_("Please type a whole number, like 10."))
    return int(spelled)


def _whole_or_none(name: str) -> int | None:
    text = request.form.get(name, "")
    return _whole(text) if text.strip() else None
