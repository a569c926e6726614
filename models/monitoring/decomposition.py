"""Where a change of the company's conversion comes from: other groups than before, or groups that convert otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd


def decompose(looked: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """Split the change of conversion between two windows over the groups of one column.

    The company's conversion is the mean of its groups', weighted by leads. So its change is a sum over the groups: the
    mix effect (a group's share of the leads changed, times how far its conversion lies from the company's) and the
    effect within (its conversion changed, times its share); with the mean of before and now as weights nothing is left
    over (E. M. Kitagawa, Components of a difference between two rates, JASA 50, 1955).

    Parameters
    ----------
    looked : DataFrame
        Rows of `weekly_runs` of one run and window.
    dimension : str
        The column whose groups are told apart.

    Returns
    -------
    DataFrame
        One row a group, the most harmful first: ``value``; ``share_before`` and ``share`` of the leads;
        ``conversion_before`` and ``conversion``: moves up the ladder over those expected at equal age, 1 is the
        company's mean pace; ``mix``, ``within`` and ``total``: parts of the company's change of that figure.
        A group without leads in one of the windows has the other window's conversion, so all it does is mix.
    """
    rows = looked[looked["dimension"] == dimension]
    before, now = rows["leads_before"].to_numpy(dtype="float64"), rows["leads"].to_numpy(dtype="float64")
    weeks = np.maximum(rows["weeks_before"].to_numpy(dtype="float64"), 1.0)
    paced = before / weeks
    share_before = paced / max(paced.sum(), 1e-9)
    share = now / max(now.sum(), 1e-9)
    rate_before = _rate(rows["moved_before"], rows["expected_before"])
    rate = _rate(rows["moved"], rows["expected"])
    rate_before = np.where(np.isnan(rate_before), rate, rate_before)
    rate = np.where(np.isnan(rate), rate_before, rate)
    rate_before, rate = (np.where(np.isnan(rates), 1.0, rates) for rates in (rate_before, rate))
    middle = (share_before @ rate_before + share @ rate) / 2
    mix = (share - share_before) * ((rate + rate_before) / 2 - middle)
    within = (rate - rate_before) * (share + share_before) / 2
    table = pd.DataFrame(
        {
            "value": rows["value"].to_numpy(),
            "share_before": share_before,
            "share": share,
            "conversion_before": rate_before,
            "conversion": rate,
            "mix": mix,
            "within": within,
            "total": mix + within,
        }
    )
    return table.sort_values(["total", "value"], ignore_index=True)


def _rate(moved: pd.Series, expected: pd.Series) -> np.ndarray:
    due = expected.to_numpy(dtype="float64")
    rate: np.ndarray = np.divide(moved.to_numpy(dtype="float64"), due, out=np.full(len(due), np.nan), where=due > 0)
    return rate
