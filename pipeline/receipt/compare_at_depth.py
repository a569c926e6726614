"""Model, points and naive Bayes on the looks of the test period, at the depth the team works today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from models.arrays import Bools, Floats
from models.bands import Band
from models.cutoffs.cutoffs import Cutoffs, Thresholds, choose_thresholds, first_promotions
from models.evaluation.working_depth import compare_at_cutoffs, compare_at_depth, turns
from models.measures.bootstrap import Comparison
from pipeline.replay.nightly_looks import Looks

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
    told = looks.rows["y"].notna().to_numpy(dtype=bool)
    return Looks(looks.rows[told].reset_index(drop=True), looks.counting, looks.every_us)


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
    rows, scores = looks.rows, scores_of(looks.rows, cutoffs)
    deal, turn = deal_column(looks, cutoffs.target), turns(rows["as_of_us"], every_us=looks.every_us)
    found: dict[Band, Depth] = {}
    for band, may in _may(rows).items():
        passes = {name: may & (scores[name] >= cut) for name, cut in _cuts(before, cutoffs, band).items()}
        found[band] = Depth(
            compare_at_depth(
                rows,
                scores,
                baseline=cutoffs.baseline.kind,
                passes=passes[cutoffs.baseline.kind],
                may=may,
                turn=turn,
                deal=deal,
                draws=draws,
                seed=seed,
            ),
            compare_at_cutoffs(rows, {name: passes[name] for name in passes}, deal=deal, draws=draws, seed=seed),
            {name: _a_week(looks, chosen) for name, chosen in passes.items()},
        )
    return found


def scores_of(rows: pd.DataFrame, cutoffs: Cutoffs) -> dict[str, Floats]:
    """Return each scorer's column."""
    columns: dict[str, str] = {MODEL: "p", POINTS: "points", NAIVE_BAYES: "naive_bayes"}
    if cutoffs.baseline.kind == NAIVE_BAYES:
        del columns[POINTS]
    return {name: rows[column].to_numpy(dtype="float64") for name, column in columns.items()}


def _may(rows: pd.DataFrame) -> dict[Band, Bools]:
    may = ~rows["excluded"].to_numpy(dtype=bool)
    return {"MQL": may, "SAL": may & rows["gates_open"].to_numpy(dtype=bool)}


def _cuts(before: Looks, cutoffs: Cutoffs, band: Band) -> dict[Scorer, float]:
    """Return everyone's cut-off, set before the test began."""
    key = band.lower()
    cuts: dict[Scorer, float] = {MODEL: getattr(cutoffs, key), cutoffs.baseline.kind: getattr(cutoffs.baseline, key)}
    if cutoffs.baseline.kind != NAIVE_BAYES:
        cuts[NAIVE_BAYES] = getattr(_naive_bayes_cuts(before, cutoffs), key)
    return cuts


def _naive_bayes_cuts(before: Looks, cutoffs: Cutoffs) -> Thresholds:
    rows, weeks = before.rows, before.counting.weeks
    return choose_thresholds(
        rows["lead_id"],
        rows["naive_bayes"],
        excluded=rows["excluded"],
        gates_open=rows["gates_open"],
        mql_leads=cutoffs.mql_volume.leads_per_week * weeks,
        sal_leads=cutoffs.sal_volume.leads_per_week * weeks,
        counted=before.counted,
    )


def _a_week(looks: Looks, passes: Bools) -> float:
    promotions = first_promotions(looks.rows["lead_id"], looks.rows["as_of_us"], np.asarray(passes, dtype=bool))
    return looks.counting.per_week(looks.counting.leads(promotions))
