"""How many changes went out how fast, as bars that are drawn on the server."""

from __future__ import annotations

from dataclasses import dataclass

from seatbook.admin.live_words import seconds_in_words
from seatbook.live.freshness import BUCKETS_SECONDS, FreshnessFigures
from seatbook.web.texts import gettext as _

# In units of the drawing. Labels stand on the left, counts after the bars.
WIDTH = 640
LABELS_WIDTH = 110
COUNTS_WIDTH = 130
BAR_HEIGHT = 18
LINE_HEIGHT = 26


@dataclass(frozen=True, slots=True)
class Bar:
    """`label` is a time span in words, `count` the changes in it, `share` those of all (0 to 1). `y` and `width`
    are units of the drawing. `is_late`: beyond what is aimed at."""

    label: str
    count: int
    share: float
    y: int
    width: float
    is_late: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """`aim_y`: between the last bar that is in time and the first that is late."""

    bars: tuple[Bar, ...]
    height: int
    aim_y: float


def freshness_chart(freshness: FreshnessFigures, *, aim_seconds: float) -> Chart:
    """A bar for each bucket, in the order of time; the longest is as wide as there is room."""
    ends = [freshness.up_to[end] for end in BUCKETS_SECONDS]
    counts = [up_to - before for up_to, before in zip(ends, [0, *ends], strict=False)]
    counts.append(freshness.count - (ends[-1] if ends else 0))
    labels = [_("up to %(time)s", time=seconds_in_words(end)) for end in BUCKETS_SECONDS]
    labels.append(_("longer"))
    longest = max(counts) or 1
    room = WIDTH - LABELS_WIDTH - COUNTS_WIDTH
    late = [end > aim_seconds for end in BUCKETS_SECONDS] + [True]
    bars = tuple(
        Bar(
            label,
            count,
            count / freshness.count if freshness.count else 0.0,
            nth * LINE_HEIGHT,
            # What happened at all is to be seen.
            round(max(room * count / longest, 2), 1) if count else 0,
            is_late,
        )
        for nth, (label, count, is_late) in enumerate(zip(labels, counts, late, strict=True))
    )
    in_time = late.index(True)
    return Chart(bars, len(bars) * LINE_HEIGHT, in_time * LINE_HEIGHT - (LINE_HEIGHT - BAR_HEIGHT) / 2)
