"""Finding the rows that cannot be used: each row by its contract, then duplicates, references and order in time."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from features.errors import InputError
from features.source_spec import SourceSpec
from features.tables.row_contracts import REASONS, Table, actor_of, contract, failures
from features.tables.written_values import BLANKS, NO, NUMBER, YES
from pipeline.ingest.unknown_ids import NO_LEAD, UnknownIds
from pipeline.source.sql import identifier, literal

CHUNK_ROWS = 250_000
"""Rows held in pandas at a time while contracts are checked."""

CASCADE = "its lead was rejected"

_FAILED = pa.schema([("row", pa.int64()), ("column", pa.string()), ("reason", pa.string()), ("found", pa.string())])

_IS_NUMBER = f"regexp_matches(value, {literal(NUMBER)}) AND coalesce(isfinite(try_cast(value AS DOUBLE)), false)"
_IS_YES_OR_NO = f"lower(trim(value, {literal(BLANKS)})) IN ({', '.join(literal(word) for word in (*YES, *NO))})"

_REJECTS = """
CREATE TABLE rejects (
    "table" VARCHAR, row BIGINT, "column" VARCHAR, reason VARCHAR, lead_id VARCHAR, found VARCHAR
)"""


def check_rows(con: duckdb.DuckDBPyConnection, spec: SourceSpec, rows: Mapping[Table, int]) -> None:
    """Create ``rejects`` and the views ``kept_TABLE`` from the tables ``typed_TABLE``.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds ``typed_TABLE`` for each table of the source.
    spec : SourceSpec
        What the rows must be.
    rows : mapping
        The tables that are there, with their row counts.
    """
    con.execute(_REJECTS)
    for table in ("leads", *(name for name in rows if name != "leads")):
        _check_contract(con, spec, table)  # type: ignore[arg-type]
        for statement in _relations(spec, table):
            con.execute(f"INSERT INTO rejects BY NAME {statement}")
        con.execute(
            f"CREATE VIEW kept_{table} AS SELECT * FROM typed_{table} t "
            f"ANTI JOIN (SELECT row FROM rejects WHERE \"table\" = '{table}') r USING (row)"
        )


def _check_contract(con: duckdb.DuckDBPyConnection, spec: SourceSpec, table: Table) -> None:
    """Validate in chunks: memory stays the same however long the table is."""
    schema = contract(spec, table)
    present = {name for name, *_ in con.execute(f"DESCRIBE typed_{table}").fetchall()}
    checked = [
        name for name, column in schema.columns.items() if name in present and (column.checks or not column.nullable)
    ]
    narrow = schema.select_columns(checked)
    columns = ", ".join(identifier(name) for name in ("row", *checked))
    cursor = con.cursor()
    for batch in cursor.sql(f"SELECT {columns} FROM typed_{table}").to_arrow_reader(CHUNK_ROWS):
        failed = failures(narrow, batch.to_pandas().set_index("row"))
        if len(failed):
            con.register("failed", pa.Table.from_pandas(failed, schema=_FAILED, preserve_index=False))
            con.execute(
                f'INSERT INTO rejects BY NAME SELECT \'{table}\' AS "table", f.row, f."column", f.reason, t.lead_id, '
                f"f.found FROM failed f JOIN typed_{table} t USING (row)"
            )
            con.unregister("failed")
    cursor.close()


def _relations(spec: SourceSpec, table: str) -> list[str]:
    """Return SELECTs of the rejects that one row alone does not show."""
    if table == "leads":
        return [
            "SELECT 'leads' AS \"table\", row, 'lead_id' AS \"column\", 'lead id stands twice' AS reason, lead_id, "
            "lead_id AS found FROM typed_leads WHERE lead_id IS NOT NULL "
            "QUALIFY row_number() OVER (PARTITION BY lead_id ORDER BY row) > 1"
        ]
    statements = [
        f"SELECT '{table}' AS \"table\", t.row, 'lead_id' AS \"column\", "
        f"CASE WHEN l.lead_id IS NULL THEN 'no such lead' ELSE '{CASCADE}' END AS reason, t.lead_id, "
        f"t.lead_id AS found "
        f"FROM typed_{table} t ANTI JOIN kept_leads k USING (lead_id) "
        "LEFT JOIN (SELECT DISTINCT lead_id FROM typed_leads) l ON l.lead_id = t.lead_id WHERE t.lead_id IS NOT NULL"
    ]
    if table == "stages":
        statements.append(
            "SELECT 'stages' AS \"table\", t.row, 'entered_at' AS \"column\", 'before the lead was created' AS reason, "
            "t.lead_id, t.entered_at::VARCHAR AS found "
            "FROM typed_stages t JOIN kept_leads k USING (lead_id) WHERE t.entered_at < k.created_at"
        )
    if table == "events":
        statements.append(_other_actor(spec))
    if table == "handovers":
        statements.append(
            "SELECT 'handovers' AS \"table\", row, 'probability' AS \"column\", 'not a probability' AS reason, "
            "lead_id, probability::VARCHAR AS found FROM typed_handovers WHERE probability <= 0 OR probability > 1 "
            "OR (handed_over_by = 'exploration' AND probability IS NULL)"
        )
    if table == "changes":
        statements += _changed_values(spec)
    return statements


def _other_actor(spec: SourceSpec) -> str:
    declared = ", ".join(f"({literal(name)}, {literal(actor)})" for name, actor in actor_of(spec).items())
    return (
        "SELECT 'events' AS \"table\", t.row, 'actor' AS \"column\", 'not the actor of its family' AS reason, "
        "t.lead_id, t.actor AS found FROM typed_events t "
        f"JOIN (VALUES {declared}) d(event_type, actor) USING (event_type) "
        "WHERE t.actor <> d.actor AND t.actor IN ('lead', 'marketing', 'sales')"
    )


def _changed_values(spec: SourceSpec) -> list[str]:
    """Check values of changing fields by the kind of the field: `features.families.fit` must be able to read them."""
    statements = []
    for name, column in spec.fit.items():
        bad = {
            "number": ("not a number", f"NOT ({_IS_NUMBER})"),
            "boolean": ("not yes or no", f"NOT ({_IS_YES_OR_NO})"),
        }
        reason, test = bad.get(column.type, ("", ""))
        if column.values is not None:
            allowed = ", ".join(literal(value) for value in column.values)
            reason, test = "not among the declared values", f"value NOT IN ({allowed})"
        if column.known == "changes" and reason:
            statements.append(
                f"SELECT 'changes' AS \"table\", row, 'value' AS \"column\", '{reason}' AS reason, lead_id, "
                f"value AS found FROM typed_changes WHERE field = {literal(name)} AND value IS NOT NULL AND {test}"
            )
    return statements


def rejected_rows(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[int, int]:
    """Return how many rows of a table are rejected, and how many of them for faults of their own.

    The second number leaves out rows whose lead was rejected: the lead's fault counts once, in table leads.
    """
    counts = con.execute(
        f"SELECT count(DISTINCT row), count(DISTINCT row) FILTER (reason <> '{CASCADE}') "
        f"FROM rejects WHERE \"table\" = '{table}'"
    ).fetchall()
    return int(counts[0][0]), int(counts[0][1])


def require_few_rejects(
    con: duckdb.DuckDBPyConnection, rows: Mapping[Table, int], unknown: UnknownIds, *, max_reject_share: float
) -> None:
    """Raise an InputError that quotes the first bad row of a table of which too many rows are bad.

    Its hint says how to mend the rows, never how to let them pass: what is missing may say who won.
    """
    for table, total in rows.items():
        _, bad = rejected_rows(con, table)
        if bad > max_reject_share * total:
            raise _too_many(con, table, bad, total, max_reject_share, unknown)


def _too_many(
    con: duckdb.DuckDBPyConnection, table: Table, bad: int, total: int, limit: float, unknown: UnknownIds
) -> InputError:
    column, reason, first, value = con.execute(
        'SELECT "column", reason, min(row), arg_min(found, row) FROM rejects '
        f"WHERE \"table\" = '{table}' AND reason <> '{CASCADE}' "
        'GROUP BY ALL ORDER BY count(*) DESC, min(row), "column" LIMIT 1'
    ).fetchall()[0]
    said = REASONS[reason]
    quoted = "nothing" if value is None else repr(value)
    return InputError(
        expected=said.expected,
        found=f"{quoted} ({bad:,} of {total:,} rows of this table cannot be used; at most {limit:.2%} may)",
        table=table,
        column=column,
        row=int(first),
        hint=unknown.hint(table) if reason == NO_LEAD else said.hint,
    )
