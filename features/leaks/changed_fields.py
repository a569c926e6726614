"""What table changes says of columns: which of today's values came after the first look, and what stood there then."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.answers import Answer
from features.as_of import is_known
from features.checks import CheckResult
from features.leaks.column_signs import COLUMNS, leak_result
from features.leaks.later_outcomes import END, Stories
from features.leaks.statistics import share_interval

FALSE_SIGNS = 0.01
MANY = 0.05
"""Share of leads whose value came after the look, of the lower end of its interval, that makes a column unusable."""

REMEDY = "declare known: changes in source.yaml, so that it is used as it stood at each moment"
WHEN = "find out what fills it in; declare known: changes if its history is whole"


def values_at_look(history: pd.DataFrame, stories: Stories, *, slack_us: int = 0) -> pd.DataFrame:
    """Return each field as it stood at the first look.

    Parameters
    ----------
    history : DataFrame
        ``lead_id``, ``field``, ``changed_us``, ``value``; the rows of table changes.
    stories : Stories
        The leads and their looks.
    slack_us : int
        How much after the look a change still counts.

    Returns
    -------
    DataFrame
        Indexed by lead, a column a field, missing where nothing stood yet.
    """
    looked_at = stories.looked_at_us.reindex(history["lead_id"]).to_numpy(dtype="float64")
    changes = history[is_known(history["changed_us"].to_numpy(dtype="float64"), looked_at + slack_us)]
    return _last(changes).reindex(stories.looked_at_us.index)


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the newest value of each field; of several at one moment the greatest, so that the order is no matter."""
    rows = rows.assign(text=rows["value"].fillna("")).sort_values(["lead_id", "field", "changed_us", "text"])
    newest = rows.drop_duplicates(["lead_id", "field"], keep="last")
    by_field = {str(field): field_rows.set_index("lead_id")["value"] for field, field_rows in newest.groupby("field")}
    return pd.DataFrame(by_field)


def found_in_changes(values: pd.DataFrame, history: pd.DataFrame, stories: Stories) -> dict[str, CheckResult]:
    """Find the columns of table leads that hold today's value of a field that changed after the first look.

    Parameters
    ----------
    values : DataFrame
        Indexed by lead: the columns of table leads.
    history : DataFrame
        As for `values_at_look`.
    stories : Stories
        The leads and what became of them.

    Returns
    -------
    dict
        By column; nothing for a column without history, or whose values all stood at the look.
    """
    fields = [column for column in values.columns if (history["field"] == column).any()]
    history = history[history["field"].isin(fields) & history["lead_id"].isin(stories.looked_at_us.index)]
    then = values_at_look(history, stories, slack_us=stories.slack_us)
    now = _last(history).reindex(stories.looked_at_us.index)
    signs = {}
    for field in fields:
        if field not in now:
            continue
        before = then[field] if field in then else pd.Series(None, index=now.index, dtype="object")
        late = (_plain(now[field]) != _plain(before)).to_numpy()
        stands = _plain(values[field].reindex(now.index))
        as_now = (stands == _plain(now[field])).to_numpy()[late].mean() if late.any() else 0.0
        as_then = (stands == _plain(before)).to_numpy()[late].mean() if late.any() else 1.0
        sign = _weigh(field, late, history, stories, len(fields)) if as_now > as_then else None
        if sign is not None:
            signs[field] = sign
    return signs


def _plain(values: pd.Series) -> pd.Series:
    """Return values in one spelling, so that 50, 50.0 and ' 50' are the same; missing is an empty text."""
    text = values.astype("object").where(values.notna(), "").astype(str).str.strip().str.lower()
    numbers = pd.to_numeric(text, errors="coerce")
    return text.where(numbers.isna(), numbers.map(lambda number: f"{number:g}"))


def _weigh(field: str, late: np.ndarray, history: pd.DataFrame, stories: Stories, fields: int) -> CheckResult | None:
    error = FALSE_SIGNS / (2 * fields)
    share = share_interval(int(late.sum()), len(late), error=error)
    if not late.any():
        return None
    said = f"it holds today's value: for {share.value:.0%} of the leads that came after the first look"
    staged = _after_stage(field, late, history, stories)
    if share.low > MANY or _by_outcome(late, stories, error):
        return leak_result(COLUMNS, field, Answer.FAILED, f"{said}{staged}", REMEDY)
    return leak_result(COLUMNS, field, Answer.UNCHECKED, f"{said} ({late.sum():,}){staged}", WHEN)


def _after_stage(field: str, late: np.ndarray, history: pd.DataFrame, stories: Stories) -> str:
    """Say which stage most of the late leads had entered when their value came."""
    rows = history[history["field"] == field]
    newest = rows.groupby("lead_id")["changed_us"].max().reindex(stories.looked_at_us.index).to_numpy()[late]
    shares = {
        stage: float((stories.entered_us[stage].to_numpy()[late] <= newest).mean())
        for stage in stories.entered_us.columns
        if stage != END
    }
    stage, share = max(shares.items(), key=lambda item: item[1])
    return f", for {share:.0%} of these after {stage} was entered" if share > 0 else ""


def _by_outcome(late: np.ndarray, stories: Stories, error: float) -> bool:
    reached = stories.reached[stories.target].to_numpy()
    won, other = (
        share_interval(int(late[reached == side].sum()), int((reached == side).sum()), error=error) for side in (1, 0)
    )
    return won.low > other.high or other.low > won.high
