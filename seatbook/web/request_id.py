"""A short id for every request: in the answer's header, in every log line, and on an error page.

So that somebody who reads "ask us about 3f9a…" off a page can be found in the log.
"""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, g, request

from seatbook.config import Config
from seatbook.logs import current_request_id

HEADER = "X-Request-ID"
_FROM_PROXY = re.compile(r"[A-Za-z0-9_-]{8,64}")


def init_app(app: Flask, config: Config) -> None:
    """Give every request its id. Only a proxy that we were told of may bring its own."""

    @app.before_request
    def take_or_make_id() -> None:
        offered = request.headers.get(HEADER, "") if config.trusted_proxies else ""
        g.request_id = offered if _FROM_PROXY.fullmatch(offered) else secrets.token_hex(5)

    @app.after_request
    def tell_id(response: Response) -> Response:
        response.headers[HEADER] = current_request_id()
        return response

    app.jinja_env.globals["request_id"] = current_request_id
