"""Posters: our own drawings, which load nothing, carry no text, and pass the strict CSP."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from seatbook.config import PROJECT_DIR
from seatbook.models.catalogue import SHOW_KINDS

POSTERS = sorted((PROJECT_DIR / "static" / "posters").glob("*.svg"))


def test_every_kind_of_show_has_a_plain_poster() -> None:
    assert {f"kind-{kind}" for kind in SHOW_KINDS} <= {poster.stem for poster in POSTERS}


@pytest.mark.parametrize("poster", POSTERS, ids=lambda poster: poster.stem)
def test_a_poster_is_a_small_drawing_and_nothing_else(poster: Path) -> None:
    source = poster.read_text("utf-8")
    root = ElementTree.fromstring(source)  # noqa: S314  (our own file)

    assert poster.stat().st_size < 6_000
    assert root.get("viewBox") == "0 0 300 400"
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        *["svg", "g", "path", "rect", "circle", "ellipse"]
    }
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in attributes if name in ("style", "class", "id") or name.startswith("on")}
    assert not re.search(r"href|url\(|@import", source)
