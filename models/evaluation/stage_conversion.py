"""What became of promoted leads: which share reached each further stage, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.as_of import counts_as_outcome, is_known
from features.source_spec import SourceSpec
from features.time_units import DAY_US
from models.arrays import Floats
from models.measures.bootstrap import Interval, interval
from models.measures.observed_outcomes import WEIGHT
from models.measures.weighted_share import weighted_median, weighted_share


@dataclass(frozen=True)
class Step:
    """A stage that promoted leads may reach, and how long they are given."""

    stage: str
    reaching: tuple[str, ...]
    """The stage and all above it: who is there has reached it."""
    horizon_us: int


@dataclass(frozen=True)
class Conversion:
    """How promoted leads fared at one step.

    Attributes
    ----------
    stage : str
        The stage to reach.
    horizon_days : float
        Time given from promotion.
    leads : int
        Promoted leads that had not reached it yet and whose time has passed: only these count.
    already_there, too_young : int
        Promoted leads left out: at or past the stage when promoted, or with time still running.
    reached : int
        Leads that reached it in time.
    worked : int
        Those of ``leads`` whose outcome says something: all, unless sales works handed-over leads alone.
    effective_leads : float
        What these are worth (:mod:`models.measures.weighted_share`).
    share : Interval
        ``reached / leads`` with Wilson's interval, weighted where promotions are.
    median_days : Interval
        Days from promotion to the stage, among those that reached it in time; bootstrap by lead.
    """

    stage: str
    horizon_days: float
    leads: int
    already_there: int
    too_young: int
    reached: int
    worked: int
    effective_leads: float
    share: Interval
    median_days: Interval


def conversion_steps(spec: SourceSpec) -> tuple[Step, ...]:
    """Return the steps from promotion on: acceptance by sales (SAL), then the targets' stages, in ladder order.

    Acceptance is given as much time as the primary target.
    """
    horizons = {target.stage: target.horizon for target in spec.targets.values()}
    primary = spec.targets[spec.primary_target]
    below = spec.ladder[: spec.ladder.index(primary.stage)]
    for accepted in spec.accepted_stages[:1]:
        if accepted in below:
            horizons.setdefault(accepted, primary.horizon)
    stages = [stage for stage in spec.ladder if stage in horizons]
    return tuple(Step(stage, spec.stages_reaching(stage), horizons[stage]) for stage in stages)


def convert(
    promotions: pd.DataFrame,
    stages: pd.DataFrame,
    steps: Sequence[Step],
    *,
    observed_until_us: int,
    draws: int,
    seed: int,
) -> list[Conversion]:
    """Follow promoted leads up the ladder.

    Parameters
    ----------
    promotions : DataFrame
        ``lead_id``, ``as_of_us``: each promoted lead once, with the time of promotion. Where not every outcome says
        the same, ``weight`` too; otherwise each weighs 1.
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``.
    steps : sequence of Step
        What to follow.
    observed_until_us : int
        Until when outcomes are in the export.
    draws, seed : int
        Of the bootstrap for the median time.

    Returns
    -------
    list of Conversion
        One a step.
    """
    return [
        _convert_step(promotions, stages, step, observed_until_us=observed_until_us, draws=draws, seed=seed)
        for step in steps
    ]


def _convert_step(
    promotions: pd.DataFrame, stages: pd.DataFrame, step: Step, *, observed_until_us: int, draws: int, seed: int
) -> Conversion:
    first = stages[stages["stage"].isin(step.reaching)].groupby("lead_id")["entered_us"].min()
    reached_us = promotions["lead_id"].map(first).astype("Int64")
    promoted_us = promotions["as_of_us"]
    there = is_known(reached_us, promoted_us).fillna(False).astype(bool)
    mature = promoted_us + step.horizon_us <= observed_until_us
    counted = ~there & mature
    in_time = counts_as_outcome(reached_us, promoted_us, horizon=step.horizon_us).fillna(False).astype(bool) & counted
    weights = promotions[WEIGHT] if WEIGHT in promotions else pd.Series(1.0, index=promotions.index)
    telling = in_time & (weights > 0)
    days = (reached_us[telling].astype("int64") - promoted_us[telling]).to_numpy(dtype="float64") / DAY_US
    conversion = weighted_share(in_time[counted], weights[counted])
    return Conversion(
        stage=step.stage,
        horizon_days=step.horizon_us / DAY_US,
        leads=int(counted.sum()),
        already_there=int(there.sum()),
        too_young=int((~there & ~mature).sum()),
        reached=int(in_time.sum()),
        worked=conversion.worked,
        effective_leads=conversion.effective_leads,
        share=conversion.share,
        median_days=_median(days, weights[telling].to_numpy(dtype="float64"), draws=draws, seed=seed),
    )


def _median(days: Floats, weights: Floats, *, draws: int, seed: int) -> Interval:
    if len(days) == 0:
        return interval(float("nan"), [])
    order = np.argsort(days, kind="stable")
    days, weights = days[order], weights[order]
    drawn = np.random.default_rng(seed).integers(0, len(days), size=(draws, len(days)))
    return interval(float(weighted_median(days, weights)), weighted_median(days[drawn], weights[drawn]))
