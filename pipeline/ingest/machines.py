"""Acts of machines, marked in the database: ``machine_marks`` by the one rule of `features.tables.machine_acts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from features.machine_rules import MachineRules
from features.source_spec import SourceSpec
from features.tables.machine_acts import MACHINE, WHY, known_from, machine_reasons
from pipeline.source.sql import identifier, literal

MACHINES_FILE = "machines.csv"
"""Each act of a machine with its reason, for people to look at."""
PART_EVENTS = 4_000_000
"""Events held at a time, of whole leads."""

_MARKS = pa.schema([("row", pa.int64()), ("why", pa.string()), ("known_us", pa.int64())])


@dataclass(frozen=True)
class MachineCount:
    """Acts of machines that came for one reason, by one type of event, after one form of mail.

    Attributes
    ----------
    why, event_type : str
        As in `WHY`, and as given.
    mail : str or None
        Type of the last mail before it, where one was sent in the week before.
    acts, leads : int
    """

    why: str
    event_type: str
    mail: str | None
    acts: int
    leads: int


def mark_machines(con: duckdb.DuckDBPyConnection, spec: SourceSpec, rules: MachineRules | None) -> None:
    """Create ``machine_marks``: the rows of ``kept_events`` that machines caused, and those that are known later.

    Parameters
    ----------
    con : DuckDBPyConnection
        With ``kept_events`` and ``kept_leads``.
    spec : SourceSpec
        Says who acts, and which column holds the e-mail address.
    rules : MachineRules, optional
        Without rules nothing is marked.
    """
    con.execute("CREATE OR REPLACE TABLE machine_marks (row BIGINT, why VARCHAR, known_us BIGINT)")
    if rules is None:
        return
    events = int(con.execute("SELECT count(*) FROM kept_events").fetchall()[0][0])
    parts = events // PART_EVENTS + 1
    for part in range(parts):
        rows = con.sql(f"{_acts(con, spec)} WHERE hash(e.lead_id) % {parts} = {part}").to_arrow_table()
        if not rows.num_rows:
            continue
        reasons, times = machine_reasons(rows, rules), rows["occurred_us"].to_numpy()
        known = known_from(times, rows["event_type"], rules)
        marked = np.flatnonzero((reasons > 0) | (known != times))
        why = pa.array([WHY[code] or None for code in range(len(WHY))], pa.string()).take(pa.array(reasons[marked]))
        marks = pa.table([rows["row"].take(pa.array(marked)), why, pa.array(known[marked])], schema=_MARKS)
        con.register("marks", marks)
        con.execute("INSERT INTO machine_marks SELECT * FROM marks")
        con.unregister("marks")


def _acts(con: duckdb.DuckDBPyConnection, spec: SourceSpec) -> str:
    by_lead = [name for family in spec.events.values() if family.actor == "lead" for name in family.all_types]
    own = ", ".join(map(literal, by_lead)) or "NULL"
    there = {name for name, *_ in con.execute("DESCRIBE kept_events").fetchall()}
    texts = ", ".join(
        (f"e.{name}::VARCHAR" if name in there else "NULL::VARCHAR") + f" AS {name}"
        for name in ("detail", "user_agent", "ip")
    )
    email = email_column(spec)
    address = "NULL::VARCHAR" if email is None else f"l.{identifier(email)}::VARCHAR"
    return (
        f"SELECT e.row, l.row AS lead, epoch_us(e.occurred_at) AS occurred_us, e.event_type, "
        f"e.event_type IN ({own}) AS is_act, {texts}, {address} AS email "
        "FROM kept_events e JOIN kept_leads l USING (lead_id)"
    )


def email_column(spec: SourceSpec) -> str | None:
    """Return the column that holds the lead's e-mail address from creation, or None."""
    return next((name for name, one in spec.fit.items() if one.type == "email" and one.known == "created"), None)


def marked_columns(columns: Mapping[str, str]) -> str:
    """Return the SELECT items of events with what the marks say: the actor, and from when the event is known."""
    items = dict(columns)
    items["actor"] = f"CASE WHEN m.why IS NOT NULL THEN {literal(MACHINE)} ELSE {items['actor']} END AS actor"
    items["occurred_at"] = "coalesce(make_timestamptz(m.known_us), occurred_at) AS occurred_at"
    return ", ".join(items.values())


def machine_rows(spec: SourceSpec) -> str:
    """Return SQL of the acts of machines as they stood, each with its reason and the mail before it."""
    sent = ", ".join(map(literal, spec.machines.sent if spec.machines is not None else ())) or "NULL"
    return (
        "SELECT e.lead_id, e.occurred_at, e.event_type, e.detail, m.why, s.event_type AS mail FROM kept_events e "
        "JOIN (SELECT row, why FROM machine_marks WHERE why IS NOT NULL) m USING (row) ASOF LEFT JOIN "
        f"(SELECT lead_id, occurred_at, event_type FROM kept_events WHERE event_type IN ({sent})) s "
        "ON e.lead_id = s.lead_id AND e.occurred_at >= s.occurred_at "
        "ORDER BY e.lead_id, e.occurred_at, e.event_type, e.row"
    )


def machine_counts(con: duckdb.DuckDBPyConnection, spec: SourceSpec) -> list[MachineCount]:
    """Count the acts of machines by reason, type of event and form of mail, the most frequent first."""
    rows = con.execute(
        f"SELECT why, event_type, mail, count(*), count(DISTINCT lead_id) FROM ({machine_rows(spec)}) GROUP BY ALL "
        "ORDER BY count(*) DESC, why, event_type, mail"
    ).fetchall()
    return [MachineCount(*row) for row in rows]
