"""One target's model: estimator, calibration, and when the outcome comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.arrays import Bools, Floats
from models.calibration.intercept_and_slope import Calibration
from models.estimator.encoded_rows import EncodedRows
from models.estimator.estimator import Estimator
from models.forecast.time_to_outcome import Timing


@dataclass(frozen=True, repr=False)
class TargetModel:
    """One target's estimator, its calibration, and its timing (None where none was learned)."""

    estimator: Estimator
    calibration: Calibration
    timing: Timing | None = None

    def __repr__(self) -> str:
        """Return one line."""
        timing = "with timing" if self.timing is not None else "without timing"
        return f"<{type(self).__name__} {timing}, slope {self.calibration.slope:.2f}: {self.estimator!r}>"

    def log_odds(self, X: pd.DataFrame) -> Floats:
        """Return calibrated log-odds of each row."""
        return self.calibration.apply(self.estimator.log_odds(X))

    def log_odds_of(self, encoded: EncodedRows | None, rows: int) -> Floats:
        """Return the same of rows that are encoded already."""
        return self.calibration.apply(self.estimator.log_odds_of(encoded, rows))

    def contributions(self, X: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """Return base and contributions of the calibrated log-odds; they still add up, as calibration is affine."""
        base, table = self.estimator.contributions(X)
        return float(self.calibration.apply(base)), table * self.calibration.slope

    def contributions_of(self, encoded: EncodedRows | None, rows: Bools) -> tuple[float, Floats]:
        """Return the same of some rows that are encoded already: shape (rows, features)."""
        base, values = self.estimator.contributions_of(encoded, rows)
        values *= self.calibration.slope
        return float(self.calibration.apply(base)), values

    def share_within(self, X: pd.DataFrame, times_us: ArrayLike) -> Floats:
        """Return P(reached within t | reached within the horizon), shape (rows, times)."""
        return self.share_within_of(self.estimator.encoding.matrix(X), times_us)

    def share_within_of(self, matrix: Floats, times_us: ArrayLike) -> Floats:
        """Return the same of rows of the encoding's matrix; NaN where no timing was learned."""
        if self.timing is None:
            return np.full((len(matrix), len(np.atleast_1d(np.asarray(times_us)))), np.nan)
        return self.timing.share_within(matrix, times_us)
