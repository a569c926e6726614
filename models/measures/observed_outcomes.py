"""What an outcome weighs where sales works only leads that were handed over, and whether the history allows to learn.

A row's weight (:mod:`features.tables.handovers`) multiplies the even weights of :mod:`models.measures.lead_weights`,
in calibration and in every measure, so that in expectation the weighted rows are the whole population.

Training takes a small power of the weight. Who was handed over depends on what the features say and on the draw alone,
so a forecast given the features is right with any weights that depend on the features; full ones make few leads so
heavy that there is little left to learn from (``docs/follow-up.md`` has the comparison).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from features.answers import Answer
from features.source_spec import SourceSpec
from models.arrays import Floats
from models.measures.lead_weights import even_weights

WEIGHT = "weight"
TRAINING_POWER = 0.25
"""Power of the weight in training: a lead that stands for 100 weighs 3."""
ENOUGH_SILENT = 200
"""Leads that were never promoted, below which no outcome among them proves nothing."""
ENOUGH_OUTCOMES = 20
FAR_BELOW = 0.1
"""Silence is telling if the largest plausible rate among the silent is below this share of that of the promoted."""
RULE_OF_THREE = 3.0
"""None in n: the rate is below 3 / n with 95 % confidence."""
ENOUGH_DRAWN = 10
"""Draws of the lane in a part of the split, below which it says nothing about leads below the cut-off."""


def observed_rows(rows: pd.DataFrame, *, power: float = 1.0) -> tuple[pd.DataFrame, Floats]:
    """Return the rows whose outcome says something, and what each weighs.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id`` and, where not every outcome says the same, ``weight``.
    power : float
        Of the weight; 1 keeps the rows a picture of the population.

    Returns
    -------
    rows : DataFrame
        As given, without those of weight 0; index from 0 if any are left out.
    weights : array of float
        Without column ``weight`` those of `even_weights`; otherwise times ``weight``, and scaled so that they sum to
        the number of leads they are worth (`effective_leads`): to a penalty that counts in leads, 20 leads of weight
        50 are 20, not 1,000.
    """
    weights = even_weights(rows["lead_id"])
    if WEIGHT not in rows or bool((rows[WEIGHT] == 1.0).all()):
        return rows, weights
    telling = (rows[WEIGHT] > 0).to_numpy()
    weights = weights * rows[WEIGHT].to_numpy(dtype=np.float64) ** power
    rows, weights = rows[telling].reset_index(drop=True), weights[telling]
    if len(rows) == 0:
        return rows, weights
    return rows, weights * (effective_leads(rows["lead_id"], weights) / weights.sum())


def effective_leads(lead_ids: ArrayLike, weights: ArrayLike) -> float:
    """Return how many leads of equal weight would be as telling: (Σw)² / Σw² over leads (Kish 1965).

    Examples
    --------
    >>> effective_leads(["a", "a", "b"], [0.5, 0.5, 1.0]), effective_leads(["a", "b"], [9.0, 1.0])
    (2.0, 1.2195121951219512)
    """
    _, lead = np.unique(np.asarray(lead_ids, dtype=str), return_inverse=True)
    lead_weights = np.bincount(lead, weights=np.asarray(weights, dtype=np.float64))
    squares = float((lead_weights**2).sum())
    return float(lead_weights.sum() ** 2 / squares) if squares > 0 else 0.0


@dataclass(frozen=True)
class Overlap:
    """Whether leads below the cut-off can be learned about.

    Attributes
    ----------
    declared : bool
        Whether the source says that sales works handed-over leads only.
    verdict : Answer
        Passed: some leads below the cut-off were worked. Failed: none were, so their silence is no evidence.
    stage : str
        Whose entry tells of a promotion.
    promoted, silent : int
        Leads with a known outcome that were promoted, and that never were.
    outcomes_promoted, outcomes_silent : int
        Those of them that reached the target.
    drawn : int
        Leads handed over by the lane among those with a known outcome.
    """

    declared: bool
    verdict: Answer
    stage: str
    promoted: int
    silent: int
    outcomes_promoted: int
    outcomes_silent: int
    drawn: int


def overlap(labels: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec) -> Overlap:
    """Look whether leads without a promotion ever reach the primary target, and whether a lane draws some.

    Parameters
    ----------
    labels : DataFrame
        ``lead_id``, ``target``, ``y``, and ``how`` (:func:`features.tables.handovers.handover_weights`) if the source
        declares ``follow_up: promoted_only``.
    stages : DataFrame
        ``lead_id``, ``stage``.
    spec : SourceSpec
        The first rung of its ladder tells of a promotion.
    """
    stage, target = spec.ladder[0], spec.primary_target
    labelled = labels[(labels["target"] == target) & labels["y"].notna()]
    leads = pd.Index(labelled["lead_id"].unique())
    promoted = leads.isin(stages.loc[stages["stage"] == stage, "lead_id"])
    reaching = stages["stage"].isin(spec.stages_reaching(spec.targets[target].stage))
    reached = leads.isin(stages.loc[reaching, "lead_id"])
    drawn = int(labelled.loc[labelled["how"] == "drawn", "lead_id"].nunique()) if "how" in labelled else 0
    counts = {
        "promoted": int(promoted.sum()),
        "silent": int((~promoted).sum()),
        "outcomes_promoted": int((promoted & reached).sum()),
        "outcomes_silent": int((~promoted & reached).sum()),
    }
    declared = spec.follow_up == "promoted_only"
    by_draws = Answer.PASSED if drawn >= ENOUGH_DRAWN else Answer.FAILED
    verdict = by_draws if declared else _guess(counts, stage, spec)
    return Overlap(declared=declared, verdict=verdict, stage=stage, drawn=drawn, **counts)


def _guess(counts: dict[str, int], stage: str, spec: SourceSpec) -> Answer:
    """Conclude from outcomes among leads that were never promoted; not from too few, nor without such a stage."""
    if stage in spec.stages_reaching(spec.targets[spec.primary_target].stage):
        return Answer.UNCHECKED
    if counts["outcomes_silent"] > 0:
        return Answer.PASSED
    if counts["silent"] < ENOUGH_SILENT or counts["outcomes_promoted"] < ENOUGH_OUTCOMES:
        return Answer.UNCHECKED
    usual = counts["outcomes_promoted"] / counts["promoted"]
    return Answer.FAILED if RULE_OF_THREE / counts["silent"] < FAR_BELOW * usual else Answer.UNCHECKED
