"""One basket with a seat, standing places, a time and shirts, bought as one by somebody who looks and presses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect
from redis import Redis
from sqlalchemy import select

from seatbook.config import PROJECT_DIR
from seatbook.domain.inventory import hold_quantity
from seatbook.extensions import db
from seatbook.jobs.queue import job_queue
from seatbook.jobs.tasks import deliver_mail
from seatbook.models import Seat
from tests.browser.conftest import Come
from tests.browser.events import Festival, make_festival
from tests.browser.geometry import sideways
from tests.browser.person import PHONE, REFERENCE, Person
from tests.conftest import SECRET_KEY, LiveServer
from tests.factories import (
    Hall,
    let_hold_end,
    make_holder,
    open_reservations,
)
from tests.invariants import assert_books_are_right
from tests.paying import payments_of, sandbox_balance

# A worker has a whole application to load.
PATIENCE_SECONDS = 60

SendLetters = Callable[[], list[EmailMessage]]


@pytest.fixture
def festival(box_office: None) -> Festival:
    return make_festival()


def ends_of_holds(hall: Hall) -> list[datetime]:
    """When each place that somebody holds is free again."""
    db.session.rollback()
    held = (Seat.event_id == hall.event_id, Seat.status == "held")
    ends = db.session.scalars(select(Seat.held_until).where(*held)).all()
    # A transaction that idles while somebody looks at pages is ended by the database.
    db.session.rollback()
    return [end for end in ends if end]


@pytest.fixture
def send_letters(live_server: LiveServer, tmp_path: Path) -> Iterator[SendLetters]:
    """A worker of its own, which comes up while somebody chooses. Called, it lets the letters go; all that went."""
    environ = {
        "DATABASE_URL": live_server.database_url,
        "REDIS_URL": live_server.redis_url,
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_URL": live_server.url,
        "MAIL_DIR": str(tmp_path / "mail"),
    }
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "worker.py"], cwd=PROJECT_DIR, env=os.environ | environ, stdout=log, stderr=log
        )

    def send() -> list[EmailMessage]:
        # Longer than redis-py's own 5 s, which would end the waiting.
        with Redis.from_url(live_server.redis_url, socket_timeout=PATIENCE_SECONDS + 5) as redis:
            result = job_queue(redis).enqueue(deliver_mail).latest_result(timeout=PATIENCE_SECONDS)
        assert result is not None and result.exc_string is None, result
        files = sorted((tmp_path / "mail").glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    yield send
    worker.terminate()
    worker.wait()
    print((tmp_path / "worker.log").read_text("utf-8", "replace"))


def part(person: Person, area: str) -> Locator:
    return person.page.get_by_role("region", name=area, exact=True)


def hold_back_scripts(person: Person) -> list[Route]:
    """As on a slow line: what they wait for, until it goes on."""
    waiting: list[Route] = []
    person.page.route("**/htmx.min.js*", lambda route: waiting.append(route))
    return waiting


def let_scripts_come(person: Person, waiting: list[Route]) -> None:
    person.soon(lambda: len(waiting), 1)
    waiting.pop().continue_()


def take(person: Person, area: str, quantity: int) -> None:
    part(person, area).get_by_role("combobox").select_option(str(quantity))
    part(person, area).get_by_role("button", name="Take").click()


def fill(person: Person) -> None:
    """A seat, two standing places and a tour, at the event's page."""
    person.hold("A1")
    take(person, "Floor", 2)
    expect(person.basket).to_contain_text("Floor × 2")
    tour = part(person, "Backstage").locator("button.slot:visible").first
    tour.click()
    expect(tour).to_have_attribute("data-status", "mine")


def go_to_checkout(person: Person) -> None:
    person.led_on(person.page.get_by_role("link", name="Checkout").filter(visible=True).first.click)


