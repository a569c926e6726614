"""Whom a score hands over, by cut-off or by a draw, and with what probability."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the two columns; scores written before say nothing in them."""
    op.add_column("scores", sa.Column("handed_over_by", sa.Text))
    op.add_column("scores", sa.Column("handover_probability", sa.Double))


def downgrade() -> None:
    """Drop both columns."""
    op.drop_column("scores", "handover_probability")
    op.drop_column("scores", "handed_over_by")
