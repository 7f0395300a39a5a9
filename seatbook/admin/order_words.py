"""What became of orders and their money, in the words of the box office."""

from __future__ import annotations

from datetime import datetime

from babel.numbers import format_percent

from seatbook.admin.live_words import since_in_words
from seatbook.queries.payments import OpenMatter
from seatbook.queries.staff_order import Happened, OrderPlace, OrderView, PaymentView, RefundView, Step
from seatbook.queries.staff_orders import OrderLine
from seatbook.web.basket_lines import for_whom as who_pays_less
from seatbook.web.basket_lines import place_name
from seatbook.web.formats import locale, money
from seatbook.web.listing import listing
from seatbook.web.texts import gettext as _
from seatbook.web.texts import ngettext, pgettext

# An act names so many places before it only counts.
MOST_NAMED = 8


def status(name: str) -> str:
    """An order's state."""
    return {
        "held": _("Basket"),
        "pending": _("Waiting for payment"),
        "confirmed": _("Bought"),
        "cancelled": _("Cancelled"),
        "expired": _("Ended unpaid"),
        "released": _("Given up"),
    }[name]


def paid(line: OrderLine) -> str:
    """What stands beside an order's price."""
    if line.status != "confirmed" or not line.total_minor:
        return ""
    if line.is_paid:
        return pgettext("order", "paid")
    return _("to be paid") if line.payment != "none" else ""


def provider(name: str) -> str:
    return {"sandbox": _("Trial provider"), "counter": _("Box office"), "stripe": "Stripe"}.get(name, name)


def payment_status(payment: PaymentView) -> str:
    if payment.settlement is not None:
        return {
            "confirmed": _("paid"),
            "offered": _("paid late, other places are offered"),
            "refunded": _("paid, all of it goes back"),
            "review": _("paid, waits for your decision"),
        }[payment.settlement]
    if payment.stuck_at is not None and payment.is_under_way:
        return _("stuck")
    return {
        "open": _("waits for the buyer"),
        "processing": _("the provider works on it"),
        "failed": _("failed"),
        "expired": _("ended unpaid"),
        "paid": _("paid"),
    }[payment.status]


def step(one: Step) -> str:
    """What happened to a payment."""
    return {
        "begun": _("Payment begun"),
        "processing": _("The provider works on it"),
        "failed": _("Failed: nothing was charged"),
        "expired": _("Ended at the provider"),
        "paid": _("The money came"),
        "confirmed": _("Places bought with it"),
        "offered": _("Other places offered"),
        "accepted": _("Other places accepted"),
        "refund_due": _("A refund is owed"),
        "refunded": _("The refund went out"),
        "refund_failed": _("The provider refused the refund"),
        "silent": _("The provider gave no answer"),
        "stuck": _("Stuck: waited long enough, places given back"),
        "review": _("Put before a person"),
    }.get(one.step, one.step)


def reason(name: str) -> str:
    """Why; empty where the step says it all."""
    return {
        "in_time": _("in time"),
        "late_same_places": _("too late, and the same places were free"),
        "late_equal_places": _("too late, and equal places were free"),
        "late_places_gone": _("too late, and the places were gone"),
        "late_event_over": _("too late, and the event was over"),
        "event_cancelled": _("the event is cancelled"),
        "bought_already": _("the order was paid already"),
        "other_amount": _("another amount than was due"),
        "other_currency": _("money of another currency"),
        "review_accept": _("accepted as it is"),
        "review_refund_difference": _("what was too much goes back"),
        "review_refund_all": _("decided: all of it goes back"),
        "counter": _("at the window"),
        "cancelled": _("places were cancelled"),
        "declined": _("the offer was declined"),
        "offer_ended": _("the offer ended"),
        "processing": _("it says: in progress"),
        "open": _("it says: not paid yet"),
        "sandbox": "",
        "stripe": "",
    }.get(name, name)


def how(note: str) -> str:
    """What a step notes, where it is a word of ours."""
    return {"cash": _("cash"), "card": _("card"), "window": _("at the window")}.get(note, note)


def refund_status(refund: RefundView) -> str:
    return {
        "due": _("on its way") if not refund.last_error else _("waits for the provider"),
        "done": _("done"),
        "failed": _("refused by the provider"),
    }[refund.status]


