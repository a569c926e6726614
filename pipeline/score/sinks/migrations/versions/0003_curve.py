"""When a lead is due: P(reached within t) at some days, and the expected days to each target."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the three columns; scores written before say nothing in them."""
    json_type = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    op.add_column("scores", sa.Column("curve", json_type))
    op.add_column("scores", sa.Column("expected_days_sql", sa.Double))
    op.add_column("scores", sa.Column("expected_days_close", sa.Double))


def downgrade() -> None:
    """Drop the three columns."""
    for name in ("expected_days_close", "expected_days_sql", "curve"):
        op.drop_column("scores", name)
