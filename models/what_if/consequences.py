"""What cut-offs that two teams might agree on would bring, worked out from stored predictions."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from features.errors import InputError
from models.bands import Band
from models.cutoffs.carry_over_by_volume import carry_over
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.next_quarter import moves_of, state_next_quarter
from models.cutoffs.policies.promised_precision import keep_promise
from models.cutoffs.statement import Stated
from models.cutoffs.weekly_volumes import PastVolumes
from models.measures.wilson import wilson
from models.what_if.agreement import Agreed, agree, leads_counted
from models.what_if.answer import (
    About,
    Answer,
    ByPolicy,
    Consequence,
    Curve,
    Curves,
    InTestPeriod,
    NextQuarterFigures,
    PromiseKept,
    ProposedCutoffs,
    StaffChange,
)
from models.what_if.answer_part import ByBand, Figure
from models.what_if.cutoff_change import compare_cutoffs
from models.what_if.monday_list import monday
from models.what_if.question import Question
from models.what_if.stored_evidence import Past
from models.what_if.who_moves import changes

PEOPLE = (-1, 1, 2)
"""Salespeople fewer and more that the answer looks at."""
CURVE_POINTS = 30


def what_if(past: Past, question: Question) -> Answer:
    """Answer a question about cut-offs from stored predictions.

    Parameters
    ----------
    past : Past
        Looks of the past and the open leads.
    question : Question

    Raises
    ------
    InputError
        If the promise cannot be kept (`models.what_if.agreement.PromiseNotKeptError`).
    """
    agreed = agree(past, question)
    return Answer(
        question=question,
        about=About(**dict(past.about), cutoff_version=past.in_force.version, baseline=past.in_force.baseline.kind),
        version=_version(past, agreed),
        cutoffs=_cutoffs(past, agreed),
        promise=_promise(agreed),
        stages=ByBand(mql=_policies(past, agreed, question, "MQL"), sal=_policies(past, agreed, question, "SAL")),
        people=tuple(_staff_change(past, agreed, question, people) for people in PEOPLE),
        changes=changes(past, agreed),
        monday=monday(past, agreed, question),
        curves=ByBand(mql=_curves(past, "MQL"), sal=_curves(past, "SAL")),
    )


def _version(past: Past, agreed: Agreed) -> str:
    """Name cut-offs by what they are and by the run they were chosen on."""
    said = {"target": past.in_force.target, "mql": agreed.at.mql, "sal": agreed.at.sal, "run": past.in_force.version}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def _cutoffs(past: Past, agreed: Agreed) -> ProposedCutoffs:
    at_mql, at_all = past.model.sal.per_week([agreed.forward.mql, past.model.sal.candidates()[-1]])
    return ProposedCutoffs(
        mql=agreed.at.mql,
        sal=agreed.at.sal,
        limit=agreed.limit,
        rule=agreed.rule,
        reachable_per_week=float(at_mql),
        reachable_per_week_at_all=float(at_all),
    )


def _promise(agreed: Agreed) -> PromiseKept | None:
    promise = agreed.promise
    if promise is None:
        return None
    return PromiseKept(share=promise.share, confidence=promise.confidence, leads=promise.leads, won=promise.won)


def _policies(past: Past, agreed: Agreed, question: Question, band: Band) -> ByPolicy:
    model, points = past.model.of(band), past.points.of(band)
    model_in_test, points_in_test = past.model_in_test.of(band), past.points_in_test.of(band)
    volumes, base = past.volumes.get(band), past.in_force.baseline.at.of(band)
    # On the calibration period by the forward forecast, on the test period by the one that scores now.
    before, before_in_force = agreed.forward.of(band), past.in_force_forward.of(band)
    then, in_force = agreed.at.of(band), past.in_force.at.of(band)
    return ByPolicy(
        proposed=_consequence(model, before, model_in_test, then, question, volumes),
        in_force=_consequence(model, before_in_force, model_in_test, in_force, question, volumes),
        points=_consequence(points, base, points_in_test, base, question, None),
    )


def _consequence(
    evidence: BandEvidence, before: float, tested: BandEvidence, then: float, question: Question,
    volumes: PastVolumes | None,
) -> Consequence:  # fmt: skip
    quarter = state_next_quarter(
        evidence,
        before,
        confidence=question.confidence,
        moves=moves_of(evidence, before, volumes),
        value=question.value,
        seed=0,
    )
    return Consequence(
        cutoff=then,
        leads_per_week=float(evidence.per_week([before])[0]),
        next_quarter=NextQuarterFigures(
            leads=_stated(quarter.leads_per_week),
            outcomes=_stated(quarter.outcomes_per_week),
            deals=_stated(quarter.deals_per_week),
            precision=_stated(quarter.precision),
            value=_stated(quarter.value_per_week),
        ),
        judged_leads=quarter.judged_leads,
        test=_in_test(tested, then),
    )


def _stated(stated: Stated | None) -> Figure | None:
    return None if stated is None else Figure.of(stated)


def _in_test(tested: BandEvidence, cutoff: float) -> InTestPeriod:
    """Return what a cut-off would have done in the test period; shares with Wilson's interval."""
    per_week = float(tested.per_week([cutoff])[0])
    leads, won = (float(count[0]) for count in tested.judged([cutoff]))
    rows = tested.promoted(cutoff)
    deals = rows.loc[rows["judged"], tested.deal_column].dropna()
    share, deal_share = _share(won, leads), _share(float(deals.sum()), float(len(deals)))
    return InTestPeriod(
        leads_per_week=per_week,
        leads=leads,
        precision=share,
        outcomes_per_week=None if share is None else share.times(per_week),
        deals_per_week=None if deal_share is None else deal_share.times(per_week),
    )


