"""The leak check on what ``leadscore check`` loaded: leads at their first look, and what came later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pandas as pd

from features.answers import LEAK_WORDS, Answer
from features.checks import CheckResult
from features.leaks.changed_fields import found_in_changes, values_at_look
from features.leaks.column_signs import COLUMNS, EVENT_TYPES, FEWEST, TITLES
from features.leaks.event_types import judge_events
from features.leaks.judge_columns import judge_columns
from pipeline.check.check import LoadedSource, SourceCheck
from pipeline.source.sql import identifier

ACCOUNT = "account_id"
"""The one column of leads that features use without its being declared."""


class LeakCheck(SourceCheck):
    """A check whose results are leaks, in the words of the leak check."""

    def rows(self, results: Sequence[CheckResult]) -> list[dict[str, Any]]:
        """Return figures, answer, reason and remedy of each."""
        return [
            {
                **result.figures,
                "answer": LEAK_WORDS.of(result.answer),
                "why": result.sentence,
                "remedy": result.todo,
            }
            for result in results
        ]


class ColumnLeaks(LeakCheck):
    """Judges each column of leads, and each field of changes, by whether it knows the outcome: docs/leaks.md."""

    code = COLUMNS
    title = section = TITLES[COLUMNS]

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Judge the values as they stood at the first look."""
        con, spec, stories = context.con, context.spec, context.stories
        values = _values(con)
        history = _history(con)
        dated = [name for name, column in spec.fit.items() if column.known == "changes"]
        then = values_at_look(history, stories)
        in_leads = list(values.columns)
        for name in dated:
            values[name] = then[name] if name in then else pd.Series(None, index=values.index, dtype="object")
        judged = judge_columns(
            values,
            stories,
            outcome_names=spec.closed_stages,
            from_history=dated,
            found_in_changes=found_in_changes(values.drop(columns=dated), history, stories),
        )
        for result in judged:
            yield _described(context, result, in_leads)

    def lines(self, results: Sequence[CheckResult]) -> list[str]:
        """Return a line a column, leaks first, and what to do about those that are used."""
        width = max((len(result.subject) for result in results), default=0)
        lines = []
        for result in sorted(results, key=lambda result: result.answer.urgency):
            figures = result.figures
            use = figures["type"] if figures["used"] else "not used"
            lines.append(
                f"{LEAK_WORDS.line(result.answer)} {result.subject:<{width}}  {use:<9} {figures['filled']:>5.0%} "
                f"filled, {figures['values']:,} values: {result.sentence}"
            )
        leaking = _used(results, Answer.FAILED)
        if ACCOUNT in leaking:
            leaking.remove(ACCOUNT)
            lines.append(f"Leave {ACCOUNT} out of leads: the account features take it as known from creation")
        if leaking:
            lines.append(f"Remove from fit in source.yaml, or give their history in changes: {', '.join(leaking)}")
        doubted = _used(results, Answer.UNCHECKED)
        if doubted:
            lines.append(f"Find out when they are written, before the first look or later: {', '.join(doubted)}")
        return lines


