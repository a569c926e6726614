"""Whether a column of table leads was filled in after the outcome it would forecast: leak, fine, or cannot tell.

A CRM export shows today's values. What sales or the CRM wrote while the story went on looks like a splendid forecast
and is none. One column at a time, on held-out leads and with intervals: a verdict needs figures that chance does not
give, over all columns and stages together. The signs:

1. its dates lie after the first look at the lead, and none after the export;
2. table changes shows that its values came after the look (`features.leaks.changed_fields`);
3. it is filled where a stage was reached later, and hardly elsewhere;
4. alone it tells a later stage better than what is known beforehand ever does, or some of its values do;
5. it goes with amounts that nobody knew at the look: days to the end, events to come;
6. its values name an outcome, and leads with these values ended alike;
7. its name says that it is kept up to date (last activity), a judgement (score) or a note of the work (tags, owner),
   and alone it tells the outcome strongly. The name alone is a doubt, not a verdict;
8. its name says that it counts what leads did, and older leads have more of it: it went on counting until the export.

``cannot tell`` never means passed: too few outcomes, a strong column, one filled clearly more often for winners or
for the same leads as a leak.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from features.answers import Answer
from features.checks import CheckResult
from features.leaks.column_names import OUTCOME, counter_sign, name_sign
from features.leaks.column_signs import (
    FEWEST,
    WHEN,
    Case,
    fill_differs,
    filled_on_one_side,
    goes_on_counting,
    knows_later_amounts,
    late_dates,
    named_for_late,
    names_outcomes,
    too_good_alone,
)
from features.leaks.later_outcomes import Stories
from features.leaks.statistics import as_micros, as_times, tell_alone

FALSE_SIGNS = 0.01
"""Chance that luck alone gives a sign anywhere in a source: shared by its columns and stages."""

_SAME_FILL = 0.98


def judge_columns(
    values: pd.DataFrame,
    stories: Stories,
    *,
    outcome_names: Iterable[str] = (),
    from_history: Collection[str] = (),
    found_in_changes: Mapping[str, CheckResult] | None = None,
) -> list[CheckResult]:
    """Judge every column of a table of leads.

    Parameters
    ----------
    values : DataFrame
        One row a lead of ``stories``, indexed by lead id in any order; text (or numbers), missing where nothing stood.
    stories : Stories
        What became of these leads.
    outcome_names : iterable of str
        Names of the stages that end a story, looked for among the values.
    from_history : collection of str
        Columns whose values are those at the look, from table changes: their name says nothing then.
    found_in_changes : mapping of str to CheckResult, optional
        What table changes says against a column.

    Returns
    -------
    list of CheckResult
        One a column (``subject``), in their order: failed is a leak, passed is fine, and what could not be checked is
        never called fine. ``figures`` holds ``auc``: how well the column alone tells winners from others on held-out
        leads (0.5 says nothing, 1 all), None where that was not worked out. The order of rows changes nothing.
    """
    values = values.reindex(stories.looked_at_us.index)
    words = OUTCOME | {name.lower() for name in outcome_names}
    comparisons = max(len(values.columns), 1) * len(stories.reached.columns)
    verdicts = []
    for column in values.columns:
        case = Case(column, values[column], stories, FALSE_SIGNS / (2 * comparisons))
        sign = None if column in from_history else name_sign(column)
        counter = None if column in from_history else counter_sign(column)
        change_sign = (found_in_changes or {}).get(column)
        verdicts.append(_judge(case, sign, counter, words, [] if change_sign is None else [change_sign]))
    return _doubt_same_fill(values, verdicts)


def _judge(
    case: Case, sign: str | None, counter: str | None, words: frozenset[str], change_signs: list[CheckResult]
) -> CheckResult:
    raw = case.raw
    if not case.filled.any():
        return case.fine("never filled")
    if case.filled.all() and (raw == raw.iloc[0]).all():
        return case.fine("always the same: it tells nothing")
    signs = [*change_signs, *_signs(case, sign, counter, words)]
    leak = next((one for one in signs if one.answer is Answer.FAILED), None)
    if leak is not None:
        return leak
    reached = case.stories.reached[case.stories.target].dropna().to_numpy() == 1
    if not case.enough(reached):
        few = f"too few outcomes to judge ({reached.sum():,} winners, {(~reached).sum():,} others; {FEWEST} are needed)"
        also = f"; {sign}" if sign else ""
        return case.doubt(f"{few}{also}", WHEN)
    return next(iter(signs), None) or _fine(case, reached)


def _signs(case: Case, sign: str | None, counter: str | None, words: frozenset[str]) -> Iterator[CheckResult]:
    times = as_times(case.raw)
    if times is not None:
        yield from late_dates(case, times)
        case = replace(case, numbers=as_micros(times) - case.stories.looked_at_us.to_numpy())
    yield from filled_on_one_side(case)
    yield from too_good_alone(case)
    yield from knows_later_amounts(case)
    if times is None:
        yield from names_outcomes(case, words)
    yield from named_for_late(case, sign)
    yield from fill_differs(case)
    if sign is None:
        yield from goes_on_counting(case, counter)


def _fine(case: Case, reached: np.ndarray) -> CheckResult:
    known = case.stories.judged
    auc = tell_alone(case.reading, known, reached, error=case.error).auc
    filled = case.filled[known]
    fill = f"filled for {filled[reached].mean():.0%} of winners and {filled[~reached].mean():.0%} of the others"
    return case.fine(f"AUC {auc.value:.2f} alone (at most {auc.high:.2f}), {fill}", auc.value)


def _doubt_same_fill(values: pd.DataFrame, verdicts: list[CheckResult]) -> list[CheckResult]:
    """Doubt a column that is filled for the very leads that a leak is filled for: it may be written with it."""
    leaks = {v.subject: values[v.subject].notna().to_numpy() for v in verdicts if v.answer is Answer.FAILED}
    leaks = {name: filled for name, filled in leaks.items() if 0.05 <= filled.mean() <= 0.95}
    judged = []
    for verdict in verdicts:
        filled = values[verdict.subject].notna().to_numpy()
        twin = next(
            (n for n, other in leaks.items() if (filled & other).sum() >= _SAME_FILL * (filled | other).sum()), None
        )
        if verdict.answer is Answer.PASSED and twin is not None:
            why = f"filled for the same leads as {twin}; {verdict.sentence}"
            verdict = replace(verdict, answer=Answer.UNCHECKED, sentence=why, todo=WHEN)
        judged.append(verdict)
    return judged
