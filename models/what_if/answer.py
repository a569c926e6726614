"""What cut-offs that two teams might agree on would bring: one tree of figures for command, page and API alike."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from features.errors import InputError
from models.bands import BANDS, Band
from models.cutoffs.carry_over_by_volume import carry_over
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.next_quarter import moves_of, state_next_quarter
from models.cutoffs.policies.promised_precision import keep_promise
from models.cutoffs.statement import Stated
from models.cutoffs.weekly_volumes import PastVolumes
from models.measures.wilson import wilson
from models.what_if.cutoff_change import compare_cutoffs
from models.what_if.monday_list import monday
from models.what_if.question import Agreed, Question, agree, leads_counted
from models.what_if.stored_evidence import Past
from models.what_if.who_moves import changes

PROPOSED, IN_FORCE, POINTS = "proposed", "in_force", "points"
PEOPLE = (-1, 1, 2)
"""Salespeople fewer and more that the answer looks at."""
CURVE_POINTS = 30


def what_if(past: Past, question: Question) -> dict[str, Any]:
    """Answer a question about cut-offs from stored predictions.

    Parameters
    ----------
    past : Past
        Looks of the past and the open leads.
    question : Question

    Returns
    -------
    dict
        JSON values. An interval is ``{value, low, high}``: of the next quarter with the confidence asked for, of the
        test and of differences 95 %. What cannot be told is None.

        - ``question``, ``capacity`` (hand-overs a week that it comes to), ``person_per_week``, ``about`` (source,
          target, ``observed_until``, ``cutoff_version`` in force), ``version`` (names these cut-offs on this run).
        - ``cutoffs``: ``mql``, ``sal``, ``limit`` (what decided on ``sal``: capacity, promise, value, mql, in_force),
          ``rule`` (of capacity, promise and value the one that asks for most),
          ``reachable_per_week`` (SALs a week at the cut-off for MQL, and ``…_at_all``: all that gates let pass).
        - ``promise``: null, or ``share``, ``confidence``, and the ``leads`` and ``won`` it rests on.
        - ``stages.BAND.POLICY`` for POLICY proposed, in_force, points: ``cutoff``, ``leads_per_week`` (calibration),
          ``next_quarter`` (``leads``, ``outcomes`` and ``deals`` a week, ``precision``, ``value``), ``judged_leads``
          they rest on; ``test``: what it would have done (``leads_per_week``, ``leads``, ``precision``,
          ``outcomes_per_week``, ``deals_per_week``).
        - ``people``: one entry a change of staff: ``people``, ``sal_per_week``, ``cutoff``, ``got_per_week``, and what
          changes a week (``leads``, ``outcomes``, ``deals``); ``keeps_promise``.
        - ``changes.BAND.AGAINST`` for AGAINST points, in_force: who enters and who leaves among the open leads.
        - ``monday``: the open leads that pass, first to call first.
        - ``curves.BAND.SCORER``: ``per_week``, ``precision``, ``cutoff`` in the test period.

    Raises
    ------
    InputError
        If the promise cannot be kept (`models.what_if.question.PromiseNotKeptError`).
    """
    agreed = agree(past, question)
    tree = {
        "question": question.model_dump(mode="json"),
        "capacity": question.capacity,
        "person_per_week": question.person_per_week,
        "about": {**past.about, "cutoff_version": past.in_force.version, "baseline": past.in_force.baseline.kind},
        "version": _version(past, agreed),
        "cutoffs": _cutoffs(past, agreed),
        "promise": None if agreed.promise is None else _promise(agreed),
        "stages": {band: _stage(past, agreed, question, band) for band in BANDS},
        "people": _people(past, agreed, question),
        "changes": changes(past, agreed),
        "monday": monday(past, agreed, question),
        "curves": {band: _curves(past, band) for band in BANDS},
    }
    return {name: _plain(value) for name, value in tree.items()}


def _version(past: Past, agreed: Agreed) -> str:
    """Name cut-offs by what they are and by the run they were chosen on."""
    said = {"target": past.in_force.target, "mql": agreed.at.mql, "sal": agreed.at.sal, "run": past.in_force.version}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def _cutoffs(past: Past, agreed: Agreed) -> dict[str, Any]:
    at_mql, at_all = past.model.sal.per_week([agreed.forward.mql, past.model.sal.candidates()[-1]])
    return {
        "mql": agreed.at.mql,
        "sal": agreed.at.sal,
        "limit": agreed.limit,
        "rule": agreed.rule,
        "reachable_per_week": float(at_mql),
        "reachable_per_week_at_all": float(at_all),
    }


def _promise(agreed: Agreed) -> dict[str, Any] | None:
    kept = agreed.promise
    if kept is None:
        return None
    return {"share": kept.share, "confidence": kept.confidence, "leads": kept.leads, "won": kept.won}


def _stage(past: Past, agreed: Agreed, question: Question, band: Band) -> dict[str, Any]:
    base = past.in_force.baseline.at
    # On the calibration period by the forward forecast, on the test period by the one that scores now.
    asked = {
        PROPOSED: (past.model, past.model_in_test, agreed.forward, agreed.at),
        IN_FORCE: (past.model, past.model_in_test, past.in_force_forward, past.in_force.at),
        POINTS: (past.points, past.points_in_test, base, base),
    }
    return {
        name: {
            "cutoff": after.of(band),
            **_next_quarter(
                known.of(band), before.of(band), question, None if name == POINTS else past.volumes.get(band)
            ),
            "test": _in_test(tested.of(band), after.of(band)),
        }
        for name, (known, tested, before, after) in asked.items()
    }


def _next_quarter(
    known: BandEvidence, cutoff: float, question: Question, volumes: PastVolumes | None
) -> dict[str, Any]:
    moves = moves_of(known, cutoff, volumes)
    quarter = state_next_quarter(
        known, cutoff, confidence=question.confidence, moves=moves, value=question.value, seed=0
    )
    return {
        "leads_per_week": float(known.per_week([cutoff])[0]),
        "next_quarter": {
            "leads": _stated(quarter.leads_per_week),
            "outcomes": _stated(quarter.outcomes_per_week),
            "deals": _stated(quarter.deals_per_week),
            "precision": _stated(quarter.precision),
            "value": _stated(quarter.value_per_week),
        },
        "judged_leads": quarter.judged_leads,
    }


def _stated(figure: Stated | None) -> dict[str, float] | None:
    return None if figure is None else figure.model_dump()


def _in_test(tested: BandEvidence, cutoff: float) -> dict[str, Any]:
    """Return what a cut-off would have done in the test period; shares with Wilson's interval."""
    per_week = float(tested.per_week([cutoff])[0])
    leads, won = (float(count[0]) for count in tested.judged([cutoff]))
    rows = tested.promoted(cutoff)
    deals = rows.loc[rows["judged"], tested.deal_column].dropna()
    share, deal_share = _share(won, leads), _share(float(deals.sum()), float(len(deals)))
    return {
        "leads_per_week": per_week,
        "leads": leads,
        "precision": share,
        "outcomes_per_week": _times(per_week, share),
        "deals_per_week": _times(per_week, deal_share),
    }


