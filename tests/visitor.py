"""A visitor in one browser: opens pages, and sends forms with the token that the page carries."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "velvet tram piano"
TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


class Browser(FlaskClient):
    """Each request in an application context of its own, as in a server.

    Flask would let it share the one of a test, and with it `g`: who is signed
    in, the nonce, the token.
    """

    def open(self, *args: Any, **options: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **options)


class Visitor:
    """`address` is the network address that the visitor seems to come from."""

    def __init__(self, app: Flask, *, address: str = "198.51.100.7") -> None:
        self.client = Browser(app, app.response_class, use_cookies=True)
        self.client.environ_base["REMOTE_ADDR"] = address

    def open(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def send(self, path: str, *, page: str | None = None, htmx: bool = False, **fields: Any) -> TestResponse:
        """Post a form as the page at `page` (by default: at `path`) would, token included."""
        token = TOKEN.search(self.open(page or path).text)
        assert token is not None, f"{page or path} has no form"
        headers = {"HX-Request": "true"} if htmx else {}
        return self.client.post(path, data={"csrf_token": token[1], **fields}, headers=headers)

    def register(self, username: str, *, password: str = PASSWORD, **fields: Any) -> TestResponse:
        email = fields.pop("email", f"{username}@example.org")
        return self.send("/register", username=username, email=email, password=password, **fields)

    def sign_in(self, name: str, *, password: str = PASSWORD, **fields: Any) -> TestResponse:
        return self.send("/sign-in", name=name, password=password, **fields)

    def pick(self, event_id: int, seat_id: int) -> TestResponse:
        """Click a seat on the page of its event."""
        return self.send(f"/events/{event_id}/seats", page=f"/events/{event_id}", hold=str(seat_id))

    @property
    def is_signed_in(self) -> bool:
        return self.open("/account").status_code == 200

    @property
    def cookie(self) -> str:
        """The session as this browser keeps it."""
        cookie = self.client.get_cookie("seatbook")
        return cookie.value if cookie else ""

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.client.set_cookie("seatbook", value)
