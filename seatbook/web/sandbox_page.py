"""The page of the trial payment service: pay, fail, be slow, and tell the box office once, twice, late or never.

It plays somebody else's site, so it knows nothing of ours but what the session says. It is there only
while the trial service takes the payments (PAYMENT_PROVIDER).
"""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from seatbook.domain import orders
from seatbook.errors import InvalidInput
from seatbook.web.paying import till, within_this_site
from seatbook.web.texts import gettext as _

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox")

# For how long it may be processing, and how much later the box office may be told, in seconds.
SECONDS = (0, 5, 30, 120, 900, 3600)


class Telling(NamedTuple):
    """How the box office hears of the result: so many copies of the message, so many seconds late."""

    copies: int
    late_seconds: int


TELLINGS = {"once": Telling(1, 0), "twice": Telling(2, 0), "late": Telling(1, 60), "never": Telling(0, 0)}


@blueprint.get("/<ref>")
def session(ref: str) -> str:
    shown = orders.show_sandbox_session(ref, till=till())
    back = within_this_site(shown.return_url) or "/"
    return render_template("sandbox.html", shown=shown, back=back, seconds=SECONDS)


@blueprint.post("/<ref>")
def decide(ref: str) -> BaseResponse:
    """`becomes`: paid or failed; `after`: seconds of processing; `told`: once, twice, late, never;
    `stay`: the buyer does not go back to the box office."""
    becomes = request.form.get("becomes", "")
    after = request.form.get("after", "0")
    told = TELLINGS.get(request.form.get("told", "once"))
    if becomes not in ("paid", "failed") or after not in map(str, SECONDS) or told is None:
        raise InvalidInput(field="becomes", reason=_("Please choose one of the buttons."))
    shown = orders.show_sandbox_session(ref, till=till())
    orders.decide_in_sandbox(
        ref,
        till=till(),
        becomes=becomes,
        after_seconds=int(after),
        copies=told.copies,
        told_after_seconds=told.late_seconds,
    )
    if "stay" in request.form:
        return redirect(url_for(".session", ref=ref), 303)
    return redirect(within_this_site(shown.return_url) or "/", 303)
