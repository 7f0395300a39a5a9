"""The postman of the sandbox: brings its notices to where a real provider's arrive, signature and all."""

from __future__ import annotations

import logging

from seatbook.domain.orders.ask import take_notice
from seatbook.errors import SeatbookError
from seatbook.payments import ProviderAway
from seatbook.payments.sandbox import Sandbox
from seatbook.payments.till import Till

log = logging.getLogger("seatbook.orders")


def deliver_sandbox_notices(*, till: Till, most: int = 100) -> int:
    """Bring up to `most` notices that are due; how many there were. What we don't take is lost, as when a
    real provider has given up: whoever has to know asks."""
    sandbox = till.of(Sandbox.name)
    if not isinstance(sandbox, Sandbox):
        return 0
    for brought in range(most):
        try:
            message = sandbox.next_message()
        except ProviderAway:
            return brought
        if message is None:
            return brought
        try:
            take_notice(Sandbox.name, body=message.body, headers=message.headers, till=till)
        except SeatbookError as error:
            log.warning("A notice of the sandbox was not taken: %s", error)
    return most
