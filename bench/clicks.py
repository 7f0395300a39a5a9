"""Clicks over HTTP: people who hold a seat and give it back, as fast as they are answered."""

from __future__ import annotations

import re
import time
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import gevent
import gunicorn

from bench.crowd import crowd
from bench.house import House, Web
from bench.report import print_table

PEOPLE = 24
WARM_UP_SECONDS = 1.0
CSRF_FIELD = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')

# The way that seatbook runs, and the other one.
KINDS = {
    f"greenlets (gevent {gevent.__version__})": (),
    f"threads (gunicorn {gunicorn.__version__} gthread)": ("--worker-class", "gthread", "--threads", "10"),
}


def measure(house: House, *, seconds: float) -> None:
    """Print clicks a second for greenlets and for threads, on one web process each."""
    rows = []
    for name, arguments in KINDS.items():
        with house.web(*arguments) as web:
            rows.append((name, _crowd(house, web, seconds=seconds)))
    print_table(f"{PEOPLE} people who click without a pause, one web process, no streams", rows)


def _crowd(house: House, web: Web, *, seconds: float) -> str:
    people = [Buyer(web.port, house.event_id, seat_id) for seat_id in house.seat_ids[:PEOPLE]]
    members = [(buyer.arrive, buyer.click) for buyer in people]
    return crowd(web, members, warm_up_seconds=WARM_UP_SECONDS, seconds=seconds, what="clicks ")


class Buyer:
    """One browser with one connection, which wants one seat."""

    def __init__(self, port: int, event_id: int, seat_id: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._path = f"/events/{event_id}/seats"
        self._event_path = f"/events/{event_id}"
        self._seat_id = seat_id
        self._act = "hold"

    def arrive(self) -> None:
        """Open the page, for its cookie and its form's token."""
        self._connection.request("GET", self._event_path)
        response = self._connection.getresponse()
        match = CSRF_FIELD.search(response.read().decode())
        if match is None:
            raise SystemExit(f"{self._event_path} has no form.")
        self._token = match[1]
        self._cookies = _cookies(response.headers.get_all("Set-Cookie", []))

    def click(self) -> float:
        """Hold the seat, or give it back; seconds until the answer was there."""
        began = time.monotonic()
        self._connection.request(
            "POST",
            self._path,
            urlencode({"csrf_token": self._token, self._act: self._seat_id}),
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "HX-Request": "true",
                "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            },
        )
        response = self._connection.getresponse()
        response.read()
        if response.status != 200:
            raise SystemExit(f"A click was answered {response.status}.")
        self._cookies |= _cookies(response.headers.get_all("Set-Cookie", []))
        self._act = "release" if self._act == "hold" else "hold"
        return time.monotonic() - began


def _cookies(received: list[str]) -> dict[str, str]:
    return {name: morsel.value for value in received for name, morsel in SimpleCookie(value).items()}
