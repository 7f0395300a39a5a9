"""The great hall of Tampere, as its operator wrote it down: 1,563 seats in 11 zones."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import Result
from playwright.sync_api import expect

from tests.browser.conftest import Come
from tests.browser.geometry import Box, around, boxes, overlaps, sideways
from tests.browser.person import DESKTOP, PHONE, REFERENCE, Person
from tests.conftest import LiveServer

SEATS = 1_563
# Zones by their side; the only box is on the right.
LEFT = (
    "Etupermanto vasen (1. krs)",
    "Etupermanto vasen (2. krs)",
    "Takapermanto vasen (2. krs)",
    "Etuparveke vasen (3. krs)",
    "Takaparveke vasen (3. krs)",
)
RIGHT = tuple(zone.replace("vasen", "oikea") for zone in LEFT)
BOX = "Aitio A oikea (1. krs)"


@pytest.fixture
def event_id(live_server: LiveServer, box_office: None, shared_dir: Path) -> int:
    """Imported and put on sale as an organiser does it, by command."""
    file = shared_dir / "data" / "venues" / "tampere-talo-iso-sali.csv"

    def flask(*arguments: str) -> Result:
        result = live_server.app.test_cli_runner().invoke(args=arguments)
        assert result.exit_code == 0, result.output
        return result

    imported = flask("plan", "import", str(file), "--venue", "Tampere-talo", "--name", "Iso sali")
    assert "1,563 seats" in imported.output
    created = flask(
        *("event", "create", "--show", "The Quiet Hour", "--kind", "concert", "--venue", "Tampere-talo"),
        *(
            "--plan",
            "Iso sali",
            "--starts-at",
            "2040-12-24 19:30",
            "--price",
            "45.00",
            "--payment",
            "counter",
            "--publish",
            "--json",
        ),
    )
    return int(json.loads(created.stdout)["event_id"])


def seat_boxes(person: Person, zone: str | None = None) -> list[Box]:
    within = person.page if zone is None else person.page.get_by_role("group", name=zone, exact=True)
    return boxes(within.get_by_role("button", name=re.compile("^Row ")))


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_looks_like_a_hall(come: Come, event_id: int, screen: dict[str, object]) -> None:
    anna = come(**screen)
    anna.open(f"/events/{event_id}")

    # Eleven zones, and the form for the best seats.
    assert anna.page.get_by_role("group").count() == 12
    parts = {zone: seat_boxes(anna, zone) for zone in (*LEFT, *RIGHT, BOX)}
    seats = [seat for part in parts.values() for seat in part]
    assert len(seats) == SEATS
    assert [f"{one.name} covers {other.name}" for one, other in overlaps(seats)] == []
    assert {round(seat.width, 1) for seat in seats} == {round(seats[0].width, 1)}
    assert min(seat.width for seat in seats) >= 3

    stage = boxes(anna.page.get_by_text("Stage", exact=True))[0]
    whole = around(seats)
    assert stage.bottom < whole.top
    assert abs((stage.left + stage.right) / 2 - (whole.left + whole.right) / 2) < whole.width * 0.1
    blocks = {zone: around(part, name=zone) for zone, part in parts.items()}
    for left, right in zip(LEFT, RIGHT, strict=True):
        assert blocks[left].right < blocks[right].left
        # Partners face each other across the aisle, at the same distance from the stage.
        assert abs(blocks[left].bottom - blocks[right].bottom) < whole.height * 0.1
        assert abs(blocks[left].width - blocks[right].width) < whole.width * 0.1
    # From the stage backwards, nothing in front of what the file has before it.
    assert [zone for zone in sorted(LEFT, key=lambda zone: blocks[zone].top)] == list(LEFT)
    assert list(overlaps(list(blocks.values()))) == []
    # The whole hall is in sight, without moving anything sideways.
    width = anna.page.evaluate("document.documentElement.clientWidth")
    assert whole.left >= 0
    assert whole.right <= width
    assert sideways(anna.page) == 0


def test_rows_are_rows_and_neighbours_are_neighbours(anna: Person, event_id: int) -> None:
    anna.open(f"/events/{event_id}")
    for zone in (*LEFT, *RIGHT, BOX):
        rows: dict[str, list[tuple[int, Box]]] = {}
        for box in seat_boxes(anna, zone):
            match = re.match(r"Row (\S+), seat (\d+) · ", box.name)
            assert match, box.name
            rows.setdefault(match[1], []).append((int(match[2]), box))
        for label, row in rows.items():
            row.sort(key=lambda seat: seat[0])
            assert len({round(box.top) for _, box in row}) == 1, f"row {label} of {zone} is not straight"
            lefts = [box.left for _, box in row]
            assert lefts == sorted(lefts) or lefts == sorted(lefts, reverse=True), f"row {label} of {zone}"
        if len(rows) == 1:
            continue
        tops = sorted({round(row[0][1].top) for row in rows.values()})
        gaps = [later - earlier for earlier, later in pairwise(tops)]
        assert min(gaps) >= rows[next(iter(rows))][0][1].height


def test_a_seat_in_it_is_bought(anna: Person, ben: Person, event_id: int, account: str) -> None:
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open(f"/events/{event_id}")
    ben.open(f"/events/{event_id}")
    anna.figures(available=SEATS)
    name = re.compile(r"^Row A5, seat \d+ · Etupermanto oikea \(1\. krs\) · €45\.00 · ")
    seat = anna.page.get_by_role("button", name=name).first
    place = (seat.get_attribute("aria-label") or "").split(" · ")[0]
    same_seat = ben.page.get_by_role("button", name=re.compile(f"^{place} · Etupermanto oikea"))

    # From afar a part of the hall is what one presses.
    anna.page.get_by_role("link", name=re.compile(r"^Etupermanto oikea \(1\. krs\)")).click()
    seat.click()
    expect(same_seat).to_have_attribute("data-status", "held")
    anna.press("Reserve")

    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()
    anna.reads(place)
    anna.reads(re.compile(re.escape("Etupermanto oikea (1. krs)")))
    expect(same_seat).to_have_attribute("data-status", "reserved")
    ben.figures(available=SEATS - 1, reserved=1)
