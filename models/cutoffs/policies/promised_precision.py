"""A cut-off that keeps a promised share, with a finite-sample guarantee: learn then test.

For every cut-off of a fixed grid the hypothesis "of the leads promoted here, no more than the promised share reach the
target" is tested by the exact binomial tail, over first promotions: one decision a lead, at its first passing look.
The cut-offs are tested from the highest down. The error that may be made, 1 - confidence, is laid on a few starts, and
handed on to the next cut-off below whenever a test rejects (fallback procedure); so the chance that any cut-off that
passes breaks the promise is at most 1 - confidence, whatever the forecast is worth and however many are tested. Grid
and starts depend on the promise alone, never on the data.

References
----------
Angelopoulos, Bates, Candès, Jordan, Lei (2025), Learn then test: calibrating predictive algorithms to achieve risk
control. Annals of Applied Statistics 19. Wiens (2003), A fixed sequence Bonferroni procedure for testing multiple
endpoints. Pharmaceutical Statistics 2.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from features.errors import InputError
from models.arrays import Floats
from models.bands import Band
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.policies.knobs import Knobs
from models.cutoffs.policies.policy import Chosen, Compared, Policy, needed
from models.cutoffs.statement import Promise
from models.log_odds import log_odds_to_probability, probability_to_log_odds

STEP = 0.05
"""Distance of neighbouring cut-offs in log-odds."""
REACH = 5.0
"""How far below the highest start the grid goes, in log-odds."""
STARTS = {2.0: 0.1, 1.0: 0.2, 0.5: 0.2, 0.0: 0.5}
"""Log-odds above the promise at which testing starts, and the part of the error laid there. A cut-off at the promise
itself would keep it with ease if the forecast were calibrated; the higher ones are for a forecast that says too much.
"""


class PromisedPrecision(Policy):
    """At least a share of the leads reaches the target, with a guarantee."""

    name = "promised_precision"
    needs = "promise"

    def choose(self, evidence: BandEvidence, knobs: Knobs, *, confidence: float, compared: Compared) -> Chosen:
        """Return the cut-off of `keep_promise`."""
        share = needed(knobs.promise, "promise", evidence.band)
        promise = keep_promise(evidence, share, confidence=confidence)
        return Chosen(promise.threshold, self.name, promise=promise)

    def raise_to(self, threshold: float, chosen: Chosen, evidence: BandEvidence) -> Chosen:
        """Return the choice at the higher cut-off, where the promise is tested by itself."""
        demand = needed(chosen.promise, "promise", evidence.band)
        promise = keep_promise(evidence, demand.share, confidence=demand.confidence, at_least=threshold)
        return replace(chosen, threshold=threshold, promise=promise, raised=True)

    def words(self, knobs: Knobs, band: Band, *, per_week: float | None, confidence: float) -> str:
        """Return what was asked."""
        return f"at least {knobs.promise:.0%} reach the target, {confidence:.0%} sure"


def tail_probabilities(won: npt.ArrayLike, leads: npt.ArrayLike, share: float) -> Floats:
    """Return the chance of so many or more outcomes if the true share were ``share``: small speaks for more than it.

    Examples
    --------
    >>> tail_probabilities([2, 0], [2, 0], 0.3).round(2).tolist()  # two of two: 0.3 squared
    [0.09, 1.0]
    """
    from scipy.special import betainc  # here, as below: it takes a moment, and whoever only reads settings needs none

    k, n = np.asarray(won, dtype="float64"), np.asarray(leads, dtype="float64")
    # The binomial tail is a regularised incomplete beta function.
    return np.asarray(np.where(k > 0, betainc(np.maximum(k, 1), np.maximum(n - k, 0) + 1, share), 1.0))


def promise_grid(share: float) -> tuple[Floats, Floats]:
    """Return the cut-offs to be tested for a promise, falling, and the part of the error that each starts with."""
    highest = max(STARTS)
    above = highest - STEP * np.arange(round((highest + REACH) / STEP))
    error = np.zeros(len(above))
    for start, part in STARTS.items():
        error[np.argmin(np.abs(above - start))] = part
    return log_odds_to_probability(probability_to_log_odds(share) + above), error


def passed_in_sequence(p_values: npt.ArrayLike, error: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return which hypotheses are rejected, in order; a rejected one hands its error on to the next.

    Parameters
    ----------
    p_values : array of float
        In the order of testing.
    error : array of float
        Error laid on each; all of it together is the chance that any true hypothesis is rejected, at most.

    Examples
    --------
    >>> passed_in_sequence([0.04, 0.09, 0.2, 0.04], [0.05, 0.05, 0.0, 0.0]).tolist()
    [True, True, False, False]
    """
    passed, handed = np.zeros(len(np.asarray(p_values)), dtype=bool), 0.0
    for number, (p, error_share) in enumerate(zip(np.asarray(p_values), np.asarray(error), strict=True)):
        level = error_share + handed
        passed[number] = level > 0 and p <= level
        handed = level if passed[number] else 0.0
    return passed


