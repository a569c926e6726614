"""What the run knows about other leads: the context in which one lead's facts become features."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from features.engine import FeatureEngine
from features.errors import InputError
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import FactFrames
from features.time_units import to_micros


@dataclass(frozen=True)
class _Held:
    """What is kept between requests, and what it was made from."""

    made_from: tuple[int, SourceSpec, FeatureOptions]
    accounts: pd.Series
    """Account of each lead, by lead id; leads without one are left out."""
    engine: FeatureEngine


class IngestHistory:
    """The ingested tables of a run, as context for leads that are posted.

    Account features look at the other leads of an account, source rates at all other leads and their stages.
    Leads and stages are held in memory; events are read for the account's other leads only.

    Parameters
    ----------
    folder : Path
        ``OUT/ingest``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def features_of(
        self, own: FactFrames, snapshots: pd.DataFrame, *, spec: SourceSpec, options: FeatureOptions
    ) -> pd.DataFrame:
        """Return feature rows of one lead from its own facts, among all other leads.

        Parameters
        ----------
        own : FactFrames
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
        held = self._current(spec, options)
        lead = own.leads.iloc[0]
        same_account = held.accounts.index[held.accounts == lead["account_id"]]
        events = self._events_of([lead_id for lead_id in same_account if lead_id != lead["lead_id"]])
        parts = [part for part in (events, own.events) if part is not None and not part.empty]
        together = pd.concat(parts, ignore_index=True) if parts else None
        return held.engine.compute(replace(own, events=together), snapshots)

    def close(self) -> None:
        """Give the memory back."""
        with self._lock:
            if self._held is not None:
                self._held.engine.close()
                self._held = None

    def _current(self, spec: SourceSpec, options: FeatureOptions) -> _Held:
        """Return the context, read again when a new run has replaced the tables; meanwhile, the one before."""
        with self._lock:
            try:
                made_from = ((self._folder / "leads.parquet").stat().st_mtime_ns, spec, options)
                if self._held is None or self._held.made_from != made_from:
                    self._held = self._read(made_from)
            except FileNotFoundError:
                if self._held is None:
                    raise InputError(
                        expected="ingested tables", found="none", hint="Run 'leadscore run' first"
                    ) from None
            return self._held

    def _read(self, made_from: tuple[int, SourceSpec, FeatureOptions]) -> _Held:
        leads = pd.read_parquet(self._folder / "leads.parquet")
        stages = pd.read_parquet(self._folder / "stages.parquet")
        accounts = (
            leads.set_index("lead_id")["account_id"].dropna() if "account_id" in leads else pd.Series(dtype="str")
        )
        _, spec, options = made_from
        return _Held(made_from, accounts, FeatureEngine(spec, options, background=FactFrames(leads, stages=stages)))

    def _events_of(self, lead_ids: list[str]) -> pd.DataFrame | None:
        if not lead_ids:
            return None
        wanted = pq.read_table(self._folder / "events.parquet", filters=[("lead_id", "in", lead_ids)])
        frame: pd.DataFrame = wanted.to_pandas()
        return frame.assign(occurred_us=to_micros(frame["occurred_at"])).drop(columns="occurred_at")
