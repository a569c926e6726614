"""From feature rows to score rows: the one place where nightly scoring and the online request become the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.families.stages import CURRENT_STAGE
from features.source_spec import TARGETS, Condition, Exclusion, SourceSpec
from features.time_units import DAY_US
from models.arrays import Bools
from models.bands import band_of, may_enter, passes
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.due_curves import curve_days, told
from models.forecast.forecast import Forecast
from models.forecast.forecast_rows import ForecastRows
from models.forecast.saved_form import MANIFEST, text_digest
from models.rules.conditions import all_hold, holds
from models.rules.points import PointsRules, score_points
from models.rules.points_reasons import points_reasons_of_rows
from models.rules.sales_veto import VETO, Veto, vetoed
from models.scoring.groups import counted_as, is_with_sales
from models.scoring.reasons import reason_rows
from models.scoring.score_columns import SCORE_COLUMNS, expected_days_to, probability_of


def model_version(files: Mapping[str, str]) -> str:
    """Return the name of exactly this saved model: the start of its manifest's SHA-256."""
    return text_digest(files[MANIFEST])[:12]


def score_rows(
    X: pd.DataFrame,
    ids: pd.DataFrame,
    *,
    forecast: Forecast,
    cutoffs: Cutoffs,
    rules: PointsRules | None = None,
    top_reasons: int = 5,
) -> pd.DataFrame:
    """Score feature rows.

    Parameters
    ----------
    X : DataFrame
        Feature rows, one a lead and as-of time.
    ids : DataFrame
        ``lead_id`` and ``as_of`` of the same rows.
    forecast : Forecast
        Probabilities and their explanation.
    cutoffs : Cutoffs
        From which probability a lead is MQL and SAL.
    rules : PointsRules, optional
        Today's points; None where the source has none (then points are missing and no gate is closed).
    top_reasons : int
        Reasons named for each row; what is left is summed in one more.

    Returns
    -------
    DataFrame
        Index as ``X``; `models.scoring.score_columns.SCORE_COLUMNS`, where each column says what it holds. JSON columns
        hold lists of dicts; numbers that a source has no target or rules for are missing. A lead that has reached the
        target of the cut-offs has the reasons of the close.
    """
    spec = forecast.spec
    rows = forecast.read(X)
    predicted = rows.predict()
    rule_exclusions = rules.exclusions if rules is not None else ()
    exclusions = _exclusions(X, (*spec.exclusions, *rule_exclusions), cutoffs.veto)
    gates = rules.gates.SAL if rules is not None else ()
    excluded = exclusions.map(bool).astype(bool)
    p = predicted[probability_of(cutoffs.target)]
    reached = predicted[f"reached_{cutoffs.target}"].astype(bool)
    scores = pd.DataFrame({"lead_id": ids["lead_id"].to_numpy(), "as_of": ids["as_of"].array}, index=X.index)
    for name in map(probability_of, TARGETS):
        scores[name] = predicted.get(name, np.nan)
    scores["band"] = band_of(passes(p, may_enter(excluded, all_hold(X, gates)), cutoffs.at))
    scores["stage"] = (
        X[CURRENT_STAGE].astype(object).where(X[CURRENT_STAGE].notna(), None) if CURRENT_STAGE in X else None
    )
    scores["reached"] = reached
    scores["excluded"] = excluded
    scores["exclusions"] = exclusions
    scores["counted_as"] = counted_as(
        scores["band"], reached=reached, with_sales=is_with_sales(scores["stage"], spec), excluded=excluded
    )
    scores["gates_missing"] = _gates_missing(X, gates)
    scores = _with_outlook(_with_points(scores, X, rules, spec), rows, forecast)
    return _with_reasons(scores, rows, forecast, cutoffs.target, top_reasons)[list(SCORE_COLUMNS)]


