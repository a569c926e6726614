"""One target's model: estimator, calibration, and when the outcome comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.arrays import Floats
from models.calibration.intercept_and_slope import Calibration
from models.estimator.estimator import Estimator
from models.forecast.time_to_outcome import Timing


@dataclass(frozen=True)
class TargetModel:
    """One target's estimator, its calibration, and its timing (None where none was learned)."""

    estimator: Estimator
    calibration: Calibration
    timing: Timing | None = None

    def log_odds(self, X: pd.DataFrame) -> Floats:
        """Return calibrated log-odds of each row."""
        return self.calibration.apply(self.estimator.log_odds(X))

    def contributions(self, X: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """Return base and contributions of the calibrated log-odds; they still add up, as calibration is affine."""
        base, table = self.estimator.contributions(X)
        return float(self.calibration.apply(base)), table * self.calibration.slope

    def share_within(self, X: pd.DataFrame, times_us: ArrayLike) -> Floats:
        """Return P(reached within t | reached within the horizon), shape (rows, times)."""
        if self.timing is None:
            return np.full((len(X), len(np.atleast_1d(np.asarray(times_us)))), np.nan)
        return self.timing.share_within(self.estimator.encoding.matrix(X), times_us)
