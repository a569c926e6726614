"""Moves of volume are learned from the past at the same cut-off, and a season is told from the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.time_units import WEEK_US
from models.cutoffs.weekly_volumes import PastVolumes, past_moves


def test_leads_are_counted_in_the_week_of_their_first_promotion() -> None:
    past = pd.DataFrame(
        {
            "lead_id": ["a", "a", "b", "c", "d", "e"],
            "as_of_us": np.array([0, 1, 1, 2, 2, 3]) * WEEK_US + 5,
            "p": [0.1, 0.6, 0.7, 0.8, 0.9, 0.9],
            "excluded": [False, False, False, True, False, False],
            "gates_open": [True, True, False, True, True, True],
        }
    )
    # Two whole weeks until now: a and b pass 0.5 in the first, d in the second; c is barred, e comes later.
    volumes = PastVolumes.of(past, "MQL", until_us=3 * WEEK_US)
    assert volumes.weekly(0.5).tolist() == [2, 1]
    assert volumes.weekly(0.05).tolist() == [1, 1]  # a in the week before, which is not whole
    assert PastVolumes.of(past, "SAL", until_us=3 * WEEK_US).weekly(0.5).tolist() == [1, 1]


def test_a_short_past_tells_nothing() -> None:
    moves, weights = past_moves(np.full(30, 5.0), counted=8, ahead=13)
    assert len(moves) == len(weights) == 0


def test_chance_alone_is_no_move() -> None:
    weekly = np.random.default_rng(4).poisson(6, 150).astype(float)
    moves, weights = past_moves(weekly, counted=8, ahead=13)
    assert weights.sum() == pytest.approx(1)
    assert np.abs(moves).max() < 0.25


def test_the_same_season_of_earlier_years_weighs_half() -> None:
    # A fair in week 60 and again in week 112; now is week 110: the quarter ahead holds the next one.
    weekly = np.full(110, 10.0)
    weekly[[8, 60]] = 300
    moves, weights = past_moves(weekly, counted=8, ahead=13)
    starts = np.arange(8, 110 - 13 + 1)
    near = (np.abs(starts - 58) <= 4) | (np.abs(starts - 6) <= 4)
    assert weights[near].sum() == pytest.approx(0.5)
    assert moves[starts == 58][0] == pytest.approx(np.log((120 + 300) / 13 / 10), abs=0.1)
    rising = float(weights[moves > 0.5].sum())
    assert rising > 0.3
