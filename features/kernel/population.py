"""All leads, as far as others depend on them: account, outcome, sources, and what they did themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.as_of import Times, counts_as_outcome, is_known
from features.kernel.coded_facts import CodedFacts
from features.kernel.numbering import whole
from features.kernel.other_leads import NEVER, AccountFacts, MaturedLeads, OtherLeads, OutcomesByValue, SourceFacts
from features.kernel.streams import Stream, in_order
from features.source_spec import SourceSpec


@dataclass(frozen=True)
class Texts:
    """A column of texts as numbers.

    Attributes
    ----------
    codes : array of int64
        Place of each value in ``names``; -1 for none.
    names : pyarrow array of string
        Each different value once.
    """

    codes: NDArray[np.int64]
    names: pa.Array

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Texts:
        """Return the values of a column by number."""
        values = column.combine_chunks().dictionary_encode()
        return cls(whole(values.indices), values.dictionary)

    @classmethod
    def among(cls, column: pa.ChunkedArray, names: pa.Array) -> Texts:
        """Return the values of a column by their places among given names; others have the place after the last."""
        values = column.combine_chunks()
        places = pc.index_in(values, value_set=names, skip_nulls=True)
        return cls(whole(pc.if_else(values.is_valid(), pc.fill_null(places, len(names)), -1)), names)

    def place_of(self, value: str | None) -> int:
        """Return where a value stands, -1 for none and for one that no lead has."""
        return -1 if value is None else self.places.get(value, -1)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each value stands."""
        return {name: place for place, name in enumerate(self.names.to_pylist())}

    @cached_property
    def are_shared(self) -> NDArray[np.bool_]:
        """Which entries have a value that another one has too."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=1)
        return (self.codes >= 0) & (counts[np.maximum(self.codes, 0)] > 1)


@dataclass(frozen=True)
class Population:
    """All leads that others depend on.

    Attributes
    ----------
    spec : SourceSpec
    lead_ids : pyarrow array of string
        Each once; the place of a lead is its number here.
    created, reached, won : array of int64
        When each lead was created, and first entered the stage of the primary target (or one above) and the top rung;
        `NEVER` where it did not.
    account : Texts
        Account of each lead.
    values : mapping of str to Texts
        Values of each lead in the columns with a rate.
    acts : Stream
        What leads of each account did themselves; codes are leads. No act is known before its lead is.
    of_more : OutcomesByValue or None
        How leads turned out beyond these, with them; None where these are all.
    """

    spec: SourceSpec
    lead_ids: pa.Array
    created: Times
    reached: Times
    won: Times
    account: Texts
    values: Mapping[str, Texts]
    acts: Stream
    of_more: OutcomesByValue | None = None

    @classmethod
    def of(
        cls,
        leads: pa.Table,
        stages: pa.Table,
        spec: SourceSpec,
        *,
        acts: tuple[NDArray[np.int64], Times] | None = None,
        of_more: OutcomesByValue | None = None,
    ) -> Population:
        """Collect what others depend on.

        Parameters
        ----------
        leads, stages : pyarrow Table
            Of all leads, with the columns of `features.tables.facts.fact_schemas`; of the fit columns only those with a
            rate are read.
        spec : SourceSpec
        acts : tuple of arrays, optional
            What leads did themselves: for each act the lead's row in ``leads``, and the time; in any order. `others_of`
            needs none of a lead that has its account alone.
        of_more : OutcomesByValue, optional
            How all leads turned out, where these are whole accounts but not all of them.
        """
        lead_ids = leads["lead_id"].combine_chunks()
        created = whole(leads["created_us"])
        account = Texts.of(leads["account_id"])
        rated = [name for name, column in spec.fit.items() if column.source_rate]
        lead, times = acts if acts is not None else (np.zeros(0, np.int64), np.zeros(0, np.int64))
        codes, known = account.codes[lead], np.maximum(times, created[lead])
        if len(codes) and codes.min() < 0:
            codes, lead, known = codes[codes >= 0], lead[codes >= 0], known[codes >= 0]
        return cls(
            spec,
            lead_ids,
            created,
            _first_entries(stages, lead_ids, spec.stages_reaching(spec.targets[spec.primary_target].stage)),
            _first_entries(stages, lead_ids, (spec.ladder[-1],)),
            account,
            {
                name: Texts.of(leads[name]) if of_more is None else Texts.among(leads[name], of_more.names[name])
                for name in rated
            },
            in_order(codes, known, lead, len(account.names)),
            of_more,
        )

    @cached_property
    def number(self) -> dict[str, int]:
        """The place of each lead."""
        return {lead_id: place for place, lead_id in enumerate(self.lead_ids.to_pylist())}

    @cached_property
    def _in_accounts(self) -> tuple[Stream, Stream, Stream]:
        reached, won = self._known(self.reached), self._known(self.won)
        return self._by_account(self.created), self._by_account(reached), self._by_account(won)

    def _known(self, times: Times) -> Times:
        """Return when an outcome is known: not before the lead is."""
        return np.maximum(times, self.created)

    def _by_account(self, times: Times) -> Stream:
        there = np.flatnonzero((self.account.codes >= 0) & (times != NEVER))
        return in_order(self.account.codes[there], times[there], there, len(self.account.names))

    @cached_property
    def _matured(self) -> Times:
        """When each lead's outcome comes to be counted; `NEVER` for one that was there at its creation already."""
        horizon = self.spec.targets[self.spec.primary_target].horizon
        return np.where(is_known(self.reached, self.created), NEVER, self.created + horizon)

    @cached_property
    def _converted(self) -> NDArray[np.bool_]:
        horizon = self.spec.targets[self.spec.primary_target].horizon
        return np.asarray(counts_as_outcome(self.reached, self.created, horizon=horizon), dtype=np.bool_)

    @cached_property
    def outcomes(self) -> OutcomesByValue:
        """How leads turned out, together and by value."""
        if self.of_more is not None:
            return self.of_more
        is_counted, one = self._matured != NEVER, np.ones(len(self._matured), np.int64)

        def by(part: NDArray[np.int64], parts: int) -> MaturedLeads:
            counted = np.where(is_counted, part, -1)
            return MaturedLeads.of(counted, self._matured, one, self._converted.astype(np.int64), parts)

        by_column = {name: by(texts.codes, len(texts.names) + 1) for name, texts in self.values.items()}
        return OutcomesByValue(by(0 * one, 1), by_column, {name: texts.names for name, texts in self.values.items()})

    def others_of(self, facts: CodedFacts) -> OtherLeads:
        """Return the others of leads that are part of the population, with the same facts."""
        own = whole(pc.index_in(facts.lead_ids, value_set=self.lead_ids))
        account = np.where(self.account.are_shared[own], self.account.codes[own], -1)  # alone, a lead has no others
        created, reached, won = self._in_accounts

        def own_times(times: Times) -> Times:
            return np.where((account >= 0) & (times[own] != NEVER), self._known(times)[own], NEVER)

        acts = facts.acts
        clipped = Stream(acts.start, np.maximum(acts.times, np.repeat(facts.created, np.diff(acts.start))), acts.codes)
        accounts = AccountFacts(
            account, own, created, reached, won, self.acts,
            own_times(self.created), own_times(self.reached), own_times(self.won),
            clipped.only(account >= 0),
        )  # fmt: skip
        value = {name: texts.codes[own] for name, texts in self.values.items()}
        return OtherLeads(accounts, self._sources(value, value, own))

    def around(self, lead_id: str, account_id: str | None, values: Mapping[str, str | None]) -> OtherLeads:
        """Return the others of one lead that stands in place of what the population says about it.

        Parameters
        ----------
        lead_id : str
            The lead; it may be unknown.
        account_id : str or None
        values : mapping of str to str or None
            The lead's values in the columns with a rate.
        """
        me = self.number.get(lead_id, -1)
        account = self.account.place_of(account_id)
        created, reached, won, acts = (
            stream.one_part(account, without=me) for stream in (*self._in_accounts, self.acts)
        )
        never, empty = np.array([NEVER]), Stream(np.zeros(2, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))
        accounts = AccountFacts(np.array([0]), np.array([-1]), created, reached, won, acts, never, never, never, empty)
        value = {name: np.array([_part_of(texts, values.get(name))]) for name, texts in self.values.items()}
        own_value = {name: texts.codes[[me]] if me >= 0 else np.array([-1]) for name, texts in self.values.items()}
        return OtherLeads(accounts, self._sources(value, own_value, np.array([me])))

    def _sources(
        self, value: dict[str, NDArray[np.int64]], own_value: dict[str, NDArray[np.int64]], own: NDArray[np.int64]
    ) -> SourceFacts | None:
        if not self.values:
            return None
        is_member = own >= 0
        matured, converted = np.full(len(own), NEVER), np.zeros(len(own), dtype=np.bool_)
        matured[is_member] = self._matured[own[is_member]]
        converted[is_member] = self._converted[own[is_member]]
        return SourceFacts(self.outcomes, value, own_value, matured, converted)


def _part_of(texts: Texts, value: str | None) -> int:
    """Return where a value stands: -1 for none, the empty part at the end for one that no lead has."""
    return -1 if value is None else texts.places.get(value, len(texts.names))


def _first_entries(stages: pa.Table, lead_ids: pa.Array, names: tuple[str, ...]) -> Times:
    """Return when each lead first entered one of some stages; `NEVER` where it did not."""
    entered = stages.filter(pc.is_in(stages["stage"], value_set=pa.array(names, pa.string())))
    lead = whole(pc.index_in(entered["lead_id"].combine_chunks(), value_set=lead_ids))
    first = np.full(len(lead_ids), NEVER)
    there = lead >= 0
    np.minimum.at(first, lead[there], whole(entered["entered_us"])[there])
    return first
