"""How a refusal becomes an answer: one table of statuses, one page, one partial for htmx.

Whoever reads it learns what happened, what it means and what to do, and never
sees a traceback. The request's id is on the page and in the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, g, make_response, render_template, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from seatbook.domain.transaction import violated_constraint
from seatbook.errors import SeatbookError
from seatbook.extensions import db, limiter
from seatbook.web.formats import number
from seatbook.web.sessions import ANONYMOUS_HOLDER, safe_next
from seatbook.web.texts import ngettext, translations

log = logging.getLogger(__name__)

# The code of each refusal in `seatbook.errors`. A code that is missing here is our mistake: 500.
STATUS_OF_CODE = {
    "not_found": 404,
    "invalid": 422,
    "sign_in_refused": 422,
    "credentials_needed": 401,
    "credentials_refused": 401,
    "scope_missing": 403,
    "name_taken": 409,
    "reset_link_spent": 410,
    "seats_taken": 409,
    "already_yours": 409,
    "other_price": 409,
    "leaves_single": 409,
    "none_together": 409,
    "not_enough_left": 409,
    "too_many_seats": 409,
    "sale_closed": 409,
    "slot_begun": 409,
    "basket_changed": 409,
    "code_refused": 422,
    "party_does_not_fit": 422,
    "notice_refused": 400,
    "payment_needed": 409,
    "payment_unavailable": 503,
    "offer_ended": 410,
    "amount_changed": 409,
    "too_late_to_cancel": 409,
    "wrong_state": 409,
    "hold_expired": 410,
    "key_reused": 422,
    "key_in_flight": 409,
    "nothing_held": 409,
    "busy": 503,
}

# What the page says over the sentence.
TITLES = {
    400: _l("We could not read that"),
    401: _l("Please sign in first"),
    403: _l("This is not open to you"),
    404: _l("There is nothing here"),
    405: _l("That does not work here"),
    409: _l("That is not possible any more"),
    410: _l("That has ended"),
    413: _l("That was too much"),
    422: _l("Please check what you typed"),
    429: _l("That was very quick"),
    500: _l("Something broke on our side"),
    503: _l("One moment, please"),
}

# What happened and what to do, where no refusal of the domain says it better.
SENTENCES = {
    400: _l("The request was not complete. Please go back, reload the page and try again."),
    403: _l("You are not allowed to see this page. Perhaps you are signed in under another name."),
    404: _l(
        "The page may have moved, or the address has a typing mistake. Everything on sale is on the front page."
    ),
    405: _l("This address only takes what a form on one of our pages sends. Please begin on the front page."),
    413: _l("More was sent than any of our forms needs, so we did not read it. Please send less."),
    500: _l(
        "We have written it down and will look at it. What you hold or have reserved is safe. Please try again."
    ),
}

CSRF_SENTENCE = _l(
    "Nothing was changed. The form was from an older visit, or your browser did not send our cookie. "
    "Please reload the page and try again; if it happens again, allow cookies for this site."
)
DATABASE_AWAY_SENTENCE = _l(
    "We cannot reach our books at the moment. Nothing is lost: what you hold or have reserved is kept. "
    "Please try again in a few seconds."
)

BUSY_RETRY_SECONDS = 2
DATABASE_RETRY_SECONDS = 5


Failure = TypeVar("Failure", bound=Exception)
DATABASE_AWAY = (OperationalError, InterfaceError, NoFreeConnection)

# In the environ of a request that shall not wait for the database too (green.py).
DATABASE_HANGS = "seatbook.database_hangs"


def init_app(app: Flask) -> None:
    """Bind every kind of failure to its answer."""
    app.extensions["seatbook_answers_below"] = {}
    app.before_request(_refuse_while_the_database_hangs)
    _bind(app, SeatbookError, _refused)
    _bind(app, CSRFError, _csrf_refused)
    _bind(app, RateLimitExceeded, _too_often)
    _bind(app, HTTPException, _http_error)
    for kind in DATABASE_AWAY:
        _bind(app, kind, _database_away)
    _bind(app, DataError, _not_storable)
    _bind(app, IntegrityError, _holder_of_another_database)


def answer_below(app: Flask, prefix: str, handler: Callable[[Exception], Response]) -> None:
    """Answer every failure of a path below `prefix` by `handler`, where no page is expected.

    Also those that no blueprint hears of: an address that is not there, a method that it does not take. "/api" without
    its slash is below "/api/", too.
    """
    app.extensions["seatbook_answers_below"][prefix] = handler


def _bind(app: Flask, kind: type[Failure], page: Callable[[Failure], Response]) -> None:
    def handle(error: Failure) -> Response:
        for prefix, handler in app.extensions["seatbook_answers_below"].items():
            if f"{request.path}/".startswith(prefix):
                response: Response = handler(error)
                return response
        return page(error)

    app.register_error_handler(kind, handle)


def status_of(error: SeatbookError) -> int:
    """The HTTP status of a refusal."""
    return STATUS_OF_CODE.get(error.code, 500)


def sentence_of(error: SeatbookError) -> str:
    """The refusal in the visitor's language."""
    return error.sentence(translations(), number)


