"""The test that may be looked at every week: it finds a fall of 40 %, and hardly ever one that is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from models.monitoring.falling_share import evidence_of_a_fall, fall_below

PROMISED = 0.3


def weeks(rng: np.random.Generator, chances: np.ndarray, leads_a_week: float) -> tuple[np.ndarray, np.ndarray]:
    leads = rng.poisson(leads_a_week, len(chances))
    return rng.binomial(leads, chances), leads


def test_the_evidence_is_on_average_at_most_one_where_the_promise_is_kept() -> None:
    leads = 12
    outcomes = np.arange(leads + 1)
    evidence = evidence_of_a_fall(outcomes, np.full(leads + 1, leads), PROMISED)
    at_the_promise = float(binom.pmf(outcomes, leads, PROMISED) @ evidence)
    assert at_the_promise == pytest.approx(1.0)
    assert float(binom.pmf(outcomes, leads, 0.4) @ evidence) < at_the_promise


def test_of_100_companies_that_keep_it_by_a_hair_hardly_one_is_called_in_two_years() -> None:
    rng = np.random.default_rng(3)
    called = [fall_below(*weeks(rng, np.full(104, PROMISED), 20), PROMISED) is not None for _ in range(100)]
    assert sum(called) <= 40  # 104 / 260 of them by the bound; exactly at the promise is the worst case
    kept = [fall_below(*weeks(rng, np.full(104, 0.36), 20), PROMISED) is not None for _ in range(100)]
    assert sum(kept) <= 2


@pytest.mark.parametrize("quiet", [0, 52])
def test_a_fall_of_40_percent_is_called_within_eight_weeks_however_quiet_it_was_before(quiet: int) -> None:
    rng = np.random.default_rng(4)
    chances = np.concatenate([np.full(quiet, PROMISED), np.full(16, 0.6 * PROMISED)])
    falls = [fall_below(*weeks(rng, chances, 45), PROMISED) for _ in range(50)]
    waited = [fall.called - quiet + 1 if fall is not None else 99 for fall in falls]
    assert np.mean(np.array(waited) <= 8) >= 0.9
    since = [abs(fall.since - quiet) for fall in falls if fall is not None]
    assert np.median(since) <= 2
