"""One look at the log for all events that have an open page in this process, and what their streams are told.

A stream that has just come is brought up to date by the same look as all that
came with it: however many there are, as after a restart, they cost one reading
and one drawing an event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Flask

from seatbook.extensions import db
from seatbook.live import telling
from seatbook.live.drawing import Draw
from seatbook.live.freshness import Freshness
from seatbook.live.hub import Hub
from seatbook.live.sse import Frame
from seatbook.live.stream import Stream
from seatbook.live.telling import Who
from seatbook.queries.changes import Cursor
from seatbook.queries.event import EventView, load_event
from seatbook.queries.moment import Moment
from seatbook.queries.stream import LogLine, NewLines, load_live_parts, new_lines

# More places than this in one look, or more lines of the log, are not sent but fetched by each page.
MAX_PLACES = 100
MAX_LINES = 500
# Prices and names may be changed by staff while pages are open.
EVENT_SECONDS = 5.0
# After so many sends, requests of this process get their turn.
TURN = 500


@dataclass(slots=True)
class Sent:
    """What went out of this process since it began. `changes` are lines of the log."""

    frames: int = 0
    bytes: int = 0
    changes: int = 0
    refetches: int = 0


@dataclass(frozen=True, slots=True)
class _Group:
    """Streams of one event that are told the same, of what is new since `since`."""

    event_id: int
    since: Cursor
    streams: Sequence[Stream]
    are_new: bool


class Teller:
    """Knows how far the streams of each event have been told. For one thread."""

    def __init__(self, app: Flask, hub: Hub, *, draw: Draw) -> None:
        self.freshness = Freshness()
        self.sent = Sent()
        self._app = app
        self._hub = hub
        self._draw = draw
        self._places: dict[int, Cursor] = {}
        self._events: dict[int, tuple[float, EventView]] = {}
        # By event and seat: the reservation whose hold was already shown to have ended. The line that the
        # sweep writes about it later changes nothing on a page.
        self._ended: dict[int, dict[int, int | None]] = {}

    def look(self) -> bool:
        """Tell every stream what is new; True when something is written that can be told only a little later.

        Raises what the database or a drawing raises; whoever was not told then is told by a later look.
        """
        groups = self._groups()
        if not groups:
            return False
        asked_at = time.monotonic()
        failure: Exception | None = None
        with self._app.app_context():
            moment, news = new_lines([(group.event_id, group.since) for group in groups], limit=MAX_LINES)
            for group, new in zip(groups, news, strict=True):
                try:
                    self._tell(group, new, moment=moment)
                except Exception as error:
                    db.session.rollback()
                    failure = error
                    continue
                if not group.are_new:
                    self._count(new.lines, moment=moment, asked_at=asked_at)
        if failure is not None:
            raise failure
        return any(new.is_waiting for new in news)

    def _groups(self) -> list[_Group]:
        settled = self._hub.settled_events()
        for event_id in self._places.keys() - set(settled):
            del self._places[event_id]
            self._events.pop(event_id, None)
            self._ended.pop(event_id, None)
        groups = [_Group(id, self._places[id], self._hub.settled(id), are_new=False) for id in settled]
        for event_id, streams in self._hub.joining().items():
            since = [stream.since for stream in streams]
            xid, change_id = min((cursor.xid, cursor.id) for cursor in since)
            earliest = Cursor(xid, change_id, min(cursor.at for cursor in since))
            groups.append(_Group(event_id, earliest, streams, are_new=True))
        return groups

    def _tell(self, group: _Group, new: NewLines, *, moment: Moment) -> None:
        here = Cursor.at_moment(moment)
        # A place in the log that is not there yet: the database is another one now, as after a restore.
        lost = [s for s in group.streams if (s.since if group.are_new else group.since).xid > moment.xmin]
        streams = [stream for stream in group.streams if stream not in lost] if lost else group.streams
        frame_for = self._frames(group, new, streams=streams, here=here, moment=moment) if streams else None
        # The connection goes back before thousands of sockets are written to.
        db.session.remove()
        if frame_for is not None:
            self._hand_out(streams, frame_for)
        if lost:
            reload = telling.reload(streams=len(lost))
            self._hand_out(lost, lambda who: reload)
        if group.are_new:
            self._hub.settle(group.streams)
            self._places.setdefault(group.event_id, here)
        else:
            self._places[group.event_id] = here

    def _frames(
        self, group: _Group, new: NewLines, *, streams: Sequence[Stream], here: Cursor, moment: Moment
    ) -> Callable[[Who], Frame] | None:
        """The frame for each who listens; None when there is nothing to tell."""
        if not new.lines and not new.is_more:
            beat = telling.beat(here)
            return (lambda who: beat) if group.are_new else None
        changed = new.lines if group.are_new else self._unseen(group.event_id, new.lines)
        seat_ids = dict.fromkeys(line.seat_id for line in changed)
        if new.is_more or len(seat_ids) > MAX_PLACES:
            self.sent.refetches += 1
            frame = telling.refetch(here, streams=len(streams))
            return lambda who: frame
        parts = load_live_parts(
            self._event(group.event_id, at=moment), seat_ids=list(seat_ids), moment=moment
        )
        told = telling.changes(
            parts,
            changed,
            news=None if group.are_new else new.lines,
            listening={stream.who for stream in streams},
            here=here,
            draw=self._draw,
        )
        return told.frame_for

    def _hand_out(self, streams: Sequence[Stream], frame_for: Callable[[Who], Frame]) -> None:
        sent = self.sent
        for nth, stream in enumerate(streams, start=1):
            frame = frame_for(stream.who)
            stream.deliver(frame)
            sent.bytes += len(frame.chunk)
            if nth % TURN == 0:
                time.sleep(0)
        sent.frames += len(streams)

    def _unseen(self, event_id: int, lines: Sequence[LogLine]) -> list[LogLine]:
        """The lines that change what pages show: not the sweep's about a hold that was seen to end."""
        ended = self._ended.setdefault(event_id, {})
        unseen = []
        for line in lines:
            if line.reason == "lapse":
                ended[line.seat_id] = line.reservation_id
            elif ended.pop(line.seat_id, None) == line.reservation_id and line.reason == "expire":
                continue
            unseen.append(line)
        return unseen

    def _event(self, event_id: int, *, at: Moment) -> EventView:
        """The event as it was a moment ago, but never from before its sale opened or ended."""
        read_at, event = self._events.get(event_id, (0.0, None))
        if event is None or time.monotonic() - read_at > EVENT_SECONDS or _has_turned(event, at=at):
            event = load_event(event_id)
            self._events[event_id] = (time.monotonic(), event)
        return event

    def _count(self, lines: Sequence[LogLine], *, moment: Moment, asked_at: float) -> None:
        since_asked = time.monotonic() - asked_at
        for line in lines:
            if line.id is not None:
                self.sent.changes += 1
                self.freshness.add((moment.now - line.at).total_seconds() + since_asked)


def _has_turned(event: EventView, *, at: Moment) -> bool:
    return any(event.moment.now < turn <= at.now for turn in (event.on_sale_from, event.on_sale_until))
