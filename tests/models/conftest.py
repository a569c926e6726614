"""A small company with a known truth, and a forecast trained on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from models.estimator.fitting import Fitting
from models.estimator.options import EstimatorOptions
from models.forecast.fit_forecast import FittedForecast, fit_forecasts
from models.forecast.forecast import Forecast

QUICK = EstimatorOptions(boosters=2, max_rounds=60, threads=1)


def _make_spec(*, sql_horizon: str = "30d", close_horizon: str = "30d") -> SourceSpec:
    return SourceSpec.model_validate(
        {
            "name": "small",
            "title": {"de": "Klein", "en": "Small"},
            "targets": {
                "sql": {"stage": "SQL", "horizon": sql_horizon},
                "close": {"stage": "WON", "horizon": close_horizon},
            },
            "fit": {
                "industry": {"type": "category", "words": {"de": "Branche", "en": "Industry"}},
                "employees": {"type": "number", "words": {"de": "Mitarbeitende", "en": "Employees"}},
            },
            "events": {"demo": {"types": ["demo"], "words": {"de": "Vorführung", "en": "Demo"}}},
        }
    )


@dataclass(frozen=True)
class Company:
    """Feature rows (two snapshots a lead), labels of both targets, and the true log-odds of ``sql``."""

    spec: SourceSpec
    history: pd.DataFrame
    labels: pd.DataFrame
    true_log_odds: np.ndarray

    @property
    def features(self):
        return feature_list(self.spec, FeatureOptions())


def _make_company(*, leads: int, seed: int = 0, base: float = -1.0) -> Company:
    """Draw leads whose demos in 7 days, industry and size decide about SQL; half of those close."""
    rng, spec = np.random.default_rng(seed), _make_spec()
    lead = np.repeat(np.arange(leads), 2)
    start = pd.Timestamp("2025-01-01", tz="UTC").as_unit("us")
    hours = 6 * lead + np.tile([0, 48], leads)
    history = pd.DataFrame(
        {
            "lead_id": [f"L{number:05d}" for number in lead],
            "as_of": start + pd.to_timedelta(hours, unit="h").as_unit("us"),
        }
    )
    for feature in feature_list(spec, FeatureOptions()):
        history[feature.name] = np.nan if feature.dtype != "category" else None
    industry = rng.choice(["machines", "software", "retail"], leads)[lead]
    history["fit_industry"] = industry.astype(object)
    history["fit_employees"] = np.where(rng.random(leads) < 0.2, np.nan, rng.lognormal(4, 1, leads))[lead]
    history["behaviour_demo_count_7d"] = rng.poisson(0.7, 2 * leads).astype(float)
    history["journey_current_stage"] = np.where(rng.random(2 * leads) < 0.5, "MQL", None)
    odds = base + 0.9 * history["behaviour_demo_count_7d"] + np.where(industry == "software", 0.8, -0.3)
    odds = (odds + 0.3 * np.nan_to_num(np.log(history["fit_employees"]) - 4)).to_numpy()
    sql = rng.random(2 * leads) < 1 / (1 + np.exp(-odds))
    close = sql & (rng.random(2 * leads) < 0.5)
    part = np.select([lead < 0.6 * leads, lead < 0.8 * leads], ["train", "calibration"], "test")
    keys = history[["lead_id", "as_of"]]
    took = pd.to_timedelta(30 * rng.beta(1.5, 2.5, 2 * leads), unit="D").round("s")
    outcomes = {"sql": (sql, took), "close": (close, took + (pd.Timedelta(days=30) - took) / 2)}
    labels = [
        keys.assign(target=name, y=y, part=part, outcome_at=(keys["as_of"] + delay).where(y))
        for name, (y, delay) in outcomes.items()
    ]
    table = pd.concat(labels, ignore_index=True).astype({"y": "Int8"})
    return Company(spec, history, table, odds)


def _fit_fitted(company: Company, *, options: EstimatorOptions = QUICK, seed: int = 3) -> FittedForecast:
    return fit_forecasts(
        company.history,
        company.labels,
        Fitting(company.features, options, seed),
        spec=company.spec,
        feature_options=FeatureOptions(),
    )


def _fit_company(company: Company, *, options: EstimatorOptions = QUICK, seed: int = 3) -> Forecast:
    return _fit_fitted(company, options=options, seed=seed).final


@pytest.fixture(scope="session")
def fit_fitted():
    return _fit_fitted


@pytest.fixture(scope="session")
def make_spec():
    return _make_spec


@pytest.fixture(scope="session")
def make_company():
    return _make_company


@pytest.fixture(scope="session")
def fit_company():
    return _fit_company


@pytest.fixture(scope="session")
def company() -> Company:
    return _make_company(leads=1200)


@pytest.fixture(scope="session")
def forecast(company) -> Forecast:
    return _fit_company(company)
