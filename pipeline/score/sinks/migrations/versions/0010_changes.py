"""What moved each score since the run before, and who is new; nothing in scores and lists of earlier versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"

VIEW = """
VIEW current_scores AS
SELECT {columns}
FROM open_leads JOIN scores
    ON scores.run_id = open_leads.run_id AND scores.lead_id = open_leads.lead_id AND scores.as_of = open_leads.as_of
"""


def upgrade() -> None:
    """Add the columns to the scores, to the view and to the list, and the index of who is new."""
    json_type = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    op.add_column("scores", sa.Column("change", json_type))
    op.add_column("scores", sa.Column("joined", sa.Text))
    op.add_column("open_leads", sa.Column("place_in_new", sa.BigInteger))
    op.create_index("open_leads_by_new", "open_leads", ["place_in_new"])
    _show(("change", "joined"))


def downgrade() -> None:
    """Drop them."""
    _show((), anew=True)
    op.drop_index("open_leads_by_new")
    op.drop_column("open_leads", "place_in_new")
    op.drop_column("scores", "joined")
    op.drop_column("scores", "change")


def _show(more: tuple[str, ...], *, anew: bool = False) -> None:
    columns = (*context.script.get_revision("0007").module.COLUMNS, *more)
    view = VIEW.format(columns=", ".join(f"scores.{name}" for name in columns))
    if op.get_bind().dialect.name == "postgresql" and not anew:
        op.execute(f"CREATE OR REPLACE {view}")  # who may read it still may
        return
    op.execute("DROP VIEW current_scores")
    op.execute(f"CREATE {view}")
