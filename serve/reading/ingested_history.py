"""What the run knows about other leads: the context in which one lead's facts become features."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from features.engine import FeatureEngine
from features.errors import InputError
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import FactFrames
from features.time_units import to_micros
from serve.reading.stage_outputs import Edition, Made, StageOutputs

ATTEMPTS, PAUSE_SECONDS = 40, 0.025
"""How often, and how far apart, events are looked for while the folder they lie in is just being replaced."""


@dataclass(frozen=True)
class _Tables:
    """What is kept of an ingestion between requests."""

    leads: pd.DataFrame
    stages: pd.DataFrame
    accounts: pd.Series
    """Account of each lead, by lead id; leads without one are left out."""


@dataclass(frozen=True)
class _Engine:
    """What computes features, and what it was made from."""

    made_from: tuple[Edition, SourceSpec, FeatureOptions]
    engine: FeatureEngine


class IngestHistory:
    """The ingested tables of a run, as context for leads that are posted.

    Account features look at the other leads of an account, source rates at all other leads and their stages.
    Leads and stages are held in memory; events are read for the account's other leads only.

    Parameters
    ----------
    out : Path
        The folder of a run; read: the tables in ``ingest``.
    """

    def __init__(self, out: Path) -> None:
        self._folder = out / "ingest"
        self._tables = StageOutputs(out, ("ingest",), self._read)
        self._lock = threading.Lock()
        self._engine: _Engine | None = None

    def features_of(
        self, frames: FactFrames, snapshots: pd.DataFrame, *, spec: SourceSpec, options: FeatureOptions
    ) -> pd.DataFrame:
        """Return feature rows of one lead from its own facts, among all other leads.

        Parameters
        ----------
        frames : FactFrames
            The lead's facts, one row in ``leads``; they stand in place of what the history says about it.
        snapshots : DataFrame
            ``lead_id``, ``as_of_us``.
        spec : SourceSpec
        options : FeatureOptions

        Raises
        ------
        InputError
            If nothing was ingested.
        """
        tables, events = self._among(frames.leads.iloc[0])
        parts = [part for part in (events, frames.events) if part is not None and not part.empty]
        together = pd.concat(parts, ignore_index=True) if parts else None
        return self._engine_of(tables, spec, options).compute(replace(frames, events=together), snapshots)

    def close(self) -> None:
        """Give the memory back."""
        with self._lock:
            if self._engine is not None:
                self._engine.engine.close()
                self._engine = None

    def _among(self, lead: pd.Series) -> tuple[Made[_Tables], pd.DataFrame | None]:
        """Return the tables, and the events of the other leads of a lead's account out of the same ingestion."""
        for _ in range(ATTEMPTS):
            tables = self._tables.current()
            accounts = tables.value.accounts
            others = accounts.index[(accounts == lead["account_id"]) & (accounts.index != lead["lead_id"])]
            try:
                events = self._events_of(others.tolist())
            except FileNotFoundError:  # between the moment the old folder goes and the moment the new one comes
                time.sleep(PAUSE_SECONDS)
                continue
            if self._tables.current() is tables:
                return tables, events
        raise InputError(
            expected=f"ingested events in {self._folder}", found="none", hint="Run 'leadscore ingest', or try again"
        )

    def _engine_of(self, tables: Made[_Tables], spec: SourceSpec, options: FeatureOptions) -> FeatureEngine:
        with self._lock:
            made_from = (tables.edition, spec, options)
            if self._engine is None or self._engine.made_from != made_from:
                background = FactFrames(tables.value.leads, stages=tables.value.stages)
                self._engine = _Engine(made_from, FeatureEngine(spec, options, background=background))
            return self._engine.engine

    def _read(self) -> _Tables:
        leads = pd.read_parquet(self._folder / "leads.parquet")
        stages = pd.read_parquet(self._folder / "stages.parquet")
        accounts = (
            leads.set_index("lead_id")["account_id"].dropna() if "account_id" in leads else pd.Series(dtype="str")
        )
        return _Tables(leads, stages, accounts)

    def _events_of(self, lead_ids: list[str]) -> pd.DataFrame | None:
        if not lead_ids:
            return None
        wanted = pq.read_table(self._folder / "events.parquet", filters=[("lead_id", "in", lead_ids)])
        frame: pd.DataFrame = wanted.to_pandas()
        return frame.assign(occurred_us=to_micros(frame["occurred_at"])).drop(columns="occurred_at")
