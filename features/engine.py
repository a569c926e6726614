"""Feature rows from facts: of many leads in memory, and of one lead among all others that are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.as_of import AS_OF, Positions, Times
from features.families.feature_list import all_columns
from features.families.rows import ColumnReader, FeatureTable, as_frame
from features.kernel.block import Block
from features.kernel.coded_facts import CodedFacts, coded
from features.kernel.declared import Declared
from features.kernel.numbering import one_array
from features.kernel.other_leads import OtherLeads
from features.kernel.population import Population
from features.kernel.together import facts_together, others_together
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import FactFrames, arrow_facts

BLOCK_CELLS = 4_000_000
"""So many cells of feature rows are computed at a time: they stay near the processor, and memory stays small."""
BLOCK_FACTS = 500_000
"""So many events of leads at a time, as far as whole leads allow."""


def compute_features(
    frames: FactFrames, snapshots: pd.DataFrame, spec: SourceSpec, options: FeatureOptions
) -> pd.DataFrame:
    """Return the feature rows of snapshots from facts in memory.

    Parameters
    ----------
    frames : FactFrames
        Facts of all leads. Those after a snapshot's as-of time make no difference to its row.
    snapshots : DataFrame
        ``lead_id``, ``as_of_us`` (int64); one that is given twice is one row.
    spec : SourceSpec
        What the source declares.
    options : FeatureOptions
        Windows and half-lives.

    Returns
    -------
    DataFrame
        ``lead_id``, ``as_of_us``, then the feature list's columns; numbers float64, categories object (None is
        missing); sorted by lead and time.

    Raises
    ------
    InputError
        If a table lacks ``lead_id`` or its time, a value does not have its column's type, or a snapshot's lead is not
        in ``leads``.
    """
    tables = arrow_facts(frames, spec)
    lead_ids, lead, moments = numbered(pa.array(snapshots["lead_id"], pa.string(), from_pandas=True),
                                       snapshots[AS_OF].to_numpy())  # fmt: skip
    population = population_of(tables, spec)
    facts = coded(tables, lead_ids, spec)
    columns = all_columns(spec, options)
    parts = [
        as_frame(block, columns)
        for block in blocks(facts, population.others_of(facts), lead, moments, spec, options)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


class FeatureEngine:
    """Computes the feature rows of single leads among all others, again and again.

    What a call says about a lead stands in place of all that the others' facts say about it; the row is then the same
    as in the batch. Calls may come from several threads; none waits for another.

    Parameters
    ----------
    spec : SourceSpec
        What the source declares.
    options : FeatureOptions
        Windows and half-lives.
    background : FactFrames or Population, optional
        All leads: ``leads`` with account and the columns that have a rate, ``stages``, and the events of leads with an
        account.
    """

    def __init__(
        self, spec: SourceSpec, options: FeatureOptions, *, background: FactFrames | Population | None = None
    ) -> None:
        self._spec, self._options = spec, options
        if isinstance(background, Population):
            self._population = background
        else:
            nobody = pd.DataFrame({"lead_id": pd.Series([], dtype="str"), "created_us": np.zeros(0, np.int64)})
            self._population = population_of(arrow_facts(background or FactFrames(nobody), spec), spec)
        self._declared = Declared(spec, options)
        self._columns = all_columns(spec, options)
        self._reader = ColumnReader(self._columns)

    def compute(self, frames: FactFrames, snapshots: pd.DataFrame) -> pd.DataFrame:
        """Return the feature rows of snapshots, each lead by itself among the others; see `compute_features`."""
        tables = arrow_facts(frames, self._spec)
        lead_ids, lead, moments = numbered(pa.array(snapshots["lead_id"], pa.string(), from_pandas=True),
                                           snapshots[AS_OF].to_numpy())  # fmt: skip
        facts = coded(tables, lead_ids, self._spec)
        if not len(lead_ids):
            return compute_features(frames, snapshots, self._spec, self._options)
        parts = [self.rows(facts.between(one, one + 1), moments[lead == one]) for one in range(len(lead_ids))]
        return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]

    def rows(self, facts: CodedFacts, moments: Times) -> pd.DataFrame:
        """Return the feature rows of one lead at some moments."""
        return as_frame(self._block(facts, moments), self._columns)

    def table(self, facts: CodedFacts, moments: Times) -> FeatureTable:
        """Return what `rows` does without a frame: for few rows it costs more than what is in it."""
        return self._reader.table(self._block(facts, moments))

    def table_of_leads(self, leads: Sequence[CodedFacts], moments: Times) -> FeatureTable:
        """Return a row a lead, each at a moment of its own: what `table` says of one, at little more than its price.

        No lead knows of another one that is asked about: each stands by itself among all that are known.
        """
        if len(leads) == 1:
            return self.table(leads[0], moments)
        facts, others = facts_together(leads), others_together([self._around(facts) for facts in leads])
        return self._reader.table(Block(self._declared, facts, others, np.arange(len(leads)), moments))

    def _block(self, facts: CodedFacts, moments: Times) -> Block:
        number = np.zeros(len(moments), np.int64)
        return Block(self._declared, facts, self._around(facts), number, moments)

    def _around(self, facts: CodedFacts) -> OtherLeads:
        account, *values = (_only(*facts.attributes.texts(name)) for name in ("account_id", *self._population.values))
        rated = dict(zip(self._population.values, values, strict=True))
        return self._population.around(facts.lead_ids[0].as_py(), account, rated)


def _only(codes: NDArray[np.int64], names: list[str]) -> str | None:
    return None if codes[0] < 0 else names[codes[0]]


def numbered(lead_ids: pa.Array, moments: Times) -> tuple[pa.Array, Positions, Times]:
    """Return the different leads of snapshots, rising, and each different snapshot by number and moment, in order."""
    coded_ids = one_array(lead_ids.dictionary_encode())
    by_id = pc.sort_indices(coded_ids.dictionary).to_numpy()
    place = np.empty(len(by_id), np.int64)
    place[by_id] = np.arange(len(by_id))
    lead, moments = place[coded_ids.indices.to_numpy()], np.array(moments, dtype=np.int64)
    if not _is_rising(lead, moments).all():
        order = np.lexsort((moments, lead))
        lead, moments = lead[order], moments[order]
    new = np.append(True, (np.diff(lead) != 0) | (np.diff(moments) != 0))[: len(lead)]
    return coded_ids.dictionary.take(pa.array(by_id)), lead[new], moments[new]


def _is_rising(lead: Positions, moments: Times) -> NDArray[np.bool_]:
    later_lead, later = np.diff(lead), np.diff(moments)
    is_rising: NDArray[np.bool_] = (later_lead > 0) | ((later_lead == 0) & (later >= 0))
    return is_rising


def population_of(tables: Mapping[str, pa.Table], spec: SourceSpec) -> Population:
    """Return all leads of tables in memory, as far as others depend on them."""
    leads = tables["leads"]
    acts = coded(tables, leads["lead_id"].combine_chunks(), spec).acts
    lead = np.repeat(np.arange(acts.parts), np.diff(acts.start))
    return Population.of(leads, tables["stages"], spec, acts=(lead, acts.times))


def blocks(
    facts: CodedFacts,
    others: OtherLeads,
    lead: Positions,
    moments: Times,
    spec: SourceSpec,
    options: FeatureOptions,
) -> Iterator[Block]:
    """Cut looks into blocks of whole leads; at least one, which may be empty.

    Parameters
    ----------
    facts, others
        Of all leads that are looked at.
    lead, moments : array of int64
        One entry a look, in order of lead and moment.
    """
    row_cells, declared = len(all_columns(spec, options)), Declared(spec, options)
    looks_before = np.searchsorted(lead, np.arange(len(facts) + 1))
    load = facts.events.start // BLOCK_FACTS + looks_before * row_cells // BLOCK_CELLS
    cuts = np.flatnonzero(np.diff(load, prepend=-1)) if len(facts) else np.array([0])
    edges = np.unique(np.concatenate([cuts, [len(facts)]])) if len(facts) else np.array([0, 0])
    for first, last in pairwise(edges):
        low, high = looks_before[first], looks_before[last]
        own, around = facts.between(first, last), others.between(first, last)
        yield Block(declared, own, around, lead[low:high] - first, moments[low:high])
