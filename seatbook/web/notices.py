"""Where payment providers tell us that something happened. They are no browsers: no form, no token, no page.

What a message says is believed because of its signature alone, which is over the
raw body. The provider sends it again until we answer that we have it.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from seatbook.domain import orders
from seatbook.errors import NotFound, NoticeRefused
from seatbook.extensions import csrf
from seatbook.web.errors import status_of

blueprint = Blueprint("notices", __name__, url_prefix="/payments")
csrf.exempt(blueprint)


@blueprint.post("/<provider>/notices")
def take(provider: str) -> Response:
    """204: we have it, or need it not. Any copy and any order will do."""
    till = orders.till_of(current_app.extensions["seatbook"])
    try:
        orders.take_notice(provider, body=request.get_data(), headers=dict(request.headers), till=till)
    except (NoticeRefused, NotFound) as error:
        return Response(f"{error}\n", status_of(error), mimetype="text/plain")
    return Response(status=204)
