"""Stated intervals hold the next quarter as often as they claim, where the world is as assumed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.time_units import WEEK_US
from models.cutoffs.counting import Counting
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.next_quarter import (
    DEAL_WORTH,
    QUARTER_WEEKS,
    USUAL_PRECISION_MOVE,
    Moves,
    precision_move,
    state_next_quarter,
)
from models.cutoffs.policies.knobs import DealValue

STILL = Moves(volume=0.0, precision=0.0)


def promoted(weekly: np.ndarray, share: float, rng: np.random.Generator) -> BandEvidence:
    leads = int(weekly.sum())
    week = np.repeat(np.arange(len(weekly)), weekly)
    rows = pd.DataFrame({"lead_id": np.char.mod("L%05d", np.arange(leads)), "as_of_us": week * WEEK_US, "p": 0.5})
    y = (rng.random(leads) < share).astype(float)
    rows = rows.assign(y=y, y_close=y * (rng.random(leads) < 0.3), excluded=False, gates_open=True, unseen=True)
    return BandEvidence.of(rows, Counting(0, float(len(weekly))), "MQL")


@pytest.mark.parametrize(("rate", "share", "spread"), [(6.0, 0.3, 1.0), (20.0, 0.6, 3.0)])
def test_intervals_hold_the_next_quarter_as_often_as_they_claim(rate: float, share: float, spread: float) -> None:
    rng, draws = np.random.default_rng(7), 300
    inside = {"leads_per_week": 0, "precision": 0, "outcomes_per_week": 0}

    def weeks(count: int) -> np.ndarray:
        return rng.poisson(rng.gamma(rate / (spread - 1), spread - 1, count) if spread > 1 else np.full(count, rate))

    for draw in range(draws):
        evidence = promoted(weeks(16), share, rng)
        stated = state_next_quarter(evidence, 0.5, confidence=0.9, moves=STILL, draws=800, seed=draw)
        leads = int(weeks(QUARTER_WEEKS).sum())
        won = rng.binomial(leads, share)
        became = {
            "leads_per_week": leads / QUARTER_WEEKS,
            "precision": won / leads,
            "outcomes_per_week": won / QUARTER_WEEKS,
        }
        for figure, value in became.items():
            bounds = getattr(stated, figure)
            inside[figure] += bounds.low - 1e-9 <= value <= bounds.high + 1e-9
    for figure, count in inside.items():
        assert count / draws > 0.9 - 3 * np.sqrt(0.09 / draws), figure
        assert count / draws < 0.98, figure


def test_moves_widen_and_confidence_widens() -> None:
    evidence = promoted(np.full(12, 10), 0.4, np.random.default_rng(1))
    narrow = state_next_quarter(evidence, 0.5, confidence=0.8, moves=STILL)
    wide = state_next_quarter(evidence, 0.5, confidence=0.8, moves=Moves(0.4, 0.5))
    sure = state_next_quarter(evidence, 0.5, confidence=0.95, moves=STILL)
    for other in (wide, sure):
        for figure in ("leads_per_week", "precision"):
            ours, theirs = getattr(narrow, figure), getattr(other, figure)
            assert theirs.low < ours.low
            assert ours.high < theirs.high
            assert ours.value == theirs.value


def test_value_is_deals_less_the_cost_of_every_hand_over() -> None:
    evidence = promoted(np.full(10, 20), 0.5, np.random.default_rng(3))
    stated = state_next_quarter(evidence, 0.5, confidence=0.9, value=DealValue(deal=1_000, handover=50))
    assert stated.value_per_week is not None
    assert stated.deals_per_week is not None
    # Of 200 leads; the forecast, here 0.5, stands for ten more.
    deals = 20 * (evidence.promotions["y_close"].sum() + DEAL_WORTH * 0.5) / (200 + DEAL_WORTH)
    assert stated.deals_per_week.value == pytest.approx(deals)
    assert stated.value_per_week.value == pytest.approx(deals * 1_000 - 20 * 50)
    assert stated.value_per_week.low < stated.value_per_week.value < stated.value_per_week.high


def test_nobody_promoted_or_judged_states_no_share() -> None:
    evidence = promoted(np.full(4, 5), 0.5, np.random.default_rng(3))
    nobody = state_next_quarter(evidence, 0.9, confidence=0.9)
    assert nobody.leads_per_week.value == nobody.leads_per_week.low == 0
    assert nobody.precision is nobody.outcomes_per_week is nobody.deals_per_week is None
    assert nobody.judged_leads == 0


def test_moves_of_precision_are_learned_from_blocks() -> None:
    assert precision_move([], []) == USUAL_PRECISION_MOVE
    assert precision_move([5, 5], [5, 5]) == USUAL_PRECISION_MOVE
    steady = precision_move([300, 301, 299, 300], [1000] * 4)
    assert steady < USUAL_PRECISION_MOVE < precision_move([150, 450, 200, 400], [1000] * 4)


def test_moves_that_were_seen_come_again() -> None:
    evidence = promoted(np.full(12, 10), 0.4, np.random.default_rng(1))
    fair = Moves(volume=0.0, precision=0.0, past=np.log([1.0, 4.0]), weights=np.array([0.8, 0.2]))
    still, moved = (state_next_quarter(evidence, 0.5, confidence=0.9, moves=m).leads_per_week for m in (STILL, fair))
    assert moved.high > 3 * still.value > still.high
    assert moved.low == pytest.approx(still.low, abs=1)
    assert moved.value == still.value
