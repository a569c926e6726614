"""From feature rows and labels to a forecast: train on one period, calibrate on a later one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.clock import to_micros
from features.errors import InputError
from features.feature import Feature
from features.spec import FeatureOptions, SourceSpec
from models.boosters import OnStep
from models.by_lead import lead_weights
from models.calibration import fit_calibration
from models.estimator import Estimator
from models.estimator_options import EstimatorOptions
from models.fit_estimator import fit_estimator, training_steps
from models.follow_up import TRAINING_POWER, WEIGHT, observed_rows
from models.forecast import Forecast, TargetModel
from models.grades import Grades, fit_grades
from models.log_odds import Floats

KEYS = ["lead_id", "as_of"]
PREDICTED_PARTS = ("calibration", "test")


def fit_steps(spec: SourceSpec, options: EstimatorOptions) -> int:
    """Return the steps that ``fit_forecast`` reports to ``on_step``, in sum."""
    return len(spec.targets) * training_steps(options)


def fit_forecast(
    history: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    spec: SourceSpec,
    features: Sequence[Feature],
    feature_options: FeatureOptions,
    options: EstimatorOptions,
    seed: int,
    weight_power: float = TRAINING_POWER,
    on_step: OnStep = lambda steps: None,
) -> Forecast:
    """Train every target on its part ``train`` and calibrate it on its part ``calibration``.

    Parameters
    ----------
    history : DataFrame
        One row a snapshot: ``lead_id``, ``as_of`` (UTC), and the columns of ``features``.
    labels : DataFrame
        One row a snapshot and target: ``lead_id``, ``as_of``, ``target``, ``y``, ``part``. Rows of other parts,
        the test period above all, are not looked at. With ``weight``, rows of weight 0 are left out.
    spec, features, feature_options
        What ``history`` was computed with; they become part of the forecast.
    weight_power : float
        Power of ``weight`` in training (:mod:`models.follow_up`); calibration takes the weight itself.
    on_step : callable
        Told of every step, ``fit_steps(spec, options)`` in sum, for progress.

    Raises
    ------
    InputError
        If a target has no outcome in the training period.
    """
    targets: dict[str, TargetModel] = {}
    for name in spec.targets:
        train, weights = observed_rows(labelled_rows(history, labels, name, ("train",)), power=weight_power)
        estimator = _fit(train, weights, name, features, options, seed, on_step)
        later, later_weights = observed_rows(labelled_rows(history, labels, name, ("calibration",)))
        log_odds, y = estimator.log_odds(later), later["y"].to_numpy(dtype=np.float64)
        calibration = fit_calibration(log_odds, y, later_weights)
        targets[name] = TargetModel(estimator, calibration)
    forecast = Forecast(spec, feature_options, tuple(features), targets)
    grades = _grades(forecast, labelled_rows(history, labels, spec.primary_target, ("calibration",)))
    return Forecast(spec, feature_options, tuple(features), targets, grades)


def labelled_rows(history: pd.DataFrame, labels: pd.DataFrame, target: str, parts: Sequence[str]) -> pd.DataFrame:
    """Return the feature rows of some parts of one target, sorted by the keys.

    Beside the features: ``target``, ``part``, ``y`` and, if labels have it, ``weight``.
    """
    chosen = labels[(labels["target"] == target) & labels["part"].isin(parts)]
    told = [*KEYS, "target", "part", "y", *chosen.columns.intersection([WEIGHT])]
    joined = chosen[told].merge(history, on=KEYS, how="inner", validate="one_to_one")
    if len(joined) < len(chosen):
        raise InputError(
            expected="features of every labelled snapshot",
            found=f"{len(chosen) - len(joined)} of {len(chosen)} without",
            table="features",
            hint="Features and labels come from different runs; make both again",
        )
    return joined.sort_values(KEYS, ignore_index=True)


def predict_labelled(
    forecast: Forecast, history: pd.DataFrame, labels: pd.DataFrame, parts: Sequence[str] = PREDICTED_PARTS
) -> pd.DataFrame:
    """Forecast the labelled rows of some parts, the later periods by default.

    Returns
    -------
    DataFrame
        One row a snapshot and target: ``lead_id``, ``as_of``, ``target``, ``part``, ``y`` (Int8), ``log_odds``, ``p``.
    """
    tables = []
    for name in forecast.targets:
        rows = labelled_rows(history, labels, name, parts)
        predicted = forecast.predict(rows)
        table = rows[[*KEYS, "target", "part", *rows.columns.intersection([WEIGHT])]].assign(y=rows["y"].astype("Int8"))
        tables.append(table.assign(log_odds=predicted[f"log_odds_{name}"], p=predicted[f"p_{name}"]))
    return pd.concat(tables, ignore_index=True).sort_values(["target", *KEYS], ignore_index=True)


def _fit(
    rows: pd.DataFrame,
    weights: Floats,
    target: str,
    features: Sequence[Feature],
    options: EstimatorOptions,
    seed: int,
    on_step: OnStep,
) -> Estimator:
    try:
        return fit_estimator(
            rows,
            rows["y"].to_numpy(dtype=np.float64),
            weights=weights,
            lead_ids=rows["lead_id"],
            as_of_us=to_micros(rows["as_of"]),
            features=features,
            options=options,
            seed=seed,
            on_step=on_step,
        )
    except InputError as error:
        raise InputError(
            expected=error.expected,
            found=error.found,
            table=error.table,
            column=error.column or target,
            hint=error.hint,
        ) from None


def _grades(forecast: Forecast, rows: pd.DataFrame) -> Grades | None:
    """Return the edges; none where the primary target is at the base rate and all leads would be alike."""
    target = forecast.spec.primary_target
    if rows.empty or forecast.levels[target] == "rate":
        return None
    contributions = forecast.explain(rows, target).contributions
    return fit_grades(contributions, forecast.features, lead_weights(rows["lead_id"]))
