"""Colours of categories in files that name colours: ours are places in a palette of eight.

The palette is the one of the light pages (Okabe and Ito's, darkened where a
ring on paper needs it), so that a plan looks alike in other programs.
"""

from __future__ import annotations

HEX = {
    1: "#0072b2",
    2: "#c9570a",
    3: "#00875f",
    4: "#b6558f",
    5: "#a87400",
    6: "#2a86bd",
    7: "#7d7a0c",
    8: "#4f4a45",
}
_PLACES = {colour: place for place, colour in HEX.items()}


def colour_of(colour: str) -> int | None:
    """The place in our palette; None for a colour of somebody else's."""
    return _PLACES.get(colour.lower())
