"""The model as a points table: few whole-number rules that rank leads nearly as it does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalog.feature import Feature
from features.errors import InputError
from features.source_spec import SourceSpec
from models.arrays import Floats
from models.bands import PerBand
from models.calibration.points_to_probability import ScoreCalibration, fit_score_calibration
from models.compiled_points.candidate_rules import Candidates, PointsRule, rule_candidates
from models.compiled_points.choose_rules import Selection, cross_products, select_rules
from models.compiled_points.rule_words import rule_words
from models.compiled_points.whole_points import Integers, whole_points
from models.cutoffs.thresholds import DEFAULT_SHARES, choose_thresholds
from models.log_odds import probability_to_log_odds
from models.measures.lead_weights import even_weights
from models.rules.points import ActionPoints, AttributePoints, Gates, PointsCutoffs, PointsRules, score_points

MAX_RULES = 20
LEAST_LOG_ODDS, MOST_LOG_ODDS = -7.0, 3.0
"""Beyond these nobody's place on the list changes, but a sum of squares would care for nothing else."""


@dataclass(frozen=True)
class CompiledPoints:
    """A points table distilled from a model.

    Attributes
    ----------
    rules : PointsRules
        In the form of ``rules.yaml``: attributes, actions, cut-offs; exclusions and gates of the rules in force.
    table : DataFrame
        One row a rule, those with most points first: ``rule`` (``attribute_1``, … as `points_breakdown` names them),
        ``words`` (English), ``points`` (int), ``most`` (int: the most it gives), ``share`` (of the leads' weight that
        it gives points to).
    to_probability : ScoreCalibration
        From points to the model's mean probability; never falling.
    scale : int
        Points that a step of 1 in log-odds is worth.
    explained : float
        Share of the variance of the model's log-odds that the rules explain, before rounding.
    """

    rules: PointsRules
    table: pd.DataFrame
    to_probability: ScoreCalibration
    scale: int
    explained: float

    def score(self, X: pd.DataFrame) -> Floats:
        """Return the points of feature rows, whole numbers; more is better."""
        return score_points(X, self.rules)["points"].to_numpy(dtype="float64")

    def probability(self, X: pd.DataFrame) -> Floats:
        """Return the mean probability the model gives to rows of so many points."""
        return self.to_probability.probability(self.score(X))

    def with_cutoffs(self, at: PerBand[float]) -> CompiledPoints:
        """Return the same table with other cut-offs, raised to whole points, which changes no lead's band."""
        cutoffs = PointsCutoffs(MQL=math.ceil(at.mql), SAL=math.ceil(at.sal))
        return replace(self, rules=self.rules.model_copy(update={"cutoffs": cutoffs}))


def compile_points(
    rows: pd.DataFrame,
    p: npt.ArrayLike,
    features: Sequence[Feature],
    *,
    spec: SourceSpec,
    like: PointsRules | None = None,
    max_rules: int = MAX_RULES,
    highest: int | None = None,
    seed: int = 7,
    on_step: Callable[[], None] = lambda: None,
) -> CompiledPoints:
    """Distil a model into at most ``max_rules`` whole-number rules.

    Parameters
    ----------
    rows : DataFrame
        One row a snapshot: ``lead_id``, ``as_of_us`` and the columns of ``features``. Rows weigh alike but for their
        probability. Their order plays no part, and no outcome is looked at.
    p : array of float
        The model's probability of each row. It is the target: it says more about a row than its one outcome.
    features : sequence of Feature
        Columns that rules may be on; `models.compiled_points.candidate_rules` says which of them a tool can know.
    spec : SourceSpec
        Families, intents and words.
    like : PointsRules, optional
        The rules in force; their exclusions and gates are kept.
    max_rules : int
        At least 1.
    highest : int, optional
        The most points any of the rows may have, where the tool's score ends.
    seed : int
        Of the folds that choose the form of ``to_probability``.
    on_step : callable
        Told of progress, ``compile_steps(max_rules)`` times at most.

    Returns
    -------
    CompiledPoints
        Its cut-offs promote a quarter and a tenth of the leads (`models.cutoffs.thresholds`); set others by
        ``with_cutoffs``.

    Raises
    ------
    InputError
        If ``max_rules`` is below 1, or no rule tells the rows apart.

    Notes
    -----
    Rows weigh in by ``p``, so that the likely leads, which are the ones a cut-off parts, are told apart best. Least
    squares on log-odds with exchanges chooses the rules (`models.compiled_points.choose_rules`); their points are
    then rounded and moved in small steps under the average precision they would have if the model were right
    (`models.compiled_points.whole_points`).
    """
    if max_rules < 1:
        raise InputError(expected="at least 1 rule", found=str(max_rules))
    order = rows.reset_index(drop=True).sort_values(["lead_id", "as_of_us"], kind="stable").index.to_numpy()
    rows, chance = rows.iloc[order].reset_index(drop=True), np.asarray(p, dtype="float64")[order]
    weights = even_weights(rows["lead_id"])
    candidates = rule_candidates(rows, chance, weights, features, spec)
    on_step()
    chosen, selection = _chosen(candidates, chance, weights, max_rules, on_step)
    whole = whole_points(chosen.given, selection.coefficients, chance, weights, highest=highest)
    on_step()
    by_name = {feature.name: feature for feature in features}
    rules = _rules(chosen.rules, whole.points, by_name, spec, like)
    points = chosen.given.astype(np.int64) @ whole.points
    compiled = CompiledPoints(
        rules=rules,
        table=_table(rules, chosen, whole.points, weights, by_name, spec),
        to_probability=fit_score_calibration(points, chance, lead_ids=rows["lead_id"], seed=seed, weights=weights),
        scale=whole.scale,
        explained=selection.explained,
    )
    return compiled.with_cutoffs(_usual_cutoffs(rows, points))


