"""Stage ``cutoffs``: from which probability a lead becomes MQL and SAL, chosen on the calibration period."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from models.baseline import Baseline
from models.cutoffs import (
    DEFAULT_MQL_SHARE,
    DEFAULT_SAL_SHARE,
    BaselineCutoffs,
    Cutoffs,
    Policy,
    Thresholds,
    Volume,
    choose_thresholds,
    first_promotions,
)
from models.points import PointsCutoffs
from pipeline.judged_rows import fit_baseline, naive_bayes_file, read_features
from pipeline.looks import Looks, calibration_looks
from pipeline.model_files import read_forecast
from pipeline.settings import CutoffOptions
from pipeline.stage import StageContext
from pipeline.stored_looks import write_looks


def run(context: StageContext, out: Path) -> None:
    """Write ``cutoffs.json``, the looks it was decided on, and ``naive_bayes_TARGET.json``."""
    target = context.spec().primary_target
    history = read_features(context, "history")
    baseline = fit_baseline(context, history)
    forward = read_forecast(context.folder("train") / "forward")  # has not learned from what is counted here
    looks = calibration_looks(context, history, baseline, forward, target=target)
    cutoffs = decide(looks, baseline, target=target, options=context.settings.cutoffs)
    (out / "cutoffs.json").write_text(cutoffs.model_dump_json(indent=1) + "\n", encoding="utf-8")
    write_looks(looks, out)
    for name, fitted in baseline.naive_bayes.items():
        naive_bayes_file(out, name).write_text(fitted.to_json(), encoding="utf-8")


def decide(looks: Looks, baseline: Baseline, *, target: str, options: CutoffOptions) -> Cutoffs:
    """Choose the cut-offs of the model, and of the baseline where it has none of its own.

    Parameters
    ----------
    looks : Looks
        At the leads before the test begins. Outcomes play no part.
    baseline : Baseline
        Its volume is the model's under ``same_volume_as_points``.
    target : str
        The primary target.
    options : CutoffOptions
        The policy. ``same_volume_as_points`` without rules promotes as many as a quarter of the leads that come in
        to MQL, and as many as a tenth to SAL (``default_share``).

    Returns
    -------
    Cutoffs
        With volumes asked for and got, in distinct leads a week.
    """
    rows, weeks, counted = looks.rows, looks.counting.weeks, looks.counted
    own = _own_thresholds(looks, baseline.rules.cutoffs) if baseline.rules else None
    policy, mql_leads, sal_leads = _asked(looks, own, options)

    def thresholds(score: pd.Series) -> Thresholds:
        return choose_thresholds(
            rows["lead_id"],
            score,
            excluded=rows["excluded"],
            gates_open=rows["gates_open"],
            mql_leads=mql_leads,
            sal_leads=sal_leads,
            counted=counted,
        )

    chosen = thresholds(rows["p"])
    compared = own or thresholds(rows["points"])
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


def _own_thresholds(looks: Looks, own: PointsCutoffs) -> Thresholds:
    """Return the points' own cut-offs with the number of leads they promote."""
    rows = looks.rows
    mql = ~rows["excluded"] & (rows["points"] >= own.MQL)
    sal = mql & (rows["points"] >= own.SAL) & rows["gates_open"]
    promoted = (looks.counting.leads(first_promotions(rows["lead_id"], rows["as_of_us"], rule)) for rule in (mql, sal))
    return Thresholds(own.MQL, own.SAL, *promoted)


def _asked(looks: Looks, own: Thresholds | None, options: CutoffOptions) -> tuple[Policy, float, float]:
    """Return the policy in force and the distinct leads it asks for, over the whole time that counts."""
    weeks = looks.counting.weeks
    if options.policy == "per_week" and options.mql_per_week is not None and options.sal_per_week is not None:
        return "per_week", options.mql_per_week * weeks, options.sal_per_week * weeks
    if own is not None:
        return "same_volume_as_points", float(own.mql_leads), float(own.sal_leads)
    leads = int((looks.rows.groupby("lead_id")["as_of_us"].min() >= looks.counting.from_us).sum())
    return "default_share", float(round(DEFAULT_MQL_SHARE * leads)), float(round(DEFAULT_SAL_SHARE * leads))
