"""The system's few colours instead of ours, and less motion: everything can still be told apart."""

from __future__ import annotations

from itertools import combinations

import pytest
from playwright.sync_api import expect

from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats
from tests.browser.conftest import Come
from tests.browser.person import Person
from tests.factories import Hall, make_event, make_holder

FACES = {"A2": "available", "A5": "mine", "A6": "held", "A8": "reserved", "A10": "blocked"}

# Another one that is available.
TWIN = "A3"


@pytest.fixture
def hall(box_office: None) -> Hall:
    """Seats of every face but one's own."""
    hall = make_event(seats=40)
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[6], hall.seat_ids[5]], holder=make_holder())
    buyer = make_holder()
    bought = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[7]], holder=buyer)
    confirm_reservation(hall.event_id, reservation_id=bought.reservation_id, holder=buyer)
    block_seats(
        hall.event_id, seat_ids=[hall.seat_ids[8], hall.seat_ids[9]], reason="a camera", actor_user_id=None
    )
    return hall


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", ["", "/list"], ids=["map", "list"])
def test_every_face_differs_from_every_other(come: Come, hall: Hall, view: str, scheme: str) -> None:
    anna = come(forced_colors="active", color_scheme=scheme, reduced_motion="reduce")
    # Nothing is drawn again while it is looked at.
    anna.stop_hearing()
    anna.open(f"/events/{hall.event_id}{view}")
    anna.hold("A5")
    anna.page.mouse.move(0, 0)
    anna.page.evaluate("document.activeElement.blur()")
    for label, status in FACES.items():
        anna.sees(label, status)
    # Words and numbers would tell them apart anyway.
    for label in [*FACES, TWIN]:
        anna.seat(label).evaluate(
            "seat => { seat.textContent = ''; seat.ariaLabel = `${seat.ariaLabel.split(' · ')[0]} · .`; }"
        )

    looks = {status: picture(anna, label) for label, status in FACES.items()}

    assert picture(anna, TWIN) == looks["available"]
    alike = [pair for pair in combinations(looks, 2) if looks[pair[0]] == looks[pair[1]]]
    assert alike == []


def picture(person: Person, label: str) -> bytes:
    """The mark of a seat, as it is painted."""
    seat = person.seat(label)
    seat.scroll_into_view_if_needed()
    box = seat.bounding_box()
    assert box
    side = min(box["width"], box["height"], 40)
    return person.page.screenshot(
        clip={"x": round(box["x"]), "y": round(box["y"]), "width": round(side), "height": round(side)}
    )


def test_an_offer_is_ringed_and_does_not_move(come: Come, box_office: None) -> None:
    hall = make_event(seats=40, leave_no_single=True)
    anna = come(forced_colors="active", reduced_motion="reduce")
    anna.open_event(hall)

    anna.seat("A2").click()

    expect(anna.seat("A1")).to_have_attribute("data-better", "")
    expect(anna.seat("A1")).to_have_css("outline-style", "dashed")
    longest_ms = anna.page.evaluate(
        "Math.max(0, ...document.getAnimations().map(one => one.effect.getComputedTiming().activeDuration))"
    )
    assert longest_ms <= 10
