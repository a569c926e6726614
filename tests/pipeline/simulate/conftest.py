"""A simulated company as exported, and the lives of some of its people from within."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.source_spec import SourceSpec
from features.time_units import from_micros
from pipeline.settings.simulate_options import SimulateOptions
from pipeline.simulate.accounts import Accounts
from pipeline.simulate.people import People, draw_people
from pipeline.simulate.stage import Lives, live, simulate
from pipeline.simulate.tables import EXPORT_SCHEMAS
from pipeline.source.folder import read_source

DEMO = Path(__file__).resolve().parents[3] / "sources" / "demo"
DAYS = 240


@dataclass(frozen=True)
class Town:
    people: People
    accounts: Accounts
    lives: Lives


@pytest.fixture(scope="session")
def town() -> Town:
    options = SimulateOptions()
    people, accounts = draw_people(
        np.random.default_rng(3), leads=1_500, first_us=options.first_day, last_us=options.last_day
    )
    return Town(people, accounts, live(np.random.default_rng(4), people, accounts, days=DAYS, volume=0.5))


@dataclass(frozen=True)
class Company:
    folder: Path
    options: SimulateOptions
    spec: SourceSpec
    leads: pd.DataFrame
    changes: pd.DataFrame
    events: pd.DataFrame
    stages: pd.DataFrame
    truth: pd.DataFrame
    latents: pd.DataFrame

    def first_entry(self, *stages: str) -> pd.Series:
        return self.stages[self.stages["stage"].isin(stages)].groupby("lead_id")["entered_at"].min()

    def judged(self, target: str) -> pd.DataFrame:
        """Snapshots at risk whose outcome is known, with y and p."""
        declared = self.spec.targets[target]
        entered = self.truth["lead_id"].map(self.first_entry(*self.spec.stages_reaching(declared.stage)))
        as_of, horizon = self.truth["as_of"], pd.Timedelta(declared.horizon, unit="us")
        y = (entered > as_of) & (entered <= as_of + horizon)
        rows = self.truth.assign(y=y.astype(int), p=self.truth[f"p_{target}"])
        end = from_micros(pd.Series([self.options.last_day]))[0]
        return rows[~(entered <= as_of) & (as_of + horizon <= end)]


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    spec = read_source(DEMO).spec
    out, options = tmp_path_factory.mktemp("simulate"), SimulateOptions(leads=3_000)
    simulate(options, spec, 11, out)
    exported = {name: pq.read_table(out / "export" / f"{name}.parquet").to_pandas() for name in EXPORT_SCHEMAS}
    known = {name: pq.read_table(out / "truth" / f"{name}.parquet").to_pandas() for name in ("truth", "latents")}
    return Company(out, options, spec, **exported, **known)
