"""The leak check on what ``leadscore check`` loaded: leads at their first look, and what came later."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pandas as pd

from features.leaks.changed_fields import found_in_changes, values_at_look
from features.leaks.column_signs import FEWEST
from features.leaks.event_types import judge_events
from features.leaks.judge_columns import LeakVerdict, judge_columns
from features.leaks.later_outcomes import Stories, tell_stories
from features.source_spec import SourceSpec
from pipeline.check.result import ACCOUNT, ColumnSeen, EventTypeSeen
from pipeline.source.sql import identifier

MOST_LEADS_JUDGED = 100_000
"""Leads that the leak signs look at; of more, an even sample."""


@dataclass(frozen=True)
class LeakCheck:
    """What the leak check says: of each column of leads or of changes, and of each type of event."""

    columns: tuple[ColumnSeen, ...]
    event_types: tuple[EventTypeSeen, ...]
    notes: tuple[str, ...]
    """What could not be checked at all."""


def check_leaks(
    con: duckdb.DuckDBPyConnection,
    spec: SourceSpec,
    looks: pd.DataFrame,
    labels: pd.DataFrame,
    stages: pd.DataFrame,
    *,
    observed_until_us: int,
) -> LeakCheck:
    """Judge columns and types of events on the leads as first looked at.

    Parameters
    ----------
    con : DuckDBPyConnection
        With ``wide_leads``, ``kept_leads``, ``typed_changes`` and the views ``out_TABLE``.
    spec : SourceSpec
        The source.
    looks : DataFrame
        ``lead_id``, ``created_us``, ``as_of_us``: each lead's first look.
    labels : DataFrame
        Of these looks.
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``.
    observed_until_us : int
        Until when outcomes are in the export.
    """
    outcome = labels.loc[labels["target"] == spec.primary_target].set_index("lead_id")["y"]
    sample = looks.sort_values("lead_id").iloc[:: len(looks) // MOST_LEADS_JUDGED + 1]
    sample = sample.assign(y=sample["lead_id"].map(outcome))
    con.register("judged", sample[["lead_id", "as_of_us"]])
    try:
        stories = tell_stories(sample, stages, _activity(con), spec, observed_until_us=observed_until_us)
        return LeakCheck(_columns(con, spec, stories), _event_types(con, spec, stories), _unchecked(stories))
    finally:
        con.unregister("judged")


def _activity(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return what happened after the look, by lead."""
    found = con.sql(
        "SELECT lead_id, count_if(actor = 'lead') AS lead_events, count_if(actor = 'sales') AS sales_events, "
        "epoch_us(max(occurred_at)) AS last_us FROM out_events JOIN judged USING (lead_id) "
        "WHERE epoch_us(occurred_at) > as_of_us GROUP BY lead_id"
    )
    rows: pd.DataFrame = found.to_arrow_table().to_pandas()
    return rows.set_index("lead_id")


def _columns(con: duckdb.DuckDBPyConnection, spec: SourceSpec, stories: Stories) -> tuple[ColumnSeen, ...]:
    wide = con.sql(
        "SELECT k.lead_id AS __lead, w.* EXCLUDE (__row) FROM wide_leads w JOIN kept_leads k ON w.__row = k.row "
        "JOIN judged j ON k.lead_id = j.lead_id ORDER BY k.lead_id"
    )
    values = wide.to_arrow_table().to_pandas().set_index("__lead").drop(columns=["lead_id", "created_at"])
    if ACCOUNT in values:  # accounts tell leads apart by chance; features only need it to be there from the start
        values[ACCOUNT] = values[ACCOUNT].where(values[ACCOUNT].isna(), "given")
    history = _history(con)
    dated = [name for name, column in spec.fit.items() if column.known == "changes"]
    then = values_at_look(history, stories)
    in_leads = list(values.columns)
    for name in dated:
        values[name] = then[name] if name in then else pd.Series(None, index=values.index, dtype="object")
    verdicts = judge_columns(
        values,
        stories,
        outcome_names=spec.closed_stages,
        from_history=dated,
        found_in_changes=found_in_changes(values.drop(columns=dated), history, stories),
    )
    return tuple(_column(con, spec, verdict, in_leads) for verdict in verdicts)