def keep_promise(evidence: BandEvidence, share: float, *, confidence: float, at_least: float | None = None) -> Promise:
    """Return the lowest cut-off that keeps a promise: of the leads promoted, more than ``share`` reach the target.

    Parameters
    ----------
    evidence : BandEvidence
        Only judged promotions play a part.
    share : float
        Between 0 and 1.
    confidence : float
        How sure the promise is to be kept, between 0 and 1.
    at_least : float, optional
        The one cut-off to be tested, where a lower one would pass but may not be taken.

    Raises
    ------
    InputError
        If no cut-off passes; it says the best promise that can be kept with this confidence, and at what volume.
    """
    promise = _lowest(evidence, share, confidence, at_least)
    if promise is None:
        raise _broken(evidence, share, confidence) if at_least is None else _unproven(evidence, share, at_least)
    return promise


def best_promise(evidence: BandEvidence, *, confidence: float, below: float = 1.0) -> Promise | None:
    """Return the highest promise in whole percent that some cut-off keeps; None if not even 1 % can be promised.

    Parameters
    ----------
    evidence : BandEvidence
        As for `keep_promise`.
    confidence : float
        As for `keep_promise`.
    below : float
        It is looked for below this share.
    """
    low, high = 0, math.ceil(100 * below)
    best: Promise | None = None
    while high - low > 1:  # the promises that can be kept are those up to some share, but for chance at the edge
        middle = (low + high) // 2
        promise = _lowest(evidence, middle / 100, confidence, None)
        best, low, high = (promise, middle, high) if promise is not None else (best, low, middle)
    return best


def _lowest(evidence: BandEvidence, share: float, confidence: float, at_least: float | None) -> Promise | None:
    """Return the lowest cut-off that passes, None if none does."""
    grid, error = promise_grid(share)
    if at_least is not None:
        grid, error = np.array([at_least]), np.ones(1)
    leads, won = (np.rint(counts).astype(int) for counts in evidence.judged(grid))
    passed = np.flatnonzero(passed_in_sequence(tail_probabilities(won, leads, share), error * (1 - confidence)))
    if len(passed) == 0:
        return None
    at = int(passed[-1])
    return Promise(
        threshold=float(grid[at]), share=share, confidence=confidence, leads=int(leads[at]), won=int(won[at])
    )


def lower_bound(won: float, leads: float, *, confidence: float) -> float:
    """Return the share that the true one exceeds with ``confidence``, by one fixed cut-off (Clopper and Pearson 1934).

    Examples
    --------
    >>> round(lower_bound(2, 2, confidence=0.91), 2)
    0.3
    """
    from scipy.special import betaincinv

    return float(betaincinv(won, leads - won + 1, 1 - confidence)) if won > 0 else 0.0


def _broken(evidence: BandEvidence, share: float, confidence: float) -> InputError:
    judged = int(evidence.judged([0.0])[0][0])
    best = best_promise(evidence, confidence=confidence, below=share)
    if best is None:
        possible = "nothing can be promised at this confidence"
    else:
        volume = float(evidence.per_week([best.threshold])[0])
        possible = (
            f"the best promise is {best.share:.0%}, at {volume:.1f} leads a week "
            f"({best.won} of {best.leads} past promotions got there)"
        )
    band = evidence.band.lower()
    return InputError(
        expected=f"a cut-off for {evidence.band} of which {share:.0%} reach the target, {confidence:.0%} sure",
        found=f"none, from {judged:,} leads whose outcome is known; {possible}",
        column=f"cutoffs.{band}.promise",
        hint=f"Promise less (cutoffs.{band}.promise), be less sure (cutoffs.confidence), or wait for more outcomes",
    )


def _unproven(evidence: BandEvidence, share: float, at_least: float) -> InputError:
    leads, won = (int(count[0]) for count in evidence.judged([at_least]))
    return InputError(
        expected=f"a cut-off for {evidence.band} of which {share:.0%} reach the target, not below that for MQL",
        found=f"at MQL's cut-off {won} of {leads} past promotions got there, too few to prove it; it is kept below",
        column=f"cutoffs.{evidence.band.lower()}.promise",
        hint="Promote more leads to MQL, or promise less",
    )
