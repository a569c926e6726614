"""The tables and the summary that stage ``ingest`` left, as later stages read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import InputError
from features.tables.facts import TIME_COLUMNS
from features.time_units import parse_time, to_micros
from pipeline.runner.stages import SPEC_FILE, StageContext

if TYPE_CHECKING:
    import pandas as pd

INGEST_SUMMARY_FILE = "ingest.json"


def table_files(context: StageContext) -> dict[str, Path]:
    """Return the Parquet files of the tables that features are computed from, by table, for an SQL engine to open."""
    folder = context.folder("ingest")
    return {table: folder / table_file(table) for table in TIME_COLUMNS}


HANDOVERS = "handovers"


def scored_from(context: StageContext) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return all that scores are made from besides the decision, for who keeps it: tables by name, other files by name.

    Columns that are there to be shown, and rejected rows, are not among them.
    """
    folder = context.folder("ingest")
    others = {name: folder / name for name in (SPEC_FILE, INGEST_SUMMARY_FILE)}
    return table_files(context) | {HANDOVERS: folder / table_file(HANDOVERS)}, others


def table_file(table: str) -> str:
    """Return the name of an ingested table's file."""
    return f"{table}.parquet"


def read_ingest_summary(context: StageContext) -> dict[str, Any]:
    """Return ``observed_until`` (text), and ``rows`` and ``rejects``: how many, by table.

    Raises
    ------
    InputError
        If the file was changed and cannot be read, or its time is none.
    """
    file = context.folder("ingest") / INGEST_SUMMARY_FILE
    try:
        summary = json.loads(file.read_text(encoding="utf-8"))
        parse_time(summary["observed_until"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        found = f"something else ({str(error)[:100]})"
        raise InputError(
            expected="what stage ingest wrote",
            found=found,
            table=file.name,
            hint="Run 'leadscore ingest --force' again",
        ) from None
    return dict(summary)


def read_observed_until(context: StageContext) -> int:
    """Return until when outcomes are in the export, in microseconds since 1970."""
    return parse_time(read_ingest_summary(context)["observed_until"])


def read_leads(context: StageContext, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read table leads, one row a lead, sorted by it: ``lead_id``, ``created_us`` and the columns asked for."""
    import pandas as pd

    leads = _read(context, "leads", ["lead_id", "created_at", *columns])
    created = pd.DataFrame({"lead_id": leads["lead_id"], "created_us": to_micros(leads["created_at"])})
    return created.join(leads[[*columns]]) if columns else created


def read_events(context: StageContext) -> pd.DataFrame:
    """Read table events, one row an event: ``lead_id``, ``event_type``, ``actor``, ``occurred_us``."""
    events = _read(context, "events", ["lead_id", "event_type", "actor", "occurred_at"])
    return events.assign(occurred_us=to_micros(events["occurred_at"])).drop(columns="occurred_at")


def read_handovers(context: StageContext) -> pd.DataFrame:
    """Read table handovers with ``handed_over_us`` beside ``handed_over_at``; no rows where the source has none."""
    handovers = _read(context, "handovers")
    return handovers.assign(handed_over_us=to_micros(handovers["handed_over_at"]))


def read_stages(context: StageContext) -> pd.DataFrame:
    """Read table stages, one row an entry of a lead into a stage, with ``entered_us`` beside ``entered_at``."""
    stages = _read(context, "stages")
    return stages.assign(entered_us=to_micros(stages["entered_at"]))


def _read(context: StageContext, table: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    import pandas as pd

    chosen = None if columns is None else [*columns]
    return pd.read_parquet(context.folder("ingest") / table_file(table), columns=chosen)
