"""How the report lays out which segments of the open leads either policy promotes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from features.catalog.feature import Feature
from features.source_spec import SourceSpec
from pipeline.pages.number_words import subject_title

MEASURES = {"seniority": "level", "function": "department", "kind": "kind"}


def segment_table(spec: SourceSpec, feature: Feature, table: pd.DataFrame) -> dict[str, Any]:
    """Lay one segment out: how many open leads of each value either policy promotes.

    Parameters
    ----------
    spec : SourceSpec
        The source's words for the column.
    feature : Feature
        The column that divides the leads.
    table : DataFrame
        As in `models.evaluation.who_enters_and_leaves.ChangeOfPolicy.segments`.
    """
    names = {code: words.en for code, words in feature.values}
    title = subject_title(spec, feature.family, feature.subject)
    suffix = feature.name.removeprefix(f"fit_{feature.subject}").strip("_")
    columns = ["leads", "baseline", "model", "entering", "leaving"]
    rows = [
        {
            "value": "not filled in" if unknown else names.get(str(value), str(value)),
            "counts": [f"{int(count):,}" for count in counts],
        }
        for value, unknown, counts in zip(table["value"], table["unknown"], table[columns].to_numpy(), strict=True)
    ]
    return {"title": f"{title}, {MEASURES[suffix]}" if suffix in MEASURES else title, "rows": rows}
