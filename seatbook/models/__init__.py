"""Tables, constraints and slim properties. No commits and no rules live here."""

from seatbook.models.account import Holder, User
from seatbook.models.catalogue import Event, Plan, Show, Venue
from seatbook.models.inventory import Area, Category, Reservation, ReservationSeat, Seat, SeatChange, Section
from seatbook.models.operation import Mail, SweepRun
from seatbook.models.payment import Payment, PaymentNotice, PaymentStep, Refund
from seatbook.models.reduction import Concession, DiscountCode, DiscountUse
from seatbook.models.sandbox import SandboxNotice, SandboxRefund, SandboxSession

__all__ = [
    "Area",
    "Category",
    "Concession",
    "DiscountCode",
    "DiscountUse",
    "Event",
    "Holder",
    "Mail",
    "Payment",
    "PaymentNotice",
    "PaymentStep",
    "Plan",
    "Refund",
    "Reservation",
    "ReservationSeat",
    "SandboxNotice",
    "SandboxRefund",
    "SandboxSession",
    "Seat",
    "SeatChange",
    "Section",
    "Show",
    "SweepRun",
    "User",
    "Venue",
]
