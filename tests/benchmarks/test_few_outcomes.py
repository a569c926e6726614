"""From few outcomes the forecast is no worse than the base rate: a small version of the benchmark."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pandas as pd
import pytest

from models.estimator.options import EstimatorOptions

QUICK = EstimatorOptions(boosters=2, max_rounds=60, threads=1)


@pytest.fixture(scope="module")
def few(project_root):
    file = project_root / "benchmarks" / "few_outcomes.py"
    module_spec = importlib.util.spec_from_file_location("few_outcomes", file)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["few_outcomes"] = module
    module_spec.loader.exec_module(module)
    return module


def test_the_expected_loss_is_least_at_the_truth(few):
    truth = np.array([0.1, 0.5, 0.9])
    least = -np.mean(truth * np.log(truth) + (1 - truth) * np.log(1 - truth))
    odds = np.log(truth / (1 - truth))
    assert few.expected_loss(odds, truth) == pytest.approx(least)
    assert few.expected_loss(odds + 0.1, truth) > least < few.expected_loss(0.9 * odds, truth)


@pytest.mark.slow
def test_the_forecast_is_no_worse_than_the_base_rate(few, tmp_path):
    funnel = few.simulate_funnel(tmp_path, leads=4_000)
    rows = pd.DataFrame(few.run_draws(funnel, (20, 60), draws=5, options=QUICK))
    table = few.summarise(rows).set_index("outcomes")
    # thousandths of a nat out of some 230: of 20 outcomes no harm that anybody would notice, of 60 a gain
    assert table.loc[20, "high"] > 0
    assert table.loc[20, "worst"] > -8
    assert table.loc[60, "low"] > 0
    assert (table["gain"] < table["possible"]).all()
    drawn = few.draw_leads(funnel, 20, np.random.default_rng(1))
    won = funnel.labels.set_index("lead_id").loc[drawn, "y"]
    assert won.sum() == 20
    assert won.iloc[-1] == 1
