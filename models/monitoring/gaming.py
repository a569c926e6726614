"""The alarm against self-deception: more MQLs of a group, of which fewer move on.

Every week each group's newest MQLs are held against those before them, and against what the other groups did in the
same weeks. Conversion is compared at equal age: each lead counts for as long as it has been watched, no longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.answers import answers_of
from models.arrays import Floats
from models.monitoring.gaming_options import GamingOptions
from models.monitoring.step_counts import Counts, EntryCounts, pace_by_age

WEEK_DAYS: Final = 7


@dataclass(frozen=True)
class Side:
    """Entries of one window: leads, weeks, moves up the ladder, and moves expected at the company's pace."""

    leads: Floats
    weeks: Floats
    moved: Floats
    expected: Floats

    def less(self, other: Side) -> Side:
        """Return the rest of ``other`` without these."""
        return Side(other.leads - self.leads, other.weeks, other.moved - self.moved, other.expected - self.expected)


def weekly_runs(counts: EntryCounts, options: GamingOptions, *, runs: int) -> pd.DataFrame:
    """Return what each of the last weekly runs would have said, each from what it could know.

    Returns
    -------
    DataFrame
        One row a run, window and group: ``weeks_ago`` (0 is the run at the as-of time), ``window_weeks``,
        ``dimension``, ``value``; ``leads`` and ``leads_before`` with ``weeks_before``; ``moved``, ``expected`` and the
        same ``_before`` (moves up the ladder of all steps, and those expected at the company's pace at equal age);
        ``rise`` (factor of the weekly volume) and ``rise_z`` (standard errors: the smaller of against the own past
        and against the others); ``fall`` (factor of conversion at equal age) and ``fall_p`` (chance of such a fall if
        there were none: the larger of against the own past and beyond that of the others); ``answer`` of the group.
    """
    parts = []
    for ago in range(runs):
        now = counts.days - ago * WEEK_DAYS
        paces = pace_by_age(counts, now=now)
        looked = [_look(counts, options, paces, now=now, weeks=weeks) for weeks in options.windows_weeks]
        parts.append(_decide(pd.concat(looked, ignore_index=True), options).assign(weeks_ago=ago))
    return pd.concat(parts, ignore_index=True)


def _look(counts: EntryCounts, options: GamingOptions, paces: list[Floats], *, now: int, weeks: int) -> pd.DataFrame:
    cut = max(now - weeks * WEEK_DAYS, 0)
    start = np.maximum(counts.first_day, max(cut - options.reference_weeks * WEEK_DAYS, 0))
    start = np.minimum(start, cut)
    since = np.full(len(start), cut)
    company = np.zeros(len(start), dtype=np.int64)  # is group 0
    recent, before = _side(counts, paces, since, now, now=now), _side(counts, paces, start, cut, now=now)
    others_now = recent.less(_side(counts, paces, since, now, now=now, group=company))
    others_before = before.less(_side(counts, paces, start, cut, now=now, group=company))
    alone = counts.dimension == ""
    spread = _overdispersion(counts, start, cut)
    rise, rise_z = _rise(recent, before, others_now, others_before, alone, spread)
    fall, fall_p = _fall(recent, before, others_now, others_before, alone)
    return pd.DataFrame(
        {
            "window_weeks": weeks,
            "dimension": counts.dimension,
            "value": [group.value for group in counts.groups],
            "leads": recent.leads,
            "leads_before": before.leads,
            "weeks_before": before.weeks,
            "moved": recent.moved,
            "expected": recent.expected,
            "moved_before": before.moved,
            "expected_before": before.expected,
            "rise": rise,
            "rise_z": rise_z,
            "fall": fall,
            "fall_p": fall_p,
            "told": _can_tell(recent, before, options),
        }
    )


def _can_tell(recent: Side, before: Side, options: GamingOptions) -> NDArray[np.bool_]:
    """Whether past and present are long and rich enough to be compared."""
    due = recent.expected * before.moved / np.maximum(before.expected, 1e-9)
    enough_past = before.leads >= options.fewest_reference_entries
    long_past = before.weeks >= options.fewest_reference_weeks
    return np.asarray(long_past & enough_past & (due >= options.fewest_expected))


def _side(
    counts: EntryCounts, paces: list[Floats], start: Counts, end: int, *, now: int, group: Counts | None = None
) -> Side:
    """Sum one window; with ``group`` the sums of that group in place of the own, from the own start."""
    groups = np.arange(len(start)) if group is None else group
    leads = counts.volume[groups, end] - counts.volume[groups, start]
    moved, expected = np.zeros(len(start)), np.zeros(len(start))
    for step, pace in zip(counts.steps, paces, strict=True):
        waiting, went = step.known(start, end, now=now, group=groups)
        moved += went.sum(axis=1)
        expected += waiting @ pace
    return Side(leads.astype(np.float64), (end - start) / WEEK_DAYS, moved, expected)


