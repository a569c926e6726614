"""Which looks a forecast learns from, where there are more than it takes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.forecast.fit_target import FIT_PARTS


def labels_to_learn_from(labels: pd.DataFrame, *, most_rows: int, seed: int) -> pd.DataFrame:
    """Return the labels that fitting may see; where a target has more than ``most_rows``, those of drawn leads.

    Parameters
    ----------
    labels : DataFrame
        One row a snapshot and target: ``lead_id``, ``target``, ``part`` and more.
    most_rows : int
        About so many of the target that has most.
    seed : int
        The draw depends on it and on the lead's id alone, so all rows of a lead stay together.

    Examples
    --------
    >>> labels = pd.DataFrame({"lead_id": ["a", "b"], "target": "sql", "part": ["train", "test"]})
    >>> labels_to_learn_from(labels, most_rows=10, seed=1)["lead_id"].tolist()
    ['a']
    """
    seen = labels[labels["part"].isin(FIT_PARTS)]
    share = most_rows / max(int(seen["target"].value_counts().max()) if len(seen) else 0, 1)
    if share >= 1.0:
        return seen
    lead, ids = pd.factorize(seen["lead_id"])
    hashed = pd.util.hash_array(np.asarray(ids, dtype=object), hash_key=f"{seed % 10**16:016d}", categorize=False)
    drawn = hashed.astype(np.float64) / 2.0**64 < share
    return seen[drawn[lead]]
