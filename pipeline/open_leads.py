"""The open leads as both policies see them now: who would be promoted, and by what they are told apart."""

from __future__ import annotations

import pandas as pd

from models.baseline import Baseline
from models.cutoffs import Cutoffs, band
from models.forecast import Forecast
from pipeline.judged_rows import KEYS, read_features
from pipeline.looks import decisions
from pipeline.stage import StageContext

OPEN_FILE = "open.parquet"


def read_waiting(context: StageContext, forecast: Forecast, *, target: str) -> pd.DataFrame:
    """Return the features of the open leads that have not reached the target, sorted by lead, numbered anew."""
    opened = read_features(context, "open").sort_values(KEYS, ignore_index=True)
    waiting = ~forecast.predict(opened)[f"reached_{target}"].astype(bool)
    return opened[waiting].reset_index(drop=True)


def open_decisions(X: pd.DataFrame, forecast: Forecast, baseline: Baseline, cutoffs: Cutoffs) -> pd.DataFrame:
    """Return what decides on each open lead, and the band that either policy gives it.

    Parameters
    ----------
    X : DataFrame
        From :func:`read_waiting`.

    Returns
    -------
    DataFrame
        Index as ``X``; the columns of `pipeline.looks.Looks` that need no outcome, ``model_band`` and
        ``baseline_band`` (``none``, ``MQL``, ``SAL``).
    """
    rows = decisions(X, baseline, forecast, cutoffs.target)
    own = cutoffs.model_copy(update={"mql": cutoffs.baseline.mql, "sal": cutoffs.baseline.sal})
    excluded, gates_open = rows["excluded"], rows["gates_open"]
    return rows.assign(
        model_band=band(rows["p"], cutoffs, excluded, gates_open),
        baseline_band=band(rows["points"], own, excluded, gates_open),
    )


def with_segments(rows: pd.DataFrame, X: pd.DataFrame, forecast: Forecast) -> pd.DataFrame:
    """Add the categories of family ``fit``, by which teams tell leads apart: industry, country, channel, campaign."""
    names = [feature.name for feature in forecast.features if feature.family == "fit" and feature.dtype == "category"]
    return pd.concat([rows, X[names]], axis=1)
