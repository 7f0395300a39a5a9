"""What a letter tells, with types, and with the addresses of the pages that it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from seatbook.domain.mail import Told
from seatbook.domain.party_concessions import read_party_concessions
from seatbook.domain.reference import format_reference
from seatbook.queries.reservations import ReservedPlace, whens_of
from seatbook.web.addresses import address_of
from seatbook.web.formats import money


@dataclass(frozen=True, slots=True)
class Facts:
    """A letter's facts as they were when it was written down. Times are aware, UTC; `more` is the kind's own."""

    username: str
    event_id: int
    reference: str
    title: str
    event_name: str
    venue: str
    address: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    currency: str
    payment: str
    total_minor: int
    places: tuple[ReservedPlace, ...]
    more: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.title} · {self.event_name}" if self.event_name else self.title

    @property
    def whens(self) -> tuple[tuple[datetime, datetime], ...]:
        """When the buyer comes, (from, until), the earliest first: to the slots, to the event itself, to both."""
        return whens_of(self)

    @property
    def first_slot_at(self) -> datetime | None:
        return min((place.starts_at for place in self.places if place.starts_at), default=None)

    @property
    def last_slot_until(self) -> datetime | None:
        return max((place.ends_at for place in self.places if place.ends_at), default=None)

    @property
    def has_slots_only(self) -> bool:
        return bool(self.places) and all(place.starts_at for place in self.places)

    @property
    def value_minor(self) -> int:
        """What the places of the letter cost together."""
        return sum(place.price_minor for place in self.places)

    def amount(self, field: str) -> str:
        """One of the kind's own amounts, in the money of its payment, as people read it."""
        return money(self.more[field], self.more.get("money_currency") or self.currency)

    @property
    def reservation_address(self) -> str:
        return address_of("reservations.reservation", reference=self.reference)

    @property
    def event_address(self) -> str:
        return address_of("events.event", event_id=self.event_id)


def read_facts(told: Told) -> Facts:
    data = dict(told.data)
    return Facts(
        username=data["username"],
        event_id=told.event_id,
        reference=format_reference(told.event_id, data["code"]),
        title=data["title"],
        event_name=data["event_name"],
        venue=data["venue"],
        address=data["address"],
        time_zone=data["time_zone"],
        starts_at=datetime.fromisoformat(data["starts_at"]),
        ends_at=datetime.fromisoformat(data["ends_at"]),
        currency=data["currency"],
        payment=data["payment"],
        total_minor=data["total_minor"],
        places=tuple(_place(place) for place in data["places"]),
        more=data,
    )


def _place(data: dict[str, Any]) -> ReservedPlace:
    times = {field: datetime.fromisoformat(data[field]) for field in ("starts_at", "ends_at") if data[field]}
    known = {name: data[name] for name in ReservedPlace.__dataclass_fields__ if name in data}
    # Letters of the release before say nothing of it.
    fewer = read_party_concessions(data.get("party_concessions"))
    return ReservedPlace(**known | {"party_concessions": fewer, "starts_at": None, "ends_at": None} | times)
