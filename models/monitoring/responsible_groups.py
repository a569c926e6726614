"""Who is responsible for an alarm: the groups that raised it, and inside them the groups that brought the surplus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from features.answers import Answer
from features.time_units import DAY_US

WEEK_US: Final = 7 * DAY_US
INSIDE_COMPANY: Final = "inside the company"
MOST_OF_IT: Final = 0.5
"""Part of the surplus that a group must have brought to be named inside another."""


def surplus_inside(
    rows: pd.DataFrame, *, dimension: str, value: str, within: str, now_us: int, window_weeks: int, reference_weeks: int
) -> pd.DataFrame:
    """Return how many leads more than before came in, by another column, among the leads of one group.

    Parameters
    ----------
    rows : DataFrame
        As from `followed_mqls`.
    dimension, value : str
        The group; empty for the company as a whole.
    within : str
        The other column.
    now_us : int
        End of the window; later entries are not looked at.
    window_weeks, reference_weeks : int
        Weeks of the window, and at most so many weeks before it to compare with.

    Returns
    -------
    DataFrame
        One row a value, the largest surplus first: ``value``, ``leads``, ``usual`` (leads that the weeks before would
        give) and ``part`` of the sum of all that rose.
    """
    cut = now_us - window_weeks * WEEK_US
    start = cut - reference_weeks * WEEK_US
    inside = rows if not dimension else rows[rows[dimension] == value]
    inside = inside[(inside["entered_us"] > start) & (inside["entered_us"] <= now_us)]
    weeks = max((cut - max(start, int(inside["entered_us"].min()))) / WEEK_US, 1.0) if len(inside) else 1.0
    newest = inside["entered_us"] > cut
    leads = inside[newest].groupby(within).size()
    usual = inside[~newest].groupby(within).size() * window_weeks / weeks
    table = pd.DataFrame({"leads": leads, "usual": usual}).fillna(0.0)
    more = (table["leads"] - table["usual"]).clip(lower=0)
    table["part"] = more / max(float(more.sum()), 1e-9)
    table.index.name = "value"
    return table.reset_index().sort_values(["part", "value"], ascending=[False, True], ignore_index=True)


def responsible(
    looked: pd.DataFrame, rows: pd.DataFrame, *, by: Sequence[str], now_us: int, reference_weeks: int
) -> pd.DataFrame:
    """Name the groups behind the alarms of one run.

    Parameters
    ----------
    looked : DataFrame
        Rows of `weekly_runs` of one run.
    rows : DataFrame
        As from `followed_mqls`.
    by : sequence of str
        The columns that were watched.
    now_us : int
        Time of the run.
    reference_weeks : int

    Returns
    -------
    DataFrame
        One row a named group, the surest first within each column: ``dimension``, ``value``, ``how`` (``its own
        figures``, or ``inside COLUMN VALUE``: a column in which no group of its own raised an alarm is named by the
        group that brought most of the surplus), ``window_weeks``.
    """
    alarms = looked[looked["answer"] == Answer.FAILED].sort_values(["fall_p", "dimension", "value"], kind="stable")
    alarms = alarms.drop_duplicates(["dimension", "value"])
    named = [
        (row["dimension"], row["value"], "its own figures", row["window_weeks"])
        for row in alarms.to_dict(orient="records")
    ]
    for column in by:
        if len(alarms) and not (alarms["dimension"] == column).any():
            first = alarms.sort_values("dimension", key=lambda names: names == "", kind="stable").iloc[0]
            inside = surplus_inside(
                rows,
                dimension=str(first["dimension"]),
                value=str(first["value"]),
                within=column,
                now_us=now_us,
                window_weeks=int(first["window_weeks"]),
                reference_weeks=reference_weeks,
            )
            if len(inside) and float(inside["part"].iloc[0]) >= MOST_OF_IT:
                where = f"inside {first['dimension']} {first['value']}" if first["dimension"] else INSIDE_COMPANY
                named.append((column, str(inside["value"].iloc[0]), where, int(first["window_weeks"])))
    return pd.DataFrame(named, columns=["dimension", "value", "how", "window_weeks"])
