"""What a cut-off will give in the next quarter, as prediction intervals: leads, precision, recall, deals, value.

The past knows a rate only roughly, a quarter is a chance event even if the rate is known, and rates move between
quarters. Each interval holds all three: draws of the rate given the past, of the quarter given the rate, and of the
move, whose size is taken from how rates moved before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from features.time_units import WEEK_US
from models.arrays import Floats
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.policies.knobs import DealValue
from models.cutoffs.statement import NextQuarter, Stated
from models.cutoffs.weekly_volumes import PastVolumes, past_moves
from models.log_odds import log_odds_to_probability, probability_to_log_odds

QUARTER_WEEKS = 13
BLOCK_WEEKS = 4
"""Length of the blocks between which precision is seen to move."""
USUAL_VOLUME_MOVE, USUAL_PRECISION_MOVE, USUAL_DEAL_MOVE, USUAL_RECALL_MOVE = 0.25, 0.38, 0.40, 0.65
"""How far a rate moves between the time it is learned on and the next quarter (standard deviation of its logarithm, or
of its log-odds), where the past does not say more; with volumes, beside what the past says: the final forecast takes
over. Recall moves with both; the moves of deals and recall are not learned. Set on simulated companies other than
those they are judged on."""
MARGIN = 1e-3
"""Least parameter of a beta distribution."""
TARGET_WORTH, DEAL_WORTH = 2.0, 10.0
"""For how many judged leads the forecast's own mean probability stands: three of three are no certainty, and none of
eight closed is no zero."""
USUAL_WORTH = 3.0
"""For how many past moves the usual one stands when it is mixed with those that were seen."""


@dataclass(frozen=True)
class Moves:
    """How far rates move until the next quarter.

    Attributes
    ----------
    volume : float
        Standard deviation of the logarithm of the number of leads a week, beside ``past``.
    precision, deals, recall : float
        Standard deviation of the log-odds of each share.
    past, weights : array of float
        Moves of the volume that were seen, in logarithms, and how likely each comes again; empty for none.
    """

    volume: float = USUAL_VOLUME_MOVE
    precision: float = USUAL_PRECISION_MOVE
    deals: float = USUAL_DEAL_MOVE
    recall: float = USUAL_RECALL_MOVE
    past: Floats = field(default_factory=lambda: np.empty(0))
    weights: Floats = field(default_factory=lambda: np.empty(0))

    def draw_volume(self, draws: int, rng: np.random.Generator) -> Floats:
        """Return draws of the factor by which the number of leads a week moves."""
        move = rng.normal(0, self.volume, draws)
        past_move = rng.choice(self.past, draws, p=self.weights) if len(self.past) else 0.0
        return np.asarray(np.exp(move + past_move))


def moves_of(evidence: BandEvidence, threshold: float, past: PastVolumes | None = None) -> Moves:
    """Learn how far rates move: volume from the promotions of the whole past, precision from blocks of outcomes.

    Parameters
    ----------
    evidence : BandEvidence
    threshold : float
        The cut-off asked about.
    past : PastVolumes, optional
        None leaves the usual move.
    """
    precision = precision_move(*_blocks(evidence, threshold))
    if past is None:
        return Moves(precision=precision)
    counted = max(round(evidence.counting.weeks), 1)
    moves, weights = past_moves(past.weekly(threshold), counted=counted, ahead=QUARTER_WEEKS)
    return Moves(precision=precision, past=moves, weights=weights)


def precision_move(won: ArrayLike, leads: ArrayLike) -> float:
    """Return how far the log-odds of a share move between blocks of weeks, beyond chance.

    By moments: ``sum((k - n p)^2 - n p q) / sum((n p q)^2)`` is the variance, mixed with `USUAL_PRECISION_MOVE`.

    Parameters
    ----------
    won, leads : array of float
        Of each block.
    """
    k, n = np.asarray(won, dtype="float64"), np.asarray(leads, dtype="float64")
    usual = USUAL_PRECISION_MOVE**2
    if len(n) < 2 or k.sum() in (0, n.sum()):
        return USUAL_PRECISION_MOVE
    p = k.sum() / n.sum()
    spread = n * p * (1 - p)
    variance = max(float(((k - n * p) ** 2 - spread).sum() / (spread**2).sum()), 0.0)
    # So many blocks are worth so many moves as chance leaves of them.
    moves = float((usual / (usual + 1 / np.maximum(spread, 1e-9))).sum())
    return float(np.sqrt((moves * variance + USUAL_WORTH * usual) / (moves + USUAL_WORTH)))


def state_next_quarter(
    evidence: BandEvidence,
    threshold: float,
    *,
    confidence: float,
    moves: Moves | None = None,
    value: DealValue | None = None,
    weeks: int = QUARTER_WEEKS,
    draws: int = 4000,
    seed: int = 0,
) -> NextQuarter:
    """State what a cut-off gives in the coming quarter.

    Parameters
    ----------
    evidence : BandEvidence
        Looks before it.
    threshold : float
        The cut-off.
    confidence : float
        Share of quarters in which a figure lies between its bounds, for each figure by itself.
    moves : Moves, optional
        The usual ones if not given.
    value : DealValue, optional
        None states no value.
    weeks : int
        Length of the quarter.
    draws, seed : int
        Of the simulation.

    Notes
    -----
    Leads: counts of weeks are over-dispersed by a factor phi (variance over mean of the weeks counted); the rate is
    gamma, given the past, with phi times the Poisson variance, the count negative binomial with phi times it too.
    Shares: beta given the past, in which the forecast stands for a few leads, binomial given the rate. Rates move by
    ``moves``.
    """
    rng, moved = np.random.default_rng(seed), moves or Moves()
    count = _draw_counts(evidence, threshold, moved, weeks, draws, rng)
    leads = float(evidence.per_week([threshold])[0])
    rows = evidence.promoted(threshold)
    judged = rows[rows["judged"]]
    n, won = _weighed(rows, "y", "p", worth=TARGET_WORTH)
    bounds = _Bounds(confidence)
    share = _draw_shares(won, n, moved.precision, draws, rng)
    reached = rng.binomial(count, share)
    settled, closed = _weighed(rows, evidence.deal_column, evidence.deal_probability, worth=DEAL_WORTH)
    deals = rng.binomial(count, _draw_shares(closed, settled, moved.deals, draws, rng))
    deal_rate = closed / settled if settled else float("nan")
    some = count > 0
    return NextQuarter(
        weeks=weeks,
        confidence=confidence,
        leads_per_week=bounds(leads, count / weeks / evidence.counting.share),
        precision=bounds(won / n, reached[some] / count[some]) if n and some.any() else None,
        recall=_recall(evidence, threshold, moved, bounds, rng, draws),
        outcomes_per_week=bounds(leads * won / n, reached / weeks / evidence.counting.share) if n else None,
        deals_per_week=bounds(leads * deal_rate, deals / weeks / evidence.counting.share) if settled else None,
        value_per_week=_value(evidence, value, leads, deal_rate, count, deals, weeks, bounds),
        judged_leads=len(judged),
    )


@dataclass(frozen=True)
class _Bounds:
    confidence: float

    def __call__(self, value: float, drawn: Floats) -> Stated:
        low, high = np.quantile(
            drawn, [(1 - self.confidence) / 2, (1 + self.confidence) / 2], method="closest_observation"
        )
        return Stated(value=float(value), low=min(float(low), float(value)), high=max(float(high), float(value)))


def _weighed(promoted: pd.DataFrame, outcome: str, forecast: str, *, worth: float) -> tuple[float, float]:
    """Return as many leads as the weighted judged ones are worth, and how many of them had the outcome.

    The forecast's mean probability counts as ``worth`` leads more; nothing is told where none is judged.
    """
    rows = promoted[promoted["judged"] & promoted[outcome].notna()]
    weight = rows["weight"].to_numpy(dtype="float64")
    if len(rows) == 0:
        return 0.0, 0.0
    leads = float(weight.sum() ** 2 / (weight**2).sum())
    won = leads * float(weight @ rows[outcome].to_numpy(dtype="float64") / weight.sum())
    return leads + worth, won + worth * float(promoted[forecast].mean())


def _blocks(evidence: BandEvidence, threshold: float) -> tuple[Floats, Floats]:
    rows = evidence.promoted(threshold)
    rows = rows[rows["judged"]]
    block = (rows["as_of_us"] - rows["as_of_us"].min()) // (BLOCK_WEEKS * WEEK_US) if len(rows) else rows["as_of_us"]
    sums = rows["y"].groupby(block.to_numpy()).agg(["sum", "size"])
    return sums["sum"].to_numpy(dtype="float64"), sums["size"].to_numpy(dtype="float64")


def _draw_counts(
    evidence: BandEvidence, threshold: float, moves: Moves, weeks: int, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw the leads promoted in a quarter (of the sample that is looked at)."""
    weekly = evidence.weekly(threshold)
    counted = float(evidence.counted_leads([threshold])[0])
    phi = max(float(weekly.var(ddof=1) / weekly.mean()), 1.0) if len(weekly) > 1 and weekly.mean() > 0 else 1.0
    rate = rng.gamma((counted + 0.5) / phi, phi / evidence.counting.weeks, draws)
    mean = np.maximum(rate * weeks * moves.draw_volume(draws, rng), 1e-9)
    return rng.poisson(mean if phi <= 1 + 1e-9 else rng.gamma(mean / (phi - 1), phi - 1))


