"""Webhooks: whoever asked for it is told over HTTP what happens to places, reservations and payments.

| story | file |
|---|---|
| what can be heard, and how one asks for it | `types.py` |
| who is told: make, take away, rotate, resume | `endpoints.py` |
| the logs are read, and become messages | `follow.py`, `messages.py` |
| messages are brought, again and again where needed | `deliver.py` |
| how a message is signed | `signature.py` |
| which addresses on the network are nobody's to call | `addresses.py` |
| one request over HTTP | `outside.py` |
"""

from seatbook.domain.webhooks.deliver import Brought, bring_messages, purge_deliveries
from seatbook.domain.webhooks.endpoints import (
    MadeEndpoint,
    change_types,
    create_endpoint,
    delete_endpoint,
    redeliver,
    resume_endpoint,
    rotate_secret,
    send_test,
)
from seatbook.domain.webhooks.follow import follow_logs
from seatbook.domain.webhooks.outside import Outside, Sender, Sent, sender_of
from seatbook.domain.webhooks.types import ALL_TYPES, FAMILIES, TEST

__all__ = [
    "ALL_TYPES",
    "FAMILIES",
    "TEST",
    "Brought",
    "MadeEndpoint",
    "Outside",
    "Sender",
    "Sent",
    "bring_messages",
    "change_types",
    "create_endpoint",
    "delete_endpoint",
    "follow_logs",
    "purge_deliveries",
    "redeliver",
    "resume_endpoint",
    "rotate_secret",
    "send_test",
    "sender_of",
]
