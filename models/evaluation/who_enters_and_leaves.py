"""What changes when promotion follows the model and no longer the baseline: who comes in, who falls out, where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from features.catalog.feature import Feature

MAX_SEGMENTS = 2
MAX_VALUES = 12
MIN_KNOWN_SHARE = 0.5


@dataclass(frozen=True)
class ChangeOfPolicy:
    """Open leads under both policies.

    Attributes
    ----------
    leads : int
        Open leads that sales may still get: not with sales, target not reached.
    counts : dict
        ``model_mql``, ``model_sal``, ``baseline_mql``, ``baseline_sal`` (MQL counts SAL in), ``both``, ``entering``
        (promoted by the model only), ``leaving`` (by the baseline only).
    entering : Index
        Rows of the entering leads, the most probable first.
    segments : list of (Feature, DataFrame)
        For the columns where most changes: a row a value with ``value``, ``leads``, ``model``, ``baseline``,
        ``entering``, ``leaving``.
    """

    leads: int
    counts: dict[str, int]
    entering: pd.Index
    segments: list[tuple[Feature, pd.DataFrame]]


def compare_policies(rows: pd.DataFrame, X: pd.DataFrame, features: Sequence[Feature]) -> ChangeOfPolicy:
    """Compare who is promoted.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id``, ``p``, ``model_band`` and ``baseline_band`` (``none``, ``MQL``, ``SAL``); one row an open lead that
        sales may still get.
    X : DataFrame
        Their feature rows, same index.
    features : sequence of Feature
        Segments are taken from the categories among the fit features.
    """
    model, baseline = rows["model_band"] != "none", rows["baseline_band"] != "none"
    moves = pd.DataFrame(
        {
            "leads": True,
            "model": model,
            "baseline": baseline,
            "entering": model & ~baseline,
            "leaving": baseline & ~model,
        }
    )
    counts = {
        "model_mql": int(model.sum()),
        "model_sal": int((rows["model_band"] == "SAL").sum()),
        "baseline_mql": int(baseline.sum()),
        "baseline_sal": int((rows["baseline_band"] == "SAL").sum()),
        "both": int((model & baseline).sum()),
        "entering": int(moves["entering"].sum()),
        "leaving": int(moves["leaving"].sum()),
    }
    entering = rows[moves["entering"]].sort_values(["p", "lead_id"], ascending=[False, True]).index
    return ChangeOfPolicy(len(rows), counts, entering, _segments(moves, X, features))


def _segments(moves: pd.DataFrame, X: pd.DataFrame, features: Sequence[Feature]) -> list[tuple[Feature, pd.DataFrame]]:
    """Tabulate the fit categories in which the number of promoted leads shifts most."""
    tables = []
    for feature in features:
        if feature.family != "fit" or feature.dtype != "category":
            continue
        values = X[feature.name]
        if not 2 <= values.nunique() <= MAX_VALUES or values.notna().mean() < MIN_KNOWN_SHARE:
            continue
        sums = moves.groupby(values.astype(object).where(values.notna(), None), dropna=False).sum()
        table = sums.rename_axis("value").reset_index()
        table = table.assign(unknown=table["value"].isna()).sort_values(
            ["unknown", "leads", "value"], ascending=[True, False, True], ignore_index=True
        )
        shift = int((table["model"] - table["baseline"]).abs().sum())
        tables.append((shift, feature, table))
    tables.sort(key=lambda entry: -entry[0])
    return [(feature, table) for _, feature, table in tables[:MAX_SEGMENTS]]
