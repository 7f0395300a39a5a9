"""Staff at their own pages."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from seatbook.domain import accounts
from seatbook.domain.inventory import hold_seats
from seatbook.live.reports import EVERY_SECONDS
from tests.browser.person import Person
from tests.factories import Hall, make_holder
from tests.visitor import PASSWORD


def settled(figure: Locator) -> int:
    """A figure that stays as it is: every process has written its report since the last test emptied Redis."""
    while True:
        before = figure.inner_text()
        figure.page.wait_for_timeout(EVERY_SECONDS * 2_000)
        if figure.inner_text() == before:
            return int(before.replace(",", ""))


def test_the_figures_of_open_pages_are_seen_while_they_change(anna: Person, ben: Person, hall: Hall) -> None:
    accounts.create_account("otto", email="otto@example.org", password=PASSWORD, role="box_office")
    anna.open("/sign-in")
    anna.sign_in("otto")
    anna.page.get_by_role("link", name="Staff").click()
    expect(anna.page.get_by_role("heading", name="Live pages")).to_be_visible()
    streams = anna.page.locator('[data-figure="streams"]')
    changes = anna.page.locator('[data-figure="changes"]')
    anna.page.get_by_text("The same as a table").click()

    ben.open_event(hall)
    expect(streams).not_to_have_text("0")
    before = settled(changes)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=make_holder())
    ben.sees("A3", "held")

    expect(changes).to_have_text(f"{before + 3:,}")
    expect(anna.page.locator('[data-figure="p99"]')).not_to_have_text("–")
    # What one opened stays open through it.
    expect(anna.page.get_by_role("columnheader", name="Share")).to_be_visible()
