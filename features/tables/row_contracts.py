"""What a row of each table must be: columns with their kinds, and the pandera contract that a source implies.

Casting to the kinds happens where the data is read. For each cast column ``c`` the reader hands over ``c__found``:
the text that could not be read, else null. So a contract sees typed values and still quotes what stood there.
Duplicates, leads that do not exist and order in time concern several rows or tables; they are checked by the reader.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from features.source_spec import SourceSpec
from features.tables.handovers import HANDED_OVER_BY

with warnings.catch_warnings():
    # pandera looks for pyspark's pandas at import; where pyspark is there, it warns about pandas 3
    warnings.simplefilter("ignore", FutureWarning)
    import pandera.pandas as pa

Kind = Literal["id", "time", "number", "boolean", "text"]
Table = Literal["leads", "changes", "events", "stages", "handovers"]

FOUND = "__found"
ACTORS = ("lead", "marketing", "sales")


@dataclass(frozen=True)
class Reason:
    """Why a row is rejected: the short text that the rejects table holds, what was expected, and what to do."""

    text: str
    expected: str
    hint: str


REASONS = {
    reason.text: reason
    for reason in (
        Reason(
            "missing",
            "a value in every row",
            "Fill it in; such rows may be left out in the SQL only where winners and others lack it alike",
        ),
        Reason(
            "not a time",
            "a time from 1970 on, such as 2026-01-31 or 2026-01-31T08:00:00+01:00",
            "Other forms are read in the SQL: to_moment(column, '%d.%m.%Y %H:%M'); where a date such as 1900-01-01 "
            "stands for none, to_moment(column) gives nothing, and such rows can be left out",
        ),
        Reason(
            "not a number",
            "a number such as 1250 or 12.5",
            "Decimal commas, currencies and units are read in the SQL: to_number(column, 'german')",
        ),
        Reason(
            "not yes or no",
            "yes or no, true or false, 1 or 0",
            "Translate other words in the SQL, or declare type: category",
        ),
        Reason(
            "not a known stage",
            "a stage named in source.yaml under ladder, lost or recycled",
            "Add it there, or translate it in stages.sql",
        ),
        Reason("not a known actor", "one of lead, marketing, sales", "Translate it in events.sql"),
        Reason(
            "not a declared event type",
            "an event type that stands in a family in source.yaml",
            "Add it to a family, or leave such events out in events.sql",
        ),
        Reason(
            "not the actor of its family",
            "the actor that source.yaml declares for this event type",
            "Give what sales does and what leads do different event types in events.sql",
        ),
        Reason(
            "not a known way to sales",
            "one of cutoff, exploration, other",
            "Translate it in handovers.sql: exploration is a draw of known probability, other is all without a rule",
        ),
        Reason(
            "not a probability",
            "a probability above 0, at most 1, for each hand-over by exploration",
            "Take it from handover_probability in the score store; a share in percent is divided by 100 in the SQL",
        ),
        Reason(
            "not among the declared values",
            "one of the values that source.yaml lists for this column",
            "Add it to values, translate it in the SQL, or remove values to allow any",
        ),
        Reason(
            "not a field with known: changes",
            "a field that source.yaml declares under fit with known: changes",
            "Declare it, or leave such rows out in changes.sql",
        ),
        Reason(
            "lead id stands twice",
            "one row a lead",
            "Keep one row a lead in leads.sql; histories belong in changes.sql",
        ),
        Reason(
            "no such lead",
            "a lead_id that stands in table leads",
            "Compare how both tables write ids (173688 or 173688.0, spaces, case)",
        ),
        Reason("its lead was rejected", "a lead that was accepted", "Mend the lead"),
        Reason(
            "before the lead was created",
            "stages entered at or after the lead's created_at",
            "Check the time zones of both; entered_at of whole days means midnight: if only the day is known, write "
            "greatest(entered_at, created_at) in stages.sql",
        ),
    )
}
"""Every reason by its text."""

_UNREADABLE: dict[Kind, str] = {"time": "not a time", "number": "not a number", "boolean": "not yes or no"}


@dataclass(frozen=True)
class Rule:
    """What one column must hold.

    Parameters
    ----------
    kind : str
        ``id`` (text, never changed), ``time`` (UTC), ``number``, ``boolean`` or ``text``.
    required : bool
        Whether the table must have the column.
    nullable : bool
        Whether a row may lack a value.
    allowed : tuple of str, optional
        The values it may hold.
    reason : str
        The reject reason for a value that is not allowed.
    """

    kind: Kind
    required: bool = True
    nullable: bool = True
    allowed: tuple[str, ...] | None = None
    reason: str = "not among the declared values"


def column_rules(spec: SourceSpec, table: Table) -> dict[str, Rule]:
    """Return the columns of a table in output order, with what each must hold.

    Examples
    --------
    >>> spec = SourceSpec.model_validate(
    ...     {"name": "x", "title": {"de": "X", "en": "X"}, "targets": {"sql": {"stage": "SQL", "horizon": "30d"}}}
    ... )
    >>> list(column_rules(spec, "stages"))
    ['lead_id', 'stage', 'entered_at', 'reason']
    """
    lead = {"lead_id": Rule("id", nullable=False)}
    if table == "leads":
        fixed = {"created_at": Rule("time", nullable=False), "account_id": Rule("id", required=False)}
        return {**lead, **fixed, **_fit_rules(spec)}
    if table == "changes":
        changing = tuple(name for name, column in spec.fit.items() if column.known == "changes")
        field = Rule("text", nullable=False, allowed=changing, reason="not a field with known: changes")
        return {**lead, "changed_at": Rule("time", nullable=False), "field": field, "value": Rule("text")}
    if table == "events":
        types = tuple(name for family in spec.events.values() for name in family.all_types)
        seen_by = {name: Rule("text", required=False) for name in ("user_agent", "ip") if spec.machines is not None}
        return {
            **lead,
            "occurred_at": Rule("time", nullable=False),
            "event_type": Rule("text", nullable=False, allowed=types, reason="not a declared event type"),
            "actor": Rule("text", required=False, allowed=ACTORS, reason="not a known actor"),
            "detail": Rule("text", required=False),
            "quantity": Rule("number", required=False),
            **seen_by,
        }
    if table == "handovers":
        by = Rule("text", nullable=False, allowed=HANDED_OVER_BY, reason="not a known way to sales")
        at = Rule("time", nullable=False)
        return {**lead, "handed_over_at": at, "handed_over_by": by, "probability": Rule("number", required=False)}
    stages = (*spec.ladder, *spec.lost, *spec.recycled)
    return {
        **lead,
        "stage": Rule("text", nullable=False, allowed=stages, reason="not a known stage"),
        "entered_at": Rule("time", nullable=False),
        "reason": Rule("text", required=False),
    }


def _fit_rules(spec: SourceSpec) -> dict[str, Rule]:
    rules = {}
    for name, column in spec.fit.items():
        kind: Kind = column.type if column.type == "number" or column.type == "boolean" else "text"
        if column.known == "created":
            rules[name] = Rule(kind, allowed=column.values)
    return rules


def actor_of(spec: SourceSpec) -> dict[str, str]:
    """Return the declared actor of each event type."""
    return {event_type: family.actor for family in spec.events.values() for event_type in family.all_types}


def contract(spec: SourceSpec, table: Table) -> pa.DataFrameSchema:
    """Return the pandera contract of a table's typed rows; the index is the row number.

    Parameters
    ----------
    spec : SourceSpec
        The source as declared.
    table : {"leads", "changes", "events", "stages", "handovers"}
        Which table.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        Checks each row alone; validate with ``lazy=True`` to get every failure.
    """
    columns: dict[str, pa.Column] = {}
    for name, rule in column_rules(spec, table).items():
        checks = [] if rule.allowed is None else [pa.Check.isin(list(rule.allowed), error=rule.reason)]
        columns[name] = pa.Column(None, checks=checks, nullable=rule.nullable, required=rule.required)
        if rule.kind in _UNREADABLE:
            nothing = pa.Check(_never, error=_UNREADABLE[rule.kind])
            columns[name + FOUND] = pa.Column(None, checks=[nothing], nullable=True, required=False)
    return pa.DataFrameSchema(columns, strict=False)


def _never(values: pd.Series) -> pd.Series:
    """Fail for each value that is there: nothing may have been left unread."""
    return pd.Series(False, index=values.index)


def failures(schema: pa.DataFrameSchema, rows: pd.DataFrame) -> pd.DataFrame:
    """Return every failure of typed rows against a contract.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        From ``contract``.
    rows : DataFrame
        Typed rows, indexed by row number.

    Returns
    -------
    DataFrame
        ``row``, ``column``, ``reason`` (a key of ``REASONS``), ``found`` (text or None); one row a failure.
    """
    try:
        with warnings.catch_warnings():  # as at import: the first use looks for pyspark again
            warnings.simplefilter("ignore", FutureWarning)
            schema.validate(rows, lazy=True)
    except pa.errors.SchemaErrors as error:
        return _reasons(error.failure_cases)
    return pd.DataFrame({"row": [], "column": [], "reason": [], "found": []}).astype(
        {"row": "int64", "column": "str", "reason": "str", "found": "object"}
    )


def _reasons(cases: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "row": cases["index"].astype("int64"),
            "column": cases["column"].astype(str).str.removesuffix(FOUND),
            "reason": cases["check"].astype(str).replace("not_nullable", "missing"),
            "found": pd.Series([_text(value) for value in cases["failure_case"]], index=cases.index, dtype="object"),
        }
    )
    # a time that could not be read is null as well: that is one failure, not two
    unread = table["reason"].isin(list(_UNREADABLE.values()))
    read_as_missing = table.set_index(["row", "column"]).index.isin(table[unread].set_index(["row", "column"]).index)
    return table[~(read_as_missing & (table["reason"] == "missing"))].reset_index(drop=True)


def _text(value: object) -> str | None:
    return None if value is None or value != value else str(value)  # NaN is not itself
