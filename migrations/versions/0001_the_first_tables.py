"""The first tables

Revision: 0001
After:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from seatbook.models.columns import Xid8

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    op.create_index(
        "ix_mail_unsent",
        "mail",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "show",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("tagline", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("poster", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('film', 'theatre', 'concert', 'escape_room', 'merchandise', 'other')",
            name=op.f("ck_show_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_show")),
    )
    op.create_table(
        "sweep_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("released_seats", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expired_reservations", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed_reservations", sa.Integer(), server_default="0", nullable=False),
        sa.Column("oldest_lag_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_run")),
    )
    op.create_index("ix_sweep_run_started_at", "sweep_run", ["started_at"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default="customer", nullable=False),
        sa.Column("sign_in_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "role IN ('customer', 'door', 'box_office', 'admin')", name=op.f("ck_user_account_role")
        ),
        sa.CheckConstraint(
            "username = btrim(username) AND username <> ''", name=op.f("ck_user_account_username_trimmed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
    )
    op.create_index("uq_user_account_email", "user_account", [sa.literal_column("lower(email)")], unique=True)
    op.create_index(
        "uq_user_account_username", "user_account", [sa.literal_column("lower(username)")], unique=True
    )
    op.create_table(
        "venue",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue")),
    )
    op.create_index("uq_venue_name", "venue", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "holder",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("browser_key", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (browser_key IS NULL)", name=op.f("ck_holder_user_or_browser")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_holder_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder")),
        sa.UniqueConstraint("browser_key", name=op.f("uq_holder_browser_key")),
        sa.UniqueConstraint("user_id", name=op.f("uq_holder_user_id")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("layout", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_plan_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("venue_id", "name", name=op.f("uq_plan_venue_id_name")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("listed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_sale_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_sale_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("payment", sa.Text(), server_default="none", nullable=False),
        sa.Column("hold_ttl_seconds", sa.Integer(), server_default="300", nullable=False),
        sa.Column("payment_ttl_seconds", sa.Integer(), server_default="1800", nullable=False),
        sa.Column("max_seats", sa.Integer(), server_default="8", nullable=False),
        sa.Column("cancel_seconds_before_start", sa.Integer(), server_default="0", nullable=True),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_event_currency")),
        sa.CheckConstraint("payment IN ('none', 'counter')", name=op.f("ck_event_payment")),
        sa.CheckConstraint("status IN ('draft', 'published', 'cancelled')", name=op.f("ck_event_status")),
        sa.CheckConstraint("cancel_seconds_before_start >= 0", name=op.f("ck_event_cancel_deadline")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_event_ends_after_start")),
        sa.CheckConstraint("hold_ttl_seconds BETWEEN 1 AND 86400", name=op.f("ck_event_hold_ttl")),
        sa.CheckConstraint("max_seats BETWEEN 1 AND 1000", name=op.f("ck_event_max_seats")),
        sa.CheckConstraint("on_sale_until > on_sale_from", name=op.f("ck_event_sale_window")),
        sa.CheckConstraint("payment_ttl_seconds BETWEEN 1 AND 604800", name=op.f("ck_event_payment_ttl")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_event_plan")),
        sa.ForeignKeyConstraint(["show_id"], ["show.id"], name=op.f("fk_event_show")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_event_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_show_id", "event", ["show_id", "starts_at"], unique=False)
    op.create_index(
        "ix_event_starts_at",
        "event",
        ["starts_at", "id"],
        unique=False,
        postgresql_where=sa.text("listed AND status <> 'draft'"),
    )
    op.create_table(
        "reservation",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(confirmed_at IS NOT NULL) = (status IN ('confirmed', 'cancelled'))",
            name=op.f("ck_reservation_confirmed_at"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (status IN ('cancelled', 'expired', 'released'))",
            name=op.f("ck_reservation_ended_at"),
        ),
        sa.CheckConstraint(
            "expires_at IS NOT NULL OR status NOT IN ('held', 'pending')",
            name=op.f("ck_reservation_open_has_an_end"),
        ),
        sa.CheckConstraint(
            "status IN ('held', 'pending', 'confirmed', 'cancelled', 'expired', 'released')",
            name=op.f("ck_reservation_status"),
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_reservation_holder")),
        sa.PrimaryKeyConstraint("event_id", "id", name=op.f("pk_reservation")),
        sa.UniqueConstraint("event_id", "code", name=op.f("uq_reservation_event_id_code")),
    )
    op.create_index("ix_reservation_holder", "reservation", ["holder_id", "id"], unique=False)
    op.create_index(
        "uq_reservation_open_hold",
        "reservation",
        ["event_id", "holder_id"],
        unique=True,
        postgresql_where=sa.text("status = 'held'"),
    )
    op.create_table(
        "area",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("kind IN ('seated', 'standing', 'slots', 'stock')", name=op.f("ck_area_kind")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_area_event")),
        sa.PrimaryKeyConstraint("event_id", "id", name=op.f("pk_area")),
        sa.UniqueConstraint("event_id", "name", name=op.f("uq_area_event_id_name")),
    )
    op.create_table(
        "category",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("colour", sa.Integer(), server_default="1", nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("colour BETWEEN 1 AND 8", name=op.f("ck_category_colour")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_category_price")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_category_event")),
        sa.PrimaryKeyConstraint("event_id", "id", name=op.f("pk_category")),
        sa.UniqueConstraint("event_id", "name", name=op.f("uq_category_event_id_name")),
    )
    op.create_table(
        "section",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("band", sa.Integer(), server_default="0", nullable=False),
        sa.Column("side", sa.Text(), server_default="centre", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("side IN ('left', 'centre', 'right')", name=op.f("ck_section_side")),
        sa.ForeignKeyConstraint(
            ["event_id", "area_id"], ["area.event_id", "area.id"], name=op.f("fk_section_area")
        ),
        sa.PrimaryKeyConstraint("event_id", "id", name=op.f("pk_section")),
        sa.UniqueConstraint("event_id", "area_id", "id", name=op.f("uq_section_event_id_area_id_id")),
        sa.UniqueConstraint("event_id", "area_id", "name", name=op.f("uq_section_event_id_area_id_name")),
    )
    op.create_table(
        "seat",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("section_id", sa.BigInteger(), nullable=True),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("row_label", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("x", sa.Double(), nullable=True),
        sa.Column("y", sa.Double(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), server_default="available", nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_reason", sa.Text(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(event_id, event_id, '[]')"), "&&"),
            (sa.text("int8range(area_id, area_id, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            where=sa.text("starts_at IS NOT NULL"),
            using="gist",
            name="ex_seat_slots_never_overlap",
        ),
        sa.CheckConstraint(
            "CASE status WHEN 'available' THEN reservation_id IS NULL AND held_until IS NULL AND blocked_reason IS NULL WHEN 'held' THEN reservation_id IS NOT NULL AND held_until IS NOT NULL AND blocked_reason IS NULL WHEN 'reserved' THEN reservation_id IS NOT NULL AND held_until IS NULL AND blocked_reason IS NULL WHEN 'blocked' THEN reservation_id IS NULL AND held_until IS NULL AND blocked_reason IS NOT NULL ELSE false END",
            name=op.f("ck_seat_status_owner_and_end_agree"),
        ),
        sa.CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name=op.f("ck_seat_slot_times")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_seat_slot_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["event_id", "area_id", "section_id"],
            ["section.event_id", "section.area_id", "section.id"],
            name=op.f("fk_seat_section"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id", "area_id"], ["area.event_id", "area.id"], name=op.f("fk_seat_area")
        ),
        sa.ForeignKeyConstraint(
            ["event_id", "category_id"], ["category.event_id", "category.id"], name=op.f("fk_seat_category")
        ),
        sa.ForeignKeyConstraint(
            ["event_id", "reservation_id"],
            ["reservation.event_id", "reservation.id"],
            name=op.f("fk_seat_reservation"),
        ),
        sa.PrimaryKeyConstraint("event_id", "id", name=op.f("pk_seat")),
    )
    op.create_index(
        "ix_seat_available",
        "seat",
        ["event_id", "area_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'available'"),
    )
    op.create_index(
        "ix_seat_held_until",
        "seat",
        ["held_until"],
        unique=False,
        postgresql_where=sa.text("status = 'held'"),
    )
    op.create_index(
        "ix_seat_reservation",
        "seat",
        ["event_id", "reservation_id"],
        unique=False,
        postgresql_where=sa.text("reservation_id IS NOT NULL"),
    )
    op.create_index(
        "uq_seat_label",
        "seat",
        ["event_id", "area_id", "section_id", "label"],
        unique=True,
        postgresql_where=sa.text("label IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "reservation_seat",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=False),
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "held_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('released', 'expired', 'cancelled', 'moved')",
            name=op.f("ck_reservation_seat_outcome"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_reservation_seat_ended_with_outcome")
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_reservation_seat_price")),
        sa.ForeignKeyConstraint(
            ["event_id", "reservation_id"],
            ["reservation.event_id", "reservation.id"],
            name=op.f("fk_reservation_seat_reservation"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id", "seat_id"], ["seat.event_id", "seat.id"], name=op.f("fk_reservation_seat_seat")
        ),
        sa.PrimaryKeyConstraint("event_id", "id", name=op.f("pk_reservation_seat")),
    )
    op.create_index(
        "ix_reservation_seat_reservation", "reservation_seat", ["event_id", "reservation_id"], unique=False
    )
    op.create_index(
        "uq_reservation_seat_open_claim",
        "reservation_seat",
        ["event_id", "seat_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "seat_change",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_user_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "from_status IN ('available', 'held', 'reserved', 'blocked') AND to_status IN ('available', 'held', 'reserved', 'blocked')",
            name=op.f("ck_seat_change_status"),
        ),
        sa.CheckConstraint(
            "reason IN ('hold', 'release', 'expire', 'reserve', 'cancel', 'block', 'unblock', 'move')",
            name=op.f("ck_seat_change_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id", "seat_id"], ["seat.event_id", "seat.id"], name=op.f("fk_seat_change_seat")
        ),
        sa.PrimaryKeyConstraint("event_id", "id", name=op.f("pk_seat_change")),
    )
    op.create_index("ix_seat_change_cursor", "seat_change", ["event_id", "xid", "id"], unique=False)


def downgrade() -> None:
    for table in (
        "seat_change",
        "reservation_seat",
        "seat",
        "section",
        "category",
        "area",
        "reservation",
        "event",
        "plan",
        "holder",
        "venue",
        "user_account",
        "sweep_run",
        "show",
        "mail",
    ):
        op.drop_table(table)
