"""From feature rows and labels to a forecast: every target trained and calibrated on what is known before the test."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from features.catalog.feature import Feature
from features.errors import InputError
from features.labelling.time_split import PARTS
from features.source_spec import FeatureOptions, SourceSpec
from features.time_units import to_micros
from models.estimator.fitting import Fitting
from models.estimator.options import EstimatorOptions
from models.forecast.fit_target import FIT_PARTS, FittedTarget, fit_target, target_steps
from models.forecast.forecast import Forecast
from models.forecast.grades import Grades, fit_grades
from models.forecast.target_model import TargetModel
from models.measures.lead_weights import even_weights
from models.measures.observed_outcomes import TRAINING_POWER, WEIGHT

KEYS = ["lead_id", "as_of"]
PREDICTED_PARTS = ("calibration", "test")
"""Parts that a fitted forecast is held against: the first by the forward, the last by the final one."""


@dataclass(frozen=True)
class FittedForecast:
    """A forecast fitted twice, see `models.forecast.fit_target.FittedTarget`.

    Attributes
    ----------
    forward : Forecast
        Has seen nothing of the calibration period but its level: cut-offs are counted with it.
    final : Forecast
        Has learned from all that is known when the test begins.
    """

    forward: Forecast
    final: Forecast


def fit_steps(spec: SourceSpec, options: EstimatorOptions) -> int:
    """Return the steps that ``fit_forecasts`` reports to ``on_step``, in sum."""
    return len(spec.targets) * target_steps(options)


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
) -> Forecast:
    """Train a forecast: the ``final`` one of `fit_forecasts`.

    Parameters
    ----------
    history, labels, spec, feature_options, weight_power
        As for `fit_forecasts`.
    features, options, seed
        As for `models.estimator.fitting.Fitting`.
    """
    fitting = Fitting(tuple(features), options, seed)
    fitted = fit_forecasts(
        history, labels, fitting, spec=spec, feature_options=feature_options, weight_power=weight_power
    )
    return fitted.final


def fit_forecasts(
    history: pd.DataFrame,
    labels: pd.DataFrame,
    fitting: Fitting,
    *,
    spec: SourceSpec,
    feature_options: FeatureOptions,
    weight_power: float = TRAINING_POWER,
) -> FittedForecast:
    """Train every target on what is known when the test begins, and calibrate it on the newest of that.

    Parameters
    ----------
    history : DataFrame
        One row a snapshot: ``lead_id``, ``as_of`` (UTC), and the columns of the features.
    labels : DataFrame
        One row a snapshot and target: ``lead_id``, ``as_of``, ``target``, ``y``, ``part``; where there are such,
        ``seen_us``, ``evidence``, ``outcome_at``, ``weight`` (rows of weight 0 are left out). Rows of parts other than
        `FIT_PARTS`, the test period above all, are not looked at.
    fitting : Fitting
        Told of ``fit_steps(spec, options)`` steps in sum.
    spec, feature_options
        What ``history`` was computed with; they become part of the forecast, as do the features.
    weight_power : float
        Power of ``weight`` in training (:mod:`models.measures.observed_outcomes`); calibration takes the weight itself.

    Raises
    ------
    InputError
        If a target has no outcome in the training period.
    """
    fitted: dict[str, FittedTarget] = {}
    for name, target in spec.targets.items():
        rows = labelled_rows(history, labels, name, FIT_PARTS)
        try:
            fitted[name] = fit_target(rows, fitting, horizon_us=target.horizon, weight_power=weight_power)
        except InputError as error:
            raise _with_target(error, name) from None
    calibration = labelled_rows(history, labels, spec.primary_target, ("calibration",))

    def forecast(models: Mapping[str, TargetModel]) -> Forecast:
        bare = Forecast(spec, feature_options, fitting.features, models)
        return replace(bare, grades=_grades(bare, calibration))

    return FittedForecast(
        forward=forecast({name: target.forward for name, target in fitted.items()}),
        final=forecast({name: target.final for name, target in fitted.items()}),
    )


def labelled_rows(history: pd.DataFrame, labels: pd.DataFrame, target: str, parts: Sequence[str]) -> pd.DataFrame:
    """Return the feature rows of some parts of one target, sorted by the keys, with what the labels say of them.

    Returns
    -------
    DataFrame
        The columns of ``history``, ``target``, ``part``, ``y``, ``as_of_us``; where the labels have such, ``seen_us``,
        ``evidence``, ``weight``, and ``delay_us`` (from ``as_of`` to ``outcome_at``, missing without an outcome).

    Raises
    ------
    InputError
        If there are no labels of that target, or no such part of the split.
    """
    _require_known((target,), "target", set(labels["target"]) or {target})
    _require_known(parts, "part", PARTS)
    chosen = labels[(labels["target"] == target) & labels["part"].isin(parts)]
    said = [name for name in ("target", "part", "y", "seen_us", "evidence", "weight", "outcome_at") if name in chosen]
    features = history.drop(columns="as_of_us", errors="ignore")
    joined = chosen[[*KEYS, *said]].merge(features, on=KEYS, how="inner", validate="one_to_one")
    require_features(joined, chosen)
    joined["as_of_us"] = to_micros(joined["as_of"])
    if "outcome_at" in joined:
        came = joined.pop("outcome_at")
        joined["delay_us"] = (came - joined["as_of"]).dt.total_seconds() * 1e6
    return joined.sort_values(KEYS, ignore_index=True)


def _require_known(names: Sequence[str], what: str, known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise InputError(expected=f"a {what} out of {', '.join(sorted(known))}", found=repr(name))


def predict_fitted(fitted: FittedForecast, history: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Forecast the calibration period with the forward and the test period with the final forecast.

    Returns
    -------
    DataFrame
        As from `predict_labelled`.
    """
    honest = dict(zip(PREDICTED_PARTS, (fitted.forward, fitted.final), strict=True))
    tables = [predict_labelled(forecast, history, labels, (part,)) for part, forecast in honest.items()]
    return pd.concat(tables, ignore_index=True).sort_values(["target", *KEYS], ignore_index=True)


