"""Server-sent events on the wire (HTML Standard, section 9.2), made once and sent to many.

What a stream says:

- a message without a name: parts of the page, as `<hx-partial>`s, to be swapped in; for a program, the seats
  that changed, as JSON. Its `id` is the cursor up to which the page is then right;
- `own`: the viewer's own places changed, so the basket is to be fetched, unless it was drawn after the
  cursor in `data`;
- `refetch`: too much changed to send; fetch it within so many milliseconds, not all at the same moment;
- `reload`: the page cannot be brought up to date; load it again, within so many milliseconds;
- `beat`: nothing happened. A page that hears nothing at all knows that the line is dead;
- `again`: this stream ends here as planned; open the next one within so many milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# What ends a line of a stream. Python knows more ends, which a text may have in it.
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes for a stream: `plain`, and as one chunk of HTTP/1.1's chunked coding."""

    plain: bytes
    chunk: bytes

    @classmethod
    def of(cls, *messages: bytes) -> Frame:
        plain = b"".join(messages)
        return cls(plain, b"%x\r\n%s\r\n" % (len(plain), plain))


def message(data: str, *, event: str | None = None, cursor: object = None) -> bytes:
    """One message. A message without data is never dispatched by a browser, so there is always some."""
    lines = [] if event is None else [f"event: {event}"]
    if cursor is not None:
        lines.append(f"id: {cursor}")
    lines += [f"data: {line}" for line in _LINE_END.split(data.removesuffix("\n") or " ")]
    return ("\n".join(lines) + "\n\n").encode()
