"""Intervals and orders, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.leaks.column_names import name_sign
from features.leaks.statistics import (
    as_groups,
    as_times,
    auc_interval,
    rank_correlation,
    read_column,
    share_interval,
    tell_alone,
)


def test_auc_counts_pairs() -> None:
    # pairs (won, other): (3, 1) right, (3, 2) right, (2, 1) right, (2, 2) tied: 3.5 of 4
    found = auc_interval(np.array([3.0, 2.0, 1.0, 2.0]), np.array([True, True, False, False]), error=0.05)
    assert found.value == 3.5 / 4


def test_even_a_perfect_order_of_few_leads_is_not_sure() -> None:
    won = np.array([True] * 5 + [False] * 500)
    # 1 - 3.72 (the 0.0001 point of the normal) * 0.5 / 5
    assert auc_interval(won.astype(float), won, error=0.0001).low == pytest.approx(0.628, abs=0.001)


def test_the_interval_of_a_share_is_exact() -> None:
    assert share_interval(20, 20, error=0.01).low == pytest.approx(0.01 ** (1 / 20))
    assert (share_interval(0, 0, error=0.01).low, share_interval(0, 0, error=0.01).high) == (0, 1)


def test_the_auc_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(4)
    won = np.arange(400) < 40
    truth = 0.7602  # two normals one apart: the normal distribution at 1 / sqrt(2)
    outside = 0
    for _ in range(300):
        found = auc_interval(rng.normal(size=400) + won, won, error=0.025)
        outside += not found.low <= truth <= found.high
    assert outside <= 24  # 15 expected of 300, 24 is the 99 % point


def test_what_a_third_explains_is_taken_off_a_correlation() -> None:
    created = np.arange(300.0)
    rng = np.random.default_rng(5)
    days = 300 - created + rng.normal(0, 3, 300)  # everything closes on one day
    number = created + rng.normal(0, 3, 300)  # numbered as they came
    assert rank_correlation(number, days, np.zeros(300), error=0.01).value > 0.99
    assert rank_correlation(number, days, created, error=0.01).value < 0.2


def test_a_number_that_most_leads_lack_is_still_cut_where_it_differs() -> None:
    reached = np.arange(1000) % 20 == 0
    number = np.where(reached, np.arange(1000), 0)  # deciles of all leads would be 0 throughout
    assert tell_alone(read_column(pd.Series(number)), np.ones(1000, bool), reached, error=0.01).auc.value > 0.98


def test_values_learnt_on_one_half_do_not_flatter_on_the_other() -> None:
    rng = np.random.default_rng(6)
    reached = rng.random(2000) < 0.1
    alone = tell_alone(
        read_column(pd.Series(rng.integers(0, 900, 2000).astype(str))), np.ones(2000, bool), reached, error=0.01
    )
    assert alone.auc.low < 0.5 < alone.auc.high


def test_texts_that_are_hardly_ever_the_same_are_judged_by_what_they_share() -> None:
    mails = pd.Series([f"p{i}@{'firm.de' if i % 2 else 'mail.com'}" for i in range(200)])
    assert len(set(as_groups(mails))) == 2


def test_numbers_are_not_taken_for_times() -> None:
    assert as_times(pd.Series(["20250101", "20250102"])) is None
    assert as_times(pd.Series(["2025-01-01", None])) is not None


@pytest.mark.parametrize(
    ("name", "says_something"),
    [
        ("Last Notable Activity", True),
        ("lastActivityDate", True),
        ("lead_status", True),
        ("Lost Reason", True),
        ("Asymmetrique Profile Index", True),
        ("letzte_aktivität", True),
        ("last_name", False),
        ("What is your current occupation", False),
        ("Get updates on DM Content", False),
        ("country", False),
    ],
)
def test_names(name: str, says_something: bool) -> None:
    assert (name_sign(name) is not None) is says_something
