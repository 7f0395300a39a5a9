"""An account knows in which language its owner reads letters.

The release before writes no language: such an account gets its letters in the
language of whoever asks for them.

Revision: 0004
After: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE user_account ADD COLUMN IF NOT EXISTS language text")


def downgrade() -> None:
    op.execute("ALTER TABLE user_account DROP COLUMN IF EXISTS language")
