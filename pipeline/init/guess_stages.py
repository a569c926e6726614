"""Guessing where a company's files say which stage a lead reached, and when."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import duckdb

from features.tables.written_values import YES
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.source.sql import identifier, literal

WON_WORDS = ("closed won", "won", "converted", "customer", "signed", "approved", "gewonnen", "kunde", "abschluss")
LOST_WORDS = ("lost", "declined", "cancel", "rejected", "unqualified", "disqualified", "verloren", "abgelehnt")
RECYCLED_WORDS = ("recycled", "nurture", "recycle")
_OUTCOMES = ("converted", "won", "conversion", "closed", "deal", "gewonnen", "outcome")
_STAGES = ("stage", "status", "stufe", "phase", "state")


@dataclass(frozen=True)
class StagesGuess:
    """The SQL of the stages, the leads' column it uses up, the ladder, what to say, and whether its times are real."""

    sql: str
    used: ColumnLook | None
    ladder: tuple[str, ...]
    lost: tuple[str, ...]
    recycled: tuple[str, ...]
    horizon: str
    said: str
    times_known: bool = True


def guess_stages(
    con: duckdb.DuckDBPyConnection,
    leads: FileLook,
    lead_id: ColumnLook,
    created: ColumnLook,
    others: list[tuple[FileLook, ColumnLook]],
) -> StagesGuess | None:
    """Take stages from a file of stage entries, else of deals, else from an outcome among the leads' columns."""
    for look, key in others:
        named = [c for c in look.columns if c.kind == "text" and c.named(*_STAGES) and c.values <= 30]
        if named and look.times():
            sql = _entries_sql(con, (leads, lead_id, created), look, key, named[0])
            return _from_entries(sql, look, named[0])
    for look, key in others:
        times = [column for column in look.times() if column.named(*_OUTCOMES)]
        if times and key.values == look.rows:
            return _from_time(con, leads, lead_id, created, look, key, times[0])
    for column in leads.times():
        if column is not created and column.named(*_OUTCOMES):
            return _from_time(con, leads, lead_id, created, leads, lead_id, column)
    flags = [column for column in leads.columns if column.kind == "boolean" and column.named(*_OUTCOMES)]
    return _from_flag(leads, lead_id, created, flags[0]) if flags else None


def _entries_sql(
    con: duckdb.DuckDBPyConnection,
    leads: tuple[FileLook, ColumnLook, ColumnLook],
    look: FileLook,
    key: ColumnLook,
    stage: ColumnLook,
) -> str:
    time, (leads_look, lead_id, created) = look.times()[0], leads
    if not (_days_only(con, look, time) and not _days_only(con, leads_look, created)):
        return (
            f"SELECT\n    {identifier(key.name)} AS lead_id,\n    {identifier(stage.name)} AS stage,\n"
            f"    {time.sql} AS entered_at\nFROM {look.relation}\nWHERE {identifier(stage.name)} IS NOT NULL\n"
        )
    return (
        "-- The stages are dated by the day only, which would put those of a lead's first day before its creation:\n"
        "-- on that day a stage counts as entered at the creation.\n"
        f"WITH l AS (\n    SELECT {identifier(lead_id.name)}::VARCHAR AS lead_id, "
        f"try_cast({created.sql} AS TIMESTAMPTZ) AS created_at\n    FROM {leads_look.relation}\n),\n"
        f"s AS (\n    SELECT {identifier(key.name)}::VARCHAR AS lead_id, {identifier(stage.name)} AS stage, "
        f"({time.sql})::VARCHAR AS entered_at\n    FROM {look.relation}\n)\n"
        "SELECT\n    s.lead_id,\n    s.stage,\n"
        "    CASE WHEN try_cast(s.entered_at AS TIMESTAMPTZ)::DATE = l.created_at::DATE\n"
        "        THEN greatest(try_cast(s.entered_at AS TIMESTAMPTZ), l.created_at)::VARCHAR\n"
        "        ELSE s.entered_at END AS entered_at\n"
        "FROM s\nLEFT JOIN l USING (lead_id)\nWHERE s.stage IS NOT NULL\n"
    )


