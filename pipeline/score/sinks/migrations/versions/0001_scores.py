"""The tables of the score store: one row a score, one row a run that wrote scores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create ``score_runs`` and ``scores``."""
    json_type = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    op.create_table(
        "score_runs",
        sa.Column("run_id", sa.Text, primary_key=True),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("cutoff_version", sa.Text, nullable=False),
        sa.Column("leads", sa.BigInteger, nullable=False),
        sa.Column("about", json_type, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "scores",
        sa.Column("lead_id", sa.Text, primary_key=True),
        sa.Column("as_of", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("model_version", sa.Text, primary_key=True),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("p_sql", sa.Double),
        sa.Column("p_close", sa.Double),
        sa.Column("band", sa.Text, nullable=False),
        sa.Column("stage", sa.Text),
        sa.Column("reached", sa.Boolean, nullable=False),
        sa.Column("excluded", sa.Boolean, nullable=False),
        sa.Column("exclusions", json_type, nullable=False),
        sa.Column("gates_missing", json_type, nullable=False),
        sa.Column("points", sa.Double),
        sa.Column("points_band", sa.Text),
        sa.Column("points_reasons", json_type, nullable=False),
        sa.Column("fit_grade", sa.Text),
        sa.Column("behaviour_grade", sa.Text),
        sa.Column("reasons", json_type, nullable=False),
        sa.Column("cutoff_version", sa.Text, nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("p_sql BETWEEN 0 AND 1", name="scores_p_sql"),
        sa.CheckConstraint("p_close BETWEEN 0 AND 1", name="scores_p_close"),
        sa.CheckConstraint("band IN ('none', 'MQL', 'SAL')", name="scores_band"),
    )
    op.create_index("scores_by_run", "scores", ["run_id", "band"])


def downgrade() -> None:
    """Drop both tables, scores first."""
    op.drop_index("scores_by_run", table_name="scores")
    op.drop_table("scores")
    op.drop_table("score_runs")
