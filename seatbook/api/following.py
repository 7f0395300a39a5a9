"""An event as it changes, for programs: what the open pages hear, with the seats as JSON instead of markup.

It is one more language of the same streams (`seatbook/live/`): one look at the log serves the pages and the
programs, and nothing here is read while no program listens.
"""

from __future__ import annotations

from typing import Annotated

from flask import Flask, Response, request
from pydantic import Field

from seatbook.api.credentials import asker
from seatbook.api.problems import problem
from seatbook.api.seats import Changes, CursorText, cursor_of, routes, written
from seatbook.api.shapes import Query
from seatbook.domain.holders import HolderRef, holder_of_user
from seatbook.errors import Busy, InvalidInput, NotFound
from seatbook.live import Live, Stream, current_live, direct_socket, serves_streams, viewer_of
from seatbook.live.drawing import Drawing, Sitting
from seatbook.live.viewers import names_of
from seatbook.queries.changes import Cursor
from seatbook.queries.event import EventView, load_event
from seatbook.queries.stream import places_with_owners
from seatbook.web.holder import browser_key
from seatbook.web.stream import RETRY_AFTER_SECONDS, event_stream

# What streams of programs are told in, where a page's has its language.
JSON = "json"
NO_ROOM = (
    "Too many programs and pages follow events at this moment. Ask changes/ meanwhile, and try again later."
)


class From(Query):
    since: Annotated[
        CursorText | None,
        Field(
            description="Where to begin: a cursor of ours. Without it: now. The header Last-Event-ID goes before it."
        ),
    ] = None


def init_app(app: Flask) -> None:
    live: Live = app.extensions["seatbook_live"]
    live.speak(JSON, draw=draw)


@routes.get("/events/<int:event_id>/stream/", Changes, streams=True, refuses=(NotFound, InvalidInput, Busy))
def follow_event(event_id: int, query: From) -> Response:
    """Follow an event live: server-sent events with the seats that change, as they change.

    A message without a name has in its `data` what `changes/` answers, and as its `id` the cursor. `own`: your own
    places changed. `refetch`: too much changed to be sent; ask `changes/` from the last id that you heard, then listen
    on. `reload`: the cursor is of another database; read all seats again. `beat`: nothing happened, every 15 seconds.
    `again`: the stream ends here as planned, every five minutes or so; open the next one with `Last-Event-ID`, and
    nothing is missed.
    """
    live = current_live()
    heard = request.headers.get("Last-Event-ID")
    said, where = (heard, "Last-Event-ID") if heard else (query.since, "since")
    since = cursor_of(said, field=where) if said else None
    if since is None or not live.follows(event_id):
        event = load_event(event_id, with_drawing=False)
        since = since or Cursor.at_moment(event.moment)
    viewer = _viewer()
    if not serves_streams(request.environ) or not live.has_room():
        return problem(503, Busy.code, NO_ROOM, retry_after_seconds=RETRY_AFTER_SECONDS)
    opened = Stream(
        event_id, since=since, language=JSON, viewer=viewer, connection=direct_socket(request.environ)
    )
    return event_stream(opened.body(join=live.join, leave=live.leave))


def draw(sitting: Sitting) -> Drawing:
    """The answer of `changes/` for a stranger, and for each of those who listen and have one of the places."""
    parts = sitting.parts
    event = parts.page.event
    owned = places_with_owners(event.id, seat_ids=parts.seat_ids, at=event.moment.now)
    cursor = parts.page.cursor
    neutral = written(event, [one.place for one in owned], own_until=None)
    own: dict[str, list[str]] = {}
    for nth, one in enumerate(owned):
        for name in names_of(one.owner) if one.owner else ():
            if name in sitting.viewers:
                [seen] = written(event, [one.place._replace(own=True)], own_until=one.held_until)
                own.setdefault(name, list(neutral))[nth] = seen
    return Drawing(
        neutral=_changes(event, neutral, cursor),
        own={name: _changes(event, seats, cursor) for name, seats in own.items()},
    )


def _changes(event: EventView, seats: list[str], cursor: Cursor) -> str:
    return (
        f'{{"success":true,"event_id":{event.id},"seats":[{",".join(seats)}],'
        f'"cursor":"{cursor}","more":false,"is_lost":false}}'
    )


def _viewer() -> str | None:
    """The name that whoever asks hears of their own places under.

    An account that never held anything gets its holder here: what it holds while it listens is then its own.
    """
    who = asker()
    own: HolderRef | None = who.holder
    if own is None and who.user_id is not None:
        own = holder_of_user(who.user_id)
    key = browser_key() if who.token_id is None else None
    return viewer_of(holder_id=own.holder_id if own else None, browser_key=key)
