"""Which subjects move the forecast most, over many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from features.catalog.feature import Feature


def subject_importance(contributions: pd.DataFrame, features: Sequence[Feature]) -> pd.DataFrame:
    """Return the mean absolute contribution of each subject.

    Parameters
    ----------
    contributions : DataFrame
        One row a snapshot, one column a feature, in log-odds.
    features : sequence of Feature
        Family and subject of each column.

    Returns
    -------
    DataFrame
        ``family``, ``subject``, ``mean_abs_log_odds``, ``share`` (of the sum over subjects); largest first.
        A subject's features are summed within a row before the absolute value is taken, as reasons do: what they
        take back from one another is not counted twice.
    """
    keys: dict[tuple[str, str], list[str]] = {}
    for feature in features:
        keys.setdefault((feature.family, feature.subject), []).append(feature.name)
    means = {key: float(contributions[names].sum(axis=1).abs().mean()) for key, names in keys.items()}
    table = pd.DataFrame(
        [(family, subject, value) for (family, subject), value in means.items()],
        columns=["family", "subject", "mean_abs_log_odds"],
    )
    total = table["mean_abs_log_odds"].sum()
    table["share"] = table["mean_abs_log_odds"] / total if total > 0 else 0.0
    return table.sort_values(
        ["mean_abs_log_odds", "family", "subject"], ascending=[False, True, True], ignore_index=True
    )


def family_importance(contributions: pd.DataFrame, features: Sequence[Feature]) -> pd.DataFrame:
    """Return the mean absolute contribution of each family: ``family``, ``mean_abs_log_odds``, ``share``."""
    values = {}
    for family in dict.fromkeys(feature.family for feature in features):
        names = [feature.name for feature in features if feature.family == family]
        values[family] = float(np.abs(contributions[names].to_numpy().sum(axis=1)).mean())
    table = pd.DataFrame(list(values.items()), columns=["family", "mean_abs_log_odds"])
    total = table["mean_abs_log_odds"].sum()
    table["share"] = table["mean_abs_log_odds"] / total if total > 0 else 0.0
    return table.sort_values(["mean_abs_log_odds", "family"], ascending=[False, True], ignore_index=True)
