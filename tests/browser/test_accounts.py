"""The account pages in a real browser, under the strict policy of every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, expect, sync_playwright
from sqlalchemy import select

from seatbook.extensions import db
from seatbook.models import Mail
from tests.chromium import installed_chromium
from tests.conftest import LiveServer

PHONE: ViewportSize = {"width": 390, "height": 844}
PASSWORD = "velvet tram piano"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=installed_chromium(), args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A phone. Fails the test when the browser had to refuse something on the way."""
    context = browser.new_context(viewport=PHONE, base_url=live_server.url)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # A refused form is no complaint of the page.
    assert [text for text in complaints if "status of 4" not in text] == []


def test_a_visitor_registers_by_keyboard_alone(page: Page) -> None:
    page.goto("/register")
    page.keyboard.type("al")
    page.keyboard.press("Tab")
    page.keyboard.type("alice@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    # The one fault has the focus, and is read out with its field.
    username = page.get_by_label("Username")
    expect(username).to_be_focused()
    expect(username).to_have_accessible_description(re.compile("A username has 3 to 40 characters"))
    page.keyboard.press("Control+A")
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Welcome, alice.")


def test_a_new_password_by_mail_signs_out_the_other_browser(
    browser: Browser, page: Page, live_server: LiveServer
) -> None:
    other = browser.new_context(viewport=PHONE, base_url=live_server.url).new_page()
    other.goto("/register")
    other.get_by_label("Username").fill("alice")
    other.get_by_label("Mail address").fill("alice@example.org")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Make my account").click()
    expect(other.get_by_role("button", name="Sign out")).to_be_visible()

    page.goto("/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Mail address").fill("alice@example.org")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look at your mail")
    with live_server.app.app_context():
        body = db.session.scalars(select(Mail.body_text)).one()
    link = re.search(r"^http\S+$", body, re.MULTILINE)
    assert link is not None
    page.goto(link[0])
    page.get_by_label("New password", exact=True).fill("amber goat ladder")
    page.get_by_role("button", name="Set the password").click()

    expect(page.get_by_role("status")).to_contain_text("you are signed in")
    other.goto("/account")
    expect(other).to_have_url(re.compile("/sign-in"))
    other.context.close()


def test_without_javascript_everything_works(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(viewport=PHONE, base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/register")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Mail address").fill("alice@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out.")
    page.goto("/sign-in?next=/account")
    page.get_by_label("Username or mail address").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    context.close()


@pytest.mark.parametrize(
    "path", ["/sign-in", "/register", "/forgot-password", "/reset-password/x", "/nowhere"]
)
def test_nothing_is_wider_than_a_phone_and_everything_is_large_enough_to_touch(page: Page, path: str) -> None:
    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    heights = page.evaluate(
        "[...document.querySelectorAll('main button, main input:not([type=hidden]), main a')]"
        ".map(element => element.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) >= 44
