"""`flask stress`: a crowd against the running box office, and a verdict."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from http.cookies import SimpleCookie
from secrets import token_urlsafe
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import Progress, TaskID

from seatbook.cli.audit import report_findings
from seatbook.domain.stress_event import close_stress_event, open_stress_event
from seatbook.queries.audit import audit_books
from seatbook.queries.stress import StressOutcome, stress_outcome

Item = TypeVar("Item")
Done = TypeVar("Done")

HTTP_TIMEOUT_SECONDS = 30
# How many of the free seats everybody looks at: few, so that many want the same one.
FRONT_ROW = 12
CSRF_FIELD = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@click.command("stress")
@click.option("--buyers", type=click.IntRange(1, 100_000), default=2_000, show_default=True)
@click.option("--seats", type=click.IntRange(1, 5_000), default=500, show_default=True)
@click.option(
    "--at-once", type=click.IntRange(1, 500), default=64, show_default=True, help="Buyers at the same time."
)
@click.option("--url", help="Where the box office answers.  [default: PUBLIC_URL]")
@with_appcontext
def stress(buyers: int, seats: int, at_once: int, url: str | None) -> None:
    """Let BUYERS anonymous browsers fight for SEATS over HTTP, and judge the result.

    Makes an unlisted event, on which every buyer wants one seat and all of them
    look at the same few. Afterwards nobody may have a seat that somebody else
    has too, everybody who was told "yours" must have it, and the books must be
    right. Then every seat is given back and the event is closed. Exit code 1
    when any of that is not so.
    """
    base = url or current_app.extensions["seatbook"].public_url
    _refuse_unless_it_answers(base)
    event_id, seat_ids = open_stress_event(seats=seats)
    try:
        crowd = Crowd(base, event_id, seat_ids)
        crowd.run(buyers, at_once)
        held = stress_outcome(event_id)
        audit = audit_books(event_id)
        crowd.give_back(at_once)
        left = stress_outcome(event_id)
    finally:
        close_stress_event(event_id)
    _print_figures(crowd, buyers, seats)
    faults = [*_faults(crowd, held, min(buyers, seats)), *_leftovers(left)]
    report_findings(audit)
    for fault in faults:
        click.echo(f"WRONG: {fault}", err=True)
    if faults or audit.findings:
        click.echo("Verdict: FAILED. The event's address is " + f"{base}/events/{event_id}", err=True)
        raise SystemExit(1)
    click.echo(
        f"Verdict: passed. {len(crowd.winners):,} seats went to {len(crowd.winners):,} buyers, none twice; "
        f"everybody else was told so; every seat came back."
    )


@dataclass
class Browser:
    """One buyer's browser: a cookie jar, a form token, and a connection borrowed from its thread."""

    crowd: Crowd
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def open_form(self) -> None:
        status, body = self.request("GET", "/sign-in")
        match = CSRF_FIELD.search(body)
        if status != 200 or match is None:
            raise HTTPException(f"the sign-in page answered {status}, without a form")
        self.token = match[1]

    def click(self, act: str, seat_id: int) -> int:
        """Press the seat's button; the status of the answer."""
        # Each click with a key of its own, as the pages send it.
        form = urlencode({"csrf_token": self.token, "once": token_urlsafe(12), act: seat_id})
        return self.request("POST", f"/events/{self.crowd.event_id}/seats", form)[0]

    def request(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "HX-Request": "true" if body else "",
            "Content-Type": "application/x-www-form-urlencoded" if body else "",
            "Referer": self.crowd.base + path,
        }
        headers = {name: value for name, value in headers.items() if value}
        status, received, text = self.crowd.exchange(method, path, body, headers)
        for value in received:
            for name, morsel in SimpleCookie(value).items():
                self.cookies[name] = morsel.value
        return status, text


