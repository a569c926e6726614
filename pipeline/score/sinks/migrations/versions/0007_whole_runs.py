"""A run is written once and becomes visible in one step: its scores are its own, and runs are numbered, not timed.

Runs that were completed are numbered in the order in which they counted until now. Rows of runs that never were stay
until another run is complete, and nobody reads them.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

COLUMNS = (
    "lead_id", "as_of", "model_version", "run_id", "p_sql", "p_close", "band", "stage", "reached", "excluded",
    "exclusions", "gates_missing", "points", "points_band", "points_reasons", "fit_grade", "behaviour_grade", "reasons",
    "cutoff_version", "scored_at", "handed_over_by", "handover_probability", "curve", "expected_days_sql",
    "expected_days_close", "counted_as",
)  # fmt: skip
VIEW = f"""
VIEW current_scores AS
SELECT {", ".join(f"scores.{name}" for name in COLUMNS)}
FROM open_leads JOIN scores
    ON scores.run_id = open_leads.run_id AND scores.lead_id = open_leads.lead_id AND scores.as_of = open_leads.as_of
"""
OLD_KEY = """scores.lead_id = open_leads.lead_id AND scores.as_of = open_leads.as_of
    AND scores.model_version = open_leads.model_version"""


def upgrade() -> None:
    """Count the runs, give the scores their new key, and let the list name the run of each row."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for column in (
        sa.Column("sequence", sa.BigInteger),
        sa.Column("source", sa.Text),
        sa.Column("out", sa.Text),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("score_runs", column)
    op.create_index("score_runs_by_sequence", "score_runs", ["sequence"], unique=True)
    op.create_table(
        "score_log",
        sa.Column("entry", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text),
        sa.Column("why", sa.Text),
        sa.CheckConstraint("what IN ('visible', 'undone')", name="score_log_what"),
    )
    _number_runs(postgresql=postgresql)
    if postgresql:
        _change_in_place()
    else:
        _make_anew()


def _number_runs(*, postgresql: bool) -> None:
    """Give completed runs numbers by when they began, the last one highest, as pages and view understood it."""
    connection = op.get_bind()
    runs = connection.execute(
        sa.text("SELECT run_id, about, finished_at FROM score_runs ORDER BY started_at, run_id DESC")
    )
    numbered = 0
    for run in runs.all():
        about: dict[str, Any] = run.about if postgresql else json.loads(run.about)
        given = {"run_id": run.run_id, "source": about.get("source"), "entry": None}
        if run.finished_at is not None:
            numbered += 1
            given["entry"] = numbered
        connection.execute(
            sa.text("UPDATE score_runs SET source = :source, sequence = :entry WHERE run_id = :run_id"), given
        )
    op.execute("""
        INSERT INTO score_log (entry, run_id, what, at)
        SELECT sequence, run_id, 'visible', finished_at FROM score_runs WHERE sequence IS NOT NULL
    """)


def _change_in_place() -> None:
    """Change the tables as they stand, so that who may read them still may."""
    op.execute("ALTER TABLE open_leads ADD COLUMN run_id text")
    op.execute(f"UPDATE open_leads SET run_id = scores.run_id FROM scores WHERE {OLD_KEY}")
    op.execute("DELETE FROM open_leads WHERE run_id IS NULL")
    op.execute("ALTER TABLE open_leads ALTER COLUMN run_id SET NOT NULL")
    op.execute(f"CREATE OR REPLACE {VIEW}")
    op.execute("ALTER TABLE open_leads DROP COLUMN model_version")
    op.execute("ALTER TABLE scores DROP CONSTRAINT scores_pkey")
    op.execute("ALTER TABLE scores ADD CONSTRAINT scores_pkey PRIMARY KEY (run_id, lead_id, as_of)")
    op.execute("DROP INDEX scores_by_run")
    op.create_index("scores_by_lead", "scores", ["lead_id", "as_of"])


