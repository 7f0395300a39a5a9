"""Real browsers on the live server: one Chromium for all tests here, and for every person a profile of its own.

Whatever a browser complains about during a test, on whichever page, fails it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from seatbook.domain import accounts
from tests.browser.person import Person
from tests.browser.waiting import PATIENCE_MS
from tests.chromium import installed_chromium
from tests.conftest import LiveServer
from tests.factories import Hall, make_event
from tests.visitor import PASSWORD

expect.set_options(timeout=PATIENCE_MS)

Come = Callable[..., Person]


# For this folder and not for the whole run: as long as Playwright is there, no other test could run an event loop.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_chromium())
        yield browser
        browser.close()


@pytest.fixture
def come(chromium: Browser, live_server: LiveServer) -> Iterator[Come]:
    """Brings one more person to the box office: `come(**PHONE)`, `come(java_script_enabled=False)`."""
    people: list[Person] = []

    def come(**options: Any) -> Person:
        person = Person(chromium, live_server.url, **options)
        people.append(person)
        return person

    yield come
    for person in people:
        person.leave()
    complaints = [complaint for person in people for complaint in person.complaints.found]
    assert not complaints, "\n".join(["The browser complains:", *complaints])


@pytest.fixture
def anna(come: Come) -> Person:
    return come()


@pytest.fixture
def ben(come: Come) -> Person:
    return come()


@pytest.fixture
def box_office(live_server: LiveServer) -> Iterator[None]:
    """What the test does by itself (factories, domain acts) happens in the live server's database."""
    with live_server.app.app_context():
        yield


@pytest.fixture
def hall(box_office: None) -> Hall:
    """Rows A and B of 20 seats each, at €45.00."""
    return make_event(seats=40)


@pytest.fixture
def account(box_office: None) -> str:
    """Name of somebody who has an account; the password is `PASSWORD`."""
    return accounts.create_account("carla", email="carla@example.org", password=PASSWORD).username
