"""How a lead got its points, rule by rule, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from features.source_spec import Condition, SourceSpec, Words
from features.time_units import format_duration
from models.rules.points import ActionPoints, PointsRules, action_counts, points_breakdown


@dataclass(frozen=True)
class PointsReason:
    """One rule that gave (or took) points."""

    points: float
    de: str
    en: str


def points_reasons(row: pd.Series, rules: PointsRules, spec: SourceSpec | None = None) -> list[PointsReason]:
    """Return the rules that gave or took points of one row, largest first; see `points_reasons_of_rows`."""
    return points_reasons_of_rows(pd.DataFrame([row]), rules, spec)[0]


def points_reasons_of_rows(
    X: pd.DataFrame, rules: PointsRules, spec: SourceSpec | None = None
) -> list[list[PointsReason]]:
    """Return for each row the rules that gave or took points, largest first.

    Parameters
    ----------
    X : DataFrame
        Feature rows.
    rules : PointsRules
        The rules.
    spec : SourceSpec, optional
        Its wording of columns and event families is used where a rule has none of its own.

    Returns
    -------
    list of list of PointsReason
        One list a row. Its points sum to the lead's points (less ``rules.start``). Rules that give nothing are left
        out.
    """
    given = points_breakdown(X, rules).to_numpy(dtype="float64")
    attributes = [attribute.words or condition_words(attribute, spec) for attribute in rules.attributes]
    counts = [action_counts(X, action).to_numpy() for action in rules.actions]
    result = []
    for row in range(len(X)):
        reasons = []
        for position in given[row].nonzero()[0]:
            nth = int(position) - len(attributes)
            words = attributes[position] if nth < 0 else _action_words(rules.actions[nth], spec, counts[nth][row])
            reasons.append(PointsReason(float(given[row, position]), words.de, words.en))
        result.append(sorted(reasons, key=lambda r: (-abs(r.points), r.en)))
    return result


def condition_words(condition: Condition, spec: SourceSpec | None) -> Words:
    """Return a condition in words: ``Budget: confirmed``."""
    fit = spec.fit.get(condition.column.removeprefix("fit_")) if spec is not None else None
    name = fit.words if fit is not None and fit.words is not None else None
    de, en = (name.de, name.en) if name is not None else (condition.column, condition.column)
    german, english = [], []
    if condition.in_ is not None:
        codes = [f"{v:g}" if isinstance(v, float) else str(v) for v in condition.in_]
        called = fit.value_words if fit is not None else {}
        values = [called.get(code, Words(de=code, en=code)) for code in codes]
        german.append(" oder ".join(value.de for value in values))
        english.append(" or ".join(value.en for value in values))
    if condition.at_least is not None:
        german.append(f"mindestens {condition.at_least:g}")
        english.append(f"at least {condition.at_least:g}")
    if condition.below is not None:
        german.append(f"unter {condition.below:g}")
        english.append(f"below {condition.below:g}")
    if condition.missing is not None:
        german.append("nicht angegeben" if condition.missing else "angegeben")
        english.append("not given" if condition.missing else "given")
    return Words(de=f"{de}: {', '.join(german)}", en=f"{en}: {', '.join(english)}")


def families_words(families: Sequence[str], spec: SourceSpec | None) -> Words:
    """Return event families in words: ``Price list downloaded or Demo requested``."""
    declared = [spec.events.get(family) if spec is not None else None for family in families]
    named = [
        own.words if own is not None and own.words is not None else Words(de=family, en=family)
        for family, own in zip(families, declared, strict=True)
    ]
    return Words(de=" oder ".join(words.de for words in named), en=" or ".join(words.en for words in named))


def _action_words(action: ActionPoints, spec: SourceSpec | None, count: float) -> Words:
    words = action.words or families_words(action.families, spec)
    if action.half_life is not None:
        half = format_duration(action.half_life)
        return Words(
            de=f"{words.de}: {count:.1f} nach Verblassen (halbiert alle {half})",
            en=f"{words.en}: {count:.1f} after fading (halves every {half})",
        )
    if action.within is not None:
        window = format_duration(action.within)
        return Words(de=f"{count:g} × {words.de} in {window}", en=f"{count:g} × {words.en} in {window}")
    return Words(de=f"{count:g} × {words.de}", en=f"{count:g} × {words.en}")
