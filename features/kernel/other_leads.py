"""What the other leads did and became: those of the same account, and all that came from the same source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
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
    converted : array of int64 of length facts + 1
        Converted leads before each position.
    """

    stream: Stream
    converted: Positions

    @classmethod
    def of(cls, part: NDArray[np.int64], matured: Times, converted: NDArray[np.bool_], parts: int) -> MaturedLeads:
        """Put leads in order; those of a part below 0 are left out."""
        there = part >= 0
        stream = in_order(part[there], matured[there], converted[there].astype(np.int64), parts)
        before = np.zeros(len(stream.codes) + 1, dtype=np.int64)
        np.cumsum(stream.codes, out=before[1:])
        return cls(stream, before)


@dataclass(frozen=True)
class SourceFacts:
    """How leads of each source turned out, and which of it is the lead's own.

    Attributes
    ----------
    everyone : MaturedLeads
        One part.
    by_column : mapping of str to MaturedLeads
        For each column with a rate, a part a value.
    value : mapping of str to array of int64
        The part of each lead of a block in each column; -1 where it has no value. The last part is empty: it is that
        of values that no lead has.
    own_value : mapping of str to array of int64
        The part in which the lead's own outcome is counted; -1 where it is in none.
    own_matured : array of int64
        When the lead's own outcome came to be counted; `NEVER` where it is not.
    own_converted : array of bool
    """

    everyone: MaturedLeads
    by_column: Mapping[str, MaturedLeads]
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
            self.everyone,
            self.by_column,
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
