"""The page of one's tokens: make one for a program, see what was used when, revoke."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from werkzeug.wrappers import Response as BaseResponse

from seatbook.domain import tokens
from seatbook.domain.tokens import MAX_NAME_LENGTH, MadeToken
from seatbook.errors import InvalidInput
from seatbook.models.token import TOKEN_SCOPES
from seatbook.queries.tokens import tokens_of
from seatbook.web import limits
from seatbook.web.errors import sentence_of, status_of
from seatbook.web.texts import gettext as _

blueprint = Blueprint("tokens", __name__, url_prefix="/account/tokens")

DAYS = (30, 365)


@blueprint.after_request
def keep_nowhere(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("")
@login_required
def mine() -> BaseResponse:
    return _page()


@blueprint.post("")
@login_required
@limits.password_change
def make() -> BaseResponse:
    """The answer is the page with the token on it: the only one that ever shows it."""
    name = request.form.get("name", "")
    scopes = request.form.getlist("scope")
    days = request.form.get("days", "")
    if set(scopes) - set(_scopes()) or days not in ("", *map(str, DAYS)):
        scopes = []
    try:
        made = tokens.make_token(
            current_user.id, name=name, scopes=scopes, lifetime=timedelta(days=int(days)) if days else None
        )
    except InvalidInput as error:
        return _page(name=name, chosen=scopes, error=error)
    return _page(made=made)


@blueprint.post("/<int:token_id>/revoke")
@login_required
def revoke(token_id: int) -> BaseResponse:
    tokens.revoke_token(current_user.id, token_id=token_id)
    flash(_("The token is revoked. Whoever has it can do nothing with it any more."))
    return redirect(url_for(".mine"), 303)


@blueprint.get("/<int:token_id>/revoke")
def back(token_id: int) -> BaseResponse:
    """The address of the form, loaded again."""
    return redirect(url_for(".mine"), 303)


def _page(
    *,
    made: MadeToken | None = None,
    name: str = "",
    chosen: Sequence[str] = ("read", "book"),
    error: InvalidInput | None = None,
) -> BaseResponse:
    body = render_template(
        "account/tokens.html",
        tokens=tokens_of(current_user.id),
        made=made,
        scopes=_scopes(),
        name=name,
        chosen=chosen,
        fault=sentence_of(error) if error else None,
        fault_at=error.data["field"] if error else None,
        days=DAYS,
        most=MAX_NAME_LENGTH,
    )
    return make_response(body, status_of(error) if error else 200)


def _scopes() -> dict[str, str]:
    """What a token of this visitor may do, in words."""
    words = {
        "read": _("See my reservations and tickets"),
        "book": _("Hold, reserve, pay and cancel in my name"),
        "staff": _("Work at the box office, as far as my role allows"),
    }
    return {
        scope: words[scope] for scope in TOKEN_SCOPES if scope != "staff" or current_user.role != "customer"
    }


@blueprint.app_template_global()
def scope_words(scopes: Sequence[str]) -> str:
    """What a token is good for, in a few words."""
    words = {"read": _("read"), "book": _("book"), "staff": _("staff")}
    return ", ".join(words[scope] for scope in scopes)
