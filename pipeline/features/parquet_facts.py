"""The ingested tables, read for some leads at a time: DuckDB joins and filters, and hands over whole numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import cast

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.as_of import Times, is_known
from features.kernel.coded_facts import CodedFacts, coded
from features.kernel.events import EventKinds, NumberedEvents, OrderedEvents
from features.kernel.numbering import whole
from features.kernel.population import Population, Texts
from features.source_spec import SourceSpec
from features.tables.facts import TIME_COLUMNS, fact_schemas

CHUNK_EVENTS = 12_000_000
"""Events of so many leads are held at a time, some 70 bytes each."""
CHUNK_LEADS = 500_000
_DUCKDB_TYPES = {"string": "VARCHAR", "float64": "DOUBLE", "boolean": "BOOLEAN", "int64": "BIGINT"}


class ParquetFacts(AbstractContextManager["ParquetFacts"]):
    """Facts in Parquet files.

    Parameters
    ----------
    tables : mapping of str to Path
        ``leads``, ``changes``, ``events`` and ``stages``.
    spec : SourceSpec
    until : tuple of int and pyarrow array, optional
        Facts after this moment are not read, as if nothing had happened since; these leads are read nevertheless.
    """

    def __init__(
        self, tables: Mapping[str, Path], spec: SourceSpec, *, until: tuple[int, pa.Array] | None = None
    ) -> None:
        self._tables, self._spec = tables, spec
        self._connection = duckdb.connect(config={"preserve_insertion_order": False})
        self._read: OrderedEvents | None = None
        self._is_part = True
        if until is not None:
            self._connection.register("these_leads", pa.table({"lead_id": until[1]}))
            self._connection.execute("CREATE TABLE looked_at AS SELECT lead_id FROM these_leads")
        for name in TIME_COLUMNS:
            self._connection.execute(_view(name, tables[name], spec) + _known(name, until))
        kinds = EventKinds.of(spec)
        self._connection.register(
            "kinds",
            pa.table(
                {
                    "event_type": pa.array(kinds.types, pa.string()),
                    "actor": pa.array(kinds.actors, pa.string()),
                    "kind": np.arange(len(kinds.types), dtype=np.int16),
                    "is_act": kinds.are_acts,
                }
            ),
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def chunks(self, lead_ids: pa.Array) -> list[pa.Array]:
        """Cut leads into runs that are read at a time; at least one, which may be empty."""
        events = pq.ParquetFile(self._tables["events"]).metadata.num_rows
        count = max(math.ceil(events / CHUNK_EVENTS), math.ceil(len(lead_ids) / CHUNK_LEADS), 1)
        self._is_part = count > 1
        edges = np.linspace(0, len(lead_ids), count + 1).astype(int)
        return [lead_ids.slice(low, high - low) for low, high in pairwise(edges)]

    def coded(self, lead_ids: pa.Array) -> CodedFacts:
        """Return the facts of some leads, which follow each other in the order of their ids."""
        tables = {name: self._rows(name, lead_ids) for name in ("leads", "changes", "stages")}
        events, self._read = self._read or self._events(lead_ids), None
        return coded(tables, lead_ids, self._spec, events=events)

    def population(self, chunks: Sequence[pa.Array], *, since_us: int) -> Population:
        """Return all leads as far as others depend on them.

        Parameters
        ----------
        chunks : sequence of pyarrow array
            The leads that are looked at; where there is one chunk only, its events are read along and kept for it.
        since_us : int
            Acts up to this time count for nobody.
        """
        rated = [name for name, column in self._spec.fit.items() if column.source_rate]
        wanted = ", ".join(map(_quoted, ("lead_id", "created_us", "account_id", *rated)))
        leads = self._connection.sql(f"SELECT {wanted} FROM leads").to_arrow_table()
        stages = self._connection.sql("SELECT lead_id, stage, entered_us FROM stages").to_arrow_table()
        return Population.of(leads, stages, self._spec, acts=self._acts(leads, chunks, since_us))

    def _acts(
        self, leads: pa.Table, chunks: Sequence[pa.Array], since_us: int
    ) -> tuple[NDArray[np.int64], Times] | None:
        """Return the acts of leads that share an account with another: the lead's row, and the time."""
        rows = np.flatnonzero(Texts.of(leads["account_id"]).are_shared)
        if not len(rows):
            return None
        sharing = leads["lead_id"].take(pa.array(rows)).combine_chunks()
        if len(chunks) > 1:
            created = leads["created_us"].take(pa.array(rows))
            self._connection.register("sharing", pa.table({"lead_id": sharing, "row": rows, "created_us": created}))
            acts = self._connection.sql(
                "SELECT row, occurred_us FROM events JOIN sharing USING (lead_id) JOIN kinds USING (event_type, actor) "
                f"WHERE is_act AND greatest(occurred_us, created_us) > {since_us}"
            ).to_arrow_table()
            return whole(acts["row"]), whole(acts["occurred_us"])
        # who is looked at comes first, so that its numbers are those of the chunk
        together = pa.concat_arrays([chunks[0], sharing.filter(pc.invert(pc.is_in(sharing, value_set=chunks[0])))])
        events = self._events(together)
        self._read = events.of_first(len(chunks[0]))
        row = whole(pc.index_in(together, value_set=leads["lead_id"].combine_chunks()))
        acts, created = events.acts.only(np.isin(row, rows)), whole(leads["created_us"])[row]
        since = np.where(is_known(created, since_us), since_us, np.iinfo(np.int64).min)
        lead, times = acts.after(since)
        return row[lead], times

    def _events(self, lead_ids: pa.Array) -> OrderedEvents:
        """Return events, by the place of the lead among ``lead_ids``; those of other leads are not read."""
        numbers = np.arange(len(lead_ids), dtype=np.int32)
        self._connection.register("wanted", pa.table({"lead_id": lead_ids, "lead": numbers}))
        who = "" if self._spec.who_acted is None else f", {_quoted(self._spec.who_acted)} AS who"
        rows = self._connection.sql(
            f"SELECT lead, kind, occurred_us{who} FROM events JOIN wanted USING (lead_id) "
            f"JOIN kinds USING (event_type, actor) {self._among(lead_ids)}"
        ).to_arrow_table()
        return OrderedEvents.of([_numbered(batch) for batch in rows.to_batches()], len(lead_ids), self._spec)

    def _rows(self, name: str, lead_ids: pa.Array) -> pa.Table:
        return cast("pa.Table", self._connection.sql(f"SELECT * FROM {name} {self._among(lead_ids)}").to_arrow_table())

    def _among(self, lead_ids: pa.Array) -> str:
        """Return SQL for the ids from the least to the most; in an ordered file, DuckDB skips all others unread."""
        if not self._is_part:
            return ""
        ends = pc.min_max(lead_ids).as_py()
        return f"WHERE lead_id BETWEEN {_text(ends['min'] or '')} AND {_text(ends['max'] or '')}"


