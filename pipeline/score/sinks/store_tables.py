"""The score store's tables, the scores from the declared columns; migrations/ creates them, a test compares both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import Dialect

from features.source_spec import TARGETS
from models.scoring.score_columns import COLUMNS, KEY, Kind, ScoreColumn, probability_of


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
    sa.Column("counts", _json()),
    sa.Column("wording", _json()),
    sa.Column("sequence", sa.BigInteger),
    sa.Column("source", sa.Text),
    sa.Column("out", sa.Text),
    sa.Column("undone_at", UtcDateTime),
    sa.Index("score_runs_by_sequence", "sequence", unique=True),
)
"""One row a run. ``sequence`` is empty until the run is complete, and so are ``finished_at`` and ``counts``, which say
how many open leads each group has with each pair of grades, and how many of these are new. In force is the highest
sequence that was not undone."""

SCORE_LOG = sa.Table(
    "score_log",
    METADATA,
    sa.Column("entry", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("who", sa.Text),
    sa.Column("why", sa.Text),
    sa.CheckConstraint("what IN ('visible', 'undone')", name="score_log_what"),
)
"""One row an event that changed which run is in force. The number of the entry by which a run became visible is the
run's ``sequence``: numbers are counted on and never come from a clock."""


_TYPES: Mapping[Kind, Callable[[], sa.types.TypeEngine[Any]]] = {
    "text": sa.Text,
    "number": sa.Double,
    "boolean": sa.Boolean,
    "time": UtcDateTime,
    "json": _json,
}


def _column(declared: ScoreColumn) -> sa.Column[Any]:
    return sa.Column(declared.name, _TYPES[declared.kind](), nullable=declared.nullable)


_FIRST = ("lead_id", "as_of", "model_version")
"""Columns that stand first in the table, since its first version."""


SCORES = sa.Table(
    "scores",
    METADATA,
    *(_column(column) for column in sorted(COLUMNS, key=lambda column: column.name not in _FIRST)),
    sa.PrimaryKeyConstraint(*KEY),
    *(sa.CheckConstraint(f"{p} BETWEEN 0 AND 1", name=f"scores_{p}") for p in map(probability_of, TARGETS)),
    sa.CheckConstraint("band IN ('none', 'MQL', 'SAL')", name="scores_band"),
    sa.Index("scores_by_lead", "lead_id", "as_of"),
)
"""One row a run, lead and as-of time: written once, and never changed by another run."""

OPEN_LEADS = sa.Table(
    "open_leads",
    METADATA,
    sa.Column("place", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("lead_id", sa.Text, nullable=False),
    sa.Column("as_of", UtcDateTime, nullable=False),
    sa.Column("counted_as", sa.Text, nullable=False),
    sa.Column("fit_grade", sa.Text),
    sa.Column("behaviour_grade", sa.Text),
    sa.Column("place_in_fit", sa.BigInteger, nullable=False),
    sa.Column("place_in_behaviour", sa.BigInteger, nullable=False),
    sa.Column("place_in_both", sa.BigInteger, nullable=False),
    sa.Column("parts", sa.Text().with_variant(ARRAY(sa.Text), "postgresql")),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("place_in_new", sa.BigInteger),
    sa.Index("open_leads_by_fit", "fit_grade", "place_in_fit"),
    sa.Index("open_leads_by_behaviour", "behaviour_grade", "place_in_behaviour"),
    sa.Index("open_leads_by_both", "fit_grade", "behaviour_grade", "place_in_both"),
    sa.Index("open_leads_by_new", "place_in_new"),
)
"""One row an open lead of the run in force, by priority: ``place`` counts from 1 among all leads, the others
among those of the same grade or grades, and among those that are new since the run before: any page of a list is a
range of an index, and so is a group. ``parts`` are the trigrams of the lead id, by which PostgreSQL searches; SQLite
has an index of its own kind instead."""

WRITE_BACKS = sa.Table(
    "write_backs",
    METADATA,
    sa.Column("sink", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("as_of", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("undone_at", UtcDateTime),
)
"""One row a run whose scores were written back into a place: ``position`` counts from 1 for each ``sink``."""

SENT_RECORDS = sa.Table(
    "sent_records",
    METADATA,
    sa.Column("sink", sa.Text, primary_key=True),
    sa.Column("lead_id", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sent", _json(), nullable=False),
    sa.Column("before", _json()),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("stands", _json()),
    sa.Index("sent_records_by_write_back", "sink", "position"),
)
"""One row a lead whose record changed: what it was to say, and what it said ``before`` (null: there was no record). A
row is written before the record is sent. What ``stands`` there, as the place rounds and trims it, comes with its word
that it has the record."""

NEWS = sa.Table(
    "news",
    METADATA,
    sa.Column("news_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("lead_id", sa.Text),
    sa.Column("run_id", sa.Text),
    sa.Column("entry", sa.BigInteger),
    sa.Column("facts", _json(), nullable=False),
    sa.Index("news_by_run", "run_id"),
)
"""One row a thing that became true and is told. ``news_id`` follows from what it is, so that the same is there once;
``entry`` is that of the log by which it became true, ``facts`` name no lead."""

DELIVERIES = sa.Table(
    "news_deliveries",
    METADATA,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("news_id", sa.Text, primary_key=True),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("lead_id", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("said", sa.Text),
    sa.CheckConstraint("state IN ('waits', 'delivered', 'given_up', 'withdrawn')", name="news_deliveries_state"),
    sa.Index("news_deliveries_by_state", "channel", "state"),
)
"""One row a channel that wants to be told something: written with the news, and changed when the channel has it.
``message_id`` is what the channel knows it by, the same at every try; ``said`` is why it was refused."""

TELLING_MARKS = sa.Table(
    "telling_marks",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""Up to which entry of the log everything is told, and which alarms last."""
