"""What the other leads did and became: those of the same account, and all that came from the same source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.as_of import Positions, Times
from features.kernel.streams import Stream, in_order

NEVER = np.iinfo(np.int64).max
"""Time of what has not happened."""


@dataclass(frozen=True)
class AccountFacts:
    """What happened in accounts, and which of it is the lead's own: others are all less its own.

    Nobody knows that a lead belongs to an account before the lead is there, so no fact is known before its lead's
    creation.

    Attributes
    ----------
    account : array of int64
        The account of each lead of a block; -1 for none.
    number : array of int64
        The code of each lead in the streams of accounts; -1 where its own facts are not in them.
    created, reached, won, events : Stream
        A part an account: creations, first entries into the stage of the primary target and into the top rung, and
        what leads did themselves.
    own_created, own_reached, own_won : array of int64
        When each lead's own fact among those is known; `NEVER` where none is.
    own_events : Stream
        A part a lead: its own among ``events``.
    """

    account: NDArray[np.int64]
    number: NDArray[np.int64]
    created: Stream
    reached: Stream
    won: Stream
    events: Stream
    own_created: Times
    own_reached: Times
    own_won: Times
    own_events: Stream

    def between(self, first: int, last: int) -> AccountFacts:
        """Return the same for the leads from ``first`` to before ``last``."""
        return AccountFacts(
            self.account[first:last],
            self.number[first:last],
            self.created,
            self.reached,
            self.won,
            self.events,
            self.own_created[first:last],
            self.own_reached[first:last],
            self.own_won[first:last],
            self.own_events.between(first, last),
        )


@dataclass(frozen=True)
class MaturedLeads:
    """Leads whose time is up, in parts: for each value of a column, or all in one.

    Attributes
    ----------
    stream : Stream
        Times at which leads matured; only those that were at risk at their creation.
    counted, converted : array of int64 of length facts + 1
        Leads, and converted leads, before each position.
    """

    stream: Stream
    counted: Positions
    converted: Positions

    @classmethod
    def of(
        cls,
        part: NDArray[np.int64],
        matured: Times,
        counted: NDArray[np.int64],
        converted: NDArray[np.int64],
        parts: int,
    ) -> MaturedLeads:
        """Put leads in order, of which each entry counts one or several; those of a part below 0 are left out."""
        there = np.flatnonzero(part >= 0)
        stream = in_order(part[there], matured[there], there, parts)
        return cls(stream, _before(counted[stream.codes]), _before(converted[stream.codes]))

    def to_table(self, column: str | None, names: pa.Array) -> pa.Table:
        """Return a row an entry, in order: ``column``, ``value``, ``matured_us``, ``counted``, ``converted``."""
        part = np.repeat(np.arange(self.stream.parts), np.diff(self.stream.start))
        columns = [
            pa.array([column] * len(part), pa.string()),
            names.take(pa.array(part)),
            pa.array(self.stream.times),
            pa.array(np.diff(self.counted)),
            pa.array(np.diff(self.converted)),
        ]
        return pa.table(columns, schema=OUTCOME_SCHEMA)


OUTCOME_SCHEMA = pa.schema(
    [
        ("column", pa.string()),
        ("value", pa.string()),
        ("matured_us", pa.int64()),
        ("counted", pa.int64()),
        ("converted", pa.int64()),
    ]
)
"""Matured leads as rows; those of everyone have neither column nor value."""


@dataclass(frozen=True)
class OutcomesByValue:
    """How all leads turned out, together and by value: what a rate is read from.

    Attributes
    ----------
    everyone : MaturedLeads
        In part 0.
    by_column : mapping of str to MaturedLeads
        For each column with a rate, a part a value, and at the end an empty part for one that no lead has.
    names : mapping of str to pyarrow array of string
        The values of each of these columns, in the order of their parts.
    """

    everyone: MaturedLeads
    by_column: Mapping[str, MaturedLeads]
    names: Mapping[str, pa.Array]

    def to_table(self) -> pa.Table:
        """Return rows of `OUTCOME_SCHEMA`; those of different leads may be added up, and put together."""
        columns = [leads.to_table(name, self.names[name]) for name, leads in self.by_column.items()]
        return pa.concat_tables([self.everyone.to_table(None, pa.nulls(1, pa.string())), *columns])

    @classmethod
    def from_table(cls, rows: pa.Table, columns: Iterable[str]) -> OutcomesByValue:
        """Read rows of `OUTCOME_SCHEMA`, in any order.

        Parameters
        ----------
        rows : pyarrow Table
        columns : iterable of str
            The columns with a rate.
        """
        import pyarrow.compute as pc

        everyone, _ = _matured(rows.filter(rows["column"].is_null()))
        pairs = {name: _matured(rows.filter(pc.equal(rows["column"], name))) for name in columns}
        by_column, names = ({name: pair[which] for name, pair in pairs.items()} for which in (0, 1))
        return cls(everyone, by_column, names)


def _matured(rows: pa.Table) -> tuple[MaturedLeads, pa.Array]:
    """Return the rows of one column, or of everyone, in parts, and the value of each part."""
    values = rows["value"].combine_chunks().dictionary_encode(null_encoding="encode")
    part, matured, counted, converted = (
        np.concatenate([np.zeros(0, np.int64), column.to_numpy()])
        for column in (values.indices, *(rows[name] for name in ("matured_us", "counted", "converted")))
    )
    parts = len(values.dictionary) + 1
    return MaturedLeads.of(part.astype(np.int64), matured, counted, converted, parts), values.dictionary


def _before(counts: NDArray[np.int64]) -> Positions:
    before = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=before[1:])
    return before


@dataclass(frozen=True)
class SourceFacts:
    """How leads of each source turned out, and which of it is the lead's own.

    Attributes
    ----------
    outcomes : OutcomesByValue
        Of all leads.
    value : mapping of str to array of int64
        The part of each lead of a block in each column; -1 where it has no value. The last part is empty: it is that
        of values that no lead has.
    own_value : mapping of str to array of int64
        The part in which the lead's own outcome is counted; -1 where it is in none.
    own_matured : array of int64
        When the lead's own outcome came to be counted; `NEVER` where it is not.
    own_converted : array of bool
    """

    outcomes: OutcomesByValue
    value: Mapping[str, NDArray[np.int64]]
    own_value: Mapping[str, NDArray[np.int64]]
    own_matured: Times
    own_converted: NDArray[np.bool_]

    def between(self, first: int, last: int) -> SourceFacts:
        """Return the same for the leads from ``first`` to before ``last``."""
        value, own_value = (
            {column: values[first:last] for column, values in parts.items()} for parts in (self.value, self.own_value)
        )
        return SourceFacts(
            self.outcomes,
            value,
            own_value,
            self.own_matured[first:last],
            self.own_converted[first:last],
        )


@dataclass(frozen=True)
class OtherLeads:
    """Both, for the leads of a block.

    Attributes
    ----------
    accounts : AccountFacts
    sources : SourceFacts or None
        None where no column has a rate.
    """

    accounts: AccountFacts
    sources: SourceFacts | None

    def between(self, first: int, last: int) -> OtherLeads:
        """Return the same for the leads from ``first`` to before ``last``."""
        sources = None if self.sources is None else self.sources.between(first, last)
        return OtherLeads(self.accounts.between(first, last), sources)
