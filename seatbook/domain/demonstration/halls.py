"""The demonstration's halls: a cinema of 40 seats, a theatre of 300, a yard for 800 standing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from seatbook.domain.hall_layout import seat_label
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout, PlanRow, PlanSeat, PlanSection


def cinema() -> PlanLayout:
    """40 seats in five rows that grow towards the back; the last row has the wide ones."""
    rows = _rows("ABCDE", [6, 8, 8, 9, 9], category=lambda row: "Sofa row" if row == "E" else "Standard")
    return PlanLayout(
        categories=(PlanCategory("Standard", 2), PlanCategory("Sofa row", 5)),
        areas=(_seated("Seats", [PlanSection("Screen", 0, "centre", 0, tuple(rows))]),),
    )


# Seats a row in the left, middle and right block of the stalls, and of the balcony. The rows are
# staggered by half a seat, so that everybody looks between two heads.
STALLS_SIDE = [3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6]
STALLS_MIDDLE = [8, 9, 8, 9, 10, 9, 10, 11, 10, 11, 10]
BALCONY_SIDE = [6, 6, 6]
BALCONY_MIDDLE = [12, 13, 12]
AISLE = 2.0
# The side blocks are turned to the stage, so they stand half a row nearer to it.
TURNED = 0.5
BOX_WIDTH = 2


def theatre() -> PlanLayout:
    """300 seats: stalls in three blocks, two boxes on either side, and a balcony above the rear stalls."""
    stalls = _three_blocks(
        "Stalls",
        "ABCDEFGHIJK",
        STALLS_SIDE,
        STALLS_MIDDLE,
        band=0,
        top=TURNED,
        category=lambda row: "Front stalls" if row < "F" else "Rear stalls",
    )
    edge = max(seat.x for section in stalls for row in section.rows for seat in row.seats) + 0.5
    boxes = [
        _box(f"Box {number}", band, side, left=left, top=TURNED + top)
        for number, band, side, left, top in (
            (1, 1, "left", -edge - AISLE - BOX_WIDTH, 1),
            (2, 1, "right", edge + AISLE, 1),
            (3, 2, "left", -edge - AISLE - BOX_WIDTH, 6),
            (4, 2, "right", edge + AISLE, 6),
        )
    ]
    balcony = _three_blocks(
        "Balcony",
        ["AA", "BB", "CC"],
        BALCONY_SIDE,
        BALCONY_MIDDLE,
        band=3,
        top=TURNED + len(STALLS_SIDE) + 2,
        category=lambda _: "Balcony",
    )
    return PlanLayout(
        categories=(
            PlanCategory("Front stalls", 6),
            PlanCategory("Rear stalls", 2),
            PlanCategory("Balcony", 3),
            PlanCategory("Boxes", 7),
        ),
        areas=(_seated("House", [*stalls, *boxes, *balcony]),),
    )


def yard() -> PlanLayout:
    """A yard for 800 standing, with 48 seats on a gallery at its back."""
    gallery = _rows("PQR", [16, 16, 16], category=lambda _: "Gallery")
    return PlanLayout(
        categories=(PlanCategory("Standing", 5), PlanCategory("Gallery", 3)),
        areas=(
            PlanArea(kind="standing", name="Yard", capacity=800, category="Standing"),
            _seated("Gallery", [PlanSection("Gallery", 0, "centre", 0, tuple(gallery))]),
        ),
    )


def room(name: str) -> PlanLayout:
    """One escape room; its slots come with the event."""
    return PlanLayout(
        categories=(PlanCategory("Off-peak", 4), PlanCategory("Peak", 6)),
        areas=(PlanArea(kind="slots", name=name, category="Off-peak"),),
    )


def shirts(stock: Mapping[str, int]) -> PlanLayout:
    """Sizes of a T-shirt with how many there are."""
    return PlanLayout(
        categories=(PlanCategory("T-shirt", 6),),
        areas=tuple(
            PlanArea(kind="stock", name=size, capacity=pieces, category="T-shirt")
            for size, pieces in stock.items()
        ),
    )


def guided_tour() -> PlanLayout:
    """25 people, who stand."""
    return PlanLayout(
        categories=(PlanCategory("Tour", 3),),
        areas=(PlanArea(kind="standing", name="Tour", capacity=25, category="Tour"),),
    )


def _seated(name: str, sections: Sequence[PlanSection]) -> PlanArea:
    return PlanArea(kind="seated", name=name, sections=tuple(sections))


def _three_blocks(
    name: str,
    labels: Sequence[str],
    side: Sequence[int],
    middle: Sequence[int],
    *,
    band: int,
    top: float,
    category: Callable[[str], str],
) -> list[PlanSection]:
    """Left, middle and right; numbers run on from block to block, as on a ticket."""
    half = max(middle) / 2 + AISLE
    rows: dict[str, list[PlanRow]] = {"left": [], "centre": [], "right": []}
    for nth, (label, beside, between) in enumerate(zip(labels, side, middle, strict=True)):
        of = category(label)
        y = top + nth
        rows["left"].append(_row(label, beside, start=1, left=-half - beside, y=y - TURNED, category=of))
        rows["centre"].append(_row(label, between, start=1 + beside, left=-between / 2, y=y, category=of))
        rows["right"].append(
            _row(label, beside, start=1 + beside + between, left=half, y=y - TURNED, category=of)
        )
    return [
        PlanSection(name if where == "centre" else f"{name} {where}", band, where, 0, tuple(block))
        for where, block in rows.items()
    ]


def _box(name: str, band: int, side: str, *, left: float, top: float) -> PlanSection:
    rows = (
        _row("A", BOX_WIDTH, start=1, left=left, y=top, category="Boxes"),
        _row("B", BOX_WIDTH, start=1, left=left, y=top + 1, category="Boxes"),
    )
    return PlanSection(name, band, side, 0, rows)


def _rows(labels: str, counts: Sequence[int], *, category: Callable[[str], str]) -> Iterator[PlanRow]:
    """Rows of a single block, each with its middle on the axis."""
    for y, (label, count) in enumerate(zip(labels, counts, strict=True)):
        yield _row(label, count, start=1, left=-count / 2, y=float(y), category=category(label))


def _row(label: str, count: int, *, start: int, left: float, y: float, category: str) -> PlanRow:
    seats = (
        PlanSeat(
            number=str(start + nth),
            label=seat_label(label, start + nth),
            x=left + nth + 0.5,
            y=y,
            category=category,
        )
        for nth in range(count)
    )
    return PlanRow(label=label, y=y, seats=tuple(seats))
