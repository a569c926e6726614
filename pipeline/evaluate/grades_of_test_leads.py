"""The grades of test leads, and what became of each pair of grades."""

from __future__ import annotations

import pandas as pd

from models.bands import may_enter, passes
from models.cutoffs.cutoffs import Cutoffs
from models.evaluation.grade_matrix import grade_matrix, one_look_a_lead
from models.forecast.forecast import Forecast
from models.rules.baseline import Baseline

MOST_LEADS = 8_000
"""Leads graded; more are drawn from. Explaining a look costs a millisecond or two."""


def graded_test_leads(
    test: pd.DataFrame, forecast: Forecast, baseline: Baseline, cutoffs: Cutoffs, *, seed: int
) -> pd.DataFrame | None:
    """Return the matrix of grades over the test leads, each at one look drawn by chance.

    Parameters
    ----------
    test : DataFrame
        Test rows of the cut-offs' target, with features, ``y`` and ``p``.
    seed : int
        Of the draw.

    Returns
    -------
    DataFrame or None
        As `models.evaluation.grade_matrix.grade_matrix`; None where too few outcomes were known to grade by.
    """
    if forecast.grades is None:
        return None
    rows = test.iloc[one_look_a_lead(test["lead_id"], seed=seed)]
    if len(rows) > MOST_LEADS:
        rows = rows.sample(MOST_LEADS, random_state=seed)
    grades = forecast.grades.assign(forecast.explain(rows, cutoffs.target).contributions, forecast.features)
    may = may_enter(baseline.excluded(rows), baseline.gates_open(rows))
    return grade_matrix(grades, rows["y"].astype("float64"), passes(rows["p"], may, cutoffs.at).mql)
