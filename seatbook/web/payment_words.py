"""What became of the money of a reservation, as its buyer is told: where the payment stands, each step, refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from seatbook.errors import N_
from seatbook.queries.payment_history import PaymentView, RefundView, StepView
from seatbook.queries.reservations import ReservationView
from seatbook.web.formats import day_and_time, money
from seatbook.web.texts import gettext as _

UNDER_WAY = ("open", "processing")
ASKED_ABOUT = ("processing", "asking", "ending", "called_off", "unheard")


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of what happened to the money."""

    at: datetime
    sentence: str


class PaymentWords:
    """Words about the payments of one reservation, the oldest first."""

    def __init__(
        self,
        reservation: ReservationView,
        payments: Sequence[PaymentView],
        *,
        cancelled: Sequence[tuple[datetime, str]] = (),
    ) -> None:
        """`cancelled`: the names of what was cancelled and when, the earliest first, where not all of it went at
        once."""
        self.reservation = reservation
        self.payments = payments
        self.cancelled = cancelled

    @property
    def newest(self) -> PaymentView | None:
        return self.payments[-1] if self.payments else None

    @property
    def under_way(self) -> PaymentView | None:
        """The attempt that is not over."""
        newest = self.newest
        return newest if newest is not None and newest.status in UNDER_WAY else None

    @property
    def paid_by(self) -> PaymentView | None:
        """The payment that bought this reservation."""
        return self._settled("confirmed")

    @property
    def offer(self) -> PaymentView | None:
        """The late payment for which these places are offered."""
        return self._settled("offered")

    def _settled(self, settlement: str) -> PaymentView | None:
        return next(
            (
                one
                for one in self.payments
                if one.settlement == settlement and one.settled_reservation_id == self.reservation.id
            ),
            None,
        )

    @property
    def state(self) -> str:
        """Where a reservation that waits for its money stands; empty when it does not wait. It waits longer than
        its places do: until the payment service has told a result.

        called_off  the event does not take place
        offered     other places are offered for money that came too late
        review      other money came than was due, and a person looks at it
        processing  the buyer did their part, the payment service is at work
        ending      given up, and the payment service was not heard yet
        asking      the time is over, the payment service is asked whether money came
        unheard     the places went back on sale, and the payment service has not told a result
        failed      the last attempt failed; there is time for another one
        open        nothing was paid yet
        """
        is_ended = self.reservation.status in ("expired", "released")
        if self.reservation.status != "pending" and not (is_ended and self.under_way is not None):
            return ""
        if self.reservation.event_is_cancelled:
            return "called_off"
        if is_ended:
            return "unheard"
        if self.offer is not None:
            return "offered"
        if self.newest is not None and self.newest.settlement == "review":
            return "review"
        under_way = self.under_way
        if under_way is not None and under_way.given_up:
            return "ending"
        if under_way is not None and under_way.status == "processing":
            return "processing"
        if (self.reservation.seconds_to_pay or 0) <= 0:
            return "asking"
        if under_way is None and self.newest is not None:
            return "failed"
        return "open"

    @property
    def is_to_be_asked(self) -> bool:
        """Whether somebody who looks at the page has the payment service asked."""
        return self.under_way is not None and self.state in ASKED_ABOUT

    @property
    def seconds_to_next_look(self) -> int:
        """How long an open page waits before it asks again how it stands."""
        if self.state == "unheard":
            # Nobody's places depend on it any more, and it may take hours.
            return 15
        return 3 if self.is_to_be_asked else 5

    # --- late money ---

    @property
    def late_sentence(self) -> str:
        """What happened to a payment that came too late; empty when none did."""
        if self.under_way is not None and self.reservation.status in ("expired", "released"):
            return _(STUCK)
        for payment in reversed(self.payments):
            if sentence := self._late(payment):
                return sentence
        return ""

    def _late(self, payment: PaymentView) -> str:
        amount = money(payment.amount_minor, payment.currency)
        is_elsewhere = payment.settled_reservation_id != self.reservation.id
        reasons = {step.step: step.reason for step in payment.steps}
        if payment.settlement == "review":
            return _(
                "%(amount)s was due, and something else came. Somebody at the box office looks at it "
                "and writes to you.",
                amount=amount,
            )
        if payment.settlement == "refunded":
            why = _WHY_BACK.get(reasons.get("refund_due", ""), "")
            return f"{_text(why)} {self.back_sentence(payment)}".strip()
        if payment.settlement == "offered" and not is_elsewhere:
            return _("The time to take these places is over. Your money goes back to you.")
        if payment.settlement == "offered" and payment.offer_until is not None:
            return _(
                "Your payment came after your time was over, and somebody else was faster. "
                "We offer you equal places, and keep them for you until %(when)s.",
                when=day_and_time(payment.offer_until, self.reservation.time_zone),
            )
        if payment.settlement != "confirmed":
            return ""
        if reasons.get("confirmed", "").startswith("review_"):
            return _("The box office looked at your payment, and it is good.")
        if is_elsewhere:
            return _("Your payment came after your time was over. It bought the reservation below.")
        if "accepted" in reasons:
            return _(
                "Your payment came after your time was over. You took these places instead; they are yours."
            )
        if reasons.get("confirmed") == "late_same_places":
            return _(
                "Your payment came after your time was over. The same places were still free: they are yours."
            )
        return ""

    def back_sentence(self, payment: PaymentView) -> str:
        """The state of the refunds of one payment, in sentences."""
        return " ".join(self.refund_sentence(payment, refund) for refund in payment.refunds)

    def refund_sentence(self, payment: PaymentView, refund: RefundView) -> str:
        amount = money(refund.amount_minor, payment.came_currency)
        if refund.status == "done" and refund.done_at is not None:
            return _(
                "%(amount)s went back to you on %(when)s. Your bank may need a few days to show it.",
                amount=amount,
                when=day_and_time(refund.done_at, self.reservation.time_zone),
            )
        if refund.status == "failed" or payment.provider == "counter":
            return _(
                "The box office pays %(amount)s out to you. Please say or show the reference there.",
                amount=amount,
            )
        return _("%(amount)s goes back to you, the way it was paid. It is on its way.", amount=amount)

    @property
    def refunds(self) -> list[str]:
        """What went back or goes back of the purchase itself, the oldest first."""
        paid = self.paid_by
        return [] if paid is None else [self.refund_sentence(paid, refund) for refund in paid.refunds]

    # --- everything in its order ---

    @property
    def history(self) -> list[Happening]:
        """Each step that concerns the buyer, the oldest first."""
        happened = [
            Happening(step.at, sentence)
            for payment in self.payments
            for step in payment.steps
            if (sentence := self._step(payment, step))
        ]
        happened += [
            happening
            for payment in self.payments
            for refund in payment.refunds
            for happening in self._of_refund(payment, refund)
        ]
        return sorted(happened, key=lambda one: one.at)

    def _step(self, payment: PaymentView, step: StepView) -> str:
        amount = money(payment.amount_minor, payment.currency)
        if step.step == "paid":
            amount = money(payment.came_minor, payment.came_currency)
        if step.step == "confirmed" and step.reason == "late_same_places":
            return _("It came after the end. The same places were still free, and they are yours.")
        sentences = {
            "begun": _("You went on to pay %(amount)s."),
            "processing": _("The payment service is working on your payment."),
            "failed": _("The payment did not work. Nothing was charged."),
            "expired": _("The payment was ended unpaid. Nothing was charged."),
            "paid": _("%(amount)s came."),
            "confirmed": _("The places are yours."),
            "offered": _("It came after the end, and somebody else was faster. We offered you equal places."),
            "accepted": _("You took the places that we offered."),
            "silent": _("The payment service gave no answer. We go on asking."),
            "stuck": _(STUCK),
            "review": _("The amount is not what was due. Somebody at the box office looks at it."),
        }
        text = sentences.get(step.step, "")
        return text % {"amount": amount} if "%(" in text else text

    def _of_refund(self, payment: PaymentView, refund: RefundView) -> list[Happening]:
        amount = money(refund.amount_minor, payment.came_currency)
        names = [name for at, name in self.cancelled if at <= refund.created_at][-1:]
        if refund.reason == "cancelled" and names:
            why = _("Cancelled: %(names)s.", names=names[0])
        else:
            why = _text(_WHY_BACK.get(refund.reason, ""))
        due = _("%(amount)s goes back to you.", amount=amount)
        happened = [Happening(refund.created_at, f"{why} {due}".strip())]
        if refund.done_at is not None:
            happened.append(Happening(refund.done_at, _("%(amount)s went back.", amount=amount)))
        return happened


STUCK = N_(
    "There is still no result, so the places are on sale again. Money that comes now "
    "gets you places, or goes back to you."
)
_WHY_BACK = {
    "cancelled": N_("It was cancelled."),
    "review_refund_all": N_("What came was not what was due."),
    "review_refund_difference": N_("More came than was due."),
    "event_cancelled": N_("The event does not take place."),
    "late_places_gone": N_("Your payment came after your time was over, and somebody else has the places."),
    "late_event_over": N_("Your payment came when the event was over."),
    "bought_already": N_("These places were paid for already."),
    "offer_declined": N_(
        "Your payment came after your time was over, and you chose your money instead of other places."
    ),
    "offer_ended": N_(
        "Your payment came after your time was over, and the time to take the other places is over as well."
    ),
}


def _text(marked: str) -> str:
    return _(marked) if marked else ""
