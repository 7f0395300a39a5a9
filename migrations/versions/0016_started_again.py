"""A code or a concession that was stopped can be started again, which is on the record.

The release before writes neither.

Revision: 0016
After: 0015
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ACTS_BEFORE = (
    "'asked_provider', 'gave_up', 'refund_again', 'created_code', 'stopped_code', 'created_concession',"
    " 'cancelled_event', 'stopped_concession', 'created_event', 'published_event', 'changed_event',"
    " 'opened_sale', 'closed_sale', 'changed_room', 'made_slots'"
)


def upgrade() -> None:
    _allow(f"{ACTS_BEFORE}, 'started_code', 'started_concession'")
    op.execute("ALTER TABLE staff_act VALIDATE CONSTRAINT ck_staff_act_act")


def downgrade() -> None:
    # What was recorded stays, as the record is append-only; so the narrower rule is for new lines only.
    _allow(ACTS_BEFORE)


def _allow(acts: str) -> None:
    op.execute("ALTER TABLE staff_act DROP CONSTRAINT IF EXISTS ck_staff_act_act")
    op.execute(f"ALTER TABLE staff_act ADD CONSTRAINT ck_staff_act_act CHECK (act IN ({acts})) NOT VALID")
