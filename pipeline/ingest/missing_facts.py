"""Whether what is missing after the rows were checked says who won: counted here, judged by `features.leaks`.

A run stops where it would prove a falsehood, and ``leadscore check`` says so before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb

from features.answers import Answer
from features.checks import CheckResult
from features.errors import InputError
from features.leaks.absence import Having, Hit, judge_absence, judge_rejects
from features.source_spec import SourceSpec
from pipeline.ingest.unknown_ids import NO_LEAD, UnknownIds
from pipeline.source.sql import literal


def absence_results(con: duckdb.DuckDBPyConnection, spec: SourceSpec) -> list[CheckResult]:
    """Judge which events one outcome lacks.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the views ``out_leads``, ``out_events`` and ``out_stages``.
    spec : SourceSpec
        Its families and stages.

    Returns
    -------
    list of CheckResult
        As from `features.leaks.absence.judge_absence`.
    """
    if not spec.events:
        return []
    kinds = {"event": [name for family in spec.events.values() for name in family.all_types]}
    own = [name for family in spec.events.values() if family.actor == "lead" for name in family.types]
    kinds |= {"act of their own": own} if own and len(own) < len(kinds["event"]) else {}
    kinds |= {f"event of family {name}": list(family.types) for name, family in spec.events.items()}
    by_rule = {f"event of family {name}" for name, family in spec.events.items() if family.actor == "marketing"}
    return judge_absence(_havings(con, spec, kinds, by_rule))


def _havings(
    con: duckdb.DuckDBPyConnection, spec: SourceSpec, kinds: dict[str, list[str]], by_rule: set[str]
) -> Iterator[Having]:
    listed = [(place, name) for place, types in enumerate(kinds.values()) for name in types]
    values = ", ".join(f"({place}, {literal(name)})" for place, name in listed)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE has_events AS SELECT DISTINCT place, lead_id FROM "
        "(SELECT DISTINCT event_type, lead_id FROM out_events) "
        f"JOIN (VALUES {values}) k(place, event_type) USING (event_type)"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE outcomes AS {_outcomes(spec, 'out_stages')}")
    leads = con.execute("SELECT count(*) FROM out_leads").fetchall()[0][0]
    reached = dict(con.execute("SELECT outcome, count(*) FROM outcomes GROUP BY ALL").fetchall())
    having = dict(con.execute("SELECT place, count(*) FROM has_events GROUP BY ALL").fetchall())
    both = {
        (place, outcome): n
        for place, outcome, n in con.execute(
            "SELECT place, outcome, count(*) FROM has_events JOIN outcomes USING (lead_id) GROUP BY ALL"
        ).fetchall()
    }
    for place, kind in enumerate(kinds):
        for outcome, won in _judged(spec).items():
            n, with_it = reached.get(outcome, 0), both.get((place, outcome), 0)
            yield Having(
                subject=kind, outcome=outcome, won=won, by_rule=kind in by_rule, reached=n, reached_having=with_it,
                others=leads - n, others_having=having.get(place, 0) - with_it,
            )  # fmt: skip


def _judged(spec: SourceSpec) -> dict[str, bool]:
    """Return the outcomes that are looked at, and whether each is what a forecast hopes for."""
    hoped = dict.fromkeys([spec.targets[spec.primary_target].stage, *(t.stage for t in spec.targets.values())], True)
    return hoped | {spec.ladder[-1]: True} | dict.fromkeys(spec.lost, False)


def _outcomes(spec: SourceSpec, table: str) -> str:
    """Return SQL of ``outcome``, ``lead_id``: who reached what; a rung counts for those above it too."""
    pairs = [
        (outcome, stage)
        for outcome, won in _judged(spec).items()
        for stage in (spec.stages_reaching(outcome) if won else (outcome,))
    ]
    values = ", ".join(f"({literal(outcome)}, {literal(stage)})" for outcome, stage in pairs)
    return f"SELECT DISTINCT outcome, lead_id FROM {table} JOIN (VALUES {values}) o(outcome, stage) USING (stage)"


def reject_results(con: duckdb.DuckDBPyConnection, spec: SourceSpec, unknown: UnknownIds) -> list[CheckResult]:
    """Judge whether rejected rows belong to one outcome.

    Parameters
    ----------
    con : DuckDBPyConnection
        With ``typed_leads``, ``typed_stages`` where there is one, and ``rejects``.
    spec : SourceSpec
        Its stages.
    unknown : UnknownIds
        Rows of unknown leads; they count for the lead whose other column holds the id.

    Returns
    -------
    list of CheckResult
        As from `features.leaks.absence.judge_rejects`.
    """
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'typed_stages'").fetchall():
        return []
    con.execute(f"CREATE OR REPLACE TEMP TABLE raw_outcomes AS {_outcomes(spec, 'typed_stages')}")
    con.register("other_ids", unknown.pairs())
    con.execute(
        'CREATE OR REPLACE TEMP TABLE hit AS SELECT DISTINCT r."table" AS tab, reason, coalesce(o.lead_id, r.lead_id) '
        "AS lead_id FROM rejects r LEFT JOIN other_ids o ON o.other_id = r.lead_id WHERE r.lead_id IS NOT NULL "
        "AND coalesce(o.lead_id, r.lead_id) IN (SELECT lead_id FROM typed_leads)"
    )
    con.unregister("other_ids")
    leads = con.execute("SELECT count(DISTINCT lead_id) FROM typed_leads").fetchall()[0][0]
    reached = dict(
        con.execute(
            "SELECT outcome, count(*) FROM raw_outcomes SEMI JOIN typed_leads USING (lead_id) GROUP BY ALL"
        ).fetchall()
    )
    hits = con.execute(
        "SELECT tab, reason, outcome, any_value(n), count(*) FROM hit JOIN raw_outcomes USING (lead_id) "
        "JOIN (SELECT tab, reason, count(*) AS n FROM hit GROUP BY ALL) USING (tab, reason) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    judged = judge_rejects(
        Hit(
            table=table,
            reason=reason,
            outcome=outcome,
            leads=n,
            reached=k,
            all_leads=leads,
            all_reached=reached[outcome],
        )
        for table, reason, outcome, n, k in hits
    )
    return [
        replace(one, todo=unknown.hint(one.figures["table"])) if one.figures["reason"] == NO_LEAD else one
        for one in judged
    ]


def require_believable(con: duckdb.DuckDBPyConnection, spec: SourceSpec, unknown: UnknownIds) -> None:
    """Raise an InputError where what is missing says who won: a run would prove a falsehood."""
    for result in (*reject_results(con, spec, unknown), *absence_results(con, spec)):
        if result.answer is Answer.FAILED:
            raise InputError(
                expected="that no outcome lacks what others have",
                found=result.sentence,
                table=result.figures.get("table", "events"),
                hint=result.todo,
            )
