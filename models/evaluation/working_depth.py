"""What each scorer finds among as many leads, handed over in the same weeks: found, missed, wasted, by lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.time_units import WEEK_US
from models.arrays import Bools, Floats, Ints
from models.measures.bootstrap import Comparison, drawn_weights

HANDED_OVER, FOUND, MISSED, WASTED = "handed_over", "found", "missed", "wasted"
DEALS_FOUND, DEALS_MISSED = "deals_found", "deals_missed"
FIGURES = (HANDED_OVER, FOUND, MISSED, WASTED, DEALS_FOUND, DEALS_MISSED)


@dataclass(frozen=True)
class Outcomes:
    """Looks with what became of their leads, sorted by lead and time.

    Attributes
    ----------
    lead : array of int
        Number of each row's lead, 0 to ``leads - 1``.
    as_of_us : array of int
        Time of each look.
    y, deal : array of float
        1 where the lead reached the target (the deal) within its horizon after the look; else 0.
    order : array of int
        Where each row stood in the table it came from.
    ids : array of str
        Ids of the leads, in their order.
    has_deals : bool
        Whether deals were told apart from the target.
    """

    lead: Ints
    as_of_us: Ints
    y: Floats
    deal: Floats
    order: Ints
    ids: npt.NDArray[np.str_]
    has_deals: bool

    @classmethod
    def of(cls, rows: pd.DataFrame, *, deal: str | None) -> Outcomes:
        """Read ``lead_id``, ``as_of_us``, ``y`` and column ``deal``; a deal that is too young to tell is none yet."""
        ids, lead = np.unique(rows["lead_id"].to_numpy(dtype=str), return_inverse=True)
        as_of_us = rows["as_of_us"].to_numpy(dtype="int64")
        order = np.lexsort((as_of_us, lead))
        y = rows["y"].to_numpy(dtype="float64")
        deals = np.zeros(len(rows)) if deal is None else rows[deal].fillna(0.0).to_numpy(dtype="float64")
        return cls(lead[order], as_of_us[order], y[order], deals[order], order, ids, deal is not None)

    def reached(self, outcome: Floats) -> Floats:
        """Return for each lead whether any of its looks has the outcome."""
        outcomes = np.zeros(len(self.ids))
        np.maximum.at(outcomes, self.lead, outcome)
        return outcomes

    def first(self, passes: Bools) -> Ints:
        """Return the first row of each lead that passes; rows in the order of this table."""
        at = np.flatnonzero(passes)
        _, position = np.unique(self.lead[at], return_index=True)
        return at[position]


def turns(as_of_us: npt.ArrayLike, *, every_us: int | None) -> Ints:
    """Return in which turn each look falls: a night of the job, or a week where each lead has one look.

    Within a turn every scorer hands over as many leads as the baseline.

    Parameters
    ----------
    as_of_us : array of int
        Times of the looks.
    every_us : int or None
        Rhythm of the looks; None where each lead has one look.

    Returns
    -------
    array of int
        0 is the turn of the first look.

    Examples
    --------
    >>> week = 7 * 86_400_000_000
    >>> turns([5, 5 + week - 1, 5 + week], every_us=None).tolist()
    [0, 0, 1]
    """
    times = np.asarray(as_of_us, dtype="int64")
    if len(times) == 0:
        return times
    turn: Ints = (times - times.min()) // (WEEK_US if every_us is None else every_us)
    return turn


def compare_at_cutoffs(
    rows: pd.DataFrame, passes: Mapping[str, Bools], *, deal: str | None, draws: int, seed: int
) -> Comparison:
    """Count what rules hand over and find; the numbers handed over differ as the rules do.

    Parameters
    ----------
    rows : DataFrame
        Looks at leads that have not reached the target: ``lead_id``, ``as_of_us``, ``y`` (0 or 1), and ``deal``.
    passes : mapping of str to array of bool
        By scorer, which rows it hands over; a lead counts once, at its first one.
    deal : str or None
        Column with the outcome of the deal (0, 1 or missing); None where the target is the deal.
    draws, seed : int
        Of the bootstrap by lead.

    Returns
    -------
    Comparison
        By scorer, ``FIGURES`` in leads: ``handed_over``; ``found``, those of them that reached the target within its
        horizon after the hand-over; ``wasted``, the others of them; ``missed``, leads that reached it within the
        horizon after a look and are not among the found (never handed over, or too early); deals alike. So found and
        missed add up to all that reached it.
    """
    outcomes = Outcomes.of(rows, deal=deal)
    handed = {name: outcomes.first(np.asarray(rule, dtype=bool)[outcomes.order]) for name, rule in passes.items()}
    return _comparison(outcomes, handed, draws=draws, seed=seed, same_depth=False)


def compare_at_depth(
    rows: pd.DataFrame,
    scores: Mapping[str, npt.ArrayLike],
    *,
    baseline: str,
    passes: Bools,
    may: Bools,
    turn: Ints,
    deal: str | None,
    draws: int,
    seed: int,
) -> Comparison:
    """Count what each scorer finds when all hand over as many leads in the same turns.

    In each turn the baseline hands over whom its cut-off says; every other scorer its best among the leads that are
    looked at in that turn and that it has not handed over before, as many. Nothing later is known to it. Among equal
    scores the earlier look comes first, then the lower id.

    Parameters
    ----------
    rows, deal, draws, seed
        As for :func:`compare_at_cutoffs`.
    scores : mapping of str to array of float
        By scorer, more is better.
    baseline : str
        The scorer whose hand-overs set the depth.
    passes : array of bool
        Which rows the baseline hands over.
    may : array of bool
        Which rows anybody may hand over (exclusions, gates).
    turn : array of int
        From :func:`turns`.

    Returns
    -------
    Comparison
        As from :func:`compare_at_cutoffs`, but all hand over equally many (fewer only where a scorer has nobody left;
        it makes up for that in later turns as far as it can). Who is handed over is held fixed in the draws, and so
        are their number and that of the leads that reached the target: a draw asks what share of the leads handed
        over would have got there. Intervals are those of that share, as in
        :func:`models.evaluation.promoted_precision.precision_difference`, in leads.
    """
    outcomes = Outcomes.of(rows, deal=deal)
    may, turn = np.asarray(may, dtype=bool)[outcomes.order], turn[outcomes.order]
    first = outcomes.first(np.asarray(passes, dtype=bool)[outcomes.order])
    depth = np.bincount(turn[first], minlength=int(turn.max(initial=-1)) + 1)
    handed = {
        name: first
        if name == baseline
        else _best(outcomes, np.asarray(score, dtype="float64")[outcomes.order], may, turn, depth)
        for name, score in scores.items()
    }
    return _comparison(outcomes, handed, draws=draws, seed=seed, same_depth=True)


def _best(outcomes: Outcomes, score: Floats, may: Bools, turn: Ints, depth: Ints) -> Ints:
    """Return the rows at which a scorer hands over its best leads, as many in each turn as asked."""
    at = np.flatnonzero(may)
    at = at[np.lexsort((outcomes.lead[at], outcomes.as_of_us[at], -score[at], turn[at]))]
    starts = np.searchsorted(turn[at], np.arange(len(depth) + 1))
    waiting, due = np.ones(len(outcomes.ids), dtype=bool), 0
    handed = []
    for number, start, end in zip(depth, starts[:-1], starts[1:], strict=True):
        due += int(number)
        rows = at[start:end]
        rows = rows[waiting[outcomes.lead[rows]]]
        _, best_look = np.unique(outcomes.lead[rows], return_index=True)
        rows = rows[np.sort(best_look)][:due]
        waiting[outcomes.lead[rows]] = False
        due -= len(rows)
        handed.append(rows)
    return np.concatenate(handed) if handed else np.array([], dtype=np.int64)


def _comparison(
    outcomes: Outcomes, handed: Mapping[str, Ints], *, draws: int, seed: int, same_depth: bool
) -> Comparison:
    """Count leads at the rows they are handed over at, on all leads and on resamples of them."""
    once = np.ones((1, len(outcomes.ids)))
    drawn = drawn_weights(outcomes.ids, draws=draws, seed=seed) if len(outcomes.ids) else ()
    weights = np.vstack([once, *drawn])
    reached, closed = (weights @ outcomes.reached(outcome) for outcome in (outcomes.y, outcomes.deal))
    values: dict[str, dict[str, float]] = {}
    by_draw: dict[str, dict[str, Floats]] = {}
    for name, rows in handed.items():
        handed_weights = weights[:, outcomes.lead[rows]]
        number = handed_weights.sum(axis=1)
        hits, deals = handed_weights @ outcomes.y[rows], handed_weights @ outcomes.deal[rows]
        if same_depth:
            scale = np.divide(number[0], number, out=np.ones_like(number), where=number > 0)
            hits, deals, number = hits * scale, deals * scale, np.full_like(number, number[0])
        there, won = (reached[:1], closed[:1]) if same_depth else (reached, closed)
        figures = {HANDED_OVER: number, FOUND: hits, MISSED: there - hits, WASTED: number - hits}
        if outcomes.has_deals:
            figures |= {DEALS_FOUND: deals, DEALS_MISSED: won - deals}
        values[name] = {figure: float(numbers[0]) for figure, numbers in figures.items()}
        by_draw[name] = {figure: np.asarray(numbers[1:], dtype="float64") for figure, numbers in figures.items()}
    return Comparison(values, by_draw)
