"""What a receipt says: the comparison at the team's working depth, the verdict, and the hashes of all it rests on.

Keys of the receipt; an interval is ``{value, low, high}`` (95 %), what cannot be computed is null:

- ``source``; ``rests_on``: hashes of model, cut-offs, stages' outputs and code, and the settings.
- ``asked``: target, period, rhythm of the looks, share of the leads looked at. ``leads``: who was looked at, reached
  the target, and was left out.
- ``baseline``: ``points`` or ``naive_bayes``, whose cut-offs set the depth.
- ``depths.BAND`` (``MQL``, ``SAL``): ``leads_a_week`` by scorer; ``at_depth.SCORER`` and ``at_cutoffs.SCORER`` hold the
  figures of `models.evaluation.working_depth` in leads; ``difference.SCORER`` is the model less that scorer at equal
  depth, paired; ``a_week.SCORER`` the figures at equal depth as a number a week of all leads.
- ``verdict``: ``outcome`` (``won``, ``not_proven``, ``lost``), ``rule``, ``gained`` (outcomes at the deciding depth),
  ``gained_a_month`` (of all leads), ``behind``, ``enough``, ``learned``, ``missing_outcomes``, and in words
  ``sentence``, ``missing``, ``next``.
- ``probabilities``: the verdict of the evaluation on order and percentages. ``follow_up``, ``leaks``, ``cautions``:
  what the figures cannot tell. ``approvals_required``: who signs, in order. ``minutes_a_call``.
"""

from __future__ import annotations

import math
from importlib.metadata import version as installed_version
from typing import Any

from features.time_units import DAY_US, WEEK_US, format_time
from models.cutoffs.cutoffs import Cutoffs
from models.evaluation.depth_verdict import DECIDING, RULE, judge_depth
from models.evaluation.working_depth import FOUND, HANDED_OVER, MISSED
from models.json_values import json_values
from models.measures.bootstrap import Comparison, Interval
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.evaluation_file import read_evaluation
from pipeline.outputs.feature_rows import read_first_looks
from pipeline.outputs.ingested_tables import read_observed_until
from pipeline.outputs.labels_file import read_follow_up, read_labels
from pipeline.outputs.looks_file import Looks, read_looks
from pipeline.outputs.model_files import model_folder, model_hash
from pipeline.outputs.training_files import read_leaks
from pipeline.receipt.compare_at_depth import DEALS, MODEL, Depth, deal_column, depths, told_looks
from pipeline.receipt.words import cautions_of, missing_of, next_steps, verdict_sentence
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import code_digest
from pipeline.settings.settings import Role

RESTS_ON = ("ingest", "features", "labels", "train", "cutoffs", "evaluate")
"""Stages whose outputs a receipt names by hash."""
RECORDED = ("seed", "features", "split", "model", "cutoffs", "evaluate", "receipt")
"""Settings a receipt repeats. Addresses of stores may hold passwords and stay out."""
WEEKS_A_MONTH = 365.25 / 12 / 7
DIGITS = 4
"""Figures are rounded to so many places, so that the last digit of a float decides no hash."""


def receipt_body(context: StageContext) -> dict[str, Any]:
    """Return the receipt of a run that is evaluated: plain JSON, the same for the same run.

    Of the leads only the looks in the test period are read, with what became of them. Naive Bayes gets its cut-offs on
    the looks before the test, as the model does.
    """
    spec, options = context.spec(), context.settings.receipt
    cutoffs, evaluation = read_cutoffs(context), read_evaluation(context)
    looks, before = told_looks(read_looks(context, "evaluate")), read_looks(context, "cutoffs")
    found = depths(looks, before, cutoffs, draws=context.settings.evaluate.bootstrap, seed=context.settings.seed)
    body: dict[str, Any] = {
        "source": {"name": spec.name, "title": spec.title.en},
        "asked": _asked(context, looks, cutoffs),
        "leads": _leads(context, looks, cutoffs.target),
        "baseline": cutoffs.baseline.kind,
        "depths": {band: _depth(depth, cutoffs.baseline.kind) for band, depth in found.items()},
        "verdict": _verdict(found, cutoffs, evaluation, min_outcomes=options.min_outcomes),
        "probabilities": {key: evaluation[key] for key in ("beats_baseline", "rule")},
        "follow_up": {"declared": spec.follow_up, "warning": read_follow_up(context)["warning"]},
        "leaks": read_leaks(context),
        "approvals_required": signing_order(options.approvals),
        "minutes_a_call": options.minutes_a_call,
    }
    body = json_values(body, digits=DIGITS) | {"rests_on": _rests_on(context, cutoffs)}
    body["verdict"] |= {"sentence": verdict_sentence(body), "missing": missing_of(body), "next": next_steps(body)}
    body["cautions"] = cautions_of(body)
    return body


def signing_order(roles: tuple[Role, ...]) -> list[Role]:
    """Return who signs, in order: sales has the last word.

    Examples
    --------
    >>> signing_order(("sales", "marketing"))
    ['marketing', 'sales']
    """
    return sorted(roles, key=lambda role: role == "sales")


