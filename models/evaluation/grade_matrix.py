"""What became of the leads of each pair of grades, and whom the cut-off promotes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.forecast.grades import BEHAVIOUR_GRADES, FIT_GRADES
from models.measures.wilson import wilson

CELLS = [(fit, behaviour) for fit in reversed(FIT_GRADES) for behaviour in reversed(BEHAVIOUR_GRADES)]
"""A1, A2, … D4."""


def one_look_a_lead(lead_ids: pd.Series, *, seed: int) -> npt.NDArray[np.intp]:
    """Return the positions of one row of each lead, drawn by chance; rising.

    A lead with many looks counts once, and what is drawn is like a look at a lead on any night.
    """
    order = np.random.default_rng(seed).permutation(len(lead_ids))
    _, first = np.unique(lead_ids.to_numpy(dtype=str)[order], return_index=True)
    return np.sort(order[first])


def grade_matrix(grades: pd.DataFrame, y: npt.ArrayLike, promoted: npt.ArrayLike) -> pd.DataFrame:
    """Count leads, outcomes and promotions in each of the sixteen cells.

    Parameters
    ----------
    grades : DataFrame
        ``fit_grade`` (A to D) and ``behaviour_grade`` (1 to 4); one row a lead.
    y : array of 0 or 1
        Whether the lead reached the target.
    promoted : array of bool
        Whether it passes the cut-off for MQL at this look.

    Returns
    -------
    DataFrame
        Sixteen rows, A1 first and D4 last: ``fit_grade``, ``behaviour_grade``, ``leads``, ``outcomes``, ``rate`` with
        its 95 % bounds ``low`` and ``high`` (Wilson), ``promoted`` (share, 0 to 1); shares of no lead are nan.

    Examples
    --------
    >>> grades = pd.DataFrame({"fit_grade": ["A", "A", "D"], "behaviour_grade": ["1", "1", "4"]})
    >>> grade_matrix(grades, [1, 0, 0], [True, True, False]).loc[[0, 15], ["leads", "rate", "promoted"]]
        leads  rate  promoted
    0       2   0.5       1.0
    15      1   0.0       0.0
    """
    names = ["fit_grade", "behaviour_grade"]
    rows = (
        grades[names]
        .astype(str)
        .assign(y=np.asarray(y, dtype="float64"), promoted=np.asarray(promoted, dtype="float64"))
    )
    cells = rows.groupby(names).agg(leads=("y", "size"), outcomes=("y", "sum"), promoted=("promoted", "mean"))
    table = cells.reindex(pd.MultiIndex.from_tuples(CELLS, names=names)).reset_index()
    table[["leads", "outcomes"]] = table[["leads", "outcomes"]].fillna(0).astype("int64")
    low, high = wilson(table["outcomes"], table["leads"])
    some = table["leads"] > 0
    table = table.assign(rate=table["outcomes"] / table["leads"].where(some), low=low, high=high)
    table[["low", "high"]] = table[["low", "high"]].where(some)
    return table[[*names, "leads", "outcomes", "rate", "low", "high", "promoted"]]
