"""The event page: its hall, the clicks on it, what changed since, and the step from basket to reservation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from json import dumps

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from seatbook.domain import inventory
from seatbook.domain.orders import choose_parties
from seatbook.domain.reference import format_reference
from seatbook.errors import (
    N_,
    AlreadyYours,
    BasketChanged,
    HoldExpired,
    InvalidInput,
    LeavesSingle,
    NoneTogether,
    NotEnoughLeft,
    NotFound,
    PartyDoesNotFit,
    PaymentNeeded,
    SaleClosed,
    SeatbookError,
    SeatsTaken,
    SlotBegun,
    TooManySeats,
    WrongState,
)
from seatbook.queries.changes import Changes, Cursor, changes_since
from seatbook.queries.event_page import EventPage, load_event_page, load_event_parts, load_section, load_week
from seatbook.queries.seats import FreeSeat, free_seats_near
from seatbook.queries.week import Week
from seatbook.web import limits
from seatbook.web.better_choices import BetterChoice, better_choices
from seatbook.web.chosen_view import (
    ListView,
    address_of_event,
    choose_list,
    choose_map,
    choose_week,
    chosen_list,
    chosen_section,
    chosen_week,
)
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.event_words import EventWords
from seatbook.web.forms import id_of, ids_of
from seatbook.web.holder import (
    current_holder,
    ensure_holder,
    is_drawn_for_somebody_else,
    remember_browser,
)
from seatbook.web.seat_taken import sentence_of_lost_race
from seatbook.web.texts import gettext as _

blueprint = Blueprint("events", __name__)

# Refusals that the event page itself explains best; any other gets a page of its own.
# Who of a party pays less is asked at the checkout alone.
MORE_PAY_LESS = N_(
    "More people of your party pay less (%(fewer)s) than would come (%(people)s). Please change both at the checkout."
)
EXPLAINED_ON_PAGE = (
    AlreadyYours,
    BasketChanged,
    HoldExpired,
    InvalidInput,
    LeavesSingle,
    NoneTogether,
    NotEnoughLeft,
    PartyDoesNotFit,
    SaleClosed,
    SeatsTaken,
    SlotBegun,
    TooManySeats,
    WrongState,
)
PARTY = "party-"
FOREVER = "public, max-age=31536000, immutable"


@blueprint.get("/events/<int:event_id>")
def event(event_id: int) -> str:
    """Of rooms the next week in which something is free. A form of the page leads back to the week that it showed,
    which may be another one by then: somebody picked the last of it."""
    remember_browser()
    page = load_event_page(event_id, holder_id=_holder_id())
    if page.weeks is None:
        choose_map(event_id)
    else:
        choose_week(event_id, page.weeks.shown)
    return _render_page(page)


@blueprint.get("/events/<int:event_id>/sections/<int:section_id>")
def section(event_id: int, section_id: int) -> BaseResponse:
    """A part of a big house: the page with its seats, and for htmx its seats alone."""
    if _is_htmx():
        page = load_section(event_id, holder_id=_holder_id(), section_id=section_id)
        words = EventWords(page)
        return make_response(render_template("section_seats.html", page=page, words=words, since=page.cursor))
    remember_browser()
    page = load_event_page(event_id, holder_id=_holder_id(), section_id=section_id)
    if not page.is_big:
        address = url_for("events.event", event_id=event_id, _anchor=f"section-{section_id}")
        return redirect(address, 303)
    choose_map(event_id, section_id)
    return make_response(_render_page(page))


@blueprint.get("/events/<int:event_id>/week/<week>")
def week(event_id: int, week: str) -> BaseResponse:
    """The slots of a week such as 2026-W48: the page with them, and for htmx one room's alone (`area`)."""
    asked = Week.parse(week)
    if _is_htmx():
        page = load_week(event_id, holder_id=_holder_id(), week=asked)
        choose_week(event_id, asked)
        area_id = id_of(request.args.get("area", ""))
        rooms = [area for area in page.areas if area.id == area_id and area.kind == "slots"]
        if not rooms:
            raise NotFound(what="area")
        words = EventWords(page)
        return make_response(render_template("week_slots.html", page=page, words=words, area=rooms[0]))
    remember_browser()
    page = load_event_page(event_id, holder_id=_holder_id(), week=asked)
    if page.weeks is None:
        return redirect(url_for("events.event", event_id=event_id), 303)
    choose_week(event_id, asked)
    return make_response(_render_page(page))


