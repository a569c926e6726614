"""Net benefit against a hand calculation, and its intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.cutoffs.counting import Counting
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.policies.expected_value import expected_value_per_week, net_benefit, net_benefit_curve
from models.cutoffs.policies.knobs import DealValue


def evidence(leads: int = 200) -> BandEvidence:
    rng = np.random.default_rng(2)
    p = rng.beta(1, 3, leads)
    rows = pd.DataFrame({"lead_id": np.char.mod("L%04d", np.arange(leads)), "as_of_us": np.arange(leads), "p": p})
    rows = rows.assign(y=(rng.random(leads) < p).astype(float), excluded=False, gates_open=True, unseen=True)
    return BandEvidence.of(rows, Counting(0, 2.0), "MQL")


def test_net_benefit_worked_by_hand() -> None:
    # Of 10 leads 4 are handed over, 3 of these won; at a threshold probability of 1/4 a lost one costs 1/3 of a deal.
    assert net_benefit(3, 4, 10, threshold_probability=0.25) == pytest.approx(3 / 10 - 1 / 10 / 3)
    # Handing over nobody is worth nothing.
    assert net_benefit(0, 0, 10, threshold_probability=0.25) == 0


def test_net_benefit_is_the_value_in_units_of_a_won_lead() -> None:
    # (deals * V - hand-overs * c) / (V - c) = TP - FP * c / (V - c), the odds of c / V.
    curve = net_benefit_curve(evidence(), DealValue(deal=1_000, handover=200), draws=20)
    assert curve["value"].to_numpy() == pytest.approx(curve["net_benefit"].to_numpy() * (1_000 - 200))
    row = curve.iloc[10]
    total = row["leads"] and curve["leads"].max()
    assert row["value"] == pytest.approx((row["deals"] * 1_000 - row["leads"] * 200) / total)


def test_the_curve_starts_with_nobody_and_its_intervals_hold_it() -> None:
    curve = net_benefit_curve(evidence(), DealValue(deal=1_000, handover=200), draws=200, seed=1)
    first = curve.iloc[0]
    assert (first["leads"], first["net_benefit"], first["value"]) == (0, 0, 0)
    assert (curve["threshold"].diff().dropna() < 0).all()
    assert (
        (curve["low"] <= curve["net_benefit"] + 1e-9) & (curve["net_benefit"] <= curve["high"] + 1e-9)
    ).mean() > 0.95


def test_expected_value_counts_each_promotion_s_forecast() -> None:
    found = evidence()
    promoted = found.promoted(0.3)
    by_hand = (promoted["p"] * 1_050 - 200).sum() / 2
    value = DealValue(deal=1_000, handover=200, missed=50)
    assert expected_value_per_week(found, [0.3], value)[0] == pytest.approx(by_hand)
