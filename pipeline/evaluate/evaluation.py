"""All that an evaluation found, and the form in which machines read it (``evaluation.json``).

Keys of ``evaluation.json``; an interval is ``{value, low, high}`` (95 %), what cannot be computed is null:

- ``source``, ``target`` (the primary one), ``baseline`` (``points`` or ``naive_bayes``), ``beats_baseline``, ``rule``.
- ``targets.NAME``: ``stage``, ``horizon_days``, ``level`` (``model`` or ``rate``), ``rows``, ``leads``, ``outcomes``
  (leads), ``rate``, ``baseline_calibration``, ``beats_baseline``; ``model``, ``baseline`` and ``difference`` (model
  less baseline, paired) hold the intervals of ``auc``, ``ap``, ``lift10``, ``log_loss``, ``brier``, ``ece``.
- ``targets.NAME.answer``: ``level`` (``model``; ``shrunken``: drawn towards the base rate; ``rate``: the base rate
  for all), ``outcomes`` learned from, ``missing_outcomes``, ``slope``. ``targets.NAME.agreement``: ``groups`` and how
  many had each verdict; ``targets.NAME.by_group``: one entry a group (see `models.calibration.by_group`);
  ``group_rule`` says how verdicts are reached. ``targets.NAME.reliability``: the model's bins.
- ``learning``: null, or ``points``, ``outcomes``, ``next_outcomes``, ``log_loss_gain``, ``auc_gain``, ``worth``
  (see `models.evaluation.learning_curve`), for the primary target.
- ``cutoffs``: as in ``cutoffs.json``. ``promoted.SCORER.BAND``: leads promoted in the test period, ``leads``
  (of those looked at), ``per_week`` (of all, once every open lead is a test lead),
  ``precision`` with ``low`` and ``high``; ``worked``: those whose outcome says something (all, unless sales works
  handed-over leads alone), and ``effective_leads``: what they are worth; ``promoted.difference.BAND``: model's
  precision less the baseline's, paired.
- ``looks``: how those were found: ``every`` (rhythm; null where each lead has one look), ``leads`` looked at, and
  ``sampled_share`` of the test leads that they are.
- ``conversion.SCORER.BAND.STAGE``: ``leads`` that count, ``already_there``, ``too_young``, ``reached``, ``worked``,
  ``effective_leads``, intervals ``share`` and ``median_days``, ``horizon_days``.
- ``follow_up``: as in ``labels/follow_up.json``: whether leads below the cut-off can be learned about; a ``warning``.
- ``grades``: null, or one entry a pair of grades (A1 to D4) of test leads: ``fit_grade``, ``behaviour_grade``,
  ``leads``, ``outcomes``, ``rate`` with ``low`` and ``high``, ``promoted`` (share at or above MQL).
- ``change``: open leads that are not with sales yet, by policy (``leads``, ``model_mql``, …, ``entering``,
  ``leaving``).
- ``importance.FAMILY.SUBJECT``: share of the mean absolute contribution; ``families.FAMILY`` likewise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from features.catalog.feature import Feature
from features.source_spec import SourceSpec
from models.bands import BANDS
from models.calibration.by_group import RULE as GROUP_RULE
from models.calibration.by_group import agreement
from models.cutoffs.cutoffs import Cutoffs
from models.evaluation.beats_baseline import RULE
from models.evaluation.learning_curve import LearningCurve
from models.evaluation.stage_conversion import Conversion
from models.evaluation.target_evaluation import BASELINE, MODEL, SCORERS, TargetEvaluation
from models.evaluation.who_enters_and_leaves import ChangeOfPolicy
from models.forecast.answering_level import LevelAnswer
from models.json_values import json_values
from models.measures.bootstrap import Interval
from models.measures.metrics import METRICS
from models.scoring.wording import WordedReason
from models.what_if.stored_evidence import Naming
from pipeline.evaluate.data_notes import DataNotes
from pipeline.outputs.looks_file import Looks


@dataclass(frozen=True)
class VolumeCurve:
    """Precision against volume of one scorer, and the two points where its cut-offs put it."""

    curve: pd.DataFrame
    at_cutoff: dict[str, dict[str, float]]


@dataclass(frozen=True)
class Promotions:
    """What both would have promoted in the test period: how many, how precisely, and what became of them.

    ``volumes`` by scorer; ``precision_gaps`` by band, model less baseline; ``conversions`` by scorer and band;
    ``looks`` they were found at.
    """

    volumes: Mapping[str, VolumeCurve]
    precision_gaps: Mapping[str, Interval]
    conversions: Mapping[tuple[str, str], list[Conversion]]
    looks: Looks


@dataclass(frozen=True)
class Entering:
    """An open lead that the model promotes and the baseline does not."""

    lead_id: str
    p: float
    points: float
    band: str
    reasons: tuple[WordedReason, ...]


@dataclass(frozen=True)
class OpenLeads:
    """What follows for the leads that are open when the data end.

    Attributes
    ----------
    change : ChangeOfPolicy
        How many come in and fall out if the model decides instead of the baseline.
    entering : tuple of Entering
        The first of those that come in, with reasons.
    decisions : DataFrame
        One row a lead: what decided, and what lists show of it (``open.parquet``).
    about : Naming
        How to read ``decisions`` (``open.json``).
    """

    change: ChangeOfPolicy
    entering: tuple[Entering, ...]
    decisions: pd.DataFrame
    about: Naming


@dataclass(frozen=True)
class Importance:
    """What moves the forecast of the primary target: share of the mean absolute contribution.

    ``subjects`` has ``family``, ``subject``, ``share``, the largest first; ``families`` has ``family``, ``share``.
    """

    subjects: pd.DataFrame
    families: pd.DataFrame


@dataclass(frozen=True)
class JudgedTarget:
    """One target on the test period.

    Attributes
    ----------
    rows : DataFrame
        The test rows: keys, features, ``y``, ``p`` of the model, ``points`` of the baseline.
    result : TargetEvaluation
        Model against baseline.
    level : str
        ``model`` or ``rate``.
    answer : LevelAnswer
        From how many outcomes it was learned.
    groups : DataFrame
        Observed rate against mean forecast by group, see `models.calibration.by_group`.
    """

    rows: pd.DataFrame
    result: TargetEvaluation
    level: str
    answer: LevelAnswer
    groups: pd.DataFrame


@dataclass(frozen=True)
class Evaluation:
    """All that was found on the test period, and what follows for the open leads.

    ``targets`` by name, the one of the cut-offs first; ``features`` are those of the forecast; ``grades`` is None where
    too few outcomes were known to grade by, ``learning`` where too few were known to learn from.
    """

    spec: SourceSpec
    features: tuple[Feature, ...]
    baseline_name: str
    cutoffs: Cutoffs
    targets: Mapping[str, JudgedTarget]
    promotions: Promotions
    importance: Importance
    open_leads: OpenLeads
    learning: LearningCurve | None
    grades: pd.DataFrame | None
    data: DataNotes

    @property
    def primary(self) -> JudgedTarget:
        """The target that cut-offs work on."""
        return self.targets[self.cutoffs.target]


def evaluation_tree(evaluation: Evaluation) -> dict[str, Any]:
    """Return ``evaluation.json`` as a tree of JSON values."""
    looks, change = evaluation.promotions.looks, evaluation.open_leads.change
    families = evaluation.importance.families
    tree = {
        "source": evaluation.spec.name,
        "target": evaluation.cutoffs.target,
        "baseline": evaluation.cutoffs.baseline.kind,
        "beats_baseline": evaluation.primary.result.beats_baseline,
        "rule": RULE,
        "group_rule": GROUP_RULE,
        "targets": {name: _target(evaluation.spec, judged) for name, judged in evaluation.targets.items()},
        "cutoffs": evaluation.cutoffs.model_dump(mode="json"),
        "promoted": {
            **{name: volume.at_cutoff for name, volume in evaluation.promotions.volumes.items()},
            "difference": evaluation.promotions.precision_gaps,
        },
        "looks": {
            "every": looks.every,
            "leads": int(looks.rows["lead_id"].nunique()),
            "sampled_share": looks.counting.share,
        },
        "conversion": {
            scorer: {
                band: {step.stage: _conversion(step) for step in evaluation.promotions.conversions[scorer, band]}
                for band in BANDS
            }
            for scorer in SCORERS
        },
        "follow_up": dict(evaluation.data.follow_up),
        "grades": None if evaluation.grades is None else evaluation.grades.to_dict("records"),
        "change": {"leads": change.leads, **change.counts},
        "importance": _shares_by_family(evaluation.importance.subjects),
        "learning": _learning(evaluation.learning),
        "families": dict(zip(families["family"], families["share"], strict=True)),
    }
    cleaned: dict[str, Any] = json_values(tree)
    return cleaned


def _target(spec: SourceSpec, judged: JudgedTarget) -> dict[str, Any]:
    result = judged.result
    declared = spec.target(result.target)
    compared = result.comparison
    keys = [metric.key for metric in METRICS]
    return {
        "stage": declared.stage,
        "horizon_days": spec.horizon_days(result.target),
        "level": judged.level,
        "rows": result.rows,
        "leads": result.leads,
        "outcomes": result.outcomes,
        "rate": result.rate,
        "baseline_calibration": result.baseline_calibration,
        "beats_baseline": result.beats_baseline,
        "model": {key: compared.interval(MODEL, key) for key in keys},
        "baseline": {key: compared.interval(BASELINE, key) for key in keys},
        "difference": {key: compared.difference(MODEL, BASELINE, key) for key in keys},
        "answer": judged.answer,
        "agreement": agreement(judged.groups),
        "by_group": judged.groups.to_dict("records"),
        "reliability": result.reliability[MODEL].to_dict("records"),
    }


def _learning(curve: LearningCurve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "points": curve.points.to_dict("records"),
        "outcomes": curve.outcomes,
        "next_outcomes": curve.next_outcomes,
        "log_loss_gain": curve.log_loss_gain,
        "auc_gain": curve.auc_gain,
        "base_log_loss": curve.base_log_loss,
        "worth": curve.worth,
    }


def _conversion(step: Conversion) -> dict[str, Any]:
    return {
        "horizon_days": step.horizon_days,
        "leads": step.leads,
        "already_there": step.already_there,
        "too_young": step.too_young,
        "reached": step.reached,
        "worked": step.worked,
        "effective_leads": step.effective_leads,
        "share": step.share,
        "median_days": step.median_days,
    }


def _shares_by_family(importance: pd.DataFrame) -> dict[str, dict[str, float]]:
    shares: dict[str, dict[str, float]] = {}
    for family, subject, share in importance[["family", "subject", "share"]].to_numpy():
        shares.setdefault(family, {})[subject] = share
    return shares
