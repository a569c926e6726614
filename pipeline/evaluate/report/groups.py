"""How the report says whether the percentages hold in every part of the test period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from models.calibration.by_group import MISSING, OTHER, agreement
from pipeline.evaluate.group_tables import REACHED
from pipeline.pages.number_words import percent, subject_title

if TYPE_CHECKING:
    from pipeline.evaluate.evaluation import Evaluation

KINDS = {"agrees": "", "too high": "worse", "too low": "worse", "too few to tell": "against"}
DIMENSIONS = {"band": "Band", "month": "Month"}
MEASURES = {"seniority": "level", "function": "department", "kind": "kind", "given": "given"}


def agreement_sentence(groups: pd.DataFrame) -> str:
    """Return in one sentence how many groups agree with the forecast."""
    counts = agreement(groups)
    judged_groups = counts["groups"] - counts["too_few_to_tell"]
    if not judged_groups:
        return f"None of the {counts['groups']} groups holds enough leads to tell."
    wrong = [f"{counts[key]} too {word}" for key, word in (("too_high", "high"), ("too_low", "low")) if counts[key]]
    sentence = f"{counts['agrees']} of the {judged_groups} groups that can be told agree with the forecast"
    sentence += f"; {' and '.join(wrong)}" if wrong else ""
    few = counts["too_few_to_tell"]
    return f"{sentence}. {few} hold too few leads to tell." if few else f"{sentence}."


def group_blocks(evaluation: Evaluation, target: str) -> list[dict[str, Any]]:
    """Lay the groups of one target out: a table a way of dividing, with words for every value."""
    table = evaluation.targets[target].groups
    return [
        {"title": _title(evaluation, str(dimension), str(column)), "rows": _rows(evaluation, str(column), part)}
        for (dimension, column), part in table.groupby(["dimension", "column"], sort=False)
    ]


def _title(evaluation: Evaluation, dimension: str, column: str) -> str:
    if not column:
        return DIMENSIONS[dimension]
    feature = next(f for f in evaluation.features if f.name == column)
    title = subject_title(evaluation.spec, feature.family, feature.subject)
    suffix = column.removeprefix(f"fit_{feature.subject}").strip("_")
    return f"{title}, {MEASURES[suffix]}" if suffix in MEASURES else title


def _rows(evaluation: Evaluation, column: str, part: pd.DataFrame) -> list[dict[str, str]]:
    feature = next((f for f in evaluation.features if f.name == column), None)
    names = {code: words.en for code, words in feature.values} if feature is not None else {}
    names |= {MISSING: "not filled in", OTHER: "all others", REACHED: "there already"}
    names |= {"none": "not promoted"} if not column else {}
    return [
        {
            "value": names.get(str(row.value), str(row.value)),
            "leads": f"{row.leads:,}",
            "outcomes": f"{row.outcomes:,}",
            "forecast": percent(float(str(row.forecast)), 1),
            "observed": percent(float(str(row.observed)), 1),
            "bounds": f"{percent(float(str(row.low)), 1)} to {percent(float(str(row.high)), 1)}",
            "word": str(row.verdict),
            "kind": KINDS[str(row.verdict)],
        }
        for row in part.itertuples()
    ]
