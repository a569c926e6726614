"""What MLflow imports to load a leadscore model: no pickle, no code from the model's own folder.

``MLmodel`` names this module as the ``loader_module``, so leadscore must be installed where the model is loaded or
served (``mlflow models serve --env-manager local``).
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import InputError
from models.forecast.forecast import Forecast
from pipeline.outputs.model_files import read_forecast

EXPLAIN = "explain"
"""Name of the inference parameter that asks for reasons: a target's name, or empty for none."""


BESIDE = frozenset(
    {"lead_id", "as_of", "as_of_us", "target", "part", "y", "at_risk", "outcome_at", "seen_us", "evidence"}
)
"""What the files of a run hold beside features: these columns may stand in a row, and say nothing."""


class ServedForecast:
    """A forecast as MLflow calls it.

    Parameters
    ----------
    forecast : Forecast
        The loaded model.

    Notes
    -----
    ``mlflow.pyfunc.load_model`` wraps this; nobody else needs it.
    """

    def __init__(self, forecast: Forecast) -> None:
        self.forecast = forecast

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return probabilities for rows of features.

        Parameters
        ----------
        model_input : DataFrame
            One row a lead and as-of time; the feature columns in any order. An absent column is unknown. Beside them
            may stand what a run writes beside features (`BESIDE`); any other column is refused.
        params : dict, optional
            ``{"explain": "sql"}`` adds the exact parts of that target's log-odds.

        Returns
        -------
        DataFrame
            Index as ``model_input``, one row a row of it: ``p_sql``, ``p_close`` as far as they are targets of the
            source, between 0 and 1. With ``explain``, also ``base_log_odds`` and one column ``log_odds:<feature>`` a
            feature, in log-odds; they add up to the log-odds of the forecast. A lead that has reached the target
            already has no reasons: its base is missing.

        Raises
        ------
        MlflowException
            Which the server answers with 400: if a column is no feature, if there is none at all, if a value does not
            have its column's type, or if ``explain`` names no target of this model.
        """
        try:
            return self._predict(model_input, params)
        except InputError as error:
            from mlflow.exceptions import MlflowException  # MLflow is there already where it calls this

            raise MlflowException.invalid_parameter_value(str(error)) from error

    def _predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None) -> pd.DataFrame:
        _require_features(model_input, self.forecast)
        X = feature_frame(model_input, self.forecast)
        result = self.forecast.predict(X)[[f"p_{target}" for target in self.forecast.targets]]
        target = str((params or {}).get(EXPLAIN) or "")
        if not target:
            return result
        explanation = self.forecast.explain(X, target)
        parts = explanation.contributions.add_prefix("log_odds:")
        parts.insert(0, "base_log_odds", explanation.base.where(~explanation.reached))
        return result.join(parts)


def feature_frame(given: pd.DataFrame, forecast: Forecast) -> pd.DataFrame:
    """Return the features a forecast reads, in its order and types; columns that are absent are unknown throughout."""
    columns = {}
    for feature in forecast.features:
        values = given[feature.name] if feature.name in given.columns else pd.Series(None, given.index, dtype=object)
        if feature.dtype == "category":
            columns[feature.name] = _as_text(values, feature.name)
        else:
            columns[feature.name] = _as_numbers(values, feature.name)
    return pd.DataFrame(columns, index=given.index)


def _require_features(given: pd.DataFrame, forecast: Forecast) -> None:
    """Refuse columns that are no features by their names: a forecast without them would be one from nothing."""
    names = [feature.name for feature in forecast.features]
    columns = [str(name) for name in given.columns]
    unknown = [name for name in columns if name not in names and name not in BESIDE]
    if not unknown and any(name in names for name in columns):
        return
    close = get_close_matches(unknown[0], names, n=1) if unknown else []
    meant = f"Did you mean {close[0]}? " if close else ""
    raise InputError(
        expected=f"columns out of the {len(names)} features of this model, such as {', '.join(names[:3])}",
        found=f"{', '.join(map(repr, unknown))}, which it does not know" if unknown else "none of them",
        table="features",
        hint=f"{meant}feature_list.json of the run lists them all. The raw fields of a lead go to POST /v1/score of "
        "the server (leadscore serve), which makes features of them",
    )


def _as_text(values: pd.Series, name: str) -> pd.Series:
    texts = values.astype(object).where(values.notna(), None)
    other = next((value for value in texts if value is not None and not isinstance(value, str)), None)
    if other is not None:
        raise InputError(expected="text", found=repr(other), table="features", column=name)
    return texts


def _as_numbers(values: pd.Series, name: str) -> pd.Series:
    try:
        return values.astype(object).where(values.notna(), np.nan).astype("float64")
    except (ValueError, TypeError) as error:
        raise InputError(expected="numbers", found=str(error), table="features", column=name) from None


def _load_pyfunc(path: str) -> ServedForecast:
    """Load the saved form; MLflow calls this by name."""
    return ServedForecast(read_forecast(Path(path)))