@blueprint.get("/events/<int:event_id>/list")
@blueprint.get("/events/<int:event_id>/list/<int:section_id>")
def seat_list(event_id: int, section_id: int | None = None) -> str:
    """The same as a list of section, row and seat. `free=1`: only what is free."""
    remember_browser()
    view = ListView(event_id, section_id, request.args.get("free") == "1")
    page = load_event_page(event_id, holder_id=_holder_id(), section_id=section_id)
    choose_list(view)
    return _render_page(page, view=view)


@blueprint.post("/events/<int:event_id>/seats")
@limits.hold_of_holder
@limits.new_holder_of_address
def seats(event_id: int) -> BaseResponse:
    """A click on a seat or slot: `hold=ID` or `release=ID`, several of one kind; both: these instead of those."""
    release = _ids("release")
    hold = _ids("hold")
    if not (release or hold) or set(release) & set(hold):
        raise InvalidInput(field="seat", reason=_("Please choose a place first."))
    try:
        if hold and release:
            inventory.exchange_seats(event_id, give_back=release, take=hold, holder=ensure_holder())
        elif hold:
            inventory.hold_seats(event_id, seat_ids=hold, holder=ensure_holder())
        else:
            inventory.release_seats(event_id, seat_ids=release, holder=ensure_holder())
    except EXPLAINED_ON_PAGE as error:
        return refuse(event_id, error, seat_ids=hold + release)
    return _answer(event_id, seat_ids=hold + release, anchor=f"seat-{(hold or release)[0]}")


@blueprint.post("/events/<int:event_id>/areas/<int:area_id>")
@limits.hold_of_holder
@limits.new_holder_of_address
def area(event_id: int, area_id: int) -> BaseResponse:
    """`quantity=N` places of a standing or stock area."""
    try:
        inventory.hold_quantity(event_id, area_id=area_id, quantity=_quantity(), holder=ensure_holder())
    except EXPLAINED_ON_PAGE as error:
        return refuse(event_id, error)
    return _answer(event_id, anchor=f"area-{area_id}")


@blueprint.post("/events/<int:event_id>/best")
@limits.hold_of_holder
@limits.new_holder_of_address
def best(event_id: int) -> BaseResponse:
    """`quantity=N` seats together, the best there are; `price`: at most so much, in minor units;
    `wheelchair`: places for wheelchairs."""
    price = request.form.get("price", "")
    wish = inventory.Wish(
        _quantity(),
        max_price_minor=id_of(price) if price else None,
        wheelchair="wheelchair" in request.form,
    )
    try:
        held = inventory.hold_best(event_id, wish=wish, holder=ensure_holder())
    except EXPLAINED_ON_PAGE as error:
        return refuse(event_id, error)
    return _answer(event_id, seat_ids=held.seat_ids, said_of=held.seat_ids, anchor=f"seat-{held.seat_ids[0]}")


@blueprint.post("/events/<int:event_id>/parties")
def parties(event_id: int) -> BaseResponse:
    """`party-SEAT=N`: so many people come to that slot of the basket."""
    choices = {
        id_of(name.removeprefix(PARTY)): id_of(value)
        for name, value in request.form.items()
        if name.startswith(PARTY)
    }
    try:
        choose_parties(event_id, choices=choices, holder=ensure_holder())
    except (NotFound, *EXPLAINED_ON_PAGE) as error:
        if isinstance(error, NotFound):
            # What is in no basket any more was given back in another window.
            return refuse(event_id, BasketChanged())
        if isinstance(error, InvalidInput) and error.data["field"] == "people":
            return refuse(event_id, InvalidInput(**error.data | {"reason": MORE_PAY_LESS}))
        return refuse(event_id, error)
    return _answer(event_id, anchor="basket")


@blueprint.post("/events/<int:event_id>/release")
def release(event_id: int) -> BaseResponse:
    """Everything in the basket of this event goes back."""
    holder = current_holder()
    released: Sequence[int] = ()
    if holder is not None:
        try:
            released = inventory.release_hold(event_id, holder=holder).seat_ids
        except EXPLAINED_ON_PAGE as error:
            return refuse(event_id, error)
    sentence = _("Your places are back on sale. Nothing was charged.") if released else ""
    return _answer(event_id, seat_ids=released, sentence=sentence)


