"""The learning curve: nested parts alike in outcomes, a gain read off a known curve, silence where little is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from models.estimator.options import EstimatorOptions
from models.evaluation.learning_curve import SHARES, _deal, expected_gain, learning_curve
from models.forecast.fit_forecast import labelled_rows

OPTIONS = EstimatorOptions(boosters=2, max_rounds=30, threads=1)


def test_parts_are_nested_and_alike_in_outcomes(company) -> None:
    train = labelled_rows(company.history, company.labels, "sql", ("train",))
    dealt = _deal(train, seed=1)
    parts = [dealt.part(share, 0) for share in SHARES]
    for small, large in pairwise(parts):
        assert (small <= large).all()
    assert parts[-1].all()
    won = train.loc[train["y"] == 1, "lead_id"].nunique()
    for share, part in zip(SHARES, parts, strict=True):
        assert abs(dealt.outcomes(part) - share * won) <= 8
        assert abs(part.sum() - share * len(train)) <= 32
        assert train.loc[part, "as_of"].min() < train["as_of"].quantile(0.2) < train["as_of"].quantile(0.8)


def test_the_gain_of_a_known_curve_comes_back() -> None:
    counts = np.array([50.0, 100.0, 200.0, 400.0])
    for exponent in (0.25, 0.5, 1.0):
        losses = 0.2 + 0.8 * counts**-exponent
        gain = expected_gain(counts, losses[:, np.newaxis], 400, exponent)[0]
        assert gain == pytest.approx(0.8 * (400**-exponent - 500**-exponent))
    assert expected_gain(counts, counts[:, np.newaxis], 400, 0.5)[0] == 0  # worse with more is taken for noise


def test_more_outcomes_help_and_the_test_is_not_looked_at(company) -> None:
    history, labels = company.history, company.labels
    train, later = (labelled_rows(history, labels, "sql", (part,)) for part in ("train", "calibration"))

    def curve(train: pd.DataFrame):
        features = company.features
        return learning_curve(train, later, features=features, options=OPTIONS, outcomes=100, draws=60, seed=1)

    found = curve(train)
    assert found is not None
    assert found.points["outcomes"].is_monotonic_increasing
    assert found.points["auc"].iloc[-1] > found.points["auc"].iloc[0] - 0.02
    assert found.points["auc"].iloc[-1] > 0.6
    assert 0 <= found.log_loss_gain.low <= found.log_loss_gain.high
    assert found.base_log_loss > found.points["log_loss"].iloc[-1]
    again = curve(train.sample(frac=1.0, random_state=3).reset_index(drop=True))
    pd.testing.assert_frame_equal(again.points, found.points)
    won = train.index[train["y"] == 1]
    assert curve(train.drop(index=won[25:]).reset_index(drop=True)) is None
