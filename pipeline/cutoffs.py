"""Stage ``cutoffs``: from which probability a lead becomes MQL and SAL, chosen on the calibration period."""

from __future__ import annotations

from pathlib import Path

import numpy.typing as npt
import pandas as pd

from models.baseline import Baseline, Bools
from models.cutoffs import (
    DEFAULT_MQL_SHARE,
    DEFAULT_SAL_SHARE,
    BaselineCutoffs,
    Cutoffs,
    Policy,
    Thresholds,
    Volume,
    choose_thresholds,
    period_weeks,
)
from models.log_odds import Floats
from models.points import PointsCutoffs
from pipeline.judged_rows import fit_baseline, naive_bayes_file, read_features, volume_rows
from pipeline.model_files import read_forecast
from pipeline.settings import CutoffOptions
from pipeline.stage import StageContext


def run(context: StageContext, out: Path) -> None:
    """Write ``cutoffs.json``, and ``naive_bayes_TARGET.json`` where the source has no rules."""
    target = context.spec().primary_target
    history = read_features(context, "history")
    baseline = fit_baseline(context, history)
    rows = volume_rows(context, history, target=target)
    rows = rows.assign(p=read_forecast(context.folder("train") / "model").predict(rows)[f"p_{target}"])
    cutoffs = decide(rows, baseline, target=target, options=context.settings.cutoffs)
    (out / "cutoffs.json").write_text(cutoffs.model_dump_json(indent=1) + "\n", encoding="utf-8")
    for name, fitted in baseline.naive_bayes.items():
        naive_bayes_file(out, name).write_text(fitted.to_json(), encoding="utf-8")


def decide(rows: pd.DataFrame, baseline: Baseline, *, target: str, options: CutoffOptions) -> Cutoffs:
    """Choose the cut-offs of the model, and of the baseline where it has none of its own.

    Parameters
    ----------
    rows : DataFrame
        Rows of the calibration leads: ``lead_id, as_of_us, p`` and the features. Outcomes play no part.
    baseline : Baseline
        Its volume is the model's under ``same_volume_as_points``.
    target : str
        The primary target.
    options : CutoffOptions
        The policy. ``same_volume_as_points`` without rules promotes the best quarter of the leads to MQL and the
        best tenth to SAL (``default_share``).

    Returns
    -------
    Cutoffs
        With volumes asked for and got, in distinct leads a week.
    """
    excluded, gates_open = baseline.excluded(rows), baseline.gates_open(rows)
    score = baseline.score(rows, target)
    weeks = period_weeks(rows["as_of_us"])
    own = _own_thresholds(rows, score, excluded, gates_open, baseline.rules.cutoffs) if baseline.rules else None
    policy, mql_leads, sal_leads = _asked(rows, weeks, own, options)

    def thresholds(values: npt.ArrayLike) -> Thresholds:
        return choose_thresholds(
            rows["lead_id"],
            values,
            excluded=excluded,
            gates_open=gates_open,
            mql_leads=mql_leads,
            sal_leads=sal_leads,
        )

    chosen = thresholds(rows["p"])
    compared = own or thresholds(score)
    return Cutoffs(
        target=target,
        mql=chosen.mql,
        sal=chosen.sal,
        policy=policy,
        weeks=weeks,
        mql_volume=Volume(asked_per_week=mql_leads / weeks, got_per_week=chosen.mql_leads / weeks),
        sal_volume=Volume(asked_per_week=sal_leads / weeks, got_per_week=chosen.sal_leads / weeks),
        baseline=BaselineCutoffs(
            kind=baseline.kind,
            mql=compared.mql,
            sal=compared.sal,
            mql_per_week=compared.mql_leads / weeks,
            sal_per_week=compared.sal_leads / weeks,
        ),
    ).with_version()


def _own_thresholds(
    rows: pd.DataFrame, score: Floats, excluded: Bools, gates_open: Bools, own: PointsCutoffs
) -> Thresholds:
    """Return the points' own cut-offs with the number of leads they promote."""
    mql = ~excluded & (score >= own.MQL)
    sal = mql & (score >= own.SAL) & gates_open
    leads = rows["lead_id"]
    return Thresholds(own.MQL, own.SAL, int(leads[mql].nunique()), int(leads[sal].nunique()))


def _asked(
    rows: pd.DataFrame, weeks: float, own: Thresholds | None, options: CutoffOptions
) -> tuple[Policy, float, float]:
    """Return the policy in force and the distinct leads it asks for, over the whole period."""
    if options.policy == "per_week" and options.mql_per_week is not None and options.sal_per_week is not None:
        return "per_week", options.mql_per_week * weeks, options.sal_per_week * weeks
    if own is not None:
        return "same_volume_as_points", float(own.mql_leads), float(own.sal_leads)
    leads = rows["lead_id"].nunique()
    return "default_share", float(round(DEFAULT_MQL_SHARE * leads)), float(round(DEFAULT_SAL_SHARE * leads))
