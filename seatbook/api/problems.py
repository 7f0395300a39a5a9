"""Every failure below /api as a problem of RFC 9457: what happened, its code, and where to look.

`code` is stable and meant for programs; `detail`, and `error` which repeats it, are English sentences for
people. `seats` are the labels that were lost, `errors` the faults of a request by JSON pointer, and `data`
whatever else the refusal knows, such as how many are left.
"""

from __future__ import annotations

import json
import logging
import re
import time
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.wrappers import Response as BaseResponse

from seatbook.api.idempotency import HEADER as KEY_HEADER
from seatbook.api.reading import Unreadable, WrongContent
from seatbook.api.shapes import rfc3339
from seatbook.errors import CredentialsNeeded, CredentialsRefused, InvalidInput, SeatbookError, SignInRefused
from seatbook.extensions import limiter
from seatbook.logs import current_request_id
from seatbook.web import errors as of_pages

log = logging.getLogger(__name__)

PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"

# Where the API says something else than the pages do: here a wrong password is about credentials.
STATUS_OF_CODE = of_pages.STATUS_OF_CODE | {SignInRefused.code: 401}

UNREADABLE = "The body is not JSON that can be read: one object in UTF-8, and nothing after it."
TWICE = "“{name}” is there twice in one object of the body, so nobody can know which one is meant."
NOT_THERE = "There is nothing at this address. The addresses of the API are listed at /api/openapi.json."
WRONG_METHOD = "This address does not take that method. The header Allow says which it takes."
TOO_LARGE = "The body is larger than 64 kB, so it was not read."
WRONG_MEDIA_TYPE = "The body has to be JSON: send the header Content-Type: application/json."
CSRF_MISSING = (
    "A request that uses a browser's session has to carry its CSRF token in the header X-CSRFToken. "
    "Nothing was changed. Programs send a token in Authorization instead."
)
WRONG_CONTENT = "The request can be read, and is not what this address takes. See errors."
NOT_STORABLE = "Something in it is too long or too large to be kept."
TOO_OFTEN = "That was more often than is allowed. Please try again in {seconds} s."
DATABASE_AWAY = (
    "Our books cannot be reached at the moment. Nothing is lost. Please try again in a few seconds."
)
BROKEN = "Something broke on our side, and was written down. Asking again with the same key is safe."

# Codes of what is refused before any rule of the domain is asked, with their statuses.
CODES_OF_TRANSPORT = {
    "unreadable": 400,
    "csrf_token_missing": 403,
    "not_found": 404,
    "wrong_method": 405,
    "too_large": 413,
    "wrong_media_type": 415,
    "invalid": 422,
    "too_often": 429,
    "broken": 500,
    "database_away": 503,
}

# What they mean, for whoever reads of them; a refusal of the domain has its docstring.
TOLD_OF_TRANSPORT = {
    "unreadable": UNREADABLE,
    "csrf_token_missing": CSRF_MISSING,
    "wrong_method": WRONG_METHOD,
    "too_large": TOO_LARGE,
    "wrong_media_type": WRONG_MEDIA_TYPE,
    "invalid": "The request can be read and is not what the address takes. `errors` names each fault by a pointer.",
    "too_often": "More requests than a token or an address may send. Retry-After says when to go on.",
    "broken": BROKEN,
    "database_away": DATABASE_AWAY,
}


HEADERS = {KEY_HEADER, "Last-Event-ID"}
# What rules name and requests say in another way, if they do not have that name: then the first that is there.
SAID_AS = {
    "layout": ("file", "plan_id", "areas"),
    "plan": ("plan_id",),
    "on_sale_until": ("on_sale_from",),
    "slots": ("areas",),
    "date": ("starts_at",),
    "concession": ("concession_id",),
}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d", re.ASCII)


def init_app(app: Flask) -> None:
    of_pages.answer_below(app, PREFIX, answer_failure)
    app.after_request(_redirect_without_a_page)


def status_of(code: str) -> int:
    return STATUS_OF_CODE.get(code, 500)


def title_of(code: str) -> str:
    """seats_taken is "Seats taken"."""
    return code.replace("_", " ").capitalize()


