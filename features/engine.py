"""The features run on DuckDB: the same SQL for one lead on request, for many in memory, and in the batch.

This is the only module that knows an engine: a DuckDB in memory, which reads no file and no clock. The expressions of
``build_features`` are turned into SQL once for a source and its options; from then on a request costs only the run of
that SQL.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING

import duckdb
import ibis
import pandas as pd
import pyarrow as pa

from features.as_of import AS_OF
from features.catalog.feature_list import feature_list
from features.families.all_families import build_features
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import TIME_COLUMNS, FactFrames, arrow_facts, fact_schemas, unbound_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

SNAPSHOTS = "snapshots"
_DUCKDB_TYPES = {"string": "VARCHAR", "float64": "DOUBLE", "boolean": "BOOLEAN", "int64": "BIGINT"}
_SNAPSHOT_SCHEMA = {"lead_id": "string", AS_OF: "int64"}


def features_sql(spec: SourceSpec, options: FeatureOptions) -> str:
    """Return DuckDB SQL for the feature rows, sorted by ``lead_id, as_of_us``.

    It reads tables or views ``leads``, ``changes``, ``events``, ``stages`` with the columns of
    `features.tables.facts.fact_schemas`, and ``snapshots`` (``lead_id``, ``as_of_us``).
    """
    return _compiled(spec.model_dump_json(by_alias=True), options)


@lru_cache(maxsize=32)
def _compiled(spec_json: str, options: FeatureOptions) -> str:
    spec = SourceSpec.model_validate_json(spec_json)
    snapshots = ibis.table(_SNAPSHOT_SCHEMA, name=SNAPSHOTS)
    rows = build_features(unbound_facts(spec), snapshots, spec, options)
    return str(ibis.to_sql(rows.order_by("lead_id", AS_OF), dialect="duckdb"))


class FeatureEngine:
    """Computes feature rows again and again for one source; made once, then quick.

    The SQL is planned once. A call puts its facts beside the background, runs the plan and takes them out again. Calls
    from several threads wait for one another.

    For one lead a call needs only what its row depends on; the row is then the same as in the batch:

    - the lead's own row of ``leads`` and its own ``changes``, ``events`` and ``stages``;
    - the same of the other leads of its account (``changes`` are not needed);
    - for columns with ``source_rate``, in the background: ``leads`` (``lead_id``, ``created_at``, those columns) and
      ``stages`` of all leads.

    Parameters
    ----------
    spec : SourceSpec
        What the source declares.
    options : FeatureOptions
        Windows and half-lives.
    background : FactFrames, optional
        Facts that every call sees. What a call says about a lead replaces all the background says about it.
    threads : int
        How many threads DuckDB may use; one is quickest for one lead.
    """

    def __init__(
        self, spec: SourceSpec, options: FeatureOptions, *, background: FactFrames | None = None, threads: int = 1
    ) -> None:
        self._spec, self._options = spec, options
        self._lock = threading.Lock()
        self._connection = duckdb.connect(config={"threads": threads})
        for name, schema in {**fact_schemas(spec), SNAPSHOTS: _SNAPSHOT_SCHEMA}.items():
            columns = ", ".join(f'"{column}" {_DUCKDB_TYPES[dtype]}' for column, dtype in schema.items())
            self._connection.execute(f"CREATE TABLE {name} ({columns})")
        if background is not None:
            self._insert(arrow_facts(background, spec))
        # On little data it takes far longer to optimise hundreds of steps than to run them as written; and an optimised
        # plan depends on the data, so DuckDB would make it anew for every call. The switch must be back on when the
        # plan runs: windows take quadratic time without it.
        self._connection.execute("PRAGMA disable_optimizer")
        self._connection.execute(f"PREPARE feature_rows AS {features_sql(spec, options)}")
        self._connection.execute("PRAGMA enable_optimizer")

    def compute(self, frames: FactFrames, snapshots: pd.DataFrame) -> pd.DataFrame:
        """Return the feature rows of snapshots.

        Parameters
        ----------
        frames : FactFrames
            Facts. Those after a snapshot's as-of time make no difference to its row.
        snapshots : DataFrame
            ``lead_id``, ``as_of_us`` (int64).

        Returns
        -------
        DataFrame
            ``lead_id``, ``as_of_us``, then the feature list's columns; numbers float64, categories object (None is
            missing); sorted by lead and time.

        Raises
        ------
        InputError
            If a table lacks ``lead_id`` or its time, or a value does not have its column's type.
        """
        tables = arrow_facts(frames, self._spec)
        probes = pa.table(
            {
                "lead_id": pa.array(snapshots["lead_id"], pa.string(), from_pandas=True),
                AS_OF: pa.array(snapshots[AS_OF], pa.int64()),
            }
        )
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                self._forget(tables["leads"])
                self._insert({**tables, SNAPSHOTS: probes})
                rows = self._connection.sql("EXECUTE feature_rows").to_arrow_table()
            finally:
                self._connection.execute("ROLLBACK")
        return feature_frame(rows, self._spec, self._options)

    def close(self) -> None:
        """Give the memory back."""
        self._connection.close()

    def _insert(self, tables: Mapping[str, pa.Table]) -> None:
        for name, rows in tables.items():
            if rows.num_rows:
                self._connection.execute(f"INSERT INTO {name} SELECT * FROM rows")

    def _forget(self, leads: pa.Table) -> None:
        ids = leads.select(["lead_id"])  # noqa: F841 - DuckDB finds it by its name
        for name in TIME_COLUMNS:
            self._connection.execute(f"DELETE FROM {name} WHERE lead_id IN (SELECT lead_id FROM ids)")


def compute_features(
    frames: FactFrames, snapshots: pd.DataFrame, spec: SourceSpec, options: FeatureOptions
) -> pd.DataFrame:
    """Return the feature rows of snapshots from facts in memory: `FeatureEngine.compute` on an engine that is kept.

    One engine is kept, that of the last source and options.
    """
    return _kept_engine(spec.model_dump_json(by_alias=True), options).compute(frames, snapshots)


@lru_cache(maxsize=1)  # an engine holds a database in memory; one that is dropped closes it with its last user
def _kept_engine(spec_json: str, options: FeatureOptions) -> FeatureEngine:
    return FeatureEngine(SourceSpec.model_validate_json(spec_json), options)


def duckdb_type(dtype: str) -> str:
    """Return DuckDB's name of a type in `features.tables.facts.fact_schemas`."""
    return _DUCKDB_TYPES[dtype]


def feature_frame(rows: pa.Table, spec: SourceSpec, options: FeatureOptions) -> pd.DataFrame:
    """Return Arrow feature rows as a frame: numbers float64 with NaN, categories object with None."""
    columns = {"lead_id": pd.Series(rows["lead_id"].to_pylist(), dtype="str"), AS_OF: rows[AS_OF].to_numpy()}
    for feature in feature_list(spec, options):
        column = rows[feature.name]
        if feature.dtype == "category":
            columns[feature.name] = pd.Series(column.to_pylist(), dtype=object)
        else:
            columns[feature.name] = column.to_numpy()
    return pd.DataFrame(columns)
