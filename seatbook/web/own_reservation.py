"""The reservation that an address names, where it is the signed-in viewer's own; other people's are not there."""

from __future__ import annotations

from flask_login import current_user

from seatbook.domain.holders import HolderRef
from seatbook.domain.reference import parse_reference
from seatbook.errors import NotFound
from seatbook.queries.reservations import ReservationView, load_reservation
from seatbook.web.holder import current_holder


def own_reservation(reference: str) -> ReservationView:
    """Raises NotFound."""
    parsed = parse_reference(reference)
    if parsed is None:
        raise NotFound(what="reservation")
    event_id, code = parsed
    return load_reservation(event_id, code=code, holder_id=signed_in_holder().holder_id)


def signed_in_holder() -> HolderRef:
    """Raises NotFound: whoever is not signed in has no reservation."""
    holder = current_holder()
    if holder is None or not current_user.is_authenticated:
        raise NotFound(what="reservation")
    return holder
