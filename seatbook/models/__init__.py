"""Tables, constraints and slim properties. No commits and no rules live here."""

from seatbook.models.account import Holder, User
from seatbook.models.catalogue import Event, Plan, Show, Venue
from seatbook.models.inventory import Area, Category, Reservation, ReservationSeat, Seat, SeatChange, Section
from seatbook.models.operation import Mail, SweepRun

__all__ = [
    "Area",
    "Category",
    "Event",
    "Holder",
    "Mail",
    "Plan",
    "Reservation",
    "ReservationSeat",
    "Seat",
    "SeatChange",
    "Section",
    "Show",
    "SweepRun",
    "User",
    "Venue",
]
