"""Why a lead has its probability: contributions summed by subject, with the lead's own values.

Nothing is worded here: `models.scoring.wording` says it when somebody reads it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.catalog.feature import Feature
from features.families.stages import CURRENT_STAGE
from features.source_spec import SourceSpec
from models.arrays import Floats, Ints
from models.feature_rows import FeatureRows
from models.forecast.forecast_rows import ExplainedRows, Explanation
from models.log_odds import log_odds_to_probability
from models.remembered import remembered
from models.scoring.reason import OTHER, REACHED, Reason, Value
from models.scoring.subjects import HIGH_INTENT, Subjects, did_lately, latest_acts, subjects_of

FEW_VALUES = 64
"""Values up to which each is read by itself."""


def percentage_points(contributions: Floats, base: Floats) -> Floats:
    """Return contributions as differences of probability, in percentage points; each row sums to p - p(base).

    Along the straight line from the base to the row's log-odds every contribution grows in step, so each gets
    100 · c · (p - p(base)) / sum(c): the integral of its effect along that line (Aumann-Shapley; integrated
    gradients of the logistic function). Signs and order are those of the log-odds. Where sum(c) is 0, the quotient
    is its limit, p · (1 - p).

    Parameters
    ----------
    contributions : array of shape (rows, parts)
        In log-odds.
    base : array of length rows
        In log-odds; infinite for rows without contributions.
    """
    total = contributions.sum(axis=1)
    middle = np.where(np.isfinite(base), base, 0.0) + total / 2.0
    tiny = np.abs(total) < 1e-6
    p, p_base = log_odds_to_probability(middle + total / 2.0), log_odds_to_probability(middle - total / 2.0)
    limit = log_odds_to_probability(middle) * log_odds_to_probability(-middle)
    slope = np.where(tiny, limit, (p - p_base) / np.where(tiny, 1.0, total))
    return 100.0 * contributions * slope[:, None]


def reasons(
    explanation: Explanation,
    X: pd.DataFrame | FeatureRows,
    features: Sequence[Feature],
    *,
    spec: SourceSpec | None = None,
    top: int = 5,
) -> list[tuple[Reason, ...]]:
    """Give each row its reasons, the strongest first, and ``other`` last; see `reason_rows`."""
    rows = ExplainedRows(
        explanation.target,
        explanation.base.to_numpy(dtype=np.float64),
        explanation.log_odds.to_numpy(dtype=np.float64),
        explanation.contributions[[feature.name for feature in features]].to_numpy(dtype=np.float64),
        explanation.bound_by.to_numpy(dtype=object),
        explanation.reached.to_numpy(dtype=bool),
    )
    return [tuple(Reason(**reason) for reason in row) for row in reason_rows(rows, X, features, spec=spec, top=top)]


def reason_rows(
    explained: ExplainedRows,
    X: pd.DataFrame | FeatureRows,
    features: Sequence[Feature],
    *,
    spec: SourceSpec | None = None,
    top: int = 5,
) -> list[list[dict[str, Any]]]:
    """Give each row its reasons as JSON has them, the strongest first, and ``other`` last.

    Parameters
    ----------
    explained : ExplainedRows
        Of the rows of ``X``, for one target; a column a feature.
    X : DataFrame or FeatureRows
        The feature rows, in the order of the explanation.
    features : sequence of Feature
        Family and subject of each contribution.
    spec : SourceSpec, optional
        Which columns make one reason together; without it, those of one family and subject.
    top : int
        Reasons named; the rest is summed in ``other``. What a lead did with clear intent of late is always among them.

    Returns
    -------
    list of list of dict
        One list a row, of what `Reason` holds. Log-odds sum to log-odds - base, percentage points to
        100 · (p - p(base)). A row that has reached the target has one reason that says so, and a row at the base rate
        has none.
    """
    rows, values = FeatureRows.of(X), explained.contributions
    subjects = subjects_of(features, spec)
    columns = _columns_of(subjects)
    sums = columns.sums(values)
    points = percentage_points(sums, explained.base)
    named = _named_subjects(sums, rows, subjects, top)
    # of each row, the subjects that are named and say something, in their order
    row, place = np.nonzero(np.take_along_axis(sums, named, axis=1))
    subject = named[row, place]
    speaking = columns.spokesmen(values, sums)[row, subject]
    numbers = zip(sums[row, subject].tolist(), points[row, subject].tolist(), strict=True)
    said = speaking.tolist(), _values(rows, features, row, speaking), numbers
    listed = [
        _reason(subjects.listed[about], features[at].name, value, odds, share)
        for about, at, value, (odds, share) in zip(subject.tolist(), *said, strict=True)
    ]
    _tell_beside(listed, rows, subjects, row, subject)
    ends = np.cumsum(np.bincount(row, minlength=len(X))).tolist()
    result = [listed[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)] if len(X) else []
    _add_others(result, sums, points, named)
    _say_reached(result, explained, rows)
    return result


def _named_subjects(sums: Floats, X: FeatureRows, subjects: Subjects, top: int) -> Ints:
    """Return the subjects that each row names, the strongest first; clear intent of late takes the last place."""
    named = np.argsort(-np.abs(sums), axis=1, kind="stable")[:, :top]
    if HIGH_INTENT not in subjects.listed:
        return named
    intent = subjects.listed.index(HIGH_INTENT)
    if intent in subjects.acts:
        unnamed = did_lately(X, subjects.acts[intent]) & (sums[:, intent] != 0.0) & (named != intent).all(axis=1)
        named[unnamed, -1] = intent
    return named


def _tell_beside(listed: list[dict[str, Any]], X: FeatureRows, subjects: Subjects, row: Ints, subject: Ints) -> None:
    """Add to each reason what its sentence tells besides the value that speaks: acts, and values of other columns."""
    for about, columns in subjects.acts.items():
        at = np.flatnonzero(subject == about)
        if len(at):
            for place, acts in zip(at.tolist(), latest_acts(X, columns, row[at]), strict=True):
                listed[place]["acts"] = acts
    for about, features in subjects.beside.items():
        at = np.flatnonzero(subject == about)
        for feature in features if len(at) else ():
            values = _values(X, [feature], row[at], np.zeros(len(at), dtype=np.int64))
            for place, value in zip(at.tolist(), values, strict=True):
                listed[place].setdefault("beside", {})[feature.name] = value


class _Columns:
    """Which columns belong to which subject."""

    def __init__(self, subject: Ints, count: int) -> None:
        self._count, self._subject = count, subject
        self._order = np.argsort(self._subject, kind="stable")
        self._first = np.searchsorted(self._subject[self._order], np.arange(self._count))

    def sums(self, contributions: Floats) -> Floats:
        """Return each subject's sum, one column a subject; a row has the same sums alone and among others.

        Feature by feature, as `bincount` does: a matrix product would add in another order for one row than for many.
        """
        rows = len(contributions)
        cell = (np.arange(rows)[:, None] * self._count + self._subject).ravel()
        sums = np.bincount(cell, contributions.ravel(), rows * self._count)
        return np.asarray(sums, dtype=np.float64).reshape(rows, self._count)

    def spokesmen(self, contributions: Floats, sums: Floats) -> Ints:
        """Return for each row and subject the first feature that goes furthest in the direction of its sum."""
        towards = (contributions * np.sign(sums)[:, self._subject])[:, self._order]
        furthest = np.maximum.reduceat(towards, self._first, axis=1)[:, self._subject[self._order]]
        places = np.where(towards == furthest, self._order, len(self._order))
        return np.asarray(np.minimum.reduceat(places, self._first, axis=1))


@remembered
def _columns_of(subjects: Subjects) -> _Columns:
    """Return the columns of each subject; `subjects_of` gives those of one model as one object."""
    return _Columns(subjects.of_feature, len(subjects.listed))


def _values(X: FeatureRows, features: Sequence[Feature], row: Ints, speaking: Ints) -> list[Value]:
    """Return the cells of some rows and features as JSON has them; missing and infinite are None."""
    result = np.empty(len(row), dtype=object)
    if len(row) <= FEW_VALUES:
        for number, (at, place) in enumerate(zip(row.tolist(), speaking.tolist(), strict=True)):
            result[number] = _value(X.values(features[place].name)[at], features[place])
        return list(result)
    for place in np.unique(speaking):
        at, feature = np.flatnonzero(speaking == place), features[place]
        cells = X.values(feature.name)[row[at]]
        if feature.dtype == "category":
            result[at] = [None if cell is None else str(cell) for cell in cells]
            continue
        numbers = np.asarray(cells, dtype=np.float64)
        known = np.isfinite(numbers)
        said = (numbers != 0.0).astype(object) if feature.dtype == "boolean" else numbers.astype(object)
        said[~known] = None
        result[at] = said
    return list(result)


def _value(cell: Any, feature: Feature) -> Value:
    """Return one cell as JSON has it."""
    if feature.dtype == "category":
        return None if cell is None else str(cell)
    number = float(cell)
    if not math.isfinite(number):
        return None
    return number != 0.0 if feature.dtype == "boolean" else number


def _add_others(result: list[list[dict[str, Any]]], sums: Floats, points: Floats, named: Ints) -> None:
    """Add to each row that has more than it names a reason that sums the rest."""
    unnamed = np.ones(sums.shape, dtype=bool)
    np.put_along_axis(unnamed, named, values=False, axis=1)
    says = (unnamed & (sums != 0.0)).any(axis=1)
    # C order, so that a row is added up the same way alone and among others
    log_odds = np.where(unnamed, sums, 0.0).sum(axis=1).tolist()
    rest = np.where(unnamed, points, 0.0).sum(axis=1).tolist()
    for row in np.flatnonzero(says).tolist():
        result[row].append(_reason((OTHER, OTHER), None, None, log_odds[row], rest[row]))


def _say_reached(result: list[list[dict[str, Any]]], explained: ExplainedRows, X: FeatureRows) -> None:
    """Give each row that has reached the target the one reason that says so."""
    for row in np.flatnonzero(explained.reached).tolist():
        stage = str(X.values(CURRENT_STAGE)[row])
        subject = f"{REACHED}_{explained.target}"
        result[row] = [_reason(("journey", subject), CURRENT_STAGE, stage, 0.0, 0.0)]


def _reason(
    about: tuple[str, str], feature: str | None, value: Value, log_odds: float, points: float
) -> dict[str, Any]:
    """Return what `Reason` holds, as JSON has it."""
    return {
        "family": about[0], "subject": about[1], "feature": feature, "value": value,
        "log_odds": log_odds, "percentage_points": points,
    }  # fmt: skip
