"""From feature rows to score rows: the one place where nightly scoring and the online request become the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from features.families.journey import CURRENT_STAGE
from features.language.languages import Words
from features.language.sentences import words as words_of
from features.source_spec import TARGETS, Condition, Exclusion, SourceSpec
from features.time_units import DAY_US
from models.bands import band_of, may_enter, passes
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.due_curves import curve_days, told
from models.forecast.forecast import Explanation, Forecast
from models.forecast.saved_form import MANIFEST, text_digest
from models.rules.conditions import all_hold, holds
from models.rules.points import PointsRules, score_points
from models.rules.points_reasons import condition_words, points_reasons_of_rows
from models.rules.sales_veto import VETO, Veto, vetoed
from models.scoring.groups import counted_as, is_with_sales
from models.scoring.reasons import reasons
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
    predicted = forecast.predict(X)
    rule_exclusions = rules.exclusions if rules is not None else ()
    exclusions = _exclusions(X, (*spec.exclusions, *rule_exclusions), cutoffs.veto)
    gates = rules.gates.SAL if rules is not None else ()
    excluded = exclusions.map(bool)
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
    scores["gates_missing"] = _gates_missing(X, gates, spec)
    scores = _with_outlook(_with_points(scores, X, rules, spec), X, forecast)
    return _with_reasons(scores, X, forecast, cutoffs.target, top_reasons)[list(SCORE_COLUMNS)]


def _with_points(scores: pd.DataFrame, X: pd.DataFrame, rules: PointsRules | None, spec: SourceSpec) -> pd.DataFrame:
    if rules is None:
        nothing = _objects([[] for _ in range(len(X))], X.index)
        return scores.assign(points=np.nan, points_band=None, points_reasons=nothing)
    points = score_points(X, rules, exclusions=spec.exclusions)
    may = may_enter(scores["excluded"], points["gates_open"])
    bands = band_of(passes(points["points"], may, rules.cutoffs.at))
    worded = [[asdict(reason) for reason in row] for row in points_reasons_of_rows(X, rules, spec)]
    return scores.assign(points=points["points"], points_band=bands, points_reasons=_objects(worded, X.index))


def _with_outlook(scores: pd.DataFrame, X: pd.DataFrame, forecast: Forecast) -> pd.DataFrame:
    days = curve_days(forecast.spec)
    outlooks = forecast.outlook(X, np.array(days) * DAY_US)
    curves = told({name: outlook.curve for name, outlook in outlooks.items()}, days)
    means = {name: np.round(outlook.expected_days, 3) for name, outlook in outlooks.items()}
    return scores.assign(
        curve=_objects(curves, X.index),
        **{expected_days_to(target): means.get(target, np.nan) for target in TARGETS},
    )


def _with_reasons(scores: pd.DataFrame, X: pd.DataFrame, forecast: Forecast, target: str, top: int) -> pd.DataFrame:
    explanation = forecast.explain(X, target)
    row_reasons = _reasons(explanation, X, forecast, top)
    if "close" in forecast.targets and target != "close" and scores["reached"].any():
        later = scores["reached"].to_numpy()
        of_close = _reasons(forecast.explain(X[later], "close"), X[later], forecast, top)
        for row, worded in zip(np.flatnonzero(later), of_close, strict=True):
            row_reasons[row] = worded
    if forecast.grades is None:
        grades = pd.DataFrame({"fit_grade": None, "behaviour_grade": None}, index=X.index)
    else:
        grades = forecast.grades.assign(explanation.contributions, forecast.features).astype(object)
        grades[explanation.reached] = None
    return scores.assign(
        fit_grade=grades["fit_grade"],
        behaviour_grade=grades["behaviour_grade"],
        reasons=_objects(row_reasons, X.index),
    )


def _reasons(explanation: Explanation, X: pd.DataFrame, forecast: Forecast, top: int) -> list[list[dict[str, Any]]]:
    return [[reason.to_json() for reason in row] for row in reasons(explanation, X, forecast.features, top=top)]


def _exclusions(X: pd.DataFrame, exclusions: Sequence[Exclusion], veto: Veto | None) -> pd.Series:
    """Return for each row every exclusion that applies, sales' veto among them: name and words."""
    applying: list[dict[str, dict[str, Any]]] = [{} for _ in range(len(X))]
    for exclusion in exclusions:
        words = exclusion.words or Words.same(exclusion.name)
        for row in np.flatnonzero(all_hold(X, exclusion.when).to_numpy()):
            applying[row].setdefault(exclusion.name, {"name": exclusion.name, "de": words.de, "en": words.en})
    vetoed_words = words_of(VETO)
    for row in np.flatnonzero(vetoed(X, veto)):
        applying[row][VETO] = {"name": VETO, "de": vetoed_words.de, "en": vetoed_words.en}
    return _objects([list(row.values()) for row in applying], X.index)


def _gates_missing(X: pd.DataFrame, gates: Sequence[Condition], spec: SourceSpec) -> pd.Series:
    """Return for each row every gate to SAL that is closed: column and words."""
    missing: list[list[dict[str, Any]]] = [[] for _ in range(len(X))]
    for gate in gates:
        words = condition_words(gate, spec)
        for row in np.flatnonzero(~holds(X, gate).to_numpy()):
            missing[row].append({"column": gate.column, "de": words.de, "en": words.en})
    return _objects(missing, X.index)


def _objects(values: list[Any], index: pd.Index) -> pd.Series:
    """Return lists as one column: pandas must not take them apart."""
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return pd.Series(column, index=index, dtype=object)
