"""Events and their places in the words of the box office."""

from __future__ import annotations

from seatbook.admin.order_words import event_status, percent, provider
from seatbook.queries.cancellations import CancellationProgress
from seatbook.queries.staff_events import EventMoney, RecordedAct, StaffEvent, StaffSeat
from seatbook.web.basket_lines import place_name
from seatbook.web.texts import gettext as _

__all__ = [
    "act",
    "came_minor",
    "event_status",
    "payment",
    "percent",
    "place",
    "provider",
    "seat_status",
    "share",
]


def payment(name: str) -> str:
    """How an event is paid."""
    return {
        "none": _("nothing to be paid"),
        "counter": _("paid at the window"),
        "online": _("paid online"),
    }[name]


def seat_status(name: str) -> str:
    return {
        "available": _("free"),
        "held": _("held"),
        "reserved": _("bought"),
        "blocked": _("blocked"),
    }[name]


def place(one: StaffSeat, event: StaffEvent) -> str:
    return place_name(one, time_zone=event.time_zone)


def act(one: RecordedAct) -> str:
    """What somebody did."""
    return {
        "asked_provider": _("asked the provider"),
        "gave_up": _("gave a checkout up"),
        "refund_again": _("tried a refund again"),
        "created_code": _("made the code %(name)s", name=one.subject),
        "stopped_code": _("stopped the code %(name)s", name=one.subject),
        "started_code": _("started the code %(name)s again", name=one.subject),
        "created_concession": _("made the concession %(name)s", name=one.subject),
        "stopped_concession": _("stopped the concession %(name)s", name=one.subject),
        "started_concession": _("started the concession %(name)s again", name=one.subject),
        "cancelled_event": _("called the event off"),
        "created_event": _("made the event"),
        "published_event": _("published the event"),
        "changed_event": _("changed how the event is sold"),
        "opened_sale": _("opened the sale"),
        "closed_sale": _("closed the sale"),
        "changed_room": _("changed the room %(name)s", name=one.subject),
        "made_slots": _("made the slots of %(name)s", name=one.subject),
    }.get(one.act, one.act)


def came_minor(money: EventMoney) -> int:
    return sum(amount for _provider, amount in money.by_provider)


def share(progress: CancellationProgress) -> int:
    """How much of a cancellation is done, in percent."""
    return 100 * progress.done // progress.orders if progress.orders else 100