def _days_only(con: duckdb.DuckDBPyConnection, look: FileLook, time: ColumnLook) -> bool:
    """Whether all times of a column are midnights."""
    moment = f"try_cast({time.sql} AS TIMESTAMPTZ)"
    later = con.execute(
        f"SELECT count(*) FROM {look.relation_at_home} WHERE {moment} <> date_trunc('day', {moment})"
    ).fetchall()
    return bool(later[0][0] == 0)


def _from_entries(sql: str, look: FileLook, stage: ColumnLook) -> StagesGuess:
    lost = tuple(name for name in stage.common if _says(name, LOST_WORDS))
    recycled = tuple(name for name in stage.common if _says(name, RECYCLED_WORDS) and name not in lost)
    rungs = [name for name in stage.common if name not in (*lost, *recycled)]  # the most entered first
    won = [name for name in rungs if _says(name, WON_WORDS)]
    ladder = (*(name for name in rungs if name not in won[-1:]), *won[-1:])
    said = f"{look.file.name}, stage {stage.name!r}, ladder {' > '.join(ladder)}"
    return StagesGuess(sql, None, ladder, lost or ("LOST",), recycled or ("RECYCLED",), "90d", said)


def _says(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words)


def _from_time(
    con: duckdb.DuckDBPyConnection,
    leads: FileLook,
    lead_id: ColumnLook,
    created: ColumnLook,
    look: FileLook,
    key: ColumnLook,
    won: ColumnLook,
) -> StagesGuess:
    start, end = f"to_moment({created.sql})", f"to_moment({won.sql})"
    joined = "" if look is leads else f"JOIN {look.relation} AS d ON d.{identifier(key.name)} = l.lead_id\n"
    inner = f"    SELECT {identifier(lead_id.name)} AS lead_id, {start} AS created_at" + (
        f", {end} AS won_at" if look is leads else ""
    )
    end = "won_at" if look is leads else end
    sql = (
        f"-- A win that stands before the lead's creation counts as won right after it.\n"
        f"WITH l AS (\n{inner}\n    FROM {leads.relation}\n)\n"
        "SELECT lead_id, 'LEAD' AS stage, created_at AS entered_at FROM l\nUNION ALL\n"
        f"SELECT lead_id, 'WON', not_before({end}, created_at)\n"
        f"FROM l\n{joined}WHERE {end} IS NOT NULL\n"
    )
    said = f"won at {won.name!r} of {look.file.name}"
    horizon = _horizon(con, sql)
    return StagesGuess(sql, won if look is leads else None, ("LEAD", "WON"), ("LOST",), ("RECYCLED",), horizon, said)


def _horizon(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Return the shortest usual horizon that holds four fifths of the wins."""
    try:
        rows = con.execute(
            "SELECT epoch(max(t) - min(t)) / 86400 FROM "
            f"(SELECT lead_id, try_cast(entered_at AS TIMESTAMPTZ) AS t FROM ({sql})) "
            "GROUP BY lead_id HAVING count(t) > 1"
        ).fetchall()
    except duckdb.Error:
        return "90d"
    days = sorted(row[0] for row in rows)
    most = statistics.quantiles(days, n=5)[-1] if len(days) > 1 else 90
    return next((f"{horizon}d" for horizon in (7, 14, 30, 60, 90, 180) if most <= horizon), "360d")


def _from_flag(leads: FileLook, lead_id: ColumnLook, created: ColumnLook, flag: ColumnLook) -> StagesGuess:
    yes = f"({', '.join(literal(word) for word in YES)})"
    sql = (
        "-- The export does not say when a lead was won: one second after its creation stands for it. So nothing that\n"
        "-- came later may be used, and the horizon in source.yaml means nothing. A time of winning would be better.\n"
        f"SELECT {identifier(lead_id.name)} AS lead_id, 'LEAD' AS stage, {created.sql} AS entered_at\n"
        f"FROM {leads.relation}\nUNION ALL\n"
        f"SELECT {identifier(lead_id.name)}, 'WON', "
        f"(try_cast({created.sql} AS TIMESTAMPTZ) + INTERVAL 1 SECOND)::VARCHAR\n"
        f"FROM {leads.relation}\nWHERE lower({identifier(flag.name)}::VARCHAR) IN {yes}\n"
    )
    return StagesGuess(
        sql,
        flag,
        ("LEAD", "WON"),
        ("LOST",),
        ("RECYCLED",),
        "1m",
        f"won where {flag.name!r} says so, no time known",
        times_known=False,
    )
