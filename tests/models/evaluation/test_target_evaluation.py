"""A target judged on its test rows, also where nothing happened there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.evaluation.target_evaluation import evaluate_target


def test_a_test_period_without_an_outcome_is_judged_as_far_as_it_can_be() -> None:
    generator = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "lead_id": np.arange(200).astype(str),
            "y": (generator.random(200) < 0.3).astype(float),
            "p": generator.beta(1, 5, 200),
            "points": generator.integers(0, 100, 200).astype(float),
        }
    )
    found = evaluate_target("sql", rows.assign(y=0.0), rows, draws=50, seed=1)  # warnings are errors
    assert (found.outcomes, found.rate, found.beats_baseline) == (0, 0.0, False)
    for values in found.comparison.values.values():
        assert np.isnan([values["auc"], values["ap"], values["lift10"]]).all()
        assert np.isfinite([values["log_loss"], values["brier"], values["ece"]]).all()
    assert all(table["gain"].isna().all() for table in found.gain.values())
    assert all((table["outcome"] == 0).all() for table in found.reliability.values())
