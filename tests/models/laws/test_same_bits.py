"""The same model on a machine with one core and on one with many."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FIT = """
import numpy as np
import pandas as pd
from features.catalog.feature import Feature
from features.source_spec import Words
from models.calibration.intercept_and_slope import fit_calibration
from models.estimator.fit_estimator import fit_estimator
from models.estimator.fitting import Fitting
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import Rows
from models.sklearn_api.lead_classifier import LeadClassifier
rng = np.random.default_rng(3)
rows = 40_000
words = Words(de="x", en="x")
features = tuple(Feature(f"fit_{i}", "fit", "number", "", f"{i}", words, words, "", ()) for i in range(60))
X = pd.DataFrame(rng.normal(size=(rows, 60)), columns=[feature.name for feature in features])
y = (rng.random(rows) < 1 / (1 + np.exp(2 - X["fit_0"]))).to_numpy(float)
weights, leads, times = np.ones(rows), np.arange(rows).astype(str), np.arange(rows)
options = EstimatorOptions(boosters=2, max_rounds=3, linear_share=1.0)
learned = Rows.of(X, y, weights=weights, lead_ids=leads, as_of_us=times)
found = fit_estimator(learned, Fitting(features, options, seed=1))
odds = found.log_odds(X)
print(odds.tobytes().hex()[:4000], fit_calibration(odds, y, weights))
few, options = X.iloc[:12_000, :12], EstimatorOptions(boosters=2, max_rounds=3)
print(LeadClassifier(options=options).fit(few, y[:12_000]).decision_function(few).tobytes().hex()[:4000])
"""


@pytest.mark.slow
def test_the_number_of_threads_changes_no_bit():
    said = set()
    for threads in ("1", "2"):
        environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        done = subprocess.run([sys.executable, "-c", FIT], env=environment, capture_output=True, text=True, check=True)
        said.add(done.stdout)
    assert len(said) == 1
