"""The plan document: areas, sections, rows and seats of a hall, kept as JSON in `Plan.layout`.

A plan says where places are and of which category, never what they cost or
whether they are taken: prices and inventory belong to an event, which gets rows
of its own made from the plan.

Coordinates are hall-wide and in units of one seat's width, from the middle of
one chair to the middle of the next. `x` counts from the hall's axis, the line
from the middle of the stage to the back wall: negative is left as the audience
sees it. `y` counts from the first row, away from the stage. A hall that was
drawn by people stands as they drew it: `x` to the right, `y` down the page.

Format "seatbook-plan", version 1. More keys may come, and unknown ones are
ignored; those below "may have" are left out where there is nothing to say.

    {"format": "seatbook-plan", "version": 1,
     "categories": [{"name": "Stalls", "colour": 1}],
     "areas": [
       {"kind": "seated", "name": "Hall", "sections": [
         {"name": "Stalls left", "band": 0, "side": "left", "position": 0, "rows": [
           {"label": "A", "y": 0.0, "seats": [
             {"number": "12", "label": "A12", "x": -1.5, "y": 0.0, "category": "Stalls"}]}]}]},
       {"kind": "standing", "name": "Floor", "capacity": 800, "category": "Standing"},
       {"kind": "slots", "name": "The Vault", "category": "Room"}]}

    the plan   may have  "drawings": [SHAPE], "focal_point": [x, y]
    an area    may have  "shape": SHAPE, "floor": "Ground floor", "zone": "North"
    a section  may have  "shape": SHAPE, "floor", "zone"
    a row      may have  "kind": "table" or "booth", "shape": SHAPE, "as_a_whole": true
    a seat     may have  "features": ["wheelchair", "companion", "restricted_view"]

`plan_shapes.py` describes a SHAPE.
"""

from seatbook.domain.plan_checks import FilePlaces, PlanFaults, check_layout, layout_faults
from seatbook.domain.plan_document import FORMAT, VERSION, document_from_layout, layout_from_document
from seatbook.domain.plan_layout import PlanArea, PlanCategory, PlanLayout, PlanRow, PlanSeat, PlanSection
from seatbook.domain.plan_limits import MAX_COORDINATE, MAX_LABEL_LENGTH, MAX_NAME_LENGTH, MAX_PLACES
from seatbook.domain.plan_shapes import PlanShape

__all__ = [
    "FORMAT",
    "MAX_COORDINATE",
    "MAX_LABEL_LENGTH",
    "MAX_NAME_LENGTH",
    "MAX_PLACES",
    "VERSION",
    "FilePlaces",
    "PlanArea",
    "PlanCategory",
    "PlanFaults",
    "PlanLayout",
    "PlanRow",
    "PlanSeat",
    "PlanSection",
    "PlanShape",
    "check_layout",
    "document_from_layout",
    "layout_faults",
    "layout_from_document",
]
