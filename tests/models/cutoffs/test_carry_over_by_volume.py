"""A cut-off carried over to another forecast promotes as many leads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.bands import PerBand
from models.cutoffs.carry_over_by_volume import carry_over, carry_pair
from models.cutoffs.counting import Counting
from models.cutoffs.evidence import cutoff_evidence


def looks() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    odds = rng.normal(-2, 0.6, 400)
    rows = pd.DataFrame({"lead_id": np.char.mod("L%03d", np.arange(400)), "as_of_us": np.arange(400)})
    rows["p"] = 1 / (1 + np.exp(-odds))
    rows["p_final"] = 1 / (1 + np.exp(-(odds + rng.normal(0, 0.8, 400))))  # spreads further
    return rows.assign(y=0.0, excluded=False, gates_open=rng.random(400) < 0.5, unseen=True)


def test_as_many_leads_are_promoted_at_another_probability() -> None:
    rows, counting = looks(), Counting(100, 4.0)
    evidence, final = cutoff_evidence(rows, counting), cutoff_evidence(rows, counting, score="p_final")
    for threshold in (0.1, 0.2, 0.3):
        carried = carry_over(evidence.mql, final.mql, threshold)
        assert final.mql.counted_leads([carried])[0] == evidence.mql.counted_leads([threshold])[0]
    assert carried > 0.3


def test_nobody_stays_nobody_and_sal_stays_above_mql() -> None:
    rows, counting = looks(), Counting(0, 4.0)
    evidence, final = cutoff_evidence(rows, counting), cutoff_evidence(rows, counting, score="p_final")
    assert final.mql.counted_leads([carry_over(evidence.mql, final.mql, 0.99)])[0] == 0
    both = carry_pair(evidence, final, PerBand(0.15, 0.15))
    assert both.mql <= both.sal
    same = cutoff_evidence(rows, counting)
    carried = carry_over(evidence.mql, same.mql, 0.15)
    assert same.mql.counted_leads([carried])[0] == evidence.mql.counted_leads([0.15])[0]
