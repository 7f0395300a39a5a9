"""The first answer to a request with a key, for those who ask again.

That a repetition has no second effect is the work of `once`; here it gets the
same answer, byte for byte. Whoever comes first claims the key, works, and keeps
the answer. A claim is believed for a while only: when its process died, or is
very slow, the next one who asks does the same work again, which by then has its
effect already, and whichever answer is kept first is everybody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from secrets import token_urlsafe

from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from seatbook.domain.once import safe_to_repeat
from seatbook.domain.transaction import run_transaction
from seatbook.errors import Busy, KeyInFlight, KeyReused
from seatbook.models import AskedAnswer

# Longer than any answer takes. After it a second one may do the same work, to the same effect.
CLAIMED_FOR = timedelta(seconds=20)
MAX_TRIES = 3


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer as it went out: `headers` without what belongs to one delivery only, `body` as the edge gave it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """The right, for a while, to answer the request with this key."""

    asker: str
    key: str
    fingerprint: str
    token: str


@safe_to_repeat
def claim_key(*, asker: str, key: str, fingerprint: str) -> Claim | GivenAnswer:
    """The claim of whoever comes first, or the answer that was given then.

    Raises KeyReused (the first request was another one), KeyInFlight (it is being worked on).
    """
    claim = Claim(asker, key, fingerprint, token_urlsafe(12))
    for _ in range(MAX_TRIES):
        found = run_transaction(partial(_claim, claim=claim))
        if found is not None:
            return found
    raise Busy()


def _claim(session: Session, *, claim: Claim) -> Claim | GivenAnswer | None:
    new = insert(AskedAnswer).values(
        asker=claim.asker,
        key=claim.key,
        fingerprint=claim.fingerprint,
        claim=claim.token,
        claimed_until=func.clock_timestamp() + CLAIMED_FOR,
    )
    # One statement: of any number at the same moment one has the claim.
    claimed = session.execute(
        new.on_conflict_do_update(
            index_elements=[AskedAnswer.asker, AskedAnswer.key],
            set_={"claim": new.excluded.claim, "claimed_until": new.excluded.claimed_until},
            where=and_(
                AskedAnswer.status.is_(None),
                AskedAnswer.claimed_until <= func.clock_timestamp(),
                AskedAnswer.fingerprint == new.excluded.fingerprint,
            ),
        ).returning(AskedAnswer.key)
    ).one_or_none()
    if claimed is not None:
        return claim
    row = session.execute(
        select(
            AskedAnswer.fingerprint,
            AskedAnswer.status,
            AskedAnswer.headers,
            AskedAnswer.body,
            func.ceil(func.extract("epoch", AskedAnswer.claimed_until - func.clock_timestamp())).label(
                "seconds"
            ),
        ).where(AskedAnswer.asker == claim.asker, AskedAnswer.key == claim.key)
    ).one_or_none()
    if row is None:
        # Given up in this very moment.
        return None
    if row.fingerprint != claim.fingerprint:
        raise KeyReused()
    if row.status is None:
        raise KeyInFlight(seconds=max(1, int(row.seconds)))
    return GivenAnswer(row.status, row.headers, row.body)


@safe_to_repeat
def keep_answer(claim: Claim, answer: GivenAnswer) -> GivenAnswer:
    """Keep the answer, if it is the first; the one that is kept, to be given to whoever asked. Safe to repeat."""
    return run_transaction(partial(_keep, claim=claim, answer=answer))


def _keep(session: Session, *, claim: Claim, answer: GivenAnswer) -> GivenAnswer:
    new = insert(AskedAnswer).values(
        asker=claim.asker,
        key=claim.key,
        fingerprint=claim.fingerprint,
        claim=claim.token,
        claimed_until=func.clock_timestamp(),
        status=answer.status,
        headers=dict(answer.headers),
        body=answer.body,
    )
    kept = session.execute(
        new.on_conflict_do_update(
            index_elements=[AskedAnswer.asker, AskedAnswer.key],
            set_={name: new.excluded[name] for name in ("status", "headers", "body")},
            # Also when somebody else has the claim by now: the first answer is everybody's.
            where=and_(AskedAnswer.status.is_(None), AskedAnswer.fingerprint == new.excluded.fingerprint),
        ).returning(AskedAnswer.key)
    ).one_or_none()
    if kept is not None:
        return answer
    row = session.execute(
        select(AskedAnswer.status, AskedAnswer.headers, AskedAnswer.body).where(
            AskedAnswer.asker == claim.asker,
            AskedAnswer.key == claim.key,
            AskedAnswer.fingerprint == claim.fingerprint,
            AskedAnswer.status.is_not(None),
        )
    ).one_or_none()
    return answer if row is None else GivenAnswer(row.status, row.headers, row.body)


@safe_to_repeat
def give_up_claim(claim: Claim) -> None:
    """Nothing was done, or it is not known what: whoever asks again begins anew. Safe to repeat."""

    def act(session: Session) -> None:
        session.execute(
            delete(AskedAnswer)
            .where(
                AskedAnswer.asker == claim.asker,
                AskedAnswer.key == claim.key,
                AskedAnswer.claim == claim.token,
                AskedAnswer.status.is_(None),
            )
            .execution_options(synchronize_session=False)
        )

    run_transaction(act)