def happened(one: Happened) -> str:
    """ "A1 and A2 held"; or what staff did."""
    acts = {
        "asked_provider": _("The provider was asked"),
        "gave_up": _("The checkout was given up"),
        "refund_again": _("A refund was tried again"),
    }
    if one.reason in acts:
        return acts[one.reason]
    labels = list(one.labels[:MOST_NAMED])
    what = listing(labels) if labels else ngettext("%(num)s place", "%(num)s places", one.places)
    if labels and one.places > len(labels):
        what = _("%(names)s and %(count)s more", names=", ".join(labels), count=one.places - len(labels))
    return {
        "hold": _("%(what)s held", what=what),
        "release": _("%(what)s given back", what=what),
        "expire": _("%(what)s free again: the time was over", what=what),
        "reserve": _("%(what)s bought", what=what),
        "cancel": _("%(what)s cancelled", what=what),
        "move": _("%(what)s moved into an account, or to other places", what=what),
    }.get(one.reason, one.reason)


def decision(name: str, *, due_minor: int, received_minor: int | None, currency: str) -> str:
    """What a button under a review does."""
    came = due_minor if received_minor is None else received_minor
    if name == "accept":
        return _("Sell the places for %(amount)s", amount=money(came, currency))
    if name == "refund_difference":
        return _("Sell the places, give back %(amount)s", amount=money(came - due_minor, currency))
    return _("Give all of it back")


def letter(kind: str) -> str:
    """What a letter to the buyer tells."""
    return {
        "confirmed": _("Confirmation"),
        "moved": _("Other places"),
        "cancelled": _("Cancellation"),
        "refunded": _("Refund"),
        "lapsed": _("The time to pay is over"),
        "offered": _("Other places are offered"),
        "returned": _("Late money goes back"),
        "review": _("Another amount came"),
    }.get(kind, kind)


def place(one: OrderPlace, order: OrderView) -> str:
    return place_name(one, time_zone=order.time_zone)


def for_whom(one: OrderPlace) -> str:
    return who_pays_less(one)


def outcome(one: OrderPlace, order: OrderView) -> str:
    """How a place stands in its order."""
    if one.outcome is None:
        return {
            "confirmed": _("bought"),
            "pending": _("kept while paying"),
            "held": _("in the basket"),
        }.get(order.status, _("free again"))
    return {
        "cancelled": _("cancelled"),
        "released": _("given back"),
        "expired": _("free again"),
        "moved": _("moved"),
    }[one.outcome]


def matter(one: OpenMatter) -> str:
    """What happened, and what it means."""
    amount = money(one.amount_minor, one.currency)
    if one.kind == "stuck":
        return _(
            "The provider does not know whether %(amount)s will come. The places are on sale again; "
            "money that comes late buys them back if they are free, or goes back.",
            amount=amount,
        )
    if one.kind == "review":
        if one.received_minor is None:
            return _("Money came that was not what was asked for. Nothing was sold for it.")
        return _(
            "%(came)s came, and %(due)s was asked for. Nothing was sold for it yet.",
            came=money(one.received_minor, one.came_currency),
            due=amount,
        )
    if one.provider == "counter":
        return _("%(amount)s was paid at the window, and is to be paid out there.", amount=amount)
    return _("%(amount)s is owed, and the provider refuses to give it back.", amount=amount)


def matter_kind(kind: str) -> str:
    return {"stuck": _("Stuck"), "review": _("To decide"), "refund": _("Refund")}[kind]


def who(order: OrderView | OrderLine) -> str:
    if order.is_walk_in:
        return _("sold at the window")
    return order.buyer or _("no account")


def event_status(name: str) -> str:
    return {"draft": _("draft"), "published": _("on the programme"), "cancelled": _("cancelled")}[name]


def since(at: datetime) -> str:
    """Since when a matter waits. Matters are of many venues, so all by one clock."""
    return _("since %(when)s", when=since_in_words(at))


def percent(part: int, whole: int) -> str:
    """ "45%". Of nothing it is nothing."""
    return str(format_percent(part / whole if whole else 0, locale=locale()))