def _unchecked(stories: Stories) -> tuple[str, ...]:
    """Say so where nothing that came after the first look can be compared: no times of stages, no events."""
    if (stories.later.nunique() > FEWEST).any():
        return ()
    return (
        "Leak check: neither times of stages nor events after the first look that columns could be compared with; fine "
        "says that fill, values, strength and name show nothing, not that the column was known beforehand",
    )


def _history(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return all rows of changes that have a time, those of fields that no one declared among them."""
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'typed_changes'").fetchall():
        return pd.DataFrame({"lead_id": [], "field": [], "changed_us": [], "value": []}, dtype="object")
    found = con.sql(
        "SELECT lead_id, field, epoch_us(changed_at) AS changed_us, value::VARCHAR AS value FROM typed_changes "
        "JOIN judged USING (lead_id) WHERE changed_at IS NOT NULL AND field IS NOT NULL ORDER BY ALL"
    )
    rows: pd.DataFrame = found.to_arrow_table().to_pandas()
    return rows


def _column(con: duckdb.DuckDBPyConnection, spec: SourceSpec, verdict: LeakVerdict, in_leads: list[str]) -> ColumnSeen:
    name, why = verdict.column, verdict.why
    declared = spec.fit.get(name)
    dated = declared is not None and declared.known == "changes"
    filled, values = _changes_filled(con, name) if dated and name not in in_leads else _filled(con, name)
    if dated:
        read = "its history stands in changes: used as it stood at each moment"
        read += ", not as it stands in leads" if name in in_leads else ""
        why = f"{read}; at the first look: {why}"
    kind = "account" if name == ACCOUNT else declared.type if declared else ""
    return ColumnSeen(name, bool(kind), kind, filled, values, verdict.answer, why, verdict.remedy)


def _filled(con: duckdb.DuckDBPyConnection, name: str) -> tuple[float, int]:
    column = identifier(name)
    share, values = con.execute(
        f"SELECT count({column}) / greatest(count(*), 1), count(DISTINCT {column}) FROM wide_leads"
    ).fetchall()[0]
    return float(share), int(values)


def _changes_filled(con: duckdb.DuckDBPyConnection, name: str) -> tuple[float, int]:
    share, values = con.execute(
        "SELECT (SELECT count(DISTINCT lead_id) FROM out_changes WHERE field = $1 AND value IS NOT NULL) "
        "/ greatest((SELECT count(*) FROM out_leads), 1), "
        "(SELECT count(DISTINCT value) FROM out_changes WHERE field = $1)",
        [name],
    ).fetchall()[0]
    return float(share), int(values)


def _event_types(con: duckdb.DuckDBPyConnection, spec: SourceSpec, stories: Stories) -> tuple[EventTypeSeen, ...]:
    joined = "FROM out_events e JOIN judged j USING (lead_id)"
    facts = con.sql(
        "SELECT event_type, lead_id, count_if(epoch_us(occurred_at) <= as_of_us) AS known, "
        f"epoch_us(min(occurred_at)) AS first_us {joined} GROUP BY ALL ORDER BY ALL"
    )
    stamps = con.sql(
        "SELECT event_type, any_value(actor) AS actor, sum(n) AS events, max(n) AS most FROM "
        f"(SELECT event_type, actor, occurred_at, count(*) AS n {joined} GROUP BY ALL) GROUP BY event_type"
    )
    verdicts = judge_events(facts.to_arrow_table().to_pandas(), stamps.to_arrow_table().to_pandas(), stories)
    family_of = {event_type: name for name, family in spec.events.items() for event_type in family.types}
    in_model = spec.model_families()
    return tuple(
        EventTypeSeen(
            v.event_type, family_of[v.event_type], family_of[v.event_type] in in_model, v.answer, v.why, v.remedy
        )
        for v in verdicts
    )
