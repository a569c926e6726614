"""What is told to people and programs, and which of them were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the outbox."""
    json_type = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    op.create_table(
        "news",
        sa.Column("news_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lead_id", sa.Text),
        sa.Column("run_id", sa.Text),
        sa.Column("entry", sa.BigInteger),
        sa.Column("facts", json_type, nullable=False),
    )
    op.create_index("news_by_run", "news", ["run_id"])
    op.create_table(
        "news_deliveries",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("news_id", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("lead_id", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("said", sa.Text),
        sa.CheckConstraint("state IN ('waits', 'delivered', 'given_up', 'withdrawn')", name="news_deliveries_state"),
    )
    op.create_index("news_deliveries_by_state", "news_deliveries", ["channel", "state"])
    op.create_table(
        "telling_marks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop the outbox."""
    for name in ("telling_marks", "news_deliveries", "news"):
        op.drop_table(name)
