"""One press, one effect: double clicks on a slow line, answers that are lost, and the Back button."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import Come
from tests.browser.events import make_alike
from tests.browser.geometry import boxes
from tests.browser.person import Person
from tests.factories import Hall, changes, statuses


def held(hall: Hall) -> int:
    return statuses(hall).count("held")


def click_twice_before_the_answer(person: Person, button: Locator) -> list[str]:
    """Without scripts, on a slow line: both clicks count at the server, and the answer to the second is shown.

    The bodies of the forms that were sent.
    """
    at = boxes(button)[0]
    sent: list[str] = []

    def click() -> None:
        person.page.mouse.click(at.left + at.width / 2, at.top + at.height / 2)

    def click_again(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.post_data or "")
            if len(sent) == 1:
                assert route.fetch(max_redirects=0).status == 303
                # The browser throws this answer away.
                click()
                return
        route.continue_()

    person.page.route("**", click_again)
    click()
    person.soon(lambda: len(sent), 2)
    person.page.unroute("**")
    return sent


def test_a_double_click_on_a_slow_line_takes_three_and_not_six(anna: Person, box_office: None) -> None:
    hall = make_alike("standing", Floor=30)
    anna.open_event(hall)
    anna.page.get_by_label("How many of Floor?").select_option("3")
    # What is sent arrives when both clicks are done.
    waiting: list[Route] = []
    anna.page.route("**/areas/*", lambda route: waiting.append(route))

    anna.page.get_by_role("button", name="Take").dblclick()

    anna.soon(lambda: len(waiting), 1)
    waiting[0].continue_()
    anna.soon(lambda: len(waiting), 2)
    waiting[1].continue_()
    anna.figures(available=27, held=3, reserved=0)
    expect(anna.basket).to_contain_text("Floor × 3")
    # Whatever is pressed now comes after all that the two clicks sent.
    anna.page.unroute("**/areas/*")
    with anna.page.expect_request("**/areas/*") as third:
        anna.press("Take")
    anna.figures(available=24, held=6, reserved=0)
    first, second = (one.request.post_data for one in waiting)
    assert first == second
    assert third.value.post_data != first
    assert held(hall) == 6


def test_pressing_again_after_the_answer_takes_three_more(anna: Person, box_office: None) -> None:
    hall = make_alike("standing", Floor=30)
    anna.open_event(hall)
    anna.page.get_by_label("How many of Floor?").select_option("3")
    anna.press("Take")
    anna.figures(available=27, held=3, reserved=0)

    anna.page.get_by_label("How many of Floor?").select_option("3")
    anna.press("Take")

    anna.figures(available=24, held=6, reserved=0)


def test_a_lost_answer_and_another_press_count_once(anna: Person, box_office: None) -> None:
    hall = make_alike("standing", Floor=30)
    # Nothing else tells this page what its press did.
    anna.stop_hearing()
    anna.open_event(hall)
    anna.page.get_by_label("How many of Floor?").select_option("3")

    def lose(route: Route) -> None:
        assert route.fetch().status == 200
        route.abort("connectionreset")

    anna.page.route("**/areas/*", lose, times=1)
    with anna.page.expect_event("requestfailed"):
        anna.press("Take")
    assert held(hall) == 3

    anna.press("Take")

    expect(anna.basket).to_contain_text("Floor × 3")
    assert held(hall) == 3
    # What a browser writes down about a line that broke is no fault of the page.
    broken = re.compile("ERR_CONNECTION_RESET|Failed to fetch")
    anna.complaints.found[:] = [line for line in anna.complaints.found if not broken.search(line)]


def test_the_best_seats_can_be_found_twice(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    for count in (2, 4):
        anna.press("Find")
        anna.figures(held=count)
    assert held(hall) == 4


def test_a_seat_can_be_held_given_back_and_held_again(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    for status in ("mine", "available", "mine", "available"):
        anna.seat("A5").click()
        anna.sees("A5", status)
    assert [line[3] for line in changes(hall)] == ["hold", "release"] * 2


def test_without_scripts_a_double_click_takes_three_and_not_six(come: Come, box_office: None) -> None:
    anna = come(java_script_enabled=False)
    hall = make_alike("standing", Floor=30)
    anna.open_event(hall)
    anna.page.get_by_label("How many of Floor?").select_option("3")

    first, second = click_twice_before_the_answer(anna, anna.page.get_by_role("button", name="Take"))

    assert first == second
    expect(anna.basket).to_contain_text("Floor × 3")
    anna.page.reload()
    expect(anna.basket).to_contain_text("Floor × 3")
    assert held(hall) == 3


def test_without_scripts_going_back_and_pressing_again_changes_nothing_and_says_so(
    come: Come, box_office: None
) -> None:
    anna = come(java_script_enabled=False)
    hall = make_alike("standing", Floor=30)
    # With its cookie from here on, so that the kept page is of the same visit.
    anna.open_event(hall)
    anna.led_on(lambda: anna.press("Take"))
    anna.open_event(hall)
    kept = anna.page.content()
    anna.page.get_by_label("How many of Floor?").select_option("3")
    anna.press("Take")
    expect(anna.basket).to_contain_text("Floor × 4")

    # Browsers that keep pages whole show this one as it was.
    anna.page.route("**/events/*", lambda route: route.fulfill(body=kept, content_type="text/html"), times=1)
    anna.page.go_back()
    expect(anna.basket).to_contain_text("1 place")
    anna.page.get_by_label("How many of Floor?").select_option("3")
    anna.press("Take")

    anna.reads("This came to us twice and was done once. This is how things stand now.")
    expect(anna.basket).to_contain_text("Floor × 4")
    assert held(hall) == 4


def test_without_scripts_reserving_twice_by_a_double_click_leads_to_the_reservation(
    come: Come, hall: Hall, account: str
) -> None:
    anna = come(java_script_enabled=False)
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(hall)
    anna.hold("A5")

    first, second = click_twice_before_the_answer(
        anna, anna.page.get_by_role("button", name="Reserve").filter(visible=True).first
    )

    assert first == second
    anna.reads("Row A, seat 5")
    anna.page.go_back()
    assert statuses(hall).count("reserved") == 1