def predict_labelled(
    forecast: Forecast, history: pd.DataFrame, labels: pd.DataFrame, parts: Sequence[str] = ("test",)
) -> pd.DataFrame:
    """Forecast the labelled rows of some parts; the final forecast has learned from all before the test.

    Returns
    -------
    DataFrame
        One row a snapshot and target: ``lead_id``, ``as_of``, ``target``, ``part``, ``y`` (Int8), ``log_odds``, ``p``.
    """
    chosen = labels[labels["target"].isin(list(forecast.targets)) & labels["part"].isin(parts)]
    looks = history.merge(chosen[KEYS].drop_duplicates(), on=KEYS, how="inner")
    predicted, tables = forecast.predict(looks), []
    for name in forecast.targets:
        rows = chosen.loc[
            chosen["target"] == name, [*KEYS, "target", "part", *chosen.columns.intersection([WEIGHT]), "y"]
        ]
        said = looks[KEYS].assign(log_odds=predicted[f"log_odds_{name}"], p=predicted[f"p_{name}"])
        table = rows.assign(y=rows["y"].astype("Int8")).merge(said, on=KEYS, how="inner", validate="one_to_one")
        require_features(table, rows)
        tables.append(table)
    return pd.concat(tables, ignore_index=True).sort_values(["target", *KEYS], ignore_index=True)


def require_features(joined: pd.DataFrame, chosen: pd.DataFrame) -> None:
    """Raise an InputError where some labelled snapshots found no features."""
    if len(joined) < len(chosen):
        raise InputError(
            expected="features of every labelled snapshot",
            found=f"{len(chosen) - len(joined)} of {len(chosen)} without",
            table="features",
            hint="Features and labels come from different runs; make both again",
        )


def _with_target(error: InputError, target: str) -> InputError:
    return InputError(
        expected=error.expected,
        found=error.found,
        table=error.table,
        column=error.column or target,
        hint=error.hint,
    )


def _grades(forecast: Forecast, rows: pd.DataFrame) -> Grades | None:
    """Return the edges; none where the primary target is at the base rate and all leads would be alike."""
    target = forecast.spec.primary_target
    if rows.empty or forecast.levels[target] == "rate":
        return None
    contributions = forecast.explain(rows, target).contributions
    return fit_grades(contributions, forecast.features, even_weights(rows["lead_id"]))