def _numbered(batch: pa.RecordBatch) -> NumberedEvents:
    """Return events that DuckDB has numbered, without copying them."""
    lead, kind, times = (column.to_numpy() for column in batch.columns[:3])
    return NumberedEvents(lead, kind, times, batch.column("who") if batch.num_columns > 3 else None)


def _text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _known(name: str, until: tuple[int, pa.Array] | None) -> str:
    """Return SQL for the facts of a table up to a moment, or for all."""
    if until is None:
        return ""
    known = f" WHERE epoch_us({TIME_COLUMNS[name]}_at) <= {until[0]}"
    return f"{known} OR lead_id IN (SELECT lead_id FROM looked_at)" if name == "leads" else known


def _view(name: str, file: Path, spec: SourceSpec) -> str:
    """Return SQL that shows an ingested table with the columns that features are computed from."""
    there = set(pq.read_schema(file).names)
    columns = []
    for column, dtype in fact_schemas(spec)[name].items():
        value = _quoted(column) if column in there else "NULL"
        if column == f"{TIME_COLUMNS[name]}_us":
            value = f"epoch_us({TIME_COLUMNS[name]}_at)"
        columns.append(f"CAST({value} AS {_DUCKDB_TYPES[dtype]}) AS {_quoted(column)}")
    return f"CREATE VIEW {name} AS SELECT {', '.join(columns)} FROM read_parquet({_text(str(file))})"
