"""From feature rows to score rows: the one place where nightly scoring and the online request become the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.families.stages import CURRENT_STAGE
from features.source_spec import TARGETS, Condition, Exclusion
from features.time_units import DAY_US
from models.arrays import Bools, Floats
from models.bands import PerBand, band_of, may_enter, passes
from models.cutoffs.cutoffs import Cutoffs
from models.feature_rows import FeatureRows
from models.forecast.due_curves import curve_days, told
from models.forecast.forecast import Forecast
from models.forecast.forecast_rows import ForecastRows
from models.forecast.saved_form import MANIFEST, text_digest
from models.remembered import remembered
from models.rules.conditions import are_all_met, is_met
from models.rules.points import PointsRules, given_points, points_of
from models.rules.points_reasons import points_reasons_of_given
from models.rules.sales_veto import VETO, Veto, vetoed
from models.scoring.groups import counted_as, is_with_sales
from models.scoring.reasons import reason_rows
from models.scoring.score_columns import SCORE_COLUMNS, expected_days_to, probability_of

FEW_ROWS = 16
"""Rows up to which each is asked by itself what applies to it."""


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
    rows = forecast.read(X)
    columns = score_columns(rows, forecast=forecast, cutoffs=cutoffs, rules=rules, top_reasons=top_reasons)
    scores = {"lead_id": ids["lead_id"].to_numpy(), "as_of": ids["as_of"].array, **columns}
    listed = {name: scores[name] for name in SCORE_COLUMNS}
    # pandas makes texts of objects otherwise, and NaN of None
    objects = {name: pd.Series(v, X.index, object) for name, v in columns.items() if v.dtype == object}
    return pd.DataFrame({**listed, **objects}, index=X.index)


def score_columns(
    rows: ForecastRows,
    *,
    forecast: Forecast,
    cutoffs: Cutoffs,
    rules: PointsRules | None = None,
    top_reasons: int = 5,
) -> dict[str, NDArray[Any]]:
    """Return the columns of `score_rows` but for the lead and the time, one entry a row.

    Parameters
    ----------
    rows : ForecastRows
        What the forecast has read.
    forecast, cutoffs, rules, top_reasons
        As for `score_rows`.
    """
    X, predicted = rows.rows, rows.predicted()
    entry = _entry(X, forecast, cutoffs, rules)
    exclusions, gates, may, excluded = entry.exclusions, entry.gates, entry.may, entry.exclusions.astype(bool)
    band = band_of(passes(predicted[probability_of(cutoffs.target)], may, cutoffs.at))
    stage = X.objects(CURRENT_STAGE) if CURRENT_STAGE in X else np.full(len(X), None)
    reached = predicted[f"reached_{cutoffs.target}"]
    with_sales = is_with_sales(stage, forecast.spec)
    unknown = np.full(len(X), np.nan)
    return {
        **{name: predicted.get(name, unknown) for name in map(probability_of, TARGETS)},
        "band": band,
        "stage": stage,
        "reached": reached,
        "excluded": excluded,
        "exclusions": exclusions,
        "counted_as": counted_as(band, reached=reached, with_sales=with_sales, excluded=excluded),
        "gates_missing": _gates_missing(X, gates),
        **_points(X, rules, excluded, may),
        **_outlook(rows, forecast),
        **_reasons(rows, forecast, cutoffs.target, reached, top_reasons),
    }


def chance_and_band(
    X: pd.DataFrame, *, forecast: Forecast, cutoffs: Cutoffs, rules: PointsRules | None = None
) -> tuple[Floats, NDArray[np.str_]]:
    """Return the probability that cut-offs work on and the band of each row, as `score_rows` gives them, and no more.

    Parameters
    ----------
    X : DataFrame
        Feature rows.
    forecast, cutoffs, rules
        As for `score_rows`.
    """
    rows = forecast.read(X)
    p = rows.predicted()[probability_of(cutoffs.target)]
    entry = _entry(rows.rows, forecast, cutoffs, rules)
    return np.asarray(p, dtype=np.float64), band_of(passes(p, entry.may, cutoffs.at))


class _Entry(NamedTuple):
    """Why each row is excluded, what a SAL needs, and who may be promoted to what."""

    exclusions: NDArray[np.object_]
    gates: Sequence[Condition]
    may: PerBand[Bools]


def _entry(X: FeatureRows, forecast: Forecast, cutoffs: Cutoffs, rules: PointsRules | None) -> _Entry:
    rule_exclusions = rules.exclusions if rules is not None else ()
    exclusions = _exclusions(X, (*forecast.spec.exclusions, *rule_exclusions), cutoffs.veto)
    gates = rules.gates.SAL if rules is not None else ()
    return _Entry(exclusions, gates, may_enter(exclusions.astype(bool), are_all_met(X, gates)))


def _points(X: FeatureRows, rules: PointsRules | None, excluded: Bools, may: PerBand[Bools]) -> dict[str, NDArray[Any]]:
    if rules is None:
        none = np.full(len(X), None)
        nothing = _objects([[] for _ in range(len(X))])
        return {"points": np.full(len(X), np.nan), "points_band": none, "points_reasons": nothing}
    given = given_points(X, rules)
    points = points_of(given.points, rules)
    reasons = points_reasons_of_given(given, rules)
    said: dict[int, dict[str, Any]] = {}  # by which object it is: rows with the same reason share it
    why = _objects([[said.get(id(one)) or said.setdefault(id(one), one.to_json()) for one in row] for row in reasons])
    return {"points": points, "points_band": band_of(passes(points, may, rules.cutoffs.at)), "points_reasons": why}


def _outlook(rows: ForecastRows, forecast: Forecast) -> dict[str, NDArray[Any]]:
    days = curve_days(forecast.spec)
    outlooks = rows.outlook(np.array(days) * DAY_US)
    curves = told({name: outlook.curve for name, outlook in outlooks.items()}, days)
    means = {name: np.round(outlook.expected_days, 3) for name, outlook in outlooks.items()}
    unknown = np.full(len(rows.rows), np.nan)
    expected = {expected_days_to(target): means.get(target, unknown) for target in TARGETS}
    return {"curve": _objects(curves), **expected}


def _reasons(
    rows: ForecastRows, forecast: Forecast, target: str, reached: Bools, top: int
) -> dict[str, NDArray[np.object_]]:
    explained, features = rows.explained(target), forecast.features
    why = reason_rows(explained, rows.rows, features, spec=forecast.spec, top=top)
    if "close" in forecast.targets and target != "close" and reached.any():
        of_close = reason_rows(
            rows.explained("close", reached), rows.rows.where(reached), features, spec=forecast.spec, top=top
        )
        for row, reasons in zip(np.flatnonzero(reached), of_close, strict=True):
            why[row] = reasons
    grades = {name: np.full(len(rows.rows), None) for name in ("fit_grade", "behaviour_grade")}
    if forecast.grades is not None:
        assigned, open_rows = forecast.grades.assigned(explained.contributions, features), ~explained.reached
        for name, values in grades.items():
            values[open_rows] = assigned[name][open_rows].tolist()
    return {**grades, "reasons": _objects(why)}


def _exclusions(X: FeatureRows, exclusions: Sequence[Exclusion], veto: Veto | None) -> NDArray[np.object_]:
    """Return for each row the name of every exclusion that applies, sales' veto among them."""
    applies: dict[str, Bools] = {}
    for exclusion in exclusions:
        applies[exclusion.name] = applies.get(exclusion.name, False) | are_all_met(X, exclusion.when)
    applies[VETO] = applies.get(VETO, False) | vetoed(X, veto)
    return _sets([{"name": name} for name in applies], np.column_stack(list(applies.values())))


