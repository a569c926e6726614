"""Model, points and naive Bayes on the looks of the test period, at the depth the team works today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from models.arrays import Bools, Floats
from models.bands import BANDS, Band, PerBand, passes, rows_that_may_enter
from models.cutoffs.cutoffs import Cutoffs
from models.cutoffs.first_promotions import first_promotions
from models.cutoffs.thresholds import choose_thresholds
from models.evaluation.working_depth import compare_at_cutoffs, compare_at_depth, turns
from models.measures.bootstrap import Comparison
from pipeline.outputs.looks_file import Looks

Scorer = Literal["model", "points", "naive_bayes"]
MODEL: Final = "model"
POINTS: Final = "points"
NAIVE_BAYES: Final = "naive_bayes"
DEALS: Final = "close"
"""The target that is a deal."""


@dataclass(frozen=True)
class Depth:
    """One cut-off: all scorers at the baseline's depth, at cut-offs set before, and that depth in leads a week."""

    at_depth: Comparison
    at_cutoffs: Comparison
    leads_a_week: dict[Scorer, float]
    """By scorer at its own cut-off, of all leads, once every open lead is a test lead."""


def told_looks(looks: Looks) -> Looks:
    """Leave out looks whose outcome is not known."""
    has_outcome = looks.rows["y"].notna().to_numpy(dtype=bool)
    return Looks(looks.rows[has_outcome].reset_index(drop=True), looks.counting, looks.every_us)


def deal_column(looks: Looks, target: str) -> str | None:
    """Return the column that says whether a deal came, None where the target is the deal or there is none."""
    column = f"y_{DEALS}"
    return column if target != DEALS and column in looks.rows.columns else None


def depths(looks: Looks, before: Looks, cutoffs: Cutoffs, *, draws: int, seed: int) -> dict[Band, Depth]:
    """Compare the scorers at both cut-offs.

    Parameters
    ----------
    looks : Looks
        Of the test period, outcomes known.
    before : Looks
        Those that the cut-offs were set on: naive Bayes gets its own there, for the same volumes.
    cutoffs : Cutoffs
        Of the model and the baseline. The baseline's set the depth.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``MQL`` and ``SAL``; scorers are ``model``, ``points`` (where there are any) and ``naive_bayes``.
    """
    rows, scores, may = looks.rows, scores_of(looks.rows, cutoffs), rows_that_may_enter(looks.rows)
    deal, turn = deal_column(looks, cutoffs.target), turns(rows["as_of_us"], every_us=looks.every_us)
    passing = {name: passes(scores[name], may, at) for name, at in _cuts(before, cutoffs).items()}
    depth_by_band: dict[Band, Depth] = {}
    for band in BANDS:
        promoted = {name: both.of(band) for name, both in passing.items()}
        depth_by_band[band] = Depth(
            compare_at_depth(
                rows,
                scores,
                baseline=cutoffs.baseline.kind,
                passes=promoted[cutoffs.baseline.kind],
                may=may.of(band),
                turn=turn,
                deal=deal,
                draws=draws,
                seed=seed,
            ),
            compare_at_cutoffs(rows, {name: promoted[name] for name in promoted}, deal=deal, draws=draws, seed=seed),
            {name: _a_week(looks, chosen) for name, chosen in promoted.items()},
        )
    return depth_by_band


def scores_of(rows: pd.DataFrame, cutoffs: Cutoffs) -> dict[str, Floats]:
    """Return each scorer's column."""
    columns: dict[str, str] = {MODEL: "p", POINTS: "points", NAIVE_BAYES: "naive_bayes"}
    if cutoffs.baseline.kind == NAIVE_BAYES:
        del columns[POINTS]
    return {name: rows[column].to_numpy(dtype="float64") for name, column in columns.items()}


def _cuts(before: Looks, cutoffs: Cutoffs) -> dict[Scorer, PerBand[float]]:
    """Return everyone's cut-offs, set before the test began."""
    cuts: dict[Scorer, PerBand[float]] = {MODEL: cutoffs.at, cutoffs.baseline.kind: cutoffs.baseline.at}
    if cutoffs.baseline.kind != NAIVE_BAYES:
        cuts[NAIVE_BAYES] = _naive_bayes_cuts(before, cutoffs)
    return cuts


def _naive_bayes_cuts(before: Looks, cutoffs: Cutoffs) -> PerBand[float]:
    rows, weeks = before.rows, before.counting.weeks
    return choose_thresholds(
        rows["lead_id"],
        rows["naive_bayes"],
        may=rows_that_may_enter(rows),
        leads=cutoffs.volumes.map(lambda volume: volume.leads_per_week * weeks),
        counted=before.counted,
    ).at


def _a_week(looks: Looks, promoted: Bools) -> float:
    promotions = first_promotions(looks.rows["lead_id"], looks.rows["as_of_us"], promoted)
    return looks.counting.per_week(looks.counting.leads(promotions))