def answer(
    status: int, sentence: str, *, title: str | None = None, retry_after_seconds: int | None = None
) -> Response:
    """The error page, or for htmx the message alone, with the status of the failure."""
    title = title or str(TITLES.get(status) or TITLES[400 if status < 500 else 500])
    partial = "HX-Request" in request.headers
    if partial:
        body = render_template("error_message.html", sentence=sentence)
    else:
        body = render_template(
            "error.html", status=status, title=title, explanation=sentence, back=_page_before()
        )
    response = make_response(body, status)
    if retry_after_seconds is not None:
        response.headers["Retry-After"] = str(retry_after_seconds)
    response.headers["Cache-Control"] = "no-store"
    return response


def _refused(error: SeatbookError) -> Response:
    status = status_of(error)
    if status == 500:
        log.error("No status is known for the refusal %r.", error.code)
        return answer(500, str(SENTENCES[500]))
    return answer(
        status, sentence_of(error), retry_after_seconds=BUSY_RETRY_SECONDS if status == 503 else None
    )


def _csrf_refused(error: CSRFError) -> Response:
    log.info("%s refused: %s", request.path, error.description)
    return answer(400, str(CSRF_SENTENCE), title=_("This form is out of date"))


def _too_often(error: RateLimitExceeded) -> Response:
    limit = limiter.current_limit
    seconds = max(1, int(limit.reset_at - time.time())) if limit else 60
    log.info("%s refused: too often (%s)", request.path, error.description)
    return answer(429, _too_often_sentence(seconds), retry_after_seconds=seconds)


def _too_often_sentence(seconds: int) -> str:
    if seconds < 100:
        return ngettext(
            "That was more often than one person needs. Please try again in %(num)s second.",
            "That was more often than one person needs. Please try again in %(num)s seconds.",
            seconds,
        )
    minutes = -(-seconds // 60)
    return ngettext(
        "That was more often than one person needs. Please try again in %(num)s minute.",
        "That was more often than one person needs. Please try again in %(num)s minutes.",
        minutes,
    )


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400 or error.response is not None:
        # A redirect, or an answer that somebody has written already.
        return error.get_response(request.environ)
    response = answer(status, str(SENTENCES.get(status) or SENTENCES[400 if status < 500 else 500]))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            # For example Allow of a 405.
            response.headers[name] = value
    return response


def _refuse_while_the_database_hangs() -> None:
    if DATABASE_HANGS in request.environ and request.endpoint != "static":
        raise NoFreeConnection("others have waited for it in vain")


def _database_away(error: Exception) -> Response:
    """PostgreSQL can't be reached, or every connection is in use. The page asks it for nothing."""
    log.error("The database did not answer: %s", error)
    forget_transaction()
    g.database_away = True
    return answer(503, str(DATABASE_AWAY_SENTENCE), retry_after_seconds=DATABASE_RETRY_SECONDS)


def _not_storable(error: DataError) -> Response:
    """A value that no column can hold came through. A check is missing; the visitor is told what to do."""
    log.error("A value got as far as the database: %s", error)
    forget_transaction()
    return answer(422, _("Something that you typed is too long or too large to be kept. Please check it."))


def _holder_of_another_database(error: IntegrityError) -> Response:
    """A browser brought the holder of a database that was set up anew since. It gets a new one at the next click."""
    forget_transaction()
    if violated_constraint(error) != "fk_reservation_holder":
        raise error
    session.pop(ANONYMOUS_HOLDER, None)
    return answer(
        409, _("Your last visit was forgotten when this box office was set up anew. Please pick again.")
    )


def forget_transaction() -> None:
    """Leave a transaction that failed, whatever state its connection is in."""
    try:
        db.session.rollback()
    except Exception:
        log.warning("The connection could not be rolled back; it is thrown away.", exc_info=True)
        db.session.remove()


def _page_before() -> str | None:
    """The page of ours that led here, to go back to."""
    before = urlsplit(request.referrer or "")
    is_here = request.method == "GET" and before.path == request.path
    if before.netloc != request.host or is_here:
        return None
    page = before.path + (f"?{before.query}" if before.query else "")
    return page if safe_next(page) == page else None
