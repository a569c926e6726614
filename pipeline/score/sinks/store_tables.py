"""The score store's tables as SQLAlchemy sees them; migrations/ creates them, a test holds both together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A moment in UTC, on PostgreSQL with its zone, on SQLite (which has no zones) without."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a zoned time into what the database keeps; a time without zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a time with a zone, found {value!r}")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back a time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _json() -> sa.types.TypeEngine[Any]:
    return sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


METADATA = sa.MetaData()

SCORE_RUNS = sa.Table(
    "score_runs",
    METADATA,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("cutoff_version", sa.Text, nullable=False),
    sa.Column("leads", sa.BigInteger, nullable=False),
    sa.Column("about", _json(), nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
)
"""One row a run that wrote scores: ``finished_at`` is empty while it runs and after a crash."""

SCORES = sa.Table(
    "scores",
    METADATA,
    sa.Column("lead_id", sa.Text, primary_key=True),
    sa.Column("as_of", UtcDateTime, primary_key=True),
    sa.Column("model_version", sa.Text, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("p_sql", sa.Double),
    sa.Column("p_close", sa.Double),
    sa.Column("band", sa.Text, nullable=False),
    sa.Column("stage", sa.Text),
    sa.Column("reached", sa.Boolean, nullable=False),
    sa.Column("excluded", sa.Boolean, nullable=False),
    sa.Column("exclusions", _json(), nullable=False),
    sa.Column("gates_missing", _json(), nullable=False),
    sa.Column("points", sa.Double),
    sa.Column("points_band", sa.Text),
    sa.Column("points_reasons", _json(), nullable=False),
    sa.Column("fit_grade", sa.Text),
    sa.Column("behaviour_grade", sa.Text),
    sa.Column("reasons", _json(), nullable=False),
    sa.Column("cutoff_version", sa.Text, nullable=False),
    sa.Column("scored_at", UtcDateTime, nullable=False),
    sa.Column("handed_over_by", sa.Text),
    sa.Column("handover_probability", sa.Double),
    sa.Column("curve", _json()),
    sa.Column("expected_days_sql", sa.Double),
    sa.Column("expected_days_close", sa.Double),
    sa.CheckConstraint("p_sql BETWEEN 0 AND 1", name="scores_p_sql"),
    sa.CheckConstraint("p_close BETWEEN 0 AND 1", name="scores_p_close"),
    sa.CheckConstraint("band IN ('none', 'MQL', 'SAL')", name="scores_band"),
    sa.Index("scores_by_run", "run_id", "band"),
)
"""One row a lead, as-of time and model version; a later run of the same three takes its place."""

KEY = ("lead_id", "as_of", "model_version")
JSON_COLUMNS = ("exclusions", "gates_missing", "points_reasons", "reasons", "curve")
