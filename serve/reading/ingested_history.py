"""What the run knows about other leads: the context in which one lead's facts become features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.as_of import Times
from features.engine import FeatureEngine
from features.kernel.events import EventKinds, NumberedEvents
from features.kernel.population import Population
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import TIME_COLUMNS, fact_schemas
from serve.reading.stage_outputs import Made, StageOutputs

EVENTS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class _Engine:
    """What computes features, and what it was made from."""

    population: Made[Population]
    options: FeatureOptions
    engine: FeatureEngine


class IngestHistory:
    """The ingested tables of a run, as context for leads that are posted.

    Account features look at the other leads of an account, source rates at all other leads and their outcomes. What
    they need is held in memory: some 100 bytes a lead, and 16 bytes for each act of a lead with an account. While a new
    ingestion is read, the one before stays in force for all who ask.

    Parameters
    ----------
    out : Path
        The folder of a run; read: the tables in ``ingest``.
    """

    def __init__(self, out: Path) -> None:
        self._out, self._folder = out, out / "ingest"
        self._source: tuple[SourceSpec, StageOutputs[Population]] | None = None
        self._engine: _Engine | None = None

    def engine(self, spec: SourceSpec, options: FeatureOptions) -> FeatureEngine:
        """Return what computes the features of one lead among all others, as of the newest ingestion.

        Raises
        ------
        InputError
            If nothing was ingested.
        """
        source = self._source
        if source is None or (source[0] is not spec and source[0] != spec):
            # what was read for another source says nothing about this one
            source = self._source = (spec, StageOutputs(self._out, ("ingest",), partial(self._read, spec)))
        population, made = source[1].current(), self._engine
        if made is None or made.population is not population or made.options != options:
            made = _Engine(population, options, FeatureEngine(spec, options, background=population.value))
            self._engine = made
        return made.engine

    def _read(self, spec: SourceSpec) -> Population:
        wanted = ["lead_id", "created_at", "account_id", *(n for n, c in spec.fit.items() if c.source_rate)]
        leads = self._table("leads", spec, wanted)
        stages = self._table("stages", spec, ["lead_id", "stage", "entered_at"])
        return Population.of(leads, stages, spec, acts=self._acts(leads, spec))

    def _table(self, name: str, spec: SourceSpec, columns: list[str]) -> pa.Table:
        file = pq.ParquetFile(self._folder / f"{name}.parquet")
        there = [column for column in columns if column in file.schema_arrow.names]
        return typed_facts(name, file.read(there), spec)

    def _acts(self, leads: pa.Table, spec: SourceSpec) -> tuple[NDArray[np.int64], Times]:
        """Return what leads with an account did themselves: the lead's row, and the time."""
        has_account = leads["account_id"].is_valid()
        row = np.flatnonzero(has_account.to_numpy())
        lead_ids = leads["lead_id"].filter(has_account).combine_chunks()
        is_act = EventKinds.of(spec).are_acts
        parts: list[tuple[NDArray[np.int64], Times]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
        with pq.ParquetFile(self._folder / "events.parquet") as file:
            names = ["lead_id", "occurred_at", "event_type", "actor"]
            for batch in file.iter_batches(EVENTS_AT_ONCE, columns=names):
                table = typed_facts("events", pa.Table.from_batches([batch]), spec)
                events = NumberedEvents.of(table, lead_ids, spec.model_copy(update={"who_acted": None}))
                there = (events.kind >= 0) & np.append(is_act, False)[events.kind]
                parts.append((row[events.lead[there]], events.times[there]))
        lead, times = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return lead, times


def typed_facts(name: str, table: pa.Table, spec: SourceSpec) -> pa.Table:
    """Return an ingested table with its time in microseconds and text as features read it."""
    time, schema = TIME_COLUMNS[name], fact_schemas(spec)[name]
    columns = {f"{time}_us": table[f"{time}_at"].cast(pa.timestamp("us", "UTC")).cast(pa.int64())}
    for column, dtype in schema.items():
        if dtype == "string":
            columns[column] = table[column].cast(pa.string()) if column in table.column_names else pa.nulls(
                len(table), pa.string()
            )  # fmt: skip
    return pa.table(columns)
