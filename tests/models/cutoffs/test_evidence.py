"""What past looks say about a cut-off: who counts for what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.time_units import WEEK_US
from models.cutoffs.counting import Counting
from models.cutoffs.evidence import BandEvidence, late_weights


def looks() -> pd.DataFrame:
    """Six leads with a look each in weeks 0 to 5; the last two outcomes are open, the first lead taught the model."""
    return pd.DataFrame(
        {
            "lead_id": list("abcdef"),
            "as_of_us": np.arange(6) * WEEK_US,
            "p": [0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
            "y": [1.0, 1.0, 0.0, 1.0, np.nan, np.nan],
            "excluded": [False] * 6,
            "gates_open": [True, True, False, True, True, True],
            "unseen": [False, True, True, True, True, True],
        }
    )


def test_volume_takes_no_outcome_and_outcomes_take_no_volume() -> None:
    evidence = BandEvidence.of(looks(), Counting(2 * WEEK_US, 4.0), "MQL")
    # Counted: c to f. Judged: b, c, d; two of them reached it.
    assert evidence.per_week([0.0, 0.55, 0.75]).tolist() == [1.0, 0.5, 0.0]
    leads, won = evidence.judged([0.0, 0.65, 0.95])
    assert (leads.tolist(), won.tolist()) == ([3, 2, 0], [2, 1, 0])
    assert evidence.weekly(0.0).tolist() == [1, 1, 1, 1]
    assert evidence.recall(0.0) == (2, 2)
    assert evidence.recall(0.75) == (2, 1)
    assert evidence.deal_column == "y"


def test_closed_gates_are_not_promoted_to_sal() -> None:
    evidence = BandEvidence.of(looks(), Counting(0, 6.0), "SAL")
    assert evidence.promoted(0.0)["lead_id"].tolist() == list("abdef")


def test_a_sample_is_scaled_up() -> None:
    evidence = BandEvidence.of(looks(), Counting(0, 6.0, share=0.5), "MQL")
    assert evidence.per_week([0.0])[0] == pytest.approx(2)


def test_late_promotions_weigh_more_and_undo_the_shortage() -> None:
    """Leads come in evenly, promoted at age 0 or 30; a stretch of 60 sees all the early and half of the late ones."""
    leads = 600
    came = np.linspace(0, 60, leads, endpoint=False)
    late = np.arange(leads) % 2 == 1
    rows = pd.DataFrame(
        {
            "lead_id": np.repeat(np.char.mod("L%03d", np.arange(leads)), 2),
            "as_of_us": np.column_stack([came, came + 30]).ravel(),
            "p": np.column_stack([np.where(late, 0.1, 0.9), np.full(leads, 0.9)]).ravel(),
            "unseen": True,
            "excluded": False,
            "gates_open": True,
        }
    )
    rows = rows[rows["as_of_us"] < 60].reset_index(drop=True)
    rows["y"] = rows["as_of_us"].gt(-1).astype(float)
    promoted = BandEvidence.of(rows, Counting(0, 1.0), "MQL").promoted(0.5)
    is_late = promoted["lead_id"].str[1:].astype(int) % 2 == 1
    assert is_late.mean() == pytest.approx(1 / 3, abs=0.01)
    assert promoted.loc[is_late, "weight"].sum() / promoted["weight"].sum() == pytest.approx(0.5, abs=0.02)


def test_where_each_lead_has_one_look_all_weigh_the_same() -> None:
    rows = looks()
    assert late_weights(rows, rows["y"].notna().to_numpy()).tolist() == [1.0] * 6