@blueprint.post("/events/<int:event_id>/reserve")
def reserve(event_id: int) -> BaseResponse:
    """Buy the basket. Whoever is not signed in does that first, and keeps the basket."""
    holder = current_holder()
    if holder is None or not current_user.is_authenticated:
        flash(_("Please sign in to reserve. The places that you have picked stay yours meanwhile."))
        address = url_for("accounts.sign_in", next=address_of_event(event_id))
        if _is_htmx():
            return make_response("", 401, {"HX-Redirect": address})
        return redirect(address, 303)
    reservation_id = _whole("reservation_id")
    seen = ids_of(request.form.get("seat_ids", "").split(","))
    try:
        bought = inventory.confirm_reservation(
            event_id, reservation_id=reservation_id, holder=holder, seat_ids=seen
        )
    except PaymentNeeded:
        # A page from before the price, or another window's basket: this is where it is paid.
        return redirect(url_for("checkout.checkout", event_id=event_id), 303)
    except EXPLAINED_ON_PAGE as error:
        return refuse(event_id, error, seat_ids=seen)
    address = url_for("reservations.reservation", reference=format_reference(event_id, bought.code))
    if _is_htmx():
        return make_response("", 200, {"HX-Redirect": address})
    return redirect(address, 303)


@blueprint.post("/events/<int:event_id>/extend")
@limits.hold_of_holder
def extend(event_id: int) -> BaseResponse:
    """Still there: the hold lasts longer, as far as the event allows. `to=checkout`: that page asked."""
    holder = current_holder()
    try:
        if holder is not None:
            inventory.extend_hold(event_id, holder=holder)
    except EXPLAINED_ON_PAGE as error:
        return refuse(event_id, error)
    except NotFound:
        # Nothing is held any more, which the page shows.
        pass
    if request.form.get("to") == "checkout":
        return redirect(url_for("checkout.checkout", event_id=event_id), 303)
    return _answer(event_id)


@blueprint.get("/events/<int:event_id>/<any(best, parties, extend, seats, release, reserve):_act>")
@blueprint.get("/events/<int:event_id>/areas/<int:_area_id>")
def back_to_event(event_id: int, _act: str = "", _area_id: int = 0) -> BaseResponse:
    """The address of a form, typed or loaded again: the event's page."""
    return redirect(address_of_event(event_id), 303)


@blueprint.get("/events/<int:event_id>/changes")
def changes(event_id: int) -> BaseResponse:
    """What changed since the page's cursor; 204 when nothing did. `basket`: the basket is asked for anyway."""
    cursor = Cursor.parse(request.args.get("since", ""))
    seen = changes_since(event_id, cursor=cursor)
    if seen.is_lost or is_drawn_for_somebody_else(request.args.get("visitor")):
        return make_response("", 200, {"HX-Refresh": "true"})
    if not seen.seat_ids and "basket" not in request.args:
        return make_response("", 204)
    page = load_event_parts(event_id, holder_id=_holder_id(), seat_ids=seen.seat_ids, with_activity=True)
    return make_response(_render_parts(page, changes=seen))


@blueprint.get("/places.css")
def places_css() -> Response:
    """Cells of a hall's grid as classes: a `style` attribute would be blocked, on purpose."""
    response = make_response(_places_css())
    response.mimetype = "text/css"
    if request.args.get("v") == places_css_version():
        response.headers["Cache-Control"] = FOREVER
    return response


@cache
def places_css_version() -> str:
    return sha256(_places_css().encode()).hexdigest()[:12]


@cache
def _places_css() -> str:
    return render_template("places.css")


blueprint.add_app_template_global(places_css_version)


