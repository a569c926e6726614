"""The whole chain on real funnels: the test rows of the reference split, and figures within reach of other tools."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pandas as pd
import pytest

WITHIN_REACH = 0.015
"""Log loss above the best of the peers at which something is broken, not merely worse."""


@pytest.fixture(scope="module")
def public_data(project_root: Path) -> Path:
    folder = Path(os.environ.get("LEADSCORE_PUBLIC_DATA", project_root.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the public data sets are not part of the project and not in {folder} (LEADSCORE_PUBLIC_DATA)")
    return folder


@pytest.fixture(scope="module")
def funnels(project_root: Path):
    module_spec = importlib.util.spec_from_file_location("forecast", project_root / "benchmarks" / "forecast.py")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["forecast"] = module
    module_spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x_education", "olist_funnel", "bpi2012+7"])
def test_same_test_rows_and_figures_within_reach(name, funnels, public_data, tmp_path):
    ours, _ = funnels.run_chain(name, public_data, tmp_path)
    bench = public_data.parent / "bench"
    assert funnels.same_rows(name, ours, bench) == "same"
    figures = funnels.scores(ours["y"].to_numpy(int), ours["p"].to_numpy(float))
    peers = pd.read_csv(bench / "results.csv")
    assert figures["logloss"] < peers.loc[peers["data"] == name, "logloss"].min() + WITHIN_REACH
    assert 0.5 < figures["auc"] < 0.9  # above 0.9 on real leads is a leak until shown otherwise
