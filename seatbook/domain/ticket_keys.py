"""The keys that tickets are signed with: Ed25519, so that whoever has the public one can check a ticket offline.

The private key is made of the setting TICKET_KEY, or of SECRET_KEY where there is
none; it is in no table. Its public half is written down when it is first used,
and tickets that were signed with it stay good when the setting changes, until
somebody revokes it.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from seatbook.config import Config
from seatbook.domain.transaction import run_transaction
from seatbook.errors import NotFound
from seatbook.models import TicketKey

KEY_ID_LENGTH = 8


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The present key. `public` is the 32 bytes by which its signatures are checked."""

    id: str
    private: Ed25519PrivateKey
    public: bytes


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A public key that tickets were signed with. A revoked one makes no ticket good any more."""

    id: str
    public: bytes
    created_at: datetime
    revoked_at: datetime | None


def signing_key(config: Config) -> SigningKey:
    """The key of the settings. The same settings give the same key, on every machine."""
    secret = (config.ticket_key or config.secret_key).encode()
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"seatbook tickets, Ed25519").derive(secret)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    return SigningKey(key_id(public), private, public)


def key_id(public: bytes) -> str:
    """The name of a public key: the first 40 bits of its SHA-256, in base 32."""
    return b32encode(hashlib.sha256(public).digest()[:5]).decode("ascii")


def note_key(session: Session, key: SigningKey) -> None:
    """Write the public half down, so that what is signed now can be checked for ever."""
    if session.scalar(select(TicketKey.key_id).where(TicketKey.key_id == key.id)) is None:
        session.execute(
            insert(TicketKey).values(key_id=key.id, public_key=key.public).on_conflict_do_nothing()
        )


def known_keys(config: Config) -> list[KnownKey]:
    """Every key, the present one first; it is written down with this."""

    def act(session: Session) -> list[KnownKey]:
        key = signing_key(config)
        note_key(session, key)
        rows = session.execute(
            select(
                TicketKey.key_id, TicketKey.public_key, TicketKey.created_at, TicketKey.revoked_at
            ).order_by(TicketKey.key_id != key.id, TicketKey.created_at.desc())
        )
        return [KnownKey(*row) for row in rows]

    return run_transaction(act)


def revoke_key(which: str) -> None:
    """Tickets that were signed with this key are good no more. Repeating it changes nothing. Raises NotFound."""

    def act(session: Session) -> None:
        revoked = session.scalar(
            update(TicketKey)
            .where(TicketKey.key_id == which)
            .values(revoked_at=func.coalesce(TicketKey.revoked_at, func.clock_timestamp()))
            .returning(TicketKey.key_id)
            .execution_options(synchronize_session=False)
        )
        if revoked is None:
            raise NotFound(what="key")

    run_transaction(act)


def is_signed_by(public: bytes, *, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode("ascii"))
    except Exception:
        return False
    return True
