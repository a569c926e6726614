"""A compiled points table as files: ``rules.yaml`` that reads back, and ``points.json`` for machines.

Keys of ``points.json``; an interval is ``{value, low, high}`` (95 %, paired by lead), what cannot be computed is null:

- ``source``, ``target``, ``baseline`` (``points`` or ``naive_bayes``), ``max_rules``, ``scale`` (points that a step of
  1 in log-odds is worth), ``explained`` (share of the variance of the model's log-odds, before rounding).
- ``gain_kept``: (compiled − today) / (model − today) in average precision on the test period, null where the model
  gains nothing; ``leads`` and ``outcomes`` of the test period.
- ``table``: one entry a rule: ``rule``, ``words``, ``points``, ``most``, ``share`` of the leads it gives points to.
- ``rules``: what ``rules.yaml`` says.
- ``cutoffs.BAND``: ``points``, ``asked_per_week``, ``got_per_week`` on the calibration period.
- ``metrics.SCORER.METRIC`` for ``model``, ``today``, ``compiled``; ``against_model.METRIC`` and
  ``against_today.METRIC``: compiled less the other.
- ``promoted.SCORER.BAND``: ``leads``, ``per_week``, ``precision``, ``low``, ``high``;
  ``promoted_against_model.BAND`` and ``promoted_against_today.BAND``: precision of compiled less the other.
- ``probability``: pairs of points and the probability that leads with so many points have.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import yaml

from models.bands import BANDS
from models.compiled_points.candidate_rules import PointsRule
from models.compiled_points.gain_kept import COMPILED, MODEL, TODAY
from models.compiled_points.rule_words import rule_words
from models.json_values import json_values
from models.measures.metrics import METRICS
from models.rules.points import PointsRules
from pipeline.points.compile_run import JudgedPoints

PROBABILITY_STEPS = 25


def rules_tree(rules: PointsRules) -> dict[str, Any]:
    """Return rules as ``rules.yaml`` has them: what is at its default left out, whole numbers as such."""
    dumped = rules.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    tree: dict[str, Any] = _whole(dumped)
    return tree


def rules_yaml(judged: JudgedPoints) -> str:
    """Return ``rules.yaml`` with a comment a rule; it reads back as the very same rules."""
    rules, spec = judged.compiled.rules, judged.spec
    features = {feature.name: feature for feature in judged.features}
    tree = rules_tree(rules)
    lines = [
        f"# Points distilled from the model of {spec.name}, target {judged.cutoffs.target}: at most "
        f"{judged.max_rules} rules, made by 'leadscore points'.",
        "# To have every report compare with them, put this file into the source folder.",
    ]
    listed: dict[str, tuple[PointsRule, ...]] = {"attributes": rules.attributes, "actions": rules.actions}
    for section, section_rules in listed.items():
        if section_rules:
            lines.append(f"{section}:")
        for rule, entry in zip(section_rules, tree.get(section, ()), strict=True):
            lines.append(f"  # {_one_line(rule_words(rule, features, spec).en)}")
            lines.append(f"  - {_flow(entry)}")
    for section in ("exclusions", "gates", "cutoffs"):
        if section in tree:
            lines.append(f"{section}: {_flow(tree[section])}")
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    """Return a text that can stand in a comment of YAML: one line, with nothing that YAML cannot hold."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def points_tree(judged: JudgedPoints) -> dict[str, Any]:
    """Return ``points.json`` as a tree of JSON values."""
    compiled, compared = judged.compiled, judged.comparison
    cutoffs = compiled.rules.cutoffs
    keys = [metric.key for metric in METRICS]
    others = {"against_model": MODEL, "against_today": TODAY}
    tree: dict[str, Any] = {
        "source": judged.spec.name,
        "target": judged.cutoffs.target,
        "baseline": judged.baseline.kind,
        "max_rules": judged.max_rules,
        "scale": compiled.scale,
        "explained": compiled.explained,
        "gain_kept": judged.kept,
        "leads": judged.leads,
        "outcomes": judged.outcomes,
        "table": compiled.table.astype(object).to_dict("records"),
        "rules": rules_tree(compiled.rules),
        "cutoffs": {
            band: {
                "points": points,
                "asked_per_week": judged.volumes[band][0],
                "got_per_week": judged.volumes[band][1],
            }
            for band, points in cutoffs.at.items()
        },
        "metrics": {
            scorer: {key: compared.interval(scorer, key) for key in keys} for scorer in (MODEL, TODAY, COMPILED)
        },
        "promoted": {
            scorer: {band: judged.promoted[scorer, band] for band in BANDS} for scorer in (MODEL, TODAY, COMPILED)
        },
        "probability": probability_pairs(judged),
    }
    for name, other in others.items():
        tree[name] = {key: compared.difference(COMPILED, other, key) for key in keys}
        tree[f"promoted_{name}"] = {band: judged.promoted_gaps[other, band] for band in BANDS}
    cleaned: dict[str, Any] = json_values(tree)
    return cleaned


def probability_pairs(judged: JudgedPoints) -> list[tuple[int, float]]:
    """Return points in even steps over what the rules can give, with the probability of each."""
    table = judged.compiled.table
    low, high = int(table["most"].clip(upper=0).sum()), int(table["most"].clip(lower=0).sum())
    step = max(1, 5 * math.ceil((high - low) / PROBABILITY_STEPS / 5))
    points = np.arange(step * (low // step), high + step, step)
    chances = judged.compiled.to_probability.probability(points)
    return [(int(each), float(chance)) for each, chance in zip(points, chances, strict=True)]


def _flow(tree: Any) -> str:
    for as_it_stands in (True, False):  # some line breaks of Unicode only come back when they are escaped
        text = yaml.safe_dump(
            tree, default_flow_style=True, sort_keys=False, allow_unicode=as_it_stands, width=math.inf
        ).strip()
        if yaml.safe_load(text) == tree:
            break
    return text


def _whole(value: Any) -> Any:
    """Return a tree with floats that are whole numbers as integers."""
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