class EventTypeLeaks(LeakCheck):
    """Judges each type of event by whether it tells the outcome: docs/leaks.md."""

    code = EVENT_TYPES
    title = section = TITLES[EVENT_TYPES]

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Judge when each type happens, how it is stamped, and who has it at the first look."""
        con, spec, stories = context.con, context.spec, context.stories
        joined = "FROM out_events e JOIN judged j USING (lead_id)"
        facts = con.sql(
            "SELECT event_type, lead_id, count_if(epoch_us(occurred_at) <= as_of_us) AS known, "
            f"epoch_us(min(occurred_at)) AS first_us {joined} GROUP BY ALL ORDER BY ALL"
        )
        stamps = con.sql(
            "SELECT event_type, any_value(actor) AS actor, sum(n) AS events, max(n) AS most FROM "
            f"(SELECT event_type, actor, occurred_at, count(*) AS n {joined} GROUP BY ALL) GROUP BY event_type"
        )
        family_of = {event_type: name for name, family in spec.events.items() for event_type in family.all_types}
        in_model = spec.model_families()
        for result in judge_events(facts.to_arrow_table().to_pandas(), stamps.to_arrow_table().to_pandas(), stories):
            family = family_of[result.subject]
            figures = {"event_type": result.subject, "family": family, "used": family in in_model}
            yield replace(result, figures=figures)

    def lines(self, results: Sequence[CheckResult]) -> list[str]:
        """Return a line each for what did not pass, leaks first, and the number of the others."""
        if not results:
            return []
        doubts = sorted((one for one in results if one.answer is not Answer.PASSED), key=lambda one: one.answer.urgency)
        width = max((len(result.subject) for result in doubts), default=0)
        lines = [
            f"{LEAK_WORDS.line(result.answer)} {result.subject:<{width}}  {result.sentence}"
            + ("" if result.figures["used"] else " (not for the model)")
            + (f"; {result.todo}" if result.todo else "")
            for result in doubts
        ]
        fine = f"{len(results) - len(doubts):,} of {len(results):,} types"
        return [*lines, f"{LEAK_WORDS.line(Answer.PASSED)} {fine}"]


class SomethingLater(SourceCheck):
    """Looks whether anything came after the first look that columns can be compared with.

    Without times of stages and events after it, half of the signs of a leak cannot be looked for.
    """

    code, title = "something_later", "Something to compare columns with"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Count what came later."""
        if (context.stories.later.nunique() > FEWEST).any():
            yield self.passed()
        else:
            yield self.unchecked(
                "Leak check: neither times of stages nor events after the first look that columns could be compared "
                f"with; {LEAK_WORDS.passed} says that fill, values, strength and name show nothing, not that the "
                "column was known beforehand"
            )


def _used(results: Sequence[CheckResult], answer: Answer) -> list[str]:
    return [result.subject for result in results if result.figures["used"] and result.answer is answer]


def _values(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return every column of the leads that are judged, by lead."""
    wide = con.sql(
        "SELECT k.lead_id AS __lead, w.* EXCLUDE (__row) FROM wide_leads w JOIN kept_leads k ON w.__row = k.row "
        "JOIN judged j ON k.lead_id = j.lead_id ORDER BY k.lead_id"
    )
    values = wide.to_arrow_table().to_pandas().set_index("__lead").drop(columns=["lead_id", "created_at"])
    if ACCOUNT in values:  # accounts tell leads apart by chance; features only need it to be there from the start
        values[ACCOUNT] = values[ACCOUNT].where(values[ACCOUNT].isna(), "given")
    return pd.DataFrame(values)


def _history(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return all rows of changes that have a time, those of fields that no one declared among them."""
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'typed_changes'").fetchall():
        return pd.DataFrame({"lead_id": [], "field": [], "changed_us": [], "value": []}, dtype="object")
    changes = con.sql(
        "SELECT lead_id, field, epoch_us(changed_at) AS changed_us, value::VARCHAR AS value FROM typed_changes "
        "JOIN judged USING (lead_id) WHERE changed_at IS NOT NULL AND field IS NOT NULL ORDER BY ALL"
    )
    rows: pd.DataFrame = changes.to_arrow_table().to_pandas()
    return rows


def _described(context: LoadedSource, result: CheckResult, in_leads: list[str]) -> CheckResult:
    """Return a verdict with what the column is, and where its values were taken from."""
    con, name, why = context.con, result.subject, result.sentence
    declared = context.spec.fit.get(name)
    dated = declared is not None and declared.known == "changes"
    filled, values = _changes_filled(con, name) if dated and name not in in_leads else _filled(con, name)
    if dated:
        read = "its history stands in changes: used as it stood at each moment"
        read += ", not as it stands in leads" if name in in_leads else ""
        why = f"{read}; at the first look: {why}"
    kind = "account" if name == ACCOUNT else declared.type if declared else ""
    figures = {"column": name, "used": bool(kind), "type": kind, "filled": filled, "values": values}
    return replace(result, sentence=why, figures=figures)


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
