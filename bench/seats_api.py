"""The API's list of seats, at three sizes of hall: how many answers a second, and how many bytes each is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPConnection

from bench.crowd import crowd
from bench.house import House, Web
from bench.report import print_table
from seatbook.domain.stress_event import open_stress_event

SIZES = (60, 1_000, 10_000)
READERS = 4
WARM_UP_SECONDS = 0.5
CODINGS = {"plain": "identity", "gzip": "gzip", "brotli": "br"}
FEW_FIELDS = "?fields=id,status"


def measure(house: House, *, seconds: float) -> None:
    """Print requests a second and bytes, in full, with few fields, and when nothing changed (304)."""
    with house.app.app_context():
        events = {size: open_stress_event(seats=size)[0] for size in SIZES}
    with house.web() as web:
        for size, event_id in events.items():
            path = f"/api/events/{event_id}/seats/"
            tag = _get(web, path)[2]
            rows = [
                ("all of it", _crowd(web, path, {"Accept-Encoding": "br"}, seconds=seconds)),
                ("id and status", _crowd(web, path + FEW_FIELDS, {"Accept-Encoding": "br"}, seconds=seconds)),
                ("not changed", _crowd(web, path, {"If-None-Match": tag}, status=304, seconds=seconds)),
                ("bytes", _bytes(web, path)),
                ("bytes of id and status", _bytes(web, path + FEW_FIELDS)),
            ]
            print_table(f"GET …/seats/ with {size:,} seats, {READERS} readers, one web process", rows)


def _crowd(web: Web, path: str, headers: Mapping[str, str], *, seconds: float, status: int = 200) -> str:
    readers = [Reader(web.port, path, headers, status=status) for _ in range(READERS)]
    members = [(reader.arrive, reader.read) for reader in readers]
    return crowd(web, members, warm_up_seconds=WARM_UP_SECONDS, seconds=seconds)


class Reader:
    """One program with one connection, which reads the same list again and again."""

    def __init__(self, port: int, path: str, headers: Mapping[str, str], *, status: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._path = path
        self._headers = dict(headers)
        self._status = status

    def arrive(self) -> None:
        self._connection.connect()

    def read(self) -> float:
        """Seconds until the answer was there."""
        began = time.monotonic()
        self._connection.request("GET", self._path, headers=self._headers)
        response = self._connection.getresponse()
        response.read()
        if response.status != self._status:
            raise SystemExit(f"{self._path} was answered {response.status}.")
        return time.monotonic() - began


def _bytes(web: Web, path: str) -> str:
    return " · ".join(f"{name} {_get(web, path, coding)[1]:,}" for name, coding in CODINGS.items())


def _get(web: Web, path: str, coding: str = "identity") -> tuple[int, int, str]:
    """Status, bytes of the body as it travels, and its tag."""
    connection = HTTPConnection("127.0.0.1", web.port, timeout=60)
    connection.request("GET", path, headers={"Accept-Encoding": coding})
    response = connection.getresponse()
    body = response.read()
    return response.status, len(body), response.headers.get("ETag", "")