def _gates_missing(X: FeatureRows, gates: Sequence[Condition]) -> NDArray[np.object_]:
    """Return for each row every gate to SAL that is closed: its column and its condition."""
    parts = _gate_parts(gates)
    closed = [~is_met(X, gate) for gate in gates]
    return _sets(parts, np.column_stack(closed) if closed else np.zeros((len(X), 0), dtype=bool))


@remembered
def _gate_parts(gates: Sequence[Condition]) -> list[dict[str, Any]]:
    """Return each gate as JSON has it; nobody changes it."""
    return [
        {"column": g.column, "condition": g.model_dump(mode="json", by_alias=True, exclude_none=True)} for g in gates
    ]


def _sets(parts: Sequence[dict[str, Any]], applies: Bools) -> NDArray[np.object_]:
    """Return for each row the parts that apply; rows to which the same ones apply share a list."""
    if len(applies) <= FEW_ROWS:
        return _objects([list(compress(parts, row)) for row in applies.tolist()])
    number = np.zeros(len(applies), dtype=np.int64)
    for column in applies.T:  # numbered anew with each part, so that the numbers stay small
        number = np.unique(2 * number + column, return_inverse=True)[1]
    _, first, place = np.unique(number, return_index=True, return_inverse=True)
    distinct = [[part for part, at in zip(parts, applies[row], strict=True) if at] for row in first]
    return _objects([distinct[at] for at in place.tolist()])


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Return lists as one column: numpy must not take them apart."""
    return np.fromiter(values, dtype=object, count=len(values))
