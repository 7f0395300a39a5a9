"""What the follower asks the pages for: one change, drawn for everybody and for its owner."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from seatbook.queries.stream import LiveParts, LogLine


@dataclass(frozen=True, slots=True)
class Drawing:
    """Markup for one language. `own` has the same for those viewers, by name, whose own seats are in it."""

    neutral: str
    own: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sitting:
    """What is to be drawn. `language` is a page's, or what programs are told in. `viewers` are names that streams
    listen under. `news` are the lines of the log that the pages have not seen; None: the list of what happened
    is drawn whole."""

    parts: LiveParts
    language: str
    viewers: Collection[str]
    news: Collection[LogLine] | None


Draw = Callable[[Sitting], Drawing]