def answer_failure(error: Exception) -> BaseResponse:
    """The problem that tells of a failure, whatever it is."""
    match error:
        case SeatbookError():
            return answer_refusal(error)
        case WrongContent():
            return problem(422, "invalid", WRONG_CONTENT, errors=error.errors)
        case CSRFError():
            return problem(403, "csrf_token_missing", CSRF_MISSING)
        case RateLimitExceeded():
            return _too_often()
        case HTTPException():
            return _http_error(error)
        case DataError():
            log.error("A value got as far as the database: %s", error)
            of_pages.forget_transaction()
            return problem(422, "invalid", NOT_STORABLE)
        case IntegrityError():
            of_pages.forget_transaction()
            raise error
    log.error("The database did not answer: %s", error)
    of_pages.forget_transaction()
    g.database_away = True
    return problem(503, "database_away", DATABASE_AWAY, retry_after_seconds=of_pages.DATABASE_RETRY_SECONDS)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    retry_after_seconds: int | None = None,
    **members: Any,
) -> Response:
    body = {
        "type": f"/api/docs/#{code}",
        "title": title_of(code),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": current_request_id(),
        "success": False,
        "error": detail,
        **members,
    }
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype=MEDIA_TYPE)
    if retry_after_seconds is not None:
        response.headers["Retry-After"] = str(retry_after_seconds)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="seatbook"'
    response.headers["Cache-Control"] = "no-store"
    return response


def answer_refusal(error: SeatbookError) -> Response:
    """The problem that tells of a refusal of the domain."""
    status = status_of(error.code)
    if status == 500:
        log.error("No status is known for the refusal %r.", error.code)
        return problem(500, "broken", BROKEN)
    return problem(
        status,
        error.code,
        str(error),
        retry_after_seconds=of_pages.BUSY_RETRY_SECONDS if status == 503 else None,
        **_members(error),
    )


def _redirect_without_a_page(response: Response) -> Response:
    """An address without its last slash leads to the one that has it: the router's way to say so is a page."""
    if response.status_code == HTTPStatus.PERMANENT_REDIRECT and request.path.startswith(PREFIX):
        response.set_data(b"")
        del response.headers["Content-Type"]
    return response


def _members(error: SeatbookError) -> dict[str, Any]:
    data = {name: _written(value) for name, value in error.data.items() if name != "listing"}
    if isinstance(error, InvalidInput):
        fault = {"pointer": pointer_to(data["field"], seat_id=data.get("seat_id")), "detail": str(error)}
        return {"errors": [fault | ({"in": "header"} if data["field"] in HEADERS else {})]}
    if isinstance(error, CredentialsNeeded | CredentialsRefused | SignInRefused):
        return {}
    members: dict[str, Any] = {}
    if "labels" in data:
        members["seats"] = data.pop("labels")
    return members | ({"data": data} if data else {})


def pointer_to(field: str, *, seat_id: int | None = None) -> str:
    """Where the request has the field that a rule names: "#/show/title" for "title", as rules know no shapes. Where
    it is about one of several seats, in what is said of that one."""
    body = request.get_json(silent=True) if request.method == "POST" else None
    for name in (field, *SAID_AS.get(field, ())):
        if (way := _way(body, name, seat_id=seat_id)) is not None:
            return f"#/{way}"
    return f"#/{field}"


def _way(content: Any, name: str, *, seat_id: int | None) -> str | None:
    """The nearest member of that name, from the top, and in nothing that is said of another seat."""
    level: list[tuple[str, Any]] = [("", content)]
    while level:
        for before, held in level:
            if isinstance(held, dict) and name in held:
                return before + name
        level = [
            (f"{before}{step}/", child)
            for before, held in level
            for step, child in (
                held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
            )
            if isinstance(child, list)
            or (isinstance(child, dict) and (seat_id is None or child.get("seat_id", seat_id) == seat_id))
        ]
    return None


def _written(value: Any) -> Any:
    """Times as everywhere in the API."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return rfc3339(datetime.fromisoformat(value))
    return value


def _too_often() -> Response:
    limit = limiter.current_limit
    seconds = max(1, int(limit.reset_at - time.time()) + 1) if limit else 60
    return problem(429, "too_often", TOO_OFTEN.format(seconds=seconds), retry_after_seconds=seconds)


def _http_error(error: HTTPException) -> BaseResponse:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error.get_response(request.environ)
    match error:
        case MethodNotAllowed():
            response = problem(405, "wrong_method", WRONG_METHOD)
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
            return response
        case Unreadable(twice=str(name)):
            return problem(400, "unreadable", TWICE.format(name=name[:80]))
        case RequestEntityTooLarge():
            return problem(413, "too_large", TOO_LARGE)
        case UnsupportedMediaType():
            return problem(415, "wrong_media_type", WRONG_MEDIA_TYPE)
        case NotFound():
            return problem(404, "not_found", NOT_THERE)
        case BadRequest():  # Unreadable as well.
            return problem(400, "unreadable", UNREADABLE)
    if status >= 500:
        return problem(500, "broken", BROKEN)
    return problem(status, "invalid", error.description or WRONG_CONTENT)
