"""The arena that is half sold: every section looks different, and the books are right."""

from __future__ import annotations

import pytest

from seatbook.domain.demonstration.arena import arena
from seatbook.domain.demonstration.arena_crowd import HARDLY_ANY_LEFT, SOLD_OUT, fill_arena
from seatbook.extensions import db
from seatbook.models import Event
from seatbook.queries.audit import audit_books
from seatbook.queries.event import load_event
from seatbook.queries.figures import figures_of_areas, figures_of_sections
from tests.planned import planned_event

pytestmark = pytest.mark.usefixtures("app_context")


def test_every_section_is_filled_by_another_share_and_the_limit_is_as_before() -> None:
    event = planned_event(arena(0.4))

    bought = fill_arena(event.event_id)

    view = load_event(event.event_id)
    at = view.moment.now
    assert sum(of.reserved for of in figures_of_areas(event.event_id, at=at).values()) == bought
    found = figures_of_sections(event.event_id, at=at)
    shares = {one.name: found[one.id].available / found[one.id].for_sale for one in view.sections}
    assert shares[SOLD_OUT] == 0
    assert shares[HARDLY_ANY_LEFT] < 0.2
    assert len(set(shares.values())) > 20
    assert shares["109"] < shares["213"]
    assert db.session.get_one(Event, event.event_id).max_seats == 8
    assert audit_books().findings == ()
