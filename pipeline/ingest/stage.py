"""Stage ``ingest``: a company's exports become checked tables; rows that cannot be used go to rejects.

The source's SQL runs in DuckDB on disk, on one thread and without network or extensions; rows stream through casts
into typed tables, through pandera in chunks, and out to sorted Parquet. Memory does not grow with the export.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import duckdb

from features.errors import InputError
from features.source_spec import SourceSpec
from features.tables.row_contracts import Table, actor_of, column_rules
from features.time_units import DAY_US, format_time
from pipeline.ingest.export_end import find_end
from pipeline.ingest.forgotten_people import leave_out
from pipeline.ingest.joined_people import join_people, load_person_keys
from pipeline.ingest.machines import MACHINES_FILE, machine_counts, machine_rows, mark_machines, marked_columns
from pipeline.ingest.missing_facts import require_believable
from pipeline.ingest.row_checks import check_rows, rejected_rows, require_few_rejects
from pipeline.ingest.shown_columns import SHOWN, load_shown, shown_rows
from pipeline.ingest.unknown_ids import UnknownIds, wide_leads_beside
from pipeline.outputs.forgotten import Marks, read_marks
from pipeline.outputs.ingested_tables import INGEST_SUMMARY_FILE, table_file
from pipeline.outputs.rules_file import RULES_FILE
from pipeline.runner.job_log import say
from pipeline.runner.stages import SPEC_FILE, StageContext
from pipeline.settings.limits import LimitOptions
from pipeline.settings.settings import IngestOptions
from pipeline.source.clean_files import cleaned_folder
from pipeline.source.data_folder import require_bounded
from pipeline.source.database import Export, open_database, open_for_source, running
from pipeline.source.folder import TABLES, Source, read_source
from pipeline.source.sql import SQL_TYPES, Query, describe, find_queries, identifier, literal, load_typed

TIME_COLUMNS: dict[Table, str] = {
    "leads": "created_at",
    "changes": "changed_at",
    "events": "occurred_at",
    "stages": "entered_at",
    "handovers": "handed_over_at",
}

_HAS_MARKS = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'machine_marks'"


def run(context: StageContext, out: Path) -> None:
    """Run the stage: read the source and its data, write the tables into ``out``."""
    if context.source_dir is None or context.data_dir is None:
        raise InputError(expected="--source FOLDER and --data FOLDER", found="only one of them or none")
    source = read_source(context.source_dir, context.overrides)
    ingest(
        source,
        context.data_dir,
        context.settings.ingest,
        out,
        limits=context.settings.limits,
        forgotten=read_marks(context.workspace.home),
    )


NO_LIMITS = LimitOptions()


def ingest(
    source: Source,
    data_dir: Path,
    options: IngestOptions,
    out: Path,
    *,
    limits: LimitOptions = NO_LIMITS,
    forgotten: Marks | None = None,
) -> dict[str, Any]:
    """Read a company's exports into checked tables.

    Parameters
    ----------
    source : Source
        The source folder as read.
    data_dir : Path
        Folder of the exports that its SQL names.
    options : IngestOptions
        How much may be wrong.
    out : Path
        An existing, empty folder; gets ``leads``, ``changes``, ``events``, ``stages``, ``handovers`` and ``rejects``
        as Parquet, ``shown.parquet`` where ``show:`` names columns,
        ``spec.json``, ``rules.json`` where the source has rules, and ``ingest.json``.
    limits : LimitOptions
        How much is read at all.
    forgotten : Marks, optional
        Who is left out.

    Returns
    -------
    dict
        What ``ingest.json`` holds: ``observed_until``, ``rows`` and ``rejects`` per table.

    Raises
    ------
    InputError
        If a query fails, a table or column is missing or empty, a type is unusable, too many rows are bad, or what is
        missing says who won; nothing is written then.
    """
    with tempfile.TemporaryDirectory(dir=out, prefix=".ingest-") as scratch:
        rows = load_tables(source, data_dir, Path(scratch) / "ingest.duckdb", limits=limits, forgotten=forgotten)
        con = open_database(Path(scratch) / "ingest.duckdb", memory=limits.memory)
        try:
            check_rows(con, source.spec, rows)
            create_outputs(con, source.spec, rows)
            export = Export(source, data_dir, data_dir, limits)
            with wide_leads_beside(export, Path(scratch) / "wide.duckdb") as wide:
                require_usable(con, source.spec, rows, UnknownIds(con, wide), options)
            summary = _summary(con, source.spec, rows)
            _write(con, source.spec, out)
        finally:
            con.close()
    _write_json(out / INGEST_SUMMARY_FILE, summary)
    _write_source(source, out)
    return summary


def _write_source(source: Source, out: Path) -> None:
    _write_json(out / SPEC_FILE, source.spec.model_dump(mode="json", by_alias=True))
    if source.rules is not None:
        _write_json(out / RULES_FILE, source.rules)


def load_tables(
    source: Source,
    data_dir: Path,
    database: Path,
    *,
    limits: LimitOptions = NO_LIMITS,
    also: Callable[[duckdb.DuckDBPyConnection, Query, Path], None] | None = None,
    forgotten: Marks | None = None,
) -> dict[Table, int]:
    """Run the source's SQL into ``typed_TABLE`` tables of a new database; return their row counts.

    ``also`` is called for each table while the source's SQL can still be run.
    """
    queries = find_queries(source, data_dir)
    require_bounded(data_dir, limits)
    folder, cleaned = cleaned_folder(source.spec.files, data_dir, database.parent)
    if cleaned:
        queries = find_queries(source, folder)
        for remark in cleaned:
            say(f"{remark}")
    export = Export(source, data_dir, folder.resolve(), limits)
    con = open_for_source(database, export)
    rows = {}
    try:
        with running(con, export):
            for table, query in queries.items():
                rows[table] = load_typed(con, source, query, export.folder, most_rows=limits.rows)
                load_shown(con, source.spec, query, export.folder)
                if table == "leads" and source.spec.dedupe is not None:
                    load_person_keys(con, source.spec, describe(con, query, export.folder))
                if also is not None:
                    also(con, query, export.folder)
        if forgotten is not None:
            leave_out(con, source.spec, rows, forgotten)
        if source.spec.dedupe is not None:
            say(f"{source.spec.name}: {join_people(con, source.spec, rows).sentence}")
        return rows
    finally:
        con.close()


def require_usable(
    con: duckdb.DuckDBPyConnection,
    spec: SourceSpec,
    rows: dict[Table, int],
    unknown: UnknownIds,
    options: IngestOptions,
) -> None:
    """Refuse data of which too many rows are bad, or in which what is missing says who won.

    Raises
    ------
    InputError
        With the first bad row, or with the counts of what one outcome lacks.
    """
    require_few_rejects(con, rows, unknown, max_reject_share=options.max_reject_share)
    require_believable(con, spec, unknown)


def create_outputs(con: duckdb.DuckDBPyConnection, spec: SourceSpec, rows: dict[Table, int]) -> None:
    """Create the views ``out_TABLE``: the columns as written, empty where the source has no such table."""
    for table in cast("tuple[Table, ...]", TABLES):
        rules = column_rules(spec, table)
        if table in rows:
            columns = {name: identifier(name) for name in rules}
            if table == "events":
                mark_machines(con, spec, spec.machines)
                named = marked_columns(columns | {"actor": _actor(spec)})
                con.execute(
                    f"CREATE VIEW out_events AS SELECT {named} FROM kept_events LEFT JOIN machine_marks m USING (row)"
                )
            else:
                con.execute(f"CREATE VIEW out_{table} AS SELECT {', '.join(columns.values())} FROM kept_{table}")
        else:
            nothing = ", ".join(f"NULL::{SQL_TYPES[rule.kind]} AS {identifier(name)}" for name, rule in rules.items())
            con.execute(f"CREATE VIEW out_{table} AS SELECT {nothing} WHERE false")


def _actor(spec: SourceSpec) -> str:
    """Fill a missing actor with the one that the event's family declares."""
    declared = actor_of(spec)
    names, actors = (", ".join(literal(text) for text in texts) for texts in (declared, declared.values()))
    return f"coalesce(actor, list_extract([{actors}], list_position([{names}], event_type)))"