def _draw_shares(won: float, leads: float, move: float, draws: int, rng: np.random.Generator) -> Floats:
    rate = rng.beta(max(won, MARGIN), max(leads - won, MARGIN), draws)
    return log_odds_to_probability(probability_to_log_odds(rate) + rng.normal(0, move, draws))


def _recall(
    evidence: BandEvidence, threshold: float, moves: Moves, bounds: _Bounds, rng: np.random.Generator, draws: int
) -> Stated | None:
    """As many leads are taken to reach the target in a quarter as among the judged."""
    leads, hits = evidence.recall(threshold)
    if leads == 0:
        return None
    share = _draw_shares(hits + 0.5, leads + 1, moves.recall, draws, rng)
    reached = rng.poisson(rng.gamma(leads + 0.5, 1.0, draws))
    some = reached > 0
    return bounds(hits / leads, rng.binomial(reached[some], share[some]) / reached[some])


def _value(
    evidence: BandEvidence,
    value: DealValue | None,
    leads: float,
    deal_rate: float,
    count: np.ndarray,
    deals: np.ndarray,
    weeks: int,
    bounds: _Bounds,
) -> Stated | None:
    """Value of handing over against handing nobody over: deals and what is spared, less the hand-overs' cost."""
    if value is None or not np.isfinite(deal_rate):
        return None
    gain = value.deal + value.missed
    drawn = (deals * gain - count * value.handover) / weeks / evidence.counting.share
    return bounds(leads * (deal_rate * gain - value.handover), drawn)
