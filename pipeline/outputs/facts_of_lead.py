"""What is on record about one lead, as it was known at the moment of its score: the person's own values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from features.as_of import is_known
from features.source_spec import SourceSpec
from features.tables.facts import TIME_COLUMNS
from features.time_units import DAY_US
from pipeline.outputs.ingested_tables import table_files
from pipeline.runner.stages import StageContext

RECENT_DAYS = 30


@dataclass(frozen=True)
class Acts:
    """What is on record of one family of events.

    Attributes
    ----------
    count : int
        Up to the moment; at least 1.
    recent : int
        Of these, in the last `RECENT_DAYS` days.
    last_us : int
        The newest, in microseconds since 1970 UTC.
    """

    count: int
    recent: int
    last_us: int


@dataclass(frozen=True)
class FactsOnRecord:
    """Facts of one lead up to a moment.

    Attributes
    ----------
    created_us : int
    details : dict
        Value of each declared column that has one, by the column's name.
    acts : dict
        By the family's name, as far as there are any.
    stages : tuple of (str, int)
        Stages entered and when, oldest first.
    """

    created_us: int
    details: dict[str, Any]
    acts: dict[str, Acts]
    stages: tuple[tuple[str, int], ...]


def read_facts(context: StageContext, lead_id: str, spec: SourceSpec, *, as_of_us: int) -> FactsOnRecord | None:
    """Read what is on record about a lead.

    Parameters
    ----------
    context : StageContext
    lead_id : str
    spec : SourceSpec
        As the score's model knows it: what it does not declare is not read.
    as_of_us : int
        Later facts are left out.

    Returns
    -------
    FactsOnRecord or None
        None where the tables, or the lead in them, are no longer there.
    """
    if not context.has("ingest"):
        return None
    with duckdb.connect(config={"threads": 1}) as connection:
        rows = {
            table: _known_rows(connection, file, TIME_COLUMNS[table], lead_id, as_of_us)
            for table, file in table_files(context).items()
        }
    if not rows["leads"]:
        return None
    lead = rows["leads"][0]
    details = {name: lead.get(name) for name, column in spec.fit.items() if column.known == "created"}
    details |= {row["field"]: row["value"] for row in rows["changes"] if row["field"] in spec.fit}
    return FactsOnRecord(
        created_us=lead["time_us"],
        details={name: value for name, value in details.items() if value is not None and value == value},
        acts=_acts(rows["events"], spec, as_of_us),
        stages=tuple((row["stage"], row["time_us"]) for row in rows["stages"]),
    )


def _known_rows(
    connection: duckdb.DuckDBPyConnection, stored: Path, time: str, lead_id: str, as_of_us: int
) -> list[dict[str, Any]]:
    """Return the rows of a lead up to a moment, oldest first; DuckDB does not read the others out."""
    moment, rows = f"epoch_us({time}_at)", "read_parquet(?, file_row_number = true)"
    answer = connection.execute(
        f"SELECT * EXCLUDE ({time}_at, file_row_number), {moment} AS time_us FROM {rows} "
        f"WHERE lead_id = ? AND {moment} <= ? ORDER BY time_us, file_row_number",
        [str(stored), lead_id, as_of_us],
    )
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _acts(events: list[dict[str, Any]], spec: SourceSpec, as_of_us: int) -> dict[str, Acts]:
    acts = {}
    for name, family in spec.events.items():
        if family.actor == "sales" and not spec.sales_events:
            continue  # no feature reads them
        times = [row["time_us"] for row in events if row["event_type"] in family.types and row["actor"] == family.actor]
        if times:
            recent = sum(not is_known(time, as_of_us - RECENT_DAYS * DAY_US) for time in times)
            acts[name] = Acts(len(times), recent, times[-1])
    return acts
