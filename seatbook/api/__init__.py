"""The JSON API under /api: parse strictly, one domain call or query, answer.

It adds no rules. Every route is a `Route` record (`routes.py`), and what serves
a request is also what `openapi.py` describes. docs/api.md is a walk through it.
"""

from __future__ import annotations

from flask import Blueprint, Flask

from seatbook.api import (
    accounts,
    basket,
    catalogue,
    credentials,
    docs_page,
    following,
    holds,
    limits,
    openapi,
    problems,
    reservations,
    seats,
    shows,
    staff,
    staff_events,
    staff_money,
    staff_orders,
    staff_setup,
    webhooks,
)
from seatbook.api.routes import Routes
from seatbook.extensions import csrf

# The order in which the description tells of them.
CHAPTERS: tuple[Routes, ...] = (
    catalogue.routes,
    seats.routes,
    holds.routes,
    basket.routes,
    reservations.routes,
    accounts.routes,
    shows.routes,
    staff.routes,
    staff_orders.routes,
    staff_money.routes,
    staff_events.routes,
    staff_setup.routes,
    webhooks.routes,
)


def init_app(app: Flask) -> None:
    """Bind every route, and answer every failure below /api as a problem."""
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    # Forms prove by their token that they come from our pages; here a token of another kind does, and where
    # a browser's session is used instead, `credentials.py` asks for the same proof.
    csrf.exempt(blueprint)
    for chapter in CHAPTERS:
        chapter.bind(blueprint)
    docs_page.bind(blueprint, openapi.bind(blueprint, CHAPTERS))
    limits.bind(blueprint)
    credentials.bind(blueprint)
    app.register_blueprint(blueprint)
    following.init_app(app)
    problems.init_app(app)