def _share(won: float, leads: float) -> dict[str, float] | None:
    if not leads:
        return None
    low, high = wilson(won, leads)
    return {"value": won / leads, "low": float(low), "high": float(high)}


def _times(per_week: float, share: dict[str, float] | None) -> dict[str, float] | None:
    return None if share is None else {name: per_week * value for name, value in share.items()}


def _people(past: Past, agreed: Agreed, question: Question) -> list[dict[str, Any]]:
    """Return what another number of salespeople would bring, each working as many leads as one does.

    The cut-off moves to where so many more or fewer are handed over; the promise, which has no say in this, is tested
    at it, and a cut-off below the one for MQL is not looked at: there are no more leads then.
    """
    evidence, now = past.model.sal, agreed.forward.sal
    present = float(evidence.per_week([now])[0])
    result = []
    for people in PEOPLE:
        wanted = present + people * question.person_per_week
        if wanted <= 0:
            other, wanted = evidence.nobody, 0.0
        else:
            other = max(evidence.threshold_for(leads_counted(evidence, wanted)), agreed.forward.mql)
        change = compare_cutoffs(evidence, now, other, draws=200, seed=0)
        result.append(
            {
                "people": people,
                "sal_per_week": wanted,
                "got_per_week": float(evidence.per_week([other])[0]),
                "cutoff": carry_over(evidence, past.final.sal, other),
                "leads": _interval(change.leads_per_week),
                "outcomes": _interval(change.outcomes_per_week),
                "deals": _interval(change.deals_per_week),
                "keeps_promise": None if evidence.promotes_nobody(other) else _keeps(evidence, other, question),
            }
        )
    return result


def _keeps(evidence: BandEvidence, cutoff: float, question: Question) -> bool | None:
    """Whether the promise holds at a cut-off; None where none was asked."""
    if question.promise is None:
        return None
    try:
        kept = keep_promise(evidence, question.promise, confidence=question.confidence, at_least=cutoff)
    except InputError:
        return False
    return kept.threshold <= cutoff


def _interval(found: Any) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}


def _curves(past: Past, band: Band) -> dict[str, Any]:
    return {
        "model": _curve(past.model_in_test.of(band)),
        "points": _curve(past.points_in_test.of(band)),
    }


def _curve(tested: BandEvidence) -> dict[str, list[float]]:
    """Return precision against volume at cut-offs in equal steps of promoted leads; too few leads say nothing."""
    cuts = tested.candidates()
    leads, won = tested.judged(cuts)
    wanted = np.linspace(min(10.0, leads.max(initial=0.0)), leads.max(initial=0.0), CURVE_POINTS)
    rising = np.maximum.accumulate(leads)
    chosen = np.unique(np.searchsorted(rising, wanted).clip(max=len(cuts) - 1))
    chosen = chosen[leads[chosen] > 0]
    per_week = tested.per_week(cuts[chosen])
    return {
        "cutoff": cuts[chosen].tolist(),
        "per_week": per_week.tolist(),
        "precision": (won[chosen] / leads[chosen]).tolist(),
    }


def _plain(value: Any) -> Any:
    """Return a tree of JSON values: numbers of Python's own, and None where there is none."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
