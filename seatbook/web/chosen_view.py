"""Map or list: which of the two somebody chose to see an event's seats in, for as long as they stay with it;
and of rooms, which week.

A form that was sent without JavaScript, and signing in on the way, lead back to what was chosen. It is kept in
the session; the map is what everybody sees first.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import session, url_for

from seatbook.queries.week import Week

CHOSEN = "list"


@dataclass(frozen=True, slots=True)
class ListView:
    """The list of one event. `section_id`: of this section only."""

    event_id: int
    section_id: int | None = None
    only_free: bool = False


def choose_list(view: ListView) -> None:
    kept = [view.event_id, view.section_id, view.only_free]
    if session.get(CHOSEN) != kept:
        session[CHOSEN] = kept


def choose_map(event_id: int, section_id: int | None = None) -> None:
    """The map; of a big house, with the seats of this section."""
    if section_id is None:
        session.pop(CHOSEN, None)
    elif session.get(CHOSEN) != [event_id, section_id]:
        session[CHOSEN] = [event_id, section_id]


def choose_week(event_id: int, week: Week) -> None:
    """The slots of this week."""
    if session.get(CHOSEN) != [event_id, str(week)]:
        session[CHOSEN] = [event_id, str(week)]


def chosen_week(event_id: int) -> Week | None:
    """The week of this event's rooms that was chosen last."""
    match session.get(CHOSEN):
        case [int(id_), str(week)] if id_ == event_id:
            return Week.parse(week)
    return None


def chosen_section(event_id: int) -> int | None:
    """The section of this event that was chosen last, on the map or in the list."""
    match session.get(CHOSEN):
        case [int(id_), int(section_id), *_] if id_ == event_id:
            return section_id
    return None


def chosen_list(event_id: int) -> ListView | None:
    """The list that was chosen for this event; None: the map."""
    match session.get(CHOSEN):
        case [int(id_), int() | None as section_id, bool(only_free)] if id_ == event_id:
            return ListView(event_id, section_id, only_free)
    return None


def address_of_event(event_id: int, *, anchor: str | None = None) -> str:
    """The event's page as it was chosen."""
    view = chosen_list(event_id)
    section_id = chosen_section(event_id)
    week = chosen_week(event_id)
    if week is not None:
        return url_for("events.week", event_id=event_id, week=str(week), _anchor=anchor)
    if view is None and section_id is not None:
        return url_for("events.section", event_id=event_id, section_id=section_id, _anchor=anchor)
    if view is None:
        return url_for("events.event", event_id=event_id, _anchor=anchor)
    return url_for(
        "events.seat_list",
        event_id=event_id,
        section_id=view.section_id,
        free=1 if view.only_free else None,
        _anchor=anchor,
    )
