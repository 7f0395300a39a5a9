"""The one place where a seat changes state.

Every act follows the same steps:

1. Lock the seats, by id, FOR NO KEY UPDATE; then the reservations, by id. Always
   in this order, so that acts wait for each other and never in a circle.
2. Judge, by the database's clock read after the locks: a hold that ended while
   we waited has ended.
3. Write. The rows are locked, so what was judged is still true.

Expiry is a fact of time: a seat that is `held` with `held_until` in the past is
free for everybody, whether or not a sweep has written that down.

Every act but `hold_quantity` and `hold_best` is safe to repeat by the same holder: asking again
for what one has answers the same and changes nothing.
"""

from seatbook.domain.inventory.adopt import AdoptResult, adopt_holds
from seatbook.domain.inventory.best import Wish, hold_best
from seatbook.domain.inventory.block import BlockResult, block_seats, unblock_seats
from seatbook.domain.inventory.confirm import (
    CancelResult,
    ConfirmResult,
    cancel_reservation,
    confirm_reservation,
)
from seatbook.domain.inventory.exchange import exchange_seats
from seatbook.domain.inventory.expire import ExpiredSeat, due_holds, expire_due_holds, expire_reservation
from seatbook.domain.inventory.extend import extend_hold
from seatbook.domain.inventory.hold import HoldResult, hold_quantity, hold_seats
from seatbook.domain.inventory.move import MovedPurchase, move_purchase
from seatbook.domain.inventory.release import ReleaseResult, release_hold, release_seats

__all__ = [
    "AdoptResult",
    "BlockResult",
    "CancelResult",
    "ConfirmResult",
    "ExpiredSeat",
    "HoldResult",
    "MovedPurchase",
    "ReleaseResult",
    "Wish",
    "adopt_holds",
    "block_seats",
    "cancel_reservation",
    "confirm_reservation",
    "due_holds",
    "exchange_seats",
    "expire_due_holds",
    "expire_reservation",
    "extend_hold",
    "hold_best",
    "hold_quantity",
    "hold_seats",
    "move_purchase",
    "release_hold",
    "release_seats",
    "unblock_seats",
]