def _with_points(scores: pd.DataFrame, X: pd.DataFrame, rules: PointsRules | None, spec: SourceSpec) -> pd.DataFrame:
    if rules is None:
        nothing = _objects([[] for _ in range(len(X))], X.index)
        return scores.assign(points=np.nan, points_band=None, points_reasons=nothing)
    points = score_points(X, rules, exclusions=spec.exclusions)
    may = may_enter(scores["excluded"], points["gates_open"])
    bands = band_of(passes(points["points"], may, rules.cutoffs.at))
    reasons = points_reasons_of_rows(X, rules)
    said = {reason: reason.to_json() for reason in {reason for row in reasons for reason in row}}
    why = [[said[reason] for reason in row] for row in reasons]
    return scores.assign(points=points["points"], points_band=bands, points_reasons=_objects(why, X.index))


def _with_outlook(scores: pd.DataFrame, rows: ForecastRows, forecast: Forecast) -> pd.DataFrame:
    days = curve_days(forecast.spec)
    outlooks = rows.outlook(np.array(days) * DAY_US)
    curves = told({name: outlook.curve for name, outlook in outlooks.items()}, days)
    means = {name: np.round(outlook.expected_days, 3) for name, outlook in outlooks.items()}
    return scores.assign(
        curve=_objects(curves, scores.index),
        **{expected_days_to(target): means.get(target, np.nan) for target in TARGETS},
    )


def _with_reasons(scores: pd.DataFrame, rows: ForecastRows, forecast: Forecast, target: str, top: int) -> pd.DataFrame:
    explanation, features = rows.explain(target), forecast.features
    why = reason_rows(explanation, rows.X, features, top=top)
    later = scores["reached"].to_numpy()
    if "close" in forecast.targets and target != "close" and later.any():
        of_close = reason_rows(rows.explain("close", later), rows.X[later], features, top=top)
        for row, reasons in zip(np.flatnonzero(later), of_close, strict=True):
            why[row] = reasons
    if forecast.grades is None:
        grades = pd.DataFrame({"fit_grade": None, "behaviour_grade": None}, index=scores.index)
    else:
        grades = forecast.grades.assign(explanation.contributions, features).astype(object)
        grades[explanation.reached] = None
    return scores.assign(
        fit_grade=grades["fit_grade"],
        behaviour_grade=grades["behaviour_grade"],
        reasons=_objects(why, scores.index),
    )


def _exclusions(X: pd.DataFrame, exclusions: Sequence[Exclusion], veto: Veto | None) -> pd.Series:
    """Return for each row the name of every exclusion that applies, sales' veto among them."""
    applies: dict[str, Bools] = {}
    for exclusion in exclusions:
        rows = all_hold(X, exclusion.when).to_numpy()
        applies[exclusion.name] = applies.get(exclusion.name, False) | rows
    applies[VETO] = applies.get(VETO, False) | vetoed(X, veto)
    return _sets([{"name": name} for name in applies], np.column_stack(list(applies.values())), X.index)


def _gates_missing(X: pd.DataFrame, gates: Sequence[Condition]) -> pd.Series:
    """Return for each row every gate to SAL that is closed: its column and its condition."""
    parts = [
        {"column": g.column, "condition": g.model_dump(mode="json", by_alias=True, exclude_none=True)} for g in gates
    ]
    closed = [~holds(X, gate).to_numpy() for gate in gates]
    return _sets(parts, np.column_stack(closed) if closed else np.zeros((len(X), 0), dtype=bool), X.index)


def _sets(parts: Sequence[dict[str, Any]], applies: Bools, index: pd.Index) -> pd.Series:
    """Return for each row the parts that apply; rows to which the same ones apply share a list."""
    number = np.zeros(len(applies), dtype=np.int64)
    for column in applies.T:  # numbered anew with each part, so that the numbers stay small
        number = np.unique(2 * number + column, return_inverse=True)[1]
    _, first, place = np.unique(number, return_index=True, return_inverse=True)
    distinct = [[part for part, at in zip(parts, applies[row], strict=True) if at] for row in first]
    return _objects([distinct[at] for at in place.tolist()], index)


def _objects(values: Sequence[Any], index: pd.Index) -> pd.Series:
    """Return lists as one column: pandas must not take them apart."""
    return pd.Series(np.fromiter(values, dtype=object, count=len(values)), index=index, dtype=object)
