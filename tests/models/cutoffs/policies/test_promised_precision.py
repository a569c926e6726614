"""A promised share is kept as often as it says, on leads whose true probabilities are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from features.errors import InputError
from models.cutoffs.counting import Counting
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.policies.promised_precision import (
    STARTS,
    best_promise,
    keep_promise,
    lower_bound,
    passed_in_sequence,
    promise_grid,
    tail_probabilities,
)

DRAWS = 600
LEADS = 400


def one_look_each(p: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lead_id": np.char.mod("L%04d", np.arange(len(p))),
            "as_of_us": np.arange(len(p)),
            "p": p,
            "y": y.astype(float),
            "excluded": False,
            "gates_open": True,
            "unseen": True,
        }
    )


def evidence(p: np.ndarray, y: np.ndarray) -> BandEvidence:
    return BandEvidence.of(one_look_each(p, y), Counting(0, 8.0), "SAL")


def broken_share(*, share: float, too_high: float) -> tuple[float, float]:
    """Return how often the true share at the chosen cut-off is below the promise, and how often one was found."""
    rng, broken, found = np.random.default_rng(11), 0, 0
    for _ in range(DRAWS):
        true = rng.beta(1, 4, LEADS)
        told = 1 / (1 + (1 - true) / true * np.exp(-too_high))  # a forecast that says too much, by so many log-odds
        try:
            kept = keep_promise(evidence(told, rng.random(LEADS) < true), share, confidence=0.9)
        except InputError:
            continue
        found += 1
        broken += true[told >= kept.threshold].mean() < share
    return broken / DRAWS, found / DRAWS


@pytest.mark.parametrize(("too_high", "least"), [(0.0, 0.85), (1.5, 0.3)])
def test_no_more_promises_are_broken_than_the_confidence_allows(too_high: float, least: float) -> None:
    broken, found = broken_share(share=0.3, too_high=too_high)
    assert broken <= 0.1 + 2.6 * np.sqrt(0.1 * 0.9 / DRAWS)
    assert found > least  # it does find what can be had: the best leads reach 50 % and more


def test_where_no_cut_off_keeps_it_none_is_given_more_often_than_the_confidence_allows() -> None:
    rng = np.random.default_rng(3)
    given = 0
    for _ in range(DRAWS):
        told = rng.random(200)  # a forecast that knows nothing: three in ten reach the target, whatever it says
        try:
            keep_promise(evidence(told, rng.random(200) < 0.3), 0.3, confidence=0.9)
        except InputError:
            continue
        given += 1
    assert given / DRAWS <= 0.1 + 2.6 * np.sqrt(0.1 * 0.9 / DRAWS)


def test_leads_promoted_at_a_later_look_count_with_that_look_s_outcome() -> None:
    # Each lead looks promising only at its second look, 0.6; ten of ten reach the target from there, none twice.
    rows = pd.DataFrame({"lead_id": [f"L{n}" for n in range(10)] * 2, "as_of_us": [1] * 10 + [2] * 10})
    rows = rows.assign(p=[0.1] * 10 + [0.6] * 10, y=[0.0] * 10 + [1.0] * 10)
    rows = rows.assign(excluded=False, gates_open=True, unseen=True)
    kept = keep_promise(BandEvidence.of(rows, Counting(0, 1.0), "MQL"), 0.5, confidence=0.9)
    assert (kept.leads, kept.won) == (10, 10)
    assert 0.1 < kept.threshold <= 0.6


def test_leads_the_forecast_learned_from_and_open_outcomes_prove_nothing() -> None:
    rows = one_look_each(np.full(60, 0.8), np.ones(60))
    rows["unseen"] = False
    with pytest.raises(InputError, match="from 0 leads whose outcome is known"):
        keep_promise(BandEvidence.of(rows, Counting(0, 1.0), "MQL"), 0.3, confidence=0.9)
    rows = one_look_each(np.full(60, 0.8), np.full(60, np.nan))
    with pytest.raises(InputError, match="nothing can be promised"):
        keep_promise(BandEvidence.of(rows, Counting(0, 1.0), "MQL"), 0.3, confidence=0.9)


def test_a_refusal_says_what_can_be_promised() -> None:
    rng = np.random.default_rng(5)
    p = rng.beta(2, 6, 500)
    given = evidence(p, rng.random(500) < p)
    best = best_promise(given, confidence=0.9)
    assert best is not None
    assert 0.25 < best.share < 0.7
    with pytest.raises(InputError, match=rf"best promise is {best.share:.0%}, at .* leads a week") as refused:
        keep_promise(given, 0.95, confidence=0.9)
    assert refused.value.column == "cutoffs.sal.promise"


def test_a_lower_promise_never_promotes_fewer_leads_and_neither_does_less_confidence() -> None:
    rng = np.random.default_rng(8)
    p = rng.beta(1, 3, 600)
    given = evidence(p, rng.random(600) < p)
    leads = [keep_promise(given, share, confidence=0.9).leads for share in (0.5, 0.4, 0.3, 0.2)]
    assert leads == sorted(leads)
    assert keep_promise(given, 0.4, confidence=0.6).leads >= keep_promise(given, 0.4, confidence=0.95).leads


def test_the_tail_is_the_binomial_and_inverts_to_the_clopper_pearson_bound() -> None:
    assert tail_probabilities([7], [10], 0.5)[0] == pytest.approx(binom.pmf([7, 8, 9, 10], 10, 0.5).sum())
    bound = lower_bound(7, 10, confidence=0.9)
    assert tail_probabilities([7], [10], bound)[0] == pytest.approx(0.1)


def test_the_grid_is_fixed_by_the_promise_and_spends_the_error_once() -> None:
    grid, error = promise_grid(0.3)
    assert (np.diff(grid) < 0).all()
    assert error.sum() == pytest.approx(1)
    assert (error > 0).sum() == len(STARTS)
    assert grid[np.flatnonzero(error)[-1]] == pytest.approx(0.3)


def test_a_failed_test_ends_its_own_sequence_only() -> None:
    assert passed_in_sequence([0.2, 0.001, 0.001], [0.05, 0.05, 0.0]).tolist() == [False, True, True]
    assert passed_in_sequence([0.001, 0.2, 0.001], [0.1, 0.0, 0.0]).tolist() == [True, False, False]
