"""Features of whole accounts, computed on a machine of the cluster by the same kernel as on a laptop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.as_of import AS_OF, Positions, Times
from features.engine import blocks, numbered
from features.families.feature_list import all_columns
from features.families.rows import as_batch, batch_schema
from features.kernel.coded_facts import coded
from features.kernel.events import NumberedEvents, OrderedEvents
from features.kernel.numbering import whole
from features.kernel.other_leads import OutcomesByValue
from features.kernel.population import Population, Texts
from features.labelling.snapshots import history_snapshots, open_snapshots
from features.source_spec import FeatureOptions, SourceSpec
from pipeline.spark.fact_rows import fact_tables

ROWS_OF = "rows_of"
"""Column that says whether a feature row is of a past look (``history``) or of a present one (``open``)."""
_LOOKS = {"history": "observed_until_us", "open": "as_of_us"}


@dataclass(frozen=True)
class FeatureTask:
    """What every machine needs beside the facts of its accounts.

    Attributes
    ----------
    spec : SourceSpec
    options : FeatureOptions
    observed_until_us : int
        Until when there are data.
    outcomes : OutcomesByValue or None
        Of all leads; None where no column has a rate.
    """

    spec: SourceSpec
    options: FeatureOptions
    observed_until_us: int
    outcomes: OutcomesByValue | None = None


def row_schema(spec: SourceSpec, options: FeatureOptions) -> pa.Schema:
    """Return the columns of feature rows on their way: ``as_of_us`` as a number, and at the end `ROWS_OF`."""
    features = batch_schema(all_columns(spec, options))
    keys = [pa.field("lead_id", pa.string()), pa.field(AS_OF, pa.int64())]
    return pa.schema([*keys, *list(features)[len(keys) :], pa.field(ROWS_OF, pa.string())])


def outcome_rows(facts: pa.Table, spec: SourceSpec) -> pa.Table:
    """Return how leads turned out, as rows that those of other accounts may be put together with."""
    tables = fact_tables(facts)
    return Population.of(tables["leads"], tables["stages"], spec).outcomes.to_table()


def feature_rows(facts: pa.Table, task: FeatureTask) -> Iterator[pa.RecordBatch]:
    """Yield the feature rows of all looks at the leads of some accounts, past and present.

    Parameters
    ----------
    facts : pyarrow Table
        Rows of `pipeline.spark.fact_rows.fact_rows`: all of these accounts.
    task : FeatureTask

    Yields
    ------
    RecordBatch
        Of `row_schema`, in order of lead and moment within past and present.
    """
    spec, tables = task.spec, fact_tables(facts)
    snapshots = {name: _looks(name, tables, task) for name in _LOOKS}
    looked = pc.unique(pa.chunked_array([lead_id for lead_id, _ in snapshots.values()], pa.string()))
    looked = looked.take(pc.sort_indices(looked))
    leads, events = _leads_and_events(tables, looked, spec)
    population = Population.of(leads, tables["stages"], spec, acts=_shared_acts(leads, events), of_more=task.outcomes)
    coded_facts = coded(tables, looked, spec, events=events.of_first(len(looked)))
    others, columns = population.others_of(coded_facts), all_columns(spec, task.options)
    schema = row_schema(spec, task.options)
    for name, (lead_id, moments) in snapshots.items():
        if not len(moments):
            continue
        lead, own_moments = _in_order(lead_id, moments, looked)
        for block in blocks(coded_facts, others, lead, own_moments, spec, task.options):
            batch = as_batch(block, columns)
            rows_of = pa.array([name] * len(block), pa.string())
            yield pa.record_batch(
                [batch.column(0), pa.array(block.moments), *batch.columns[2:], rows_of], schema=schema
            )


def _looks(name: str, tables: dict[str, pa.Table], task: FeatureTask) -> tuple[pa.Array, Times]:
    leads = tables["leads"].select(["lead_id", "created_us"]).to_pandas()
    stages = tables["stages"].to_pandas()
    if name == "history":
        looks = history_snapshots(leads, stages, task.spec, observed_until_us=task.observed_until_us)
    else:
        looks = open_snapshots(leads, stages, task.spec, as_of_us=task.observed_until_us)
    return pa.array(looks["lead_id"], pa.string()), looks[AS_OF].to_numpy()


def _in_order(lead_id: pa.Array, moments: Times, looked: pa.Array) -> tuple[Positions, Times]:
    """Return looks by number of the lead among all that are looked at, and moment, in order."""
    different, lead, own_moments = numbered(lead_id, moments)
    return whole(pc.index_in(different, value_set=looked))[lead], own_moments


def _leads_and_events(
    tables: dict[str, pa.Table], looked: pa.Array, spec: SourceSpec
) -> tuple[pa.Table, OrderedEvents]:
    """Return all leads and their events, those that are looked at first."""
    leads = tables["leads"]
    lead_id = leads["lead_id"].combine_chunks()
    together = pa.concat_arrays([looked, lead_id.filter(pc.invert(pc.is_in(lead_id, value_set=looked)))])
    events = tables["events"]
    lead = whole(pc.index_in(events["lead_id"], value_set=together))
    who = None if spec.who_acted is None else events["who"].combine_chunks()
    numbers = NumberedEvents(lead, whole(events["kind"]), whole(events["occurred_us"]), who)
    return leads.take(pc.index_in(together, value_set=lead_id)), numbers.in_order(len(together), spec)


def _shared_acts(leads: pa.Table, events: OrderedEvents) -> tuple[Positions, Times]:
    """Return the acts of leads that share an account with another: the lead's row, and the time."""
    acts = events.acts.only(Texts.of(leads["account_id"]).are_shared)
    return np.repeat(np.arange(acts.parts), np.diff(acts.start)), acts.times