def _answer(
    event_id: int,
    *,
    seat_ids: Collection[int] = (),
    said_of: Collection[int] = (),
    sentence: str = "",
    anchor: str | None = None,
) -> BaseResponse:
    """After something was done: the parts that it changed, or for a plain form the page again.

    `said_of` are seats that the visitor did not point at, and that are named for that reason.
    """
    if _is_htmx() or said_of:
        page = load_event_parts(event_id, holder_id=_holder_id(), seat_ids=seat_ids)
        # When this comes again, they may have been given back since.
        said_of = [seat_id for seat_id in page.basket.seat_ids if seat_id in said_of]
        sentence = EventWords(page).found_sentence(said_of) if said_of else sentence
    # Nobody saw them yet: the map goes there, and of a big house their section has to be shown.
    found = next(seat for seat in page.seats if seat.id in said_of) if said_of else None
    if _is_htmx():
        heard = "" if sentence else EventWords(page).heard()
        answer = make_response(_render_parts(page, said=sentence, heard=heard))
        if found:
            answer.headers["HX-Trigger"] = dumps(
                {"seatbook:show": {"section": found.section_id, "seat": found.id}}
            )
        return answer
    if found and page.is_big and not chosen_list(event_id):
        choose_map(event_id, found.section_id)
    if sentence:
        flash(sentence)
    return redirect(address_of_event(event_id, anchor=anchor), 303)


def refuse(event_id: int, error: SeatbookError, *, seat_ids: Collection[int] = ()) -> BaseResponse:
    """Say why not and what can be had instead, with every place as it now is. The refusal keeps its status."""
    near = (
        free_seats_near(event_id, seat_id=error.data["seat_ids"][0]) if isinstance(error, SeatsTaken) else []
    )
    view = chosen_list(event_id)
    if _is_htmx():
        page = load_event_parts(event_id, holder_id=_holder_id(), seat_ids=seat_ids)
    else:
        page = load_event_page(
            event_id,
            holder_id=_holder_id(),
            section_id=chosen_section(event_id),
            week=chosen_week(event_id),
        )
    sentence = _sentence(error, page, near)
    choices = better_choices(error, asked=seat_ids, mine=page.basket.seat_ids, near=near)
    lost = tuple(error.data["seat_ids"]) if isinstance(error, SeatsTaken) else ()
    if _is_htmx():
        body = _render_parts(page, sentence=sentence, lost=lost, choices=choices)
    else:
        body = _render_page(page, view=view, sentence=sentence, lost=lost, choices=choices)
    return make_response(body, status_of(error))


def _sentence(error: SeatbookError, page: EventPage, near: Sequence[FreeSeat]) -> str:
    if isinstance(error, SeatsTaken):
        return sentence_of_lost_race(error, page, near=near)
    words = EventWords(page)
    if isinstance(error, LeavesSingle):
        return words.left_alone(error.data["labels"])
    if isinstance(error, SaleClosed):
        return words.sale_sentence(str(error.data.get("state", page.sale)))
    if isinstance(error, HoldExpired):
        ended = error.data.get("expired_at")
        return words.ended_sentence(datetime.fromisoformat(ended)) if ended else sentence_of(error)
    return sentence_of(error)


def _render_page(
    page: EventPage,
    *,
    sentence: str = "",
    lost: Sequence[int] = (),
    choices: Sequence[BetterChoice] = (),
    view: ListView | None = None,
) -> str:
    """`view`: as this list; None: as a map."""
    return render_template(
        "event.html",
        page=page,
        words=EventWords(page, better=choices[0].seat_ids if choices else ()),
        sentence=sentence,
        lost=lost,
        choices=choices,
        since=page.cursor,
        view=view,
    )


def _render_parts(
    page: EventPage,
    *,
    said: str = "",
    heard: str = "",
    sentence: str = "",
    lost: Sequence[int] = (),
    choices: Sequence[BetterChoice] = (),
    changes: Changes | None = None,
) -> str:
    return render_template(
        "event_parts.html",
        page=page,
        words=EventWords(page),
        said=said,
        heard=heard,
        sentence=sentence,
        lost=lost,
        choices=choices,
        changes=changes,
    )


def _holder_id() -> int | None:
    holder = current_holder()
    return holder.holder_id if holder else None


def _is_htmx() -> bool:
    return "HX-Request" in request.headers


def _ids(name: str) -> list[int]:
    return ids_of(request.form.getlist(name))


def _whole(name: str) -> int:
    return id_of(request.form.get(name, ""))


def _quantity() -> int:
    value = request.form.get("quantity", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 7:
        return int(value)
    raise InvalidInput(
        field="quantity", reason=_("Please write how many places you want as a number, such as 2.")
    )
