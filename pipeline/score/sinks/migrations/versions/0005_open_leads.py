"""The list of open leads kept in its order, so that a page of it, and how many there are, is read by an index.

On PostgreSQL, who may read the view ``current_scores`` may read the table ``open_leads`` afterwards.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"

COLUMNS = (
    "lead_id", "as_of", "model_version", "run_id", "p_sql", "p_close", "band", "stage", "reached", "excluded",
    "exclusions", "gates_missing", "points", "points_band", "points_reasons", "fit_grade", "behaviour_grade", "reasons",
    "cutoff_version", "scored_at", "handed_over_by", "handover_probability", "curve", "expected_days_sql",
    "expected_days_close", "counted_as",
)  # fmt: skip
GROUPS = ("SAL", "MQL", "none", "excluded", "with_sales", "reached")
VIEW = f"""
VIEW current_scores AS
SELECT {", ".join(f"scores.{name}" for name in COLUMNS)}
FROM open_leads JOIN scores
    ON scores.lead_id = open_leads.lead_id AND scores.as_of = open_leads.as_of
    AND scores.model_version = open_leads.model_version
"""
NEWEST = sa.text(
    "SELECT run_id, about FROM score_runs WHERE finished_at IS NOT NULL ORDER BY started_at DESC, run_id LIMIT 1"
)
TRIGRAMS = """
CREATE FUNCTION leadscore_trigrams(lead_id text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    lowered text := lower(lead_id);
    trigrams text[] := '{}';
BEGIN
    FOR start IN 1 .. length(lowered) - 2 LOOP
        trigrams := trigrams || substr(lowered, start, 3);
    END LOOP;
    RETURN trigrams;
END
$$
"""
"""Every three characters in a row, in lower case: the index needs no extension, which not everybody may install."""
SEARCH = """
CREATE VIRTUAL TABLE open_lead_search
USING fts5 (lead_id, content = open_leads, content_rowid = place, tokenize = trigram)
"""


def upgrade() -> None:
    """Add the table and what the search needs, fill them with what the view showed, and let the view show these."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    json_type = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    op.add_column("score_runs", sa.Column("counts", json_type))
    op.create_table(
        "open_leads",
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("lead_id", sa.Text, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("counted_as", sa.Text, nullable=False),
        sa.Column("fit_grade", sa.Text),
        sa.Column("behaviour_grade", sa.Text),
        sa.Column("place_in_fit", sa.BigInteger, nullable=False),
        sa.Column("place_in_behaviour", sa.BigInteger, nullable=False),
        sa.Column("place_in_both", sa.BigInteger, nullable=False),
        sa.Column("parts", sa.Text().with_variant(ARRAY(sa.Text), "postgresql")),
    )
    if postgresql:
        op.execute(TRIGRAMS)
    _fill(postgresql=postgresql)
    op.create_index("open_leads_by_fit", "open_leads", ["fit_grade", "place_in_fit"])
    op.create_index("open_leads_by_behaviour", "open_leads", ["behaviour_grade", "place_in_behaviour"])
    op.create_index("open_leads_by_both", "open_leads", ["fit_grade", "behaviour_grade", "place_in_both"])
    if postgresql:
        op.execute("CREATE INDEX open_leads_search ON open_leads USING gin (parts)")
        op.execute(f"CREATE OR REPLACE {VIEW}")  # who may read it still may
        _let_read()
    else:
        _make_search()
        op.execute("DROP VIEW current_scores")
        op.execute(f"CREATE {VIEW}")


def _fill(*, postgresql: bool) -> None:
    """List what the view shows, if a run was completed, and say in that run how many leads there are."""
    connection = op.get_bind()
    newest = connection.execute(NEWEST).first()
    if newest is None:
        return
    about: dict[str, Any] = newest.about if postgresql else json.loads(newest.about)
    probability = "p_close" if about.get("cutoffs", {}).get("target") == "close" else "p_sql"
    rank = " ".join(f"WHEN '{group}' THEN {place}" for place, group in enumerate(GROUPS))
    lead = 'lead_id COLLATE "C"' if postgresql else "lead_id"
    op.execute(f"""
        INSERT INTO open_leads
        SELECT place, lead_id, as_of, model_version, counted_as, fit_grade, behaviour_grade,
            row_number() OVER (PARTITION BY fit_grade ORDER BY place),
            row_number() OVER (PARTITION BY behaviour_grade ORDER BY place),
            row_number() OVER (PARTITION BY fit_grade, behaviour_grade ORDER BY place),
            {"leadscore_trigrams(lead_id)" if postgresql else "NULL"}
        FROM (
            SELECT lead_id, as_of, model_version, counted_as, fit_grade, behaviour_grade,
                row_number() OVER (ORDER BY CASE counted_as {rank} END, {probability} DESC NULLS LAST, {lead}) AS place
            FROM current_scores
        ) AS placed
    """)
    counted = connection.execute(
        sa.text("""
        SELECT counted_as, fit_grade, behaviour_grade, count(*) AS leads
        FROM open_leads GROUP BY counted_as, fit_grade, behaviour_grade
    """)
    )
    counts = json.dumps([dict(row) for row in counted.mappings()])
    value = "CAST(:counts AS jsonb)" if postgresql else ":counts"
    say = sa.text(f"UPDATE score_runs SET counts = {value} WHERE run_id = :run_id")
    connection.execute(say, {"counts": counts, "run_id": newest.run_id})


def _let_read() -> None:
    """Let roles read the table that may read the view."""
    connection = op.get_bind()
    readers = connection.execute(
        sa.text("""
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = 'current_scores' AND privilege_type = 'SELECT'
    """)
    )
    for (role,) in readers.all():
        name = role if role == "PUBLIC" else connection.dialect.identifier_preparer.quote_identifier(role)
        connection.exec_driver_sql(f"GRANT SELECT ON open_leads TO {name}")


def _make_search() -> None:
    """Make the index of the search, where this SQLite knows of it; without it, a search looks at every lead."""
    connection = op.get_bind()
    try:
        connection.exec_driver_sql(SEARCH)
    except sa.exc.OperationalError:  # before SQLite 3.34, or built without FTS5
        return
    connection.exec_driver_sql("INSERT INTO open_lead_search (open_lead_search) VALUES ('rebuild')")


def downgrade() -> None:
    """Take all of it away, and make the view of the version before."""
    op.execute("DROP VIEW current_scores")
    op.execute("DROP TABLE IF EXISTS open_lead_search")
    op.drop_table("open_leads")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION leadscore_trigrams(text)")
    op.drop_column("score_runs", "counts")
    op.execute(context.script.get_revision("0004").module.VIEW)
