"""What more outcomes would bring: trained on growing parts of the training leads, judged on a later period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from features.catalog.feature import Feature
from features.time_units import to_micros
from models.arrays import Floats
from models.calibration.intercept_and_slope import fit_calibration
from models.estimator.fit_estimator import fit_estimator
from models.estimator.fitting import Fitting
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import Rows
from models.log_odds import log_losses, log_odds_to_probability, probability_to_log_odds
from models.measures.bootstrap import Interval, drawn_weights, interval
from models.measures.lead_weights import even_weights, lead_folds
from models.measures.metrics import MetricDraws, Scored

Worth = Literal["worth waiting", "may help", "not worth waiting"]

NEXT_OUTCOMES: Final = 100
FEWEST_POINTS: Final = 2
SHARES: Final = (1 / 8, 1 / 4, 1 / 2, 1.0)
REPEATS: Final = (2, 1, 1, 1)
"""Parts of each share that are tried: small ones cost little and vary much."""
DEALS: Final = 8
MOST_LEADS: Final = 6_000
"""Of more training leads so many are used: what follows is then read off a curve that is nearly flat."""
CURVE_BOOSTERS: Final = 2
EXPONENTS: Final = (0.25, 0.5, 1.0)
"""How fast the rest of what can be learned falls with the outcomes; a few points cannot tell, so all are drawn from."""
NOTICEABLE: Final = 0.01
"""Share of the base rate's log loss below which nobody would notice."""


@dataclass(frozen=True)
class LearningCurve:
    """How forecasts get better with outcomes.

    Attributes
    ----------
    points : DataFrame
        One row a share of the training leads: ``share``, ``outcomes`` and ``leads`` (means over the parts tried),
        ``parts``, ``log_loss``, ``auc``, each with ``_low`` and ``_high`` (95 %, by lead of the judging period).
    outcomes : int
        Outcomes that the forecast has learned from today.
    log_loss_gain, auc_gain : Interval
        What ``next_outcomes`` more are expected to bring: how far log loss falls and AUC rises; never below 0.
    base_log_loss : float
        Log loss of the judging period's base rate: what a forecast that knows nothing would have.
    """

    points: pd.DataFrame
    outcomes: int
    log_loss_gain: Interval
    auc_gain: Interval
    base_log_loss: float
    next_outcomes: int = NEXT_OUTCOMES

    @property
    def worth(self) -> Worth:
        """Whether the gain is one that somebody would notice: 1 % of the base rate's log loss."""
        bar = NOTICEABLE * self.base_log_loss
        if self.log_loss_gain.low >= bar:
            return "worth waiting"
        return "may help" if self.log_loss_gain.high >= bar else "not worth waiting"


def learning_curve(
    train: pd.DataFrame,
    later: pd.DataFrame,
    *,
    features: Sequence[Feature],
    options: EstimatorOptions,
    outcomes: int,
    draws: int,
    seed: int,
) -> LearningCurve | None:
    """Train on nested parts of the training leads and judge each on the later period.

    Parameters
    ----------
    train, later : DataFrame
        ``lead_id``, ``as_of``, ``y`` and the features of one target's training and calibration rows. Test rows have
        no business here.
    options : EstimatorOptions
        Of the forecast itself; fewer boosters are averaged.
    outcomes : int
        Leads with the outcome that the forecast has learned from.
    draws, seed : int
        Of the bootstrap by lead of the later rows; of the parts.

    Returns
    -------
    LearningCurve or None
        None where fewer than two shares hold ``options.min_outcomes``, or the later period knows one outcome only.

    Notes
    -----
    Log-odds of each part are calibrated as a forecast's are, on one half of the later leads for the other. Through
    the points goes ``a + b · outcomes^-c``, by least squares, in each draw with another c out of ``EXPONENTS``.
    """
    later_y = later["y"].to_numpy(dtype=np.float64)
    dealt = _deal(train, seed)
    if len(np.unique(later_y)) < 2:
        return None
    rows, tried = [], []
    for share, repeats in zip(SHARES, REPEATS, strict=True):
        parts = [dealt.part(share, number) for number in range(repeats)]
        parts = [part for part in parts if dealt.outcomes(part) >= options.min_outcomes]
        if len(parts) == repeats:
            tried.append([_later_scores(train[part], later, features, options, seed) for part in parts])
            counts = [dealt.outcomes(part) for part in parts]
            leads = [train.loc[part, "lead_id"].nunique() for part in parts]
            rows.append({"share": share, "outcomes": np.mean(counts), "leads": np.mean(leads), "parts": repeats})
    if len(rows) < FEWEST_POINTS:
        return None
    measured = _measure(tried, later_y, later["lead_id"], draws=draws, seed=seed)
    return _read_off(pd.DataFrame(rows), measured, outcomes, later, seed)


@dataclass(frozen=True)
class _Deal:
    """Training rows dealt into eighths, alike in time and in outcomes."""

    lead: NDArray[np.int64]
    card: NDArray[np.int64]
    won: NDArray[np.bool_]

    def part(self, share: float, number: int) -> NDArray[np.bool_]:
        """Return the rows of one part: eighths ``number``, ``number + 1``, …; a smaller share lies in the larger."""
        cards = (np.arange(round(share * DEALS)) + number) % DEALS
        return np.asarray(np.isin(self.card, cards)[self.lead])

    def outcomes(self, rows: NDArray[np.bool_]) -> int:
        return int(self.won[np.unique(self.lead[rows])].sum())


