"""How large a plan may be. Real halls stay far below; a wrong file does not get far."""

from __future__ import annotations

import math

MAX_PLACES = 100_000
MAX_SECTIONS = 2_000
MAX_NAME_LENGTH = 120
MAX_LABEL_LENGTH = 40
# In seats, from the axis and the first row.
MAX_COORDINATE = 10_000
MAX_SECTION_ORDER = 10_000
MAX_SHAPES = 2_000
MAX_POINTS_OF_ALL_SHAPES = 20_000
# Two seats that are nearer than this (in seats) cover each other on the page.
MIN_DISTANCE = 0.3


def is_coordinate(value: float) -> bool:
    """Whether a number can be a place in a hall, or a size there."""
    return math.isfinite(value) and abs(value) <= MAX_COORDINATE
