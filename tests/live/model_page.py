"""An open page without a browser: it shows what the server drew, and does with messages what live.js does.

What it shows is kept as markup, so that "equal" means equal to what a fresh
page would show to the same viewer, letter for letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

SEAT = re.compile(r"<button id=seat-(\d+) .*?</button>", re.DOTALL)
FIGURE = re.compile(r'data-figure="(\w+)">([\d,]+)<')
LEFT = re.compile(r'<div id="(area-\d+-left)".*?</div>', re.DOTALL)
CURSOR = re.compile(r'name="since" value="([^"]+)"')
PARTIAL = re.compile(r'<hx-partial hx-target="#([\w-]+)" hx-swap="(\w+)">(.*?)</hx-partial>', re.DOTALL)
ACT = re.compile(r'<li id="(act-\d+)".*?</li>', re.DOTALL)
MOST_ACTS = 8


class Message(NamedTuple):
    """One server-sent event, as a browser dispatches it."""

    event: str
    data: str
    id: str | None


def read_messages(stream: bytes) -> tuple[list[Message], bytes]:
    """Every whole message, and what follows the last one."""
    *whole, rest = stream.split(b"\n\n")
    return [message for part in whole if (message := _read_message(part.decode()))], rest


def _read_message(text: str) -> Message | None:
    fields: dict[str, list[str]] = {}
    for line in text.split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name, []).append(value.removeprefix(" "))
    if "data" not in fields:
        return None
    return Message(
        fields.get("event", ["message"])[0], "\n".join(fields["data"]), fields.get("id", [None])[0]
    )


def place(cursor: str) -> tuple[int, ...]:
    return tuple(map(int, cursor.split(".")))


@dataclass
class ModelPage:
    """`wishes` are what the page would now ask the server for: "refetch", "basket", "reload", "again"."""

    cursor: str
    seats: dict[int, str]
    figures: dict[str, str]
    left: dict[str, str]
    acts: list[str]
    wishes: list[str] = field(default_factory=list)
    behind: str | None = None

    @classmethod
    def of(cls, text: str) -> ModelPage:
        """The page as the server drew it."""
        cursor = CURSOR.search(text)
        assert cursor, "this is no page of an event"
        return cls(
            cursor=cursor[1],
            seats={int(match[1]): match[0] for match in SEAT.finditer(text)},
            figures=dict(FIGURE.findall(text)),
            left={match[1]: match[0] for match in LEFT.finditer(text)},
            acts=[match[0] for match in ACT.finditer(text)],
        )

    def hear(self, message: Message) -> None:
        if message.event == "message":
            assert message.id is not None
            self.swap_in(message.data)
        elif message.event == "refetch":
            self.behind = json.loads(message.data)["cursor"]
            self.wishes.append("refetch")
        elif message.event == "own":
            self.wishes.append("basket")
        elif message.event in ("reload", "again"):
            self.wishes.append(message.event)
        else:
            assert message.event == "beat"
        if message.id and not self.behind and place(message.id) > place(self.cursor):
            self.cursor = message.id

    def take_answer(self, text: str) -> None:
        """What the server answered to `/changes`."""
        self.swap_in(text)
        cursor = CURSOR.search(text)
        assert cursor
        self.cursor = max(self.cursor, cursor[1], key=place)
        if self.behind and place(self.cursor) >= place(self.behind):
            self.behind = None

    def swap_in(self, text: str) -> None:
        for target, how, markup in PARTIAL.findall(text):
            if target.startswith("seat-"):
                self.seats[int(target.removeprefix("seat-"))] = markup
            elif target == "figures":
                self.figures = dict(FIGURE.findall(markup))
            elif target.startswith("area-"):
                self.left |= {match[1]: match[0] for match in LEFT.finditer(markup)}
            elif target in ("acts", "activity"):
                acts = [match[0] for match in ACT.finditer(markup)]
                known = self.acts if how == "afterbegin" else []
                ids = {ACT.search(act)[1] for act in known}  # type: ignore[index]
                self.acts = ([act for act in acts if ACT.search(act)[1] not in ids] + known)[:MOST_ACTS]  # type: ignore[index]
            else:
                assert target in ("basket", "cursor", "sale"), target

    def shows_the_same_as(self, fresh: ModelPage) -> bool:
        return (self.seats, self.figures, self.left) == (fresh.seats, fresh.figures, fresh.left)

    def differences(self, fresh: ModelPage) -> Iterator[str]:
        """What a fresh page shows otherwise, as sentences."""
        for name in ("seats", "figures", "left"):
            shown, true = getattr(self, name), getattr(fresh, name)
            for key in sorted({*shown, *true}, key=str):
                if shown.get(key) != true.get(key):
                    yield f"{name} {key}: shows {shown.get(key)}, and is {true.get(key)}"
