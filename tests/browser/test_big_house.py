"""An arena of thousands on a screen of any size: from the overview to four seats together, by every way in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import select

from seatbook.domain.demonstration.arena import arena
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.extensions import db
from seatbook.models import Seat, Section
from seatbook.queries.event_page import MOST_SEATS_AT_ONCE
from tests.browser.conftest import Come
from tests.browser.geometry import sideways
from tests.browser.person import PHONE, Person
from tests.browser.waiting import soon
from tests.conftest import LiveServer
from tests.factories import Hall, make_holder
from tests.planned import planned_event

SECTION = "109"


@pytest.fixture
def house(box_office: None) -> Hall:
    made = planned_event(arena(0.4))
    assert len(made.seat_ids) > MOST_SEATS_AT_ONCE
    return made


def seats_of(house: Hall, name: str) -> dict[str, int]:
    """Ids by "row-number"."""
    rows = db.session.execute(
        select(Seat.row_label, Seat.number, Seat.id)
        .join(Section, (Section.event_id == Seat.event_id) & (Section.id == Seat.section_id))
        .where(Seat.event_id == house.event_id, Section.name == name)
        .order_by(Seat.id)
    ).all()
    db.session.rollback()
    return {f"{row}-{number}": seat_id for row, number, seat_id in rows}


def part(person: Person, name: str) -> Locator:
    return person.page.locator(".part").filter(has_text=re.compile(rf"^{name}\b"))


def seat(person: Person, seat_id: int) -> Locator:
    return person.page.locator(f"#seat-{seat_id}")


IN_SIGHT = """
seats => seats.filter(seat => {
  const one = seat.getBoundingClientRect();
  const box = seat.closest(".map-box").getBoundingClientRect();
  const at = document.elementFromPoint(one.x + one.width / 2, one.y + one.height / 2);
  return one.left >= box.left && one.right <= box.right && one.top >= box.top && one.bottom <= box.bottom
    && seat.contains(at);
}).map(seat => seat.id)
"""


def in_sight(some: Locator) -> list[str]:
    """Wait until one of these seats is inside the box that scrolls, where a hand reaches it; ids of all that are."""
    found: list[str] = []

    def look() -> bool:
        found[:] = some.evaluate_all(IN_SIGHT)
        return bool(found)

    soon(some.page, look, True)
    return found


def test_the_overview_leads_to_a_section_whose_seats_can_be_pressed(anna: Person, house: Hall) -> None:
    anna.open_event(house)
    expect(anna.page.locator(".hall button")).to_have_count(0)
    of_section = seats_of(house, SECTION)

    part(anna, SECTION).locator("b").click()

    for seat_id in of_section.values():
        expect(seat(anna, seat_id)).to_be_attached()
    first = next(iter(of_section.values()))
    expect(seat(anna, first)).to_be_in_viewport()
    expect(anna.page.locator(".map-where")).to_have_text(re.compile(rf"^{SECTION} · "))
    seat(anna, first).click()
    expect(seat(anna, first)).to_have_attribute("data-status", "mine")
    expect(anna.basket.locator("li")).to_have_count(1)
    expect(anna.page).to_have_url(re.compile(rf"/events/{house.event_id}/sections/\d+#section-\d+$"))

    anna.page.reload()
    expect(seat(anna, first)).to_be_in_viewport()
    anna.press("Whole hall")
    expect(part(anna, SECTION).locator("b")).to_be_in_viewport()
    expect(anna.page).to_have_url(re.compile(rf"/events/{house.event_id}$"))


def test_a_section_that_was_clicked_beside_its_name_wears_no_ring(anna: Person, house: Hall) -> None:
    anna.open_event(house)
    outline = anna.page.locator(f'.outline[href="{part(anna, SECTION).get_attribute("href")}"]')
    box = outline.bounding_box()
    assert box
    anna.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.15)

    expect(anna.page).to_have_url(re.compile(r"#section-\d+$"))
    expect(outline).to_be_focused()
    expect(outline).to_have_css("outline-style", "none")


def test_the_address_of_a_section_shows_it_with_the_tools_of_the_map(come: Come, house: Hall) -> None:
    anna = come(**PHONE)
    anna.open_event(house)
    anna.open(part(anna, SECTION).get_attribute("href") or "")

    tools = anna.page.locator(".map-tools")
    expect(tools.get_by_role("button", name="Whole hall")).to_be_enabled()
    # Not behind the header, which stays where it is. Two frames after the page has loaded, all has moved that will.
    anna.page.wait_for_load_state()
    anna.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    header, box = anna.page.locator(".top").bounding_box(), tools.bounding_box()
    assert header
    assert box
    assert box["y"] >= header["height"]


def test_four_together_by_keyboard_alone(anna: Person, house: Hall) -> None:
    anna.open_event(house)
    pressed = anna.page.keyboard
    anna.page.locator("#best-quantity").focus()
    # Out of the form, over the tools that stand before the map, to the one stop that the map is.
    for _ in range(20):
        pressed.press("Tab")
        if anna.page.evaluate("document.activeElement.matches('.part')"):
            break
    focused = "document.activeElement.querySelector('b').textContent"
    walked = [anna.page.evaluate(focused)]
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowDown"):
        pressed.press(key)
        walked.append(anna.page.evaluate(focused))
    assert len(set(walked)) == 6

    pressed.press("Enter")
    expect(anna.page.locator("button:focus")).to_have_attribute("name", "hold")
    for count in range(1, 5):
        pressed.press("Enter")
        expect(anna.basket.locator("li")).to_have_count(count)
        expect(anna.page.locator("button:focus")).to_have_attribute("data-status", "mine")
        assert in_sight(anna.page.locator("button:focus"))
        before = anna.page.evaluate("document.activeElement.id")
        for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowUp"):
            pressed.press(key)
            if anna.page.evaluate("document.activeElement.dataset.status") == "available":
                break
        assert anna.page.evaluate("document.activeElement.id") != before

    section_of_seat = anna.page.evaluate("document.activeElement.closest('.rows').ariaLabel")
    pressed.press("Escape")
    assert anna.page.evaluate("document.activeElement.matches('.part')")
    assert anna.page.evaluate(focused) == section_of_seat


def test_four_together_by_touch(come: Come, house: Hall) -> None:
    anna = come(**PHONE)
    anna.open_event(house)
    assert sideways(anna.page) == 0
    of_section = seats_of(house, SECTION)
    part(anna, SECTION).locator("b").tap()
    expect(seat(anna, next(iter(of_section.values())))).to_be_attached()

    expect(anna.page.locator(".map-where")).to_have_text(re.compile(rf"^{SECTION} · "))
    seen = in_sight(anna.page.locator(".hall button"))
    reached = [seat_id for seat_id in of_section.values() if f"seat-{seat_id}" in seen]
    assert len(reached) >= 4
    size = seat(anna, reached[0]).evaluate("seat => seat.closest('p').getBoundingClientRect().height")
    assert size >= 40
    for count, seat_id in enumerate(reached[:4], 1):
        seat(anna, seat_id).tap()
        expect(seat(anna, seat_id)).to_have_attribute("data-status", "mine")
        expect(anna.page.locator(".basket-lines li")).to_have_count(count)
    assert sideways(anna.page) == 0


def pinch(person: Person, at: tuple[float, float], *, apart: tuple[int, int]) -> None:
    """Two fingers around a point, from so many pixels apart to so many."""
    wire = person.context.new_cdp_session(person.page)
    x, y = at

    def fingers(distance: float) -> list[dict[str, Any]]:
        return [{"x": x - distance / 2, "y": y, "id": 0}, {"x": x + distance / 2, "y": y, "id": 1}]

    wire.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": fingers(apart[0])})
    for step in range(1, 9):
        between = apart[0] + (apart[1] - apart[0]) * step / 8
        wire.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": fingers(between)})
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wire.detach()


def width_of_hall(person: Person) -> float:
    return float(person.page.locator(".hall.drawn").evaluate("hall => hall.getBoundingClientRect().width"))


def wider_hall(person: Person, before: float) -> float:
    """Wait until it is wider than before; its width."""
    person.soon(lambda: width_of_hall(person) > before, True)
    return width_of_hall(person)


def middle_of(one: Locator) -> tuple[float, float]:
    box = one.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_two_fingers_bring_what_is_between_them_closer(come: Come, house: Hall) -> None:
    anna = come(**PHONE)
    anna.open_event(house)
    expect(anna.page.locator(".map-tools")).to_be_visible()
    middle = middle_of(part(anna, SECTION))
    before = width_of_hall(anna)

    pinch(anna, middle, apart=(60, 240))

    anna.soon(lambda: width_of_hall(anna), pytest.approx(before * 4, rel=0.1))
    anna.soon(lambda: middle_of(part(anna, SECTION)), pytest.approx(middle, abs=12))
    pinch(anna, middle, apart=(300, 60))
    anna.soon(lambda: width_of_hall(anna), pytest.approx(before, rel=0.01))
    assert sideways(anna.page) == 0


def test_wheel_keys_and_buttons_zoom_and_a_mouse_pushes(anna: Person, house: Hall) -> None:
    anna.open_event(house)
    box = anna.page.locator(".map-box")
    x, y = middle_of(box)
    widths = [width_of_hall(anna)]
    anna.page.mouse.move(x, y)
    anna.page.keyboard.down("Control")
    anna.page.mouse.wheel(0, -120)
    anna.page.keyboard.up("Control")
    widths.append(wider_hall(anna, widths[-1]))
    anna.press("Zoom in")
    widths.append(wider_hall(anna, widths[-1]))
    part(anna, SECTION).focus()
    anna.page.keyboard.press("+")
    widths.append(wider_hall(anna, widths[-1]))

    left, top = box.evaluate("box => [box.scrollLeft, box.scrollTop]")
    url = anna.page.url
    anna.page.mouse.move(x, y)
    anna.page.mouse.down()
    anna.page.mouse.move(x - 60, y - 40, steps=4)
    anna.page.mouse.up()
    anna.soon(
        lambda: box.evaluate("box => [box.scrollLeft, box.scrollTop]"),
        pytest.approx([left + 60, top + 40], abs=2),
    )
    anna.page.keyboard.press("-")
    anna.soon(lambda: width_of_hall(anna) < widths[-1], True)
    # Let go over a section or a seat: nothing was pressed.
    expect(anna.basket.locator("li")).to_have_count(0)
    assert anna.page.url == url


def test_what_others_take_shows_in_the_overview_and_in_an_open_section(anna: Person, house: Hall) -> None:
    of_section = list(seats_of(house, SECTION).values())
    anna.open_event(house)
    left = len(of_section)
    expect(part(anna, SECTION)).to_contain_text(f"{left} left")
    href = part(anna, SECTION).get_attribute("href")
    outline = anna.page.locator(f'.outline[href="{href}"]')
    expect(outline).to_have_attribute("data-thirds", "3")

    ben = make_holder()
    for taken in (of_section[:8], of_section[8:16], of_section[16 : left - 8]):
        for one in range(0, len(taken), 8):
            holder = make_holder()
            held = hold_seats(house.event_id, seat_ids=taken[one : one + 8], holder=holder)
            confirm_reservation(house.event_id, reservation_id=held.reservation_id, holder=holder)
    expect(part(anna, SECTION)).to_contain_text("8 left")
    expect(outline).to_have_attribute("data-thirds", "1")

    part(anna, SECTION).locator("b").click()
    expect(seat(anna, of_section[0])).to_have_attribute("data-status", "reserved")
    hold_seats(house.event_id, seat_ids=of_section[-1:], holder=ben)
    expect(seat(anna, of_section[-1])).to_have_attribute("data-status", "held")


def test_what_happens_while_a_section_is_on_its_way_is_not_missed(
    anna: Person, house: Hall, live_server: LiveServer
) -> None:
    """The section was read, then a seat of it is taken, which this page hears of; only then the section comes."""
    of_section = list(seats_of(house, SECTION).values())
    anna.open_event(house)
    expect(part(anna, SECTION)).to_contain_text(f"{len(of_section)} left")

    def late(route: Any) -> None:
        answer = route.fetch()
        with live_server.app.app_context():
            hold_seats(house.event_id, seat_ids=of_section[:1], holder=make_holder())
        expect(part(anna, SECTION)).to_contain_text(f"{len(of_section) - 1} left")
        route.fulfill(response=answer)

    anna.page.route("**/sections/*", late, times=1)
    part(anna, SECTION).locator("b").click()

    expect(seat(anna, of_section[0])).to_have_attribute("data-status", "held")


def test_the_best_four_are_shown_where_they_are(anna: Person, house: Hall) -> None:
    anna.open_event(house)
    anna.page.get_by_label("Best seats for").select_option("4")
    anna.press("Find")
    expect(anna.basket.locator("li")).to_have_count(4)
    mine = anna.page.locator('.hall [data-status="mine"]')
    expect(mine).to_have_count(4)
    for nth in range(4):
        expect(mine.nth(nth)).to_be_in_viewport()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_without_scripts_a_section_is_a_page(come: Come, house: Hall, options: dict[str, Any]) -> None:
    anna = come(**options, java_script_enabled=False)
    anna.open_event(house)
    part(anna, SECTION).locator("b").click()
    for count in range(1, 5):
        near = anna.page.locator(f"#{in_sight(anna.page.locator('button[name=hold]'))[0]}")
        box = near.bounding_box()
        assert box
        assert box["width"] >= 30
        near.click()
        expect(anna.page.locator(".basket-lines li")).to_have_count(count)
        # The next one is beside it, and not in another look at the whole hall.
        assert in_sight(anna.page.locator("[data-status=mine]:target"))


def test_ones_own_seats_are_told_from_afar_and_found_by_the_basket(come: Come, house: Hall) -> None:
    anna = come(**PHONE)
    anna.open_event(house)
    anna.page.get_by_label("Best seats for").select_option("3")
    anna.press("Find")
    expect(anna.page.locator(".basket-lines li")).to_have_count(3)
    anna.open_event(house)

    marked = anna.page.locator(".part[data-mine]")
    expect(marked).to_have_count(1)
    expect(marked).to_have_attribute("data-mine", "3")
    expect(anna.page.locator(".hall button")).to_have_count(0)

    anna.page.get_by_text(re.compile("^3 places · €")).filter(visible=True).tap()
    line = anna.page.locator(".basket-lines a").first
    seat_id = int((line.get_attribute("href") or "").split("#seat-")[1])
    line.tap()
    expect(seat(anna, seat_id)).to_have_attribute("data-status", "mine")
    expect(seat(anna, seat_id)).to_be_in_viewport()
    assert in_sight(seat(anna, seat_id))

    anna.press("Whole hall")
    anna.page.get_by_text(re.compile("^3 places · €")).filter(visible=True).tap()
    anna.press("Give all back")
    expect(marked).to_have_count(0)
