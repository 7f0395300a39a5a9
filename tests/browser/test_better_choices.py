"""A refusal that offers something else: marked on the map, and taken with one press."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Come
from tests.browser.geometry import boxes
from tests.browser.person import DESKTOP, PHONE, Person
from tests.factories import Hall, make_event


@pytest.fixture
def strict(box_office: None) -> Hall:
    """Rows A and B of 20 seats, where no single seat may be left behind."""
    return make_event(seats=40, leave_no_single=True)


def marked(person: Person) -> list[str]:
    """The names of the seats that carry a ring to be seen."""
    found: list[str] = person.page.locator("[data-better]").evaluate_all(
        "seats => seats.filter(seat => getComputedStyle(seat).outlineStyle === 'dashed')"
        ".map(seat => seat.ariaLabel.split(' · ')[0])"
    )
    return found


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_better_choice_is_ringed_and_one_press_takes_it(
    come: Come, strict: Hall, screen: dict[str, Any]
) -> None:
    anna = come(**screen)
    anna.open_event(strict)

    anna.seat("A2").click()

    expect(anna.alert).to_have_text("A1 would be left alone, and nobody likes to sit there.")
    take = anna.page.get_by_role("button", name="Take A1 instead")
    expect(take).to_be_in_viewport(ratio=1)
    anna.soon(lambda: marked(anna), ["Row A, seat 1"])
    for button in boxes(anna.page.locator("#choices button")):
        assert button.height >= 44
    take.click()

    anna.has("A1")
    anna.sees("A2", "available")
    expect(anna.alert).to_have_count(0)
    anna.soon(lambda: marked(anna), [])
    expect(take).to_have_count(0)


def test_another_offer_is_ringed_while_it_is_looked_at(anna: Person, strict: Hall) -> None:
    anna.open_event(strict)
    anna.seat("A2").click()
    expect(anna.alert).to_be_visible()

    anna.page.get_by_role("button", name="Take A3 instead").hover()

    anna.soon(lambda: marked(anna), ["Row A, seat 3"])


def test_offers_that_nobody_wants_can_be_put_away(anna: Person, strict: Hall) -> None:
    anna.open_event(strict)
    anna.seat("A2").click()
    expect(anna.alert).to_be_visible()

    anna.press("Close")

    expect(anna.alert).to_have_count(0)
    anna.soon(lambda: marked(anna), [])


def test_by_keyboard_the_offers_come_first_and_escape_leads_back(anna: Person, strict: Hall) -> None:
    anna.open_event(strict)
    anna.seat("A3").focus()
    anna.page.keyboard.press("ArrowLeft")
    expect(anna.seat("A2")).to_be_focused()

    anna.page.keyboard.press("Enter")
    expect(anna.page.get_by_role("button", name="Take A1 instead")).to_be_focused()
    anna.page.keyboard.press("Escape")
    expect(anna.seat("A2")).to_be_focused()
    expect(anna.alert).to_have_count(0)
    anna.soon(lambda: marked(anna), [])

    anna.page.keyboard.press("Enter")
    expect(anna.page.get_by_role("button", name="Take A1 instead")).to_be_focused()
    anna.page.keyboard.press("Enter")
    anna.has("A1")
    expect(anna.seat("A1")).to_be_focused()


def test_a_seat_of_an_offer_that_somebody_takes_loses_its_ring(
    anna: Person, ben: Person, strict: Hall
) -> None:
    anna.open_event(strict)
    ben.open_event(strict)
    anna.seat("A2").click()
    expect(anna.seat("A1")).to_have_accessible_description("Offered instead")

    ben.hold("A1")

    anna.sees("A1", "held")
    anna.soon(lambda: marked(anna), [])


def test_without_javascript_the_same_buttons_take_it(come: Come, strict: Hall) -> None:
    anna = come(java_script_enabled=False)
    anna.open_event(strict)
    anna.seat("A2").click()
    expect(anna.page.locator("[data-better]")).to_have_accessible_name(re.compile("^Row A, seat 1 "))

    anna.press("Take A1 instead")

    anna.has("A1")