def _summary(con: duckdb.DuckDBPyConnection, spec: SourceSpec, rows: dict[Table, int]) -> dict[str, Any]:
    usable_rows = {table: int(con.execute(f"SELECT count(*) FROM out_{table}").fetchall()[0][0]) for table in TABLES}
    if usable_rows["leads"] == 0:
        raise InputError(expected="at least one usable lead", found="none", table="leads")
    rejects = {table: rejected_rows(con, table)[0] if table in rows else 0 for table in TIME_COLUMNS}
    warning = silence_at_the_end(con, spec)
    if warning is not None:
        say(f"ingest: {warning}")
    end = find_end(con, TIME_COLUMNS)
    if spec.observed_until is None and end.said is not None:
        say(f"ingest: {end.said}")
    summary: dict[str, Any] = {
        "observed_until": format_time(observed_until_us(con, spec)),
        "rows": usable_rows,
        "rejects": rejects,
    }
    if spec.machines is not None and "events" in rows:
        counts = machine_counts(con, spec)
        say(f"ingest: {sum(count.acts for count in counts):,} acts were marked as those of machines")
        summary["machines"] = [asdict(count) for count in counts]
    return summary


def observed_until_us(con: duckdb.DuckDBPyConnection, spec: SourceSpec) -> int:
    """Return until when outcomes are in the export: as declared, else when the export ends by all its tables."""
    return find_end(con, TIME_COLUMNS).us if spec.observed_until is None else spec.observed_until


def silence_at_the_end(con: duckdb.DuckDBPyConnection, spec: SourceSpec) -> str | None:
    """Return a warning where ``observed_until`` lies more than a day after the newest time in the export."""
    if spec.observed_until is None:
        return None
    days = (spec.observed_until - find_end(con, TIME_COLUMNS).us) / DAY_US
    if days <= 1:
        return None
    return (
        f"observed_until is {format_time(spec.observed_until)}, {days:,.0f} days after the newest time in the export: "
        "leads without an outcome count as decided until then"
    )


def _write(con: duckdb.DuckDBPyConnection, spec: SourceSpec, out: Path) -> None:
    for table, time in TIME_COLUMNS.items():
        columns = [name for name, *_ in con.execute(f"DESCRIBE out_{table}").fetchall()]
        rest = [name for name in columns if name not in ("lead_id", time)]
        order = ", ".join(identifier(name) for name in ("lead_id", time, *rest))
        _copy(con, f"SELECT * FROM out_{table} ORDER BY {order}", out / table_file(table))
    if spec.machines is not None and con.execute(_HAS_MARKS).fetchall():
        con.execute(f"COPY ({machine_rows(spec)}) TO {literal(str(out / MACHINES_FILE))} (FORMAT csv, HEADER)")
    shown = shown_rows(spec)
    if shown is not None:
        _copy(con, shown, out / SHOWN)
    order = '"table", row, "column", reason, lead_id, found'
    _copy(con, f"SELECT {order} FROM rejects ORDER BY {order}", out / "rejects.parquet")


def _copy(con: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    con.execute(f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)")


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True, default=str) + "\n", encoding="utf-8"
    )
