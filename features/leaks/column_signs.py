"""The signs of a leak that lie in one column's values, each with its figures and what to do about it.

A sign is a `CheckResult` that speaks against the column (a leak) or doubts it (could not check); none ever clears it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from features.answers import Answer
from features.checks import CheckResult
from features.language.numbers import percent
from features.leaks.later_outcomes import END, NOT, Stories
from features.leaks.statistics import (
    Interval,
    Reading,
    as_micros,
    rank_correlation,
    read_column,
    share_interval,
    tell_alone,
)

TOO_GOOD_AUC = 0.85
"""An AUC alone, of the lower end of its interval, that nothing known beforehand has."""
STRONG_AUC = 0.80
NAMED_AUC = 0.75
"""An AUC alone, of the lower end of its interval, that makes a leak of a column whose name says that it is late."""
AGEING = 0.3
"""A rank correlation with the age of the lead, of its lower end, that a counter has which goes on counting."""
STRONG_FILL = 0.20
OFTEN = 8.0
TOO_CLOSE = 0.75
"""A rank correlation with an amount that lies in the future, of the lower end of its interval."""
ONE_SIDED = 10.0
"""How many times as often a column is filled on one side, at least, to have been written there."""
PURE = 0.80
"""Share of leads on that side among those for whom it is filled, at least."""
COVERED = 0.5
FEWEST = 20
"""Leads of either kind below which nothing is judged."""

OUT = "leave it out of fit, or give its history in changes"
WHEN = "find out when it is written; if after the look, leave it out of fit or give its history in changes"
_LATE_SHARE = 0.01


COLUMNS, EVENT_TYPES = "columns", "event_types"
TITLES = {COLUMNS: "Columns of leads", EVENT_TYPES: "Event types"}
"""The two leak checks, by code."""


def leak_result(
    code: str, subject: str, answer: Answer, why: str, remedy: str = "", auc: float | None = None
) -> CheckResult:
    """Return what is said of a column or a type of event; ``auc`` is how well it alone tells winners from others."""
    return CheckResult(code, TITLES[code], answer, why, subject=subject, todo=remedy, figures={"auc": auc})


@dataclass(frozen=True)
class Case:
    """One column before the judge: ``error`` is the chance of a false sign that each comparison may have."""

    name: str
    raw: pd.Series
    stories: Stories
    error: float
    numbers: np.ndarray | None = None
    """Seconds from the look, where the column holds dates."""
    code: str = COLUMNS
    """Of the check that asks: of columns, or of types of events."""

    def leak(self, why: str, remedy: str, auc: float | None = None) -> CheckResult:
        """Return that it knows the outcome."""
        return self._result(Answer.FAILED, why, remedy, auc)

    def doubt(self, why: str, remedy: str = "", auc: float | None = None) -> CheckResult:
        """Return that it cannot be told whether it knows the outcome."""
        return self._result(Answer.UNCHECKED, why, remedy, auc)

    def fine(self, why: str, auc: float | None = None) -> CheckResult:
        """Return that nothing speaks against it."""
        return self._result(Answer.PASSED, why, "", auc)

    def _result(self, answer: Answer, why: str, remedy: str, auc: float | None) -> CheckResult:
        return leak_result(self.code, self.name, answer, why, remedy, auc)

    @cached_property
    def reading(self) -> Reading:
        """The column as read, once for all stages."""
        return read_column(self.raw if self.numbers is None else pd.Series(self.numbers, index=self.raw.index))

    @property
    def filled(self) -> np.ndarray:
        """Whether the lead has a value."""
        return self.raw.notna().to_numpy()

    def sides(self) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Give each judged stage with the leads that can be judged by it, and which of them reached it."""
        for stage in self.stories.reached.columns:
            reached = self.stories.reached[stage].to_numpy()
            known = ~np.isnan(reached)
            yield stage, known, reached[known] == 1
            if stage == self.stories.target:
                yield NOT + stage, known, reached[known] == 0

    def enough(self, reached: np.ndarray) -> bool:
        """Whether there are leads enough of both kinds."""
        return bool(min(reached.sum(), (~reached).sum()) >= FEWEST)


def late_dates(case: Case, times: pd.Series) -> Iterator[CheckResult]:
    """Find dates after the look; plans run on beyond the export, time stamps never do."""
    stamps = as_micros(times)
    looked_at, stories = case.stories.looked_at_us.to_numpy(), case.stories
    late = stamps > looked_at + stories.slack_us
    share = share_interval(int(late.sum()), int(case.filled.sum()), error=case.error)
    if not late.any() or share.value <= _LATE_SHARE:
        return
    said = f"{share.value:.0%} of its dates lie after the first look, {_days(stamps - looked_at, late)} at the median"
    beyond = late & (stamps > stories.observed_until_us + stories.slack_us)
    if beyond.sum() > _LATE_SHARE * late.sum():
        why = f"{said}; {beyond.sum():,} even lie after the export: plans, told at the start or put off ever since?"
        yield case.doubt(why, WHEN)
    elif share.low <= _LATE_SHARE:
        yield case.doubt(f"{said}, but they are few ({late.sum():,})", WHEN)
    elif _could_run_over(stamps, late, stories):
        yield case.leak(f"{said}, and none after the export: stamped while the story went on", OUT)
    else:
        unsure = f"{said}; no lead is young enough to tell a plan from a stamp"
        yield (case.leak if _late_by_outcome(case, late) else case.doubt)(unsure, OUT)


