"""Stage ``cutoffs``: from which probability a lead becomes MQL and SAL, chosen on the calibration period."""

from __future__ import annotations

from pathlib import Path

from models.bands import Band
from models.cutoffs.carry_over_by_volume import carry_pair
from models.cutoffs.choose import Chosen, Compared, choose_pair
from models.cutoffs.cutoffs import DEFAULT_MQL_SHARE, DEFAULT_SAL_SHARE, BaselineCutoffs, Cutoffs, Volume
from models.cutoffs.evidence import BandEvidence, CutoffEvidence
from models.cutoffs.next_quarter import moves_of, state_next_quarter
from models.cutoffs.policy_options import BandOptions
from models.cutoffs.policy_words import asked_words
from models.cutoffs.statement import BandStatement
from models.cutoffs.weekly_volumes import PastVolumes
from models.rules.baseline import Baseline
from pipeline.outputs.baseline import fit_baseline, write_naive_bayes
from pipeline.outputs.cutoffs_file import write_cutoffs
from pipeline.outputs.feature_rows import read_features
from pipeline.outputs.looks_file import Looks, write_looks
from pipeline.outputs.model_files import read_final, read_forward
from pipeline.replay.nightly_looks import calibration_looks
from pipeline.runner.stages import StageContext
from pipeline.settings.settings import CutoffOptions


def run(context: StageContext, out: Path) -> None:
    """Write ``cutoffs.json``, the looks it was decided on, and ``naive_bayes_TARGET.json``."""
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
    weeks, evidence = looks.counting.weeks, CutoffEvidence.of(looks.rows, looks.counting)
    compared = compare_with(looks, baseline)
    asked: dict[Band, BandOptions] = {"MQL": options.band("MQL"), "SAL": options.band("SAL")}
    mql, sal = choose_pair(evidence, asked["MQL"], asked["SAL"], confidence=options.confidence, compared=compared)
    chosen: dict[Band, Chosen] = {"MQL": mql, "SAL": sal}
    volumes = {band: _volume(evidence.band(band), found) for band, found in chosen.items()}
    statements = {
        band: _statement(evidence.band(band), chosen[band], asked[band], options.confidence, looks) for band in chosen
    }
    final = CutoffEvidence.of(looks.rows, looks.counting, score="p_final")
    at_mql, at_sal = carry_pair(evidence, final, mql.threshold, sal.threshold)
    return Cutoffs(
        target=target,
        mql=at_mql,
        sal=at_sal,
        policy=mql.policy if mql.policy == sal.policy else "by_stage",
        weeks=weeks,
        mql_volume=volumes["MQL"],
        sal_volume=volumes["SAL"],
        baseline=BaselineCutoffs(
            kind=baseline.kind,
            mql=compared.mql,
            sal=compared.sal,
            mql_per_week=float(compared.evidence.mql.per_week([compared.mql])[0]),
            sal_per_week=float(compared.evidence.sal.per_week([compared.sal])[0]),
        ),
        confidence=options.confidence,
        mql_statement=statements["MQL"],
        sal_statement=statements["SAL"],
        veto=baseline.veto,
    ).with_version()


def compare_with(looks: Looks, baseline: Baseline) -> Compared:
    """Return the baseline's cut-offs and what they promote: the company's own, or those of the default shares."""
    points, counting = CutoffEvidence.of(looks.rows, looks.counting, score="points"), looks.counting
    leads = int((looks.rows.groupby("lead_id")["as_of_us"].min() >= counting.from_us).sum())
    if baseline.rules is not None:
        mql, sal = float(baseline.rules.cutoffs.MQL), float(baseline.rules.cutoffs.SAL)
    else:
        mql = points.mql.threshold_for(round(DEFAULT_MQL_SHARE * leads))
        sal = max(mql, points.sal.threshold_for(round(DEFAULT_SAL_SHARE * leads)))
    asked = [float(of.counted_leads([at])[0]) for of, at in ((points.mql, mql), (points.sal, sal))]
    if baseline.rules is None:
        asked = [float(round(share * leads)) for share in (DEFAULT_MQL_SHARE, DEFAULT_SAL_SHARE)]
    return Compared(points, mql, sal, asked[0], asked[1], own=baseline.rules is not None)


def _volume(evidence: BandEvidence, chosen: Chosen) -> Volume:
    asked = None if chosen.asked_leads is None else chosen.asked_leads / evidence.counting.weeks
    return Volume(asked_per_week=asked, got_per_week=float(evidence.per_week([chosen.threshold])[0]))


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
    asked = _volume(evidence, chosen).asked_per_week
    return BandStatement(
        policy=chosen.policy,
        asked=asked_words(chosen, options, evidence.band, per_week=asked, confidence=confidence),
        promise=chosen.promise,
        forward=chosen.threshold,
        raised_to_mql=chosen.raised,
        next_quarter=quarter,
    )
