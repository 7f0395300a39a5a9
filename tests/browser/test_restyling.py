"""What a change costs the browser: the seat that changes is styled again, and not the thousands beside it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Come
from tests.browser.person import PHONE
from tests.factories import make_event


class Trace:
    """How many elements the browser styled again in one go, while the trace was on."""

    def __init__(self, chromium: Browser) -> None:
        self.wire = chromium.new_browser_cdp_session()
        self.events: list[dict[str, Any]] = []
        self.wire.on("Tracing.dataCollected", lambda data: self.events.extend(data["value"]))
        timeline = {"includedCategories": ["devtools.timeline"]}
        self.wire.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": timeline})

    def end(self) -> list[int]:
        ended: list[Any] = []
        self.wire.on("Tracing.tracingComplete", lambda data: ended.append(data))
        self.wire.send("Tracing.end")
        while not ended:
            self.wire.send("Browser.getVersion")
        self.wire.detach()
        styled = (one["args"] for one in self.events if one["name"] == "UpdateLayoutTree")
        return [one["elementCount"] for one in styled if "elementCount" in one]


def test_a_click_and_the_countdown_style_little_again(
    come: Come, box_office: None, chromium: Browser
) -> None:
    hall = make_event(seats=400)
    anna = come(**PHONE)
    anna.open_event(hall)
    seats = anna.page.locator(".hall button[name=hold]")
    seats.first.tap()
    expect(anna.page.locator("[data-status=mine]").first).to_be_visible()
    countdown = anna.page.locator(".basket-bar .countdown")

    trace = Trace(chromium)
    before = countdown.inner_text()
    seats.nth(1).tap()
    expect(anna.page.locator(".basket-lines li")).to_have_count(2)
    expect(countdown).not_to_have_text(before)
    styled = trace.end()

    assert styled
    assert max(styled) < 100, styled
