"""A person at a browser: looks at pages by what they say and presses what they show, nothing else.

Nothing here knows how a change reaches the page. A person waits until it is
there (`expect`, or `soon` for what stands where), and a page that hears of
nothing is one whose wire is cut. No machine is too slow for that: a press that
leads to another page is over when that page is there (`led_on`), and time
passes because a test says so (`let_time_pass`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from playwright.sync_api import Browser, Locator, expect

from tests.browser.complaints import Complaints
from tests.browser.waiting import PATIENCE_MS, soon
from tests.factories import Hall
from tests.visitor import PASSWORD

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}

REFERENCE = re.compile(r"^\d+-[A-Z0-9]{6}$")
# What an open event asks for by itself.
HEARS = re.compile(r"/events/\d+/(stream|changes)\?")
_LABEL = re.compile(r"^(\D+|.*-)(\d+)$")


class Person:
    """One browser of its own: own cookies, and as many windows (`page`) as wanted."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.context = browser.new_context(base_url=url, **{"locale": "en-US", **DESKTOP, **options})
        self.context.set_default_timeout(PATIENCE_MS)
        self.complaints = Complaints.of(self.context)
        self.page = self.context.new_page()

    def another_window(self) -> Person:
        """The same person, looking at a second window."""
        twin = Person.__new__(Person)
        twin.context, twin.complaints, twin.page = self.context, self.complaints, self.context.new_page()
        return twin

    def leave(self) -> None:
        for page in self.context.pages:
            page.unroute_all(behavior="ignoreErrors")
        self.context.close()

    # --- going somewhere ---

    def open(self, path: str) -> None:
        self.page.goto(path)

    def open_event(self, hall: Hall) -> None:
        self.open(f"/events/{hall.event_id}")

    def hears(self) -> None:
        """Wait until the event's page is told what happens, and has no need to ask."""
        expect(self.page.locator("#poll [name=basket]")).to_be_enabled()

    def stop_hearing(self) -> None:
        """From the next page on no event's page hears what happens: its stream and its questions never come back.

        A click is still sent, and answered.
        """
        # Neither answered nor refused: a wire without an end.
        self.page.route(HEARS, lambda _route: None)

    def led_on(self, act: Callable[[], Any]) -> None:
        """Do something that leads to another page, and wait until that is there, with its styles and scripts.

        Playwright's own clicks don't wait for it. Whoever opens an address meanwhile would take the form back that
        they have just sent.
        """
        with self.page.expect_navigation():
            act()

    # --- time ---

    def keep_clock(self, now: datetime | None = None) -> None:
        """From the next page on the browser's clock, right or not, goes by itself and in leaps that the test makes."""
        self.page.clock.install(time=now)

    def let_time_pass(self, seconds: float) -> None:
        """At once, for the browser alone: whatever is due by then happens, as on a machine that slept."""
        self.page.clock.fast_forward(round(seconds * 1000))

    @property
    def seconds_left(self) -> int:
        """What the countdown of the basket shows."""
        minutes, seconds = (self.page.locator("[data-countdown]").first.text_content() or "").split(":")
        return 60 * int(minutes) + int(seconds)

    # --- accounts ---

    def register(self, name: str, *, password: str = PASSWORD) -> None:
        """Fill in the form of the page at hand."""
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Mail address").fill(f"{name}@example.org")
        self.page.get_by_label("Password", exact=True).fill(password)
        self.led_on(lambda: self.press("Make my account"))

    def sign_in(self, name: str, *, password: str = PASSWORD) -> None:
        """Fill in the form of the page at hand."""
        self.page.get_by_label("Username or mail address").fill(name)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.led_on(self.page.get_by_role("main").get_by_role("button", name="Sign in").click)

    # --- looking and pressing ---

    def press(self, name: str | re.Pattern[str], *, exact: bool = True) -> None:
        self.page.get_by_role("button", name=name, exact=exact).click()

    def seat(self, label: str) -> Locator:
        """The seat of row and number, such as "B12"."""
        return self.page.get_by_role("button", name=re.compile(rf"^{_place(label)} · "))

    def sees(self, label: str, status: str) -> None:
        """Wait until the seat shows as available, mine, held, reserved or blocked."""
        expect(self.seat(label)).to_have_attribute("data-status", status)

    def hold(self, *labels: str) -> None:
        """Press the seats, one by one, and wait until each is in the basket."""
        for label in labels:
            self.seat(label).click()
            self.has(label)

    def has(self, label: str) -> None:
        """Wait until the seat is one's own on the map and in the basket: the two may come one after the other."""
        self.sees(label, "mine")
        in_basket = re.compile(rf"{_place(label)}(?!\d)")
        expect(self.basket.locator("li").filter(has_text=in_basket)).to_have_count(1)

    @property
    def basket(self) -> Locator:
        return self.page.get_by_role("complementary", name="Your basket")

    @property
    def alert(self) -> Locator:
        """The sentence of a refusal."""
        return self.page.get_by_role("alert").filter(has_text=re.compile(r"\S"))

    def reads(self, text: str | re.Pattern[str]) -> None:
        """Wait until the text is to be seen in the main part of the page."""
        expect(self.page.get_by_role("main").get_by_text(text).filter(visible=True).first).to_be_visible()

    def figures(self, **totals: int) -> None:
        """Wait for the event's totals: `available`, `held`, `reserved`."""
        for name, count in totals.items():
            expect(self.page.locator(f'[data-figure="{name}"]')).to_have_text(f"{count:,}")

    def soon(self, look: Callable[[], Any], wanted: Any) -> None:
        """Wait until a look at the page finds what is wanted, where nothing else can wait for it."""
        soon(self.page, look, wanted)

    def answered(self, act: Callable[[], Any]) -> int:
        """Do something that sends a form; the status of the answer."""
        with self.page.expect_response(lambda response: response.request.method == "POST") as answer:
            act()
        return answer.value.status


def _place(label: str) -> str:
    """ "B12" as it is written out."""
    match = _LABEL.match(label)
    assert match, label
    row, number = match.groups()
    return f"Row {row}, seat {number}"
