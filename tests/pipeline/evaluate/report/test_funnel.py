from __future__ import annotations

from dataclasses import replace

import pytest

from models.measures.bootstrap import Interval
from pipeline.evaluate.evaluation import Evaluation
from pipeline.evaluate.report.funnel import funnel_rows


@pytest.mark.parametrize(("reached", "median"), [(4, "–"), (5, "7.0")])
def test_a_median_needs_five_times(evaluation: Evaluation, reached: int, median: str) -> None:
    promotions, days = evaluation.promotions, Interval(7.0, 6.0, 8.0)
    conversions = {
        key: [replace(step, reached=reached, median_days=days) for step in steps]
        for key, steps in promotions.conversions.items()
    }
    rows = funnel_rows(replace(promotions, conversions=conversions), "points")
    assert {row["median"] for row in rows} == {median}


def test_each_scorer_has_a_row_and_a_band_does_not_lead_to_itself(evaluation: Evaluation) -> None:
    rows = funnel_rows(evaluation.promotions, "points")
    assert {row["scorer"] for row in rows} == {"model", "points"}
    assert all(row["stage"] != row["band"] for row in rows)
