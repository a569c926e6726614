"""Words of the report: numbers that are not there, and shares that rest on few handed-over leads."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from models.evaluation.target_evaluation import SCORERS
from models.measures.bootstrap import Interval
from pipeline.evaluate.report.words import follow_up_note, promoted_sentence
from pipeline.pages.number_words import bounds, percent, percent_bounds, signed
from pipeline.runner.stages import StageContext


def test_numbers_that_are_not_there_are_dashes() -> None:
    none = Interval(float("nan"), float("nan"), float("nan"))
    assert (bounds(none, 2), percent_bounds(none), percent(none.value), signed(none.value, 1)) == ("–",) * 4
    assert bounds(Interval(0, -0.5, 0.25), 2, with_sign=True) == "−0.50 to +0.25"


@pytest.mark.parametrize(("effective", "said"), [(9.0, "too few of them were handed over"), (11.0, "30 % reached")])
def test_shares_of_few_handed_over_leads_are_not_compared(
    judged_by_points: StageContext, effective: float, said: str
) -> None:
    place = {"leads": 50.0, "per_week": 5.0, "precision": 0.3, "worked": 12.0, "effective_leads": effective}
    evaluation = SimpleNamespace(
        spec=judged_by_points.spec(),
        cutoffs=SimpleNamespace(target="sql"),
        baseline_name="points",
        follow_up={"declared": True},
        promotions=SimpleNamespace(
            volumes=dict.fromkeys(SCORERS, SimpleNamespace(at_cutoff={"MQL": place})),
            precision_gaps={"MQL": Interval(0.0, -0.1, 0.1)},
        ),
    )
    assert said in promoted_sentence(evaluation)
    assert f"of the 50 MQLs of the model, 12 were handed over in time, worth {effective:.0f} leads" in str(
        follow_up_note(evaluation)
    )
