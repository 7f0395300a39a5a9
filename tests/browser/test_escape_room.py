"""An escape room: a slot of an evening, found in another week, with a party, on a phone and on a desk."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import update

from seatbook.domain.events import NewShow, SaleTerms, create_event
from seatbook.domain.inventory import hold_seats, release_hold
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout
from seatbook.domain.timetable import Rule, Timetable
from seatbook.domain.timetables import Room
from seatbook.extensions import db
from seatbook.models import Show
from tests.browser.conftest import Come
from tests.browser.events import VENUE
from tests.browser.geometry import boxes, sideways, too_small
from tests.browser.person import PHONE, REFERENCE, Person
from tests.factories import BERLIN, Hall, make_holder, slot_ids
from tests.visitor import PASSWORD

HOUR = timedelta(hours=1)
WEEKEND = frozenset({5, 6})


def make_vault(**fields: object) -> Hall:
    """Off-peak at 10 and 12 on weekdays; peak every evening and at the weekend. Two to six people, each pays."""
    now = datetime.now(BERLIN)
    made = create_event(
        show=NewShow("The Vault", "escape_room"),
        venue=VENUE,
        layout=PlanLayout(
            (PlanCategory("Off-peak", 3), PlanCategory("Peak", 5)),
            (PlanArea("slots", "The Vault", category="Off-peak"),),
        ),
        prices={"Off-peak": 1900, "Peak": 2600},
        currency="EUR",
        status="published",
        starts_at=now,
        ends_at=now + HOUR,
        terms=SaleTerms(max_seats=2),
        rooms={
            "The Vault": Room(
                Timetable(
                    (
                        Rule((time(10), time(12)), HOUR, frozenset(range(5))),
                        Rule((time(18), time(20)), HOUR, category="Peak"),
                        Rule((time(10), time(12), time(14)), HOUR, WEEKEND, category="Peak"),
                    )
                ),
                party=(2, 6),
                price_per="person",
            )
        },
        **fields,  # type: ignore[arg-type]
    )
    db.session.rollback()
    return Hall(made.event_id, made.area_ids["The Vault"], made.category_ids["Peak"], ())


def slots(person: Person) -> Locator:
    """Those that are to be seen."""
    return person.page.get_by_role("region", name="The Vault").locator("button.slot:visible")


def next_week() -> datetime:
    """Noon of the Monday after this week."""
    now = datetime.now(BERLIN)
    return (now + timedelta(days=7 - now.weekday())).replace(hour=12, minute=0)


def go_to_next_week(person: Person) -> None:
    shown = person.page.locator(".week-name")
    before = shown.text_content()
    while person.page.locator("section.slots").get_attribute("data-week") != f"{next_week():%G-W%V}":
        person.page.get_by_role("link", name="Week after").click()
        expect(shown).not_to_have_text(before or "")
        before = shown.text_content()


def test_an_evening_of_next_week_for_four_on_a_phone(come: Come, box_office: None, account: str) -> None:
    anna = come(**PHONE)
    hall = make_vault()
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(hall)
    go_to_next_week(anna)
    assert sideways(anna.page) == 0
    days = anna.page.get_by_role("group", name="Day").get_by_role("radio")
    expect(days).to_have_count(7)
    assert too_small(days) == []
    # Wednesday.
    days.nth(2).tap()
    expect(slots(anna)).to_have_count(4)
    expect(slots(anna).nth(2)).to_have_text(re.compile(r"6:00.PM €26.00 each Peak"))
    assert too_small(slots(anna)) == []

    slots(anna).nth(2).tap()

    expect(slots(anna).nth(2)).to_have_attribute("data-status", "mine")
    expect(anna.basket).to_contain_text("1 place · 2 people · €52.00")
    anna.page.get_by_text("1 place · 2 people · €52.00").tap()
    anna.page.get_by_label(re.compile("^How many come")).select_option("4")
    expect(anna.basket).to_contain_text("1 place · 4 people · €104.00")
    assert sideways(anna.page) == 0
    anna.press("Reserve")

    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()
    anna.reads("The Vault · Peak · 4 people")
    anna.reads("€104.00")


def test_a_week_on_a_desk_has_its_seven_days_side_by_side(anna: Person, box_office: None) -> None:
    hall = make_vault()
    anna.open_event(hall)
    go_to_next_week(anna)
    expect(slots(anna)).to_have_count(5 * 4 + 2 * 5)
    assert len({round(day.top) for day in boxes(anna.page.locator(".days > li"))}) == 1
    expect(anna.page.get_by_role("radio")).to_have_count(0)
    # The address is that of the week, and the keyboard is where it was.
    expect(anna.page).to_have_url(re.compile(rf"/week/{next_week():%G-W%V}$"))
    expect(anna.page.get_by_role("link", name="Week after")).to_be_focused()
    anna.page.reload()
    expect(slots(anna)).to_have_count(30)


def test_the_keyboard_walks_through_a_week(anna: Person, box_office: None) -> None:
    hall = make_vault()
    anna.open_event(hall)
    go_to_next_week(anna)
    # The whole week is one stop of the Tab key.
    expect(anna.page.locator("button.slot:not([tabindex='-1'])")).to_have_count(1)
    slots(anna).first.focus()
    anna.page.keyboard.press("ArrowDown")
    expect(slots(anna).nth(1)).to_be_focused()
    anna.page.keyboard.press("ArrowRight")
    expect(slots(anna).nth(5)).to_be_focused()
    anna.page.keyboard.press("Enter")
    expect(slots(anna).nth(5)).to_have_attribute("data-status", "mine")


def test_what_others_take_in_another_week_is_there_when_one_comes_to_it(
    anna: Person, box_office: None
) -> None:
    hall = make_vault()
    anna.open_event(hall)
    monday = slot_ids(hall, since=next_week().replace(hour=0))
    ben = make_holder("ben")
    go_to_next_week(anna)
    expect(slots(anna).first).to_have_attribute("data-status", "available")
    hold_seats(hall.event_id, seat_ids=monday[:1], holder=ben)
    expect(slots(anna).first).to_have_attribute("data-status", "held")
    anna.page.get_by_role("link", name="Week after").click()
    expect(slots(anna)).to_have_count(30)
    release_hold(hall.event_id, holder=ben)
    anna.page.get_by_role("link", name="Week before").click()
    expect(slots(anna).first).to_have_attribute("data-status", "available")


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desk", "phone"])
def test_without_a_script_it_is_links_and_buttons(
    come: Come, box_office: None, device: dict[str, object]
) -> None:
    anna = come(java_script_enabled=False, **device)
    hall = make_vault()
    anna.open_event(hall)
    while f"{next_week():%G-W%V}" not in anna.page.url:
        anna.led_on(anna.page.get_by_role("link", name="Week after").click)
    if device:
        anna.page.get_by_role("radio").nth(1).check()
        expect(slots(anna)).to_have_count(4)
    slots(anna).last.click()
    # The day of what one has picked is the one that is shown.
    mine = anna.page.locator("button.slot[data-status=mine]")
    expect(mine).to_be_visible()
    if device:
        anna.page.locator("label.basket-handle").click()
    anna.page.get_by_label(re.compile("^How many come")).select_option("3")
    anna.press("Work out the prices")
    expect(anna.page.locator(".basket-total")).to_have_text(re.compile(r"€78\.00"))


def test_what_one_picked_lies_below_the_header_where_that_has_two_rows(
    come: Come, box_office: None, account: str
) -> None:
    narrow = {**PHONE, "viewport": {"width": 320, "height": 844}}
    anna = come(java_script_enabled=False, locale="de", **narrow)
    hall = make_vault()
    # Enough below the week that what is pressed can come to the top of the screen.
    db.session.execute(update(Show).values(description="Mind the clock. " * 200))
    db.session.commit()
    anna.open(f"/sign-in?next=/events/{hall.event_id}")
    anna.page.locator("input[name=name]").fill(account)
    anna.page.locator("input[name=password]").fill(PASSWORD)
    anna.led_on(anna.page.locator("main button[type=submit]").click)
    for _ in range(2):
        anna.led_on(anna.page.locator(".week-after").click)
    anna.page.get_by_role("radio").nth(5).check()
    anna.led_on(slots(anna).first.click)
    header = boxes(anna.page.locator("header.top"))[0]
    picked = boxes(anna.page.locator("button.slot[data-status=mine]"))[0]
    assert header.height > 80
    assert picked.top >= header.bottom


def test_a_week_in_which_nothing_is_free_leads_to_the_next_one(anna: Person, box_office: None) -> None:
    hall = make_vault()
    anna.open_event(hall)
    go_to_next_week(anna)
    of_week = slot_ids(hall, since=next_week().replace(hour=0))[:30]
    none = anna.page.get_by_text("Nothing is free in this week.")
    expect(none).to_be_hidden()
    holders = [make_holder() for _ in range(15)]
    for nth, holder in enumerate(holders):
        hold_seats(hall.event_id, seat_ids=of_week[2 * nth : 2 * nth + 2], holder=holder)
    expect(none).to_be_visible()
    release_hold(hall.event_id, holder=holders[0])
    expect(none).to_be_hidden()
    hold_seats(hall.event_id, seat_ids=of_week[:2], holder=holders[0])
    anna.page.get_by_role("link", name=re.compile("^Next free: Mon, ")).click()
    expect(slots(anna)).to_have_count(30)
    expect(none).to_be_hidden()
