"""Buying for money: from the basket to a paid reservation, and back.

```
held ──begin_checkout──▶ pending ──paid──▶ confirmed ──cancel_order──▶ cancelled + refund
                            │  ▲ failed: the places stay until the deadline, for another try
                            └──▶ expired (the deadline, after asking the provider) or released (given up)
                                    └── paid all the same ──▶ the same places, equal ones, or the money back
```

Every act takes its turns: a short transaction, then the provider with none
open, then a short transaction which judges again, under the locks, what is true
by then. So each of them may be repeated, may die anywhere, and may meet itself.

The places of somebody who pays are kept until the deadline, and after it for
the event's grace while the provider is asked. Then they are free for everybody
even when nobody asked, because nothing stays stuck: money that comes later
takes the way of late payments.
"""

from seatbook.domain.orders.ask import (
    AskedPayments,
    ask_due_payments,
    ask_payment,
    give_up_checkout,
    take_notice,
)
from seatbook.domain.orders.begin import BegunCheckout, begin_checkout
from seatbook.domain.orders.cancel import CancelledOrder, cancel_order
from seatbook.domain.orders.cancel_event import (
    cancel_event_orders,
    continue_event_cancellations,
    request_event_cancellation,
    run_event_cancellation,
)
from seatbook.domain.orders.counter import note_paid_out, take_at_counter, try_refund_again
from seatbook.domain.orders.offers import accept_offer, decline_offer, end_due_offers
from seatbook.domain.orders.reduce import (
    Repriced,
    apply_code,
    choose_concessions,
    choose_for_whom,
    choose_parties,
    no_number_of_people,
    remove_code,
)
from seatbook.domain.orders.reductions import (
    create_code,
    create_concession,
    start_code,
    start_concession,
    stop_code,
    stop_concession,
)
from seatbook.domain.orders.refunds import SentRefunds, send_due_refunds
from seatbook.domain.orders.reserve import reserve_seats
from seatbook.domain.orders.review import decide_review, decisions_about
from seatbook.domain.orders.sandbox_page import decide_in_sandbox, show_sandbox_session
from seatbook.domain.orders.sandbox_post import deliver_sandbox_notices
from seatbook.domain.orders.settle import PaymentState, record_answer
from seatbook.domain.orders.window import SoldAtWindow, sell_at_window
from seatbook.payments.till import Till, till_of

__all__ = [
    "AskedPayments",
    "BegunCheckout",
    "CancelledOrder",
    "PaymentState",
    "Repriced",
    "SentRefunds",
    "SoldAtWindow",
    "Till",
    "accept_offer",
    "apply_code",
    "ask_due_payments",
    "ask_payment",
    "begin_checkout",
    "cancel_event_orders",
    "cancel_order",
    "choose_concessions",
    "choose_for_whom",
    "choose_parties",
    "continue_event_cancellations",
    "create_code",
    "create_concession",
    "decide_in_sandbox",
    "decide_review",
    "decisions_about",
    "decline_offer",
    "deliver_sandbox_notices",
    "end_due_offers",
    "give_up_checkout",
    "no_number_of_people",
    "note_paid_out",
    "record_answer",
    "remove_code",
    "request_event_cancellation",
    "reserve_seats",
    "run_event_cancellation",
    "sell_at_window",
    "send_due_refunds",
    "show_sandbox_session",
    "start_code",
    "start_concession",
    "stop_code",
    "stop_concession",
    "take_at_counter",
    "take_notice",
    "till_of",
    "try_refund_again",
]
