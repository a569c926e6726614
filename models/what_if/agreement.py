"""The cut-offs that follow from a question."""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import InputError
from models.bands import PerBand, ordered
from models.cutoffs.carry_over_by_volume import carry_over
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.policies.expected_value import most_valuable
from models.cutoffs.policies.promised_precision import best_promise, keep_promise
from models.cutoffs.statement import Promise
from models.what_if.knob import Limit
from models.what_if.question import Question
from models.what_if.stored_evidence import Past


class PromiseNotKeptError(InputError):
    """A promise cannot be kept: at no cut-off, or not at the one that something else asks for.

    Attributes
    ----------
    share, confidence : float
        What was asked.
    judged : int
        Leads whose outcome is known.
    best : Promise or None
        The highest promise in whole percent that can be kept; None if nothing can be promised.
    per_week : float
        Leads a week at the cut-off of ``best``; where ``too_few``, at the one that keeps the promise asked.
    too_few : bool
        Whether a lower cut-off keeps the promise, and at the one that capacity, value or MQL ask for too few leads
        with known outcome are left to tell.
    """

    def __init__(
        self, demand: tuple[float, float], judged: int, best: Promise | None, per_week: float, *, too_few: bool
    ) -> None:
        self.share, self.confidence = demand
        self.judged, self.best, self.per_week, self.too_few = judged, best, per_week, too_few
        if too_few:
            hint = (
                f"It is kept at {per_week:.1f} leads a week; at the higher cut-off that volume, value or MQL ask for, "
                "too few leads are left to tell. Ask for more leads, or be less sure"
            )
        elif best is None:
            hint = "Nothing can be promised at this confidence: be less sure, or wait for more outcomes"
        else:
            hint = (
                f"{best.share:.0%} could be promised, at {per_week:.1f} leads a week ({best.won} of {best.leads} past "
                "promotions got there); or be less sure, or wait for more outcomes"
            )
        sure = f"{100 * self.confidence:g}% sure"
        super().__init__(
            expected=f"a cut-off for SAL of which at least {self.share:.0%} reach the target, {sure}",
            found=f"none that keeps it, from {judged:,} leads whose outcome is known",
            hint=hint,
        )


@dataclass(frozen=True)
class Agreed:
    """The cut-offs that follow from a question.

    Attributes
    ----------
    at : PerBand of float
        On the probability of the forecast that scores now; that for SAL is never below that for MQL.
    forward : PerBand of float
        The same on the forward forecast's, by which the calibration period is judged.
    limit : str
        What decided on the cut-off for SAL.
    rule : str
        What was asked about SAL and asks for most: capacity, promise or value; ``in_force`` where nothing was asked.
    promise : Promise or None
        What the promise rests on.
    """

    at: PerBand[float]
    forward: PerBand[float]
    limit: Limit
    rule: Limit
    promise: Promise | None


def agree(past: Past, question: Question) -> Agreed:
    """Choose cut-offs on the calibration looks; the test plays no part.

    The cut-off for SAL is the highest of what capacity, promise and value ask for, and never below the one for MQL.
    They are chosen on the forward forecast's probability and carried over by volume to that of the forecast that scores
    now (:mod:`models.cutoffs.carry_over_by_volume`); what nobody asks about stays exactly as it is in force.

    Raises
    ------
    PromiseNotKeptError
        If no cut-off keeps the promise; it says what could be promised.
    """
    mql = past.in_force_forward.mql
    if question.mql_per_week is not None:
        mql = past.model.mql.threshold_for(leads_counted(past.model.mql, question.mql_per_week))
    sal, limit, rule, promise = _sal(past, question, mql)
    forward = PerBand(mql, sal)
    return Agreed(carried(past, question, forward), forward, limit, rule, promise)


def carried(past: Past, question: Question, forward: PerBand[float]) -> PerBand[float]:
    """Return cut-offs on the final forecast's probability that promote as many leads; unasked, those in force."""
    mql, sal = past.in_force.mql, past.in_force.sal
    if question.mql_per_week is not None:
        mql = carry_over(past.model.mql, past.final.mql, forward.mql)
    if question.rules > 0 or forward.sal != past.in_force_forward.sal:
        sal = carry_over(past.model.sal, past.final.sal, forward.sal)
    return ordered(PerBand(mql, sal))


def _sal(past: Past, question: Question, mql: float) -> tuple[float, Limit, Limit, Promise | None]:
    """Return the cut-off for SAL, what decided on it, the rule that asks for most, and the promise."""
    evidence = past.model.sal
    limits: list[tuple[float, Limit]] = []
    if question.capacity is not None:
        limits.append((evidence.threshold_for(leads_counted(evidence, question.capacity)), "capacity"))
    if question.value is not None:
        limits.append((most_valuable(evidence, question.value, at_most_per_week=question.capacity), "value"))
    if not limits and question.promise is None:
        limits.append((past.in_force_forward.sal, "in_force"))
    floor, limit = max([(mql, "mql"), *limits], key=lambda entry: entry[0])
    if question.promise is None:
        return floor, limit, max(limits)[1], None
    promise, alone = _kept(evidence, question.promise, question.confidence, floor)
    if promise.threshold > floor:
        limit = "promise"
    return promise.threshold, limit, max([*limits, (alone, "promise")])[1], promise


def _kept(evidence: BandEvidence, share: float, confidence: float, floor: float) -> tuple[Promise, float]:
    """Return the promise at the cut-off that keeps it, not below ``floor``; and the cut-off if nothing else bounded it.

    The floor was chosen without any outcome. Cut-offs above it are tested alike with and without it, so what is
    returned was tested in one sequence that ends at the floor: the confidence holds.
    """
    try:
        alone = keep_promise(evidence, share, confidence=confidence)
    except InputError:
        alone = None
    if alone is not None and alone.threshold >= floor:
        return alone, alone.threshold
    try:
        bounded = keep_promise(evidence, share, confidence=confidence, at_least=floor)
    except InputError:
        best = alone or best_promise(evidence, confidence=confidence)
        per_week = float(evidence.per_week([best.threshold])[0]) if best is not None else 0.0
        judged = int(evidence.judged([evidence.candidates()[-1]])[0][0])
        raise PromiseNotKeptError((share, confidence), judged, best, per_week, too_few=alone is not None) from None
    return bounded, bounded.threshold if alone is None else alone.threshold


def leads_counted(evidence: BandEvidence, per_week: float) -> float:
    """Return a number a week as leads over the time that counts, of the leads that are looked at."""
    return per_week * evidence.counting.weeks * evidence.counting.share
