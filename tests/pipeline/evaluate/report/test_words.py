from __future__ import annotations

from dataclasses import replace

import pytest

from models.measures.bootstrap import Interval
from pipeline.evaluate.evaluation import Evaluation
from pipeline.evaluate.report.words import follow_up_note, promoted_sentence


@pytest.mark.parametrize(("effective", "said"), [(9.0, "too few of them were handed over"), (11.0, "30 % reached")])
def test_shares_of_few_handed_over_leads_are_not_compared(evaluation: Evaluation, effective: float, said: str) -> None:
    place = {"leads": 50.0, "per_week": 5.0, "precision": 0.3, "worked": 12.0, "effective_leads": effective}
    volumes = {
        scorer: replace(volume, at_cutoff={"MQL": place, "SAL": place})
        for scorer, volume in evaluation.promotions.volumes.items()
    }
    gaps = {"MQL": Interval(0.0, -0.1, 0.1), "SAL": Interval(0.0, -0.1, 0.1)}
    promoted_only = replace(
        evaluation,
        data=replace(evaluation.data, follow_up={"declared": True, "warning": None}),
        promotions=replace(evaluation.promotions, volumes=volumes, precision_gaps=gaps),
    )
    assert said in promoted_sentence(promoted_only)
    assert f"of the 50 MQLs of the model, 12 were handed over in time, worth {effective:.0f} leads" in str(
        follow_up_note(promoted_only)
    )
