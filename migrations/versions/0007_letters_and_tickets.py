"""Letters that say what is told and are worded when they go, and tickets that can be made anew.

A letter of a kind carries its facts (`data`) and gets its words when it is sent.
`fact` names what it tells, so that it is told once. A worker of the release before
cannot word such a letter: it stumbles, and leaves it for the next attempt of a new
one. Letters that it writes itself have their words and no kind, as ever.

Every step may be repeated. The outbox is small, so nothing here holds anybody up.

Revision: 0007
After: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MAIL = (
    "ALTER TABLE mail ADD COLUMN IF NOT EXISTS kind text, ADD COLUMN IF NOT EXISTS fact text,"
    " ADD COLUMN IF NOT EXISTS event_id bigint, ADD COLUMN IF NOT EXISTS reservation_id bigint,"
    " ADD COLUMN IF NOT EXISTS language text, ADD COLUMN IF NOT EXISTS data jsonb,"
    " ADD COLUMN IF NOT EXISTS body_html text",
    "ALTER TABLE mail ALTER COLUMN subject DROP NOT NULL, ALTER COLUMN body_text DROP NOT NULL",
    "ALTER TABLE mail DROP CONSTRAINT IF EXISTS ck_mail_words_or_kind",
    "ALTER TABLE mail ADD CONSTRAINT ck_mail_words_or_kind"
    " CHECK (kind IS NOT NULL OR (subject IS NOT NULL AND body_text IS NOT NULL))",
    "ALTER TABLE mail DROP CONSTRAINT IF EXISTS ck_mail_kind_has_facts",
    "ALTER TABLE mail ADD CONSTRAINT ck_mail_kind_has_facts"
    " CHECK (kind IS NULL OR (fact IS NOT NULL AND data IS NOT NULL))",
    "CREATE UNIQUE INDEX IF NOT EXISTS uq_mail_fact ON mail (fact)",
    "CREATE INDEX IF NOT EXISTS ix_mail_reservation ON mail (event_id, reservation_id)",
    "CREATE INDEX IF NOT EXISTS ix_mail_sent_at ON mail (sent_at) WHERE sent_at IS NOT NULL",
)

MAIL_BACK = (
    "DROP INDEX IF EXISTS ix_mail_sent_at",
    "DROP INDEX IF EXISTS ix_mail_reservation",
    "DROP INDEX IF EXISTS uq_mail_fact",
    "ALTER TABLE mail DROP CONSTRAINT IF EXISTS ck_mail_kind_has_facts",
    "ALTER TABLE mail DROP CONSTRAINT IF EXISTS ck_mail_words_or_kind",
    # Nobody could word these any more.
    "DELETE FROM mail WHERE subject IS NULL OR body_text IS NULL",
    "ALTER TABLE mail ALTER COLUMN subject SET NOT NULL, ALTER COLUMN body_text SET NOT NULL",
    "ALTER TABLE mail DROP COLUMN IF EXISTS kind, DROP COLUMN IF EXISTS fact, DROP COLUMN IF EXISTS event_id,"
    " DROP COLUMN IF EXISTS reservation_id, DROP COLUMN IF EXISTS language, DROP COLUMN IF EXISTS data,"
    " DROP COLUMN IF EXISTS body_html",
)

TABLES = (
    """
    CREATE TABLE IF NOT EXISTS ticket_key (
        key_id text NOT NULL,
        public_key bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        revoked_at timestamptz,
        CONSTRAINT pk_ticket_key PRIMARY KEY (key_id),
        CONSTRAINT ck_ticket_key_public_key CHECK (octet_length(public_key) = 32)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS ticket_reissue (
        event_id bigint NOT NULL,
        reservation_seat_id bigint NOT NULL,
        version integer NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        actor_user_id bigint,
        CONSTRAINT pk_ticket_reissue PRIMARY KEY (event_id, reservation_seat_id, version),
        CONSTRAINT fk_ticket_reissue_reservation_seat FOREIGN KEY (event_id, reservation_seat_id)
            REFERENCES reservation_seat (event_id, id),
        CONSTRAINT ck_ticket_reissue_version CHECK (version >= 2)
    )
    """,
)

# A code that was replaced stays replaced: refuse_change is of 0002.
GUARDS = (
    "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON ticket_reissue"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE OR REPLACE TRIGGER never_truncated BEFORE TRUNCATE ON ticket_reissue"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)


def upgrade() -> None:
    for statement in (*MAIL, *TABLES, *GUARDS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS ticket_reissue")
    op.execute("DROP TABLE IF EXISTS ticket_key")
    for statement in MAIL_BACK:
        op.execute(statement)
