"""What was written back into the tools in which people work, and what stood there before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the ledger."""
    json_type = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    op.create_table(
        "write_backs",
        sa.Column("sink", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "sent_records",
        sa.Column("sink", sa.Text, primary_key=True),
        sa.Column("lead_id", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("sent", json_type, nullable=False),
        sa.Column("before", json_type),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("stands", json_type),
    )
    op.create_index("sent_records_by_write_back", "sent_records", ["sink", "position"])


def downgrade() -> None:
    """Drop the ledger."""
    op.drop_table("sent_records")
    op.drop_table("write_backs")
