"""An endpoint that is no use any more is switched off, and its owner is told by mail, in the same transaction."""

from __future__ import annotations

import logging

from sqlalchemy import text
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

# The kind of the letter; `web/letters/` has its words.
LETTER = "webhook_off"


def switch_off(session: Session, endpoint_id: int, *, reason: str) -> None:
    """Tell this endpoint nothing more. `reason` is one of DISABLED_REASONS. What waits for it stays, for when
    somebody resumes it. Repeating it changes nothing."""
    off = session.execute(SWITCH_OFF, {"endpoint": endpoint_id, "reason": reason}).one_or_none()
    if off is not None:
        log.warning("Webhook endpoint %s (%s) is switched off: %s", endpoint_id, off.url, reason)
        session.execute(TELL, {"endpoint": endpoint_id, "kind": LETTER})


SWITCH_OFF = text("""
    UPDATE webhook_endpoint SET disabled_at = clock_timestamp(), disabled_reason = :reason
     WHERE id = :endpoint AND disabled_at IS NULL AND deleted_at IS NULL
    RETURNING url
""")
TELL = text("""
    INSERT INTO mail (kind, fact, recipient, language, data)
    SELECT :kind, :kind || ':' || endpoint.id || ':' || extract(epoch FROM endpoint.disabled_at),
           owner.email, owner.language,
           jsonb_build_object('username', owner.username, 'endpoint_id', endpoint.id, 'name', endpoint.name,
                              'url', endpoint.url, 'reason', endpoint.disabled_reason, 'time_zone', 'UTC')
      FROM webhook_endpoint endpoint
      JOIN user_account owner ON owner.id = endpoint.made_by_user_id AND owner.email <> ''
     WHERE endpoint.id = :endpoint
    ON CONFLICT (fact) DO NOTHING
""")