def compile_steps(max_rules: int) -> int:
    """Return how often ``on_step`` of `compile_points` is told of progress, about: exchanges end when none helps."""
    return max_rules + 6


def _chosen(
    candidates: Candidates, p: Floats, weights: Floats, max_rules: int, on_step: Callable[[], None]
) -> tuple[Candidates, Selection]:
    """Return the rules that together come closest to the model's log-odds."""
    target = np.clip(probability_to_log_odds(p), LEAST_LOG_ODDS, MOST_LOG_ODDS)
    products = cross_products(candidates.given, target, weights * p)
    on_step()
    selection = select_rules(products, most=max_rules, on_step=on_step)
    if not selection.chosen:
        raise InputError(
            expected="a field or action that tells leads apart as the model does",
            found="none",
            hint="The points a tool can add up have nothing in common with this model",
        )
    rules = tuple(candidates.rules[position] for position in selection.chosen)
    return Candidates(rules, candidates.given[:, list(selection.chosen)]), selection


def _rules(
    chosen: Sequence[PointsRule],
    points: Integers,
    features: Mapping[str, Feature],
    spec: SourceSpec,
    like: PointsRules | None,
) -> PointsRules:
    """Return the rules with their points, those with most first, under the exclusions and gates in force."""
    attributes: list[AttributePoints] = []
    actions: list[ActionPoints] = []
    for position in np.argsort(-np.abs(points), kind="stable"):
        rule, each = chosen[position], float(points[position])
        if isinstance(rule, AttributePoints):
            words = rule_words(rule, features, spec)
            attributes.append(rule.model_copy(update={"points": each, "words": words}))
        else:
            actions.append(rule.model_copy(update={"points": each, "cap": each * float(rule.cap or 1)}))
    return PointsRules(
        attributes=tuple(attributes),
        actions=tuple(actions),
        exclusions=like.exclusions if like is not None else (),
        gates=like.gates if like is not None else Gates(),
        cutoffs=PointsCutoffs(MQL=0, SAL=0),
    )


def _table(
    rules: PointsRules,
    chosen: Candidates,
    points: Integers,
    weights: Floats,
    features: Mapping[str, Feature],
    spec: SourceSpec,
) -> pd.DataFrame:
    order = np.argsort(-np.abs(points), kind="stable")
    names: list[str] = []
    counted = {"attribute": 0, "action": 0}
    for position in order:
        kind = "attribute" if isinstance(chosen.rules[position], AttributePoints) else "action"
        counted[kind] += 1
        names.append(f"{kind}_{counted[kind]}")
    priced = dict(rule_names(rules))
    given = chosen.given[:, order].astype(np.int64)
    return pd.DataFrame(
        {
            "rule": names,
            "words": [rule_words(priced[name], features, spec).en for name in names],
            "points": points[order],
            "most": points[order] * given.max(axis=0),
            "share": (weights @ (given > 0)) / weights.sum(),
        }
    )


def rule_names(rules: PointsRules) -> list[tuple[str, PointsRule]]:
    """Return each rule under the name that `points_breakdown` gives its column."""
    named: list[tuple[str, PointsRule]] = [(f"attribute_{n}", rule) for n, rule in enumerate(rules.attributes, start=1)]
    return named + [(f"action_{n}", rule) for n, rule in enumerate(rules.actions, start=1)]


def _usual_cutoffs(rows: pd.DataFrame, points: Integers) -> PerBand[float]:
    leads, everybody = rows["lead_id"].nunique(), np.ones(len(rows), dtype=bool)
    return choose_thresholds(
        rows["lead_id"],
        points,
        may=PerBand(everybody, everybody),
        leads=DEFAULT_SHARES.map(lambda share: share * leads),
    ).at