def test_all_of_it_is_bought_as_one(
    come: Come, festival: Festival, account: str, send_letters: SendLetters
) -> None:
    anna = come(**PHONE)
    anna.open_event(festival.hall)
    fill(anna)
    take(anna, "Tour shirt", 2)
    expect(anna.basket).to_contain_text("Tour shirt × 2")
    # 45.00 + 2 × 20.00 + 2 people × 12.00 + 2 × 25.00 + 2.00, all of it until one moment.
    expect(anna.basket).to_contain_text("6 places · 2 people · €161.00")
    assert len(ends_of_holds(festival.hall)) == 6
    assert len(set(ends_of_holds(festival.hall))) == 1

    go_to_checkout(anna)
    anna.sign_in(account)
    expect(anna.page.get_by_role("heading", name="Checkout")).to_be_visible()
    anna.page.get_by_label("For whom: Row A, seat 1").select_option("Child (−50 %)")
    expect(anna.page.get_by_role("button", name="Pay €138.50")).to_be_visible()
    anna.page.get_by_label(re.compile("^How many come")).select_option("3")
    expect(anna.page.get_by_role("button", name="Pay €150.50")).to_be_visible()
    anna.page.get_by_label("Discount code").fill("lantern")
    anna.press("Use it")
    assert sideways(anna.page) == 0
    # A tenth off everything but the fee for the order.
    anna.press("Pay €135.65")
    anna.reads("Trial payment service: no real money moves here.")
    anna.press("Pay €135.65")

    anna.reads("Reserved")
    reference = anna.page.get_by_text(REFERENCE).inner_text()
    places = anna.page.get_by_role("region", name="6 places")
    for line, price in (
        (r"Row A, seat 1.*Child", "€20.25"),
        ("Floor × 2", "€36.00"),
        ("3 people", "€32.40"),
        ("Tour shirt × 2", "€45.00"),
    ):
        expect(places.get_by_role("listitem").filter(has_text=re.compile(line))).to_contain_text(price)
    expect(places.locator(".ticket-total")).to_contain_text("€135.65")
    assert sideways(anna.page) == 0

    anna.page.get_by_role("link", name="Show the 6 tickets").click()
    tickets = anna.page.locator("li.face")
    expect(tickets).to_have_count(6)
    for what, count in (("Row A, seat 1", 1), ("Floor", 2), ("3 people", 1), ("Tour shirt", 2)):
        expect(tickets.filter(has_text=what)).to_have_count(count)
    assert sideways(anna.page) == 0

    (letter,) = send_letters()
    assert letter["To"] == "carla@example.org"
    plain = letter.get_body(("plain",))
    assert plain is not None
    words = plain.get_content()
    for said in (
        reference,
        "Row A, seat 1, Stalls, Child: €20.25",
        "2 × Floor",
        "3 people: €32.40",
        "2 × Tour shirt",
        "Total: €135.65",
    ):
        assert said in words
    assert {file.get_content_type() for file in letter.iter_attachments()} == {
        "application/pdf",
        "text/calendar",
    }
    assert sandbox_balance() == 13565
    assert_books_are_right()


def test_the_last_shirt_goes_to_somebody_else_and_the_rest_stays(
    anna: Person, festival: Festival, account: str
) -> None:
    event_id = festival.hall.event_id
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.stop_hearing()
    anna.open_event(festival.hall)
    fill(anna)
    # The page still shows two shirts when somebody has taken one of them.
    part(anna, "Tour shirt").get_by_role("combobox").select_option("2")
    hold_quantity(event_id, area_id=festival.shirts, quantity=1, holder=make_holder())
    part(anna, "Tour shirt").get_by_role("button", name="Take").click()

    expect(anna.alert).to_contain_text("Tour shirt: you asked for 2, and 1 is left.")
    expect(anna.basket).to_contain_text("4 places · 2 people · €111.00")
    expect(anna.basket).not_to_contain_text("Tour shirt")
    take(anna, "Tour shirt", 1)
    expect(anna.basket).to_contain_text("5 places · 2 people · €136.00")

    # And that one goes too, while she looks at the checkout until her time is over.
    go_to_checkout(anna)
    pay = anna.page.get_by_role("button", name="Pay €136.00")
    expect(pay).to_be_visible()
    let_hold_end(festival.hall, open_reservations(festival.hall)[0])
    hold_quantity(event_id, area_id=festival.shirts, quantity=1, holder=make_holder())
    pay.click()
    anna.reads(re.compile(r"^Your hold ended at .*\. Nothing was charged\."))
    assert payments_of(festival.hall) == []
    db.session.rollback()

    anna.page.get_by_role("link", name="Pick places again").click()
    expect(anna.basket).to_contain_text(re.compile("Row A, seat 1.*are free again: take them back"))
    anna.press("Take them back")
    expect(anna.basket).to_contain_text("4 places · 2 people · €111.00")
    expect(part(anna, "Tour shirt")).to_contain_text("Sold out")
    go_to_checkout(anna)
    anna.led_on(lambda: anna.press("Pay €111.00"))
    anna.press("Pay €111.00")
    anna.reads("Reserved")
    assert sandbox_balance() == 11100
    assert_books_are_right()


def test_a_choice_counts_that_is_made_before_the_scripts_are_there(
    anna: Person, festival: Festival, account: str
) -> None:
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(festival.hall)
    anna.hold("A1")
    tour = part(anna, "Backstage").locator("button.slot:visible").first
    tour.click()
    expect(tour).to_have_attribute("data-status", "mine")
    waiting = hold_back_scripts(anna)
    anna.page.goto(f"/events/{festival.hall.event_id}/checkout", wait_until="commit")
    anna.page.get_by_label("For whom: Row A, seat 1").select_option("Child (−50 %)")
    anna.page.get_by_label(re.compile("^How many come")).select_option("3")
    expect(anna.page.get_by_role("button", name="Pay €71.00")).to_be_visible()

    let_scripts_come(anna, waiting)

    # 22.50 + 3 × 12.00 + 2.00
    expect(anna.page.get_by_role("button", name="Pay €60.50")).to_be_visible()
    anna.page.goto(f"/events/{festival.hall.event_id}", wait_until="commit")
    anna.page.get_by_label(re.compile("^How many come")).select_option("4")
    let_scripts_come(anna, waiting)
    expect(anna.basket).to_contain_text("€72.50")