def _days(spans: np.ndarray, of: np.ndarray) -> str:
    return f"{np.median(spans[of]) / 86_400e6:.0f} days"


def _could_run_over(stamps: np.ndarray, late: np.ndarray, stories: Stories) -> bool:
    """Whether some plans of the usual length, made as often by young leads, would have run beyond the export."""
    looked_at = stories.looked_at_us.to_numpy()
    usual = np.median((stamps - looked_at)[late])
    young = looked_at + usual > stories.observed_until_us + stories.slack_us
    return bool(young.sum() * late.mean() >= 5)


def _late_by_outcome(case: Case, late: np.ndarray) -> bool:
    reached = case.stories.reached[case.stories.target].to_numpy()
    shares = [
        share_interval(int((late & case.filled)[reached == side].sum()), int((reached == side).sum()), error=case.error)
        for side in (1, 0)
    ]
    return shares[0].low > shares[1].high or shares[1].low > shares[0].high


def filled_on_one_side(case: Case, *, both_ways: bool = True) -> Iterator[CheckResult]:
    """Find columns that are filled for those who reached a stage, and hardly for others; or the other way round."""
    for stage, known, reached in case.sides():
        if stage.startswith(NOT) and not both_ways:
            continue
        filled = case.filled[known]
        inside, outside = int(filled[reached].sum()), int(filled[~reached].sum())
        if inside < 5 or filled.all() or not case.enough(reached):
            continue
        here, there = inside / reached.sum(), outside / (~reached).sum()
        pure = share_interval(inside, inside + outside, error=case.error)
        said = f"filled for {percent(here, 'en')} of the leads that reached {_named(stage)}"
        said += f" and {percent(there, 'en')} of the others"
        if pure.low >= PURE and lift(pure.low, reached) >= ONE_SIDED:
            yield case.leak(f"{said}: it is written then, not before", OUT)
        elif pure.value >= PURE and lift(pure.value, reached) >= ONE_SIDED and lift(pure.low, reached) > 1:
            yield case.doubt(f"{said}, but that is {inside} leads", WHEN)


def lift(share: float, reached: np.ndarray) -> float:
    """Return how many times as often those who reached have what ``share`` of its bearers have who reached.

    Examples
    --------
    >>> lift(0.5, np.array([True, False, False, False]))
    3.0
    """
    return float(share * (~reached).sum() / (max(1 - share, 1e-9) * reached.sum()))


def too_good_alone(case: Case) -> Iterator[CheckResult]:
    """Find columns that tell a stage better, alone and on held-out leads, than what is known beforehand does."""
    for stage, known, reached in case.sides():
        if stage.startswith(NOT) or not case.enough(reached):
            continue
        alone = tell_alone(case.reading, known, reached, error=case.error)
        auc, leads = alone.auc, alone.telling_reached + alone.telling_others
        shown = f"alone it tells who reaches {_named(stage)} with {_auc(auc)} on held-out leads"
        pure = share_interval(alone.telling_reached, leads, error=case.error)
        covered = alone.telling_reached / reached.sum()
        telling = pure.low >= PURE and lift(pure.low, reached) >= ONE_SIDED
        values = f"some of its values say {_named(stage)}: {pure.value:.0%} of {leads:,} held-out leads with them"
        values += f", {covered:.0%} of all who did"
        if auc.low > TOO_GOOD_AUC:
            yield case.leak(f"{shown}: nothing known beforehand does", OUT, auc.value)
        elif telling and covered >= COVERED:
            yield case.leak(values, OUT, auc.value)
        elif telling:
            yield case.doubt(f"{values}: are they set by sales?", WHEN, auc.value)
        elif auc.value >= STRONG_AUC:
            yield case.doubt(f"{shown}: very strong; was it known when the lead came?", WHEN, auc.value)
        elif auc.high > TOO_GOOD_AUC and stage == case.stories.target:
            yield case.doubt(f"{shown}: too few outcomes to rule a leak out", WHEN, auc.value)


