"""The share of the gain that is kept, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.compiled_points.gain_kept import COMPILED, MODEL, TODAY, gain_kept
from models.measures.bootstrap import Comparison


def comparison(model: float, today: float, compiled: float, *, noise: float = 0.0) -> Comparison:
    values = {MODEL: {"ap": model}, TODAY: {"ap": today}, COMPILED: {"ap": compiled}}
    draw = np.random.default_rng(0)
    draws = {name: {"ap": own["ap"] + noise * draw.normal(size=200)} for name, own in values.items()}
    return Comparison(values, draws)


def test_by_hand() -> None:
    kept = gain_kept(comparison(0.30, 0.10, 0.25))  # (0.25 - 0.10) / (0.30 - 0.10)
    assert kept is not None
    assert (kept.value, kept.low, kept.high) == (pytest.approx(0.75), pytest.approx(0.75), pytest.approx(0.75))


def test_no_gain_has_no_share() -> None:
    assert gain_kept(comparison(0.10, 0.10, 0.25)) is None
    assert gain_kept(comparison(0.09, 0.10, 0.08)) is None


def test_a_gain_that_is_not_sure_has_no_narrow_interval() -> None:
    kept = gain_kept(comparison(0.11, 0.10, 0.11, noise=0.02))
    assert kept is not None
    assert np.isnan(kept.low)
    assert np.isnan(kept.high)
