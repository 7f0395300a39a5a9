"""Who of a party pays less is counted in people.

Until now one concession covered all who came to a slot. What lines say of it, those of the past too, moves to
`party_concession`: everybody of the party, at the price that was agreed. From then on a line that says a party says
no `concession_id`, so there is one place to look.

The move and the rule are one transaction, which nobody buys in meanwhile: it reads the lines once and writes the few
that there are. The guard of lines refuses to rewrite history, so it rests for that transaction.

The release before sells on: what it cannot do any more is give a whole party a concession, and it shows none of those
that this release writes. Prices are the lines' own, and it works out those of a held basket without them.

Revision: 0017
After: 0016
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

GUARD = """
CREATE OR REPLACE FUNCTION guard_party_concession() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said party_concession;
    line reservation_seat;
    is_open boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'party_concession: who pays less is written or taken back, not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_party_concession';
    ELSIF TG_OP = 'DELETE' THEN
        said := OLD;
    ELSE
        said := NEW;
    END IF;
    -- One after the other, so that each counts those before it.
    SELECT * INTO line FROM reservation_seat
     WHERE event_id = said.event_id AND id = said.reservation_seat_id FOR NO KEY UPDATE;
    -- What is being paid, or is bought, has its people; a new line brings its own, in the transaction that writes it.
    is_open := line.ended_at IS NULL AND (
        EXISTS (SELECT FROM reservation WHERE event_id = said.event_id AND id = line.reservation_id
                   AND status = 'held')
        OR (TG_OP = 'INSERT'
            AND EXISTS (SELECT FROM reservation_seat WHERE event_id = said.event_id
                           AND id = said.reservation_seat_id AND xmin = pg_current_xact_id()::xid)));
    -- A line that is not there is its foreign key's to refuse.
    IF line.id IS NOT NULL AND NOT is_open THEN
        RAISE EXCEPTION 'party_concession: who pays less of line % stays', said.reservation_seat_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_party_concession';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF line.id IS NOT NULL AND coalesce(line.party_size, 0) < said.people + (
        SELECT coalesce(sum(people), 0) FROM party_concession
         WHERE event_id = said.event_id AND reservation_seat_id = said.reservation_seat_id
    ) THEN
        RAISE EXCEPTION 'party_concession: more pay less than the % who come', coalesce(line.party_size, 0)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_party_concession';
    END IF;
    RETURN NEW;
END
$$
"""

# Each in a transaction of its own and to be repeated, as 0003 explains.
STEPS = (
    """
    CREATE TABLE IF NOT EXISTS party_concession (
        event_id bigint NOT NULL,
        reservation_seat_id bigint NOT NULL,
        concession_id bigint NOT NULL,
        people integer NOT NULL,
        CONSTRAINT pk_party_concession PRIMARY KEY (event_id, reservation_seat_id, concession_id),
        CONSTRAINT fk_party_concession_reservation_seat FOREIGN KEY (event_id, reservation_seat_id)
            REFERENCES reservation_seat (event_id, id),
        CONSTRAINT fk_party_concession_concession FOREIGN KEY (event_id, concession_id)
            REFERENCES concession (event_id, id),
        CONSTRAINT ck_party_concession_people CHECK (people > 0)
    )
    """,
    GUARD,
    "CREATE OR REPLACE TRIGGER never_truncated BEFORE TRUNCATE ON party_concession"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE OR REPLACE TRIGGER guard_party_concession BEFORE INSERT OR UPDATE OR DELETE ON party_concession"
    " FOR EACH ROW EXECUTE FUNCTION guard_party_concession()",
)

RULE = "ck_reservation_seat_one_concession_or_by_people"
# In one transaction, under one lock that is taken at its beginning: who gives up at it has changed nothing.
MOVE = (
    "LOCK TABLE reservation_seat IN ACCESS EXCLUSIVE MODE",
    "ALTER TABLE party_concession DISABLE TRIGGER guard_party_concession",
    "ALTER TABLE reservation_seat DISABLE TRIGGER guard_reservation_seat",
    "INSERT INTO party_concession (event_id, reservation_seat_id, concession_id, people)"
    " SELECT event_id, id, concession_id, party_size FROM reservation_seat"
    " WHERE concession_id IS NOT NULL AND party_size IS NOT NULL",
    "UPDATE reservation_seat SET concession_id = NULL WHERE concession_id IS NOT NULL AND party_size IS NOT NULL",
    "ALTER TABLE reservation_seat ENABLE TRIGGER guard_reservation_seat",
    "ALTER TABLE party_concession ENABLE TRIGGER guard_party_concession",
    f"ALTER TABLE reservation_seat DROP CONSTRAINT IF EXISTS {RULE}",
    f"ALTER TABLE reservation_seat ADD CONSTRAINT {RULE}"
    " CHECK (concession_id IS NULL OR party_size IS NULL) NOT VALID",
)

# All or nothing. One concession for everybody goes back where it was; what is said of some of a party is lost, and
# their price stays, as the line has it.
BACK = (
    "LOCK TABLE reservation_seat IN ACCESS EXCLUSIVE MODE",
    f"ALTER TABLE reservation_seat DROP CONSTRAINT IF EXISTS {RULE}",
    "ALTER TABLE reservation_seat DISABLE TRIGGER guard_reservation_seat",
    "UPDATE reservation_seat line SET concession_id = said.concession_id FROM party_concession said"
    " WHERE said.event_id = line.event_id AND said.reservation_seat_id = line.id"
    " AND said.people = line.party_size",
    "ALTER TABLE reservation_seat ENABLE TRIGGER guard_reservation_seat",
    "DROP TABLE IF EXISTS party_concession",
    "DROP FUNCTION IF EXISTS guard_party_concession()",
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for step in STEPS:
            op.execute(step)
    for step in MOVE:
        op.execute(step)
    # Under a lock that lets people buy.
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE reservation_seat VALIDATE CONSTRAINT {RULE}")


def downgrade() -> None:
    for step in BACK:
        op.execute(step)
