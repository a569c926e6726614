"""The open leads as both policies see them now: who would be promoted, and by what they are told apart."""

from __future__ import annotations

import pandas as pd

from features.catalog.feature import Feature, part_words
from features.catalog.wording import plain_words
from features.families.stages import CURRENT_STAGE
from features.language.languages import Words
from features.source_spec import SourceSpec
from features.time_units import format_time
from models.bands import band_of, passes, rows_that_may_enter
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.forecast import Forecast
from models.rules.baseline import Baseline
from models.scoring.groups import is_with_sales
from models.what_if.stored_evidence import NamedColumn, Naming
from pipeline.outputs.feature_rows import KEYS, read_features
from pipeline.replay.deciding_columns import decisions
from pipeline.runner.stages import StageContext


def read_waiting(context: StageContext, forecast: Forecast, *, target: str) -> pd.DataFrame:
    """Return the features of the open leads that sales may still get, sorted by lead, numbered anew.

    They have not reached the target, and sales does not have them already.
    """
    opened = read_features(context, "open").sort_values(KEYS, ignore_index=True)
    reached = forecast.predict(opened)[f"reached_{target}"].to_numpy(dtype=bool)
    return opened[~reached & ~is_with_sales(_stage_now(opened), forecast.spec)].reset_index(drop=True)


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
    may = rows_that_may_enter(rows)
    return rows.assign(
        model_band=band_of(passes(rows["p"], may, cutoffs.at)),
        baseline_band=band_of(passes(rows["points"], may, cutoffs.baseline.at)),
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
    additions = pd.DataFrame({"stage": _stage_now(X), **{str(name): grades[name] for name in grades}}).astype("str")
    return pd.concat([rows, additions, X[names]], axis=1)


def _stage_now(X: pd.DataFrame) -> pd.Series:
    """Return where each lead stands; missing before its first stage."""
    return X[CURRENT_STAGE] if CURRENT_STAGE in X else pd.Series(None, index=X.index, dtype="object")


def about_open(spec: SourceSpec, forecast: Forecast, target: str, *, observed_until_us: int) -> Naming:
    """Return what ``open.json`` says: how source, target and the categories beside each open lead are called."""
    named = spec.target(target)
    columns = [f for f in forecast.features if f.family == "fit" and f.dtype == "category"]
    return Naming(
        source=spec.name,
        title=spec.title,
        observed_until=format_time(observed_until_us),
        target=target,
        stage=named.stage,
        horizon_days=spec.horizon_days(target),
        columns=tuple(_column(spec, feature) for feature in columns),
    )


def _column(spec: SourceSpec, feature: Feature) -> NamedColumn:
    declared = spec.fit.get(feature.subject)
    words = declared.words if declared is not None else None
    thing, part = words or plain_words(feature.subject), part_words(feature)
    return NamedColumn(
        name=feature.name,
        title=thing if part is None else Words.each(lambda language: f"{thing.of(language)}, {part.of(language)}"),
        values=dict(feature.values),
        is_source=declared is not None and declared.source_rate,
    )