def knows_later_amounts(case: Case) -> Iterator[CheckResult]:
    """Find numbers that go with what came after the look: how long the story lasted, how much was done."""
    values = case.reading.numbers
    if values is None:
        return
    created = case.stories.created_us.to_numpy(dtype="float64")
    for amount, later in case.stories.later.items():
        both = ~np.isnan(values) & later.notna().to_numpy()
        if both.sum() < 2 * FEWEST:
            continue
        correlation = rank_correlation(values[both], later.to_numpy()[both], created[both], error=case.error)
        said = f"it goes with the {amount} (rank correlation {correlation.value:.2f}, {both.sum():,} leads)"
        if correlation.low > TOO_CLOSE:
            yield case.leak(f"{said}, which nobody knew at the look", OUT)
        elif correlation.value > TOO_CLOSE:
            yield case.doubt(f"{said}, which nobody knew at the look", WHEN)


def names_outcomes(case: Case, words: frozenset[str]) -> Iterator[CheckResult]:
    """Find values that name an outcome and whose leads ended alike, clearly unlike the rest."""
    if case.reading.numbers is not None or case.raw.nunique() > 200:
        return
    values = case.raw.dropna().astype(str)
    naming = [value for value in sorted(values.unique()) if words.intersection(re.findall(r"[^\W\d_]+", value.lower()))]
    for value in naming:
        with_value = (case.raw.astype("object") == value).to_numpy()
        for stage, known, reached in case.sides():
            having = with_value[known]
            hits = share_interval(int(reached[having].sum()), int(having.sum()), error=case.error / len(naming))
            base = share_interval(int(reached.sum()), len(reached), error=case.error)
            if hits.value >= 0.9 and hits.low > base.high and having.sum() >= 10:
                why = f"its value {value!r} names the outcome: {hits.value:.0%} of {having.sum():,} leads with it are"
                why += f" {_said(stage)}"
                yield case.leak(why, OUT)
                return


def named_for_late(case: Case, sign: str | None) -> Iterator[CheckResult]:
    """Weigh what the name says: it is a doubt, and a leak only where the column alone tells the outcome strongly."""
    if sign is None:
        return
    for stage, known, reached in case.sides():
        if stage != case.stories.target or not case.enough(reached):
            continue
        alone = tell_alone(case.reading, known, reached, error=case.error)
        inside, outside = _fill_shares(case, known, reached)
        if alone.auc.low > 0.5 or inside.low > outside.high or outside.low > inside.high:
            linked = f"{sign}, and it goes with the outcome ({_auc(alone.auc)} alone)"
            is_leak = alone.auc.low >= NAMED_AUC
            yield (case.leak(linked, OUT, alone.auc.value) if is_leak else case.doubt(linked, WHEN, alone.auc.value))
            return
    yield case.doubt(f"{sign}; no link with the outcome shows", WHEN)


def goes_on_counting(case: Case, sign: str | None) -> Iterator[CheckResult]:
    """Weigh a counter by its values: one that older leads have more of has counted until the export."""
    values = case.reading.numbers
    if sign is None:
        return
    if values is not None and (~np.isnan(values)).sum() >= 2 * FEWEST:
        there = ~np.isnan(values)
        age = -case.stories.created_us.to_numpy(dtype="float64")[there]
        correlation = rank_correlation(values[there], age, np.zeros(there.sum()), error=case.error)
        if correlation.low > AGEING and np.corrcoef(pd.Series(values[there]).rank(), pd.Series(age).rank())[0, 1] > 0:
            why = f"{sign}: the older a lead, the more it has (rank correlation {correlation.value:.2f})"
            yield case.leak(why, OUT)
            return
    yield case.doubt(f"{sign}: was it counted until the look, or until the export?", WHEN)


def fill_differs(case: Case, *, is_event: bool = False) -> Iterator[CheckResult]:
    """Doubt a column that is filled clearly more often for winners, and what is much more often on one side."""
    for stage, known, reached in case.sides():
        if stage.startswith(NOT) or not case.enough(reached):
            continue
        inside, outside = _fill_shares(case, known, reached)
        sure = inside.low > outside.high or outside.low > inside.high
        wide = not is_event and stage == case.stories.target and abs(inside.value - outside.value) >= STRONG_FILL
        if sure and (wide or inside.value >= OFTEN * outside.value):
            said = f"filled for {percent(inside.value, 'en')} of the leads that reached {_named(stage)}"
            said += f" and {percent(outside.value, 'en')} of the others"
            question = "is that when it happened?" if is_event else "does the lead fill it in, or sales later?"
            yield case.doubt(f"{said}: {question}", WHEN)


def _fill_shares(case: Case, known: np.ndarray, reached: np.ndarray) -> tuple[Interval, Interval]:
    filled = case.filled[known]
    count: Callable[[np.ndarray], Interval] = lambda side: share_interval(  # noqa: E731
        int(filled[side].sum()), int(side.sum()), error=case.error
    )
    return count(reached), count(~reached)


def _named(stage: str) -> str:
    return "the end of their story" if stage == END else stage.replace(NOT, "no ")


def _said(stage: str) -> str:
    return "at the end of their story" if stage == END else stage.replace(NOT, "no ")


def _auc(auc: Interval) -> str:
    return f"AUC {auc.value:.2f} ({auc.low:.2f} to {auc.high:.2f})"
