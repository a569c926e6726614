from __future__ import annotations

import numpy as np
import pytest

from models.forecast.young_leads import Trust, fit_trust
from models.log_odds import log_odds_to_probability


def draw(count, *, shift, trust, seed=0):
    rng = np.random.default_rng(seed)
    forecast, evidence = rng.normal(-1.5, 1, count), rng.normal(0, 1.5, count)
    y = rng.random(count) < log_odds_to_probability(forecast + shift + trust * evidence)
    return forecast, evidence, y.astype(float), np.ones(count)


def test_shift_and_trust_are_recovered():
    found = fit_trust(*draw(20_000, shift=-0.4, trust=0.6))
    assert (found.shift, found.trust) == (pytest.approx(-0.4, abs=0.06), pytest.approx(0.6, abs=0.06))


def test_no_lead_leaves_bayes_as_it_is_and_few_leave_it_nearly_so():
    none = np.zeros(0)
    assert fit_trust(none, none, none, none) == Trust(0.0, 1.0)
    few = fit_trust(*draw(12, shift=-2.0, trust=0.0))
    assert few.trust > 0.5
    assert abs(few.shift) < 0.5


def test_imputed_outcomes_average_to_the_truth_where_raw_evidence_would_not():
    forecast, evidence, y, weights = draw(20_000, shift=-0.6, trust=0.5)
    half = 10_000
    trust = fit_trust(forecast[:half], evidence[:half], y[:half], weights[:half])
    assert trust.probability(forecast[half:], evidence[half:]).mean() == pytest.approx(y[half:].mean(), abs=0.012)
    assert Trust().probability(forecast[half:], evidence[half:]).mean() > y[half:].mean() + 0.03


def test_nothing_seen_leaves_the_forecast():
    assert Trust().probability(np.array([0.0]), np.array([np.nan])) == 0.5
