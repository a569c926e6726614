"""The parts of the test period in which a forecast must hold, and the curve of what more outcomes would bring."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from models.bands import band_of, may_enter, passes
from models.calibration.by_group import calibration_by_group, groupings
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.forecast import Forecast
from models.rules.baseline import Baseline
from pipeline.outputs.feature_rows import KEYS

REACHED = "reached"
"""Stands for a band where a lead is beyond the cut-offs' target already."""


def group_tables(
    tests: Mapping[str, pd.DataFrame],
    forecast: Forecast,
    baseline: Baseline,
    cutoffs: Cutoffs,
    importance: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Return for each target the observed rate against the mean forecast of every group of its test rows.

    Parameters
    ----------
    tests : mapping of target to DataFrame
        Test rows with features, ``y`` and ``p``; bands follow the ``p`` of the cut-offs' target.
    importance : DataFrame
        ``family`` and ``subject``, the most telling first.
    """
    telling = importance.loc[importance["family"] == "fit", "subject"].tolist()
    deciding = tests[cutoffs.target][[*KEYS, "p"]].rename(columns={"p": "p_deciding"})
    tables = {}
    for target, rows in tests.items():
        p = rows[KEYS].merge(deciding, on=KEYS, how="left", validate="one_to_one")["p_deciding"]
        may = may_enter(baseline.excluded(rows), baseline.gates_open(rows))
        bands = pd.Series(band_of(passes(p.fillna(0.0), may, cutoffs.at)))
        divided = groupings(
            rows, forecast.features, forecast.spec, telling=telling, bands=bands.where(p.notna(), REACHED)
        )
        tables[target] = calibration_by_group(rows["y"], rows["p"], lead_ids=rows["lead_id"], divided=divided)
    return tables
