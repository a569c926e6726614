"""The open leads as both policies see them now: who would be promoted, and by what they are told apart."""

from __future__ import annotations

from typing import Any

import pandas as pd

from features.catalog.feature import Feature, part_words
from features.catalog.feature_list import CURRENT_STAGE
from features.catalog.wording import plain_words
from features.language.languages import Words
from features.source_spec import SourceSpec
from features.time_units import DAY_US, format_time
from models.cutoffs.cutoffs import Cutoffs, band
from models.forecast.forecast import Forecast
from models.rules.baseline import Baseline
from pipeline.outputs.feature_rows import KEYS, read_features
from pipeline.replay.deciding_columns import decisions
from pipeline.runner.stages import StageContext

OPEN_FILE, OPEN_ABOUT_FILE = "open.parquet", "open.json"


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
        Index as ``X``; the columns of `pipeline.replay.nightly_looks.Looks` that need no outcome, ``model_band`` and
        ``baseline_band`` (``none``, ``MQL``, ``SAL``).
    """
    rows = decisions(X, baseline, forecast, cutoffs.target)
    own = cutoffs.model_copy(update={"mql": cutoffs.baseline.mql, "sal": cutoffs.baseline.sal})
    excluded, gates_open = rows["excluded"], rows["gates_open"]
    return rows.assign(
        model_band=band(rows["p"], cutoffs, excluded, gates_open),
        baseline_band=band(rows["points"], own, excluded, gates_open),
    )


def shown_with(rows: pd.DataFrame, X: pd.DataFrame, forecast: Forecast, target: str) -> pd.DataFrame:
    """Add what people see beside each open lead.

    Returns
    -------
    DataFrame
        ``stage`` (where it stands now; missing before the first), ``fit_grade`` and ``behaviour_grade`` (missing where
        there are none), and the categories of family ``fit``, by which teams tell leads apart: industry, country,
        channel, campaign.
    """
    names = [feature.name for feature in forecast.features if feature.family == "fit" and feature.dtype == "category"]
    grades = pd.DataFrame({"fit_grade": None, "behaviour_grade": None}, index=X.index)
    if forecast.grades is not None and len(X):
        grades = forecast.grades.assign(forecast.explain(X, target).contributions, forecast.features)
    stage = X[CURRENT_STAGE] if CURRENT_STAGE in X else pd.Series(None, index=X.index, dtype="object")
    told = pd.DataFrame({"stage": stage, **{str(name): grades[name] for name in grades}}).astype("str")
    return pd.concat([rows, told, X[names]], axis=1)


def about_open(spec: SourceSpec, forecast: Forecast, target: str, *, observed_until_us: int) -> dict[str, Any]:
    """Return what ``open.json`` says: how source, target and columns are called, in German and English.

    ``columns``: the categories beside each open lead: ``name``, ``title``, ``values`` (code to words), ``is_source``
    (whether the column says where leads come from).
    """
    named = spec.target(target)
    columns = [f for f in forecast.features if f.family == "fit" and f.dtype == "category"]
    return {
        "source": spec.name,
        "title": spec.title.model_dump(),
        "observed_until": format_time(observed_until_us),
        "target": target,
        "stage": named.stage,
        "horizon_days": named.horizon / DAY_US,
        "sales_stages": list(spec.sales_stages),
        "columns": [_column(spec, feature) for feature in columns],
    }


def _column(spec: SourceSpec, feature: Feature) -> dict[str, Any]:
    declared = spec.fit.get(feature.subject)
    words = declared.words if declared is not None else None
    thing, part = words or plain_words(feature.subject), part_words(feature)
    title = thing if part is None else Words.each(lambda language: f"{thing.of(language)}, {part.of(language)}")
    return {
        "name": feature.name,
        "title": title.model_dump(),
        "values": {code: words.model_dump() for code, words in feature.values},
        "is_source": declared is not None and declared.source_rate,
    }
