"""What the checkout refused, kept for the page that tells it.

A form without a script is answered by the way to that page, so that neither a
reload nor going back asks whether to send the form once more. It is told once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from flask import session

KEPT = "checkout_refusal"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`sentence` stands above the page; `code_fault` beside the field for a code, with what was `typed` there;
    `party_fault` beside the party of `seat_id` (in figures), with what was `party_typed` there, as a query string."""

    sentence: str = ""
    code_fault: str = ""
    typed: str = ""
    party_fault: str = ""
    seat_id: str = ""
    party_typed: str = ""


def keep(refusal: Refusal, *, event_id: int) -> None:
    session[KEPT] = {"event_id": event_id, **asdict(refusal)}


def take(event_id: int) -> Refusal:
    """What is to be told at the checkout of this event, and never again. A newer one of another event stays."""
    kept = session.get(KEPT)
    if not isinstance(kept, dict) or kept.get("event_id") != event_id:
        return Refusal()
    del session[KEPT]
    return Refusal(*(str(kept.get(name, "")) for name in Refusal.__slots__))
