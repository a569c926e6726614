"""What is on record about one lead, as it was known at the moment of its score: the person's own values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

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
    rows = {
        table: _known_rows(file, TIME_COLUMNS[table], lead_id, as_of_us) for table, file in table_files(context).items()
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


def _known_rows(stored: Path, time: str, lead_id: str, as_of_us: int) -> list[dict[str, Any]]:
    """Return the rows of a lead up to a moment, oldest first; only the parts of the file that can hold it are read."""
    time, parts = f"{time}_at", []
    with pq.ParquetFile(stored) as file:
        place = file.schema_arrow.names.index("lead_id")
        for group in range(file.num_row_groups):
            ends = file.metadata.row_group(group).column(place).statistics
            if ends is not None and ends.has_min_max and not ends.min <= lead_id <= ends.max:
                continue
            rows = file.read_row_group(group)
            parts.append(rows.filter(pc.equal(rows["lead_id"], lead_id)))
    if not parts:
        return []
    whole = pa.concat_tables(parts)
    whole = whole.append_column("time_us", whole[time].cast(pa.timestamp("us", "UTC")).cast(pa.int64()))
    known = whole.filter(pc.less_equal(whole["time_us"], as_of_us))
    return sorted(known.drop_columns([time]).to_pylist(), key=lambda row: row["time_us"])


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
