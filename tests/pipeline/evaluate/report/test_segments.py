from __future__ import annotations

import pandas as pd

from features.catalog.feature import Feature
from features.source_spec import Words
from pipeline.evaluate.evaluation import Evaluation
from pipeline.evaluate.report.segments import segment_table


def test_missing_values_are_not_called_as_a_value_might_be(evaluation: Evaluation) -> None:
    words = Words(de="Budget", en="Budget")
    feature = Feature("fit_budget", "fit", "category", "", "budget", words, words, "budget")
    table = pd.DataFrame({"value": ["unknown", None], "unknown": [False, True]})
    table[["leads", "baseline", "model", "entering", "leaving"]] = 1
    assert [row["value"] for row in segment_table(evaluation.spec, feature, table)["rows"]] == [
        "unknown",
        "not filled in",
    ]
