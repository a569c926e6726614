"""Why a lead has its probability: contributions summed by subject, worded with the lead's own values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.catalog.feature import Feature
from features.families.journey import CURRENT_STAGE
from features.language.languages import LANGUAGES
from features.language.sentences import words
from models.arrays import Floats
from models.forecast.forecast import Explanation
from models.log_odds import log_odds_to_probability

Value = float | str | bool | None

OTHER = "other"
"""Family and subject of the reason that sums what is not named."""
REACHED = "reached"


@dataclass(frozen=True)
class Reason:
    """One reason of one lead for one target.

    Attributes
    ----------
    family, subject : str
        What the reason is about; ``other`` holds all that is not named.
    log_odds : float
        Sum of the contributions of the subject's features; above 0 speaks for the outcome.
    percentage_points : float
        The same as a difference of probability, -100 to 100; see ``percentage_points``.
    value : number, str, bool or None
        The lead's own value of the feature that says most in the reason's direction.
    de, en : str
        The reason in words.
    """

    family: str
    subject: str
    log_odds: float
    percentage_points: float
    value: Value
    de: str
    en: str

    def to_json(self) -> dict[str, Any]:
        """Return the reason as JSON has it."""
        return asdict(self)


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
    explanation: Explanation, X: pd.DataFrame, features: Sequence[Feature], *, top: int = 5
) -> list[tuple[Reason, ...]]:
    """Give each row its reasons, the strongest first, and ``other`` last.

    Parameters
    ----------
    explanation : Explanation
        Of the rows of ``X``, for one target.
    X : DataFrame
        The feature rows, in the order of the explanation.
    features : sequence of Feature
        Family, subject and wording of each contribution.
    top : int
        Reasons named; the rest is summed in ``other``.

    Returns
    -------
    list of tuple of Reason
        One tuple a row. Log-odds sum to log-odds - base, percentage points to 100 · (p - p(base)). A row that has
        reached the target has one reason that says so, and a row at the base rate has none.
    """
    values = explanation.contributions[[feature.name for feature in features]].to_numpy(dtype=np.float64)
    subjects = _Subjects(features)
    sums = subjects.sums(values)
    points = percentage_points(sums, explanation.base.to_numpy(dtype=np.float64))
    order = np.argsort(-np.abs(sums), axis=1, kind="stable")
    cells = X[[feature.name for feature in features]]
    columns = [cells[name].array for name in cells.columns]
    reached = explanation.reached.to_numpy(dtype=bool)
    result: list[tuple[Reason, ...]] = []
    for row in range(len(X)):
        if reached[row]:
            result.append((_reached(explanation.target, X, row),))
            continue
        named = [int(s) for s in order[row, :top] if sums[row, s] != 0.0]
        row_reasons = [
            _reason(features[f], columns[f][row], sums[row, s], points[row, s])
            for s in named
            for f in [subjects.spokesman(s, values[row], sums[row, s])]
        ]
        rest = [int(s) for s in order[row, top:] if sums[row, s] != 0.0]
        if rest:
            row_reasons.append(_other(float(sums[row, rest].sum()), float(points[row, rest].sum())))
        result.append(tuple(row_reasons))
    return result


class _Subjects:
    """Which features belong together."""

    def __init__(self, features: Sequence[Feature]) -> None:
        keys = [(feature.family, feature.subject) for feature in features]
        listed = sorted(set(keys))
        position = {key: number for number, key in enumerate(listed)}
        self._subject = [position[key] for key in keys]
        self._members = [np.flatnonzero(np.equal(self._subject, number)) for number in range(len(listed))]

    def sums(self, contributions: Floats) -> Floats:
        """Return each subject's sum, one column a subject; a row has the same sums alone and among others.

        Feature by feature: a matrix product would add in another order for one row than for many.
        """
        sums = np.zeros((len(contributions), len(self._members)))
        for feature, subject in enumerate(self._subject):
            sums[:, subject] += contributions[:, feature]
        return sums

    def spokesman(self, subject: int, contributions: Floats, total: float) -> int:
        """Return the member whose contribution goes furthest in the direction of the subject's sum."""
        members = self._members[subject]
        return int(members[np.argmax(contributions[members] * np.sign(total))])


def _reason(feature: Feature, cell: object, log_odds: float, points: float) -> Reason:
    value = _plain(cell, feature)
    said = float(value) if isinstance(value, bool) else value
    sentences = {language: feature.say(said, language) for language in LANGUAGES}
    return Reason(feature.family, feature.subject, float(log_odds), float(points), value, **sentences)


def _plain(cell: object, feature: Feature) -> Value:
    """Return a cell as JSON has it; missing and infinite are None."""
    if pd.isna(cell):  # type: ignore[call-overload]
        return None
    if feature.dtype == "category":
        return str(cell)
    number = float(str(cell)) if not isinstance(cell, bool) else float(cell)
    if not math.isfinite(number):
        return None
    return bool(number) if feature.dtype == "boolean" else number


def _other(log_odds: float, points: float) -> Reason:
    return Reason(OTHER, OTHER, log_odds, points, None, **words("reason.other").model_dump())


def _reached(target: str, X: pd.DataFrame, row: int) -> Reason:
    stage = str(X[CURRENT_STAGE].iloc[row])
    said = words("reason.reached", stage=stage).model_dump()
    return Reason("journey", f"{REACHED}_{target}", 0.0, 0.0, stage, **said)
