"""What ``leadscore check`` found out about a source, and how it is told."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

FINE_OUTCOMES = 500
"""Outcomes in all from which on the intervals of an evaluation are narrow."""


ACCOUNT = "account_id"
"""The one column of leads that features use without its being declared."""


@dataclass(frozen=True)
class TableSeen:
    """One table: where it came from, how many rows were usable, and which time it covers (ISO, UTC)."""

    table: str
    origin: str
    rows: int
    rejected: int
    first: str | None
    last: str | None


@dataclass(frozen=True)
class ColumnSeen:
    """One column of table leads; ``used`` says whether features are made of it, ``answer`` whether it leaks."""

    column: str
    used: bool
    type: str
    filled: float
    values: int
    answer: str
    why: str
    remedy: str = ""


@dataclass(frozen=True)
class EventTypeSeen:
    """One type of event: its family, whether it may enter the model, and whether it tells the outcome."""

    event_type: str
    family: str
    used: bool
    answer: str
    why: str
    remedy: str = ""


@dataclass(frozen=True)
class FamilySeen:
    """One event family: how many events, of how many leads, and whether it may enter the model."""

    family: str
    actor: str
    events: int
    leads: int
    in_model: bool


@dataclass(frozen=True)
class StageSeen:
    """One stage: how many leads entered it, and whether sales has the leads that stand there."""

    stage: str
    leads: int
    with_sales: bool


@dataclass(frozen=True)
class RejectSeen:
    """Rows rejected for one reason; the first of them as an example."""

    table: str
    column: str
    reason: str
    rows: int
    first_row: int
    found: str | None


@dataclass(frozen=True)
class TargetSeen:
    """One target: leads by outcome at their first snapshot, and what that is enough for."""

    target: str
    stage: str
    horizon: str
    yes: int
    no: int
    too_young: int
    answer: str


@dataclass(frozen=True)
class CheckResult:
    """All that was found; ``stops`` is the message with which ``ingest`` would refuse the data, or None."""

    source: str
    observed_until: str
    tables: tuple[TableSeen, ...]
    rejects: tuple[RejectSeen, ...]
    stops: str | None
    columns: tuple[ColumnSeen, ...]
    event_types: tuple[EventTypeSeen, ...]
    families: tuple[FamilySeen, ...]
    stages: tuple[StageSeen, ...]
    targets: tuple[TargetSeen, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return everything as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False)

    def to_text(self) -> str:
        """Return everything as lines for people."""
        parts = [
            f"Source {self.source}, outcomes observed until {self.observed_until}",
            _section("Tables", [_table_line(seen) for seen in self.tables]),
            _section("Rejected rows", [_reject_line(seen) for seen in self.rejects] or ["none"]),
            _section("Columns of leads", _column_lines(self.columns)),
            _section("Event families", _family_lines(self.families)),
            _section("Event types", _event_type_lines(self.event_types)),
            _section("Stages reached", _stage_lines(self.stages)),
            _section("Outcomes", [line for seen in self.targets for line in _target_lines(seen)]),
            _section("Notes", list(self.notes)),
        ]
        if self.stops is not None:
            parts.append(f"A run would stop here: {self.stops}")
        return "\n\n".join(part for part in parts if part)


def enough(outcomes: int, *, training_share: float, min_outcomes: int) -> str:
    """Say what a number of outcomes is enough for.

    Parameters
    ----------
    outcomes : int
        Leads of the rarer kind: with the outcome, or without.
    training_share : float
        Part of the leads that the split leaves for training, 0 to 1.
    min_outcomes : int
        Outcomes in training below which the base rate is all that is forecast (``model.min_outcomes``).

    Returns
    -------
    str
        ``none``, ``rates only``, ``weak`` or ``fine``, and why. An estimate: outcomes are spread over time as leads
        are, and no row falls to the embargo.

    Examples
    --------
    >>> enough(20, training_share=0.5, min_outcomes=20)
    'rates only: about 10 of 20 outcomes fall into training (50% of the leads), a model needs 20 there'
    """
    training = round(outcomes * training_share)
    told = f"about {training:,} of {outcomes:,} outcomes fall into training ({training_share:.0%} of the leads)"
    if training == 0:
        return f"none: {told}, a model needs {min_outcomes:,} there and a rate at least one"
    if training < min_outcomes:
        return f"rates only: {told}, a model needs {min_outcomes:,} there"
    if outcomes < FINE_OUTCOMES:
        return f"weak: {told}, a model with wide intervals; {FINE_OUTCOMES - outcomes:,} more would steady it"
    return f"fine: {told}"


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)]) if lines else ""


def _table_line(seen: TableSeen) -> str:
    span = f"{seen.first} to {seen.last}" if seen.first else "no times"
    return f"{seen.table:<9}{seen.rows:>12,} rows {seen.rejected:>8,} rejected   {span}   ({seen.origin})"


def _reject_line(seen: RejectSeen) -> str:
    found = "nothing" if seen.found is None else repr(seen.found)
    return f"{seen.rows:>8,}  {seen.table}.{seen.column}: {seen.reason} (first in row {seen.first_row}: {found})"


def _column_lines(columns: tuple[ColumnSeen, ...]) -> list[str]:
    order = {"leak": 0, "cannot tell": 1, "fine": 2}
    width = max((len(seen.column) for seen in columns), default=0)
    lines = []
    for seen in sorted(columns, key=lambda seen: order[seen.answer]):
        use = seen.type if seen.used else "not used"
        lines.append(
            f"{seen.answer:<12} {seen.column:<{width}}  {use:<9} {seen.filled:>5.0%} filled, "
            f"{seen.values:,} values: {seen.why}"
        )
    leaking = [seen.column for seen in columns if seen.used and seen.answer == "leak"]
    if ACCOUNT in leaking:
        leaking.remove(ACCOUNT)
        lines.append(f"Leave {ACCOUNT} out of leads: the account features take it as known from creation")
    if leaking:
        lines.append(f"Remove from fit in source.yaml, or give their history in changes: {', '.join(leaking)}")
    open_questions = [seen.column for seen in columns if seen.used and seen.answer == "cannot tell"]
    if open_questions:
        lines.append(f"Find out when they are written, before the first look or later: {', '.join(open_questions)}")
    return lines


def _event_type_lines(event_types: tuple[EventTypeSeen, ...]) -> list[str]:
    """Return a line each for what is not fine, worst first, and the number of the others."""
    open_ones = [seen for seen in event_types if seen.answer != "fine"]
    width = max((len(seen.event_type) for seen in open_ones), default=0)
    lines = [
        f"{seen.answer:<12} {seen.event_type:<{width}}  {seen.why}"
        + ("" if seen.used else " (not for the model)")
        + (f"; {seen.remedy}" if seen.remedy else "")
        for answer in ("leak", "cannot tell")
        for seen in open_ones
        if seen.answer == answer
    ]
    fine = len(event_types) - len(open_ones)
    return [*lines, f"fine         {fine:,} of {len(event_types):,} types"] if event_types else []


def _family_lines(families: tuple[FamilySeen, ...]) -> list[str]:
    return [
        f"{seen.family:<36} {seen.actor:<9} {seen.events:>12,} events of {seen.leads:,} leads"
        + ("" if seen.in_model else " (not for the model)")
        for seen in families
    ]


def _stage_lines(stages: tuple[StageSeen, ...]) -> list[str]:
    lines = [
        f"{seen.stage:<16}{seen.leads:>10,} leads" + ("  with sales" if seen.with_sales else "") for seen in stages
    ]
    if any(seen.with_sales for seen in stages):
        return lines
    return [*lines, "No rung is with sales; say in ladder where sales has the lead: {stage: NAME, with_sales: true}"]


def _target_lines(seen: TargetSeen) -> list[str]:
    return [
        f"{seen.target}: {seen.stage} within {seen.horizon}: {seen.yes:,} yes, {seen.no:,} no, "
        f"{seen.too_young:,} too young to tell",
        f"  enough? {seen.answer}",
    ]
