"""What the scores of a run are worded by when somebody reads them; older rows hold their words themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; runs before say nothing in it."""
    json_type = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    op.add_column("score_runs", sa.Column("wording", json_type))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("score_runs", "wording")
