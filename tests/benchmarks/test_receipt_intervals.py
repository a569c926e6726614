"""The receipt's interval covers what it claims: a small version of the benchmark."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def benchmark(project_root):
    file = project_root / "benchmarks" / "receipt_intervals.py"
    module_spec = importlib.util.spec_from_file_location("receipt_intervals", file)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["receipt_intervals"] = module
    module_spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("nightly", "cut"), [(False, -0.2), (True, 1.8)])
def test_the_interval_covers_the_difference_to_be_expected(benchmark, nightly, cut):
    rng = np.random.default_rng(4)
    found = pd.DataFrame(
        [
            benchmark.receipt(benchmark.company(rng, nightly=nightly), nightly=nightly, cut=cut, draws=150, seed=seed)
            for seed in range(100)
        ]
    )
    expected = found["gap"].mean()
    covered = int(((found["low"] <= expected) & (expected <= found["high"])).sum())
    # Of 100 at 95 %, fewer than 89 or none outside have a chance of 1 % each.
    assert 89 <= covered <= 100
    assert expected > 0
