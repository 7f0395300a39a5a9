"""Languages in a real browser: which one it gets by itself, the switch, and whether German words fit."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Come
from tests.browser.events import make_alike, make_room, make_sides
from tests.browser.geometry import boxes, sideways
from tests.browser.person import DESKTOP, PHONE, Person
from tests.factories import Hall, make_event, noons
from tests.visitor import PASSWORD

WIDTHS = pytest.mark.parametrize("width", [PHONE, DESKTOP], ids=["390", "1440"])


@pytest.mark.parametrize(
    ("locale", "heading", "price"),
    [
        ("de-DE", "Programm", "45,00\xa0€"),
        ("de-CH", "Programm", "EUR\xa045.00"),
        ("en-GB", "What’s on", "€45.00"),
        ("fr-FR", "What’s on", "€45.00"),
    ],
)
def test_a_browser_reads_its_own_language_or_else_english(
    come: Come, hall: Hall, locale: str, heading: str, price: str
) -> None:
    anna = come(locale=locale)
    anna.open("/")
    expect(anna.page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(anna.page.locator(".date-price").first).to_have_text(price)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_switch_stays_on_the_page_and_is_remembered(come: Come, hall: Hall, scripts: bool) -> None:
    anna = come(java_script_enabled=scripts)
    anna.open_event(hall)
    anna.led_on(lambda: anna.press("Deutsch"))
    assert anna.page.url.endswith(f"/events/{hall.event_id}")
    expect(anna.page.locator("html")).to_have_attribute("lang", "de")
    anna.reads("Ihr Warenkorb")
    anna.page.get_by_role("button", name="Reihe A, Platz 1 · ").click()
    anna.reads("45,00\xa0€")
    expect(anna.page.get_by_role("button", name="Freigeben: Reihe A, Platz 1")).to_be_visible()
    anna.open("/")
    expect(anna.page.get_by_role("heading", level=1)).to_have_text("Programm")
    anna.press("English")
    expect(anna.page.get_by_role("heading", level=1)).to_have_text("What’s on")


def test_what_others_do_arrives_in_the_reader_s_language(come: Come, hall: Hall) -> None:
    anna, ben = come(locale="de-DE"), come()
    anna.open_event(hall)
    ben.open_event(hall)
    ben.hold("A3")
    seat = anna.page.get_by_role(
        "button", name=re.compile("^Reihe A, Platz 3 · .* · von jemand anderem vorgemerkt$")
    )
    expect(seat).to_be_visible()
    anna.reads("A3 vorgemerkt")


@WIDTHS
def test_german_words_fit(come: Come, width: dict[str, Any], box_office: None, account: str) -> None:
    gerda = come(locale="de-DE", **width)
    gerda.complaints.expected.add(404)
    halls = [make_event(seats=40), make_sides(), make_alike("stock", M=3), make_room(noons(3))]
    for signed_in in (False, True):
        if signed_in:
            sign_in(gerda, account)
        for path in [
            "/",
            *(f"/events/{hall.event_id}" for hall in halls),
            "/reservations/",
            "/account",
            "/nirgends",
        ]:
            gerda.open(path)
            assert sideways(gerda.page) == 0, path
            assert cut_off(gerda) == [], path
            assert len({round(box.top) for box in boxes(gerda.page.locator(".top nav > *"))}) == 1, path


def sign_in(person: Person, name: str) -> None:
    person.open("/sign-in")
    person.page.get_by_label("Benutzername oder E-Mail-Adresse").fill(name)
    person.page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    person.page.get_by_role("main").get_by_role("button", name="Anmelden").click()
    expect(person.page.get_by_role("button", name="Abmelden")).to_be_visible()


def cut_off(person: Person) -> list[str]:
    """Buttons, links and labels whose words do not fit into them."""
    found: list[str] = person.page.locator(
        "a, button:not([data-status]), .slot, label, h1, h2, dt, dd, td, .state"
    ).evaluate_all(
        """elements => elements.filter(element => {
          const isSeen = element.checkVisibility() && !element.closest(".unseen") && element.clientWidth > 1;
          return isSeen && !element.matches(".skip") && element.scrollWidth > element.clientWidth + 1;
        }).map(element => `${element.textContent.trim()}: ${element.scrollWidth} in ${element.clientWidth}`)"""
    )
    return found
