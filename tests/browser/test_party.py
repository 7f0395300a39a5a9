"""A tour for a family: how many come and who of them pays less is said at the checkout, and read wherever it goes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from seatbook.domain import orders
from tests.browser.axe import violations
from tests.browser.conftest import Come
from tests.browser.geometry import boxes, overlaps, sideways, too_small
from tests.browser.person import PHONE, Person
from tests.factories import Hall, make_slots, noons
from tests.paying import make_online_event

DESK = {"viewport": {"width": 1440, "height": 900}}


def make_tour() -> tuple[Hall, int]:
    """A tour for one to six at 12.00 each; children pay half, students a fifth less. The event and its one slot."""
    hall = make_online_event(seats=0, price_minor=1200)
    orders.create_concession(hall.event_id, name="Child", percent_off=50)
    orders.create_concession(hall.event_id, name="Student", percent_off=20)
    (slot,) = make_slots(hall, starts=noons(1), name="Backstage", party=(1, 6), price_per="person")
    return hall, slot


def come_to_checkout(person: Person, account: str, hall: Hall, slot: int) -> None:
    person.open("/sign-in")
    person.sign_in(account)
    person.open_event(hall)
    person.page.locator(f"#seat-{slot}").click()
    expect(person.basket).to_contain_text("1 person")
    person.open(f"/events/{hall.event_id}/checkout")


def many(person: Person, name: str) -> Locator:
    """The field that says how many of the party are that."""
    return person.page.get_by_role("spinbutton", name=name)


def pays(person: Person, price: str) -> None:
    expect(person.page.get_by_role("button", name=f"Pay {price}")).to_be_visible()


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_a_family_says_who_they_are_and_reads_it_on_the_ticket(
    come: Come, box_office: None, account: str, screen: dict[str, Any]
) -> None:
    hall, slot = make_tour()
    anna = come(**screen)
    come_to_checkout(anna, account, hall, slot)
    pays(anna, "€12.00")
    anna.page.get_by_label(re.compile("^How many come")).select_option("4")
    pays(anna, "€48.00")
    many(anna, "Child (−50 %)").fill("2")
    many(anna, "Child (−50 %)").press("Tab")
    pays(anna, "€36.00")
    # The focus went on to the next field, and stays there while the page is drawn anew.
    expect(many(anna, "Student (−20 %)")).to_be_focused()
    anna.page.keyboard.press("ArrowUp")
    pays(anna, "€33.60")
    assert sideways(anna.page) == 0
    assert too_small(anna.page.locator(".line-people input, .line-party select")) == []
    assert list(overlaps(boxes(anna.page.locator(".checkout-lines li > *:visible")))) == []

    # Fewer than pay less: it stands at the fields, which keep what was chosen, and nothing changed.
    anna.page.get_by_label(re.compile("^How many come")).select_option("2")
    expect(anna.alert).to_have_text(re.compile(r"^More people pay less \(3\) than come \(2\)"))
    expect(many(anna, "Child (−50 %)")).to_have_attribute("aria-invalid", "true")
    expect(many(anna, "Child (−50 %)")).to_have_accessible_description(re.compile("^More people pay less"))
    pays(anna, "€33.60")
    anna.press("Pay €33.60")
    expect(anna.alert).to_have_text(re.compile(r"^More people pay less \(3\) than come \(2\)"))
    expect(anna.page.get_by_label(re.compile("^How many come"))).to_have_value("2")
    many(anna, "Student (−20 %)").fill("")
    many(anna, "Student (−20 %)").press("Tab")
    pays(anna, "€12.00")
    expect(anna.page.locator("#party-fault")).to_have_count(0)
    anna.page.get_by_label(re.compile("^How many come")).select_option("4")
    pays(anna, "€36.00")
    many(anna, "Student (−20 %)").fill("1")
    many(anna, "Student (−20 %)").press("Tab")
    anna.press("Pay €33.60")
    anna.press("Pay €33.60")
    anna.reads("Reserved")
    anna.reads("2 × Child, 1 × Student")
    anna.page.get_by_role("link", name=re.compile("ticket", re.I)).first.click()
    expect(anna.page.get_by_text("2 × Child, 1 × Student")).to_be_visible()
    expect(anna.page.get_by_text("4 people")).to_be_visible()


def test_the_fields_for_people_are_named_and_so_is_what_is_wrong_with_them(
    anna: Person, box_office: None, account: str
) -> None:
    hall, slot = make_tour()
    come_to_checkout(anna, account, hall, slot)
    assert violations(anna.page) == []
    many(anna, "Child (−50 %)").fill("3")
    many(anna, "Child (−50 %)").press("Tab")
    expect(anna.alert).to_contain_text("More people pay less")
    assert violations(anna.page) == []


def test_a_party_that_is_refused_in_the_basket_is_as_it_was(
    anna: Person, box_office: None, account: str
) -> None:
    hall, slot = make_tour()
    come_to_checkout(anna, account, hall, slot)
    anna.page.get_by_label(re.compile("^How many come")).select_option("4")
    pays(anna, "€48.00")
    many(anna, "Child (−50 %)").fill("3")
    many(anna, "Child (−50 %)").press("Tab")
    pays(anna, "€30.00")
    anna.open_event(hall)
    people = anna.basket.get_by_label(re.compile("^How many come"))
    people.select_option("2")
    anna.reads(
        re.compile(r"More people of your party pay less \(3\) than would come \(2\)\. .* at the checkout\.")
    )
    expect(people).to_have_value("4")
    people.select_option("5")
    expect(anna.basket).to_contain_text("€42.00")
    expect(people).to_have_value("5")


@pytest.mark.parametrize("with_scripts", [True, False])
def test_the_enter_key_works_out_the_prices_and_takes_no_code_off(
    come: Come, box_office: None, account: str, with_scripts: bool
) -> None:
    hall, slot = make_tour()
    orders.create_code(hall.event_id, code="LANTERN", percent_off=10)
    anna = come(java_script_enabled=with_scripts)
    come_to_checkout(anna, account, hall, slot)
    anna.page.get_by_label("Discount code").fill("lantern")
    anna.press("Use it")
    pays(anna, "€10.80")
    many(anna, "Child (−50 %)").fill("1")
    many(anna, "Child (−50 %)").press("Enter")
    pays(anna, "€5.40")
    # By scripts one request waits for the other: what the key did as well has happened by the next price.
    many(anna, "Child (−50 %)").fill("0")
    many(anna, "Child (−50 %)").press("Enter")
    pays(anna, "€10.80")
    expect(anna.page.get_by_text("Code LANTERN")).to_be_visible()


def test_without_javascript_the_party_and_its_children_are_one_act(
    come: Come, box_office: None, account: str
) -> None:
    hall, slot = make_tour()
    anna = come(java_script_enabled=False)
    come_to_checkout(anna, account, hall, slot)
    anna.page.get_by_label(re.compile("^How many come")).select_option("3")
    many(anna, "Child (−50 %)").fill("2")
    anna.press("Work out the prices")
    pays(anna, "€24.00")
    # Not worked out first: the new price is shown before it is paid.
    many(anna, "Child (−50 %)").fill("1")
    anna.press("Pay €24.00")
    expect(anna.page.get_by_text("With what you have chosen, the price is another one.")).to_be_visible()
    many(anna, "Student (−20 %)").fill("3")
    anna.press("Pay €30.00")
    expect(anna.alert).to_have_text(re.compile(r"^More people pay less \(4\) than come \(3\)"))
    expect(many(anna, "Student (−20 %)")).to_have_value("3")
    expect(many(anna, "Child (−50 %)")).to_have_value("1")
    pays(anna, "€30.00")
