"""Places that are not chairs (standing, slots, stock), and events that cannot be bought now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import func

from seatbook.domain.inventory import hold_quantity
from tests.browser.events import make_alike, make_room
from tests.browser.person import REFERENCE, Person
from tests.factories import change_event, make_area, make_event, make_holder, noons


def quantity_of(person: Person, area: str) -> Locator:
    return person.page.get_by_label(f"How many of {area}?")


def part(person: Person, area: str) -> Locator:
    return person.page.get_by_role("region", name=area, exact=True)


def test_standing_places_are_taken_by_number_and_given_back_one_by_one(
    anna: Person, ben: Person, box_office: None
) -> None:
    hall = make_alike("standing", price_minor=2000, Floor=30)
    ben.open_event(hall)
    anna.open_event(hall)
    expect(part(anna, "Floor")).to_contain_text("30 of 30 left")

    quantity_of(anna, "Floor").select_option("3")
    part(anna, "Floor").get_by_role("button", name="Take").click()

    expect(anna.basket).to_contain_text("Floor × 3")
    expect(anna.basket).to_contain_text("€60.00")
    expect(part(anna, "Floor")).to_contain_text("27 of 30 left")
    expect(part(ben, "Floor")).to_contain_text("27 of 30 left")
    ben.figures(available=27, held=3, reserved=0)

    anna.press("Give back one: Floor")

    expect(anna.basket).to_contain_text("Floor × 2")
    expect(anna.basket).to_contain_text("€40.00")
    expect(part(ben, "Floor")).to_contain_text("28 of 30 left")


def test_no_more_can_be_chosen_than_one_person_may_have(anna: Person, box_office: None) -> None:
    hall = make_alike("standing", max_seats=4, Floor=30)
    anna.open_event(hall)
    expect(quantity_of(anna, "Floor").get_by_role("option")).to_have_text(["1", "2", "3", "4"])

    quantity_of(anna, "Floor").select_option("4")
    part(anna, "Floor").get_by_role("button", name="Take").click()

    anna.reads("You have as many places of this event as one person can have.")
    expect(part(anna, "Floor").get_by_role("button", name="Take")).to_have_count(0)


def test_a_slot_is_booked_whole_and_gone_for_others(
    anna: Person, ben: Person, box_office: None, account: str
) -> None:
    noon, next_noon = noons(2)
    hall = make_room([noon, noon + timedelta(hours=2), next_noon])
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(hall)
    ben.open_event(hall)
    slots = part(anna, "The Vault").get_by_role("button")
    expect(slots).to_have_count(3)
    expect(slots.first).to_have_accessible_name(re.compile(rf"^{noon:%a, %b} {noon.day}, 12:00\sPM · "))
    first = part(ben, "The Vault").get_by_role("button").first

    slots.first.click()
    expect(slots.first).to_have_attribute("data-status", "mine")
    expect(first).to_have_attribute("data-status", "held")
    anna.press("Reserve")

    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()
    anna.reads(re.compile(rf"^{noon:%a, %b} {noon.day}, 12:00\sPM to 1:00\sPM"))
    expect(first).to_have_attribute("data-status", "reserved")
    ben.figures(available=2, held=0, reserved=1)


def test_the_last_item_of_a_drop_goes_and_the_page_says_sold_out(
    anna: Person, ben: Person, box_office: None, account: str
) -> None:
    hall = make_alike("stock", Medium=2, Large=3)
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(hall)
    ben.open_event(hall)
    expect(part(ben, "Medium")).to_contain_text("2 left")

    quantity_of(anna, "Medium").select_option("2")
    part(anna, "Medium").get_by_role("button", name="Take").click()
    expect(anna.basket).to_contain_text("Medium × 2")
    expect(part(ben, "Medium")).to_contain_text("All taken. Some are only held and may come back.")
    anna.press("Reserve")
    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()

    expect(part(ben, "Medium")).to_contain_text("Sold out")
    expect(part(ben, "Medium").get_by_role("button")).to_have_count(0)
    expect(part(ben, "Large").get_by_role("button", name="Take")).to_be_visible()


def test_whoever_asks_for_more_than_is_left_gets_a_sentence_and_nothing_else(
    ben: Person, box_office: None
) -> None:
    hall = make_alike("stock", Medium=3)
    ben.stop_hearing()
    ben.open_event(hall)
    hold_quantity(hall.event_id, area_id=hall.area_id, quantity=2, holder=make_holder())

    quantity_of(ben, "Medium").select_option("3")
    status = ben.answered(lambda: part(ben, "Medium").get_by_role("button", name="Take").click())

    assert status == 409
    expect(ben.alert).to_contain_text("1")
    expect(part(ben, "Medium")).to_contain_text("Last 1 item")
    ben.figures(available=1, held=2, reserved=0)
    expect(ben.basket).to_contain_text("Choose how many you want.")


def test_sold_out_is_said_on_the_page_and_in_the_list(anna: Person, box_office: None) -> None:
    hall = make_event(seats=2)
    anna.open("/register")
    anna.register("dora")
    anna.open_event(hall)
    anna.hold("A1", "A2")
    anna.press("Reserve")
    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()

    anna.open_event(hall)
    anna.reads("Sold out.")
    anna.open("/")
    expect(anna.page.get_by_role("listitem").filter(has_text="The Quiet Hour").first).to_contain_text(
        "Sold out"
    )


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("terms", "sentence", "in_the_list"),
    [
        (
            {"on_sale_from": NOW + timedelta(days=2)},
            re.compile(r"The sale opens on \w{3}, \w{3} \d+, "),
            "On sale from",
        ),
        (
            {"on_sale_from": NOW - timedelta(days=2), "on_sale_until": NOW - timedelta(days=1)},
            "The sale has ended. Please ask at the door.",
            "The sale has ended",
        ),
        ({"status": "cancelled"}, "This event is cancelled.", "Cancelled"),
    ],
    ids=["not yet", "ended", "cancelled"],
)
def test_an_event_that_cannot_be_bought_now_says_so_and_sells_nothing(
    anna: Person,
    box_office: None,
    terms: dict[str, Any],
    sentence: str | re.Pattern[str],
    in_the_list: str,
) -> None:
    hall = make_event(seats=3, **terms)
    make_area(hall, kind="standing", places=5, name="Floor")

    anna.open_event(hall)

    anna.reads(sentence)
    expect(anna.seat("A1")).to_have_accessible_name(re.compile("free, not on sale now$"))
    expect(anna.seat("A1")).to_have_attribute("aria-disabled", "true")
    expect(anna.page.get_by_role("button", name="Take", disabled=False)).to_have_count(0)
    expect(anna.page.get_by_role("button", name="Reserve")).to_have_count(0)
    anna.open("/")
    expect(anna.page.get_by_role("listitem").filter(has_text="The Quiet Hour").first).to_contain_text(
        in_the_list
    )


def test_a_sale_that_opens_while_the_page_is_open_can_be_used(anna: Person, box_office: None) -> None:
    hall = make_event(seats=3, on_sale_from=datetime.now(UTC) + timedelta(hours=1))
    anna.open_event(hall)
    anna.reads("The sale opens on")
    # Only now does it open soon: a busy machine may take longer than that to show a page for the first time.
    change_event(hall, on_sale_from=func.clock_timestamp() + timedelta(seconds=2))
    anna.page.reload()

    expect(anna.seat("A1")).to_have_accessible_name(re.compile(" available$"))
    anna.hold("A1")
