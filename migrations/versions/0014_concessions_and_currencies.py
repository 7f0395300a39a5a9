"""A concession can be stopped, and money of another currency keeps its own.

Who has a concession that is stopped keeps it, and nobody else gets it, as with a code. The column's default is
the same for all rows that are there, so the table is not rewritten. The release before offers all concessions
that there are.

`payment.received_currency` stands where other money came than was asked for. The release before writes none, which
says that it was what was asked for, as it told it.

Revision: 0014
After: 0013
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ACTS_BEFORE = (
    "'asked_provider', 'gave_up', 'refund_again', 'created_code', 'stopped_code', 'created_concession',"
    " 'cancelled_event'"
)

RECEIVED = (
    "ALTER TABLE payment ADD COLUMN IF NOT EXISTS received_currency text",
    "ALTER TABLE payment DROP CONSTRAINT IF EXISTS ck_payment_received_currency",
    "ALTER TABLE payment ADD CONSTRAINT ck_payment_received_currency"
    " CHECK (received_currency IS NULL OR (received_currency <> currency AND received_minor IS NOT NULL))"
    " NOT VALID",
    "ALTER TABLE payment VALIDATE CONSTRAINT ck_payment_received_currency",
    "DROP TRIGGER IF EXISTS guard_received ON payment",
    "CREATE TRIGGER guard_received BEFORE UPDATE OF received_minor, received_currency ON payment FOR EACH ROW"
    " WHEN (OLD.status = 'paid' AND (OLD.received_minor, OLD.received_currency)"
    " IS DISTINCT FROM (NEW.received_minor, NEW.received_currency))"
    " EXECUTE FUNCTION guard_received()",
)


def upgrade() -> None:
    op.execute("ALTER TABLE concession ADD COLUMN IF NOT EXISTS is_active boolean NOT NULL DEFAULT true")
    _allow(f"{ACTS_BEFORE}, 'stopped_concession'")
    op.execute("ALTER TABLE staff_act VALIDATE CONSTRAINT ck_staff_act_act")
    for step in RECEIVED:
        op.execute(step)


def downgrade() -> None:
    # What was recorded stays, as the record is append-only; so the narrower rule is for new lines only.
    _allow(ACTS_BEFORE)
    op.execute("ALTER TABLE concession DROP COLUMN IF EXISTS is_active")
    op.execute("DROP TRIGGER IF EXISTS guard_received ON payment")
    op.execute("ALTER TABLE payment DROP COLUMN IF EXISTS received_currency")
    op.execute(
        "CREATE TRIGGER guard_received BEFORE UPDATE OF received_minor ON payment FOR EACH ROW"
        " WHEN (OLD.status = 'paid' AND OLD.received_minor IS DISTINCT FROM NEW.received_minor)"
        " EXECUTE FUNCTION guard_received()"
    )


def _allow(acts: str) -> None:
    op.execute("ALTER TABLE staff_act DROP CONSTRAINT IF EXISTS ck_staff_act_act")
    op.execute(f"ALTER TABLE staff_act ADD CONSTRAINT ck_staff_act_act CHECK (act IN ({acts})) NOT VALID")
