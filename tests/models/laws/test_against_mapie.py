"""Where each lead has one look, promises are those that MAPIE's risk control finds."""

from __future__ import annotations

import numpy as np
import pytest
from mapie.risk_control import BinaryClassificationController
from mapie.risk_control.fwer_control import control_fwer

from models.cutoffs.policies.promised_precision import passed_in_sequence, promise_grid, tail_probabilities


def test_mapie_finds_the_same_where_each_lead_has_one_look() -> None:
    """Its p-values are bounds of the exact tail, so what it accepts we accept; one start, the same grid and order."""
    rng = np.random.default_rng(21)
    p = rng.beta(1, 3, 800)
    y = (rng.random(800) < p).astype(int)
    grid, _ = promise_grid(0.4)
    controller = BinaryClassificationController(
        predict_function=lambda X: np.column_stack([1 - X[:, 0], X[:, 0]]),
        risk="precision",
        target_level=0.4,
        confidence_level=0.9,
        list_predict_params=grid,
        fwer_method="bonferroni",
    )
    controller.calibrate(p[:, None], y)
    accepted = grid[control_fwer(controller.p_values.ravel(), 0.1, fwer_method="fixed_sequence")]
    leads = np.array([(p >= cut).sum() for cut in grid])
    won = np.array([y[p >= cut].sum() for cut in grid])
    ours = tail_probabilities(won, leads, 0.4)
    assert (ours <= controller.p_values.ravel() + 1e-9).all()
    passed = grid[passed_in_sequence(ours, np.append(0.1, np.zeros(len(grid) - 1)))]
    assert len(accepted) > 10
    assert set(np.round(accepted, 9)) <= set(np.round(passed, 9))
    assert passed.min() == pytest.approx(accepted.min(), abs=0.02)