def _rests_on(context: StageContext, cutoffs: Cutoffs) -> dict[str, Any]:
    dumped = context.settings.model_dump(mode="json", by_alias=True)
    return {
        "model_sha256": model_hash(model_folder(context)),
        "cutoffs_version": cutoffs.version,
        "outputs_sha256": {stage: context.stamp(stage).outputs for stage in RESTS_ON},
        "code": {"version": installed_version("leadscore"), "sha256": code_digest()},
        "settings": {section: dumped[section] for section in RECORDED},
    }


def _asked(context: StageContext, looks: Looks, cutoffs: Cutoffs) -> dict[str, Any]:
    spec, times = context.spec(), looks.rows["as_of_us"]
    target = spec.target(cutoffs.target)
    deal = spec.targets.get(DEALS) if deal_column(looks, cutoffs.target) else None
    first, last = (int(times.min()), int(times.max())) if len(times) else (0, 0)
    return {
        "target": cutoffs.target,
        "stage": target.stage,
        "goal": target.words.en if target.words is not None else target.stage,
        "horizon_days": target.horizon / DAY_US,
        "deal": None if deal is None else {"stage": deal.stage, "horizon_days": deal.horizon / DAY_US},
        "first_day": format_time(first)[:10],
        "last_day": format_time(last)[:10],
        "weeks": max(1.0, (last - first) / WEEK_US),
        "counted_weeks": looks.counting.weeks,
        "every": looks.every,
        "share_looked_at": looks.counting.share,
        "observed_until": format_time(read_observed_until(context)),
    }


def _leads(context: StageContext, looks: Looks, target: str) -> dict[str, int]:
    """Count test leads; who is missing from the looks was there already, or is too young or was closed too early."""
    test = read_first_looks(context, target).test_leads
    columns = ["lead_id", "target", "at_risk"]
    labels = read_labels(context, columns)
    labels = labels[(labels["target"] == target) & labels["lead_id"].isin(test)]
    already = int((~labels.groupby("lead_id")["at_risk"].any()).sum())
    looked_at = int(looks.rows["lead_id"].nunique())
    eligible = round(looked_at / looks.counting.share)
    by_lead = looks.rows.groupby("lead_id")
    deal = deal_column(looks, target)
    return {
        "test": len(test),
        "looked_at": looked_at,
        "sampled_out": eligible - looked_at,
        "already_there": already,
        "too_young_or_closed": max(0, len(test) - already - eligible),
        "excluded": int(by_lead["excluded"].all().sum()),
        "reached": int((by_lead["y"].max() > 0).sum()),
        "deals": 0 if deal is None else int((by_lead[deal].max() > 0).sum()),
        "deals_too_young": 0 if deal is None else int(looks.rows.loc[looks.rows[deal].isna(), "lead_id"].nunique()),
    }


def _depth(depth: Depth, baseline: str) -> dict[str, Any]:
    handed = depth.at_depth.values[baseline][HANDED_OVER]
    scale = depth.leads_a_week[baseline] / handed if handed else math.nan
    others = [name for name in depth.at_depth.values if name != MODEL]
    return {
        "leads_a_week": depth.leads_a_week,
        "at_depth": _intervals(depth.at_depth),
        "difference": {
            other: {figure: depth.at_depth.difference(MODEL, other, figure) for figure in depth.at_depth.values[MODEL]}
            for other in others
        },
        "a_week": {
            name: {figure: value * scale for figure, value in figures.items()}
            for name, figures in depth.at_depth.values.items()
        },
        "at_cutoffs": _intervals(depth.at_cutoffs),
    }


def _intervals(comparison: Comparison) -> dict[str, Any]:
    return {
        name: {figure: comparison.interval(name, figure) for figure in figures}
        for name, figures in comparison.values.items()
    }


def _verdict(
    found: dict[str, Depth], cutoffs: Cutoffs, evaluation: dict[str, Any], *, min_outcomes: int
) -> dict[str, Any]:
    deciding, baseline = found[DECIDING], cutoffs.baseline.kind
    figures = deciding.at_depth.values[MODEL]
    answer = evaluation["targets"][cutoffs.target]["answer"]
    judged = judge_depth(
        {band: depth.at_depth for band, depth in found.items()},
        model=MODEL,
        baseline=baseline,
        reached=figures[FOUND] + figures[MISSED],
        min_outcomes=min_outcomes,
        learned=answer["level"] != "rate",
    )
    handed = deciding.at_depth.values[baseline][HANDED_OVER]
    scale = deciding.leads_a_week[baseline] * WEEKS_A_MONTH / handed if handed else math.nan
    return {
        "outcome": judged.outcome,
        "rule": RULE,
        "depth": DECIDING,
        "gained": judged.gained,
        "gained_a_month": _times(judged.gained, scale),
        "behind": [list(pair) for pair in judged.behind],
        "enough": judged.enough,
        "min_outcomes": min_outcomes,
        "learned": answer["level"] != "rate",
        "missing_outcomes": answer["missing_outcomes"],
    }


def _times(interval: Interval, factor: float) -> Interval:
    return Interval(interval.value * factor, interval.low * factor, interval.high * factor)
