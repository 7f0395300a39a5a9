"""Halls as they are drawn: features of seats, shapes of areas and sections, the drawing of an event.

And the rule that no seat is left alone, which an event may ask for.

Each table is altered in a transaction of its own. A buyer reads them one after
the other; a migration that held one and waited for the next would stop the sale,
or meet a buyer in a circle. So a run that gave up at a lock has altered some of
them, and the next run finds those done: every step may be repeated. No step
rewrites a table. The one check is added unvalidated and then validated under a
lock that lets people buy.

The release before works on with these columns: it names the columns that it
writes, and each of these has a default.

Revision: 0003
After: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FEATURES = "features <@ ARRAY['wheelchair', 'companion', 'restricted_view']::text[]"

STEPS = (
    "ALTER TABLE event ADD COLUMN IF NOT EXISTS drawing jsonb,"
    " ADD COLUMN IF NOT EXISTS leave_no_single boolean NOT NULL DEFAULT false",
    "ALTER TABLE area ADD COLUMN IF NOT EXISTS shape jsonb",
    "ALTER TABLE section ADD COLUMN IF NOT EXISTS shape jsonb",
    "ALTER TABLE seat ADD COLUMN IF NOT EXISTS features text[] NOT NULL DEFAULT '{}',"
    " DROP CONSTRAINT IF EXISTS ck_seat_features",
    f"ALTER TABLE seat ADD CONSTRAINT ck_seat_features CHECK ({FEATURES}) NOT VALID",
    "ALTER TABLE seat VALIDATE CONSTRAINT ck_seat_features",
)

STEPS_BACK = (
    "ALTER TABLE seat DROP COLUMN IF EXISTS features",
    "ALTER TABLE section DROP COLUMN IF EXISTS shape",
    "ALTER TABLE area DROP COLUMN IF EXISTS shape",
    "ALTER TABLE event DROP COLUMN IF EXISTS drawing, DROP COLUMN IF EXISTS leave_no_single",
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for step in STEPS:
            op.execute(step)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for step in STEPS_BACK:
            op.execute(step)
