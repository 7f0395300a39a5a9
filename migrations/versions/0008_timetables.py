"""Rooms have timetables, and a booking of a slot knows its party.

A slot that the timetable has no more, and that somebody once had, stays as a
blocked row. It must not keep others from its time, so the rule that slots of one
room never overlap leaves it out from now on; when it is brought back, the rule
looks at it again.

The release before works on with these columns: it names the columns that it
writes, and no room has a party until this release sets one.

Revision: 0008
After: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NEVER_OVERLAP = """
    ALTER TABLE seat DROP CONSTRAINT IF EXISTS ex_seat_slots_never_overlap,
        ADD CONSTRAINT ex_seat_slots_never_overlap EXCLUDE USING gist (
            int8range(event_id, event_id, '[]') WITH &&,
            int8range(area_id, area_id, '[]') WITH &&,
            tstzrange(starts_at, ends_at) WITH &&
        ) WHERE ({which})
"""

# Each in a transaction of its own and to be repeated, as 0003 explains.
STEPS = (
    "ALTER TABLE area ADD COLUMN IF NOT EXISTS timetable jsonb,"
    " ADD COLUMN IF NOT EXISTS min_party integer, ADD COLUMN IF NOT EXISTS max_party integer,"
    " ADD COLUMN IF NOT EXISTS price_per text NOT NULL DEFAULT 'slot',"
    " DROP CONSTRAINT IF EXISTS ck_area_timetable, DROP CONSTRAINT IF EXISTS ck_area_party,"
    " DROP CONSTRAINT IF EXISTS ck_area_price_per",
    # Areas are few: these are checked at once.
    "ALTER TABLE area ADD CONSTRAINT ck_area_timetable CHECK (timetable IS NULL OR kind = 'slots'),"
    " ADD CONSTRAINT ck_area_party CHECK ((min_party IS NULL) = (max_party IS NULL)"
    " AND (min_party IS NULL OR kind = 'slots') AND min_party >= 1 AND max_party BETWEEN min_party AND 1000),"
    " ADD CONSTRAINT ck_area_price_per"
    " CHECK (price_per = 'slot' OR (price_per = 'person' AND min_party IS NOT NULL))",
    "ALTER TABLE reservation_seat ADD COLUMN IF NOT EXISTS party_size integer",
    # A run that was broken off leaves an index behind that nobody may use.
    "DROP INDEX CONCURRENTLY IF EXISTS ix_seat_slots",
    "CREATE INDEX CONCURRENTLY ix_seat_slots ON seat (event_id, area_id, starts_at)"
    " WHERE starts_at IS NOT NULL",
    NEVER_OVERLAP.format(which="starts_at IS NOT NULL AND blocked_reason IS DISTINCT FROM 'removed by plan'"),
)
STEPS_BACK = (
    NEVER_OVERLAP.format(which="starts_at IS NOT NULL"),
    "DROP INDEX IF EXISTS ix_seat_slots",
    "ALTER TABLE reservation_seat DROP COLUMN IF EXISTS party_size",
    "ALTER TABLE area DROP COLUMN IF EXISTS timetable, DROP COLUMN IF EXISTS min_party,"
    " DROP COLUMN IF EXISTS max_party, DROP COLUMN IF EXISTS price_per",
)

PARTY_GUARD = """
CREATE OR REPLACE FUNCTION guard_party() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    room area;
BEGIN
    -- Another party is another line: what a line once said is history.
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'reservation_seat %: its party stays', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_party';
    END IF;
    SELECT area.* INTO room FROM seat
      JOIN area ON area.event_id = seat.event_id AND area.id = seat.area_id
     WHERE seat.event_id = NEW.event_id AND seat.id = NEW.seat_id;
    -- A seat that is not there is its foreign key's to refuse.
    IF (room.min_party IS NULL) <> (NEW.party_size IS NULL)
        OR NEW.party_size NOT BETWEEN room.min_party AND room.max_party
    THEN
        RAISE EXCEPTION 'reservation_seat: place % is for % to % people, and not for %',
            NEW.seat_id, room.min_party, room.max_party, NEW.party_size
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_party';
    END IF;
    RETURN NEW;
END
$$
"""

TRIGGERS = (
    "CREATE TRIGGER guard_party_of_new BEFORE INSERT ON reservation_seat"
    " FOR EACH ROW EXECUTE FUNCTION guard_party()",
    "CREATE TRIGGER guard_party BEFORE UPDATE OF party_size ON reservation_seat"
    " FOR EACH ROW WHEN (OLD.party_size IS DISTINCT FROM NEW.party_size) EXECUTE FUNCTION guard_party()",
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for step in STEPS:
            op.execute(step)
    for statement in (PARTY_GUARD, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    # All or nothing: who gives up at a lock has taken no guard away.
    for trigger in ("guard_party_of_new", "guard_party"):
        op.execute(f"DROP TRIGGER IF EXISTS {trigger} ON reservation_seat")
    op.execute("DROP FUNCTION IF EXISTS guard_party()")
    for step in STEPS_BACK:
        op.execute(step)
