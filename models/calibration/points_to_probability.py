"""Probabilities for a score that has none: points, or naive Bayes as Odoo computes it.

Log loss, Brier score and calibration error need a probability. So that a baseline does not lose them merely for lack
of one, its score is calibrated on the calibration period, in whichever of two ways suits it better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.arrays import Floats
from models.log_odds import log_losses, log_odds_to_probability
from models.measures.lead_weights import lead_folds, row_weights

CurveKind = Literal["logistic", "isotonic"]

RIDGE = 1.0
"""Shrinks the slope on the standardised score, in leads; keeps it finite where the score separates outcomes."""

FOLDS = 5


@dataclass(frozen=True)
class ScoreCalibration:
    """A rising curve from score to probability: straight lines in probability between knots, or a logistic curve."""

    kind: CurveKind
    knots: Floats
    """Isotonic: scores. Logistic: centre and scale."""
    values: Floats
    """Isotonic: probabilities at the knots. Logistic: intercept and slope."""

    def probability(self, score: npt.ArrayLike) -> Floats:
        """Return a probability for each score."""
        s = np.asarray(score, dtype="float64")
        if self.kind == "isotonic":
            return np.asarray(np.interp(s, self.knots, self.values))
        standard = (s - self.knots[0]) / self.knots[1]
        return log_odds_to_probability(self.values[0] + self.values[1] * standard)


def fit_score_calibration(
    score: npt.ArrayLike, y: npt.ArrayLike, *, lead_ids: npt.ArrayLike, seed: int, weights: npt.ArrayLike | None = None
) -> ScoreCalibration:
    """Fit logistic and isotonic calibration and keep the one with the smaller log loss across folds of leads.

    Parameters
    ----------
    score : array of float
        More is better.
    y : array of 0 and 1
        Outcomes.
    lead_ids : array of str
        Lead of each row; rows weigh alike, unless ``weights`` say otherwise.
    seed : int
        Of the folds.

    Returns
    -------
    ScoreCalibration
        Never falling: where more score means fewer outcomes, the base rate for every score. Never exactly 0 or 1:
        isotonic steps and the base rate are kept away from both by half a lead.
    """
    s, outcome = np.asarray(score, dtype="float64"), np.asarray(y, dtype="float64")
    weight = row_weights(lead_ids, weights)
    fold = lead_folds(lead_ids, outcome, folds=FOLDS, seed=seed)
    losses = {"logistic": 0.0, "isotonic": 0.0}
    for held_out in range(FOLDS):
        test = fold == held_out
        if not test.any() or test.all():
            continue
        for kind, fit in (("logistic", _fit_logistic), ("isotonic", _fit_isotonic)):
            p = fit(s[~test], outcome[~test], weight[~test]).probability(s[test])
            losses[kind] += float(weight[test] @ log_losses(np.log(p) - np.log1p(-p), outcome[test]))
    fit = _fit_isotonic if losses["isotonic"] < losses["logistic"] else _fit_logistic
    return fit(s, outcome, weight)


def _fit_isotonic(score: Floats, y: Floats, weight: Floats) -> ScoreCalibration:
    from scipy.optimize import isotonic_regression  # here, as below: whoever only reads a curve needs no optimiser

    knots, group = np.unique(score, return_inverse=True)
    mass = np.bincount(group, weights=weight)
    rate = np.bincount(group, weights=weight * y) / mass
    fitted = isotonic_regression(rate, weights=mass).x
    margin = 0.5 / (mass.sum() + 1)
    return ScoreCalibration("isotonic", knots, np.clip(fitted, margin, 1 - margin))


def _fit_logistic(score: Floats, y: Floats, weight: Floats) -> ScoreCalibration:
    from scipy.optimize import minimize

    centre = float(np.average(score, weights=weight))
    scale = float(np.sqrt(np.average((score - centre) ** 2, weights=weight))) or 1.0
    standard = (score - centre) / scale
    rate = (weight @ y + 0.5) / (weight.sum() + 1)

    def cost(theta: Floats) -> tuple[float, Floats]:
        odds = theta[0] + theta[1] * standard
        off = weight * (log_odds_to_probability(odds) - y)
        gradient = np.array([off.sum(), off @ standard + RIDGE * theta[1]])
        return float(weight @ log_losses(odds, y) + RIDGE * theta[1] ** 2 / 2), gradient

    start = np.array([np.log(rate / (1 - rate)), 0.0])
    theta = minimize(cost, start, jac=True, method="BFGS").x
    # a falling curve is none: without its slope the fitted intercept would no longer be the base rate
    values = theta if theta[1] > 0 else start
    return ScoreCalibration("logistic", np.array([centre, scale]), values)
