"""Fees of an event; codes for some categories and with a limit for each buyer; what came of a payment; a
cancellation that knows how far it is.

A fee is a part of a line's price, so totals stay sums and the books stay as they
are: `fee_minor` only says how much of `price_minor` it is, and `full_price_minor`
is without it. Where another amount came than was due, the books count what came.

The release before writes lines without fees, which is right for every event that
it knows: they have none.

Revision: 0009
After: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Each in a transaction of its own and to be repeated, as 0003 explains.
STEPS = (
    "ALTER TABLE event ADD COLUMN IF NOT EXISTS fee_per_place_minor bigint NOT NULL DEFAULT '0',"
    " ADD COLUMN IF NOT EXISTS fee_per_order_minor bigint NOT NULL DEFAULT '0'",
    "ALTER TABLE event DROP CONSTRAINT IF EXISTS ck_event_fees",
    "ALTER TABLE event ADD CONSTRAINT ck_event_fees"
    " CHECK (fee_per_place_minor >= 0 AND fee_per_order_minor >= 0) NOT VALID",
    "ALTER TABLE event VALIDATE CONSTRAINT ck_event_fees",
    "ALTER TABLE reservation_seat ADD COLUMN IF NOT EXISTS fee_minor bigint NOT NULL DEFAULT '0'",
    "ALTER TABLE reservation_seat DROP CONSTRAINT IF EXISTS ck_reservation_seat_fee",
    "ALTER TABLE reservation_seat ADD CONSTRAINT ck_reservation_seat_fee"
    " CHECK (fee_minor BETWEEN 0 AND greatest(price_minor, 0)) NOT VALID",
    "ALTER TABLE reservation_seat VALIDATE CONSTRAINT ck_reservation_seat_fee",
    "ALTER TABLE reservation_seat DROP CONSTRAINT IF EXISTS ck_reservation_seat_full_price",
    "ALTER TABLE reservation_seat ADD CONSTRAINT ck_reservation_seat_full_price"
    " CHECK (full_price_minor >= price_minor - fee_minor) NOT VALID",
    "ALTER TABLE reservation_seat VALIDATE CONSTRAINT ck_reservation_seat_full_price",
    "ALTER TABLE discount_code ADD COLUMN IF NOT EXISTS max_uses_per_holder integer",
    "ALTER TABLE discount_code DROP CONSTRAINT IF EXISTS ck_discount_code_max_uses_per_holder",
    "ALTER TABLE discount_code ADD CONSTRAINT ck_discount_code_max_uses_per_holder"
    " CHECK (max_uses_per_holder > 0)",
    "ALTER TABLE payment ADD COLUMN IF NOT EXISTS received_minor bigint",
    "ALTER TABLE payment DROP CONSTRAINT IF EXISTS ck_payment_received",
    "ALTER TABLE payment ADD CONSTRAINT ck_payment_received"
    " CHECK (received_minor IS NULL OR (received_minor > 0 AND status = 'paid')) NOT VALID",
    "ALTER TABLE payment VALIDATE CONSTRAINT ck_payment_received",
)
STEPS_BACK = (
    "ALTER TABLE reservation_seat DROP CONSTRAINT IF EXISTS ck_reservation_seat_full_price",
    "ALTER TABLE reservation_seat ADD CONSTRAINT ck_reservation_seat_full_price"
    " CHECK (full_price_minor >= price_minor) NOT VALID",
    "ALTER TABLE event DROP COLUMN IF EXISTS fee_per_place_minor, DROP COLUMN IF EXISTS fee_per_order_minor",
    "ALTER TABLE reservation_seat DROP COLUMN IF EXISTS fee_minor",
    "ALTER TABLE discount_code DROP COLUMN IF EXISTS max_uses_per_holder",
    "ALTER TABLE payment DROP COLUMN IF EXISTS received_minor",
)

TABLES = (
    """
    CREATE TABLE discount_code_category (
        event_id bigint NOT NULL,
        discount_code_id bigint NOT NULL,
        category_id bigint NOT NULL,
        CONSTRAINT pk_discount_code_category PRIMARY KEY (event_id, discount_code_id, category_id),
        CONSTRAINT fk_discount_code_category_discount_code FOREIGN KEY (event_id, discount_code_id)
            REFERENCES discount_code (event_id, id),
        CONSTRAINT fk_discount_code_category_category FOREIGN KEY (event_id, category_id)
            REFERENCES category (event_id, id)
    )
    """,
    """
    CREATE TABLE event_cancellation (
        event_id bigint NOT NULL,
        requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        requested_by_user_id bigint,
        started_at timestamptz,
        finished_at timestamptz,
        orders integer NOT NULL DEFAULT 0,
        done integer NOT NULL DEFAULT 0,
        last_error text,
        CONSTRAINT pk_event_cancellation PRIMARY KEY (event_id),
        CONSTRAINT fk_event_cancellation_event FOREIGN KEY (event_id) REFERENCES event (id),
        CONSTRAINT ck_event_cancellation_progress CHECK (done BETWEEN 0 AND orders),
        CONSTRAINT ck_event_cancellation_finished CHECK (finished_at IS NULL OR started_at IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_event_cancellation_unfinished ON event_cancellation (requested_at)"
    " WHERE finished_at IS NULL",
)

LINE_GUARD = """
CREATE OR REPLACE FUNCTION guard_reservation_seat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'reservation_seat %: history is never deleted', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_reservation_seat';
    END IF;
    IF OLD.ended_at IS NOT NULL
        OR (NEW.event_id, NEW.id, NEW.reservation_id, NEW.seat_id, NEW.held_at)
            IS DISTINCT FROM (OLD.event_id, OLD.id, OLD.reservation_id, OLD.seat_id, OLD.held_at)
    THEN
        RAISE EXCEPTION 'reservation_seat %: only the end of an open line can be written', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_reservation_seat';
    END IF;
    -- A basket may become cheaper, or as dear as it was, and its fees are spread anew with each place that
    -- comes or goes. What is being paid, or is bought, has its price.
    IF (NEW.price_minor, NEW.full_price_minor, NEW.concession_id, NEW.fee_minor)
            IS DISTINCT FROM (OLD.price_minor, OLD.full_price_minor, OLD.concession_id, OLD.fee_minor)
        AND (NEW.ended_at IS NOT NULL
             OR coalesce(NEW.full_price_minor, NEW.price_minor - NEW.fee_minor)
                <> coalesce(OLD.full_price_minor, OLD.price_minor - OLD.fee_minor)
             OR NOT EXISTS (SELECT FROM reservation WHERE event_id = NEW.event_id
                               AND id = NEW.reservation_id AND status = 'held'))
    THEN
        RAISE EXCEPTION 'reservation_seat %: its price stays', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_reservation_seat';
    END IF;
    RETURN NEW;
END
$$
"""

LINE_GUARD_BEFORE = LINE_GUARD.replace(
    "NEW.full_price_minor, NEW.price_minor - NEW.fee_minor", "NEW.full_price_minor, NEW.price_minor"
)
for _newer, _older in (
    ("OLD.full_price_minor, OLD.price_minor - OLD.fee_minor", "OLD.full_price_minor, OLD.price_minor"),
    ("NEW.concession_id, NEW.fee_minor)", "NEW.concession_id)"),
    ("OLD.concession_id, OLD.fee_minor)", "OLD.concession_id)"),
):
    LINE_GUARD_BEFORE = LINE_GUARD_BEFORE.replace(_newer, _older)

# How often a code is in use now, by everybody and by one holder, without one reservation.
LIVE_USES = """
          FROM discount_use used
          JOIN reservation ON reservation.event_id = used.event_id AND reservation.id = used.reservation_id
         WHERE used.event_id = NEW.event_id AND used.discount_code_id = {code}
           AND (reservation.status IN ('pending', 'confirmed')
                OR (reservation.status = 'held' AND reservation.expires_at > clock_timestamp()))
"""

USE_GUARD = f"""
CREATE OR REPLACE FUNCTION guard_discount_use() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    limits discount_code;
    uses bigint;
    uses_of_holder bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'discount_use: a use is made or taken back, not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_discount_use';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM reservation WHERE event_id = OLD.event_id AND id = OLD.reservation_id
                      AND status <> 'held') THEN
            RAISE EXCEPTION 'discount_use: reservation % was made with it', OLD.reservation_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_discount_use';
        END IF;
        RETURN OLD;
    END IF;
    -- One after the other, so that each sees the uses before it.
    SELECT * INTO limits FROM discount_code
     WHERE event_id = NEW.event_id AND id = NEW.discount_code_id FOR NO KEY UPDATE;
    SELECT count(*), count(*) FILTER (WHERE reservation.holder_id = (
               SELECT holder_id FROM reservation WHERE event_id = NEW.event_id AND id = NEW.reservation_id))
      INTO uses, uses_of_holder
{LIVE_USES.format(code="NEW.discount_code_id")};
    IF limits.max_uses <= uses THEN
        RAISE EXCEPTION 'discount_use: code % may be used % times', NEW.discount_code_id, limits.max_uses
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_discount_use';
    END IF;
    IF limits.max_uses_per_holder <= uses_of_holder THEN
        RAISE EXCEPTION 'discount_use: code % may be used % times by one buyer',
            NEW.discount_code_id, limits.max_uses_per_holder
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_discount_use';
    END IF;
    RETURN NEW;
END
$$
"""

USE_GUARD_BEFORE = f"""
CREATE OR REPLACE FUNCTION guard_discount_use() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    most integer;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'discount_use: a use is made or taken back, not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_discount_use';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM reservation WHERE event_id = OLD.event_id AND id = OLD.reservation_id
                      AND status <> 'held') THEN
            RAISE EXCEPTION 'discount_use: reservation % was made with it', OLD.reservation_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_discount_use';
        END IF;
        RETURN OLD;
    END IF;
    SELECT max_uses INTO most FROM discount_code
     WHERE event_id = NEW.event_id AND id = NEW.discount_code_id FOR NO KEY UPDATE;
    IF most <= (SELECT count(*) {LIVE_USES.format(code="NEW.discount_code_id")}) THEN
        RAISE EXCEPTION 'discount_use: code % may be used % times', NEW.discount_code_id, most
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_discount_use';
    END IF;
    RETURN NEW;
END
$$
"""

# Signing in makes somebody's basket another holder's: with its code only where that holder may use it.
HOLDER_GUARD = f"""
CREATE FUNCTION guard_code_of_holder() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    limits discount_code;
BEGIN
    SELECT code.* INTO limits FROM discount_code code
      JOIN discount_use used ON used.event_id = code.event_id AND used.discount_code_id = code.id
     WHERE used.event_id = NEW.event_id AND used.reservation_id = NEW.id
       FOR NO KEY UPDATE OF code;
    IF limits.max_uses_per_holder <= (
        SELECT count(*)
{LIVE_USES.format(code="limits.id")}
           AND reservation.id <> NEW.id AND reservation.holder_id = NEW.holder_id
    ) THEN
        RAISE EXCEPTION 'reservation %: its new holder has used code % as often as one buyer may', NEW.id, limits.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_code_of_holder';
    END IF;
    RETURN NEW;
END
$$
"""

PAYMENT_GUARD_OF_RECEIVED = """
CREATE FUNCTION guard_received() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payment %: what came stays as it is', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_received';
END
$$
"""

REFUND_GUARD = """
CREATE OR REPLACE FUNCTION guard_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid_minor bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'refund %: refunds are never deleted', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_refund';
    END IF;
    IF TG_OP = 'INSERT' THEN
        -- Two refunds of one payment come one after the other, so that each sees the other.
        SELECT {came} INTO paid_minor FROM payment
         WHERE event_id = NEW.event_id AND id = NEW.payment_id AND status = 'paid'
           FOR NO KEY UPDATE;
        -- A payment that is not there is its foreign key's to refuse.
        IF paid_minor IS NULL AND EXISTS (
            SELECT FROM payment WHERE event_id = NEW.event_id AND id = NEW.payment_id
        ) THEN
            RAISE EXCEPTION 'refund: payment % is not paid', NEW.payment_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_refund';
        END IF;
        IF NEW.amount_minor + coalesce((SELECT sum(amount_minor) FROM refund
                WHERE event_id = NEW.event_id AND payment_id = NEW.payment_id), 0) > paid_minor
        THEN
            RAISE EXCEPTION 'refund: payment % was %, and no more than that goes back', NEW.payment_id, paid_minor
                USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_refund';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.event_id, NEW.id, NEW.payment_id, NEW.amount_minor, NEW.reason, NEW.created_at, NEW.actor_user_id)
            IS DISTINCT FROM
       (OLD.event_id, OLD.id, OLD.payment_id, OLD.amount_minor, OLD.reason, OLD.created_at, OLD.actor_user_id)
        OR (NEW.status <> OLD.status AND OLD.status = 'done' AND NEW.status <> 'failed')
    THEN
        RAISE EXCEPTION 'refund %: what was promised, and what was given, stays', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_refund';
    END IF;
    RETURN NEW;
END
$$
"""

BOOKS_GUARD = """
CREATE OR REPLACE FUNCTION guard_books() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given payment;
    came bigint;
    back bigint;
    owned bigint;
BEGIN
    IF TG_TABLE_NAME = 'payment' THEN
        SELECT * INTO given FROM payment WHERE event_id = NEW.event_id AND id = NEW.id;
    ELSIF TG_TABLE_NAME = 'refund' THEN
        SELECT * INTO given FROM payment WHERE event_id = NEW.event_id AND id = NEW.payment_id;
    ELSE
        SELECT * INTO given FROM payment
         WHERE event_id = NEW.event_id AND settled_reservation_id = NEW.id AND settlement = 'confirmed';
    END IF;
    IF given.settlement IS NULL THEN
        RETURN NULL;
    END IF;
    came := {came};
    SELECT coalesce(sum(amount_minor), 0) INTO back FROM refund
     WHERE event_id = given.event_id AND payment_id = given.id;
    IF given.settlement = 'confirmed' THEN
        SELECT CASE status WHEN 'confirmed' THEN total_minor ELSE 0 END INTO owned FROM reservation
         WHERE event_id = given.event_id AND id = given.settled_reservation_id;
    ELSE
        owned := CASE given.settlement WHEN 'refunded' THEN 0 ELSE came END;
    END IF;
    IF came - back IS DISTINCT FROM owned THEN
        RAISE EXCEPTION 'payment % (%): of % paid % went back, and places worth % are there',
            given.id, given.settlement, came, back, owned
            USING ERRCODE = 'check_violation', CONSTRAINT = 'guard_books',
                  HINT = 'Cancel through seatbook, which gives the money back in the same transaction.';
    END IF;
    RETURN NULL;
END
$$
"""

TRIGGERS = (
    "CREATE TRIGGER guard_code_of_holder BEFORE UPDATE OF holder_id ON reservation"
    " FOR EACH ROW WHEN (OLD.holder_id <> NEW.holder_id) EXECUTE FUNCTION guard_code_of_holder()",
    "CREATE TRIGGER guard_received BEFORE UPDATE OF received_minor ON payment FOR EACH ROW"
    " WHEN (OLD.status = 'paid' AND OLD.received_minor IS DISTINCT FROM NEW.received_minor)"
    " EXECUTE FUNCTION guard_received()",
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for step in STEPS:
            op.execute(step)
    for statement in (
        *TABLES,
        LINE_GUARD,
        USE_GUARD,
        HOLDER_GUARD,
        PAYMENT_GUARD_OF_RECEIVED,
        REFUND_GUARD.format(came="coalesce(received_minor, amount_minor)"),
        BOOKS_GUARD.format(came="coalesce(given.received_minor, given.amount_minor)"),
        *TRIGGERS,
    ):
        op.execute(statement)


def downgrade() -> None:
    # All or nothing: who gives up at a lock has taken no guard away.
    op.execute(REFUND_GUARD.format(came="amount_minor"))
    op.execute(BOOKS_GUARD.format(came="given.amount_minor"))
    op.execute(USE_GUARD_BEFORE)
    op.execute(LINE_GUARD_BEFORE)
    op.execute("DROP TRIGGER IF EXISTS guard_code_of_holder ON reservation")
    op.execute("DROP TRIGGER IF EXISTS guard_received ON payment")
    for function in ("guard_code_of_holder", "guard_received"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}()")
    for table in ("discount_code_category", "event_cancellation"):
        op.execute(f"DROP TABLE IF EXISTS {table}")
    for step in STEPS_BACK:
        op.execute(step)
