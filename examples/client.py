"""A small client of seatbook's API, and what one does with it: python examples/client.py [address]

It needs httpx (`pip install httpx`). Copy it and make it yours.
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

# What may be asked again after a moment: nobody decided anything yet.
WORTH_ANOTHER_TRY = {429, 503}
TRIES = 5


class Problem(Exception):
    """The box office said no. `code` is stable; `str(problem)` is a sentence for people."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.content: dict[str, Any] = answer.json()
        self.code: str = self.content["code"]
        super().__init__(self.content["detail"])


class Seatbook:
    """`address` is where the box office is; `token` may come later, from `register` or `login`."""

    def __init__(self, address: str = "http://127.0.0.1:8000", *, token: str | None = None) -> None:
        self._http = httpx.Client(base_url=f"{address.rstrip('/')}/api", timeout=10)
        self.token = token

    def register(self, username: str, *, email: str, password: str) -> None:
        content = {"username": username, "email": email, "password": password}
        self.token = self._post("/seats/register/", content)["token"]

    def login(self, username: str, *, password: str) -> None:
        self.token = self._post("/seats/login/", {"username": username, "password": password})["token"]

    def events(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """Every coming event, page by page."""
        after: str | None = None
        while True:
            page = self._get("/events/", **filters, **({"after": after} if after else {}))
            yield from page["events"]
            after = page["next"]
            if after is None:
                return

    def seats(self, event_id: int, **filters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get(f"/events/{event_id}/seats/", **filters)["seats"]
        return found

    def changes(self, event_id: int, *, since: str) -> dict[str, Any]:
        return self._get(f"/events/{event_id}/changes/", since=since)

    def hold(self, event_id: int, seat_ids: list[int]) -> dict[str, Any]:
        return self._post("/seats/hold-batch/", {"show_id": event_id, "seat_ids": seat_ids})

    def hold_best(self, event_id: int, quantity: int) -> dict[str, Any]:
        return self._post(f"/events/{event_id}/best-available/", {"quantity": quantity})

    def reserve(self, event_id: int, seat_ids: list[int]) -> dict[str, Any]:
        return self._post(f"/events/{event_id}/reserve/", {"seat_ids": seat_ids})

    def reservations(self) -> list[dict[str, Any]]:
        mine: list[dict[str, Any]] = self._get("/reservations/")["reservations"]
        return mine

    def cancel(self, reservation_id: str) -> dict[str, Any]:
        return self._post(f"/reservations/{reservation_id}/cancel/")

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._send("GET", path, params=query)

    def _post(self, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        """One key for all tries of one wish: however often it arrives, it is done once."""
        return self._send("POST", path, json=content or {}, headers={"Idempotency-Key": str(uuid.uuid4())})

    def _send(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        headers = how.pop("headers", {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        for tries_left in reversed(range(TRIES)):
            try:
                answer = self._http.request(method, path, headers=headers, **how)
            except httpx.TransportError:
                # No answer: nobody knows whether it was done. Asking again finds out.
                if not tries_left:
                    raise
                time.sleep(0.5)
                continue
            is_in_flight = answer.status_code == 409 and answer.json()["code"] == "key_in_flight"
            if not tries_left or not (answer.status_code in WORTH_ANOTHER_TRY or is_in_flight):
                break
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        if answer.is_error:
            raise Problem(answer)
        content: dict[str, Any] = answer.json()
        return content


def main(address: str) -> None:
    """Register, hold two seats together, reserve them, look at them, cancel."""
    shop = Seatbook(address)
    name = f"guest-{uuid.uuid4().hex[:8]}"
    shop.register(name, email=f"{name}@example.org", password="velvet tram piano")  # noqa: S106
    for event in shop.events():
        if event["sale"] != "on_sale":
            continue
        try:
            held = shop.hold_best(event["id"], 2)
        except Problem as problem:
            print(f"{event['name']}: {problem}")
            continue
        print(f"{event['name']}: {held['message']}")
        order = shop.reserve(event["id"], [seat["id"] for seat in held["seats"]])
        print(order["message"], order["pay_url"] or "")
        print([(mine["id"], mine["status"], mine["seats"]) for mine in shop.reservations()])
        print(shop.cancel(order["reservation_id"])["message"])
        return
    print("Nothing with numbered seats is on sale.")


if __name__ == "__main__":
    main(*sys.argv[1:] or ["http://127.0.0.1:8000"])
