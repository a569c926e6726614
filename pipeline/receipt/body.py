"""The receipt of a run: its outputs read, compared at the team's working depth, judged, and put into words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version as installed_version
from typing import Any, cast

from features.source_spec import SourceSpec, TargetName
from features.time_units import WEEK_US, format_time
from models.bands import Band
from models.cutoffs.cutoffs import Cutoffs
from models.evaluation.depth_verdict import DECIDING, RULE, judge_depth
from models.evaluation.working_depth import FOUND, HANDED_OVER, MISSED
from models.measures.bootstrap import Comparison, Interval
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.evaluation_file import read_evaluation
from pipeline.outputs.feature_rows import read_first_looks
from pipeline.outputs.ingested_tables import read_observed_until
from pipeline.outputs.labels_file import read_follow_up, read_labels
from pipeline.outputs.looks_file import Looks, read_looks
from pipeline.outputs.model_files import model_folder, model_hash
from pipeline.outputs.training_files import read_leaks
from pipeline.receipt.compare_at_depth import DEALS, MODEL, Depth, Scorer, deal_column, depths, told_looks
from pipeline.receipt.contents import (
    BandFigures,
    CodeVersion,
    DealTarget,
    Estimate,
    Figures,
    FiguresPerBand,
    FollowUpDeclared,
    LeadCounts,
    Measured,
    MeasuredVerdict,
    ProbabilityProof,
    Receipt,
    RestsOn,
    SourceTitle,
    StageHashes,
    TestSetup,
    VerdictInWords,
    rounded,
    rounded_or_none,
)
from pipeline.receipt.words import cautions_of, missing_of, next_steps, verdict_sentence
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import code_digest
from pipeline.settings.settings import Team

RECORDED = ("seed", "features", "split", "model", "cutoffs", "evaluate", "receipt")
"""Settings a receipt repeats. Addresses of stores may hold passwords and stay out."""
WEEKS_A_MONTH = 365.25 / 12 / 7


def make_receipt(context: StageContext) -> Receipt:
    """Return the receipt of a run that is evaluated: the same for the same run.

    Of the leads only the looks in the test period are read, with what became of them. Naive Bayes gets its cut-offs on
    the looks before the test, as the model does.
    """
    return in_words(_measured(context))


def in_words(measured: Measured) -> Receipt:
    """Return a receipt: what was measured, with its sentences."""
    verdict = VerdictInWords(
        **dict(measured.verdict),
        sentence=verdict_sentence(measured),
        missing=missing_of(measured),
        next=next_steps(measured),
    )
    return Receipt(**dict(measured) | {"verdict": verdict}, cautions=cautions_of(measured))


def signing_order(teams: tuple[Team, ...]) -> tuple[Team, ...]:
    """Return who signs, in order: sales has the last word.

    Examples
    --------
    >>> signing_order(("sales", "marketing"))
    ('marketing', 'sales')
    """
    return tuple(sorted(teams, key=lambda team: team == "sales"))


def _measured(context: StageContext) -> Measured:
    spec, options = context.spec(), context.settings.receipt
    cutoffs, evaluation = read_cutoffs(context), read_evaluation(context)
    looks, before = told_looks(read_looks(context, "evaluate")), read_looks(context, "cutoffs")
    compared = depths(looks, before, cutoffs, draws=context.settings.evaluate.bootstrap, seed=context.settings.seed)
    minutes = options.minutes_a_call
    return Measured(
        source=SourceTitle(name=spec.name, title=spec.title.en),
        asked=_setup(context, looks, cutoffs),
        leads=_leads(context, looks, cutoffs.target),
        baseline=cutoffs.baseline.kind,
        depths=FiguresPerBand(
            MQL=_band(compared["MQL"], cutoffs.baseline.kind), SAL=_band(compared["SAL"], cutoffs.baseline.kind)
        ),
        verdict=_verdict(compared, cutoffs, evaluation, min_outcomes=options.min_outcomes),
        probabilities=ProbabilityProof(beats_baseline=evaluation["beats_baseline"], rule=evaluation["rule"]),
        follow_up=FollowUpDeclared(declared=spec.follow_up, warning=read_follow_up(context)["warning"]),
        leaks=tuple(read_leaks(context)),
        approvals_required=signing_order(options.approvals),
        minutes_a_call=None if minutes is None else rounded(minutes),
        rests_on=_rests_on(context, cutoffs),
    )


def _rests_on(context: StageContext, cutoffs: Cutoffs) -> RestsOn:
    dumped = context.settings.model_dump(mode="json", by_alias=True)
    return RestsOn(
        model_sha256=model_hash(model_folder(context)),
        cutoffs_version=cutoffs.version,
        outputs_sha256=StageHashes(**{stage: context.stamp(stage).outputs for stage in StageHashes.model_fields}),
        code=CodeVersion(version=installed_version("leadscore"), sha256=code_digest()),
        settings={section: dumped[section] for section in RECORDED},
    )


def _horizon_days(spec: SourceSpec, target: TargetName) -> float | None:
    days = spec.horizon_days(target)
    return None if days is None else rounded(days)


def _setup(context: StageContext, looks: Looks, cutoffs: Cutoffs) -> TestSetup:
    spec, times = context.spec(), looks.rows["as_of_us"]
    target = spec.target(cutoffs.target)
    deal = spec.targets.get(DEALS) if deal_column(looks, cutoffs.target) else None
    first, last = (int(times.min()), int(times.max())) if len(times) else (0, 0)
    return TestSetup(
        target=cutoffs.target,
        stage=target.stage,
        goal=target.words.en if target.words is not None else target.stage,
        horizon_days=_horizon_days(spec, cutoffs.target),
        deal=None if deal is None else DealTarget(stage=deal.stage, horizon_days=_horizon_days(spec, DEALS)),
        unknown_times=spec.unknown_times,
        first_day=format_time(first)[:10],
        last_day=format_time(last)[:10],
        weeks=rounded(max(1.0, (last - first) / WEEK_US)),
        counted_weeks=rounded(looks.counting.weeks),
        every=looks.every,
        share_looked_at=rounded(looks.counting.share),
        observed_until=format_time(read_observed_until(context)),
    )


def _leads(context: StageContext, looks: Looks, target: str) -> LeadCounts:
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
    return LeadCounts(
        test=len(test),
        looked_at=looked_at,
        sampled_out=eligible - looked_at,
        already_there=already,
        too_young_or_closed=max(0, len(test) - already - eligible),
        excluded=int(by_lead["excluded"].all().sum()),
        reached=int((by_lead["y"].max() > 0).sum()),
        deals=0 if deal is None else int((by_lead[deal].max() > 0).sum()),
        deals_too_young=0 if deal is None else int(looks.rows.loc[looks.rows[deal].isna(), "lead_id"].nunique()),
    )


def _band(depth: Depth, baseline: Scorer) -> BandFigures:
    compared, scorers = depth.at_depth, tuple(depth.leads_a_week)
    handed = compared.values[baseline][HANDED_OVER]
    scale = depth.leads_a_week[baseline] / handed if handed else math.nan
    return BandFigures(
        leads_a_week={scorer: rounded(leads) for scorer, leads in depth.leads_a_week.items()},
        at_depth=_intervals(compared, scorers),
        difference={
            other: _estimates(compared, partial(compared.difference, MODEL, other))
            for other in scorers
            if other != MODEL
        },
        a_week={
            scorer: Figures[float | None](
                **{figure: rounded_or_none(value * scale) for figure, value in compared.values[scorer].items()}
            )
            for scorer in scorers
        },
        at_cutoffs=_intervals(depth.at_cutoffs, scorers),
    )


def _intervals(comparison: Comparison, scorers: tuple[Scorer, ...]) -> dict[Scorer, Figures[Estimate]]:
    return {scorer: _estimates(comparison, partial(comparison.interval, scorer)) for scorer in scorers}


def _estimates(comparison: Comparison, of: Callable[[str], Interval]) -> Figures[Estimate]:
    return Figures[Estimate](**{figure: Estimate.of(of(figure)) for figure in comparison.values[MODEL]})


def _verdict(
    compared: Mapping[Band, Depth], cutoffs: Cutoffs, evaluation: Mapping[str, Any], *, min_outcomes: int
) -> MeasuredVerdict:
    deciding, baseline = compared[DECIDING], cutoffs.baseline.kind
    figures = deciding.at_depth.values[MODEL]
    answer = evaluation["targets"][cutoffs.target]["answer"]
    learned = answer["level"] != "rate"
    judged = judge_depth(
        {band: depth.at_depth for band, depth in compared.items()},
        model=MODEL,
        baseline=baseline,
        reached=figures[FOUND] + figures[MISSED],
        min_outcomes=min_outcomes,
        learned=learned,
    )
    handed = deciding.at_depth.values[baseline][HANDED_OVER]
    scale = deciding.leads_a_week[baseline] * WEEKS_A_MONTH / handed if handed else math.nan
    return MeasuredVerdict(
        outcome=judged.outcome,
        rule=RULE,
        depth=DECIDING,
        gained=Estimate.of(judged.gained),
        gained_a_month=Estimate.of(judged.gained, times=scale),
        behind=tuple((band, cast("Scorer", scorer)) for band, scorer in judged.behind),
        enough=judged.enough,
        min_outcomes=min_outcomes,
        learned=learned,
        missing_outcomes=answer["missing_outcomes"],
    )
