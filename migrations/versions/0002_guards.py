"""The second lock: even wrong code, or a person with psql, cannot sell a seat twice.

CHECKs, keys and the unique open claim came with the tables. What only a trigger
can see is the step from one row to the next: which transitions exist, who may
take a hold over, and that history is never rewritten.

Revision: 0002
After: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A refusal carries the class of a check violation and a HINT that says what to do instead.
SEAT_GUARD = """
CREATE FUNCTION guard_seat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lapsed boolean;
    allowed boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('available', 'blocked') THEN
            RAISE EXCEPTION 'seat %: a new seat is available or blocked, not %', NEW.id, NEW.status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_seat';
        END IF;
        RETURN NEW;
    END IF;

    IF TG_OP = 'DELETE' THEN
        IF OLD.status IN ('held', 'reserved') THEN
            RAISE EXCEPTION 'seat %: a % seat cannot be deleted', OLD.id, OLD.status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_seat';
        END IF;
        RETURN OLD;
    END IF;

    IF NEW.event_id <> OLD.event_id OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'seat %: a seat keeps its event and its id', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_seat';
    END IF;

    IF NEW.status = OLD.status AND NEW.reservation_id IS NOT DISTINCT FROM OLD.reservation_id THEN
        RETURN NEW;
    END IF;

    -- The clock, not now(): now() stands still at BEGIN, and the row lock may have been waited for.
    lapsed := OLD.status = 'held' AND OLD.held_until <= clock_timestamp();
    allowed := CASE OLD.status
        WHEN 'available' THEN NEW.status IN ('held', 'blocked')
        WHEN 'held' THEN
            NEW.status = 'available'
            -- Whoever holds may buy. Whether in time was judged under the row lock; a
            -- second look at the clock here could only disagree by microseconds.
            OR (NEW.status = 'reserved' AND NEW.reservation_id = OLD.reservation_id)
            OR (NEW.status IN ('held', 'blocked') AND lapsed)
        WHEN 'reserved' THEN NEW.status = 'available'
        WHEN 'blocked' THEN NEW.status = 'available'
        ELSE false
    END;
    IF NOT allowed THEN
        RAISE EXCEPTION 'seat %: % by reservation % cannot become % by reservation %',
            OLD.id, OLD.status, OLD.reservation_id, NEW.status, NEW.reservation_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_seat',
                  HINT = 'Change seats through seatbook: hold, release, confirm, cancel, block.';
    END IF;
    RETURN NEW;
END
$$
"""

RESERVATION_GUARD = """
CREATE FUNCTION guard_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'reservation %: reservations are never deleted', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_reservation';
    END IF;
    IF NEW.event_id <> OLD.event_id OR NEW.id <> OLD.id OR NEW.code <> OLD.code THEN
        RAISE EXCEPTION 'reservation %: a reservation keeps its event, its id and its code', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_reservation';
    END IF;
    -- A hold may move to the user whom an anonymous browser turns out to be; nothing else changes hands.
    IF NEW.holder_id <> OLD.holder_id AND OLD.status <> 'held' THEN
        RAISE EXCEPTION 'reservation %: a % reservation keeps its holder', OLD.id, OLD.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_reservation';
    END IF;
    IF NEW.status <> OLD.status AND NOT (CASE OLD.status
        WHEN 'held' THEN NEW.status IN ('pending', 'confirmed', 'released', 'expired')
        WHEN 'pending' THEN NEW.status IN ('confirmed', 'released', 'expired')
        WHEN 'confirmed' THEN NEW.status = 'cancelled'
        ELSE false
    END) THEN
        RAISE EXCEPTION 'reservation %: % cannot become %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_reservation';
    END IF;
    RETURN NEW;
END
$$
"""

LINE_GUARD = """
CREATE FUNCTION guard_reservation_seat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'reservation_seat %: history is never deleted', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_reservation_seat';
    END IF;
    IF OLD.ended_at IS NOT NULL
        OR (NEW.event_id, NEW.id, NEW.reservation_id, NEW.seat_id, NEW.price_minor, NEW.held_at)
            IS DISTINCT FROM (OLD.event_id, OLD.id, OLD.reservation_id, OLD.seat_id, OLD.price_minor, OLD.held_at)
    THEN
        RAISE EXCEPTION 'reservation_seat %: only the end of an open line can be written', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_reservation_seat';
    END IF;
    RETURN NEW;
END
$$
"""

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: its rows are the record of what was sold', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'refuse_change';
END
$$
"""

GUARDED = ("seat", "reservation", "reservation_seat")


def upgrade() -> None:
    for function in (SEAT_GUARD, RESERVATION_GUARD, LINE_GUARD, REFUSE):
        op.execute(function)
    for table in GUARDED:
        op.execute(
            f"CREATE TRIGGER guard_{table} BEFORE {'INSERT OR ' if table == 'seat' else ''}UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION guard_{table}()"
        )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON seat_change"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for table in (*GUARDED, "seat_change"):
        op.execute(
            f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in (*GUARDED, "seat_change"):
        op.execute(f"DROP TRIGGER never_truncated ON {table}")
    op.execute("DROP TRIGGER append_only ON seat_change")
    for table in GUARDED:
        op.execute(f"DROP TRIGGER guard_{table} ON {table}")
        op.execute(f"DROP FUNCTION guard_{table}()")
    op.execute("DROP FUNCTION refuse_change()")