def _rise(
    recent: Side, before: Side, others_now: Side, others_before: Side, alone: NDArray[np.bool_], spread: Floats
) -> tuple[Floats, Floats]:
    """Return the factor of the weekly volume and its standard errors, on a log scale with the weeks' own spread."""
    rise = _log_rate(recent) - _log_rate(before)
    theirs = _log_rate(others_now) - _log_rate(others_before)
    own_variance = spread * (1 / (recent.leads + 0.5) + 1 / (before.leads + 0.5))
    their_variance = spread[0] * (1 / (others_now.leads + 0.5) + 1 / (others_before.leads + 0.5))
    against_past = rise / np.sqrt(own_variance)
    against_others = (rise - theirs) / np.sqrt(own_variance + their_variance)
    return np.exp(rise), np.where(alone, against_past, np.minimum(against_past, against_others))


def _log_rate(side: Side) -> Floats:
    return np.asarray(np.log((side.leads + 0.5) / np.maximum(side.weeks, 1.0)))


def _overdispersion(counts: EntryCounts, start: Counts, cut: int) -> Floats:
    """Return how much more a group's weekly counts vary than by chance, at least 1."""
    weeks = max(cut // WEEK_DAYS, 1)
    edges = cut - WEEK_DAYS * np.arange(weeks + 1)[::-1]
    edges = edges[edges >= 0]
    weekly = np.diff(counts.volume[:, edges], axis=1).astype(np.float64)
    counted = edges[:-1][None, :] >= start[:, None]
    number = counted.sum(axis=1)
    mean = (weekly * counted).sum(axis=1) / np.maximum(number, 1)
    squares = (np.square(weekly - mean[:, None]) * counted).sum(axis=1)
    return np.asarray(np.maximum(squares / np.maximum(number - 1, 1) / np.maximum(mean, 1e-9), 1.0))


def _fall(
    recent: Side, before: Side, others_now: Side, others_before: Side, alone: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return the factor of conversion at equal age, and the larger chance of such a fall of two.

    Against the own past, and against the own past as the others changed since. Moves among leads at risk vary about
    their expectation as a Poisson count does (a counting process and its compensator), whatever share moves on.
    """
    factor = (recent.moved / np.maximum(recent.expected, 1e-9)) / np.maximum(
        before.moved / np.maximum(before.expected, 1e-9), 1e-9
    )
    theirs_now, theirs_before = others_now.moved + 0.5, others_before.moved + 0.5
    change = (theirs_now / (others_now.expected + 0.5)) / (theirs_before / (others_before.expected + 0.5))
    change_variance = 1 / theirs_now + 1 / theirs_before
    against_past = _shortfall(recent, before, np.ones_like(change), np.zeros_like(change))
    beyond_others = _shortfall(recent, before, change, change_variance)
    from scipy.special import ndtr  # here: whoever only reads settings needs no normal distribution

    chance = ndtr(np.where(alone, against_past, np.maximum(against_past, beyond_others)))
    return factor, np.asarray(chance, dtype=np.float64)


def _shortfall(recent: Side, before: Side, change: Floats, change_variance: Floats) -> Floats:
    """Return by how many standard errors the moves fall short of the own past, scaled by ``change``."""
    due = change * recent.expected
    share = due / np.maximum(due + before.expected, 1e-9)
    together = recent.moved + before.moved
    variance = together * share * (1 - share) + np.square(together * share * (1 - share)) * change_variance
    return np.asarray((recent.moved - together * share) / np.sqrt(np.maximum(variance, 1e-9)))


def _decide(looked: pd.DataFrame, options: GamingOptions) -> pd.DataFrame:
    """Say what each group gets: whose volume rose is asked about its conversion, and only those share the chance."""
    rose = looked["told"] & (looked["rise"] >= options.least_rise) & (looked["rise_z"] >= options.rise_spreads)
    allowed = options.false_alarm_weeks / 52.0 / max(int(rose.sum()), 1)
    alarm = rose & (looked["fall"] <= options.least_fall) & (looked["fall_p"] <= allowed)
    answer = answers_of(failed=alarm, passed=looked["told"])
    return looked.assign(rose=rose, answer=answer, allowed_p=allowed).drop(columns="told")
