"""Measures: worked by hand, equal to scikit-learn's, blind to row order and to how a lead is cut into rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from models.measures.metrics import METRICS, Scored, metric_values


def test_worked_by_hand() -> None:
    values = metric_values([1, 0, 1, 0, 0], Scored.from_probability([0.9, 0.7, 0.5, 0.5, 0.1]))
    # AUC: won 0.9 beats 3 of 3; won 0.5 beats 0.1, ties 0.5, loses to 0.7: 1.5 of 3. 4.5 of 6.
    assert values["auc"] == pytest.approx(4.5 / 6)
    # AP: at 0.9 precision 1, recall +1/2; at 0.5 precision 2/4, recall +1/2.
    assert values["ap"] == pytest.approx(0.5 * 1 + 0.5 * 0.5)
    assert values["brier"] == pytest.approx((0.01 + 0.49 + 0.25 + 0.25 + 0.01) / 5)
    # Top tenth: half of the first row, which won: rate 1 against 2/5.
    assert values["lift10"] == pytest.approx(2.5)


def test_calibration_error_by_hand() -> None:
    # Ten rows, ten bins of one row each: mean |y - p|. Two of them 0.9 off, eight 0.1 off.
    y = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    p = [0.9, 0.901, 0.902, 0.903, 0.1, 0.101, 0.102, 0.103, 0.104, 0.9004]
    by_hand = np.mean(np.abs(np.array(y) - np.array(p)))
    assert metric_values(y, Scored.from_probability(p))["ece"] == pytest.approx(by_hand)
    # One value for all: only the mean counts, whatever the order of outcomes.
    assert metric_values([1, 0, 0, 1], Scored.from_probability([0.3] * 4))["ece"] == pytest.approx(0.2)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_equal_to_scikit_learn(*, weighted: bool, ties: bool) -> None:
    generator = np.random.default_rng(3)
    p = generator.random(400)
    p = np.round(p, 1) * 0.98 + 0.01 if ties else p
    y = (generator.random(400) < p**2).astype(float)
    weight = generator.choice([0.25, 0.5, 1.0, 3.0], 400) if weighted else np.ones(400)
    values = metric_values(y, Scored.from_probability(p), weight)
    assert values["auc"] == pytest.approx(roc_auc_score(y, p, sample_weight=weight), abs=1e-12)
    assert values["ap"] == pytest.approx(average_precision_score(y, p, sample_weight=weight), abs=1e-12)
    assert values["log_loss"] == pytest.approx(log_loss(y, p, sample_weight=weight), abs=1e-12)
    assert values["brier"] == pytest.approx(brier_score_loss(y, p, sample_weight=weight), abs=1e-12)
    if not weighted and not ties:
        order = np.argsort(p)
        by_bin = [abs(y[i].mean() - p[i].mean()) * len(i) for i in np.array_split(order, 10)]
        assert values["ece"] == pytest.approx(sum(by_bin) / 400, abs=1e-12)
        assert values["lift10"] == pytest.approx(y[np.argsort(-p)[:40]].mean() / y.mean(), abs=1e-12)


def test_row_order_and_repeated_rows_change_nothing() -> None:
    generator = np.random.default_rng(4)
    y, p = generator.integers(0, 2, 60).astype(float), np.round(generator.random(60), 1)
    values = metric_values(y, Scored.from_probability(p))
    shuffled = generator.permutation(60)
    again = metric_values(y[shuffled], Scored.from_probability(p[shuffled]))
    # Each row cut into four of a quarter's weight.
    cut = metric_values(np.repeat(y, 4), Scored.from_probability(np.repeat(p, 4)), np.full(240, 0.25))
    for metric in METRICS:
        assert again[metric.key] == pytest.approx(values[metric.key], abs=1e-12)
        assert cut[metric.key] == pytest.approx(values[metric.key], abs=1e-12)


def test_ranking_needs_no_probability() -> None:
    y, points = [1.0, 0.0, 1.0, 0.0], np.array([70.0, -50.0, 10.0, 20.0])
    scored = Scored(points, np.full(4, 0.5))
    assert metric_values(y, scored)["auc"] == pytest.approx(0.75)
    assert metric_values(y, scored)["brier"] == pytest.approx(0.25)


def test_one_outcome_only_gives_no_ranking() -> None:
    values = metric_values([0, 0, 0], Scored.from_probability([0.1, 0.2, 0.3]))
    assert np.isnan(values["auc"])
    assert np.isnan(values["ap"])
    assert values["brier"] == pytest.approx((0.01 + 0.04 + 0.09) / 3)
