"""What the streams of one event are told in one look: the same for all who see the same."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from seatbook.live.drawing import Draw, Sitting
from seatbook.live.sse import Frame, message
from seatbook.live.viewers import names_of
from seatbook.queries.changes import Cursor
from seatbook.queries.stream import LiveParts, LogLine

# A page that fetches for itself costs a process about so much of its time; pages take turns over as long as
# that makes for all of them.
FETCH_SECONDS = 0.01
LEAST_SPREAD_SECONDS, MOST_SPREAD_SECONDS = 1.0, 30.0

# The language that a stream's page is in, and the name of its viewer.
Who = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Telling:
    """One frame for everybody of a language, and other ones for those whose own places are in it."""

    neutral: Mapping[str, Frame]
    own: Mapping[Who, Frame]

    def frame_for(self, who: Who) -> Frame:
        return self.own.get(who) or self.neutral[who[0]]


def changes(
    parts: LiveParts,
    changed: Sequence[LogLine],
    *,
    news: Collection[LogLine] | None,
    listening: Collection[Who],
    here: Cursor,
    draw: Draw,
) -> Telling:
    """Every place of `parts` as it now is, to whoever listens. `changed` says whose places these were or are.

    `news`: see `Sitting`.
    """
    concerned = _concerned(changed, here)
    owners = {name for owner in parts.owners.values() for name in names_of(owner)}
    viewers = (owners | concerned.keys()) & {viewer for _, viewer in listening if viewer is not None}
    neutral: dict[str, Frame] = {}
    own: dict[Who, Frame] = {}
    for language in {language for language, _ in listening}:
        drawing = draw(Sitting(parts, language, viewers, news))
        neutral[language] = Frame.of(message(drawing.neutral, cursor=here))
        for viewer in viewers:
            messages = [message(drawing.own.get(viewer, drawing.neutral), cursor=here)]
            if viewer in concerned:
                messages.append(message(str(concerned[viewer]), event="own"))
            own[language, viewer] = Frame.of(*messages)
    return Telling(neutral, own)


def _concerned(changed: Sequence[LogLine], here: Cursor) -> dict[str, Cursor]:
    """The names of everybody who had or has one of these places, and the place in the log that a basket must
    have been drawn after to be right. What ended by time is in no log: then the basket must be drawn now."""
    concerned: dict[str, Cursor] = {}
    for line in changed:
        if line.owner is None:
            continue
        after = here if line.xid is None or line.id is None else Cursor(line.xid, line.id, line.at)
        for name in names_of(line.owner):
            known = concerned.get(name)
            if known is None or (known.xid, known.id) < (after.xid, after.id):
                concerned[name] = after
    return concerned


def beat(cursor: Cursor | None = None) -> Frame:
    """Nothing happened. With a cursor: and up to there the page is right."""
    return Frame.of(message("", event="beat", cursor=cursor))


def refetch(here: Cursor, *, streams: int) -> Frame:
    """Carries no id: until the page has fetched, a new stream has to begin where this one last was."""
    return Frame.of(_request("refetch", streams=streams, cursor=str(here)))


def reload(*, streams: int = 1) -> Frame:
    return Frame.of(_request("reload", streams=streams))


def again(*, within_ms: int = 1_000) -> Frame:
    return Frame.of(message(json.dumps({"within_ms": within_ms}), event="again"))


def _request(event: str, *, streams: int, **more: str) -> bytes:
    seconds = min(max(streams * FETCH_SECONDS, LEAST_SPREAD_SECONDS), MOST_SPREAD_SECONDS)
    return message(json.dumps({"within_ms": round(seconds * 1000), **more}), event=event)