def _deal(train: pd.DataFrame, seed: int) -> _Deal:
    """Deal leads in turn by time, those with the outcome and those without apart; beyond ``MOST_LEADS`` to nobody."""
    ids, lead = np.unique(train["lead_id"].to_numpy(dtype=str), return_inverse=True)
    first = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(first, lead, to_micros(train["as_of"]).to_numpy())
    won = np.zeros(len(ids), dtype=bool)
    np.logical_or.at(won, lead, train["y"].to_numpy(dtype=np.float64) > 0)
    hands = max(1, -(-len(ids) // MOST_LEADS)) * DEALS
    turns = np.random.default_rng(seed).permutation(hands)
    card = np.empty(len(ids), dtype=np.int64)
    for outcome in (False, True):
        members = np.flatnonzero(won == outcome)
        card[members[np.lexsort((members, first[members]))]] = turns[np.arange(len(members)) % hands]
    return _Deal(lead.astype(np.int64), card, won)


def _later_scores(
    rows: pd.DataFrame, later: pd.DataFrame, features: Sequence[Feature], options: EstimatorOptions, seed: int
) -> Scored:
    """Train on some rows; rank the later ones and give them probabilities, each half calibrated on the other."""
    fitting = Fitting(tuple(features), options, seed).with_options(boosters=min(CURVE_BOOSTERS, options.boosters))
    learned = Rows.of(rows, rows["y"], lead_ids=rows["lead_id"], as_of_us=to_micros(rows["as_of"]))
    estimator = fit_estimator(learned, fitting)
    raw, y, weights = estimator.log_odds(later), later["y"].to_numpy(np.float64), even_weights(later["lead_id"])
    half = lead_folds(later["lead_id"], y, folds=2, seed=seed)
    calibrated = np.empty_like(raw)
    for side in (0, 1):
        fitted = fit_calibration(raw[half != side], y[half != side], weights[half != side])
        calibrated[half == side] = fitted.apply(raw[half == side])
    return Scored(raw, log_odds_to_probability(calibrated))


@dataclass(frozen=True)
class _Measured:
    """Log loss and AUC of every share: on all later rows, and draw by draw (shares × draws)."""

    value: dict[str, Floats]
    draws: dict[str, Floats]


def _measure(tried: list[list[Scored]], y: Floats, lead_ids: ArrayLike, *, draws: int, seed: int) -> _Measured:
    """Measure every share as the mean over its parts, all on the same drawn leads."""
    measures = [[MetricDraws(y, scored) for scored in one] for one in tried]

    def means(weights: Floats) -> dict[str, Floats]:
        values = [[measure.values(weights) for measure in one] for one in measures]
        return {
            key: np.array([np.mean([v[key] for v in one], axis=0) for one in values]) for key in ("log_loss", "auc")
        }

    whole = means(even_weights(lead_ids)[np.newaxis, :])
    blocks = [means(block) for block in drawn_weights(lead_ids, draws=draws, seed=seed)]
    return _Measured(
        {key: values[:, 0] for key, values in whole.items()},
        {key: np.hstack([block[key] for block in blocks]) for key in whole},
    )


def _read_off(
    points: pd.DataFrame, measured: _Measured, outcomes: int, later: pd.DataFrame, seed: int
) -> LearningCurve:
    """Put intervals on the points and read the gain of the next outcomes off the curve through them."""
    for key in ("log_loss", "auc"):
        intervals = [interval(v, d) for v, d in zip(measured.value[key], measured.draws[key], strict=True)]
        columns = {key: "value", f"{key}_low": "low", f"{key}_high": "high"}
        points = points.assign(**{name: [getattr(i, end) for i in intervals] for name, end in columns.items()})
    counts = points["outcomes"].to_numpy(dtype=np.float64)
    gains = {}
    for key, falls in (("log_loss", True), ("auc", False)):
        drawn = measured.draws[key] if falls else -measured.draws[key]
        value = measured.value[key] if falls else -measured.value[key]
        centre = np.mean([expected_gain(counts, value[:, np.newaxis], outcomes, c)[0] for c in EXPONENTS])
        exponents = np.arange(drawn.shape[1]) % len(EXPONENTS)
        each = [expected_gain(counts, drawn[:, exponents == i], outcomes, c) for i, c in enumerate(EXPONENTS)]
        gains[key] = interval(float(centre), np.concatenate(each))
    weights = even_weights(later["lead_id"])
    y = later["y"].to_numpy(np.float64)
    base = float(np.average(log_losses(probability_to_log_odds(np.average(y, weights=weights)), y), weights=weights))
    return LearningCurve(points, outcomes, gains["log_loss"], gains["auc"], base)


def expected_gain(counts: Floats, losses: Floats, outcomes: int, exponent: float) -> Floats:
    """Return how far ``a + b · n^-exponent`` through the points falls from ``outcomes`` to the next hundred more.

    Parameters
    ----------
    counts : array, one entry a point
        Outcomes.
    losses : array of shape (points, draws)
        Smaller is better.

    Returns
    -------
    array, one entry a draw
        At least 0: more outcomes are not taken to do harm.

    Examples
    --------
    >>> n = np.array([25.0, 100.0, 400.0])
    >>> expected_gain(n, (0.3 + 1 / np.sqrt(n))[:, np.newaxis], 300, 0.5).round(5).tolist()
    [0.00774]
    """
    x = counts**-exponent
    centred = x - x.mean()
    slope = np.maximum(centred @ losses / (centred @ centred), 0.0)
    return np.asarray(slope * (outcomes**-exponent - (outcomes + NEXT_OUTCOMES) ** -exponent))
