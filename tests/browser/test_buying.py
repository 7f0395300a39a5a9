"""From a basket to a reservation and back: reserve, sign in on the way, look at it, cancel it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.person import REFERENCE, Person
from tests.factories import Hall, changes, statuses


def test_a_stranger_picks_signs_in_buys_and_cancels_while_another_window_looks_on(
    anna: Person, ben: Person, hall: Hall, account: str
) -> None:
    ben.open_event(hall)
    anna.open_event(hall)
    anna.hold("A5", "A6")

    anna.press("Reserve")
    anna.reads("Please sign in to reserve. The places that you have picked stay yours meanwhile.")
    anna.sign_in(account)

    # Back at the event, with the same basket.
    anna.reads(f"You are signed in as {account}.")
    anna.sees("A5", "mine")
    anna.sees("A6", "mine")
    expect(anna.basket).to_contain_text("€90.00")
    anna.press("Reserve")

    expect(anna.page).to_have_url(re.compile(r"/reservations/\d+-[A-Z0-9]{6}$"))
    reference = anna.page.get_by_text(REFERENCE).inner_text()
    anna.reads("Row A, seat 5")
    anna.reads("Row A, seat 6")
    expect(anna.page.get_by_role("main")).to_contain_text(re.compile(r"Total\s*€90\.00"))
    for label in ("A5", "A6"):
        ben.sees(label, "reserved")
    ben.figures(available=38, held=0, reserved=2)
    expect(ben.page.get_by_role("region", name="Lately")).to_contain_text("A5, A6 reserved")

    anna.page.get_by_text("Cancel this reservation").click()
    anna.reads("2 places go back on sale at once, and you can’t undo it.")
    anna.press(f"Yes, cancel {reference}")

    anna.reads(f"{reference} is cancelled. Its places are on sale again.")
    for label in ("A5", "A6"):
        ben.sees(label, "available")
    ben.figures(available=40, held=0, reserved=0)
    assert set(statuses(hall)) == {"available"}

    anna.page.get_by_role("navigation", name="Main").get_by_role("link", name="My reservations").click()
    expect(anna.page.get_by_role("listitem").filter(has_text=reference)).to_contain_text("Cancelled")


def test_somebody_new_makes_an_account_on_the_way_and_keeps_the_basket(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    anna.hold("A5")
    anna.press("Reserve")
    anna.page.get_by_role("link", name="New here? Make an account").click()

    anna.register("dora")

    anna.reads("Welcome, dora. Your account is ready.")
    anna.sees("A5", "mine")
    anna.press("Reserve")
    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()
    anna.open_event(hall)
    anna.sees("A5", "reserved")
    expect(anna.seat("A5")).to_have_accessible_name(re.compile("reserved by you$"))
    expect(anna.basket).to_contain_text("Reserved by you:")


def test_reserve_pressed_in_two_windows_makes_one_reservation(anna: Person, hall: Hall, account: str) -> None:
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(hall)
    anna.hold("A5")
    twin = anna.another_window()
    twin.stop_hearing()
    twin.open_event(hall)
    twin.sees("A5", "mine")

    anna.press("Reserve")
    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()
    twin.press("Reserve")

    expect(twin.page).to_have_url(anna.page.url)
    assert [line[3] for line in changes(hall)] == ["hold", "reserve"]


def test_nobody_else_can_open_a_reservation(anna: Person, ben: Person, hall: Hall, account: str) -> None:
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(hall)
    anna.hold("A5")
    anna.press("Reserve")
    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()

    ben.open("/register")
    ben.register("dora")
    ben.reads("Welcome, dora.")
    ben.complaints.expected.add(404)
    ben.open(anna.page.url)

    expect(ben.page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