class Crowd:
    """All buyers together. They share one picture of the map, as people who look at the live page do."""

    def __init__(self, base: str, event_id: int, seat_ids: list[int]) -> None:
        self.base = base.rstrip("/")
        self.event_id = event_id
        self.free = list(seat_ids)
        self.winners: dict[int, Browser] = {}
        self.told_twice: list[int] = []
        self.answers: Counter[int | str] = Counter()
        self.hold_seconds: list[float] = []
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._thread = threading.local()

    def run(self, buyers: int, at_once: int) -> None:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Buyers come in", total=buyers)
            browsers = list(self._everyone(at_once, lambda _: self._arrive(), range(buyers), progress, task))
            task = progress.add_task("Buyers want a seat", total=buyers)
            began = time.monotonic()
            list(self._everyone(at_once, self._want_a_seat, browsers, progress, task))
            self.seconds = time.monotonic() - began

    def give_back(self, at_once: int) -> None:
        with ThreadPoolExecutor(at_once) as pool:
            for status in pool.map(lambda item: item[1].click("release", item[0]), self.winners.items()):
                self.answers[f"release {status}"] += 1

    def exchange(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, list[str], str]:
        """One request on this thread's connection, opened again when the server closed it.

        A changing request is not sent twice by this client: an answer that was
        lost is an error of the run.
        """
        for attempt in (1, 2):
            connection = self._connection()
            reused = connection.sock is not None
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                text = response.read().decode("utf-8", "replace")
                return response.status, response.headers.get_all("Set-Cookie", []), text
            except (HTTPException, OSError):
                connection.close()
                if attempt == 2 or not reused:
                    raise
        raise AssertionError("unreachable")

    def _everyone(
        self,
        at_once: int,
        act: Callable[[Item], Done],
        items: Iterable[Item],
        progress: Progress,
        task: TaskID,
    ) -> Iterator[Done]:
        with ThreadPoolExecutor(at_once) as pool:
            for result in pool.map(act, items):
                progress.advance(task)
                yield result

    def _arrive(self) -> Browser | None:
        browser = Browser(self)
        try:
            browser.open_form()
        except (HTTPException, OSError) as error:
            with self._lock:
                self.answers[f"no page: {type(error).__name__}"] += 1
            return None
        return browser

    def _want_a_seat(self, browser: Browser | None) -> None:
        while browser and (seat_id := self._look_at_the_map()):
            began = time.monotonic()
            try:
                status: int | str = browser.click("hold", seat_id)
            except (HTTPException, OSError) as error:
                status = type(error).__name__
            with self._lock:
                self.answers[status] += 1
                self.hold_seconds.append(time.monotonic() - began)
                if status in (200, 409) and seat_id in self.free:
                    self.free.remove(seat_id)
                if status == 200:
                    if seat_id in self.winners:
                        self.told_twice.append(seat_id)
                    self.winners[seat_id] = browser
            if status != 409:
                return

    def _look_at_the_map(self) -> int | None:
        with self._lock:
            return random.choice(self.free[:FRONT_ROW]) if self.free else None  # noqa: S311

    def _connection(self) -> HTTPConnection:
        if not hasattr(self._thread, "connection"):
            parts = urlsplit(self.base)
            kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
            self._thread.connection = kind(parts.netloc, timeout=HTTP_TIMEOUT_SECONDS)
        connection: HTTPConnection = self._thread.connection
        return connection


def _refuse_unless_it_answers(base: str) -> None:
    try:
        browser = Browser(Crowd(base, 0, []))
        browser.open_form()
    except (HTTPException, OSError, ValueError) as error:
        raise click.ClickException(
            f"{base} does not answer as a box office ({error}). Start it with `make run`, or name it with --url."
        ) from error


def _faults(crowd: Crowd, outcome: StressOutcome, expected: int) -> list[str]:
    faults = []
    if crowd.told_twice:
        faults.append(f"{len(crowd.told_twice)} seats were promised to two buyers: {crowd.told_twice[:5]}.")
    if outcome.held != len(crowd.winners):
        faults.append(
            f"{len(crowd.winners)} buyers were told that they hold a seat; the database has {outcome.held}."
        )
    if outcome.held != expected:
        faults.append(f"{expected} seats should have been taken, not {outcome.held}.")
    if outcome.holders != outcome.held:
        faults.append(f"{outcome.held} seats are held by {outcome.holders} buyers, who asked for one each.")
    unexpected = {answer: n for answer, n in crowd.answers.items() if answer not in (200, 409, "release 200")}
    if unexpected:
        faults.append(f"Answers that no buyer should get: {unexpected}.")
    return faults


def _leftovers(outcome: StressOutcome) -> list[str]:
    return [f"{outcome.held} seats did not come back."] if outcome.held else []


def _print_figures(crowd: Crowd, buyers: int, seats: int) -> None:
    times = sorted(crowd.hold_seconds) or [0.0]
    held, refused = crowd.answers[200], crowd.answers[409]
    clicks = len(crowd.hold_seconds)
    click.echo(f"{buyers:,} buyers, {seats:,} seats, {clicks:,} clicks in {crowd.seconds:.1f} s")
    click.echo(
        f"  held {held:,} · just taken {refused:,} · {clicks / max(crowd.seconds, 1e-9):,.0f} clicks a second"
    )
    click.echo(
        "  answer in "
        + " · ".join(
            f"p{p} {times[min(len(times) - 1, len(times) * p // 100)] * 1000:.0f} ms" for p in (50, 95, 99)
        )
    )


commands = [stress]
