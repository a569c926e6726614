"""Sales has the last word: who was handed back or lost is not promoted again until something new happens."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features.families.stages import CURRENT_STAGE
from features.source_spec import SourceSpec
from features.strict import Strict
from features.time_units import DAY_US
from models.arrays import Bools
from models.feature_rows import FeatureRows

if TYPE_CHECKING:
    import pandas as pd

DAYS_IN_STAGE = "journey_days_in_stage"
DAYS_SINCE_EVENT = "journey_days_since_last_event"

VETO = "sales_veto"
"""Name of the veto among the exclusions of a score row, and key of its sentence."""


class Veto(Strict):
    """How long a rejection by sales holds.

    A lead whose present stage is one of ``stages`` is not promoted, whatever its probability, while it has been there
    for less than ``days`` days and has done nothing itself since it was put there.
    """

    stages: tuple[str, ...]
    days: float

    @classmethod
    def of(cls, spec: SourceSpec, lasts_us: int) -> Veto:
        """Return the veto of a source: its recycled and lost stages; ``lasts_us`` 0 vetoes nobody."""
        return cls(stages=(*spec.recycled, *spec.lost), days=lasts_us / DAY_US)


def vetoed(X: pd.DataFrame | FeatureRows, veto: Veto | None) -> npt.NDArray[np.bool_]:
    """Return which feature rows sales has rejected.

    Parameters
    ----------
    X : DataFrame or FeatureRows
        Feature rows, as known at their as-of time: the present stage, the days in it, and the days since the lead's
        last own event. A source without stages on record vetoes nobody.
    veto : Veto or None
        None vetoes nobody.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({
    ...     "journey_current_stage": ["RECYCLED", "RECYCLED", "RECYCLED", "MQL"],
    ...     "journey_days_in_stage": [10.0, 10.0, 100.0, 10.0],
    ...     "journey_days_since_last_event": [30.0, 2.0, 120.0, 30.0],
    ... })
    >>> vetoed(X, Veto(stages=("RECYCLED", "LOST"), days=90)).tolist()
    [True, False, False, False]
    """
    rows = FeatureRows.of(X)
    if veto is None or veto.days <= 0 or not _on_record(rows.names):
        return np.zeros(len(rows), dtype=bool)
    since = rows.numbers(DAYS_IN_STAGE)
    rejected: Bools = rows.among(CURRENT_STAGE, veto.stages) & (since < veto.days)
    if DAYS_SINCE_EVENT not in rows:
        return rejected
    quiet = rows.numbers(DAYS_SINCE_EVENT)
    return rejected & ~(quiet < since)  # a lead that never did anything has done nothing since


def _on_record(columns: Collection[str]) -> bool:
    return CURRENT_STAGE in columns and DAYS_IN_STAGE in columns
