"""Tables, constraints and slim properties. No commits and no rules live here."""

from seatbook.models.account import Holder, User
from seatbook.models.catalogue import Event, Plan, Show, Venue
from seatbook.models.inventory import Area, Category, Reservation, ReservationSeat, Seat, SeatChange, Section
from seatbook.models.once import AskedAct, AskedAnswer
from seatbook.models.operation import EventCancellation, Mail, SweepRun
from seatbook.models.payment import Payment, PaymentNotice, PaymentStep, Refund
from seatbook.models.record import StaffAct
from seatbook.models.reduction import (
    Concession,
    DiscountCode,
    DiscountCodeCategory,
    DiscountUse,
    PartyConcession,
)
from seatbook.models.sandbox import SandboxNotice, SandboxRefund, SandboxSession
from seatbook.models.ticket import TicketKey, TicketReissue
from seatbook.models.token import ApiToken
from seatbook.models.webhook import WebhookCursor, WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiToken",
    "Area",
    "AskedAct",
    "AskedAnswer",
    "Category",
    "Concession",
    "DiscountCode",
    "DiscountCodeCategory",
    "DiscountUse",
    "Event",
    "EventCancellation",
    "Holder",
    "Mail",
    "PartyConcession",
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
    "StaffAct",
    "SweepRun",
    "TicketKey",
    "TicketReissue",
    "User",
    "Venue",
    "WebhookCursor",
    "WebhookDelivery",
    "WebhookEndpoint",
]