def _share(won: float, leads: float) -> Figure | None:
    if not leads:
        return None
    low, high = wilson(won, leads)
    return Figure(value=won / leads, low=float(low), high=float(high))


def _staff_change(past: Past, agreed: Agreed, question: Question, people: int) -> StaffChange:
    """Return what another number of salespeople would bring, each working as many leads as one does.

    The cut-off moves to where so many more or fewer are handed over; the promise, which has no say in this, is tested
    at it, and a cut-off below the one for MQL is not looked at: there are no more leads then.
    """
    evidence, now = past.model.sal, agreed.forward.sal
    wanted = float(evidence.per_week([now])[0]) + people * question.person_per_week
    if wanted <= 0:
        other, wanted = evidence.nobody, 0.0
    else:
        other = max(evidence.threshold_for(leads_counted(evidence, wanted)), agreed.forward.mql)
    change = compare_cutoffs(evidence, now, other, draws=200, seed=0)
    return StaffChange(
        people=people,
        sal_per_week=wanted,
        got_per_week=float(evidence.per_week([other])[0]),
        cutoff=carry_over(evidence, past.final.sal, other),
        leads=Figure.of(change.leads_per_week),
        outcomes=Figure.of(change.outcomes_per_week),
        deals=Figure.of(change.deals_per_week),
        keeps_promise=None if other == evidence.nobody else _keeps(evidence, other, question),
    )


def _keeps(evidence: BandEvidence, cutoff: float, question: Question) -> bool | None:
    """Whether the promise holds at a cut-off; None where none was asked."""
    if question.promise is None:
        return None
    try:
        promise = keep_promise(evidence, question.promise, confidence=question.confidence, at_least=cutoff)
    except InputError:
        return False
    return promise.threshold <= cutoff


def _curves(past: Past, band: Band) -> Curves:
    return Curves(model=_curve(past.model_in_test.of(band)), points=_curve(past.points_in_test.of(band)))


def _curve(tested: BandEvidence) -> Curve:
    """Return precision against volume at cut-offs in equal steps of promoted leads; too few leads say nothing."""
    cuts = tested.candidates()
    leads, won = tested.judged(cuts)
    wanted = np.linspace(min(10.0, leads.max(initial=0.0)), leads.max(initial=0.0), CURVE_POINTS)
    rising = np.maximum.accumulate(leads)
    chosen = np.unique(np.searchsorted(rising, wanted).clip(max=len(cuts) - 1))
    chosen = chosen[leads[chosen] > 0]
    return Curve(
        cutoff=tuple(cuts[chosen].tolist()),
        per_week=tuple(tested.per_week(cuts[chosen]).tolist()),
        precision=tuple((won[chosen] / leads[chosen]).tolist()),
    )
