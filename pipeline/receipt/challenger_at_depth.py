"""A forecast that no run has a receipt of yet, at the depth the team works today: for who trains a challenger."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from models.evaluation.working_depth import HANDED_OVER, MISSED, WASTED
from models.forecast.fit_forecast import labelled_rows
from models.forecast.forecast import Forecast
from models.measures.bootstrap import Comparison
from pipeline.outputs.baseline import read_baseline
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.feature_rows import read_features
from pipeline.outputs.labels_file import read_labels
from pipeline.outputs.looks_file import read_looks
from pipeline.receipt.compare_at_depth import MODEL, depths, told_looks
from pipeline.replay.nightly_looks import looks_in_test
from pipeline.runner.stages import StageContext

LESS_IS_BETTER = (MISSED, WASTED)


def judge_at_depth(context: StageContext, forecast: Forecast, *, band: Literal["MQL", "SAL"] = "MQL") -> Comparison:
    """Compare a forecast with the baseline where both hand over as many leads in the same weeks of a run's test.

    Parameters
    ----------
    context : StageContext
        A run, finished up to its evaluation. Its baseline sets the depth; the forecast needs no cut-offs.
    forecast : Forecast
        Fitted on that run's rows before the test, or on older ones.
    band : {"MQL", "SAL"}
        Whose depth.

    Returns
    -------
    Comparison
        As from :func:`models.evaluation.working_depth.compare_at_depth`.
    """
    cutoffs = read_cutoffs(context)
    labels = read_labels(context)
    test = labelled_rows(read_features(context, "history"), labels, cutoffs.target, ("test",))
    looks = told_looks(looks_in_test(context, test, read_baseline(context), forecast, cutoffs.target))
    before = read_looks(context, "cutoffs")
    draws, seed = context.settings.evaluate.bootstrap, context.settings.seed
    return depths(looks, before, cutoffs, draws=draws, seed=seed)[band].at_depth


def depth_table(comparison: Comparison) -> pd.DataFrame:
    """Return one row a figure: every scorer, and the model less each other one with its paired 95 % interval."""
    rows = {}
    for figure in comparison.values[MODEL]:
        row: dict[str, float | bool | str] = {name: values[figure] for name, values in comparison.values.items()}
        for other in comparison.values:
            if other != MODEL and figure != HANDED_OVER:
                gap = comparison.difference(MODEL, other, figure)
                row[f"against {other.replace('_', ' ')}"] = f"{gap.value:+.0f} ({gap.low:+.0f} to {gap.high:+.0f})"
        rows[figure.replace("_", " ")] = row | {"more is better": figure not in LESS_IS_BETTER}
    return pd.DataFrame.from_dict(rows, orient="index")
