"""The gamma distribution stands in for the sum of many leads; binomials say how well."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from models.measures.outcome_sums import LeadSum


@pytest.mark.parametrize(("leads", "p"), [(40, 0.05), (500, 0.01), (30, 0.5), (200, 0.9)])
def test_p_values_are_those_of_the_binomial(leads, p):
    found = LeadSum.of(np.arange(leads), np.ones(leads), np.full(leads, p))
    exact = binom(leads, p)
    for count in range(leads + 1):
        two_sided = min(1.0, 2 * min(exact.sf(count - 1), exact.cdf(count)))
        assert found.two_sided(count) == pytest.approx(two_sided, abs=0.02, rel=0.25)


def test_bounds_hold_what_they_say():
    found = LeadSum.of(np.arange(300), np.ones(300), np.full(300, 0.03))
    low, high = found.bounds()
    exact = binom(300, 0.03)
    assert exact.cdf(high) - exact.cdf(np.ceil(low) - 1) == pytest.approx(0.96, abs=0.025)


def test_rows_of_a_lead_are_one_outcome():
    once = LeadSum.of(list("abcd"), np.ones(4), [0.1, 0.2, 0.3, 0.4])
    often = LeadSum.of(list("aabbccdd"), np.full(8, 0.5), np.repeat([0.1, 0.2, 0.3, 0.4], 2))
    for name in ("mass", "mean", "spread", "skewness", "jump"):
        assert getattr(often, name) == pytest.approx(getattr(once, name))


def test_forecasts_of_0_and_1_leave_no_chance():
    found = LeadSum.of(list("abc"), np.ones(3), [0.0, 1.0, 1.0])
    assert found.two_sided(2.0) == pytest.approx(1.0)
    assert found.two_sided(0.0) < 1e-6
