"""``leadscore check``: what was understood of a source and its data, before any time is spent on a model."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from features.errors import InputError
from features.labelling.labels import build_labels
from features.labelling.snapshots import history_snapshots
from features.labelling.time_split import SplitOptions
from features.source_spec import SourceSpec
from features.tables.row_contracts import Table
from features.time_units import format_duration, format_time
from models.scoring.groups import is_with_sales
from pipeline.check.leaks import check_leaks
from pipeline.check.result import CheckResult, FamilySeen, RejectSeen, StageSeen, TableSeen, TargetSeen, enough
from pipeline.ingest.row_checks import check_rows, rejected_rows, require_few_rejects
from pipeline.ingest.stage import TIME_COLUMNS, create_outputs, load_tables, observed_until_us, silence_at_the_end
from pipeline.settings.settings import Settings
from pipeline.source.folder import Source
from pipeline.source.sql import Query, describe, find_queries, identifier, open_database, run


def check_source(source: Source, data_dir: Path, settings: Settings) -> CheckResult:
    """Read a source's data as ``ingest`` does and say what is there; nothing is written.

    Parameters
    ----------
    source : Source
        The source folder as read.
    data_dir : Path
        Folder of the exports.
    settings : Settings
        ``ingest`` says how much may be wrong (more is told in ``stops``), ``split`` and ``model`` how many outcomes a
        model needs.

    Returns
    -------
    CheckResult
        With ``to_text()`` and ``to_json()``.

    Raises
    ------
    InputError
        If the tables cannot be read at all: SQL, missing columns, unusable types.
    """
    queries = find_queries(source, data_dir)
    with tempfile.TemporaryDirectory(prefix="leadscore-check-") as scratch:
        database = Path(scratch) / "check.duckdb"
        rows = load_tables(source, data_dir, database, also=load_wide_leads)
        con = open_database(database)
        try:
            check_rows(con, source.spec, rows)
            create_outputs(con, source.spec, rows)
            return _result(con, source, queries, rows, settings)
        finally:
            con.close()


def load_wide_leads(con: duckdb.DuckDBPyConnection, query: Query, data_dir: Path) -> None:
    """Keep every column of the leads query as text, declared or not, in ``wide_leads``."""
    if query.table == "leads":
        types = describe(con, query, data_dir)
        columns = ", ".join(f"nullif(trim({identifier(name)}::VARCHAR), '') AS {identifier(name)}" for name in types)
        statement = f"CREATE TABLE wide_leads AS SELECT row_number() OVER () AS __row, {columns} FROM source_rows"
        run(con, query, statement, data_dir)


def _result(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    queries: dict[Table, Query],
    rows: dict[Table, int],
    settings: Settings,
) -> CheckResult:
    spec = source.spec
    observed = observed_until_us(con, spec)
    stops: str | None = None
    try:
        require_few_rejects(con, rows, max_reject_share=settings.ingest.max_reject_share)
    except InputError as error:
        stops = str(error)
    leads, stages = _micros(con, "leads"), _micros(con, "stages")
    looks = history_snapshots(leads, stages, spec, observed_until_us=observed)
    looks = looks.sort_values(["lead_id", "as_of_us"]).drop_duplicates("lead_id", ignore_index=True)
    labels = build_labels(looks, stages, spec, observed_until_us=observed)
    looks = looks.merge(leads[["lead_id", "created_us"]], on="lead_id")
    leaks = check_leaks(con, spec, looks, labels, stages, observed_until_us=observed)
    return CheckResult(
        source=spec.name,
        observed_until=format_time(observed),
        tables=tuple(_table(con, query, rows[table]) for table, query in queries.items()),
        rejects=_rejects(con),
        stops=stops,
        columns=leaks.columns,
        event_types=leaks.event_types,
        families=_families(con, spec),
        stages=_stages(con, spec),
        targets=tuple(_target(spec, name, labels, settings) for name in sorted(spec.targets)),
        notes=(*_notes(con, spec, looks), *leaks.notes),
    )


def _micros(con: duckdb.DuckDBPyConnection, table: Table) -> pd.DataFrame:
    extra, time = ("", "created") if table == "leads" else (", stage", "entered")
    query = f"SELECT lead_id{extra}, epoch_us({TIME_COLUMNS[table]}) AS {time}_us FROM out_{table} ORDER BY ALL"
    rows: pd.DataFrame = con.sql(query).to_arrow_table().to_pandas()
    return rows


def _table(con: duckdb.DuckDBPyConnection, query: Query, rows: int) -> TableSeen:
    time = TIME_COLUMNS[query.table]
    first, last = con.execute(f"SELECT epoch_us(min({time})), epoch_us(max({time})) FROM out_{query.table}").fetchall()[
        0
    ]
    rejected, _ = rejected_rows(con, query.table)
    span = [None if us is None else format_time(us) for us in (first, last)]
    return TableSeen(query.table, query.origin, rows, rejected, span[0], span[1])


def _rejects(con: duckdb.DuckDBPyConnection) -> tuple[RejectSeen, ...]:
    found = con.execute(
        'SELECT "table", "column", reason, count(*), min(row), arg_min(found, row) FROM rejects '
        'GROUP BY ALL ORDER BY count(*) DESC, "table", "column", reason'
    ).fetchall()
    return tuple(RejectSeen(*row) for row in found)


def _families(con: duckdb.DuckDBPyConnection, spec: SourceSpec) -> tuple[FamilySeen, ...]:
    by_type = (
        con.sql("SELECT event_type, lead_id, count(*) AS n FROM out_events GROUP BY ALL").to_arrow_table().to_pandas()
    )
    seen = []
    for name, family in spec.events.items():
        rows = by_type[by_type["event_type"].isin(family.all_types)]
        in_model = name in spec.model_families()
        seen.append(FamilySeen(name, family.actor, int(rows["n"].sum()), int(rows["lead_id"].nunique()), in_model))
    return tuple(seen)


def _stages(con: duckdb.DuckDBPyConnection, spec: SourceSpec) -> tuple[StageSeen, ...]:
    found = dict(con.execute("SELECT stage, count(DISTINCT lead_id) FROM out_stages GROUP BY stage").fetchall())
    stages = pd.Series([*spec.ladder, *spec.lost, *spec.recycled], dtype="str")
    has_lead = is_with_sales(stages, spec).tolist()
    return tuple(StageSeen(stage, found.get(stage, 0), own) for stage, own in zip(stages, has_lead, strict=True))


def _target(spec: SourceSpec, name: str, labels: pd.DataFrame, settings: Settings) -> TargetSeen:
    rows = labels[(labels["target"] == name) & labels["at_risk"]]
    yes, no = int((rows["y"] == 1).sum()), int((rows["y"] == 0).sum())
    target = spec.target(name)
    horizon = format_duration(target.horizon)
    share = training_share(rows.loc[rows["y"].notna(), "as_of_us"], settings.split)
    answer = enough(min(yes, no), training_share=share, min_outcomes=settings.model.min_outcomes)
    return TargetSeen(name, target.stage, horizon, yes, no, int(rows["y"].isna().sum()), answer)


def training_share(first_us: pd.Series, split: SplitOptions) -> float:
    """Return which part of the leads the split leaves for training, by their first looks (µs); no embargo counted.

    Examples
    --------
    >>> round(training_share(pd.Series([1, 2, 3]), SplitOptions(test_share=0.3, calibration_share=0.2)), 2)
    0.56
    """
    before_test = 1 - split.test_share if split.test_from is None else float((first_us < split.test_from).mean())
    too_old = 0.0 if split.train_from is None else float((first_us < split.train_from).mean())
    return max(before_test - too_old, 0.0) * (1 - split.calibration_share)


def _notes(con: duckdb.DuckDBPyConnection, spec: SourceSpec, looks: pd.DataFrame) -> tuple[str, ...]:
    notes = []
    leads = con.execute("SELECT count(*) FROM out_leads").fetchall()[0][0]
    unseen = leads - len(looks)
    if unseen:
        notes.append(
            f"{unseen:,} of {leads:,} leads are never looked at: decided before {spec.snapshots.anchor} + "
            f"{format_duration(spec.snapshots.after)}, never there, or not yet"
        )
    silent = [seen.family for seen in _families(con, spec) if seen.events == 0]
    if silent:
        notes.append(f"No event at all in: {', '.join(silent)}")
    if spec.snapshots.every is None and spec.snapshots.after == 0 and spec.snapshots.anchor == "created":
        notes += _unused_events(con)
    if spec.observed_until is None:
        notes += _lonely_newest(con)
    warning = silence_at_the_end(con, spec)
    if warning is not None:
        notes.append(warning)
    return tuple(notes)


def _unused_events(con: duckdb.DuckDBPyConnection) -> list[str]:
    later = con.execute(
        "SELECT count(*) FROM out_events e JOIN out_leads l USING (lead_id) WHERE e.occurred_at > l.created_at"
    ).fetchall()[0][0]
    return [f"{later:,} events after creation never enter the model: set snapshots.every"] if later else []


def _lonely_newest(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Warn where the newest time stands far beyond the rest: one typo would make undecided leads look lost."""
    times = " UNION ALL ".join(f"SELECT epoch({time}) AS t FROM out_{table}" for table, time in TIME_COLUMNS.items())
    first, most, last = con.execute(f"SELECT min(t), quantile_cont(t, 0.999), max(t) FROM ({times})").fetchall()[0]
    if last - most > max(30 * 86_400, 0.25 * (most - first)):
        said = [format_time(round(seconds * 1_000_000)) for seconds in (last, most)]
        return [f"The newest time is {said[0]}, but 99.9 % lie before {said[1]}: set observed_until in source.yaml"]
    return []
