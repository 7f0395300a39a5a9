"""The account pages in a real browser, on a phone, under the strict policy of every answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from seatbook.extensions import db
from seatbook.models import Mail
from tests.browser.conftest import Come
from tests.browser.geometry import boxes, sideways
from tests.browser.person import PHONE, Person
from tests.conftest import LiveServer
from tests.visitor import PASSWORD


@pytest.fixture
def anna(come: Come) -> Person:
    return come(**PHONE)


def test_a_visitor_registers_by_keyboard_alone(anna: Person) -> None:
    page = anna.page
    page.goto("/register")
    expect(page.get_by_label("Username")).to_be_focused()
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


@pytest.mark.parametrize(
    ("path", "button", "faults"),
    [
        (
            "/register",
            "Make my account",
            {
                "Username": "Please choose a username.",
                "Mail address": "Please type your mail address.",
                "Password": "Please choose a password.",
            },
        ),
        (
            "/sign-in",
            "Sign in",
            {
                "Username or mail address": "Please type your username or your mail address.",
                "Password": "Please type your password.",
            },
        ),
        (
            "/forgot-password",
            "Send me the link",
            {"Mail address": "Please type the mail address of your account."},
        ),
    ],
)
def test_a_fault_stands_at_its_field_and_is_read_out_with_it(
    anna: Person, path: str, button: str, faults: dict[str, str]
) -> None:
    anna.open(path)
    anna.page.get_by_role("main").get_by_role("button", name=button).click()

    for label, sentence in faults.items():
        field = anna.page.get_by_label(label, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(f"^{re.escape(sentence)}"))
        # Seen, too, and near.
        said = anna.page.get_by_text(sentence)
        expect(said).to_be_visible()
        assert 0 <= boxes(said)[0].top - boxes(field)[0].bottom < 24
    expect(anna.page.get_by_label(next(iter(faults)), exact=True)).to_be_focused()


def test_a_name_that_is_taken_is_told_at_the_name_and_the_rest_stays_typed(
    anna: Person, account: str
) -> None:
    anna.open("/register")
    anna.register(account)

    username = anna.page.get_by_label("Username")
    expect(username).to_have_attribute("aria-invalid", "true")
    expect(username).to_have_value(account)
    expect(anna.page.get_by_label("Mail address")).to_have_value(f"{account}@example.org")


def test_a_wrong_password_is_told_without_saying_which_of_the_two_was_wrong(
    anna: Person, account: str
) -> None:
    sentences = set()
    for name in (account, "nobody"):
        anna.open("/sign-in")
        anna.sign_in(name, password="not this one at all")
        sentences.add(anna.alert.inner_text())
        expect(anna.page.get_by_label("Password", exact=True)).to_be_focused()
    assert len(sentences) == 1


def test_a_changed_password_signs_out_the_other_browser_and_not_this_one(
    anna: Person, ben: Person, account: str
) -> None:
    for window in (anna, ben):
        window.open("/sign-in?next=/account")
        window.sign_in(account)
        expect(window.page.get_by_role("heading", level=1)).to_have_text("Your account")

    anna.page.get_by_label("Present password").fill("not this one at all")
    anna.page.get_by_label("New password").fill("amber goat ladder")
    anna.press("Change the password")
    expect(anna.page.get_by_label("Present password")).to_have_accessible_description(
        "That is not your present password."
    )
    ben.page.reload()
    expect(ben.page.get_by_role("heading", level=1)).to_have_text("Your account")

    anna.page.get_by_label("Present password").fill(PASSWORD)
    anna.page.get_by_label("New password").fill("amber goat ladder")
    anna.press("Change the password")
    anna.reads("Your password is changed. Every other browser and device is signed out.")

    ben.page.reload()
    expect(ben.page).to_have_url(re.compile("/sign-in"))
    anna.page.reload()
    expect(anna.page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_sign_out_everywhere_means_everywhere(anna: Person, ben: Person, account: str) -> None:
    for window in (anna, ben):
        window.open("/sign-in?next=/account")
        window.sign_in(account)
        expect(window.page.get_by_role("heading", level=1)).to_have_text("Your account")

    anna.press("Sign out everywhere")

    anna.reads("You are signed out, here and on every other browser and device.")
    for window in (anna, ben):
        window.open("/account")
        expect(window.page).to_have_url(re.compile("/sign-in"))


def test_a_new_password_by_mail_signs_out_the_other_browser(
    anna: Person, ben: Person, live_server: LiveServer
) -> None:
    ben.open("/register")
    ben.register("alice")
    expect(ben.page.get_by_role("button", name="Sign out")).to_be_visible()

    anna.open("/sign-in")
    anna.page.get_by_role("link", name="Forgot your password?").click()
    anna.page.get_by_label("Mail address").fill("alice@example.org")
    anna.press("Send me the link")
    expect(anna.page.get_by_role("heading", level=1)).to_have_text("Look at your mail")
    with live_server.app.app_context():
        body = db.session.scalars(select(Mail.body_text)).one()
    assert body
    link = re.search(r"^http\S+$", body, re.MULTILINE)
    assert link is not None
    anna.open(link[0])
    anna.page.get_by_label("New password", exact=True).fill("amber goat ladder")
    anna.press("Set the password")

    expect(anna.page.get_by_role("status")).to_contain_text("you are signed in")
    ben.open("/account")
    expect(ben.page).to_have_url(re.compile("/sign-in"))
    # A link is good once.
    anna.open(link[0])
    expect(anna.page.get_by_role("heading", level=1)).to_have_text("This link is spent")


def test_without_javascript_everything_works(come: Come) -> None:
    anna = come(**PHONE, java_script_enabled=False)
    anna.open("/register")
    anna.register("alice")
    anna.press("Sign out")
    expect(anna.page.get_by_role("status")).to_contain_text("You are signed out.")
    anna.open("/sign-in?next=/account")
    anna.sign_in("alice")

    expect(anna.page.get_by_role("heading", level=1)).to_have_text("Your account")


@pytest.mark.parametrize(
    "path", ["/sign-in", "/register", "/forgot-password", "/reset-password/x", "/nowhere"]
)
def test_nothing_is_wider_than_a_phone_and_everything_is_large_enough_to_touch(
    anna: Person, path: str
) -> None:
    anna.complaints.expected.add(404)
    anna.open(path)

    assert sideways(anna.page) == 0
    touched = boxes(anna.page.locator("main").locator("button, input:not([type=hidden]), a"))
    assert touched
    assert min(box.height for box in touched) >= 44
