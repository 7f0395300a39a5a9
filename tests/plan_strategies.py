"""Halls as nobody would draw them, for properties that must hold for every hall."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from seatbook.domain.plan_shapes import SHAPE_ROLES
from seatbook.domain.plans import (
    PlanArea,
    PlanCategory,
    PlanLayout,
    PlanRow,
    PlanSeat,
    PlanSection,
    PlanShape,
    layout_faults,
)
from seatbook.models.inventory import SEAT_FEATURES, SECTION_SIDES

# A hall takes a while to think up, and longer on a machine that is busy with other tests.
UNHURRIED = settings(deadline=None, max_examples=40, suppress_health_check=(HealthCheck.too_slow,))

# Letters of several scripts, digits, signs; no spaces, which some formats do not keep as they are.
WORDS = st.text("AZaz0129äßÑЖ中א-–_.,;%&<>'\"“\\/{}[]€🎭", min_size=1, max_size=4)
FEATURES = st.sampled_from(
    ((), (), SEAT_FEATURES, *((one,) for one in SEAT_FEATURES), (SEAT_FEATURES[0], SEAT_FEATURES[2]))
)
# Coordinates are thousandths of a seat.
COORDINATES = st.integers(-60_000, 60_000).map(lambda thousandths: thousandths / 1000)
SIZES = st.integers(1, 30_000).map(lambda thousandths: thousandths / 1000)
POINTS = st.tuples(COORDINATES, COORDINATES)
ANGLES = st.integers(0, 359).map(float)
TEXTS = st.just("") | WORDS | st.sampled_from(("Stage", "Bühne"))


@st.composite
def shapes(draw: st.DrawFn) -> PlanShape:
    kind = draw(st.sampled_from(("polygon", "line", "rectangle", "ellipse", "circle", "text")))
    role, rotation = draw(st.sampled_from(SHAPE_ROLES)), draw(ANGLES)
    if kind in ("polygon", "line"):
        fewest = 3 if kind == "polygon" else 2
        points = tuple(draw(st.lists(POINTS, min_size=fewest, max_size=6, unique=True)))
        return PlanShape(kind, points=points, rotation=rotation, text=draw(TEXTS), role=role)
    x, y = draw(POINTS)
    if kind == "text":
        height = draw(st.just(0.0) | SIZES)
        return PlanShape(kind, x, y, height=height, rotation=rotation, text=draw(WORDS), role=role)
    width = draw(SIZES)
    height = width if kind == "circle" else draw(SIZES)
    return PlanShape(kind, x, y, width, height, rotation, text=draw(TEXTS), role=role)


@st.composite
def layouts(draw: st.DrawFn) -> PlanLayout:
    """A plan of which events can be made: seats about 1 apart, and everything else that a plan may have."""
    categories = tuple(
        PlanCategory(name, draw(st.integers(1, 8)))
        for name in draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    )
    names = [category.name for category in categories]
    section_names = draw(st.lists(WORDS, min_size=8, max_size=8, unique=True))
    area_names = draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    areas = []
    top = 0
    for place, area_name in enumerate(area_names):
        kind = "seated" if place == 0 else draw(st.sampled_from(("seated", "standing", "slots", "stock")))
        sections: list[PlanSection] = []
        if kind == "seated":
            for _ in range(draw(st.integers(1, 2))):
                rows = draw(_rows(names, top=top))
                top += len(rows)
                sections.append(draw(_sections(section_names.pop(), rows)))
        areas.append(
            PlanArea(
                kind=kind,
                name=area_name,
                sections=tuple(sections),
                capacity=draw(st.integers(1, 500)) if kind in ("standing", "stock") else None,
                category=None if kind == "seated" else draw(st.sampled_from(names)),
                shape=draw(st.none() | shapes()),
                floor=draw(TEXTS),
                zone=draw(TEXTS),
            )
        )
    layout = PlanLayout(
        categories=categories,
        areas=tuple(areas),
        drawings=tuple(draw(st.lists(shapes(), max_size=3))),
        focal_point=draw(st.none() | POINTS),
    )
    assume(not list(layout_faults(layout)))
    return layout


@st.composite
def _sections(draw: st.DrawFn, name: str, rows: tuple[PlanRow, ...]) -> PlanSection:
    return PlanSection(
        name=name,
        band=draw(st.integers(0, 9)),
        side=draw(st.sampled_from(SECTION_SIDES)),
        position=draw(st.integers(0, 9)),
        rows=rows,
        shape=draw(st.none() | shapes()),
        floor=draw(TEXTS),
        zone=draw(TEXTS),
    )


@st.composite
def _rows(draw: st.DrawFn, categories: list[str], *, top: int) -> tuple[PlanRow, ...]:
    rows = []
    for line, label in enumerate(draw(st.lists(WORDS, min_size=1, max_size=2, unique=True))):
        left = draw(st.integers(-9, 9))
        seats = []
        for nth, number in enumerate(draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))):
            # Up to a tenth of a seat from where it would stand in line.
            aside, ahead = divmod(draw(st.integers(0, 201 * 201 - 1)), 201)
            seats.append(
                PlanSeat(
                    number=number,
                    label=draw(st.just(f"{label}{number}") | WORDS),
                    x=((left + nth) * 1000 + aside - 100) / 1000,
                    y=((top + line) * 1000 + ahead - 100) / 1000,
                    category=draw(st.sampled_from(categories)),
                    features=draw(FEATURES),
                )
            )
        kind = draw(st.sampled_from(("row", "table", "booth")))
        shape = draw(st.none() | shapes())
        whole = draw(st.booleans())
        rows.append(PlanRow(label, draw(COORDINATES), tuple(seats), kind, shape, whole))
    return tuple(rows)
