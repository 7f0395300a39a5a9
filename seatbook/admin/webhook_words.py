"""What is said about webhooks on staff pages. Names of messages are codes, and the same in every language."""

from __future__ import annotations

from datetime import datetime

from seatbook.queries.webhooks import MOST_COUNTED, DeliveryView, EndpointView
from seatbook.web.formats import day_and_time, number, zone_name
from seatbook.web.texts import gettext as _

UTC = "UTC"


def at(moment: datetime) -> str:
    """ "Fri, Nov 20, 9:30 AM UTC": a receiver may be anywhere."""
    return f"{day_and_time(moment, UTC)} {zone_name(UTC)}"


def endpoint_state(endpoint: EndpointView) -> str:
    return {"on": _("works"), "failing": _("fails"), "off": _("switched off")}[endpoint.state]


def why_off(endpoint: EndpointView) -> str:
    if endpoint.disabled_reason == "too_many":
        return _("Too many messages were waiting for it, so it was switched off.")
    return _("For three days it took nothing in, so it was switched off.")


def waiting(endpoint: EndpointView) -> str:
    return f"{number(endpoint.waiting)}{'+' if endpoint.waiting >= MOST_COUNTED else ''}"


def delivery_status(status: str) -> str:
    return {"waiting": _("on its way"), "done": _("taken in"), "failed": _("given up")}[status]


def delivery_mark(status: str) -> str:
    """The class that colours it."""
    return {"done": "confirmed", "waiting": "pending", "failed": "failed"}[status]


def answer(delivery: DeliveryView) -> str:
    """ "204, 35 ms"; without an answer: a dash."""
    if delivery.response_status is None:
        return "–"
    took = _("%(count)s ms", count=number(delivery.took_ms or 0))
    return f"{delivery.response_status}, {took}"
