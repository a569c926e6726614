"""Stage ``cutoffs``: from which probability a lead becomes MQL and SAL, chosen on the calibration period."""

from __future__ import annotations

from pathlib import Path

from models.bands import PerBand, ordered
from models.cutoffs.carry_over_by_volume import carry_pair
from models.cutoffs.choose import choose_pair
from models.cutoffs.cutoffs import BandStatement, BaselineCutoffs, Cutoffs, Volume
from models.cutoffs.evidence import BandEvidence, cutoff_evidence
from models.cutoffs.next_quarter import moves_of, state_next_quarter
from models.cutoffs.policies.policy import Chosen, Compared
from models.cutoffs.policies.registry import POLICIES
from models.cutoffs.policy_options import BandOptions
from models.cutoffs.thresholds import DEFAULT_SHARES
from models.cutoffs.weekly_volumes import PastVolumes
from models.rules.baseline import Baseline
from pipeline.outputs.baseline import fit_baseline, write_naive_bayes
from pipeline.outputs.cutoffs_file import write_cutoffs
from pipeline.outputs.feature_rows import read_features
from pipeline.outputs.looks_file import Looks, write_looks
from pipeline.outputs.model_files import read_final, read_forward
from pipeline.outputs.rules_file import keep_rules
from pipeline.replay.nightly_looks import calibration_looks
from pipeline.runner.stages import StageContext
from pipeline.settings.settings import CutoffOptions


def run(context: StageContext, out: Path) -> None:
    """Write ``cutoffs.json``, the looks it was decided on, the rules, and ``naive_bayes_TARGET.json``."""
    target = context.spec().primary_target
    history = read_features(context, "history")
    baseline = fit_baseline(context, history)
    forward = read_forward(context)  # has not learned from what is counted here
    final = read_final(context)
    looks = calibration_looks(context, history, baseline, forward, target=target, final=final)
    cutoffs = decide(looks, baseline, target=target, options=context.settings.cutoffs)
    write_cutoffs(cutoffs, out)
    write_looks(looks, out)
    write_naive_bayes(baseline, out)
    keep_rules(context, out)


def decide(looks: Looks, baseline: Baseline, *, target: str, options: CutoffOptions) -> Cutoffs:
    """Choose the cut-offs of the model, and of the baseline where it has none of its own.

    Parameters
    ----------
    looks : Looks
        At the leads before the test begins, with outcomes as known by then; volumes take no outcome.
    baseline : Baseline
        Its volume is the model's under ``same_volume_as_points``, its leads are compared with under
        ``same_precision_more_leads`` and ``same_recall_fewer_leads``.
    target : str
        The primary target.
    options : CutoffOptions
        The policies. ``same_volume_as_points`` without rules promotes as many as a quarter of the leads that come in
        to MQL, and as many as a tenth to SAL (``default_share``).

    Returns
    -------
    Cutoffs
        On the final forecast's probability, carried over by volume (:mod:`models.cutoffs.carry_over_by_volume`); with
        volumes asked for and got, in distinct leads a week, and what is stated of the next quarter.

    Raises
    ------
    InputError
        If no cut-off does what was asked; it says what is possible.
    """
    evidence, compared = cutoff_evidence(looks.rows, looks.counting), compare_with(looks, baseline)
    band_options = PerBand.by(options.band)
    chosen = choose_pair(evidence, band_options, confidence=options.confidence, compared=compared)
    volumes = PerBand.by(lambda band: _volume(evidence.of(band), chosen.of(band)))
    statements = PerBand.by(
        lambda band: _statement(evidence.of(band), chosen.of(band), band_options.of(band), options.confidence, looks)
    )
    final = cutoff_evidence(looks.rows, looks.counting, score="p_final")
    at = carry_pair(evidence, final, chosen.map(lambda choice: choice.threshold))
    return Cutoffs(
        target=target,
        mql=at.mql,
        sal=at.sal,
        policy=chosen.mql.policy if chosen.mql.policy == chosen.sal.policy else "by_stage",
        weeks=looks.counting.weeks,
        mql_volume=volumes.mql,
        sal_volume=volumes.sal,
        baseline=_of_baseline(baseline, compared),
        confidence=options.confidence,
        mql_statement=statements.mql,
        sal_statement=statements.sal,
        veto=baseline.veto,
    ).with_version()


def compare_with(looks: Looks, baseline: Baseline) -> Compared:
    """Return the baseline's cut-offs and what they promote: the company's own, or those of the default shares."""
    points, counting = cutoff_evidence(looks.rows, looks.counting, score="points"), looks.counting
    if baseline.rules is not None:
        cutoffs = baseline.rules.cutoffs.at
        promoted = PerBand.by(lambda band: float(points.of(band).counted_leads([cutoffs.of(band)])[0]))
        return Compared(points, cutoffs, promoted, own=True)
    leads = int((looks.rows.groupby("lead_id")["as_of_us"].min() >= counting.from_us).sum())
    volumes = DEFAULT_SHARES.map(lambda share: float(round(share * leads)))
    at = ordered(PerBand.by(lambda band: points.of(band).threshold_for(volumes.of(band))))
    return Compared(points, at, volumes, own=False)


def _of_baseline(baseline: Baseline, compared: Compared) -> BaselineCutoffs:
    at = compared.at
    per_week = PerBand.by(lambda band: float(compared.evidence.of(band).per_week([at.of(band)])[0]))
    return BaselineCutoffs(
        kind=baseline.kind, mql=at.mql, sal=at.sal, mql_per_week=per_week.mql, sal_per_week=per_week.sal
    )


def _volume(evidence: BandEvidence, chosen: Chosen) -> Volume:
    asked_per_week = None if chosen.asked_leads is None else chosen.asked_leads / evidence.counting.weeks
    return Volume(asked_per_week=asked_per_week, got_per_week=float(evidence.per_week([chosen.threshold])[0]))


def _statement(
    evidence: BandEvidence, chosen: Chosen, options: BandOptions, confidence: float, looks: Looks
) -> BandStatement:
    past = PastVolumes.of(looks.past, evidence.band, until_us=looks.until_us) if len(looks.past) else None
    quarter = state_next_quarter(
        evidence,
        chosen.threshold,
        confidence=confidence,
        moves=moves_of(evidence, chosen.threshold, past),
        value=options.value,
    )
    asked_per_week = _volume(evidence, chosen).asked_per_week
    return BandStatement(
        policy=chosen.policy,
        asked=POLICIES[chosen.policy].words(options, evidence.band, per_week=asked_per_week, confidence=confidence),
        promise=chosen.promise,
        forward=chosen.threshold,
        raised_to_mql=chosen.raised,
        next_quarter=quarter,
    )
