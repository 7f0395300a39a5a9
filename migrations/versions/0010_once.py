"""What was asked once has its effect once: what was done, and what was answered, under each key.

Nothing here is on sale, and the release before knows none of it: to it a request with
a key is a request.

Revision: 0010
After: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = (
    # No foreign key: an asker may be a browser that holds nothing yet, and a row lives for a day.
    """
    CREATE TABLE asked_act (
        asker text NOT NULL,
        key text NOT NULL,
        act text NOT NULL,
        fingerprint text NOT NULL,
        result json NOT NULL,
        asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_asked_act PRIMARY KEY (asker, key, act),
        CONSTRAINT ck_asked_act_key CHECK (length(key) BETWEEN 1 AND 300)
    )
    """,
    "CREATE INDEX ix_asked_act_asked_at ON asked_act (asked_at)",
    """
    CREATE TABLE asked_answer (
        asker text NOT NULL,
        key text NOT NULL,
        fingerprint text NOT NULL,
        claim text NOT NULL,
        claimed_until timestamptz NOT NULL,
        asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        status integer,
        headers json,
        body bytea,
        CONSTRAINT pk_asked_answer PRIMARY KEY (asker, key),
        CONSTRAINT ck_asked_answer_key CHECK (length(key) BETWEEN 1 AND 300),
        CONSTRAINT ck_asked_answer_status CHECK (status BETWEEN 200 AND 499),
        CONSTRAINT ck_asked_answer_whole
            CHECK ((status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL))
    )
    """,
    "CREATE INDEX ix_asked_answer_asked_at ON asked_answer (asked_at)",
)

GUARD = """
CREATE FUNCTION guard_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: what was first done or answered under key % stays', TG_TABLE_NAME, OLD.key
        USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_asked';
END
$$
"""

TRIGGERS = (
    "CREATE TRIGGER guard_asked_act BEFORE UPDATE ON asked_act FOR EACH ROW EXECUTE FUNCTION guard_asked()",
    "CREATE TRIGGER guard_asked_answer BEFORE UPDATE ON asked_answer FOR EACH ROW"
    " WHEN (OLD.status IS NOT NULL) EXECUTE FUNCTION guard_asked()",
)


def upgrade() -> None:
    for statement in (*TABLES, GUARD, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    for table in ("asked_act", "asked_answer"):
        op.execute(f"DROP TABLE IF EXISTS {table}")
    op.execute("DROP FUNCTION IF EXISTS guard_asked()")
