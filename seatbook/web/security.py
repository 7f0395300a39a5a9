"""What protects a page and its visitor: headers, cookies, CSRF, and input that cannot be text.

The Content Security Policy allows nothing that the page does not need. A script
runs only with the nonce of its own answer, so text that somebody smuggled into
a page stays text; htmx obeys the same nonce through its hx-csp extension, and
is the only code that may turn strings into HTML (Trusted Types). There is no
'unsafe-inline': a `style` attribute does not work, on purpose.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import timedelta
from io import BytesIO, RawIOBase
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request
from flask_babel import gettext as _
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from seatbook.config import Config
from seatbook.errors import InvalidInput
from seatbook.extensions import csrf

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'nonce-{nonce}'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'{pay_pages}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types htmx",
    )
)
PAY_PAGES = {"stripe": " https://checkout.stripe.com"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # For browsers from before frame-ancestors.
    "X-Frame-Options": "DENY",
    # Not "no-referrer": the CSRF check over HTTPS reads the referrer of our own pages.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000"

# The largest form is a basket of 1,000 seats, about 20 kB.
MAX_REQUEST_BYTES = 64 * 1024
# A session ends this long after its cookie was last written. It is written at
# sign-in and when something in it changes, not with every answer.
SESSION_LIFETIME = timedelta(days=14)


class IdConverter(IntegerConverter):
    """`<int:…>` in a route: what is longer than any id is not there, rather than a failed query.

    By its spelling and not by its value: a value that one method's route refuses would make another method's
    answer "wrong method", where both are at one address.
    """

    regex = r"[0-9]{1,18}"


def init_app(app: Flask, config: Config) -> None:
    """Bind cookies, CSRF, headers and the refusal of unreadable input."""
    app.secret_key = config.secret_key
    app.url_map.converters["int"] = IdConverter
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_REQUEST_BYTES,
        MAX_FORM_PARTS=100,
        # The prefix makes browsers insist on Secure, on this host alone and on the whole site.
        SESSION_COOKIE_NAME="__Host-seatbook" if config.cookie_secure else "seatbook",
        SESSION_COOKIE_SECURE=config.cookie_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        # A form is good as long as its session: a page left open over lunch still works.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.wsgi_app = _with_known_lengths(app.wsgi_app)  # type: ignore[method-assign]
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    app.before_request(_redirect_within_this_site)
    app.before_request(_refuse_unreadable_input)
    csrf.init_app(app)

    # Pressing "Pay" leads on to the provider's page, and browsers judge a form by where it ends.
    pay_pages = PAY_PAGES.get(config.payment_provider, "")

    @app.after_request
    def protect(response: Response) -> Response:
        policy = CSP.format(nonce=csp_nonce(), pay_pages=pay_pages)
        if g.get("shows_letter"):
            policy += "; frame-src 'self'"
        response.headers["Content-Security-Policy"] = g.get("own_policy", policy)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if config.cookie_secure:
            response.headers["Strict-Transport-Security"] = HSTS
        if request.endpoint != "static" and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store" if g.get("is_personal") else "private, no-cache"
        return response


def read_chunks(environ: dict[str, Any]) -> None:
    """Read a body that came in chunks, and so without a length, and write its length into `environ`.

    Werkzeug cuts such a body off at the limit and hands on what is before it as if it were all. With a length it
    is refused like any other that is too large, so no more is read than shows that it is.
    """
    if "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower() or environ.get("CONTENT_LENGTH"):
        return
    try:
        body = environ["wsgi.input"].read(MAX_REQUEST_BYTES + 1)
    except OSError:
        # Chunks that are none, or a client that went away: told by whoever reads the body, as always.
        environ["wsgi.input"] = _CutOff()
        return
    environ["wsgi.input"] = BytesIO(body)
    # Werkzeug looks at no length beside this header.
    del environ["HTTP_TRANSFER_ENCODING"]
    environ["CONTENT_LENGTH"] = str(len(body))


class _CutOff(RawIOBase):
    """A body whose end never came."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise OSError


def _with_known_lengths(app: Callable[..., Iterable[bytes]]) -> Any:
    def called(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        read_chunks(environ)
        return app(environ, start_response)

    return called


def show_as_letter(response: BaseResponse, *, style: str) -> None:
    """Let `response` be a letter in a frame of our own pages, and nothing more.

    It is a document of its own without an origin, scripts, forms or anything from elsewhere; of styles, the
    one `<style>` that we wrote.
    """
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    g.own_policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{digest}'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
            "sandbox",
        )
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"


def shows_letter() -> None:
    """The page that is being made has a frame with a letter in it; others have no frames."""
    g.shows_letter = True


def csp_nonce() -> str:
    """The nonce of this answer, for `nonce=` of scripts and `hx-nonce=` of htmx elements."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _redirect_within_this_site() -> BaseResponse | None:
    """Answer an address with a slash too few or too many by the path of the right one alone.

    Werkzeug would write a whole address, with whatever host the request named.
    """
    reason = request.routing_exception
    if not isinstance(reason, RequestRedirect):
        return None
    right = urlsplit(reason.new_url)
    # One slash at the beginning: after two a browser reads a host.
    path = "/" + right.path.lstrip("/")
    return redirect(path + (f"?{right.query}" if right.query else ""), reason.code)


def _refuse_unreadable_input() -> None:
    """Stop what no text column can hold before anything looks at it.

    PostgreSQL has no NUL in text; such a request comes from a probe, not from a person.
    """
    if "\0" in request.path:
        abort(404)
    for values in (request.args, request.form):
        for name, texts in values.lists():
            if "\0" in name or any("\0" in text for text in texts):
                raise InvalidInput(
                    field=name.replace("\0", ""),
                    reason=_("A field holds a character that is not text. Please type it again."),
                )
