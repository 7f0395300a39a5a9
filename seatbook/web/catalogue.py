"""What's on, and one show with its dates."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Protocol

from flask import Blueprint, current_app, render_template, request, url_for

from seatbook.models.catalogue import SHOW_KINDS
from seatbook.queries.catalogue import EventSummary, Filters, load_show, whats_on
from seatbook.web import formats
from seatbook.web.event_words import places_left
from seatbook.web.texts import gettext as _
from seatbook.web.texts import pgettext

blueprint = Blueprint("catalogue", __name__)
formats.register(blueprint)

MAX_ID = 2**63 - 1
MAX_PAGE = 100_000
POSTER_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class HasPoster(Protocol):
    """A show, or what stands for one."""

    @property
    def kind(self) -> str: ...

    @property
    def poster(self) -> str | None: ...


@blueprint.get("/")
def index() -> str:
    filters = Filters(kind=_kind(), venue_id=_whole("venue", MAX_ID), on=_day())
    catalogue = whats_on(filters, page=_whole("page", MAX_PAGE) or 1)
    return render_template("whats_on.html", catalogue=catalogue, kinds=kind_names())


@blueprint.get("/shows/<int:show_id>")
def show(show_id: int) -> str:
    return render_template("show.html", show=load_show(show_id), kinds=kind_names())


def kind_names() -> dict[str, str]:
    return {
        "film": _("Film"),
        "theatre": _("Theatre"),
        "concert": _("Concert"),
        "escape_room": _("Escape room"),
        "merchandise": _("Merchandise"),
        "other": _("Other"),
    }


@blueprint.app_template_global()
def poster_url(show: HasPoster) -> str:
    """The show's own poster, or the plain one of its kind."""
    posters = Path(str(current_app.static_folder)) / "posters"
    if show.poster and POSTER_NAME.fullmatch(show.poster) and (posters / f"{show.poster}.svg").is_file():
        return url_for("static", filename=f"posters/{show.poster}.svg")
    return url_for("static", filename=f"posters/kind-{show.kind}.svg")


@blueprint.app_template_global()
def availability(event: EventSummary) -> str:
    """Whether one can buy, in words."""
    if event.sale == "not_yet":
        return _("On sale from %(when)s", when=formats.day_and_time(event.on_sale_from, event.time_zone))
    if event.sale == "ended":
        return _("The sale has ended")
    if event.sale == "cancelled":
        return pgettext("event", "Cancelled")
    return places_left(event.figures, kinds=event.kinds)


def _kind() -> str | None:
    kind = request.args.get("kind", "")
    return kind if kind in SHOW_KINDS else None


def _day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("date", ""))
    except ValueError:
        return None


def _whole(name: str, highest: int) -> int | None:
    value = request.args.get(name, "")
    if value.isascii() and value.isdigit() and len(value) < 20 and 0 < int(value) <= highest:
        return int(value)
    return None