def _make_anew() -> None:
    """Make the tables anew: SQLite changes no key."""
    has_search = sa.inspect(op.get_bind()).has_table("open_lead_search")
    op.execute("DROP VIEW current_scores")
    op.execute("DROP TABLE IF EXISTS open_lead_search")
    for name in ("fit", "behaviour", "both"):
        op.execute(f"DROP INDEX open_leads_by_{name}")
    op.execute("ALTER TABLE open_leads RENAME TO earlier_open_leads")
    _create_open_leads()
    names = (
        "place, lead_id, as_of, counted_as, fit_grade, behaviour_grade, place_in_fit, place_in_behaviour, place_in_both"
    )
    listed = ", ".join(f"open_leads.{name}" for name in names.split(", "))
    op.execute(f"""
        INSERT INTO open_leads ({names}, run_id)
        SELECT {listed}, scores.run_id FROM earlier_open_leads AS open_leads JOIN scores ON {OLD_KEY}
    """)
    op.execute("DROP TABLE earlier_open_leads")
    op.execute("DROP INDEX scores_by_run")
    op.execute("ALTER TABLE scores RENAME TO earlier_scores")
    _create_scores()
    columns = ", ".join(COLUMNS)
    op.execute(f"INSERT INTO scores ({columns}) SELECT {columns} FROM earlier_scores")
    op.execute("DROP TABLE earlier_scores")
    op.create_index("scores_by_lead", "scores", ["lead_id", "as_of"])
    if has_search:
        op.execute(context.script.get_revision("0005").module.SEARCH)
        op.execute("INSERT INTO open_lead_search (open_lead_search) VALUES ('rebuild')")
    op.execute(f"CREATE {VIEW}")


def _create_open_leads() -> None:
    op.create_table(
        "open_leads",
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("lead_id", sa.Text, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_as", sa.Text, nullable=False),
        sa.Column("fit_grade", sa.Text),
        sa.Column("behaviour_grade", sa.Text),
        sa.Column("place_in_fit", sa.BigInteger, nullable=False),
        sa.Column("place_in_behaviour", sa.BigInteger, nullable=False),
        sa.Column("place_in_both", sa.BigInteger, nullable=False),
        sa.Column("parts", sa.Text),
        sa.Column("run_id", sa.Text, nullable=False),
    )
    op.create_index("open_leads_by_fit", "open_leads", ["fit_grade", "place_in_fit"])
    op.create_index("open_leads_by_behaviour", "open_leads", ["behaviour_grade", "place_in_behaviour"])
    op.create_index("open_leads_by_both", "open_leads", ["fit_grade", "behaviour_grade", "place_in_both"])


def _create_scores() -> None:
    json_type = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    empty = {"exclusions", "gates_missing", "points_reasons", "reasons"}
    kinds: dict[str, Any] = {
        "as_of": sa.DateTime(timezone=True),
        "scored_at": sa.DateTime(timezone=True),
        "reached": sa.Boolean(),
    }
    kinds |= {"excluded": sa.Boolean(), **dict.fromkeys({"curve", *empty}, json_type)}
    numbers = ("p_sql", "p_close", "points", "handover_probability", "expected_days_sql", "expected_days_close")
    kinds |= dict.fromkeys(numbers, sa.Double())
    needed = {
        "lead_id",
        "as_of",
        "model_version",
        "run_id",
        "band",
        "reached",
        "excluded",
        "cutoff_version",
        "scored_at",
    }
    op.create_table(
        "scores",
        *(sa.Column(name, kinds.get(name, sa.Text()), nullable=name not in needed | empty) for name in COLUMNS),
        sa.PrimaryKeyConstraint("run_id", "lead_id", "as_of"),
        sa.CheckConstraint("p_sql BETWEEN 0 AND 1", name="scores_p_sql"),
        sa.CheckConstraint("p_close BETWEEN 0 AND 1", name="scores_p_close"),
        sa.CheckConstraint("band IN ('none', 'MQL', 'SAL')", name="scores_band"),
    )


def downgrade() -> None:
    """Refuse: several runs may have scored one lead at one moment, and the earlier key holds one of them."""
    raise NotImplementedError("a store of whole runs cannot be brought back to an earlier version; restore a backup")
