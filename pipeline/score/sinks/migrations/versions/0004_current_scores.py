"""What each score is counted as, and the view ``current_scores``: one row an open lead, for whoever reads by SQL.

The view names the columns of ``scores`` one by one: a migration that adds one makes the view anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

COLUMNS = (
    "lead_id", "as_of", "model_version", "run_id", "p_sql", "p_close", "band", "stage", "reached", "excluded",
    "exclusions", "gates_missing", "points", "points_band", "points_reasons", "fit_grade", "behaviour_grade", "reasons",
    "cutoff_version", "scored_at", "handed_over_by", "handover_probability", "curve", "expected_days_sql",
    "expected_days_close", "counted_as",
)  # fmt: skip
VIEW = f"""
CREATE VIEW current_scores AS
SELECT {", ".join(COLUMNS)}
FROM (
    SELECT
        {", ".join(f"scores.{name}" for name in COLUMNS)},
        row_number() OVER (
            PARTITION BY scores.lead_id ORDER BY scores.as_of DESC, score_runs.started_at DESC, scores.model_version
        ) AS place
    FROM scores JOIN score_runs ON score_runs.run_id = scores.run_id
    WHERE scores.run_id IN (
        SELECT begun.run_id FROM score_runs AS begun
        WHERE NOT EXISTS (
            SELECT 1 FROM score_runs AS completed
            WHERE completed.finished_at IS NOT NULL AND (
                completed.started_at > begun.started_at
                OR (completed.started_at = begun.started_at AND completed.run_id < begun.run_id)
            )
        )
    )
) AS ranked
WHERE place = 1
"""
"""The newest row of each lead out of the run completed last and those begun since, so that rows replaced meanwhile stay
in the list."""

SCORES = sa.table(
    "scores",
    *(sa.column(name, sa.Text) for name in ("run_id", "stage", "band", "counted_as")),
    *(sa.column(name, sa.Boolean) for name in ("reached", "excluded")),
)


def upgrade() -> None:
    """Add the column, say in scores written before what they were counted as, and make the view."""
    op.add_column("scores", sa.Column("counted_as", sa.Text))
    about = sa.column("about", sa.JSON().with_variant(JSONB(), "postgresql"))
    runs = op.get_bind().execute(sa.select(sa.column("run_id", sa.Text), about).select_from(sa.table("score_runs")))
    for run_id, told in runs.all():
        _fill(SCORES.c.run_id == run_id, told)
    _fill(SCORES.c.counted_as.is_(None), {})
    op.execute(VIEW)


def _fill(which: sa.ColumnElement[bool], about: dict[str, Any]) -> None:
    """Count rows as pages did; a run that does not say which stages are with sales has no such leads."""
    with_sales: Sequence[str] = about.get("sales_stages", ())
    group = sa.case(
        (SCORES.c.reached, "reached"),
        (SCORES.c.stage.in_(list(with_sales)), "with_sales"),
        (SCORES.c.excluded, "excluded"),
        else_=SCORES.c.band,
    )
    op.execute(SCORES.update().where(which).values(counted_as=group))


def downgrade() -> None:
    """Drop view and column."""
    op.execute("DROP VIEW current_scores")
    op.drop_column("scores", "counted_as")
