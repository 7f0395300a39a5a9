"""What stands in a ticket's QR code: `SB1:KEY:EVENT:RESERVATION:PLACE:TICKET:VERSION:SIGNATURE`.

docs/tickets.md describes it for those who write a scanner. Only characters of a
QR code's alphanumeric mode, which takes a third less room than bytes do.
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from dataclasses import dataclass

from seatbook.domain.reference import ALPHABET, CODE_LENGTH
from seatbook.domain.ticket_keys import KEY_ID_LENGTH, SigningKey

PREFIX = "SB1"
SIGNATURE_BYTES = 64
_NUMBER = r"([1-9][0-9]{0,17})"
_PATTERN = re.compile(
    rf"({PREFIX}:([A-Z2-7]{{{KEY_ID_LENGTH}}}):{_NUMBER}:([{ALPHABET}]{{{CODE_LENGTH}}})"
    rf":{_NUMBER}:{_NUMBER}:{_NUMBER}):([A-Z2-7]{{103}})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TicketCode:
    """What a code says. `ticket` is the number of the reservation's line, `place` that of the seat.

    `signed` is the text that `signature` signs.
    """

    key_id: str
    event_id: int
    code: str
    place: int
    ticket: int
    version: int
    signed: str
    signature: bytes


def write_code(key: SigningKey, *, event_id: int, code: str, place: int, ticket: int, version: int) -> str:
    """The code of one ticket. The same ticket has the same code, whenever it is written."""
    signed = f"{PREFIX}:{key.id}:{event_id}:{code}:{place}:{ticket}:{version}"
    return f"{signed}:{_base32(key.private.sign(signed.encode('ascii')))}"


def read_code(text: str) -> TicketCode | None:
    """What a code says, whoever signed it; None when it is no such code at all."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        return None
    signed, key_id, event_id, code, place, ticket, version, encoded = match.groups()
    signature = b32decode(encoded + "=" * (-len(encoded) % 8))
    # 103 characters have three bits more than 64 bytes: one signature has one spelling.
    if len(signature) != SIGNATURE_BYTES or _base32(signature) != encoded:
        return None
    return TicketCode(key_id, int(event_id), code, int(place), int(ticket), int(version), signed, signature)


def _base32(data: bytes) -> str:
    return b32encode(data).decode("ascii").rstrip("=")
