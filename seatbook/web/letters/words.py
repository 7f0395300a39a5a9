"""What each kind of letter says. One function a kind; how it is printed is the templates' business."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from seatbook.web.basket_lines import PlaceLine, place_lines
from seatbook.web.formats import day_and_time, long_span, money, zone_name
from seatbook.web.letters.facts import Facts
from seatbook.web.texts import gettext as _


@dataclass(frozen=True, slots=True)
class Words:
    """A letter, worded. `before` stands above the places, `after` below them; `sums` are (what, amount)."""

    subject: str
    headline: str
    greeting: str
    before: tuple[str, ...]
    reference: str
    name: str
    when: str
    zone: str
    where: str
    lines: tuple[PlaceLine, ...]
    currency: str
    sums: tuple[tuple[str, str], ...]
    action: str
    action_address: str
    after: tuple[str, ...]

    def price(self, line: PlaceLine) -> str:
        return money(line.price_minor, self.currency)


@dataclass(slots=True)
class _Draft:
    """What a kind says of its own; the rest is the same in all letters."""

    subject: str
    headline: str
    before: list[str]
    sums: list[tuple[str, str]] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    action: str = ""
    leads_to_event: bool = False
    has_places: bool = True


def words_of(kind: str, facts: Facts, *, has_files: bool = False) -> Words:
    """The letter in the language that is spoken now. Raises KeyError for a kind that nobody knows.

    `has_files`: what `attachments.py` makes for this kind comes along.
    """
    draft = _KINDS[kind](facts)
    if kind in ("confirmed", "moved"):
        draft.after.append(_how_to_get_in(has_tickets=has_files))
    lines = place_lines(facts.places, time_zone=facts.time_zone) if draft.has_places else []
    order_fee_minor = sum(place.order_fee_minor for place in facts.places) if lines else 0
    fees = [(_("Fee for the order"), money(order_fee_minor, facts.currency))] if order_fee_minor else []
    return Words(
        subject=draft.subject,
        headline=draft.headline,
        greeting=_("Hello %(name)s,", name=facts.username),
        before=tuple(draft.before),
        reference=facts.reference,
        name=facts.name,
        when=" · ".join(long_span(start, end, facts.time_zone) for start, end in facts.whens),
        zone=zone_name(facts.time_zone),
        where=" · ".join(part for part in (facts.venue, facts.address) if part),
        lines=tuple(lines),
        currency=facts.currency,
        sums=(*fees, *draft.sums),
        action=draft.action or _("See your reservation"),
        action_address=facts.event_address if draft.leads_to_event else facts.reservation_address,
        after=tuple(draft.after),
    )


def _confirmed(facts: Facts) -> _Draft:
    total = money(facts.total_minor, facts.currency)
    is_paid = facts.payment == "online" and facts.total_minor > 0
    late = facts.more["late"]
    if late == "same_places":
        before = [
            _(
                "Your payment of %(amount)s came when the time for it was over. "
                "The same places were still free, so they are yours after all.",
                amount=total,
            )
        ]
    elif late == "accepted":
        before = [_("You took the places that we offered you. They are yours, and paid.")]
    elif is_paid:
        before = [
            _("Thank you. Your payment of %(amount)s is there, and these places are yours.", amount=total)
        ]
    else:
        before = [_("Thank you. These places are yours.")]
    after = []
    if facts.payment == "counter" and facts.total_minor:
        after = [
            _("Please pay %(amount)s at the box office. Say or show the reference there.", amount=total),
        ]
    return _Draft(
        subject=_("Your places for %(title)s (%(reference)s)", title=facts.title, reference=facts.reference),
        headline=_("Your places are reserved"),
        before=before,
        sums=[(_("Total"), total)],
        after=after,
    )


def _moved(facts: Facts) -> _Draft:
    return _Draft(
        subject=_("Other places for %(title)s (%(reference)s)", title=facts.title, reference=facts.reference),
        headline=_("Your places have changed"),
        before=[
            _(
                "The box office moved your reservation. These places are yours now, at the price that you agreed."
            ),
            _("Tickets of the places that you had before let nobody in any more."),
        ],
        sums=[(_("Total"), money(facts.total_minor, facts.currency))],
    )


def _how_to_get_in(*, has_tickets: bool) -> str:
    if has_tickets:
        return _(
            "Your tickets are attached, one for each place, with an entry for your calendar. "
            "Show them at the door, printed or on your phone."
        )
    return _("Please show the reference at the door.")


def _cancelled(facts: Facts) -> _Draft:
    subject = _("Cancelled: %(title)s (%(reference)s)", title=facts.title, reference=facts.reference)
    headline = _("Your reservation is cancelled")
    is_over, is_by_buyer = facts.more["is_over"], facts.more["is_by_buyer"]
    if facts.more["reason"] == "event_cancelled":
        subject = _called_off_subject(facts)
        headline = _("This event does not take place")
        before = _("We are sorry. The event is cancelled, and your reservation with it.")
    elif is_over and is_by_buyer:
        before = _("Your reservation is cancelled, as you asked. Its places are on sale again.")
    elif is_over:
        before = _("The box office cancelled your reservation. Its places are on sale again.")
    else:
        headline = _("Places of your reservation are cancelled")
        if is_by_buyer:
            before = _("These places are cancelled, as you asked, and on sale again. You keep the others.")
        else:
            before = _("The box office cancelled these places of your reservation. You keep the others.")
    sums = [(_("Comes back to you"), facts.amount("refund_minor"))] if facts.more["refund_minor"] else []
    return _Draft(subject, headline, [before], sums=sums, after=_how_money_comes_back(facts))


def _how_money_comes_back(facts: Facts) -> list[str]:
    if not facts.more["refund_minor"]:
        is_owed = facts.payment == "counter" and facts.value_minor > 0
        return (
            [_("You had not paid for them yet, so nothing comes back and nothing is owed.")]
            if is_owed
            else []
        )
    amount = facts.amount("refund_minor")
    if facts.more["provider"] == "counter":
        return [_("The box office pays %(amount)s back to you. Please bring the reference.", amount=amount)]
    return [
        _(
            "%(amount)s goes back the way you paid. We write again when it is on its way.",
            amount=amount,
        )
    ]


def _refunded(facts: Facts) -> _Draft:
    amount = facts.amount("refund_minor")
    if not facts.more["is_done"]:
        return _Draft(
            subject=_("The box office pays you back: %(amount)s", amount=amount),
            headline=_("The box office pays you back"),
            before=[
                _(
                    "%(amount)s could not go back the way you paid: the payment service did not take it. "
                    "Nothing is lost. The box office pays it out; please come by, with the reference.",
                    amount=amount,
                )
            ],
            sums=[(_("Comes back to you"), amount)],
            has_places=False,
        )
    if facts.more["provider"] == "counter":
        return _Draft(
            subject=_("Paid back: %(amount)s", amount=amount),
            headline=_("Your money is back"),
            before=[_("The box office paid %(amount)s back to you.", amount=amount)],
            sums=[(_("Paid back"), amount)],
            has_places=False,
        )
    return _Draft(
        subject=_("Your money is on its way: %(amount)s", amount=amount),
        headline=_("Your money is on its way"),
        before=[
            _(
                "%(amount)s is on its way back to you, the way you paid. "
                "Banks take a few days for it, sometimes up to ten.",
                amount=amount,
            )
        ],
        sums=[(_("Comes back to you"), amount)],
        has_places=False,
    )


def _lapsed(facts: Facts) -> _Draft:
    if facts.more.get("is_called_off"):
        return _called_off_unpaid(facts)
    if facts.more["is_unclear"]:
        before = _(
            "The time to pay for these places is over, and we have not heard of a payment. "
            "So the places are on sale again."
        )
    else:
        before = _(
            "The time to pay for these places is over, so they are on sale again. Nothing was charged."
        )
    return _Draft(
        subject=_("Your places were released: %(title)s", title=facts.title),
        headline=_("Your places were released"),
        before=[before],
        after=[
            _(
                "Should a payment of yours still be on its way, you get the same places while they are free, "
                "or the money comes back to you. Either way we write to you."
            )
        ],
        action=_("Pick places again"),
        leads_to_event=True,
    )


def _called_off_unpaid(facts: Facts) -> _Draft:
    return _Draft(
        subject=_called_off_subject(facts),
        headline=_("This event does not take place"),
        before=[_("We are sorry. The event was called off, so you need not pay.")],
        after=[_("Should a payment of yours still be on its way, all of it comes back to you.")],
    )


def _called_off_subject(facts: Facts) -> str:
    return _("%(title)s does not take place (%(reference)s)", title=facts.title, reference=facts.reference)


def _offered(facts: Facts) -> _Draft:
    until = day_and_time(datetime.fromisoformat(facts.more["until"]), facts.time_zone)
    return _Draft(
        subject=_("Other places for you, until %(when)s: %(title)s", when=until, title=facts.title),
        headline=_("Equal places are kept for you"),
        before=[
            _(
                "Your payment of %(amount)s came when the time for it was over, and your places were sold "
                "meanwhile. These are as good, at the same price, and kept for you until %(when)s.",
                amount=facts.amount("paid_minor"),
                when=until,
            )
        ],
        after=[
            _("Take them, or say that you would rather have your money back."),
            _("If we hear nothing until then, all of your money goes back by itself."),
        ],
        sums=[(_("Paid"), facts.amount("paid_minor"))],
        action=_("Look at the places and decide"),
    )


def _returned(facts: Facts) -> _Draft:
    amount = facts.amount("refund_minor")
    is_called_off = facts.more["reason"] == "event_cancelled"
    headline = _("Your money comes back")
    return _Draft(
        subject=(
            _called_off_subject(facts)
            if is_called_off
            else _("Your money comes back: %(amount)s", amount=amount)
        ),
        headline=_("This event does not take place") if is_called_off else headline,
        before=[
            _why_returned(facts.more["reason"]),
            _("All of it goes back the way you paid. We write again when it is on its way."),
        ],
        sums=[(_("Comes back to you"), amount)],
        has_places=False,
        action=_("See the event"),
        leads_to_event=True,
    )


def _why_returned(reason: str) -> str:
    return {
        "event_cancelled": _("We are sorry. The event was called off before your payment came."),
        "bought_already": _("You had paid for this reservation before: this payment was one too many."),
        "late_event_over": _("Your payment came when what it was for had begun."),
        "offer_ended": _("The time to take the places that we offered you is over."),
        "offer_declined": _("You would rather have your money back than the places that we offered you."),
        "review_refund_all": _("Another amount came than was due, so nothing was sold for it."),
    }.get(
        reason,
        _("Your payment came when the time for it was over, and your places were sold meanwhile."),
    )


def _review(facts: Facts) -> _Draft:
    due = facts.amount("due_minor")
    came, currency = facts.more["came_minor"], facts.more["came_currency"]
    if came is None or currency is None:
        before = _("Another amount came than the %(due)s that were due.", due=due)
    else:
        before = _(
            "%(came)s came for this reservation, and %(due)s was due.", came=money(came, currency), due=due
        )
    return _Draft(
        subject=_("We look at your payment (%(reference)s)", reference=facts.reference),
        headline=_("We look at your payment"),
        before=[
            before,
            _("The box office looks at it and decides with you what becomes of it. Nothing is lost."),
        ],
    )


_KINDS: dict[str, Callable[[Facts], _Draft]] = {
    "confirmed": _confirmed,
    "moved": _moved,
    "cancelled": _cancelled,
    "refunded": _refunded,
    "lapsed": _lapsed,
    "offered": _offered,
    "returned": _returned,
    "review": _review,
}
